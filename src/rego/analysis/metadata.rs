//! `rego.metadata.rule()` and `rego.metadata.chain()` become the constants that they are.

use crate::rego::syntax::annotations::{AnnotationSet, Branch};
use crate::rego::value::Value;

use super::tree::{Call, Expr, ExprKind, Kind, Op, Rule, Term};
use super::walk;

/// What the calls in a branch of a rule give.
struct Metadata {
    rule: Value,
    chain: Value,
}

/// Replaces the calls in a rule. What they give is worked out only where there is one. `given` says which module
/// of the annotations each module is.
pub(super) fn rule(rule: &mut Rule, annotations: &AnnotationSet<'_>, given: &[usize]) {
    let Some(module) = given.get(rule.module).copied() else { return };
    for (number, branch) in rule.branches.iter_mut().enumerate() {
        let mut found = false;
        walk::every_expr(&branch.body, &mut |expr| found |= expr.call().is_some_and(is_metadata));
        walk::exprs_of_term(branch.leaf.term(), &mut |expr| found |= expr.call().is_some_and(is_metadata));
        if !found {
            continue;
        }
        let which = if number == 0 { Branch::First } else { Branch::Else };
        let metadata = Metadata {
            rule: annotations.rule(module, rule.index, which),
            chain: annotations.chain(module, rule.index, which),
        };
        body(&mut branch.body, &metadata);
        walk::bodies_of_term_mut(branch.leaf.term_mut(), &mut |compr| body(&mut compr.body, &metadata));
    }
}

fn is_metadata(call: &Call) -> bool {
    call.op.is_builtin("rego.metadata.rule") || call.op.is_builtin("rego.metadata.chain")
}

fn body(exprs: &mut [Expr], metadata: &Metadata) {
    for expr in exprs {
        for term in walk::terms_of_mut(expr) {
            walk::bodies_of_term_mut(term, &mut |compr| body(&mut compr.body, metadata));
        }
        match &mut expr.kind {
            ExprKind::Every(every) => body(&mut every.body, metadata),
            ExprKind::Call(call) if is_metadata(call) => {
                let value =
                    if call.op.is_builtin("rego.metadata.rule") { &metadata.rule } else { &metadata.chain };
                let constant: Term = Kind::Scalar(value.clone()).at(call.span);
                expr.kind = match call.args.first() {
                    Some(output) => {
                        let args = vec![output.clone(), constant];
                        ExprKind::Call(Call { op: Op::Eq, args, span: call.span })
                    }
                    None => ExprKind::Term(constant),
                };
            }
            ExprKind::Call(_) | ExprKind::Term(_) => {}
        }
    }
}
