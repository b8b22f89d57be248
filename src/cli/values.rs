//! Values of flags in Go's spelling: booleans, numbers, durations and lists, with the error texts that users of the
//! Go tool know.

use std::time::Duration;

use crate::rego::builtins::parse_duration;

/// `strconv.ParseBool`.
///
/// # Errors
/// The text of the error.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("strconv.ParseBool: parsing {text:?}: invalid syntax")),
    }
}

/// `strconv.ParseInt` with base 0: a prefix names the base, and underscores may stand between digits then.
///
/// # Errors
/// The text of the error.
pub(super) fn integer(text: &str) -> Result<i64, String> {
    let problem = |what: &str| format!("strconv.ParseInt: parsing {text:?}: {what}");
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let (digits, radix) = base(digits);
    let plain = digits.replace('_', "");
    let underscores_are_between = radix != 10 && !digits.ends_with('_') && !digits.contains("__");
    let well_formed = !plain.is_empty() && plain.chars().all(|it| it.is_digit(radix));
    if !well_formed || (digits.contains('_') && !underscores_are_between) {
        return Err(problem("invalid syntax"));
    }
    let signed = if negative { format!("-{plain}") } else { plain };
    i64::from_str_radix(&signed, radix).map_err(|_| problem("value out of range"))
}

fn base(digits: &str) -> (&str, u32) {
    match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&digits[2..], 16),
        [b'0', b'o' | b'O', ..] => (&digits[2..], 8),
        [b'0', b'b' | b'B', ..] => (&digits[2..], 2),
        [b'0', _, ..] => (&digits[1..], 8),
        _ => (digits, 10),
    }
}

/// `strconv.ParseFloat`.
///
/// # Errors
/// The text of the error.
pub(super) fn float(text: &str) -> Result<f64, String> {
    text.parse().map_err(|_| format!("strconv.ParseFloat: parsing {text:?}: invalid syntax"))
}

/// A duration and its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    /// Above zero.
    Positive(Duration),
    /// Zero, or below.
    NothingOrLess,
}

/// `time.ParseDuration`: `1h2m3.5s`, `500ms`, `0`.
///
/// # Errors
/// The text of the error.
pub(super) fn duration(text: &str) -> Result<Span, String> {
    let nanoseconds = u64::try_from(parse_duration(text)?).unwrap_or(0);
    Ok(if nanoseconds == 0 { Span::NothingOrLess } else { Span::Positive(Duration::from_nanos(nanoseconds)) })
}

/// Bytes, as Kubernetes writes them: a whole number, by itself or with `k`, `M`, `G`, `T`, `Ki`, `Mi`, `Gi`, `Ti`; a
/// `B` may follow.
pub(super) fn size(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at(text.find(|it: char| !it.is_ascii_digit()).unwrap_or(text.len()));
    let unit = unit.trim_start();
    let scale: u64 = match unit.strip_suffix('B').unwrap_or(unit) {
        "" => 1,
        "k" | "K" => 1000,
        "M" => 1000 * 1000,
        "G" => 1000 * 1000 * 1000,
        "T" => 1000 * 1000 * 1000 * 1000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(scale)
}

/// One record of comma-separated values (RFC 4180, as Go's `encoding/csv` reads it): the first of the text, the
/// rest is not looked at. An empty text has no values.
///
/// # Errors
/// The text of the error.
pub(super) fn list(text: &str) -> Result<Vec<String>, String> {
    let text = text.trim_start_matches(['\n']).trim_start_matches("\r\n");
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        let at = text.len() - rest.len();
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_field(text, at, quoted)?,
            None => bare_field(text, at, rest)?,
        };
        fields.push(field);
        match after.strip_prefix(',') {
            Some(after) => rest = after,
            None => return Ok(fields),
        }
    }
}

fn bare_field<'a>(text: &str, at: usize, rest: &'a str) -> Result<(String, &'a str), String> {
    let end = rest.find([',', '\n']).unwrap_or(rest.len());
    let (field, after) = rest.split_at(end);
    if let Some(quote) = field.find('"') {
        return Err(bad_csv(text, at + quote, "bare \" in non-quoted-field"));
    }
    Ok((field.trim_end_matches('\r').to_owned(), after))
}

fn quoted_field<'a>(text: &str, at: usize, quoted: &'a str) -> Result<(String, &'a str), String> {
    let mut field = String::new();
    let mut rest = quoted;
    loop {
        let Some(quote) = rest.find('"') else {
            return Err(bad_csv(text, text.len(), "extraneous or missing \" in quoted-field"));
        };
        field.push_str(&rest[..quote]);
        rest = &rest[quote + 1..];
        if let Some(after) = rest.strip_prefix('"') {
            field.push('"');
            rest = after;
        } else if rest.is_empty() || rest.starts_with([',', '\n']) || rest.starts_with("\r\n") {
            return Ok((field, rest));
        } else {
            let quote = at + 1 + (quoted.len() - rest.len()) - 1;
            return Err(bad_csv(text, quote, "extraneous or missing \" in quoted-field"));
        }
    }
}

