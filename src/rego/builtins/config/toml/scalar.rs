//! Strings, numbers, booleans, dates and times of TOML.

use num_bigint::BigInt;

use super::{BuiltinError, Reader};
use crate::rego::value::{Number, Value};

impl Reader<'_> {
    /// A string in single quotes of either kind.
    pub(super) fn quoted(&mut self, quote: char) -> Result<String, BuiltinError> {
        self.bump();
        let mut out = String::new();
        loop {
            match self.bump() {
                Some(it) if it == quote => return Ok(out),
                Some('\\') if quote == '"' => out.push(self.escape()?),
                Some(it) if it == '\t' || !it.is_control() || it > '\u{7f}' => out.push(it),
                _ => return self.fail("a string does not end"),
            }
        }
    }

    /// A string in three quotes; a line break right behind them is not part of it.
    pub(super) fn multi_line(&mut self, quotes: &str) -> Result<String, BuiltinError> {
        self.rest = &self.rest[3..];
        self.line_break();
        let is_basic = quotes.starts_with('"');
        let quote = if is_basic { '"' } else { '\'' };
        let mut out = String::new();
        loop {
            if let Some(after) = self.rest.strip_prefix(quotes) {
                // Up to two quotes may stand before those that end it.
                let more = after.chars().take(2).take_while(|it| *it == quote).count();
                out.extend(std::iter::repeat_n(quote, more));
                self.rest = &after[more..];
                return Ok(out);
            }
            if self.line_break() {
                out.push('\n');
                continue;
            }
            match self.bump() {
                Some('\\') if is_basic => {
                    let blank = self.rest.trim_start_matches([' ', '\t']);
                    if blank.starts_with(['\n', '\r']) {
                        self.rest = blank.trim_start();
                    } else {
                        out.push(self.escape()?);
                    }
                }
                Some(it) if it == '\t' || !it.is_control() || it > '\u{7f}' => out.push(it),
                _ => return self.fail("a string does not end"),
            }
        }
    }

    fn escape(&mut self) -> Result<char, BuiltinError> {
        let digits = match self.bump() {
            Some(it @ ('"' | '\\')) => return Ok(it),
            Some('b') => return Ok('\u{8}'),
            Some('f') => return Ok('\u{c}'),
            Some('n') => return Ok('\n'),
            Some('r') => return Ok('\r'),
            Some('t') => return Ok('\t'),
            Some('u') => 4,
            Some('U') => 8,
            _ => return self.fail("invalid escape"),
        };
        let code = self.rest.get(..digits).filter(|it| it.bytes().all(|it| it.is_ascii_hexdigit()));
        let char = code.and_then(|it| char::from_u32(u32::from_str_radix(it, 16).ok()?));
        let Some(char) = char else { return self.fail("invalid escape") };
        self.rest = &self.rest[digits..];
        Ok(char)
    }

    /// Anything without quotes and brackets.
    pub(super) fn scalar(&mut self) -> Result<Value, BuiltinError> {
        let is_part = |it: char| it.is_ascii_alphanumeric() || matches!(it, '+' | '-' | '_' | '.' | ':');
        let mut end = self.rest.find(|it| !is_part(it)).unwrap_or(self.rest.len());
        // A blank may stand between a date and a time.
        let is_date = end == 10 && self.rest.as_bytes().get(4) == Some(&b'-');
        if is_date
            && self.rest[end..].starts_with(' ')
            && self.rest[end + 1..].starts_with(|it: char| it.is_ascii_digit())
        {
            let time = &self.rest[end + 1..];
            end += 1 + time.find(|it| !is_part(it)).unwrap_or(time.len());
        }
        let word = &self.rest[..end];
        let value = match word {
            "true" => Some(true.into()),
            "false" => Some(false.into()),
            _ => number(word).or_else(|| time(word)),
        };
        match value {
            Some(value) => {
                self.rest = &self.rest[end..];
                Ok(value)
            }
            None => self.fail(&format!("not a value: {word:?}")),
        }
    }
}

/// Digits with `_` only between them.
fn digits(text: &str, radix: u32) -> bool {
    !text.is_empty()
        && text.split('_').all(|part| !part.is_empty() && part.chars().all(|it| it.is_digit(radix)))
}

fn number(word: &str) -> Option<Value> {
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(rest) = word.strip_prefix(prefix) {
            let int = digits(rest, radix).then(|| rest.replace('_', ""))?;
            // More than 64 bits are no integer of TOML.
            let int = i64::from_str_radix(&int, radix).ok()?;
            return Number::from_text(&BigInt::from(int).to_string()).ok().map(Value::from);
        }
    }
    let size = word.strip_prefix(['+', '-']).unwrap_or(word);
    let (mantissa, exponent) = match size.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (size, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let leads_with_zero = whole.len() > 1 && whole.starts_with('0');
    let parts = [fraction, exponent];
    if leads_with_zero || !digits(whole, 10) || !parts.iter().flatten().all(|it| digits(it, 10)) {
        return None;
    }
    let plain = word.replace('_', "");
    if parts.iter().all(Option::is_none) {
        plain.parse::<i64>().ok()?;
    }
    Number::from_text(plain.strip_prefix('+').unwrap_or(&plain)).ok().map(Value::from)
}

/// A date, a time, or both, as it is written.
fn time(word: &str) -> Option<Value> {
    let is_shape = |text: &str, shape: &str| {
        text.len() == shape.len()
            && text.bytes().zip(shape.bytes()).all(|(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                it => byte == it,
            })
    };
    let (date, clock) = match word.split_at_checked(10) {
        Some((date, "")) if is_shape(date, "0000-00-00") => return Some(word.into()),
        Some((date, rest)) if is_shape(date, "0000-00-00") => (true, rest.strip_prefix(['T', 't', ' '])?),
        _ => (false, word),
    };
    let (local, offset) = match clock.find(['Z', 'z', '+', '-']) {
        Some(at) => clock.split_at(at),
        None => (clock, ""),
    };
    let (seconds, fraction) = local.split_once('.').unwrap_or((local, "0"));
    let zone = matches!(offset, "" | "Z" | "z") || (is_shape(offset.get(1..)?, "00:00"));
    let fits = is_shape(seconds, "00:00:00")
        && !fraction.is_empty()
        && fraction.bytes().all(|it| it.is_ascii_digit())
        && (date || offset.is_empty())
        && zone;
    fits.then(|| word.into())
}
