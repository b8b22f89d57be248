//! What a template computes with: values of the policy, and numbers that the template itself makes.
//!
//! Go gives a template the numbers of JSON as their text (`json.Number`), so that `{{if .zero}}` holds and numbers are
//! compared as strings; numbers written in the template are real ones.

use std::fmt::Write as _;

use crate::rego::builtins::documents::draw_for;
use crate::rego::builtins::{BuiltinError, Context};
use crate::rego::value::Value;

#[derive(Clone, Debug)]
pub(super) enum Item {
    /// What a missing key gives.
    Missing,
    Value(Value),
    Int(i64),
    Float(f64),
}

/// Kinds that can be compared with each other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Basic {
    Bool,
    Text,
    Int,
    Float,
}

impl Item {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Value(text.into().into())
    }

    /// Whether there is nothing: no key, or null.
    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Self::Missing | Self::Value(Value::Null))
    }

    /// What conditions make of it.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Missing | Self::Value(Value::Null) => false,
            Self::Value(Value::Bool(it)) => *it,
            Self::Value(Value::Number(_)) => true,
            Self::Value(Value::String(it)) => !it.is_empty(),
            Self::Value(it) => it.count().is_some_and(|it| it > 0),
            Self::Int(it) => *it != 0,
            Self::Float(it) => *it != 0.0,
        }
    }

    /// The name of Go's type.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Missing | Self::Value(Value::Null) => "nil",
            Self::Value(Value::Bool(_)) => "bool",
            Self::Value(Value::Number(_)) => "json.Number",
            Self::Value(Value::String(_)) => "string",
            Self::Value(Value::Array(_) | Value::Set(_)) => "[]interface {}",
            Self::Value(Value::Object(_)) => "map[string]interface {}",
            Self::Int(_) => "int",
            Self::Float(_) => "float64",
        }
    }

    pub(super) fn basic(&self) -> Option<Basic> {
        match self {
            Self::Value(Value::Bool(_)) => Some(Basic::Bool),
            Self::Value(Value::Number(_) | Value::String(_)) => Some(Basic::Text),
            Self::Int(_) => Some(Basic::Int),
            Self::Float(_) => Some(Basic::Float),
            _ => None,
        }
    }

    /// As it is written into the output.
    pub(super) fn printed(&self, context: &mut Context<'_>) -> Result<String, BuiltinError> {
        if self.is_nothing() { Ok(NO_VALUE.to_owned()) } else { self.shown(context) }
    }

    /// As `print` shows it.
    pub(super) fn shown(&self, context: &mut Context<'_>) -> Result<String, BuiltinError> {
        Ok(match self {
            Self::Missing => "<nil>".to_owned(),
            Self::Int(it) => it.to_string(),
            Self::Float(it) => float(*it),
            Self::Value(value) => {
                draw_for(context, value)?;
                let mut out = String::new();
                write(&mut out, value);
                out
            }
        })
    }
}

/// What Go writes where there is nothing; OPA puts `<undefined>` in its place.
pub(super) const NO_VALUE: &str = "<no value>";

/// A float as `%v` writes it: with an exponent where that is shorter.
fn float(float: f64) -> String {
    let size = float.abs();
    if size != 0.0 && !(1e-4..1e21).contains(&size) {
        let text = format!("{float:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |it| ('-', it));
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    float.to_string()
}

/// A value in Go's syntax: `map[a:1 b:[x y]]`.
fn write(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("<nil>"),
        Value::String(text) => out.push_str(text),
        Value::Array(items) => list(out, items.iter()),
        Value::Set(members) => list(out, members.iter()),
        Value::Object(pairs) => {
            out.push_str("map[");
            for (index, (key, value)) in pairs.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { " " });
                write(out, key);
                out.push(':');
                write(out, value);
            }
            out.push(']');
        }
        Value::Bool(_) | Value::Number(_) => {
            // Writing to a string does not fail.
            let _ = write!(out, "{value}");
        }
    }
}

fn list<'a>(out: &mut String, items: impl Iterator<Item = &'a Value>) {
    out.push('[');
    for (index, item) in items.enumerate() {
        out.push_str(if index == 0 { "" } else { " " });
        write(out, item);
    }
    out.push(']');
}
