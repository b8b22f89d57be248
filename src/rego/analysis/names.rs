//! Names become what they stand for: imports, rules, `input` and `data` references, builtins, and one variable for
//! each declaration. `:=` becomes a unification, `some` and `some .. in` vanish into variables and references.
//!
//! OPA does this in several stages; what each would report is kept apart in [`Found`], since a stage that reports
//! anything is the last one.

use std::collections::HashSet;
use std::sync::Arc;

use crate::rego::engine::Checks;
use crate::rego::error::{ErrorCode, RegoError};
use crate::rego::source::Span;
use crate::rego::syntax::ast::{
    self, AssignOperator, ExprKind as Ast, Name, RuleKind, TemplatePart, TermKind,
};
use crate::rego::syntax::display::ref_text;
use crate::rego::value::Value;

use super::functions::Functions;
use super::rules::{Globals, RuleTree, scalar};
use super::scope::{Occurrence, Scopes, declared, is_assignment, names_in, names_in_pattern};
use super::tree::{
    Base, Branch, Call, Compr, ComprHead, Counter, Every, Expr, ExprKind, Kind, Leaf, Made, Op, Origin, Part,
    Polarity, Ref, Rule, Target, Term, Var, Vars, With, WithValue,
};

/// Modifiers that one expression may have: each expression that is made of its parts gets them all. The released
/// policies have at most ten.
const MAX_WITH: usize = 256;

/// What stages of OPA would report, in their order.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Resolving references.
    pub(super) references: Vec<RegoError>,
    /// Names of documents that are declared.
    pub(super) overrides: Vec<RegoError>,
    /// Declarations of variables.
    pub(super) locals: Vec<RegoError>,
    /// Whether a body has a `:=`.
    pub(super) assigns: bool,
}

/// What names can stand for.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) tree: &'a RuleTree,
    pub(super) functions: &'a Functions,
    pub(super) globals: &'a Globals,
    pub(super) checks: Checks,
    pub(super) counter: &'a Counter,
}

/// Resolves a rule of the tree of rules.
pub(super) fn rule(known: Known<'_>, found: &mut Found, id: usize, rule: &ast::Rule) -> Rule {
    let head = &known.tree.heads[id];
    let mut resolver = Resolver::new(known, found);
    let branches = resolver.branches(rule, head.ground);
    let (node, module, index) = (head.node, head.module, head.index);
    let is_default = rule.kind == RuleKind::Default;
    Rule { node, module, index, is_default, branches, vars: resolver.vars }
}

/// Resolves a query. The variables that its expressions name are those of the result that are not generated.
pub(super) fn query(known: Known<'_>, found: &mut Found, body: &ast::Body) -> (Vec<Expr>, Vars) {
    let mut resolver = Resolver::new(known, found);
    resolver.hidden.push(declared(&body.exprs));
    resolver.scopes.push();
    let mut exprs = Vec::new();
    for (number, expr) in body.exprs.iter().enumerate() {
        if let Some(expr) = resolver.expr(expr) {
            exprs.push(Expr { answers: Some(number), ..expr });
        }
    }
    resolver.close_scope();
    (exprs, resolver.vars)
}

struct Resolver<'a, 'f> {
    known: Known<'a>,
    found: &'f mut Found,
    /// How many errors of locals there were before this rule: after one, unused variables are not looked for.
    locals_before: usize,
    vars: Vars,
    scopes: Scopes,
    /// Names that hide rules and imports, by body.
    hidden: Vec<HashSet<Name>>,
}

fn compile_error(message: impl Into<String>, span: Option<Span>) -> RegoError {
    RegoError::new(ErrorCode::Compile, message, span)
}

fn is_root(name: &str) -> bool {
    matches!(name, "input" | "data")
}

impl<'a, 'f> Resolver<'a, 'f> {
    fn new(known: Known<'a>, found: &'f mut Found) -> Self {
        let locals_before = found.locals.len();
        Self {
            known,
            found,
            locals_before,
            vars: Vars::new(known.counter),
            scopes: Scopes::default(),
            hidden: Vec::new(),
        }
    }

