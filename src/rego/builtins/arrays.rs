//! Arrays: joined, cut, turned, flattened.

use super::operand::{Answer, answer, array, integer};
use super::{Builtin, Context};
use crate::rego::value::{Array, Value};

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin::new("array.concat", concat),
    Builtin::new("array.slice", slice),
    Builtin::new("array.reverse", reverse),
    Builtin::new("array.flatten", flatten),
];

fn concat(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (a, b) = (array(args, 1)?, array(args, 2)?);
    context.draw(a.len() + b.len())?;
    answer(a.concat(b))
}

fn slice(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let items = array(args, 1)?;
    let bound = |index: i64| usize::try_from(index.max(0)).unwrap_or(usize::MAX).min(items.len());
    let (start, stop) = (bound(integer(args, 2)?), bound(integer(args, 3)?));
    context.draw(stop.saturating_sub(start))?;
    answer(items.slice(start, stop))
}

fn reverse(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let items = array(args, 1)?;
    context.draw(items.len())?;
    answer(items.iter().rev().cloned().collect::<Array>())
}

/// One level only.
fn flatten(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let items = array(args, 1)?;
    let mut flat = Vec::with_capacity(items.len());
    for item in items {
        match item {
            Value::Array(inner) => {
                context.draw(inner.len())?;
                flat.extend(inner.iter().cloned());
            }
            other => {
                context.draw(1)?;
                flat.push(other.clone());
            }
        }
    }
    answer(Array::from(flat))
}
