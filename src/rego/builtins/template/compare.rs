//! Comparisons: `eq`, `ne`, `lt`, `le`, `gt`, `ge`.

use std::cmp::Ordering;

use super::functions::{Result, failed};
use super::item::{Basic, Item};
use crate::rego::builtins::Context;
use crate::rego::value::{Number, Value};

const BAD_TYPE: &str = "invalid type for comparison";
const BAD_TYPES: &str = "incompatible types for comparison";

/// Compares the first argument with the others.
pub(super) fn compare(context: &mut Context<'_>, name: &str, args: &[Item]) -> Result<bool> {
    let Some((first, others)) = args.split_first() else { return failed("missing argument for comparison") };
    for it in args {
        let bytes = if let Item::Value(Value::String(text)) = it { text.len() } else { 0 };
        context.budget.steps(1 + bytes as u64 / 64)?;
    }
    match name {
        "eq" if others.is_empty() => failed("missing argument for comparison"),
        "eq" => {
            for other in others {
                if is_equal(first, other)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        "ne" => Ok(!is_equal(first, &others[0])?),
        "lt" => Ok(order(first, &others[0])?.is_lt()),
        "le" => Ok(is_equal(first, &others[0])? || order(first, &others[0])?.is_lt()),
        "gt" => {
            let is_less = order(first, &others[0])?.is_lt();
            Ok(!(is_less || is_equal(first, &others[0])?))
        }
        _ => Ok(!order(first, &others[0])?.is_lt()),
    }
}

fn is_equal(one: &Item, other: &Item) -> Result<bool> {
    match (one.basic(), other.basic()) {
        (Some(a), Some(b)) if a == b => Ok(order(one, other)?.is_eq()),
        _ if one.is_nothing() || other.is_nothing() => Ok(one.is_nothing() && other.is_nothing()),
        (None, None) => failed(format!("non-comparable type {}", one.type_name())),
        _ => failed(BAD_TYPES),
    }
}

/// The order of two of one kind. Booleans have none but equal and not equal.
fn order(one: &Item, other: &Item) -> Result<Ordering> {
    let (Some(a), Some(b)) = (one.basic(), other.basic()) else { return failed(BAD_TYPE) };
    if a != b {
        return failed(BAD_TYPES);
    }
    Ok(match (a, one, other) {
        (Basic::Int, Item::Int(one), Item::Int(other)) => one.cmp(other),
        (Basic::Float, Item::Float(one), Item::Float(other)) => {
            one.partial_cmp(other).unwrap_or(Ordering::Equal)
        }
        (Basic::Bool, Item::Value(one), Item::Value(other)) => one.cmp(other),
        (_, Item::Value(one), Item::Value(other)) => text(one).cmp(&text(other)),
        _ => return failed(BAD_TYPE),
    })
}

/// Numbers of the data compare as their text.
fn text(value: &Value) -> std::borrow::Cow<'_, str> {
    match value {
        Value::String(text) => text.as_str().into(),
        Value::Number(number) => Number::to_string(number).into(),
        _ => "".into(),
    }
}
