//! Texts that stand for other texts: base64, hexadecimal, URL queries.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::operand::{self, Answer, answer, any, failed, object, string};
use super::{Builtin, BuiltinError, Context};
use crate::rego::value::json::{go_quoted, key_text};
use crate::rego::value::{Array, ObjectBuilder, Value};

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin::new("base64.encode", |context, args| encoded(context, args, 2, |it| STANDARD.encode(it))),
    Builtin::new("base64.decode", |context, args| {
        let text = string(args, 1)?;
        context.budget.bytes(text.len() as u64)?;
        answer(text_of(&base64_bytes(text, &STANDARD, STANDARD_DIGITS)?))
    }),
    Builtin::new("base64.is_valid", |context, args| {
        let Some(text) = any(args, 1).as_str() else { return answer(false) };
        context.budget.bytes(text.len() as u64)?;
        answer(base64_bytes(text, &STANDARD, STANDARD_DIGITS).is_ok())
    }),
    Builtin::new("base64url.encode", |context, args| encoded(context, args, 2, |it| URL.encode(it))),
    Builtin::new("base64url.encode_no_pad", |context, args| {
        encoded(context, args, 2, |it| URL.encode(it).trim_end_matches('=').to_owned())
    }),
    Builtin::new("base64url.decode", base64url_decode),
    Builtin::new("hex.encode", |context, args| encoded(context, args, 2, |it| hex::encode(it))),
    Builtin::new("hex.decode", hex_decode),
    Builtin::new("urlquery.encode", |context, args| encoded(context, args, 3, query_escaped)),
    Builtin::new("urlquery.decode", |context, args| {
        let text = string(args, 1)?;
        context.budget.bytes(text.len() as u64)?;
        answer(query_unescaped(text)?)
    }),
    Builtin::new("urlquery.encode_object", encode_object),
    Builtin::new("urlquery.decode_object", decode_object),
];

/// Go takes any bits behind the last byte, and wants the padding.
const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::RequireCanonical);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
const URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);
const STANDARD_DIGITS: &str = "+/";
const URL_DIGITS: &str = "-_";

/// Encodes a text into one at most so many times as long.
fn encoded(context: &mut Context<'_>, args: &[Value], growth: u64, encode: fn(&str) -> String) -> Answer {
    let text = string(args, 1)?;
    context.budget.bytes(growth * text.len() as u64)?;
    answer(encode(text))
}

/// Bytes that may not be UTF-8 as text: as Go's JSON shows them.
fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Line breaks are skipped; an error is placed where Go places it.
fn base64_bytes(text: &str, engine: &GeneralPurpose, digits: &str) -> Result<Vec<u8>, BuiltinError> {
    let joined: String = text.chars().filter(|it| !matches!(it, '\r' | '\n')).collect();
    engine
        .decode(&joined)
        .or_else(|_| failed(format!("illegal base64 data at input byte {}", fault(text, digits))))
}

/// The bytes of base64 with the usual digits, line breaks aside.
pub(super) fn base64_standard(text: &str) -> Result<Vec<u8>, BuiltinError> {
    base64_bytes(text, &STANDARD, STANDARD_DIGITS)
}

/// The byte at which Go's decoder gives up on a text that is not base64.
fn fault(text: &str, digits: &str) -> usize {
    let digit = |it: u8| it.is_ascii_alphanumeric() || digits.as_bytes().contains(&it);
    let mut bytes = text.bytes().enumerate().filter(|(_, it)| !matches!(it, b'\r' | b'\n')).peekable();
    let mut filled = 0;
    while let Some((at, byte)) = bytes.next() {
        if digit(byte) {
            filled = (filled + 1) % 4;
            continue;
        }
        if byte != b'=' || filled < 2 {
            return at;
        }
        // Padding: a second one where two digits stand, then nothing.
        if filled == 2 {
            match bytes.next() {
                Some((_, b'=')) => {}
                Some((at, _)) => return at,
                None => return text.len(),
            }
        }
        return bytes.next().map_or(text.len(), |(at, _)| at);
    }
    text.len() - filled
}

fn base64url_decode(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let text = string(args, 1)?;
    context.budget.bytes(text.len() as u64)?;
    answer(base64url_text(text)?)
}

