//! Strings: searching, cutting, replacing.
//!
//! Positions count characters, not bytes.

use super::operand::{
    self, Answer, answer, any, at, failed, integer, item_error, items, number, string, strings, type_error,
};
use super::{Builtin, BuiltinError, Context};
use crate::rego::budget::Budget;
use crate::rego::value::{Array, Str, Value};

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin::new("concat", concat),
    Builtin::new("contains", |context, args| test(context, args, |text, part| text.contains(part))),
    Builtin::new("endswith", |context, args| test(context, args, |text, end| text.ends_with(end))),
    Builtin::new("startswith", |context, args| test(context, args, |text, start| text.starts_with(start))),
    Builtin::new("format_int", |_, args| format_int(args)),
    Builtin::new("indexof", index_of),
    Builtin::new("indexof_n", index_of_n),
    Builtin::new("lower", |context, args| mapped(context, args, lower)),
    Builtin::new("upper", |context, args| mapped(context, args, upper)),
    Builtin::new("replace", replace),
    Builtin::new("split", split),
    Builtin::new("strings.any_prefix_match", |context, args| {
        any_match(context, args, |text, it| text.starts_with(it))
    }),
    Builtin::new("strings.any_suffix_match", |context, args| {
        any_match(context, args, |text, it| text.ends_with(it))
    }),
    Builtin::new("strings.count", count),
    Builtin::new("strings.replace_n", replace_n),
    Builtin::new("strings.reverse", reverse),
    Builtin::new("substring", substring),
    Builtin::new("trim", |_, args| trimmed(args, |text, set| text.trim_matches(|it| set.contains(it)))),
    Builtin::new("trim_left", |_, args| {
        trimmed(args, |text, set| text.trim_start_matches(|it| set.contains(it)))
    }),
    Builtin::new("trim_right", |_, args| {
        trimmed(args, |text, set| text.trim_end_matches(|it| set.contains(it)))
    }),
    Builtin::new("trim_prefix", |_, args| trimmed(args, |text, it| text.strip_prefix(it).unwrap_or(text))),
    Builtin::new("trim_suffix", |_, args| trimmed(args, |text, it| text.strip_suffix(it).unwrap_or(text))),
    Builtin::new("trim_space", |_, args| {
        let text = string(args, 1)?;
        answer(same_or_new(text, text.trim()))
    }),
];

/// The text itself where the result is equal to it: strings that share storage compare at once.
fn same_or_new(text: &Str, result: &str) -> Str {
    if result.len() == text.len() { text.clone() } else { result.into() }
}

fn test(context: &mut Context<'_>, args: &[Value], test: fn(&str, &str) -> bool) -> Answer {
    let (whole, part) = (string(args, 1)?, string(args, 2)?);
    context.budget.steps(whole.len() as u64 / 64)?;
    answer(test(whole, part))
}

fn trimmed(args: &[Value], trim: for<'a> fn(&'a str, &str) -> &'a str) -> Answer {
    let (text, what) = (string(args, 1)?, string(args, 2)?);
    answer(same_or_new(text, trim(text, what)))
}

fn mapped(context: &mut Context<'_>, args: &[Value], map: fn(char) -> char) -> Answer {
    let text = string(args, 1)?;
    if text.chars().all(|it| map(it) == it) {
        return answer(text.clone());
    }
    context.budget.bytes(text.len() as u64)?;
    answer(text.chars().map(map).collect::<String>())
}

/// One character for one, as in Go: `ß` stays.
fn lower(char: char) -> char {
    // The dotted capital I has a lower case of two characters only in the full mapping.
    if char == 'İ' { 'i' } else { only(char, char.to_lowercase()) }
}

fn upper(char: char) -> char {
    let shift = match u32::from(char) {
        // Greek letters with iota have a capital of their own beside the full mapping of two letters.
        0x1F80..=0x1F87 | 0x1F90..=0x1F97 | 0x1FA0..=0x1FA7 => 8,
        0x1FB3 | 0x1FC3 | 0x1FF3 => 9,
        _ => return only(char, char.to_uppercase()),
    };
    char::from_u32(u32::from(char) + shift).unwrap_or(char)
}

fn only(char: char, mut mapped: impl ExactSizeIterator<Item = char>) -> char {
    if mapped.len() == 1 { mapped.next().unwrap_or(char) } else { char }
}

fn concat(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let separator = string(args, 1)?;
    let parts = items(args, 2, ["set", "array"])?;
    if let [one @ Value::String(_)] = parts.as_slice() {
        return answer(one.clone());
    }
    let mut length = separator.len().saturating_mul(parts.len().saturating_sub(1));
    let mut texts = Vec::with_capacity(parts.len());
    for part in parts {
        let text = part.as_str().ok_or_else(|| item_error(2, at(args, 2), &["string"], part))?;
        length = length.saturating_add(text.len());
        texts.push(text);
    }
    context.budget.steps(texts.len() as u64)?;
    context.budget.bytes(length as u64)?;
    answer(texts.join(separator))
}

fn format_int(args: &[Value]) -> Answer {
    let (input, base) = (number(args, 1)?, number(args, 2)?);
    let radix = match base.as_plain_i64() {
        Some(2) => 2,
        Some(8) => 8,
        Some(10) => 10,
        Some(16) => 16,
        _ => return Err(operand::error(2, "must be one of {2, 8, 10, 16}")),
    };
    answer(input.truncated()?.to_str_radix(radix))
}

