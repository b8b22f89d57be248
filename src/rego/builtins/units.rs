//! `units.*`: amounts with a unit as numbers.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Zero};

use super::operand::{Answer, answer, failed, string};
use super::{Builtin, BuiltinError};
use crate::rego::value::{Number, NumberError, Value};

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin::new("units.parse", |_, args| parse(args)),
    Builtin::new("units.parse_bytes", |_, args| parse_bytes(args)),
];

/// Digits that an amount may have, its exponent included: more cannot be written as a number.
const MAX_DIGITS: i64 = 4000;

/// The prefixes in order: each is a thousand, or 1024, times the one before.
const PREFIXES: &str = "kmgtpe";

/// An amount and its unit: the unit begins where no number goes on.
fn parted(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let sign = |at: usize| matches!(bytes.get(at), Some(b'+' | b'-'));
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'0'..=b'9' | b'.' | b'+' | b'-' => {}
            b'e' | b'E' if digit(at + 1) => {}
            b'e' | b'E' if sign(at + 1) => at += 1,
            _ => break,
        }
        at += 1;
    }
    text.split_at(at.min(bytes.len()))
}

fn power(base: u32, prefix: char) -> Option<BigInt> {
    let exponent = PREFIXES.find(prefix)? + 1;
    Some(BigInt::from(base).pow(u32::try_from(exponent).ok()?))
}

/// An amount as an exact fraction: a number and a power of ten below it.
struct Amount {
    number: BigInt,
    /// How many decimal places.
    places: u32,
}

impl Amount {
    /// What Go's `big.Rat` and `big.Float` read: signs, leading zeros and exponents; nothing where there is no digit.
    fn read(text: &str) -> Result<Option<Self>, BuiltinError> {
        let (negative, size) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = size.split_once(['e', 'E']).unwrap_or((size, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let Some(number) = BigInt::parse_bytes(digits.as_bytes(), 10).filter(|_| is_digits(&digits)) else {
            return Ok(None);
        };
        let Ok(exponent) = exponent.parse::<i64>() else { return Ok(None) };
        let places = i64::try_from(fraction.len()).unwrap_or(i64::MAX).saturating_sub(exponent);
        if places.abs() > MAX_DIGITS || digits.len() > 4000 {
            return Err(NumberError::TooLarge.into());
        }
        let number = if negative { -number } else { number };
        let ten = BigInt::from(10);
        Ok(Some(if let Ok(places) = u32::try_from(places) {
            Self { number, places }
        } else {
            let zeros = u32::try_from(places.unsigned_abs()).unwrap_or(u32::MAX);
            Self { number: number * ten.pow(zeros), places: 0 }
        }))
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit())
}

/// `10Ki`, `1.5G`, `100m`: `m` is a thousandth, `M` a million.
fn parse(args: &[Value]) -> Answer {
    let text = string(args, 1)?.replace('"', "");
    if text.contains(' ') {
        return failed("units.parse: spaces not allowed in resource strings");
    }
    let (amount, unit) = parted(&text);
    if amount.is_empty() {
        return failed("units.parse: no amount provided");
    }
    let mut letters = unit.chars();
    let unit: String = letters.next().into_iter().chain(letters.flat_map(char::to_lowercase)).collect();
    let mut thousandths = 1;
    let factor = match unit.as_str() {
        "" => Some(BigInt::one()),
        "m" => {
            thousandths = 1000;
            Some(BigInt::one())
        }
        other => match other.strip_suffix('i') {
            Some(prefix) => one_letter(prefix).and_then(|it| power(1024, it.to_ascii_lowercase())),
            None => one_letter(other).and_then(|it| power(1000, it.to_ascii_lowercase())),
        },
    };
    let Some(factor) = factor else { return failed(format!("units.parse: unit {unit} not recognized")) };
    let Some(amount) = Amount::read(amount)? else {
        return failed("units.parse: could not parse amount to a number");
    };
    answer(fraction(&(amount.number * factor), &(BigInt::from(10).pow(amount.places) * thousandths))?)
}

fn one_letter(text: &str) -> Option<char> {
    let mut letters = text.chars();
    letters.next().filter(|_| letters.as_str().is_empty())
}

/// A fraction as an integer, or with ten decimal places, halves away from zero.
fn fraction(number: &BigInt, below: &BigInt) -> Result<Number, BuiltinError> {
    let (whole, rest) = number.div_rem(below);
    if rest.is_zero() {
        return Ok(Number::from_int(&whole));
    }
    let negative = number.sign() == num_bigint::Sign::Minus;
    let scaled: BigInt = (number.magnitude() * BigInt::from(10).pow(10).magnitude()).into();
    let (mut digits, rest) = scaled.div_rem(below);
    if rest * 2 >= *below {
        digits += 1;
    }
    let digits = format!("{digits:0>11}");
    let (whole, places) = digits.split_at(digits.len() - 10);
    let sign = if negative { "-" } else { "" };
    Ok(Number::from_text(&format!("{sign}{whole}.{places}"))?)
}

/// `10KiB`, `1.5gb`: case does not matter, `m` is a million.
fn parse_bytes(args: &[Value]) -> Answer {
    let text = string(args, 1)?.to_lowercase().replace('"', "");
    if text.contains(' ') {
        return failed("units.parse_bytes: spaces not allowed in resource strings");
    }
    let (amount, unit) = parted(&text);
    if amount.is_empty() {
        return failed("units.parse_bytes: no byte amount provided");
    }
    let short = unit.strip_suffix('b').unwrap_or(unit);
    let factor = match short.strip_suffix('i') {
        _ if unit.is_empty() => Some(BigInt::one()),
        Some(prefix) => one_letter(prefix).and_then(|it| power(1024, it)),
        None => one_letter(short).and_then(|it| power(1000, it)),
    };
    let Some(factor) = factor else {
        return failed(format!("units.parse_bytes: byte unit {unit} not recognized"));
    };
    let wrong = "units.parse_bytes: could not parse byte amount to a number";
    let Some(amount) = Amount::read(amount)? else { return failed(wrong) };
    answer(Number::from_int(&(amount.number * factor / BigInt::from(10).pow(amount.places))))
}
