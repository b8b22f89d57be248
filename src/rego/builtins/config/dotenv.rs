//! Files of environment variables: an object of strings.

use std::collections::BTreeMap;

use super::{BYTES_PER_BYTE, Context, Read, fault};
use crate::rego::value::Object;

pub(super) fn read(context: &mut Context<'_>, text: &str) -> Read {
    context.budget.bytes(BYTES_PER_BYTE * text.len() as u64)?;
    let mut pairs: BTreeMap<String, String> = BTreeMap::new();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut line = 0;
    while !rest.is_empty() {
        line += 1;
        let (first, behind) = rest.split_once('\n').unwrap_or((rest, ""));
        let entry = first.trim();
        if entry.is_empty() || entry.starts_with('#') {
            rest = behind;
            continue;
        }
        let entry = entry.strip_prefix("export ").unwrap_or(entry).trim_start();
        let Some(at) = entry.find(['=', ':']) else {
            return fault("dotenv", line, &format!("invalid line: {entry}"));
        };
        let key = entry[..at].trim_end();
        let is_name = |it: char| it.is_alphanumeric() || matches!(it, '_' | '.' | '-');
        if key.is_empty() || !key.chars().all(is_name) {
            return fault("dotenv", line, &format!("invalid key: {key}"));
        }
        let start = entry[at + 1..].trim_start();
        let Some(quote) = start.chars().next().filter(|it| matches!(it, '"' | '\'')) else {
            let value = start.split(" #").next().unwrap_or_default().trim_end();
            let value = expanded(context, &pairs, value)?;
            pairs.insert(key.to_owned(), value);
            rest = behind;
            continue;
        };
        // A quoted value may go on over lines.
        let from = start.as_ptr().addr() - rest.as_ptr().addr() + 1;
        let Some(length) = closing(&rest[from..], quote) else {
            return fault("dotenv", line, "unterminated quoted value");
        };
        let inner = &rest[from..from + length];
        line += inner.matches('\n').count();
        let value =
            if quote == '"' { expanded(context, &pairs, &unescaped(inner))? } else { inner.to_owned() };
        pairs.insert(key.to_owned(), value);
        let after = &rest[from + length + 1..];
        let (trailing, behind) = after.split_once('\n').unwrap_or((after, ""));
        if !matches!(trailing.trim_start().chars().next(), None | Some('#')) {
            return fault("dotenv", line, "something follows a quoted value");
        }
        rest = behind;
    }
    Ok(Object::from_iter(pairs).into())
}

/// Where a quoted value ends.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    text.find(|it: char| {
        let is_end = !escaped && it == quote;
        escaped = !escaped && it == '\\' && quote == '"';
        is_end
    })
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match (char, char == '\\') {
            (_, false) => out.push(char),
            _ => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                // Kept for the variables that are put in next.
                Some('$') => out.push_str("\\$"),
                Some(other) => out.push(other),
                None => {}
            },
        }
    }
    out
}

/// `$NAME` and `${NAME}` stand for variables above. Policies see no environment: all others are empty.
fn expanded(
    context: &mut Context<'_>,
    pairs: &BTreeMap<String, String>,
    value: &str,
) -> Result<String, super::BuiltinError> {
    let mut out = String::new();
    let mut rest = value;
    while let Some(at) = rest.find('$') {
        if let Some(before) = rest[..at].strip_suffix('\\') {
            out.push_str(before);
            out.push('$');
            rest = &rest[at + 1..];
            continue;
        }
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let braced = after.strip_prefix('{').and_then(|it| it.split_once('}'));
        let (name, behind) = braced.unwrap_or_else(|| {
            let end = after.find(|it: char| !it.is_ascii_alphanumeric() && it != '_');
            after.split_at(end.unwrap_or(after.len()))
        });
        match pairs.get(name) {
            Some(known) => {
                context.budget.bytes(known.len() as u64)?;
                out.push_str(known);
            }
            None if name.is_empty() => out.push('$'),
            None => {}
        }
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}