    fn branches(&mut self, rule: &ast::Rule, ground: usize) -> Vec<Branch> {
        let args = rule.head.args.as_deref().unwrap_or_default();
        self.check_overrides(rule, args);
        let mut hidden = HashSet::new();
        for arg in args {
            names_in_pattern(arg, &mut hidden);
        }
        self.hidden.push(hidden);
        self.scopes.push();
        let args: Vec<Term> = args.iter().map(|arg| self.argument(arg, rule.head.span)).collect();
        let around = self.scopes.clone();
        let mut branches = vec![self.branch(&args, rule, ground)];
        for branch in rule.otherwise.iter() {
            self.scopes = around.clone();
            branches.push(self.otherwise(&args, branch));
        }
        self.check_unused_arguments(&rule.head, &args);
        branches
    }

    fn check_overrides(&mut self, rule: &ast::Rule, args: &[ast::Term]) {
        if let Some(name) = rule.head.reference.head.as_var().filter(|name| is_root(name)) {
            let message = format!("rules must not shadow {name} (use a different rule name)");
            self.found.overrides.push(compile_error(message, Some(rule.span)));
        }
        let mut names = HashSet::new();
        for arg in args {
            names_in_pattern(arg, &mut names);
        }
        if let Some(name) = ["data", "input"].into_iter().find(|name| names.contains(*name)) {
            let message = format!("args must not shadow {name} (use a different variable name)");
            self.found.references.push(compile_error(message, Some(rule.span)));
        }
    }

    fn check_unused_arguments(&mut self, head: &ast::Head, args: &[Term]) {
        if self.known.checks == Checks::Language {
            return;
        }
        let mut unused = Vec::new();
        super::walk::terms(args, super::walk::Reach::Everything, &mut |var| unused.push(var));
        unused.sort_unstable();
        unused.dedup();
        for var in unused {
            let info = self.vars.get(var);
            if info.reads == 0 && info.name.as_ref() != "_" {
                let message =
                    format!("unused argument {}. (hint: use _ (wildcard variable) instead)", info.name);
                self.found.locals.push(compile_error(message, Some(head.span)));
            }
        }
    }

    fn argument(&mut self, term: &ast::Term, head: Span) -> Term {
        let span = term.span;
        match &term.kind {
            TermKind::Var(name) => Term::var(self.argument_name(name, head), span),
            TermKind::Wildcard(_) => Term::var(self.vars.add("_".into(), Origin::Declared), span),
            TermKind::Array(items) => {
                Kind::Array(items.iter().map(|it| self.argument(it, head)).collect()).at(span)
            }
            TermKind::Object(pairs) => {
                let pairs = pairs.iter().map(|(key, value)| (self.term(key), self.argument(value, head)));
                Kind::Object(last_of_each_key(pairs.collect())).at(span)
            }
            TermKind::Call(_) => {
                let error = compile_error("rule arguments cannot contain calls", Some(span));
                self.found.locals.push(error);
                Term::var(self.vars.generate(), span)
            }
            _ => self.term(term),
        }
    }

    fn argument_name(&mut self, name: &Name, head: Span) -> Var {
        if let Some(entry) = self.scopes.find(name) {
            self.vars.read(entry.var);
            return entry.var;
        }
        match self.scopes.declare(&mut self.vars, name, Occurrence::Argument, head) {
            Ok(var) => var,
            Err(_) => self.vars.generate(),
        }
    }

    fn branch(&mut self, args: &[Term], rule: &ast::Rule, ground: usize) -> Branch {
        let head = &rule.head;
        let mut exprs = self.open_body(rule.body.as_ref(), rule.span);
        let key = head.reference.path[ground..].iter().map(|step| self.head_step(step, &mut exprs)).collect();
        let leaf = match (&head.key, &head.value) {
            (Some(key), _) => Leaf::Contains(self.term(key)),
            (None, value) => Leaf::Value(self.head_value(value.as_ref(), rule.span)),
        };
        self.close_body();
        Branch { args: args.to_vec(), key, leaf, body: exprs, span: rule.span, head_span: head.span }
    }

    fn otherwise(&mut self, args: &[Term], branch: &ast::Else) -> Branch {
        let body = self.open_body(branch.body.as_ref(), branch.span);
        let leaf = Leaf::Value(self.head_value(branch.value.as_ref(), branch.span));
        self.close_body();
        let (args, key) = (args.to_vec(), Vec::new());
        Branch { args, key, leaf, body, span: branch.span, head_span: branch.span }
    }

