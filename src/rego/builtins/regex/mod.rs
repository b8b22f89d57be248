//! `regex.*`: regular expressions with RE2's syntax and answers.

mod globs;
mod translate;

use std::collections::HashMap;
use std::sync::Arc;

use ::regex::{Captures, Regex};

use super::operand::{Answer, answer, any, failed, integer, string};
use super::{Builtin, BuiltinError, Context};
use crate::rego::budget::Budget;
use crate::rego::value::json::go_quoted;
use crate::rego::value::{Array, Value};

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin::new("regex.is_valid", |context, args| {
        let Value::String(pattern) = any(args, 1) else { return answer(false) };
        context.budget.steps(STEPS_PER_BYTE * pattern.len() as u64)?;
        answer(translate::translate(pattern).is_ok())
    }),
    Builtin::new("regex.match", matches),
    Builtin::new("re_match", matches),
    Builtin::new("regex.find_n", find),
    Builtin::new("regex.find_all_string_submatch_n", find_submatches),
    Builtin::new("regex.replace", replace),
    Builtin::new("regex.split", split),
    Builtin::new("regex.template_match", template_match),
    Builtin::new("regex.globs_match", globs::globs_match),
];

/// Steps that reading a byte of a pattern costs: about a microsecond.
const STEPS_PER_BYTE: u64 = 64;

/// Patterns that one evaluation keeps. Policies have a few dozens.
const MAX_CACHED: usize = 256;

/// Bytes that a compiled pattern may take; also those that its lazily built states may take.
const MAX_COMPILED: usize = 4 << 20;

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    regex: Regex,
    names: Vec<Option<String>>,
}

/// Patterns that were compiled, by their text.
#[derive(Debug, Default)]
pub(super) struct PatternCache(HashMap<String, Arc<Pattern>>);

/// The pattern of a key, made once.
pub(super) fn cached(
    context: &mut Context<'_>,
    key: &str,
    make: impl FnOnce() -> Result<Pattern, BuiltinError>,
) -> Result<Arc<Pattern>, BuiltinError> {
    if let Some(found) = context.caches.patterns.0.get(key) {
        return Ok(found.clone());
    }
    context.budget.steps(STEPS_PER_BYTE * key.len() as u64)?;
    let pattern = Arc::new(make()?);
    let cache = &mut context.caches.patterns.0;
    if cache.len() >= MAX_CACHED {
        cache.clear();
    }
    cache.insert(key.to_owned(), pattern.clone());
    Ok(pattern)
}

fn compiled(context: &mut Context<'_>, pattern: &str) -> Result<Arc<Pattern>, BuiltinError> {
    cached(context, pattern, || compile(pattern))
}

/// A pattern in Go's syntax.
pub(super) fn compile(pattern: &str) -> Result<Pattern, BuiltinError> {
    let translated = translate::translate(pattern).or_else(|error| failed(error.to_string()))?;
    Ok(Pattern { names: translated.names, ..Pattern::of_rust(&translated.pattern)? })
}

