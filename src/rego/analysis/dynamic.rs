//! References and comprehensions that OPA evaluates on their own, before the expression that holds them, move in
//! front of it: the arguments of calls, what stands in arrays, objects and sets, and the steps of references.
//! `==` of a body becomes a unification.

use super::tree::{Call, Compr, Expr, ExprKind, Kind, Op, Rule, Term, Vars, With};

/// `a == b` as an expression of a rule's body is `a = b`: all of both is bound by now.
pub(super) fn equals(body: &mut [Expr]) {
    for expr in body {
        for term in super::walk::terms_of_mut(expr) {
            super::walk::bodies_of_term_mut(term, &mut |compr| equals(&mut compr.body));
        }
        match &mut expr.kind {
            ExprKind::Call(call) if call.op.is_builtin("equal") && call.args.len() == 2 => call.op = Op::Eq,
            ExprKind::Every(every) => equals(&mut every.body),
            ExprKind::Call(_) | ExprKind::Term(_) => {}
        }
    }
}

/// Rewrites the bodies of a rule.
pub(super) fn rule(rule: &mut Rule) {
    for branch in &mut rule.branches {
        body(&mut rule.vars, &mut branch.body);
    }
}

/// Rewrites a body.
pub(super) fn body(vars: &mut Vars, body: &mut Vec<Expr>) {
    Dynamic { vars }.body(body);
}

struct Dynamic<'a> {
    vars: &'a mut Vars,
}

impl Dynamic<'_> {
    fn body(&mut self, body: &mut Vec<Expr>) {
        for expr in std::mem::take(body) {
            self.expr(expr, body);
        }
    }

    fn expr(&mut self, mut expr: Expr, out: &mut Vec<Expr>) {
        let Expr { kind, with, .. } = &mut expr;
        match kind {
            ExprKind::Term(term) => self.at_top(term, with, out),
            ExprKind::Call(Call { op: Op::Eq, args, .. }) if args.len() == 2 => {
                for arg in args {
                    self.at_top(arg, with, out);
                }
            }
            ExprKind::Call(call) => call.args.iter_mut().for_each(|arg| self.inside(arg, with, out)),
            ExprKind::Every(every) => {
                self.inside(&mut every.domain, with, out);
                self.body(&mut every.body);
            }
        }
        out.push(expr);
    }

    /// A side of a unification, or a term that is an expression, stays where it is.
    fn at_top(&mut self, term: &mut Term, with: &[With], out: &mut Vec<Expr>) {
        match &mut term.kind {
            Kind::Ref(reference) => reference.steps.iter_mut().for_each(|it| self.inside(it, with, out)),
            Kind::Compr(compr) => self.comprehension(compr),
            _ => self.inside(term, with, out),
        }
    }

    fn inside(&mut self, term: &mut Term, with: &[With], out: &mut Vec<Expr>) {
        match &mut term.kind {
            Kind::Scalar(_) | Kind::Var(_) | Kind::Call(_) | Kind::Template(_) => {}
            Kind::Array(items) | Kind::Set(items) => {
                for it in items {
                    self.inside(it, with, out);
                }
            }
            Kind::Object(pairs) => {
                for (key, value) in pairs {
                    self.inside(key, with, out);
                    self.inside(value, with, out);
                }
            }
            Kind::Ref(reference) => {
                for it in &mut reference.steps {
                    self.inside(it, with, out);
                }
                self.replace(term, with, out);
            }
            Kind::Compr(compr) => {
                self.comprehension(compr);
                self.replace(term, with, out);
            }
        }
    }

    fn comprehension(&mut self, compr: &mut Compr) {
        self.body(&mut compr.body);
    }

    fn replace(&mut self, term: &mut Term, with: &[With], out: &mut Vec<Expr>) {
        let span = term.span;
        let var = Term::var(self.vars.generate(), span);
        let value = std::mem::replace(term, var.clone());
        let mut eq = Expr::unify(var, value, span);
        eq.with = with.to_vec();
        out.push(eq);
    }
}
