//! What is called exists and takes so many arguments.

use crate::rego::builtins::decl;
use crate::rego::error::{ErrorCode, RegoError};

use super::rules::RuleTree;
use super::tree::{Call, Expr, ExprKind, Made, Op, Rule};
use super::{types, walk};

/// What a call of a function is that nobody defines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum UnknownFunctions {
    Refused,
    /// Modules that are not there may define it.
    Allowed,
}

/// Checks the calls of a rule.
pub(super) fn rule(tree: &RuleTree, unknown: UnknownFunctions, rule: &Rule, errors: &mut Vec<RegoError>) {
    for branch in &rule.branches {
        body(tree, unknown, &branch.body, errors);
    }
}

/// Checks the calls of a body.
pub(super) fn body(tree: &RuleTree, unknown: UnknownFunctions, body: &[Expr], errors: &mut Vec<RegoError>) {
    let is_allowed = |call: &&Call| unknown == UnknownFunctions::Allowed && matches!(call.op, Op::Unknown(_));
    for expr in body {
        let error = expr.call().filter(|call| !is_allowed(call)).and_then(|call| check(tree, expr, call));
        if let Some(error) = error {
            errors.push(error);
            continue;
        }
        if let ExprKind::Every(every) = &expr.kind {
            self::body(tree, unknown, &every.body, errors);
        }
        for term in walk::terms_of(expr) {
            walk::closures_of_term(term, &mut |compr| self::body(tree, unknown, &compr.body, errors));
        }
    }
}

fn check(tree: &RuleTree, expr: &Expr, call: &Call) -> Option<RegoError> {
    let Some(arity) = call.op.arity(tree) else {
        let message = decl::undefined(&call.op.name(tree));
        return Some(RegoError::new(ErrorCode::Type, message, Some(expr.span)));
    };
    let given = call.args.len();
    let has_output = expr.made == Made::ByRewriting && !matches!(call.op, Op::Eq);
    let fits = if has_output { given == arity + 1 } else { given == arity || given == arity + 1 };
    if fits || is_variadic(&call.op) || (expr.made == Made::ByRewriting && matches!(call.op, Op::Eq)) {
        return None;
    }
    let name = call.op.name(tree);
    if let Some(wanted) = call.op.declared() {
        let have: Vec<_> = call.args.iter().map(types::of_constant).collect();
        let shown: Vec<String> = have.iter().map(|ty| types::shown(ty.as_ref())).collect();
        let lines = vec![format!("have: ({})", shown.join(", ")), format!("want: {}", wanted.display_args())];
        let error = RegoError::new(ErrorCode::Type, format!("{name}: arity mismatch"), Some(expr.span));
        return Some(error.with_details(types::details(lines, types::arguments(&have, wanted))));
    }
    let given = if has_output { given - 1 } else { given };
    let noun = if given == 1 { "argument" } else { "arguments" };
    let message = format!("function {name} has arity {arity}, got {given} {noun}");
    Some(RegoError::new(ErrorCode::Type, message, Some(expr.span)))
}

fn is_variadic(op: &Op) -> bool {
    op.declared().is_some_and(|ty| ty.variadic.is_some())
}

/// Reports calls of deprecated builtins.
pub(super) fn check_deprecated(body: &[Expr], errors: &mut Vec<RegoError>) {
    walk::every_expr(body, &mut |expr| {
        if let Some(Op::Builtin(declaration)) = expr.call().map(|call| &call.op)
            && declaration.deprecated
        {
            let message = format!("deprecated built-in function calls in expression: {}", declaration.name);
            errors.push(RegoError::new(ErrorCode::Type, message, Some(expr.span)));
        }
    });
}
