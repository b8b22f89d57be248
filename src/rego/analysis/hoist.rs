//! Calls leave terms: `f(g(x))` becomes `g(x, y); f(y)`, so that what is left of a term is data, variables,
//! references and comprehensions.

use crate::rego::source::Span;

use super::tree::{Base, Call, Compr, Expr, ExprKind, Kind, Ref, Rule, Term, Vars, With, WithValue};

/// Takes the calls out of the terms of a rule.
pub(super) fn rule(rule: &mut Rule) {
    let Rule { branches, vars, .. } = rule;
    let mut pass = Hoist { vars };
    // All branches have the same arguments, so what replaces a call must be the same variable in all of them.
    let mut args = branches.first().map_or_else(Vec::new, |branch| branch.args.clone());
    let mut of_args = Vec::new();
    for arg in &mut args {
        pass.term(arg, &mut of_args);
    }
    for branch in branches {
        branch.args.clone_from(&args);
        let mut support = of_args.clone();
        pass.term(branch.leaf.term_mut(), &mut support);
        // What the head needs is already free of calls.
        pass.body(&mut branch.body);
        branch.body.append(&mut support);
    }
}

/// Takes the calls out of the terms of a body.
pub(super) fn body(vars: &mut Vars, body: &mut Vec<Expr>) {
    Hoist { vars }.body(body);
}

struct Hoist<'a> {
    vars: &'a mut Vars,
}

impl Hoist<'_> {
    fn body(&mut self, body: &mut Vec<Expr>) {
        for expr in std::mem::take(body) {
            self.expr(expr, body);
        }
    }

    fn expr(&mut self, mut expr: Expr, out: &mut Vec<Expr>) {
        for with in &mut expr.with {
            if let WithValue::Term(value) = &mut with.value {
                self.term(value, out);
                self.composite_to_var(value, out);
            }
        }
        let mut support = Vec::new();
        match &mut expr.kind {
            ExprKind::Term(term) => self.term(term, &mut support),
            ExprKind::Call(call) => call.args.iter_mut().for_each(|arg| self.term(arg, &mut support)),
            ExprKind::Every(every) => {
                let span = every.domain.span;
                let var = Term::var(self.vars.generate(), span);
                let domain = std::mem::replace(&mut every.domain, var.clone());
                let mut eq = Expr::unify(var, domain, span);
                eq.with.clone_from(&expr.with);
                self.expr(eq, out);
                self.body(&mut every.body);
            }
        }
        out.extend(support.into_iter().map(|it| under(it, &expr.with)));
        out.push(expr);
    }

    /// Modifiers are repeated for every part of their expression, so their values must be small.
    fn composite_to_var(&mut self, term: &mut Term, out: &mut Vec<Expr>) {
        if matches!(term.kind, Kind::Array(_) | Kind::Object(_) | Kind::Set(_) | Kind::Compr(_)) {
            let span = term.span;
            let is_statement = super::walk::needs_evaluation(term);
            let var = Term::var(self.vars.generate(), span);
            let value = std::mem::replace(term, var.clone());
            // OPA has none for what is only put together, so nobody shall hear of it.
            let span = if is_statement { span } else { Span { end: span.start, ..span } };
            out.push(Expr::unify(var, value, span));
        }
    }

    /// Replaces the calls in a term by variables, which `support` binds.
    fn term(&mut self, term: &mut Term, support: &mut Vec<Expr>) {
        match &mut term.kind {
            Kind::Scalar(_) | Kind::Var(_) | Kind::Template(_) => {}
            Kind::Call(call) => {
                for arg in &mut call.args {
                    self.term(arg, support);
                }
                let span = term.span;
                let output = Term::var(self.vars.generate(), span);
                let Call { op, args, .. } = &**call;
                let args = args.iter().cloned().chain([output.clone()]).collect();
                support.push(Expr::new(ExprKind::Call(Call { op: op.clone(), args, span }), span));
                *term = output;
            }
            Kind::Ref(reference) => self.reference(reference, support),
            Kind::Array(items) | Kind::Set(items) => {
                for it in items {
                    self.term(it, support);
                }
            }
            Kind::Object(pairs) => {
                for (key, value) in pairs {
                    self.term(key, support);
                    self.term(value, support);
                }
            }
            Kind::Compr(compr) => self.comprehension(compr),
        }
    }

    fn reference(&mut self, reference: &mut Ref, support: &mut Vec<Expr>) {
        if let Base::Term(base) = &mut reference.base {
            if base.is_scalar() {
                // Nothing has such a base; types tell.
                return;
            }
            self.term(base, support);
            let var = if let Some(var) = base.as_var() {
                var
            } else {
                let var = self.vars.generate();
                let span = base.span;
                support.push(Expr::unify(Term::var(var, span), (**base).clone(), span));
                var
            };
            reference.base = Base::Var(var);
        }
        for it in &mut reference.steps {
            self.term(it, support);
        }
    }

    fn comprehension(&mut self, compr: &mut Compr) {
        let mut support = Vec::new();
        for term in compr.head.terms_mut() {
            self.term(term, &mut support);
        }
        self.body(&mut compr.body);
        compr.body.append(&mut support);
    }
}

fn under(mut expr: Expr, with: &[With]) -> Expr {
    expr.with = with.to_vec();
    expr
}

/// Terms of heads of comprehensions that have to be evaluated move into the body.
pub(super) fn comprehension_heads(vars: &mut Vars, body: &mut [Expr]) {
    for expr in body {
        if let ExprKind::Every(every) = &mut expr.kind {
            comprehension_heads(vars, &mut every.body);
        }
        for term in super::walk::terms_of_mut(expr) {
            comprehension_heads_of_term(vars, term);
        }
    }
}

fn comprehension_heads_of_term(vars: &mut Vars, term: &mut Term) {
    super::walk::bodies_of_term_mut(term, &mut |compr| {
        comprehension_heads(vars, &mut compr.body);
        for term in compr.head.terms_mut() {
            comprehension_heads_of_term(vars, term);
            if let Some(expr) = moved(vars, term) {
                compr.body.push(expr);
            }
        }
    });
}

/// Terms of the head of a rule that have to be evaluated move into the bodies.
pub(super) fn rule_heads(rule: &mut Rule) {
    let Rule { branches, vars, .. } = rule;
    for branch in &mut *branches {
        comprehension_heads(vars, &mut branch.body);
        comprehension_heads_of_term(vars, branch.leaf.term_mut());
        if let Some(expr) = moved(vars, branch.leaf.term_mut()) {
            branch.body.push(expr);
        }
    }
    // All branches have the same arguments, so what replaces one must be the same variable in all of them.
    let count = branches.first().map_or(0, |branch| branch.args.len());
    for at in 0..count {
        if !super::walk::needs_evaluation(&branches[0].args[at]) {
            continue;
        }
        let span = branches[0].args[at].span;
        let var = Term::var(vars.generate(), span);
        for branch in &mut *branches {
            let arg = std::mem::replace(&mut branch.args[at], var.clone());
            branch.body.push(Expr::unify(var.clone(), arg, span));
        }
    }
}

fn moved(vars: &mut Vars, term: &mut Term) -> Option<Expr> {
    if !super::walk::needs_evaluation(term) {
        return None;
    }
    let span = term.span;
    let var = Term::var(vars.generate(), span);
    let value = std::mem::replace(term, var.clone());
    Some(Expr::unify(var, value, span))
}
