//! Integers as bits, of any size.

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive, Zero};

use super::operand::{Answer, answer, big_integer, error};
use super::{Builtin, Context};
use crate::rego::value::{Number, NumberError, Value};

/// Bits that a shifted number may have: more cannot be written within the limit of a number's text.
const MAX_BITS: u64 = 13_600;

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin::new("bits.and", |_, args| binary(args, |a, b| a & b)),
    Builtin::new("bits.or", |_, args| binary(args, |a, b| a | b)),
    Builtin::new("bits.xor", |_, args| binary(args, |a, b| a ^ b)),
    Builtin::new("bits.negate", |_, args| int(&!big_integer(args, 1)?)),
    Builtin::new("bits.lsh", shift_left),
    Builtin::new("bits.rsh", shift_right),
];

fn int(value: &BigInt) -> Answer {
    answer(Number::from_int(value))
}

fn binary(args: &[Value], operation: fn(BigInt, BigInt) -> BigInt) -> Answer {
    int(&operation(big_integer(args, 1)?, big_integer(args, 2)?))
}

/// The number and by how many bits; nothing where that is more than memory has.
fn shift(args: &[Value]) -> Result<(BigInt, Option<u64>), super::BuiltinError> {
    let (number, by) = (big_integer(args, 1)?, big_integer(args, 2)?);
    if by.is_negative() {
        return Err(error(2, "must be an unsigned integer number but got a negative integer"));
    }
    Ok((number, by.to_u64()))
}

fn shift_left(_: &mut Context<'_>, args: &[Value]) -> Answer {
    match shift(args)? {
        (number, _) if number.is_zero() => int(&number),
        (number, Some(by)) if number.bits().saturating_add(by) <= MAX_BITS => int(&(number << by)),
        _ => Err(NumberError::TooLarge.into()),
    }
}

fn shift_right(_: &mut Context<'_>, args: &[Value]) -> Answer {
    let (number, by) = shift(args)?;
    int(&(number >> by.unwrap_or(u64::MAX)))
}
