//! Which variables an expression binds, given those that are bound before.

use super::super::rules::RuleTree;
use super::super::tree::{Base, Call, Expr, ExprKind, Kind, Op, Polarity, Ref, Term, Var};
use super::super::walk::{self, Reach};
use super::sets::VarSet;
use super::unify::{is_ref_safe, unify};
use crate::rego::analysis::maps::HashSet;

/// The variables that are not safe before the expression and are after it.
pub(crate) fn outputs(tree: &RuleTree, expr: &Expr, safe: &VarSet) -> HashSet<Var> {
    let mut bound = HashSet::default();
    if expr.polarity == Polarity::Negated || !inputs_of_with_are_safe(expr, safe) {
        return bound;
    }
    match &expr.kind {
        ExprKind::Term(_) => of_terms(walk::terms_of(expr), safe, &mut bound),
        ExprKind::Every(every) => of_terms([&every.domain], safe, &mut bound),
        ExprKind::Call(call) => {
            of_terms(walk::terms_of(expr), safe, &mut bound);
            of_call(tree, call, safe, &mut bound);
        }
    }
    bound.retain(|var| !safe.contains(*var));
    bound
}

fn inputs_of_with_are_safe(expr: &Expr, safe: &VarSet) -> bool {
    let mut all = true;
    for with in &expr.with {
        walk::with(with, Reach::Open, &mut |var| all &= safe.contains(var));
    }
    all
}

fn of_call(tree: &RuleTree, call: &Call, safe: &VarSet, bound: &mut HashSet<Var>) {
    if let (Op::Eq, [left, right]) = (&call.op, &call.args[..]) {
        let unified = unify(safe, bound, left, right);
        bound.extend(unified);
        return;
    }
    let Some(arity) = call.op.arity(tree) else { return bound.clear() };
    if call.args.len() <= arity {
        return;
    }
    let (inputs, outputs) = call.args.split_at(arity);
    let mut all_safe = true;
    walk::terms(inputs, Reach::Output, &mut |var| all_safe &= safe.contains(var) || bound.contains(&var));
    if !all_safe {
        return bound.clear();
    }
    walk::terms(outputs, Reach::Output, &mut |var| {
        bound.insert(var);
    });
}

/// The variables in the steps of references whose bases are bound.
fn of_terms<'a>(terms: impl IntoIterator<Item = &'a Term>, safe: &VarSet, bound: &mut HashSet<Var>) {
    for term in terms {
        of_term(term, safe, bound);
    }
}

fn of_term(term: &Term, safe: &VarSet, bound: &mut HashSet<Var>) {
    match &term.kind {
        Kind::Scalar(_) | Kind::Var(_) | Kind::Compr(_) | Kind::Template(_) => {}
        Kind::Ref(reference) => of_ref(reference, safe, bound),
        Kind::Call(call) => of_terms(&call.args, safe, bound),
        Kind::Array(items) | Kind::Set(items) => of_terms(items, safe, bound),
        Kind::Object(pairs) => {
            for (key, value) in pairs {
                of_terms([key, value], safe, bound);
            }
        }
    }
}

fn of_ref(reference: &Ref, safe: &VarSet, bound: &mut HashSet<Var>) {
    if !is_ref_safe(reference, &|var| safe.contains(var)) {
        return;
    }
    walk::terms(&reference.steps, Reach::Steps, &mut |var| {
        bound.insert(var);
    });
    if let Base::Term(base) = &reference.base {
        of_term(base, safe, bound);
    }
    of_terms(&reference.steps, safe, bound);
}