    /// Where none is written it is `true`, placed at the rule.
    fn open_body(&mut self, body: Option<&ast::Body>, rule: Span) -> Vec<Expr> {
        let exprs = body.map_or(&[][..], |body| &body.exprs);
        self.hidden.push(declared(exprs));
        match body {
            Some(_) => self.body(exprs),
            None => vec![Expr::new(ExprKind::Term(Kind::Scalar(Value::Bool(true)).at(rule)), rule)],
        }
    }

    fn close_body(&mut self) {
        self.check_unused();
        self.hidden.pop();
    }

    fn head_value(&mut self, value: Option<&ast::HeadValue>, span: Span) -> Term {
        match value {
            Some(value) => match value.operator {
                AssignOperator::Declare | AssignOperator::Unify => self.term(&value.term),
            },
            None => Kind::Scalar(Value::Bool(true)).at(span),
        }
    }

    /// What stands in a head's reference is a scalar or a variable; anything else moves into the body.
    fn head_step(&mut self, step: &ast::Term, body: &mut Vec<Expr>) -> Term {
        let term = self.term(step);
        if term.is_scalar() || term.as_var().is_some() {
            return term;
        }
        let span = term.span;
        let var = Term::var(self.vars.generate(), span);
        body.push(Expr::unify(var.clone(), term, span));
        var
    }

    fn body(&mut self, exprs: &[ast::Expr]) -> Vec<Expr> {
        exprs.iter().filter_map(|expr| self.expr(expr)).collect()
    }

    /// Leaves a scope, whose declarations must have been used.
    fn close_scope(&mut self) {
        self.check_unused();
        self.scopes.pop();
    }

    fn check_unused(&mut self) {
        if self.found.locals.len() > self.locals_before {
            return;
        }
        let strict = self.known.checks == Checks::Strict;
        let mut assigned = Vec::new();
        let mut declared = Vec::new();
        for (name, entry) in self.scopes.innermost() {
            let unused = self.vars.get(entry.var).reads == 0;
            match entry.occurrence {
                Occurrence::Assigned if unused && strict => {
                    assigned.push(compile_error(format!("assigned var {name} unused"), Some(entry.span)));
                }
                Occurrence::Declared if unused => {
                    declared.push(compile_error(format!("declared var {name} unused"), Some(entry.span)));
                }
                _ => {}
            }
        }
        self.found.locals.extend(if assigned.is_empty() { declared } else { assigned });
    }

    fn declare(&mut self, name: &Name, how: Occurrence, span: Span, at: Option<Span>) -> Option<Var> {
        match self.scopes.declare(&mut self.vars, name, how, span) {
            Ok(var) => Some(var),
            Err(message) => {
                self.found.locals.push(compile_error(message, at));
                None
            }
        }
    }

    fn expr(&mut self, expr: &ast::Expr) -> Option<Expr> {
        let polarity = match expr.polarity {
            ast::Polarity::Positive => Polarity::Positive,
            ast::Polarity::Negated => Polarity::Negated,
        };
        let (kind, with) = match &expr.kind {
            Ast::Term(term) => {
                let kind = ExprKind::Term(self.term(term));
                (kind, self.withs(&expr.with))
            }
            Ast::Call(call) if is_assignment(call) => return Some(self.assignment(expr, call, polarity)),
            Ast::Call(call) => {
                let kind = ExprKind::Call(self.call(call, None));
                (kind, self.withs(&expr.with))
            }
            Ast::SomeDecl(symbols) => {
                for symbol in symbols.iter() {
                    if let Some(name) = symbol.as_var() {
                        self.declare(name, Occurrence::Declared, expr.span, Some(expr.span));
                    }
                }
                return None;
            }
            Ast::SomeIn(some) => {
                let kind = ExprKind::Call(self.some_in(some, expr.span)?);
                (kind, self.withs(&expr.with))
            }
            Ast::Every(every) => {
                let kind = ExprKind::Every(Box::new(self.every(every)?));
                (kind, self.withs(&expr.with))
            }
        };
        Some(Expr { kind, polarity, with, made: Made::BySource, span: expr.span, answers: None })
    }

