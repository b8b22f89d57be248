//! Safety: every variable is bound before it is read. Heads are checked against their bodies, and bodies are put
//! into an order in which it holds, as little as possible away from the order they are written in.

mod outputs;
mod reorder;
mod sets;
mod unify;

use crate::rego::analysis::maps::HashSet;
use crate::rego::error::{ErrorCode, RegoError};

use super::rules::RuleTree;
use super::tree::{Branch, Expr, Kind, Rule, Term, Var, Vars};
use super::walk::{self, Reach};

pub(super) use outputs::outputs;
pub(super) use sets::VarSet;

/// Every variable of a head stands in the body, or is an argument.
pub(crate) fn check_heads(rule: &Rule, errors: &mut Vec<RegoError>) {
    for branch in &rule.branches {
        let mut bound = HashSet::default();
        walk::body(&branch.body, Reach::Open, &mut |var| {
            bound.insert(var);
        });
        walk::terms(&branch.args, Reach::Everything, &mut |var| {
            bound.insert(var);
        });
        let mut reported = HashSet::default();
        for term in branch.key.iter().chain([branch.leaf.term()]) {
            check_head_term(&rule.vars, term, &bound, &mut reported, errors);
        }
    }
}

fn check_head_term(
    vars: &Vars,
    term: &Term,
    bound: &HashSet<Var>,
    reported: &mut HashSet<Var>,
    errors: &mut Vec<RegoError>,
) {
    walk::every_term_below(term, &mut |it| {
        if let Kind::Var(var) = it.kind
            && !bound.contains(&var)
            && !vars.is_generated(var)
            && reported.insert(var)
        {
            errors.push(unsafe_var(&vars.get(var).name, it.span));
        }
    });
}

fn unsafe_var(name: &str, span: crate::rego::source::Span) -> RegoError {
    RegoError::new(ErrorCode::UnsafeVar, format!("var {name} is unsafe"), Some(span))
}

/// Puts the bodies of a rule into a safe order.
pub(crate) fn order_rule(tree: &RuleTree, rule: &mut Rule, errors: &mut Vec<RegoError>) {
    for branch in &mut rule.branches {
        let Branch { args, body, .. } = branch;
        let mut safe = VarSet::default();
        walk::terms(&*args, Reach::Everything, &mut |var| {
            safe.insert(var);
        });
        let exprs = std::mem::take(body);
        *body = order_body(tree, &rule.vars, safe, exprs, errors);
    }
}

/// Puts a body into a safe order, given the variables that are bound before it.
pub(crate) fn order_body(
    tree: &RuleTree,
    vars: &Vars,
    safe: VarSet,
    body: Vec<Expr>,
    errors: &mut Vec<RegoError>,
) -> Vec<Expr> {
    let mut order = reorder::Order::new(tree, safe);
    let body = order.body(body);
    errors.extend(order.errors(vars));
    body
}