impl Pattern {
    /// A pattern in the syntax of the crate.
    pub(super) fn of_rust(pattern: &str) -> Result<Self, BuiltinError> {
        let regex = ::regex::RegexBuilder::new(pattern)
            .size_limit(MAX_COMPILED)
            .dfa_size_limit(MAX_COMPILED)
            .nest_limit(2000)
            .build();
        match regex {
            Ok(regex) => Ok(Self { regex, names: Vec::new() }),
            Err(::regex::Error::CompiledTooBig(_)) => failed("error parsing regexp: expression too large"),
            Err(_) => failed("error parsing regexp: invalid pattern"),
        }
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

/// The time to match grows with the text and with the pattern.
fn draw(budget: &mut Budget, pattern: &str, text: &str) -> Result<(), BuiltinError> {
    let factor = 1 + pattern.len() as u64 / 32;
    Ok(budget.steps(factor.saturating_mul(1 + text.len() as u64 / 16))?)
}

fn matches(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (pattern, text) = (string(args, 1)?, string(args, 2)?);
    let compiled = compiled(context, pattern)?;
    draw(context.budget, pattern, text)?;
    answer(compiled.regex.is_match(text))
}

/// How many matches are asked for; a negative number asks for all.
fn wanted(args: &[Value], position: usize) -> Result<usize, BuiltinError> {
    Ok(usize::try_from(integer(args, position)?).unwrap_or(usize::MAX))
}

fn find(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (pattern, text, count) = (string(args, 1)?, string(args, 2)?, wanted(args, 3)?);
    let compiled = compiled(context, pattern)?;
    draw(context.budget, pattern, text)?;
    let mut found = Vec::new();
    for part in compiled.regex.find_iter(text).take(count) {
        draw(context.budget, pattern, part.as_str())?;
        context.draw(1)?;
        context.budget.bytes(part.len() as u64)?;
        found.push(Value::from(part.as_str()));
    }
    answer(Array::from(found))
}

fn find_submatches(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (pattern, text, count) = (string(args, 1)?, string(args, 2)?, wanted(args, 3)?);
    let compiled = compiled(context, pattern)?;
    draw(context.budget, pattern, text)?;
    let mut found = Vec::new();
    for groups in compiled.regex.captures_iter(text).take(count) {
        context.draw(1 + groups.len())?;
        let mut texts = Vec::with_capacity(groups.len());
        for group in groups.iter() {
            let part = group.map_or("", |it| it.as_str());
            context.budget.bytes(part.len() as u64)?;
            texts.push(Value::from(part));
        }
        found.push(Value::from(texts));
    }
    answer(Array::from(found))
}

fn split(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (pattern, text) = (string(args, 1)?, string(args, 2)?);
    let compiled = compiled(context, pattern)?;
    draw(context.budget, pattern, text)?;
    if text.is_empty() {
        let parts = if pattern.is_empty() { Vec::new() } else { vec![Value::String(text.clone())] };
        return answer(Array::from(parts));
    }
    let mut parts = Vec::new();
    let (mut from, mut ends_in_match) = (0, false);
    // An empty match at the very beginning parts nothing.
    for found in compiled.regex.find_iter(text).filter(|it| it.end() > 0) {
        context.draw(1)?;
        context.budget.bytes((found.start() - from) as u64)?;
        parts.push(Value::from(&text[from..found.start()]));
        // Behind an empty match at the end there is no part.
        (from, ends_in_match) = (found.end(), found.start() == text.len());
    }
    if !ends_in_match {
        parts.push(Value::from(&text[from..]));
    }
    answer(Array::from(parts))
}

fn replace(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (text, pattern, template) = (string(args, 1)?, string(args, 2)?, string(args, 3)?);
    let compiled = compiled(context, pattern)?;
    draw(context.budget, pattern, text)?;
    context.budget.steps(template.len() as u64 / 16)?;
    let template = Template::of(template, &compiled);
    let (mut out, mut end) = (String::new(), None);
    for groups in compiled.regex.captures_iter(text) {
        let Some(whole) = groups.get(0) else { continue };
        let between = &text[end.unwrap_or(0)..whole.start()];
        context.budget.steps(1 + template.0.len() as u64)?;
        context.budget.bytes((between.len() + template.length(&groups)) as u64)?;
        out.push_str(between);
        out.extend(template.parts(&groups));
        end = Some(whole.end());
    }
    let Some(end) = end else { return answer(text.clone()) };
    out.push_str(&text[end..]);
    answer(out)
}

/// What is put in the place of a match, made once for all of them.
struct Template<'a>(Vec<Part<'a>>);

enum Part<'a> {
    Text(&'a str),
    /// A group by its number; there may be no such group.
    Group(Option<usize>),
}

impl<'a> Template<'a> {
    /// `$1`, `${1}`, `$name` and `${name}` stand for groups, `$$` for a dollar, any other `$` for itself.
    fn of(text: &'a str, pattern: &Pattern) -> Self {
        let mut parts = Vec::new();
        let mut at = 0;
        for (dollar, _) in text.match_indices('$') {
            // The second of `$$`.
            if dollar < at {
                continue;
            }
            parts.push(Part::Text(&text[at..dollar]));
            let behind = &text[dollar + 1..];
            let (part, length) = if behind.starts_with('$') {
                (Part::Text("$"), 1)
            } else if let Some((name, length)) = group_name(behind) {
                (Part::Group(pattern.group(name)), length)
            } else {
                (Part::Text("$"), 0)
            };
            parts.push(part);
            at = dollar + 1 + length;
        }
        parts.push(Part::Text(&text[at..]));
        Self(parts)
    }

