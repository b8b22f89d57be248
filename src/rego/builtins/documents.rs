//! `json.*` and `yaml.*`: texts to values and back.

use super::operand::{self, Answer, answer, any, failed, object, string};
use super::{Builtin, BuiltinError, Context};
use crate::rego::value::json::{self, Html, JsonError, JsonErrorKind, Place};
use crate::rego::value::yaml::{self, YamlError, YamlErrorKind};
use crate::rego::value::{MAX_DEPTH, ReadLimits, Str, Value};

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin::new("json.marshal", |context, args| answer(written(context, any(args, 1), &Shape::Compact)?)),
    Builtin::new("json.marshal_with_options", marshal_with_options),
    Builtin::new("json.unmarshal", |context, args| {
        let text = string(args, 1)?;
        answer(read_json(context, text)?.map_err(no_json)?)
    }),
    Builtin::new("json.is_valid", |context, args| match any(args, 1) {
        Value::String(text) => answer(read_json(context, text)?.is_ok()),
        _ => answer(false),
    }),
    Builtin::new("yaml.marshal", |context, args| {
        let value = any(args, 1);
        draw_for(context, value)?;
        let room = usize::try_from(context.budget.bytes_left()).unwrap_or(usize::MAX);
        let text = yaml::to_string_within(value, room);
        context.budget.bytes(text.as_ref().map_or(u64::MAX, |it| it.len() as u64))?;
        Ok(text.map(Value::from))
    }),
    Builtin::new("yaml.unmarshal", |context, args| {
        let text = string(args, 1)?;
        answer(read_yaml(context, text)?.or_else(|error| failed(yaml_message(&error)))?)
    }),
    Builtin::new("yaml.is_valid", |context, args| match any(args, 1) {
        Value::String(text) => answer(read_yaml(context, text)?.is_ok()),
        _ => answer(false),
    }),
];

enum Shape {
    Compact,
    Indented { prefix: String, indent: String },
}

/// A value may share parts, so that its text is far larger than itself: the parts are counted before they are written.
pub(super) fn draw_for(context: &mut Context<'_>, value: &Value) -> Result<(), BuiltinError> {
    let bytes = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => 2 + items.len(),
        Value::Set(members) => 2 + members.len(),
        Value::Object(pairs) => 2 + 4 * pairs.len(),
    };
    context.budget.steps(1)?;
    context.budget.bytes(bytes as u64)?;
    match value {
        Value::Array(items) => items.iter().try_for_each(|part| draw_for(context, part)),
        Value::Set(members) => members.iter().try_for_each(|part| draw_for(context, part)),
        Value::Object(pairs) => pairs.iter().try_for_each(|(key, value)| {
            draw_for(context, key)?;
            draw_for(context, value)
        }),
        _ => Ok(()),
    }
}

fn written(context: &mut Context<'_>, value: &Value, shape: &Shape) -> Result<String, BuiltinError> {
    draw_for(context, value)?;
    Ok(match shape {
        Shape::Compact => json::to_string(value, Html::Escaped),
        Shape::Indented { prefix, indent } => {
            // A line for each part and for each end of a container, at most; each with its prefix and its blanks.
            let line = prefix.len() as u64 + 1 + indent.len() as u64 * u64::from(value.depth());
            context.budget.bytes(line.saturating_mul(2 * u64::from(value.parts())))?;
            let text = json::to_string_indented(value, Html::Escaped, prefix, indent);
            // Go puts the prefix before each line but the first.
            format!("{prefix}{text}")
        }
    })
}

fn marshal_with_options(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (mut prefix, mut indent) = (String::new(), "\t".to_owned());
    let (mut pretty, mut implied) = (None, false);
    for (index, (key, value)) in object(args, 2)?.iter().enumerate() {
        let text = || {
            value.as_str().map(str::to_owned).ok_or_else(|| {
                let why = operand::type_error(index, &["string"], value);
                operand::error(2, &format!("key {key} failed cast to string: {why}"))
            })
        };
        match key.as_str() {
            Some("prefix") => (prefix, implied) = (text()?, true),
            Some("indent") => (indent, implied) = (text()?, true),
            Some("pretty") => {
                let wrong = || operand::error(2, &format!("key {key} failed cast to bool"));
                pretty = Some(value.as_bool().ok_or_else(wrong)?);
            }
            Some(_) => return Err(operand::error(2, &format!("object contained unknown key {key}"))),
            None => {
                let why = operand::type_error(index, &["string"], key);
                let message = format!("failed to stringify key {key} at index {index}: {why}");
                return Err(operand::error(2, &message));
            }
        }
    }
    let shape = if pretty.unwrap_or(implied) { Shape::Indented { prefix, indent } } else { Shape::Compact };
    answer(written(context, any(args, 1), &shape)?)
}

/// Limits that let a reader take no more than what is left of the budget.
fn limits(context: &Context<'_>) -> ReadLimits {
    ReadLimits { max_heap_bytes: context.budget.bytes_left(), ..ReadLimits::default() }
}

/// What was read, or why not; the outer error is the budget's.
pub(super) fn read_json(
    context: &mut Context<'_>,
    text: &Str,
) -> Result<Result<Value, JsonError>, BuiltinError> {
    context.budget.steps(text.len() as u64 / 64)?;
    match json::read_text_counted(text, &limits(context)) {
        Ok((value, heap)) => {
            context.budget.bytes(heap)?;
            Ok(Ok(value))
        }
        Err(error) if matches!(error.kind, JsonErrorKind::TooLarge(_)) => {
            context.budget.bytes(u64::MAX)?;
            Ok(Err(error))
        }
        Err(error) => Ok(Err(error)),
    }
}

fn no_json(error: JsonError) -> BuiltinError {
    BuiltinError::NoJson { builtin: "", error: Box::new(error) }
}

/// In OPA's words, which know no places.
pub(super) fn json_message(error: &JsonError) -> String {
    match error.kind {
        JsonErrorKind::UnexpectedEnd if error.offset == 0 => "EOF".to_owned(),
        JsonErrorKind::UnexpectedEnd => "unexpected EOF".to_owned(),
        // What could begin another value is told apart from what could not.
        JsonErrorKind::Unexpected { found, place: Place::AfterAll } => match found {
            b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => format!("error: {}", error.kind),
            _ => JsonErrorKind::Unexpected { found, place: Place::Value }.to_string(),
        },
        ref kind => kind.to_string(),
    }
}

pub(super) fn read_yaml(
    context: &mut Context<'_>,
    text: &str,
) -> Result<Result<Value, YamlError>, BuiltinError> {
    context.budget.steps(text.len() as u64 / 16)?;
    // A node takes some hundred bytes, and a node has at least one byte of text.
    let result = yaml::read(text.as_bytes(), &limits(context));
    if let Err(error) = &result
        && matches!(error.kind, YamlErrorKind::TooLarge(_))
    {
        context.budget.bytes(u64::MAX)?;
    }
    context.budget.bytes(8 * text.len() as u64)?;
    Ok(result)
}

pub(super) fn yaml_message(error: &YamlError) -> String {
    match &error.kind {
        YamlErrorKind::NotFinite(what) => format!("json: unsupported value: {what}"),
        YamlErrorKind::Version
        | YamlErrorKind::Surrogate
        | YamlErrorKind::TooManyAliases
        | YamlErrorKind::Tag { .. } => format!("yaml: {}", error.kind),
        YamlErrorKind::TooDeep(_) => format!("yaml: exceeded max depth of {MAX_DEPTH}"),
        _ => format!("yaml: {error}"),
    }
}
