//! One value of many: counts, sums, extremes.

use super::operand::{Answer, answer, at, item_error, items, type_error};
use super::{Builtin, BuiltinError, Context};
use crate::rego::value::{Array, Number, NumberError, Value};

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin::new("count", |_, args| count(args)),
    Builtin::new("sum", |context, args| fold(context, args, 0, Number::add)),
    Builtin::new("product", |context, args| fold(context, args, 1, Number::mul)),
    Builtin::new("max", max),
    Builtin::new("min", min),
    Builtin::new("sort", sort),
    Builtin::new("all", all),
    Builtin::new("any", any),
];

fn count(args: &[Value]) -> Answer {
    let value = at(args, 1);
    let count = value.as_str().map(|text| text.chars().count()).or(value.count());
    let count = count.ok_or_else(|| type_error(1, &["array", "object", "set", "string"], value))?;
    answer(count)
}

fn walked<'a>(
    context: &mut Context<'_>,
    args: &'a [Value],
    expected: [&str; 2],
) -> Result<super::operand::Items<'a>, BuiltinError> {
    let items = items(args, 1, expected)?;
    context.budget.steps(items.len() as u64)?;
    Ok(items)
}

fn fold(
    context: &mut Context<'_>,
    args: &[Value],
    start: i64,
    operation: fn(&Number, &Number) -> Result<Number, NumberError>,
) -> Answer {
    let mut result = Number::from(start);
    for item in walked(context, args, ["set", "array"])? {
        let Value::Number(number) = item else { return Err(item_error(1, at(args, 1), &["number"], item)) };
        result = operation(&result, number)?;
    }
    answer(result)
}

/// The last of the greatest; nothing of nothing.
fn max(context: &mut Context<'_>, args: &[Value]) -> Answer {
    Ok(walked(context, args, ["set", "array"])?.max().cloned())
}

/// The last of the least; nothing of nothing.
fn min(context: &mut Context<'_>, args: &[Value]) -> Answer {
    Ok(walked(context, args, ["set", "array"])?.rev().min().cloned())
}

fn sort(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let count = items(args, 1, ["set", "array"])?.len();
    context.draw(count.saturating_mul(count.checked_ilog2().unwrap_or(0) as usize / 8 + 1))?;
    let mut sorted: Vec<Value> = items(args, 1, ["set", "array"])?.cloned().collect();
    sorted.sort();
    answer(Array::from(sorted))
}

fn all(context: &mut Context<'_>, args: &[Value]) -> Answer {
    answer(walked(context, args, ["array", "set"])?.all(|it| matches!(it, Value::Bool(true))))
}

fn any(context: &mut Context<'_>, args: &[Value]) -> Answer {
    answer(walked(context, args, ["array", "set"])?.any(|it| matches!(it, Value::Bool(true))))
}
