//! Java properties: an object of strings. `${key}` in a value stands for the value of another key.

use std::collections::BTreeMap;

use super::{BYTES_PER_BYTE, BuiltinError, Context, Read, fault};
use crate::rego::builtins::operand::failed;
use crate::rego::value::Object;

/// Levels of keys that stand for keys.
const MAX_EXPANSIONS: u32 = 64;

pub(super) fn read(context: &mut Context<'_>, text: &str) -> Read {
    context.budget.bytes(BYTES_PER_BYTE * text.len() as u64)?;
    let mut pairs = BTreeMap::new();
    let mut lines = text.split(['\n', '\r']).enumerate();
    while let Some((index, line)) = lines.next() {
        let mut line = line.trim_start_matches(BLANKS).to_owned();
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        // A line goes on where an odd number of backslashes ends it.
        while (line.len() - line.trim_end_matches('\\').len()) % 2 == 1 {
            line.pop();
            let Some((_, next)) = lines.next() else { break };
            line.push_str(next.trim_start_matches(BLANKS));
        }
        let mut escaped = false;
        let end = line.find(|it: char| {
            let is_end = !escaped && (BLANKS.contains(&it) || matches!(it, '=' | ':'));
            escaped = !escaped && it == '\\';
            is_end
        });
        let (key, rest) = line.split_at(end.unwrap_or(line.len()));
        let rest = rest.trim_start_matches(BLANKS);
        let value = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start_matches(BLANKS);
        let (Some(key), Some(value)) = (unescaped(key), unescaped(value)) else {
            return fault("properties", index + 1, "invalid unicode literal");
        };
        pairs.insert(key, value);
    }
    let mut expanded = BTreeMap::new();
    for key in pairs.keys() {
        expanded.insert(key.clone(), expand(context, &pairs, key, 0)?);
    }
    Ok(Object::from_iter(expanded).into())
}

const BLANKS: [char; 3] = [' ', '\t', '\u{c}'];

fn unescaped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            out.push(char);
            continue;
        }
        match chars.next() {
            Some('t') => out.push('\t'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('f') => out.push('\u{c}'),
            Some('u') => {
                let digits = chars.as_str().get(..4)?;
                let code = u32::from_str_radix(digits, 16).ok()?;
                out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                chars.nth(3);
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    Some(out)
}

/// A value with the values of the keys that it names.
fn expand(
    context: &mut Context<'_>,
    pairs: &BTreeMap<String, String>,
    key: &str,
    depth: u32,
) -> Result<String, BuiltinError> {
    let Some(value) = pairs.get(key) else {
        // What is not there may be a variable of the environment, of which policies see none.
        return Ok(String::new());
    };
    context.budget.steps(1 + value.len() as u64 / 8)?;
    let mut out = String::new();
    let mut rest = value.as_str();
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, behind)) = after.split_once('}') else {
            return failed(format!("properties: malformed expression in {key}"));
        };
        if depth == MAX_EXPANSIONS || name == key {
            return failed(format!("properties: circular reference in {key}"));
        }
        let inner = expand(context, pairs, name, depth + 1)?;
        context.budget.bytes((before.len() + inner.len()) as u64)?;
        out.push_str(before);
        out.push_str(&inner);
        rest = behind;
    }
    context.budget.bytes(rest.len() as u64)?;
    out.push_str(rest);
    Ok(out)
}