/// The bytes of base64 with the digits for URLs, with or without padding.
pub(super) fn base64url_bytes(text: &str) -> Result<Vec<u8>, BuiltinError> {
    let padding = match (text.ends_with('='), text.len() % 4) {
        (true, _) | (_, 0) => "",
        (_, 2) => "==",
        (_, 3) => "=",
        _ => return failed(format!("illegal base64url string: {text}")),
    };
    base64_bytes(&format!("{text}{padding}"), &URL, URL_DIGITS)
}

/// The same as text.
pub(super) fn base64url_text(text: &str) -> Result<String, BuiltinError> {
    base64url_bytes(text).map(|it| text_of(&it))
}

fn hex_decode(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let text = string(args, 1)?;
    context.budget.bytes(text.len() as u64)?;
    if let Some(wrong) = text.bytes().position(|it| !it.is_ascii_hexdigit()) {
        let byte = char::from(text.as_bytes()[wrong]);
        let shown =
            if byte.is_ascii_graphic() || byte == ' ' { byte } else { return failed(odd_byte(byte)) };
        return failed(format!("encoding/hex: invalid byte: U+{:04X} '{shown}'", u32::from(byte)));
    }
    match hex::decode(&**text) {
        Ok(bytes) => answer(text_of(&bytes)),
        Err(_) => failed("encoding/hex: odd length hex string"),
    }
}

fn odd_byte(byte: char) -> String {
    let code = u32::from(byte);
    let shown = if byte.is_control() { String::new() } else { format!(" '{byte}'") };
    format!("encoding/hex: invalid byte: U+{code:04X}{shown}")
}

fn query_escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            // Writing to a string cannot fail.
            other => _ = write!(out, "%{other:02X}"),
        }
    }
    out
}

fn query_unescaped(text: &str) -> Result<String, BuiltinError> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match first {
            b'+' => out.push(b' '),
            b'%' => {
                let digit = |at: usize| tail.get(at).and_then(|it| char::from(*it).to_digit(16));
                let (Some(high), Some(low)) = (digit(0), digit(1)) else {
                    let shown =
                        String::from_utf8_lossy(&[b"%", &tail[..tail.len().min(2)]].concat()).into_owned();
                    return failed(format!("invalid URL escape {}", go_quoted(&shown)));
                };
                out.push(u8::try_from(high * 16 + low).unwrap_or(0));
                rest = &tail[2..];
            }
            other => out.push(*other),
        }
    }
    Ok(text_of(&out))
}

fn encode_object(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let wrong = || operand::error(1, "values must be string, array[string], or set[string]");
    let mut query: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (key, value) in object(args, 1)? {
        let texts = match value {
            Value::String(text) => vec![&**text],
            Value::Array(items) => {
                items.iter().map(Value::as_str).collect::<Option<_>>().ok_or_else(wrong)?
            }
            Value::Set(members) => {
                members.iter().map(Value::as_str).collect::<Option<_>>().ok_or_else(wrong)?
            }
            _ => return Err(wrong()),
        };
        query.insert(key_text(key).into_owned(), texts);
    }
    let mut pairs = Vec::new();
    for (key, values) in &query {
        let key = query_escaped(key);
        for value in values {
            context.budget.bytes((key.len() + 3 * value.len() + 2) as u64)?;
            pairs.push(format!("{key}={}", query_escaped(value)));
        }
    }
    answer(pairs.join("&"))
}

fn decode_object(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let text = string(args, 1)?;
    context.budget.bytes(4 * text.len() as u64)?;
    let mut query: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut fault = None;
    for pair in text.split('&').filter(|it| !it.is_empty()) {
        if pair.contains(';') {
            fault = fault.or(Some(BuiltinError::Failed("invalid semicolon separator in query".to_owned())));
            continue;
        }
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        match (query_unescaped(key), query_unescaped(value)) {
            (Ok(key), Ok(value)) => query.entry(key).or_default().push(value.into()),
            (Err(error), _) | (_, Err(error)) => fault = fault.or(Some(error)),
        }
    }
    if let Some(fault) = fault {
        return Err(fault);
    }
    let mut object = ObjectBuilder::with_capacity(query.len());
    for (key, values) in query {
        object.push_str(key, Array::from(values));
    }
    answer(object.build_last_wins())
}
