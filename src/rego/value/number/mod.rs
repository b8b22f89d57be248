//! Numbers of Rego: the text they were written with, compared by value.
//!
//! `1.0`, `1e3` and `-0` print as they were written; `1 == 1.0`. Arithmetic has the answers of Go's `big.Float` with a
//! mantissa of 64 bits, as OPA's has.

mod arith;
mod decimal;
mod float;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use decimal::Decimal;

/// Characters of a number's text. A number is read in linear time but some arithmetic is quadratic in its digits; no
/// honest document has more.
pub(super) const MAX_NUMBER_TEXT: usize = 4096;

/// A number of any size, as text or small integer.
#[derive(Clone)]
pub struct Number(Repr);

#[derive(Clone)]
enum Repr {
    Int(i64),
    /// Grammar of JSON numbers; anything that [`Repr::Int`] prints alike is an `Int`.
    Text(Arc<str>),
}

/// Why there is no such number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// The text is no number of JSON's grammar.
    #[error("not a number")]
    Malformed,
    /// The text is longer than [`MAX_NUMBER_TEXT`].
    #[error("the number has more than {MAX_NUMBER_TEXT} characters")]
    TooLong,
    /// The result would need more digits than [`MAX_NUMBER_TEXT`].
    #[error("the number is too large to be written")]
    TooLarge,
    /// Division by zero.
    #[error("divide by zero")]
    DivideByZero,
    /// Remainder by zero.
    #[error("modulo by zero")]
    ModuloByZero,
    /// The remainder of a number that is not an integer.
    #[error("modulo on floating-point number")]
    ModuloOnFloat,
}

impl Number {
    /// The number that a text of JSON's grammar says.
    ///
    /// # Errors
    /// [`NumberError::Malformed`] for other texts (`+1`, `01`, `.5`, `1.`), [`NumberError::TooLong`] beyond the limit.
    pub fn from_text(text: &str) -> Result<Self, NumberError> {
        if text.len() > MAX_NUMBER_TEXT {
            return Err(NumberError::TooLong);
        }
        if !is_json_number(text.as_bytes()) {
            return Err(NumberError::Malformed);
        }
        Ok(Self::from_checked_text(text))
    }

    /// The number of a text that is known to have JSON's grammar.
    pub(super) fn from_checked_text(text: &str) -> Self {
        if text.len() <= 20
            && text != "-0"
            && let Ok(int) = text.parse()
        {
            return Self(Repr::Int(int));
        }
        Self(Repr::Text(text.into()))
    }

    /// The shortest number that reads back as this float. Nothing where it is not finite.
    pub fn from_f64(float: f64) -> Option<Self> {
        float.is_finite().then(|| Self::from_checked_text(&go_float(float)))
    }

    /// The number, if it is an integer that fits, whatever its spelling (`1.0`, `1e3`).
    pub fn as_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Int(it) => Some(*it),
            Repr::Text(text) => Decimal::of(text).to_i64(),
        }
    }

    /// The number, if it is an integer that fits and is written as one: `1`, but not `1.0`. An index of an array and
    /// most builtins want it so.
    pub fn as_plain_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Int(it) => Some(*it),
            Repr::Text(text) => (&**text == "-0").then_some(0),
        }
    }

    /// The number, if it is a non-negative integer that fits, whatever its spelling.
    pub fn as_usize(&self) -> Option<usize> {
        self.as_i64().and_then(|it| usize::try_from(it).ok())
    }

    /// The nearest float; infinite where it is too large.
    pub fn as_f64(&self) -> f64 {
        match &self.0 {
            #[expect(clippy::cast_precision_loss, reason = "the nearest float is what is asked for")]
            Repr::Int(it) => *it as f64,
            Repr::Text(text) => text.parse().unwrap_or(f64::NAN),
        }
    }

    /// Whether the number is an integer, whatever its spelling.
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Repr::Int(_) => true,
            Repr::Text(text) => Decimal::of(text).is_integer(),
        }
    }

    pub(super) fn heap_bytes(&self) -> u64 {
        match &self.0 {
            Repr::Int(_) => 0,
            Repr::Text(text) => text.len() as u64 + 16,
        }
    }
}

/// `-? (0 | [1-9][0-9]*) (\.[0-9]+)? ([eE][+-]?[0-9]+)?`
fn is_json_number(text: &[u8]) -> bool {
    let digits = |at: usize| text[at..].iter().take_while(|it| it.is_ascii_digit()).count();
    let mut at = usize::from(text.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 || whole > 1 && text[at] == b'0' {
        return false;
    }
    at += whole;
    if text.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return false;
        }
        at += 1 + fraction;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at += 1;
        at += usize::from(matches!(text.get(at), Some(b'+' | b'-')));
        let exponent = digits(at);
        if exponent == 0 {
            return false;
        }
        at += exponent;
    }
    at == text.len()
}

/// A finite float as Go's `encoding/json` writes it: an exponent below 1e-6 and from 1e21 on.
fn go_float(float: f64) -> String {
    let size = float.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{float:e}");
        match text.split_once('e') {
            Some((mantissa, exponent)) if !exponent.starts_with('-') => format!("{mantissa}e+{exponent}"),
            _ => text,
        }
    } else {
        format!("{float}")
    }
}

impl From<i64> for Number {
    fn from(it: i64) -> Self {
        Self(Repr::Int(it))
    }
}

impl From<i32> for Number {
    fn from(it: i32) -> Self {
        i64::from(it).into()
    }
}

impl From<u32> for Number {
    fn from(it: u32) -> Self {
        i64::from(it).into()
    }
}

impl From<u64> for Number {
    fn from(it: u64) -> Self {
        i64::try_from(it).map_or_else(|_| Self(Repr::Text(it.to_string().into())), Self::from)
    }
}

impl From<usize> for Number {
    fn from(it: usize) -> Self {
        (it as u64).into()
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Int(a), Repr::Int(b)) => a.cmp(b),
            (Repr::Int(a), Repr::Text(b)) => Decimal::of(&a.to_string()).cmp(&Decimal::of(b)),
            (Repr::Text(a), Repr::Int(b)) => Decimal::of(a).cmp(&Decimal::of(&b.to_string())),
            (Repr::Text(a), Repr::Text(b)) if a == b => Ordering::Equal,
            (Repr::Text(a), Repr::Text(b)) => Decimal::of(a).cmp(&Decimal::of(b)),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Number {}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Repr::Int(int) => int.hash(state),
            Repr::Text(text) => {
                let decimal = Decimal::of(text);
                match decimal.to_i64() {
                    Some(int) => int.hash(state),
                    None => decimal.hash(state),
                }
            }
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Int(it) => write!(f, "{it}"),
            Repr::Text(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests;
