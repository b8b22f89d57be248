//! Values as JSON text, in the spelling of Go's `encoding/json`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

use super::super::{Object, Value};

/// Whether `<`, `>` and `&` are written as `\u003c`, `\u003e` and `\u0026`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Html {
    /// As Go's `json.Marshal` does, and thus OPA's `json.marshal`.
    Escaped,
    /// As Go's encoder with `SetEscapeHTML(false)`.
    Plain,
}

/// The value as JSON without blanks. Sets are arrays in order, keys that are not strings are their JSON text.
pub fn to_string(value: &Value, html: Html) -> String {
    let mut writer = Writer { out: String::new(), html, indent: None };
    writer.value(value, 0);
    writer.out
}

/// The value as JSON, one item a line behind `prefix` and `indent` once a level, as Go's `json.MarshalIndent`.
pub fn to_string_indented(value: &Value, html: Html, prefix: &str, indent: &str) -> String {
    let mut writer = Writer { out: String::new(), html, indent: Some((prefix, indent)) };
    writer.value(value, 0);
    writer.out
}

/// The pairs as JSON can have them: keys that are not strings become their JSON text, in the order of the texts; of keys
/// that become equal the last stays.
pub(in super::super) fn string_keys(object: &Object) -> impl Iterator<Item = (Cow<'_, str>, &Value)> {
    // Strings stand together in the order, so the ends tell whether there is anything else.
    let ends = [object.at(0), object.at(object.len().wrapping_sub(1))];
    let plain = ends.iter().flatten().all(|(key, _)| matches!(key, Value::String(_)));
    let texts: BTreeMap<_, _> =
        object.iter().filter(|_| !plain).map(|(key, value)| (key_text(key), value)).collect();
    let strings = object.iter().filter(move |_| plain).map(|(key, value)| (key_text(key), value));
    strings.chain(texts)
}

/// A key as JSON can have it: a string, or the JSON text of what is none.
pub fn key_text(key: &Value) -> Cow<'_, str> {
    match key {
        Value::String(text) => Cow::Borrowed(text.as_str()),
        other => Cow::Owned(to_string(other, Html::Escaped)),
    }
}

struct Writer<'a> {
    out: String,
    html: Html,
    indent: Option<(&'a str, &'a str)>,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value, level: usize) {
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(it) => self.out.push_str(if *it { "true" } else { "false" }),
            // Writing to a string cannot fail.
            Value::Number(it) => _ = write!(self.out, "{it}"),
            Value::String(it) => self.string(it),
            Value::Array(it) => self.list(it.as_slice(), level),
            Value::Set(it) => self.list(it.as_slice(), level),
            Value::Object(it) if it.is_empty() => self.out.push_str("{}"),
            Value::Object(it) => {
                let mut separator = '{';
                for (key, value) in string_keys(it) {
                    self.out.push(std::mem::replace(&mut separator, ','));
                    self.new_line(level + 1);
                    self.string(&key);
                    self.out.push_str(if self.indent.is_some() { ": " } else { ":" });
                    self.value(value, level + 1);
                }
                self.new_line(level);
                self.out.push('}');
            }
        }
    }

    fn list(&mut self, items: &[Value], level: usize) {
        if items.is_empty() {
            return self.out.push_str("[]");
        }
        for (index, item) in items.iter().enumerate() {
            self.out.push(if index == 0 { '[' } else { ',' });
            self.new_line(level + 1);
            self.value(item, level + 1);
        }
        self.new_line(level);
        self.out.push(']');
    }

    fn new_line(&mut self, level: usize) {
        if let Some((prefix, indent)) = self.indent {
            self.out.push('\n');
            self.out.push_str(prefix);
            for _ in 0..level {
                self.out.push_str(indent);
            }
        }
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        let mut plain_from = 0;
        for (at, char) in text.char_indices() {
            let html = self.html == Html::Escaped && matches!(char, '<' | '>' | '&');
            if !(html || matches!(char, '\0'..='\x1f' | '"' | '\\' | '\u{2028}' | '\u{2029}')) {
                continue;
            }
            self.out.push_str(&text[plain_from..at]);
            plain_from = at + char.len_utf8();
            match char {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\x08' => self.out.push_str("\\b"),
                '\x0c' => self.out.push_str("\\f"),
                // Writing to a string cannot fail.
                other => _ = write!(self.out, "\\u{:04x}", u32::from(other)),
            }
        }
        self.out.push_str(&text[plain_from..]);
        self.out.push('"');
    }
}

/// Text in quotes as Go's `strconv.Quote` writes it.
pub fn go_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    // Writing to a string cannot fail.
    _ = write_go_quoted(&mut quoted, text);
    quoted
}

/// Text in quotes as Go's `strconv.Quote` writes it.
pub(in super::super) fn write_go_quoted(out: &mut impl Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for char in text.chars() {
        match char {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\x07' => out.write_str("\\a")?,
            '\x08' => out.write_str("\\b")?,
            '\x0c' => out.write_str("\\f")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            '\x0b' => out.write_str("\\v")?,
            '\0'..='\x1f' | '\x7f' => write!(out, "\\x{:02x}", u32::from(char))?,
            other => out.write_char(other)?,
        }
    }
    out.write_char('"')
}
