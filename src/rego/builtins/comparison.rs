//! `==`, `<` and their likes by their names.

use std::cmp::Ordering;

use super::operand::{Answer, answer, at};
use super::{Builtin, Context};
use crate::rego::value::Value;

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin::new("equal", |_, args| answer(compare(args).is_eq())),
    Builtin::new("neq", |_, args| answer(compare(args).is_ne())),
    Builtin::new("lt", |_, args| answer(compare(args).is_lt())),
    Builtin::new("lte", |_, args| answer(compare(args).is_le())),
    Builtin::new("gt", |_, args| answer(compare(args).is_gt())),
    Builtin::new("gte", |_, args| answer(compare(args).is_ge())),
    Builtin::new("internal.member_2", member),
    Builtin::new("internal.member_3", member_with_key),
];

fn compare(args: &[Value]) -> Ordering {
    at(args, 1).cmp(at(args, 2))
}

/// `x in xs`: false for what has no members.
fn member(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let wanted = at(args, 1);
    if let Value::Set(members) = at(args, 2) {
        return answer(members.contains(wanted));
    }
    context.budget.steps(at(args, 2).count().unwrap_or(0) as u64)?;
    answer(match at(args, 2) {
        Value::Array(items) => items.contains(wanted),
        Value::Object(pairs) => pairs.values().any(|value| value == wanted),
        _ => false,
    })
}

/// `k, v in xs`
fn member_with_key(_: &mut Context<'_>, args: &[Value]) -> Answer {
    answer(at(args, 3).get(at(args, 1)) == Some(at(args, 2)))
}
