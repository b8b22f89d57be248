//! Taking arguments apart, with OPA's words where one is of the wrong type. Positions count from 1.

use super::BuiltinError;
use crate::rego::value::{Array, Number, Object, Set, Str, Value};

type Result<T> = std::result::Result<T, BuiltinError>;

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

fn at(args: &[Value], position: usize) -> &Value {
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

/// An integer that fits 64 bits.
pub(super) fn integer(args: &[Value], position: usize) -> Result<i64> {
    number(args, position)?
        .as_i64()
        .ok_or_else(|| error(position, "must be integer number but got floating-point number"))
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