    fn assignment(&mut self, expr: &ast::Expr, call: &ast::Call, polarity: Polarity) -> Expr {
        self.found.assigns = true;
        if let Some(name) = call.args[0].as_var().filter(|name| is_root(name)) {
            let message = format!("variables must not shadow {name} (use a different variable name)");
            self.found.overrides.push(compile_error(message, Some(expr.span)));
        }
        if polarity == Polarity::Negated {
            let error = compile_error("cannot assign vars inside negated expression", Some(expr.span));
            self.found.locals.push(error);
        }
        let right = self.term(&call.args[1]);
        let with = self.withs(&expr.with);
        let left = self.assigned(&call.args[0], expr.span);
        let call = Call { op: Op::Eq, args: vec![left, right], span: call.span };
        Expr {
            kind: ExprKind::Call(call),
            polarity,
            with,
            made: Made::BySource,
            span: expr.span,
            answers: None,
        }
    }

    /// The left side of `:=`: names, in arrays and in the values of objects.
    fn assigned(&mut self, term: &ast::Term, statement: Span) -> Term {
        let span = term.span;
        match &term.kind {
            TermKind::Var(name) => {
                let var = self.declare(name, Occurrence::Assigned, statement, Some(span));
                Term::var(var.unwrap_or_else(|| self.vars.generate()), span)
            }
            TermKind::Wildcard(_) => Term::var(self.vars.add("_".into(), Origin::Declared), span),
            TermKind::Array(items) => {
                Kind::Array(items.iter().map(|it| self.assigned(it, statement)).collect()).at(span)
            }
            TermKind::Object(pairs) => {
                let pairs =
                    pairs.iter().map(|(key, value)| (self.term(key), self.assigned(value, statement)));
                Kind::Object(last_of_each_key(pairs.collect())).at(span)
            }
            _ => {
                let message = format!("cannot assign to {}", term.type_name());
                self.found.locals.push(compile_error(message, Some(span)));
                Term::var(self.vars.generate(), span)
            }
        }
    }

    /// `some k, v in xs` is `v = xs[k]`.
    fn some_in(&mut self, some: &ast::SomeIn, span: Span) -> Option<Call> {
        let mut bound = HashSet::new();
        if let Some(key) = &some.key {
            names_in(key, &mut bound);
        }
        names_in_pattern(&some.value, &mut bound);
        let mut outer = HashSet::new();
        names_in(&some.domain, &mut outer);
        let mut names: Vec<_> = bound.into_iter().filter(|name| !outer.contains(name)).collect();
        names.sort();
        for name in &names {
            let is_global = !self.is_hidden(name) && self.known.globals.get(name).is_some();
            if !is_global && !is_root(name) {
                self.declare(name, Occurrence::Declared, span, Some(span))?;
            }
        }
        let value = self.term(&some.value);
        let domain = self.term(&some.domain);
        let key = match &some.key {
            Some(key) => self.term(key),
            None => Term::var(self.vars.generate(), domain.span),
        };
        let at = domain.span;
        let reference = match domain.kind {
            Kind::Ref(mut reference) => {
                reference.steps.push(key);
                reference
            }
            Kind::Var(var) => Box::new(Ref { base: Base::Var(var), steps: vec![key] }),
            _ => Box::new(Ref { base: Base::Term(Box::new(domain)), steps: vec![key] }),
        };
        Some(Call { op: Op::Eq, args: vec![value, Kind::Ref(reference).at(at)], span })
    }

    fn every(&mut self, every: &ast::Every) -> Option<Every> {
        let domain = self.term(&every.domain);
        self.scopes.push();
        let first = every.body.exprs.first().map_or(every.body.span, |expr| expr.span);
        let mut names = HashSet::new();
        every.key.iter().chain([&every.value]).for_each(|it| names_in(it, &mut names));
        self.hidden.push(names);
        let key = match &every.key {
            Some(key) => Some(self.every_name(key, first)?),
            None => None,
        };
        let value = self.every_name(&every.value, first)?;
        let body = self.body(&every.body.exprs);
        self.hidden.pop();
        self.close_scope();
        Some(Every { key, value, domain, body })
    }

    /// OPA gives no place to a repeated name of `every`.
    fn every_name(&mut self, term: &ast::Term, first: Span) -> Option<Var> {
        match term.as_var() {
            Some(name) => self.declare(name, Occurrence::Declared, first, None),
            None => Some(self.vars.add("_".into(), Origin::Free)),
        }
    }