fn bad_csv(text: &str, offset: usize, what: &str) -> String {
    let before = &text[..offset];
    let line = 1 + before.matches('\n').count();
    let column = offset - before.rfind('\n').map_or(0, |it| it + 1) + 1;
    format!("parse error on line {line}, column {column}: {what}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn nanoseconds(text: &str) -> u128 {
        match duration(text).expect(text) {
            Span::Positive(it) => it.as_nanos(),
            Span::NothingOrLess => 0,
        }
    }

    #[test]
    fn durations_are_gos() {
        for (text, expected) in [
            ("0", 0),
            ("5m", 300_000_000_000),
            ("1h2m3.5s", 3_723_500_000_000),
            ("500ms", 500_000_000),
            ("1ns", 1),
            (".5s", 500_000_000),
            ("1.s", 1_000_000_000),
            ("2us1µs", 3_000),
            ("-5m", 0),
            ("0.0000000001s", 0),
            ("+1s", 1_000_000_000),
        ] {
            assert_eq!(nanoseconds(text), expected, "{text}");
        }
        for (text, error) in [
            ("", "time: invalid duration \"\""),
            ("5", "time: missing unit in duration \"5\""),
            ("5d", "time: unknown unit \"d\" in duration \"5d\""),
            ("m", "time: invalid duration \"m\""),
            (".s", "time: invalid duration \".s\""),
            ("1.2.3s", "time: missing unit in duration \"1.2.3s\""),
            ("9999999999h", "time: invalid duration \"9999999999h\""),
            (
                "99999999999999999999999999999999999999999999h",
                "time: invalid duration \"99999999999999999999999999999999999999999999h\"",
            ),
        ] {
            assert_eq!(duration(text), Err(error.to_owned()));
        }
    }

    #[test]
    fn sizes_are_bytes_with_the_units_of_kubernetes() {
        for (text, expected) in [
            ("1024", 1024),
            ("64Mi", 64 << 20),
            ("64MiB", 64 << 20),
            ("2G", 2_000_000_000),
            ("2 GB", 2_000_000_000),
            ("1Ti", 1 << 40),
            ("3k", 3000),
        ] {
            assert_eq!(size(text), Some(expected), "{text}");
        }
        for text in ["", "M", "1.5G", "-1", "1m", "1 M i", "99999999999Ti", "0x10"] {
            assert_eq!(size(text), None, "{text}");
        }
    }

    #[test]
    fn integers_have_a_base_by_prefix() {
        for (text, expected) in [
            ("5", 5),
            ("-5", -5),
            ("+5", 5),
            ("0x1F", 31),
            ("0b11", 3),
            ("0o17", 15),
            ("017", 15),
            ("0x_1", 1),
            ("0", 0),
        ] {
            assert_eq!(integer(text), Ok(expected), "{text}");
        }
        assert_eq!(integer("many"), Err("strconv.ParseInt: parsing \"many\": invalid syntax".to_owned()));
        for text in ["", "-", "1_000", "0x", "0x1__2", "5.0", " 5", "08"] {
            assert!(integer(text).is_err(), "{text}");
        }
        assert!(integer("9223372036854775808").is_err_and(|it| it.ends_with("value out of range")));
    }

    #[test]
    fn lists_are_one_record_of_comma_separated_values() {
        assert_eq!(list(""), Ok(vec![]));
        assert_eq!(list("a,b"), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(list("a,"), Ok(vec!["a".to_owned(), String::new()]));
        assert_eq!(list("\"a,\"\"b\"\"\",c"), Ok(vec!["a,\"b\"".to_owned(), "c".to_owned()]));
        assert_eq!(list("a=1\nb=2"), Ok(vec!["a=1".to_owned()]));
        assert_eq!(list("\"a\nb\""), Ok(vec!["a\nb".to_owned()]));
        assert_eq!(
            list("k={\"a\":1}"),
            Err("parse error on line 1, column 4: bare \" in non-quoted-field".to_owned())
        );
        assert!(list("\"a\"b").is_err());
        assert!(list("\"a").is_err());
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_panics(text in "(\\PC|[-+.0-9a-z\",\n\r_]){0,40}") {
            let _ = (boolean(&text), integer(&text), float(&text), duration(&text), list(&text));
        }

        #[test]
        fn plain_values_come_back(values in proptest::collection::vec("[^\",\r\n]{1,8}", 1..5)) {
            prop_assert_eq!(list(&values.join(",")), Ok(values));
        }
    }
}
