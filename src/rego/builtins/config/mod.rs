//! conftest's `parse_config`: the text of a configuration file as a value.
//!
//! One file a format. conftest knows more of them; a test holds the list in [`FORMATS`] against the documentation.

mod dockerfile;
mod dotenv;
mod ini;
mod jsonc;
mod properties;
mod toml;

use super::documents::{json_message, read_json, read_yaml, yaml_message};
use super::operand::{Answer, answer, failed, string};
use super::{Builtin, BuiltinError, Context};
use crate::rego::value::{Array, Value};

pub(super) const BUILTINS: &[Builtin] = &[Builtin::new("parse_config", parse_config)];

type Read = Result<Value, BuiltinError>;

type Reader = fn(&mut Context<'_>, &str) -> Read;

/// What is offered.
const FORMATS: [(&str, Reader); 9] = [
    ("dockerfile", dockerfile::read),
    ("dotenv", dotenv::read),
    ("ini", ini::read),
    ("json", json),
    ("jsonc", |context, text| {
        context.budget.bytes(text.len() as u64)?;
        json(context, &jsonc::as_json(text))
    }),
    ("properties", properties::read),
    ("toml", toml::read),
    ("yaml", yaml),
    ("yml", yaml),
];

/// Bytes of the value for a byte of text in formats of lines: a pair takes at least four bytes of text.
const BYTES_PER_BYTE: u64 = 64;

fn parse_config(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (name, text) = (string(args, 1)?, string(args, 2)?);
    let Some((_, read)) = FORMATS.iter().find(|it| it.0 == &**name) else {
        let offered: Vec<_> = FORMATS.iter().map(|it| it.0).collect();
        return failed(format!("unknown parser {:?}; offered are {}", &**name, offered.join(", ")));
    };
    context.budget.steps(1 + text.len() as u64 / 8)?;
    answer(read(context, text)?)
}

/// What is wrong in a line, counted from 1.
fn fault<T>(format: &str, line: usize, message: &str) -> Result<T, BuiltinError> {
    failed(format!("{format}: line {line}: {message}"))
}

fn json(context: &mut Context<'_>, text: &str) -> Read {
    read_json(context, &text.into())?.or_else(|error| failed(format!("json: {}", json_message(&error))))
}

/// Several documents make an array.
fn yaml(context: &mut Context<'_>, text: &str) -> Read {
    let mut documents = Vec::new();
    let mut rest = text.strip_prefix("---\n").unwrap_or(text);
    while let Some(end) = rest.find("\n---\n") {
        documents.push(&rest[..=end]);
        rest = &rest[end + 5..];
    }
    documents.push(rest);
    context.draw(documents.len())?;
    let mut values = Vec::new();
    for document in documents {
        values.push(read_yaml(context, document)?.or_else(|error| failed(yaml_message(&error)))?);
    }
    Ok(if values.len() == 1 { values.pop().unwrap_or_default() } else { Array::from(values).into() })
}

#[cfg(test)]
mod tests;
