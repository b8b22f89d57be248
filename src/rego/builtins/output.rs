//! `print`, `trace`, and text with values put in.
//!
//! The compiler hands each operand over as the set of its values, so that an undefined one can be shown as such.

use super::documents::draw_for;
use super::operand::{Answer, answer, array, string};
use super::{Builtin, BuiltinError, Context};
use crate::rego::value::Value;

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin::new("internal.print", print),
    Builtin::new("internal.template_string", template_string),
    Builtin::new("internal.test_case", |context, args| {
        let keys = array(args, 1)?;
        context.budget.bytes((keys.len() * size_of::<Value>()) as u64)?;
        context.sink.test_case(keys.clone().into());
        answer(true)
    }),
    Builtin::new("trace", |context, args| {
        let note = string(args, 1)?.to_string();
        context.budget.bytes(note.len() as u64)?;
        context.sink.note(note);
        answer(true)
    }),
];

/// The texts of an operand: several where its set has several values.
fn texts(context: &mut Context<'_>, operand: &Value) -> Result<Vec<String>, BuiltinError> {
    let mut text = |value: &Value| {
        draw_for(context, value)?;
        Ok(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    match operand {
        Value::Set(members) if members.is_empty() => Ok(vec!["<undefined>".to_owned()]),
        Value::Set(members) => members.iter().map(text).collect(),
        Value::Array(_) | Value::Object(_) => {
            Err(BuiltinError::Failed(format!("illegal argument type: {}", operand.type_name())))
        }
        scalar => Ok(vec![text(scalar)?]),
    }
}

/// A line for each way to take one text of each operand.
fn lines(context: &mut Context<'_>, args: &[Value], separator: &str) -> Result<Vec<String>, BuiltinError> {
    let mut lines = vec![String::new()];
    for (index, operand) in array(args, 1)?.iter().enumerate() {
        let texts = texts(context, operand)?;
        let length: usize = lines.iter().map(|line| line.len() + separator.len() + 64).sum();
        context.budget.bytes((length as u64).saturating_mul(texts.len() as u64))?;
        let separator = if index == 0 { "" } else { separator };
        lines = lines
            .iter()
            .flat_map(|line| texts.iter().map(move |text| format!("{line}{separator}{text}")))
            .collect();
    }
    Ok(lines)
}

fn print(context: &mut Context<'_>, args: &[Value]) -> Answer {
    for line in lines(context, args, " ")? {
        context.sink.print(line);
    }
    answer(true)
}

fn template_string(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let mut lines = lines(context, args, "")?;
    match (lines.pop(), lines.is_empty()) {
        (Some(line), true) => answer(line),
        _ => Err(BuiltinError::Failed("template-strings must not produce multiple outputs".to_owned())),
    }
}