    fn parts<'t>(&'t self, groups: &'t Captures<'t>) -> impl Iterator<Item = &'t str> {
        self.0.iter().map(|part| match part {
            Part::Text(text) => text,
            Part::Group(index) => index.and_then(|it| groups.get(it)).map_or("", |it| it.as_str()),
        })
    }

    fn length(&self, groups: &Captures<'_>) -> usize {
        self.parts(groups).map(str::len).sum()
    }
}

impl Pattern {
    /// The number of a group, which is named by it or by its name.
    fn group(&self, name: &str) -> Option<usize> {
        if name.bytes().all(|it| it.is_ascii_digit()) {
            return name.parse().ok();
        }
        self.names.iter().position(|it| it.as_deref() == Some(name)).map(|at| at + 1)
    }
}

/// The name of a group at the beginning of a text, as long as it can be, and how much of the text that is.
fn group_name(text: &str) -> Option<(&str, usize)> {
    let inner = text.strip_prefix('{');
    let from = inner.unwrap_or(text);
    let length = from.find(|it: char| !it.is_alphanumeric() && it != '_').unwrap_or(from.len());
    let braced = inner.is_some();
    let closed = !braced || from[length..].starts_with('}');
    (length > 0 && closed).then(|| (&from[..length], length + if braced { 2 } else { 0 }))
}

/// Text with patterns between two delimiters, to be matched as a whole.
fn template_match(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (template, text) = (string(args, 1)?, string(args, 2)?);
    let delimiter = |position, which: &str| {
        let text = string(args, position)?;
        if let [one] = text.as_bytes() {
            return Ok(*one);
        }
        let length = string(args, 3)?.len();
        failed(format!("{which} delimiter has to be exactly one character long but is {length} long"))
    };
    let (start, end) = (delimiter(3, "start")?, delimiter(4, "end")?);
    let pattern = template_pattern(template, start, end)?;
    let compiled = compiled(context, &pattern)?;
    draw(context.budget, &pattern, text)?;
    answer(compiled.regex.is_match(text))
}

fn template_pattern(template: &str, start: u8, end: u8) -> Result<String, BuiltinError> {
    let unbalanced = || BuiltinError::Failed(format!("unbalanced braces in {}", go_quoted(template)));
    let (mut pattern, mut level, mut from) = ("^".to_owned(), 0_usize, 0);
    for (at, byte) in template.bytes().enumerate() {
        if byte == start {
            level += 1;
            if level == 1 {
                pattern += &quoted(&template[from..at]);
                from = at + 1;
            }
        } else if byte == end {
            level = level.checked_sub(1).ok_or_else(unbalanced)?;
            if level == 0 {
                let inner = &template[from..at];
                compile(&format!("^{inner}$"))?;
                pattern.extend(["(", inner, ")"]);
                from = at + 1;
            }
        }
    }
    if level > 0 {
        return Err(unbalanced());
    }
    Ok(pattern + &quoted(&template[from..]) + "$")
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars() {
        if char.is_ascii_punctuation() {
            out.push('\\');
        }
        out.push(char);
    }
    out
}
