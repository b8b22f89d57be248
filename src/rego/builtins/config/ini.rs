//! INI files: an object of sections, each an object of keys. Numbers and booleans are told apart from strings.

use std::collections::BTreeMap;

use super::{BYTES_PER_BYTE, Context, Read, fault};
use crate::rego::value::{Number, Object, Value};

/// The section of keys before the first header. It is left out, as in conftest.
const DEFAULT: &str = "DEFAULT";

pub(super) fn read(context: &mut Context<'_>, text: &str) -> Read {
    context.budget.bytes(BYTES_PER_BYTE * text.len() as u64)?;
    let mut sections: BTreeMap<&str, BTreeMap<String, Value>> = BTreeMap::new();
    let mut section = DEFAULT;
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            let Some(end) = header.rfind(']') else {
                return fault("ini", index + 1, "unclosed section");
            };
            section = header[..end].trim();
            if section.is_empty() {
                return fault("ini", index + 1, "empty section name");
            }
            sections.entry(section).or_default();
            continue;
        }
        let Some(at) = line.find(['=', ':']) else {
            return fault("ini", index + 1, &format!("key-value delimiter not found: {line}"));
        };
        let key = unquoted(line[..at].trim());
        if key.is_empty() {
            return fault("ini", index + 1, "empty key name");
        }
        let mut value = line[at + 1..].trim().to_owned();
        while value.ends_with('\\') {
            value.pop();
            let Some((_, next)) = lines.next() else { break };
            value.push_str(next.trim());
        }
        let value = typed(unquoted(without_comment(&value)));
        sections.entry(section).or_default().insert(key.to_owned(), value);
    }
    sections.remove(DEFAULT);
    let sections = sections.into_iter().map(|(name, keys)| (name, Object::from_iter(keys)));
    Ok(sections.collect::<Object>().into())
}

/// A comment behind a value begins with a blank; within quotes there is none.
fn without_comment(value: &str) -> &str {
    if value.starts_with(['"', '\'', '`']) {
        return value;
    }
    let end = [" #", " ;", "\t#", "\t;"].iter().filter_map(|it| value.find(it)).min();
    value[..end.unwrap_or(value.len())].trim_end()
}

fn unquoted(text: &str) -> &str {
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    ['"', '\'', '`'].into_iter().find_map(inner).unwrap_or(text)
}

/// What Go's `ParseFloat` and `ParseBool` take for numbers and booleans.
fn typed(text: &str) -> Value {
    let is_number = text.bytes().all(|it| it.is_ascii_digit() || b"+-.eE".contains(&it));
    if let Some(float) = text.parse::<f64>().ok().filter(|it| is_number && it.is_finite()) {
        let plain = Number::from_text(text).ok().map(Value::from);
        return plain.unwrap_or_else(|| float.into());
    }
    match text {
        "t" | "T" | "true" | "TRUE" | "True" => true.into(),
        "f" | "F" | "false" | "FALSE" | "False" => false.into(),
        _ => text.into(),
    }
}
