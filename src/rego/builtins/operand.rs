//! Taking arguments apart, with OPA's words where one is of the wrong type. Positions count from 1.

use num_bigint::BigInt;

use super::BuiltinError;
use crate::rego::value::{Array, Number, Object, Set, Str, Value};

type Result<T> = std::result::Result<T, BuiltinError>;

/// What a builtin gives back.
pub(super) type Answer = Result<Option<Value>>;

/// The answer that is a value.
#[expect(clippy::unnecessary_wraps, reason = "it ends builtins, which may fail")]
pub(super) fn answer(value: impl Into<Value>) -> Answer {
    Ok(Some(value.into()))
}

/// An error that names no operand.
pub(super) fn failed<T>(message: impl Into<String>) -> Result<T> {
    Err(BuiltinError::Failed(message.into()))
}

/// `operand 1 must be string but got null`; several expectations are `one of {a, b}`.
pub(super) fn type_error(position: usize, expected: &[&str], got: &Value) -> BuiltinError {
    let expected = match expected {
        [one] => (*one).to_owned(),
        several => format!("one of {{{}}}", several.join(", ")),
    };
    BuiltinError::Type(format!("operand {position} must be {expected} but got {}", got.type_name()))
}

/// `operand 1 …`, for what no kind of value expresses.
pub(super) fn error(position: usize, rest: &str) -> BuiltinError {
    BuiltinError::Type(format!("operand {position} {rest}"))
}

/// `operand 2 must be array of strings but got array containing number`.
pub(super) fn item_error(
    position: usize,
    collection: &Value,
    expected: &[&str],
    got: &Value,
) -> BuiltinError {
    let (kind, got) = (collection.type_name(), got.type_name());
    let message = match expected {
        [one] => format!("must be {kind} of {one}s but got {kind} containing {got}"),
        several => {
            format!("must be {kind} of (any of) {{{}}} but got {kind} containing {got}", several.join(", "))
        }
    };
    error(position, &message)
}

pub(super) fn at(args: &[Value], position: usize) -> &Value {
    const MISSING: Value = Value::Null;
    args.get(position - 1).unwrap_or(&MISSING)
}

/// The argument, whatever it is; the number of arguments was checked before.
pub(super) fn any(args: &[Value], position: usize) -> &Value {
    at(args, position)
}

/// A string.
pub(super) fn string(args: &[Value], position: usize) -> Result<&Str> {
    match at(args, position) {
        Value::String(text) => Ok(text),
        got => Err(type_error(position, &["string"], got)),
    }
}

/// A boolean.
pub(super) fn boolean(args: &[Value], position: usize) -> Result<bool> {
    match at(args, position) {
        Value::Bool(it) => Ok(*it),
        got => Err(type_error(position, &["boolean"], got)),
    }
}

/// A number.
pub(super) fn number(args: &[Value], position: usize) -> Result<&Number> {
    match at(args, position) {
        Value::Number(number) => Ok(number),
        got => Err(type_error(position, &["number"], got)),
    }
}

/// An integer that fits 64 bits, written as one: not `1.0`.
pub(super) fn integer(args: &[Value], position: usize) -> Result<i64> {
    number(args, position)?.as_plain_i64().ok_or_else(|| no_integer(position))
}

/// An integer of any size and spelling.
pub(super) fn big_integer(args: &[Value], position: usize) -> Result<BigInt> {
    match at(args, position) {
        Value::Number(number) => number.to_int()?.ok_or_else(|| no_integer(position)),
        got => Err(type_error(position, &["integer"], got)),
    }
}

fn no_integer(position: usize) -> BuiltinError {
    error(position, "must be integer number but got floating-point number")
}

/// Items of an array or members of a set, in order.
pub(super) type Items<'a> = std::slice::Iter<'a, Value>;

/// The items of an array or the members of a set; `expected` says in which order OPA names the two.
pub(super) fn items<'a>(args: &'a [Value], position: usize, expected: [&str; 2]) -> Result<Items<'a>> {
    match at(args, position) {
        Value::Array(items) => Ok(items.iter()),
        Value::Set(members) => Ok(members.iter()),
        got => Err(type_error(position, &expected, got)),
    }
}

/// The strings of an array or a set.
pub(super) fn strings<'a>(args: &'a [Value], position: usize, expected: [&str; 2]) -> Result<Vec<&'a str>> {
    items(args, position, expected)?
        .map(|item| item.as_str().ok_or_else(|| item_error(position, at(args, position), &["string"], item)))
        .collect()
}

/// An array.
pub(super) fn array(args: &[Value], position: usize) -> Result<&Array> {
    match at(args, position) {
        Value::Array(items) => Ok(items),
        got => Err(type_error(position, &["array"], got)),
    }
}

/// An object.
pub(super) fn object(args: &[Value], position: usize) -> Result<&Object> {
    match at(args, position) {
        Value::Object(pairs) => Ok(pairs),
        got => Err(type_error(position, &["object"], got)),
    }
}

/// A set.
pub(super) fn set(args: &[Value], position: usize) -> Result<&Set> {
    match at(args, position) {
        Value::Set(members) => Ok(members),
        got => Err(type_error(position, &["set"], got)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_type_is_named_with_its_position() {
        let args = [Value::Null, Value::from(1.5)];
        assert_eq!(string(&args, 1).unwrap_err().to_string(), "operand 1 must be string but got null");
        assert_eq!(
            integer(&args, 2).unwrap_err().to_string(),
            "operand 2 must be integer number but got floating-point number"
        );
        assert_eq!(
            type_error(1, &["set", "array"], &args[0]).to_string(),
            "operand 1 must be one of {set, array} but got null"
        );
    }
}
