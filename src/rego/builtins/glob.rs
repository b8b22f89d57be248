//! `glob.*`: shell-like patterns with delimiters.
//!
//! `*` is anything but a delimiter, `**` anything at all, `?` one character but a delimiter; `[a-z]`, `[abc]` and their
//! opposites with `!`; `{a,b}` either. A pattern becomes a regular expression, which matches in linear time.

use std::fmt::Write;

use super::operand::{Answer, answer, any, failed, item_error, string, type_error};
use super::regex::{Pattern, cached};
use super::{Builtin, BuiltinError, Context};
use crate::rego::value::Value;

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin::new("glob.match", matches),
    Builtin::new("glob.quote_meta", |context, args| {
        let text = string(args, 1)?;
        context.budget.bytes(2 * text.len() as u64)?;
        answer(quoted(text))
    }),
];

fn matches(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let pattern = string(args, 1)?;
    let delimiters = delimiters(args)?;
    let text = string(args, 3)?;
    let key = format!("\0glob {delimiters:?} {pattern}");
    let compiled = cached(context, &key, || Pattern::of_rust(&translated(pattern, &delimiters)?))?;
    let factor = 1 + pattern.len() as u64 / 32;
    context.budget.steps(factor.saturating_mul(1 + text.len() as u64 / 16))?;
    answer(compiled.is_match(text))
}

/// Null: none. An empty array: the dot.
fn delimiters(args: &[Value]) -> Result<Vec<char>, BuiltinError> {
    let operand = any(args, 2);
    match operand {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) if items.is_empty() => Ok(vec!['.']),
        Value::Array(items) => items
            .iter()
            .map(|item| {
                let text = item.as_str().ok_or_else(|| item_error(2, operand, &["string"], item))?;
                let mut chars = text.chars();
                match (chars.next(), chars.next()) {
                    (Some(char), None) => Ok(char),
                    _ => Err(item_error(2, operand, &["rune"], item)),
                }
            })
            .collect(),
        got => Err(type_error(2, &["array", "null"], got)),
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        if "*?\\[]{}".contains(char) {
            out.push('\\');
        }
        out.push(char);
    }
    out
}

fn translated(pattern: &str, delimiters: &[char]) -> Result<String, BuiltinError> {
    let delimiters: String = delimiters.iter().map(|it| literal(*it)).collect();
    let one = if delimiters.is_empty() { "(?s:.)".to_owned() } else { format!("[^{delimiters}]") };
    let mut out = r"\A".to_owned();
    let mut chars = pattern.chars().peekable();
    let mut open = 0_usize;
    while let Some(char) = chars.next() {
        match char {
            '*' if chars.next_if_eq(&'*').is_some() => out.push_str("(?s:.*)"),
            '*' => {
                out.push_str(&one);
                out.push('*');
            }
            '?' => out.push_str(&one),
            '[' => range(&mut chars, &mut out)?,
            '{' => {
                open += 1;
                out.push_str("(?:");
            }
            ',' if open > 0 => out.push('|'),
            '}' if open > 0 => {
                open -= 1;
                out.push(')');
            }
            // A backslash at the end stands for nothing.
            '\\' => out.extend(chars.next().map(literal)),
            other => out.push_str(&literal(other)),
        }
    }
    // What was not closed ends with the pattern.
    out.push_str(&")".repeat(open));
    out.push_str(r"\z");
    for text in also_accepted(pattern, &delimiters) {
        let text: String = text.chars().map(literal).collect();
        // Writing to a string cannot fail.
        _ = write!(out, r"|\A{text}\z");
    }
    Ok(out)
}

fn literal(char: char) -> String {
    format!(r"\x{{{:X}}}", u32::from(char))
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// `[a-z]`, `[!a-z]`, `[abc]`, `[!abc]`: one range, or a list of characters.
fn range(chars: &mut Chars<'_>, out: &mut String) -> Result<(), BuiltinError> {
    let end = || BuiltinError::Failed("unexpected end of input".to_owned());
    out.push('[');
    if chars.next_if_eq(&'!').is_some() {
        out.push('^');
    }
    let mut ahead = chars.clone();
    let first = ahead.next().ok_or_else(end)?;
    let mut wrong = None;
    if ahead.next() == Some('-') {
        let last = ahead.next().ok_or_else(end)?;
        if last < first {
            wrong = Some(format!("hi character '{last}' should be greater than lo '{first}'"));
        } else {
            // Writing to a string cannot fail.
            _ = write!(out, "{}-{}", literal(first), literal(last));
        }
        *chars = ahead;
    } else {
        let before = out.len();
        while let Some(char) = chars.next_if(|it| *it != ']') {
            let char = if char == '\\' { chars.next() } else { Some(char) };
            out.extend(char.map(literal));
        }
        if out.len() == before {
            wrong = Some("could not parse range".to_owned());
        }
    }
    match (chars.next(), wrong) {
        (None, _) => Err(end()),
        (Some(']'), None) => {
            out.push(']');
            Ok(())
        }
        (Some(']'), Some(wrong)) => failed(wrong),
        (Some(_), _) => failed("expected close range character"),
    }
}

/// Texts that the library which OPA uses accepts beyond the meaning of the pattern: nothing at all for one `?` or one
/// negated set alone; a beginning and an end that overlap, where only `**` stands between them.
fn also_accepted(pattern: &str, delimiters: &str) -> Vec<String> {
    let alone = |set: &str| pattern.starts_with(set) && pattern.find(']') == Some(pattern.len() - 1);
    if pattern == "?" || alone("[!") {
        return vec![String::new()];
    }
    let star = if delimiters.is_empty() && !pattern.contains("**") { "*" } else { "**" };
    let Some((start, end)) = pattern.split_once(star) else { return Vec::new() };
    if [start, end].iter().any(|text| text.contains(|it| "*?\\[{".contains(it))) {
        return Vec::new();
    }
    let overlaps = end.char_indices().map(|(at, char)| at + char.len_utf8());
    overlaps
        .filter(|length| start.ends_with(&end[..*length]))
        .map(|length| format!("{start}{}", &end[length..]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_between_delimiters() {
        for (pattern, delimiters, text, expected) in [
            ("*.github.com", ".", "api.github.com", true),
            ("*.github.com", ".", "api.v1.github.com", false),
            ("**.github.com", ".", "api.v1.github.com", true),
            ("?at", "", "cat", true),
            ("[!a-c]at", "", "cat", false),
            ("{cat,b*}", "", "bat", true),
            (r"\*", "", "*", true),
            ("a{b,c", "", "ac", true),
            ("foo/**/bar", "/", "foo/bar", true),
            ("foo/*/bar", "/", "foo/bar", false),
        ] {
            let delimiters: Vec<char> = delimiters.chars().collect();
            let regex = ::regex::Regex::new(&translated(pattern, &delimiters).unwrap()).unwrap();
            assert_eq!(regex.is_match(text), expected, "{pattern} {text}");
        }
        for pattern in ["[", "[]", "[a-", "[b-a]", "[a-bc]"] {
            assert!(translated(pattern, &[]).is_err(), "{pattern}");
        }
    }
}
