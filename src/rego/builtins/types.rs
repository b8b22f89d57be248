//! What a value is, and casts.

use super::operand::{Answer, answer, at, boolean, failed, items, object, string, type_error};
use super::{Builtin, BuiltinError};
use crate::rego::value::json::go_quoted;
use crate::rego::value::{Array, Kind, Number, Set, Value};

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin::new("is_array", |_, args| is(args, Kind::Array)),
    Builtin::new("is_boolean", |_, args| is(args, Kind::Boolean)),
    Builtin::new("is_null", |_, args| is(args, Kind::Null)),
    Builtin::new("is_number", |_, args| is(args, Kind::Number)),
    Builtin::new("is_object", |_, args| is(args, Kind::Object)),
    Builtin::new("is_set", |_, args| is(args, Kind::Set)),
    Builtin::new("is_string", |_, args| is(args, Kind::String)),
    Builtin::new("type_name", |_, args| answer(at(args, 1).type_name())),
    Builtin::new("to_number", |_, args| to_number(args)),
    Builtin::new("cast_array", |context, args| {
        let items = items(args, 1, ["array", "set"])?;
        context.draw(items.len())?;
        answer(items.cloned().collect::<Array>())
    }),
    Builtin::new("cast_set", |context, args| {
        let items = items(args, 1, ["array", "set"])?;
        context.draw(items.len())?;
        answer(items.cloned().collect::<Set>())
    }),
    Builtin::new("cast_boolean", |_, args| answer(boolean(args, 1)?)),
    Builtin::new("cast_string", |_, args| answer(string(args, 1)?.clone())),
    Builtin::new("cast_object", |_, args| answer(object(args, 1)?.clone())),
    Builtin::new("cast_null", |_, args| match at(args, 1) {
        Value::Null => answer(Value::Null),
        other => Err(type_error(1, &["null"], other)),
    }),
];

fn is(args: &[Value], kind: Kind) -> Answer {
    answer(at(args, 1).kind() == kind)
}

fn to_number(args: &[Value]) -> Answer {
    match at(args, 1) {
        Value::Null | Value::Bool(false) => answer(0),
        Value::Bool(true) => answer(1),
        number @ Value::Number(_) => answer(number.clone()),
        value @ Value::String(text) => {
            let word = text.trim_start_matches(['+', '-']).to_lowercase();
            if matches!(word.as_str(), "inf" | "infinity" | "nan") {
                return Err(type_error(1, &["valid number string"], value));
            }
            answer(number_of(text)?)
        }
        other => Err(type_error(1, &["null", "boolean", "number", "string"], other)),
    }
}

/// The number that Go's `strconv.ParseFloat` finds in a text. What is JSON keeps its text; other spellings (`+1`, `01`,
/// `.5`, `1_000`) get the nearest that is.
fn number_of(text: &str) -> Result<Number, BuiltinError> {
    let wrong = |why: &str| failed(format!("strconv.ParseFloat: parsing {}: {why}", go_quoted(text)));
    let Some(spelled) = spelled_as_json(text) else { return wrong("invalid syntax") };
    match Number::from_text(&spelled) {
        Ok(number) if number.as_f64().is_infinite() => wrong("value out of range"),
        Ok(number) => Ok(number),
        Err(crate::rego::value::NumberError::Malformed) => wrong("invalid syntax"),
        Err(error) => Err(error.into()),
    }
}

fn spelled_as_json(text: &str) -> Option<String> {
    let (sign, size) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    if size.starts_with("0x") || size.starts_with("0X") {
        return hexadecimal(sign, &size[2..]);
    }
    let between_digits = |at: usize| {
        let digit =
            |at: Option<usize>| at.and_then(|at| size.as_bytes().get(at)).is_some_and(u8::is_ascii_digit);
        digit(at.checked_sub(1)) && digit(Some(at + 1))
    };
    if size.match_indices('_').any(|(at, _)| !between_digits(at)) {
        return None;
    }
    let size = size.replace('_', "");
    let (mantissa, exponent) = size.find(['e', 'E']).map_or((size.as_str(), ""), |at| size.split_at(at));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}{exponent}"))
}

/// `0x1.8p1`: digits to the base of 16 and a power of 2.
fn hexadecimal(sign: &str, text: &str) -> Option<String> {
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let scale = i32::try_from(fraction.len()).ok()?.checked_mul(4)?;
    let exponent = exponent.parse::<i32>().ok()?.checked_sub(scale)?;
    // More digits than a float holds are rare enough to be refused.
    let mantissa = u32::from_str_radix(&digits, 16).ok()?;
    let number = Number::from_f64(f64::from(mantissa) * 2_f64.powi(exponent))?;
    Some(format!("{sign}{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_spellings_of_numbers_become_numbers_that_print() {
        for (text, number) in [
            ("+1", "1"),
            ("01", "1"),
            (".5", "0.5"),
            ("5.", "5"),
            ("1_000", "1000"),
            ("1E5", "1E5"),
            ("-0", "-0"),
            ("1.50", "1.50"),
            ("0x1p4", "16"),
        ] {
            assert_eq!(number_of(text).map(|it| it.to_string()).as_deref(), Ok(number), "{text}");
        }
        for text in ["", "1_", "_1", "1e", "0b11", "1n", " 1", "--1", ".", "0x1", "١", "1.2.3"] {
            assert!(number_of(text).is_err(), "{text}");
        }
    }
}