    fn withs(&mut self, withs: &[ast::With]) -> Vec<With> {
        if let Some(first) = withs.get(MAX_WITH) {
            let message = format!("more than {MAX_WITH} with modifiers on an expression");
            self.found.locals.push(compile_error(message, Some(first.span)));
            return Vec::new();
        }
        withs.iter().map(|with| self.with(with)).collect()
    }

    fn with(&mut self, with: &ast::With) -> With {
        let target = match self.function_name(&with.target) {
            Some(op) => Target::Builtin(op),
            None => Target::Term(self.with_target(&with.target)),
        };
        let value = match self.function_name(&with.value) {
            Some(op) => WithValue::Builtin(op, self.term(&with.value)),
            None => WithValue::Term(self.term(&with.value)),
        };
        With { target, value, target_span: with.target.span, span: with.span }
    }

    /// `input` and `data` as targets are the documents, whatever variables have these names.
    fn with_target(&mut self, target: &ast::Term) -> Term {
        let base = |name: &Name| if name.as_ref() == "input" { Base::Input } else { Base::Data };
        match &target.kind {
            TermKind::Var(name) if is_root(name) => {
                Kind::Ref(Box::new(Ref { base: base(name), steps: Vec::new() })).at(target.span)
            }
            TermKind::Ref(reference) => match reference.head.as_var() {
                Some(name) if is_root(name) => {
                    let steps = reference.path.iter().map(|step| self.term(step)).collect();
                    Kind::Ref(Box::new(Ref { base: base(name), steps })).at(target.span)
                }
                _ => self.term(target),
            },
            _ => self.term(target),
        }
    }

    /// The builtin or host function that a name or a dotted name says, if nothing hides it.
    fn function_name(&self, term: &ast::Term) -> Option<Op> {
        let (head, path) = match &term.kind {
            TermKind::Var(name) => (name, &[][..]),
            TermKind::Ref(reference) => (reference.head.as_var()?, &reference.path[..]),
            _ => return None,
        };
        let is_local = self.is_hidden(head) || self.scopes.is_declared(head);
        if is_local || is_root(head) || self.known.globals.get(head).is_some() {
            return None;
        }
        self.known.functions.find(&dotted(head, path)?)
    }

    fn is_hidden(&self, name: &Name) -> bool {
        self.hidden.iter().any(|names| names.contains(name))
    }

    fn call(&mut self, call: &ast::Call, nested: Option<Span>) -> Call {
        let op = self.operator(&call.operator, nested);
        let args = call.args.iter().map(|arg| self.term(arg)).collect();
        Call { op, args, span: call.span }
    }

    fn operator(&mut self, operator: &ast::Ref, nested: Option<Span>) -> Op {
        let path = &operator.path;
        let Some(head) = operator.head.as_var() else { return Op::Unknown(Arc::from("?")) };
        if self.scopes.is_declared(head) {
            let name = ref_text(operator);
            if let Some(span) = nested {
                let message = format!("called function {name} shadowed");
                self.found.locals.push(compile_error(message, Some(span)));
            }
            return Op::Unknown(name.into());
        }
        let global = if self.is_hidden(head) { None } else { self.known.globals.get(head) };
        let (base, steps) = match global {
            Some(global) => (global.base, global.steps.to_vec()),
            None if head.as_ref() == "data" => (Base::Data, Vec::new()),
            None => {
                let name = dotted(head, path);
                let known = name.and_then(|name| self.known.functions.find(&name));
                return known.unwrap_or_else(|| Op::Unknown(ref_text(operator).into()));
            }
        };
        let steps: Vec<Value> = steps.into_iter().chain(path.iter().map_while(scalar)).collect();
        let node = match base {
            Base::Data => self.known.tree.find(&steps),
            _ => None,
        };
        match node.filter(|node| self.known.tree.arity(*node).is_some()) {
            Some(node) => Op::Rule(node),
            None => Op::Unknown(super::print::path(&base, &steps).into()),
        }
    }

