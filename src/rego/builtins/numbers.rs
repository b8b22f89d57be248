//! Arithmetic and ranges.

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive};

use super::operand::{Answer, answer, at, big_integer, failed, number, type_error};
use super::{Builtin, Context};
use crate::rego::value::{Array, Number, NumberError, Value};

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin::new("plus", |_, args| binary(args, Number::add)),
    Builtin::new("minus", minus),
    Builtin::new("mul", |_, args| binary(args, Number::mul)),
    Builtin::new("div", |_, args| binary(args, Number::div)),
    Builtin::new("rem", |_, args| binary(args, Number::rem)),
    Builtin::new("abs", |_, args| unary(args, Number::abs)),
    Builtin::new("round", |_, args| unary(args, Number::round)),
    Builtin::new("ceil", |_, args| unary(args, Number::ceil)),
    Builtin::new("floor", |_, args| unary(args, Number::floor)),
    Builtin::new("numbers.range", |context, args| range(context, args, &BigInt::from(1))),
    Builtin::new("numbers.range_step", range_step),
];

fn unary(args: &[Value], operation: fn(&Number) -> Result<Number, NumberError>) -> Answer {
    answer(operation(number(args, 1)?)?)
}

fn binary(args: &[Value], operation: fn(&Number, &Number) -> Result<Number, NumberError>) -> Answer {
    answer(operation(number(args, 1)?, number(args, 2)?)?)
}

/// The difference of numbers or of sets.
fn minus(context: &mut Context<'_>, args: &[Value]) -> Answer {
    match (at(args, 1), at(args, 2)) {
        (Value::Number(a), Value::Number(b)) => answer(a.sub(b)?),
        (Value::Set(a), Value::Set(b)) => {
            context.draw(a.len() + b.len())?;
            answer(a.difference(b))
        }
        (Value::Set(_), other @ Value::Number(_)) => Err(type_error(2, &["set"], other)),
        (Value::Number(_) | Value::Set(_), other) => Err(type_error(2, &["number"], other)),
        (other, _) => Err(type_error(1, &["number", "set"], other)),
    }
}

fn range_step(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (_, _, step) = (big_integer(args, 1)?, big_integer(args, 2)?, big_integer(args, 3)?);
    if !step.is_positive() {
        return failed("numbers.range_step: step must be a positive integer");
    }
    range(context, args, &step)
}

/// All numbers from the first to the second, up or down.
fn range(context: &mut Context<'_>, args: &[Value], step: &BigInt) -> Answer {
    let (from, to) = (big_integer(args, 1)?, big_integer(args, 2)?);
    let count = (&to - &from).abs() / step + 1_u8;
    context.draw(count.to_usize().unwrap_or(usize::MAX))?;
    let step = if from <= to { step.clone() } else { -step };
    let mut next = from;
    let mut numbers = Vec::with_capacity(count.to_usize().unwrap_or(0));
    for _ in 0..numbers.capacity().min(count.to_usize().unwrap_or(0)) {
        numbers.push(Value::Number(Number::from_int(&next)));
        next += &step;
    }
    answer(Array::from(numbers))
}
