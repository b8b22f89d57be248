//! What a plain scalar means: the YAML 1.1 answers of Go's `yaml.v2`, which OPA and Kubernetes use.

use std::sync::LazyLock;

use regex::Regex;

/// What a scalar means.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// `null`, `~` or nothing at all.
    Null,
    /// `true`, `yes`, `on`, `y` and their opposites.
    Bool(bool),
    /// A number that fits, decimal, hexadecimal, octal or binary.
    Int(i128),
    /// A number with a point or an exponent, or too large for 64 bits; may be infinite or not a number.
    Float(f64),
    /// Text, dates among it.
    Text,
}

#[expect(clippy::unwrap_used, reason = "the pattern is constant and a test reads it")]
static FLOAT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$").unwrap());

/// What a scalar without quotes and without tag means.
pub fn resolve(text: &str) -> Scalar {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Scalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Scalar::Bool(false)
        }
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        _ => match text.as_bytes()[0] {
            b'.' => float(text),
            b'0'..=b'9' | b'+' | b'-' => number(text),
            _ => Scalar::Text,
        },
    }
}

fn number(text: &str) -> Scalar {
    // Dates begin with four digits and a minus, which no number does.
    let digits = text.replace('_', "");
    if let Some(int) = integer(&digits) {
        return Scalar::Int(int);
    }
    float(&digits)
}

fn float(text: &str) -> Scalar {
    if !FLOAT.is_match(text) {
        return Scalar::Text;
    }
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() => Scalar::Float(float),
        _ => Scalar::Text,
    }
}

/// As Go's `strconv.ParseInt` and then `ParseUint` with base 0.
fn integer(text: &str) -> Option<i128> {
    let (sign, size) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let (radix, digits) = match size.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &size[2..]),
        [b'0', b'o' | b'O', ..] => (8, &size[2..]),
        [b'0', b'b' | b'B', ..] => (2, &size[2..]),
        [b'0', _, ..] => (8, &size[1..]),
        _ => (10, size),
    };
    if !digits.starts_with(|it: char| it.is_digit(radix)) {
        return None;
    }
    let int = sign * i128::from_str_radix(digits, radix).ok()?;
    // Unsigned texts have no sign.
    let max = if text.starts_with('+') { i128::from(i64::MAX) } else { i128::from(u64::MAX) };
    (i128::from(i64::MIN)..=max).contains(&int).then_some(int)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_mean_what_they_mean_in_yaml_1_1() {
        for (text, meaning) in [
            ("y", Scalar::Bool(true)),
            ("Off", Scalar::Bool(false)),
            ("tRue", Scalar::Text),
            ("~", Scalar::Null),
            ("0755", Scalar::Int(493)),
            ("08", Scalar::Float(8.0)),
            ("0x1F", Scalar::Int(31)),
            ("-0b11", Scalar::Int(-3)),
            ("1_000", Scalar::Int(1000)),
            ("1_0.5", Scalar::Float(10.5)),
            ("1.", Scalar::Float(1.0)),
            ("+1", Scalar::Int(1)),
            ("18446744073709551615", Scalar::Int(u64::MAX.into())),
            ("18446744073709551616", Scalar::Float(18_446_744_073_709_551_616.0)),
            ("1:30", Scalar::Text),
            ("2024-01-02", Scalar::Text),
            ("1e400", Scalar::Text),
            ("0x", Scalar::Text),
            ("-", Scalar::Text),
            (".5", Scalar::Float(0.5)),
        ] {
            assert_eq!(resolve(text), meaning, "{text}");
        }
    }
}