    fn name(&mut self, name: &Name, span: Span) -> Term {
        if !self.is_hidden(name)
            && let Some(global) = self.known.globals.get(name)
        {
            let steps = global.steps.iter().map(|step| Kind::Scalar(step.clone()).at(span)).collect();
            return Kind::Ref(Box::new(Ref { base: global.base, steps })).at(span);
        }
        if is_root(name) && !self.scopes.is_declared(name) {
            let base = if name.as_ref() == "input" { Base::Input } else { Base::Data };
            return Kind::Ref(Box::new(Ref { base, steps: Vec::new() })).at(span);
        }
        Term::var(self.scopes.read(&mut self.vars, name, span), span)
    }

    fn term(&mut self, term: &ast::Term) -> Term {
        let span = term.span;
        if let Some(value) = scalar(term) {
            return Kind::Scalar(value).at(span);
        }
        let kind = match &term.kind {
            TermKind::Var(name) => return self.name(name, span),
            TermKind::Ref(reference) => Kind::Ref(Box::new(self.reference(reference))),
            TermKind::Call(call) => Kind::Call(Box::new(self.call(call, Some(span)))),
            TermKind::Array(items) => Kind::Array(items.iter().map(|it| self.term(it)).collect()),
            TermKind::Set(items) => Kind::Set(items.iter().map(|it| self.term(it)).collect()),
            TermKind::Object(pairs) => {
                let pairs = pairs.iter().map(|(key, value)| (self.term(key), self.term(value)));
                Kind::Object(last_of_each_key(pairs.collect()))
            }
            TermKind::ArrayCompr(compr) => {
                self.comprehension(&compr.body, |it| ComprHead::Array(it.term(&compr.term)))
            }
            TermKind::SetCompr(compr) => {
                self.comprehension(&compr.body, |it| ComprHead::Set(it.term(&compr.term)))
            }
            TermKind::ObjectCompr(compr) => self.comprehension(&compr.body, |it| {
                let key = it.term(&compr.key);
                ComprHead::Object(key, it.term(&compr.value))
            }),
            TermKind::Template(parts) => {
                Kind::Template(parts.iter().filter_map(|it| self.part(it)).collect())
            }
            // Scalars were taken above; what is left is a wildcard.
            _ => Kind::Var(self.vars.add("_".into(), Origin::Free)),
        };
        kind.at(span)
    }

    fn comprehension(&mut self, body: &ast::Body, head: impl FnOnce(&mut Self) -> ComprHead) -> Kind {
        self.hidden.push(declared(&body.exprs));
        self.scopes.push();
        let body = self.body(&body.exprs);
        let head = head(self);
        self.close_scope();
        self.hidden.pop();
        Kind::Compr(Box::new(Compr { head, body }))
    }

    fn part(&mut self, part: &TemplatePart) -> Option<Part> {
        match part {
            TemplatePart::Literal(text, span) => {
                Some(Part::Text(Kind::Scalar(Value::from(text.as_ref())).at(*span)))
            }
            TemplatePart::Expr(expr) => self.expr(expr).map(Part::Expr),
        }
    }

    fn reference(&mut self, reference: &ast::Ref) -> Ref {
        let head = self.term(&reference.head);
        let steps = reference.path.iter().map(|step| self.term(step)).collect::<Vec<_>>();
        match head.kind {
            Kind::Ref(mut of) => {
                of.steps.extend(steps);
                *of
            }
            Kind::Var(var) => Ref { base: Base::Var(var), steps },
            _ => Ref { base: Base::Term(Box::new(head)), steps },
        }
    }
}

/// `a.b.c` where all steps are names.
fn dotted(head: &Name, path: &[ast::Term]) -> Option<String> {
    let mut text = head.to_string();
    for step in path {
        text.push('.');
        text += step.as_string()?;
    }
    Some(text)
}

/// Of pairs with equal constant keys the first key stays, with the last value.
fn last_of_each_key(pairs: Vec<(Term, Term)>) -> Vec<(Term, Term)> {
    let mut out: Vec<(Term, Term)> = Vec::with_capacity(pairs.len());
    let mut places = std::collections::HashMap::new();
    for (key, value) in pairs {
        if let Kind::Scalar(constant) = &key.kind
            && let Some(at) = places.insert(constant.clone(), out.len())
        {
            places.insert(constant.clone(), at);
            out[at].1 = value;
            continue;
        }
        out.push((key, value));
    }
    out
}
