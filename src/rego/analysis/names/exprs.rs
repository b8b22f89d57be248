//! Expressions of bodies: declarations, assignments, `some`, `every`, `with`.

use crate::rego::analysis::maps::HashSet;
use crate::rego::source::Span;
use crate::rego::syntax::ast::{self, ExprKind as Ast, Name, TermKind};

use super::super::scope::{Occurrence, is_assignment, names_in, names_in_pattern};
use super::super::tree::{
    Base, Call, Every, Expr, ExprKind, Kind, Made, Op, Origin, Polarity, Ref, Target, Term, Var, With,
    WithValue,
};
use super::terms::{dotted, last_of_each_key};
use super::{Resolver, compile_error, is_root};

/// Modifiers that one expression may have: each expression that is made of its parts gets them all. The released
/// policies have at most ten.
const MAX_WITH: usize = 256;

impl Resolver<'_, '_> {
    pub(super) fn expr(&mut self, expr: &ast::Expr) -> Option<Expr> {
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

    pub(super) fn assignment(&mut self, expr: &ast::Expr, call: &ast::Call, polarity: Polarity) -> Expr {
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
    pub(super) fn assigned(&mut self, term: &ast::Term, statement: Span) -> Term {
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
    pub(super) fn some_in(&mut self, some: &ast::SomeIn, span: Span) -> Option<Call> {
        let mut bound = HashSet::default();
        if let Some(key) = &some.key {
            names_in(key, &mut bound);
        }
        names_in_pattern(&some.value, &mut bound);
        let mut outer = HashSet::default();
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

    pub(super) fn every(&mut self, every: &ast::Every) -> Option<Every> {
        let domain = self.term(&every.domain);
        self.scopes.push();
        let first = every.body.exprs.first().map_or(every.body.span, |expr| expr.span);
        let mut names = HashSet::default();
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
    pub(super) fn every_name(&mut self, term: &ast::Term, first: Span) -> Option<Var> {
        match term.as_var() {
            Some(name) => self.declare(name, Occurrence::Declared, first, None),
            None => Some(self.vars.add("_".into(), Origin::Free)),
        }
    }

    pub(super) fn withs(&mut self, withs: &[ast::With]) -> Vec<With> {
        if let Some(first) = withs.get(MAX_WITH) {
            let message = format!("more than {MAX_WITH} with modifiers on an expression");
            self.found.locals.push(compile_error(message, Some(first.span)));
            return Vec::new();
        }
        withs.iter().map(|with| self.with(with)).collect()
    }

    pub(super) fn with(&mut self, with: &ast::With) -> With {
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
    pub(super) fn with_target(&mut self, target: &ast::Term) -> Term {
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
    pub(super) fn function_name(&self, term: &ast::Term) -> Option<Op> {
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
}