fn needle(args: &[Value]) -> Result<(&Str, &Str), BuiltinError> {
    let (text, part) = (string(args, 1)?, string(args, 2)?);
    if part.is_empty() { failed("empty search character") } else { Ok((text, part)) }
}

fn index_of(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (text, part) = needle(args)?;
    context.budget.steps(text.len() as u64 / 64)?;
    answer(text.find(&**part).map_or(-1, |at| i64::try_from(text[..at].chars().count()).unwrap_or(i64::MAX)))
}

/// All positions, overlapping ones too.
fn index_of_n(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (text, part) = needle(args)?;
    let mut found = Vec::new();
    for (index, (at, _)) in text.char_indices().enumerate() {
        context.budget.steps(1)?;
        if text.as_bytes()[at..].starts_with(part.as_bytes()) {
            context.draw(1)?;
            found.push(Value::from(index));
        }
    }
    answer(Array::from(found))
}

fn substring(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (text, start, length) = (string(args, 1)?, integer(args, 2)?, integer(args, 3)?);
    let Ok(start) = usize::try_from(start) else { return failed("negative offset") };
    // Without a length, or with a negative one, up to the end.
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let (from, to) = if text.is_ascii() {
        (start.min(text.len()), start.saturating_add(length).min(text.len()))
    } else {
        let at = |index: usize| text.char_indices().nth(index).map_or(text.len(), |(at, _)| at);
        (at(start), at(start.saturating_add(length)))
    };
    context.budget.bytes((to - from) as u64)?;
    answer(same_or_new(text, &text[from..to]))
}

/// How often a text stands in another; an empty one stands before, between and behind its characters.
fn count(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (text, part) = (string(args, 1)?, string(args, 2)?);
    context.budget.steps(text.len() as u64 / 64)?;
    answer(text.matches(&**part).count())
}

fn split(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (text, delimiter) = (string(args, 1)?, string(args, 2)?);
    if delimiter.is_empty() {
        if text.is_empty() {
            return answer(Array::new());
        }
        context.draw(2 * text.len())?;
        return answer(text.chars().map(|it| Value::from(it.to_string())).collect::<Array>());
    }
    context.draw(text.len() / 8 + 1)?;
    let mut parts = Vec::new();
    for part in text.split(&**delimiter) {
        context.draw(1)?;
        parts.push(Value::String(same_or_new(text, part)));
    }
    answer(Array::from(parts))
}

fn replace(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (text, old, new) = (string(args, 1)?, string(args, 2)?, string(args, 3)?);
    let count = text.matches(&**old).count();
    if count == 0 {
        return answer(text.clone());
    }
    context.budget.steps(text.len() as u64 / 64)?;
    context
        .budget
        .bytes((text.len() as u64).saturating_add((count as u64).saturating_mul(new.len() as u64)))?;
    answer(text.replace(&**old, new))
}

/// At each place the first pattern that fits, in the order of the patterns; what was put in is not looked at again.
fn replace_n(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (patterns, text) = (operand::object(args, 1)?, string(args, 2)?);
    let mut pairs = Vec::with_capacity(patterns.len());
    for (old, new) in patterns {
        let old = old.as_str().ok_or_else(|| operand::error(1, "non-string key found in pattern object"))?;
        let new =
            new.as_str().ok_or_else(|| operand::error(1, "non-string value found in pattern object"))?;
        pairs.push((old, new));
    }
    answer(replaced(context.budget, &pairs, text)?)
}

fn replaced(budget: &mut Budget, pairs: &[(&str, &str)], text: &str) -> Result<String, BuiltinError> {
    let mut out = String::new();
    let (mut rest, mut after_empty) = (text, false);
    loop {
        budget.steps(1 + pairs.len() as u64 / 8)?;
        let found = pairs.iter().find(|(old, _)| rest.starts_with(old) && !(after_empty && old.is_empty()));
        let kept = match found {
            Some((old, new)) => {
                budget.bytes(new.len() as u64)?;
                out.push_str(new);
                rest = &rest[old.len()..];
                after_empty = old.is_empty();
                continue;
            }
            None => rest.chars().next(),
        };
        let Some(char) = kept else { return Ok(out) };
        budget.bytes(char.len_utf8() as u64)?;
        out.push(char);
        rest = &rest[char.len_utf8()..];
        after_empty = false;
    }
}

fn reverse(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let text = string(args, 1)?;
    context.budget.bytes(text.len() as u64)?;
    answer(text.chars().rev().collect::<String>())
}

/// One string or several.
fn one_or_more(args: &[Value], position: usize) -> Result<Vec<&str>, BuiltinError> {
    match any(args, position) {
        Value::String(text) => Ok(vec![text]),
        Value::Array(_) | Value::Set(_) => strings(args, position, ["array", "set"]),
        got => Err(type_error(position, &["string", "set", "array"], got)),
    }
}

fn any_match(context: &mut Context<'_>, args: &[Value], fits: fn(&str, &str) -> bool) -> Answer {
    let (texts, parts) = (one_or_more(args, 1)?, one_or_more(args, 2)?);
    for text in texts {
        context.budget.steps(1 + parts.len() as u64)?;
        if parts.iter().any(|part| fits(text, part)) {
            return answer(true);
        }
    }
    answer(false)
}
