//! Rules up to their bodies: heads, arguments, branches.

use crate::rego::analysis::maps::HashSet;
use crate::rego::engine::Checks;
use crate::rego::source::Span;
use crate::rego::syntax::ast::{self, AssignOperator, Name, TermKind};
use crate::rego::value::Value;

use super::super::rules::literal;
use super::super::scope::{Occurrence, declared, names_in_pattern};
use super::super::tree::{Branch, Expr, ExprKind, Kind, Leaf, Origin, Term, Var};
use super::super::walk;
use super::terms::last_of_each_key;
use super::{Resolver, compile_error, is_root};

impl Resolver<'_, '_> {
    pub(super) fn branches(&mut self, rule: &ast::Rule, ground: usize) -> Vec<Branch> {
        let args = rule.head.args.as_deref().unwrap_or_default();
        self.check_overrides(rule, args);
        let mut hidden = HashSet::default();
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

    pub(super) fn check_overrides(&mut self, rule: &ast::Rule, args: &[ast::Term]) {
        if let Some(name) = rule.head.reference.head.as_var().filter(|name| is_root(name)) {
            let message = format!("rules must not shadow {name} (use a different rule name)");
            self.found.overrides.push(compile_error(message, Some(rule.span)));
        }
        let mut names = HashSet::default();
        for arg in args {
            names_in_pattern(arg, &mut names);
        }
        if let Some(name) = ["data", "input"].into_iter().find(|name| names.contains(*name)) {
            let message = format!("args must not shadow {name} (use a different variable name)");
            self.found.references.push(compile_error(message, Some(rule.span)));
        }
    }

    pub(super) fn check_unused_arguments(&mut self, head: &ast::Head, args: &[Term]) {
        if self.known.checks == Checks::Language {
            return;
        }
        let mut unused = Vec::new();
        walk::terms(args, walk::Reach::Everything, &mut |var| unused.push(var));
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

    pub(super) fn argument(&mut self, term: &ast::Term, head: Span) -> Term {
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

    pub(super) fn argument_name(&mut self, name: &Name, head: Span) -> Var {
        if let Some(entry) = self.scopes.find(name) {
            self.vars.read(entry.var);
            return entry.var;
        }
        match self.scopes.declare(&mut self.vars, name, Occurrence::Argument, head) {
            Ok(var) => var,
            Err(_) => self.vars.generate(),
        }
    }

    pub(super) fn branch(&mut self, args: &[Term], rule: &ast::Rule, ground: usize) -> Branch {
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

    pub(super) fn otherwise(&mut self, args: &[Term], branch: &ast::Else) -> Branch {
        let body = self.open_body(branch.body.as_ref(), branch.span);
        let leaf = Leaf::Value(self.head_value(branch.value.as_ref(), branch.span));
        self.close_body();
        let (args, key) = (args.to_vec(), Vec::new());
        Branch { args, key, leaf, body, span: branch.span, head_span: branch.span }
    }

    /// Where none is written it is `true`, placed at the rule.
    pub(super) fn open_body(&mut self, body: Option<&ast::Body>, rule: Span) -> Vec<Expr> {
        let exprs = body.map_or(&[][..], |body| &body.exprs);
        self.hidden.push(declared(exprs));
        match body {
            Some(_) => self.body(exprs),
            None => vec![Expr::new(ExprKind::Term(Kind::Scalar(Value::Bool(true)).at(rule)), rule)],
        }
    }

    pub(super) fn close_body(&mut self) {
        self.check_unused();
        self.hidden.pop();
    }

    pub(super) fn head_value(&mut self, value: Option<&ast::HeadValue>, span: Span) -> Term {
        match value {
            Some(value) => match value.operator {
                AssignOperator::Declare | AssignOperator::Unify => match literal(&value.term) {
                    Some(constant) => Kind::Scalar(constant).at(value.term.span),
                    None => self.term(&value.term),
                },
            },
            None => Kind::Scalar(Value::Bool(true)).at(span),
        }
    }

    /// What stands in a head's reference is a scalar or a variable; anything else moves into the body.
    pub(super) fn head_step(&mut self, step: &ast::Term, body: &mut Vec<Expr>) -> Term {
        let term = self.term(step);
        if term.is_scalar() || term.as_var().is_some() {
            return term;
        }
        let span = term.span;
        let var = Term::var(self.vars.generate(), span);
        body.push(Expr::unify(var.clone(), term, span));
        var
    }
}
