//! `json.match_schema` and `json.verify_schema`: JSON Schema of drafts 4, 6 and 7 together, with the messages that
//! policies put into their results. No schema is fetched from anywhere.

mod compile;
mod explain;
mod fault;
mod fits;
mod format;
mod link;
mod plans;
mod pointer;
mod schema;
mod types;

use std::sync::Arc;

use super::{Builtin, BuiltinError, Context, operand};
use crate::rego::value::{ObjectBuilder, ReadLimits, Value, json};
use fault::Fault;
use schema::Schema;
pub(in crate::rego) use types::type_of;

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin { name: "json.match_schema", run: match_schema },
    Builtin { name: "json.verify_schema", run: verify_schema },
];

type Answer = Result<Option<Value>, BuiltinError>;

/// Schemas that are kept compiled. Policies have one or two; a policy that makes one per item must not fill memory.
const CACHED_SCHEMAS: usize = 16;

/// Compiled schemas by the value that they were compiled from.
#[derive(Debug, Default)]
pub(super) struct Cache {
    schemas: Vec<(Value, Arc<Schema>)>,
}

impl Cache {
    fn knows(&self, source: &Value) -> bool {
        self.schemas.iter().any(|(known, _)| known == source)
    }

    fn get(&mut self, source: &Value) -> Result<Arc<Schema>, String> {
        if let Some((_, schema)) = self.schemas.iter().find(|(known, _)| known == source) {
            return Ok(Arc::clone(schema));
        }
        let schema = Arc::new(link::link(compile::compile(&document(source)?)?));
        if self.schemas.len() == CACHED_SCHEMAS {
            self.schemas.remove(0);
        }
        self.schemas.push((source.clone(), Arc::clone(&schema)));
        Ok(schema)
    }
}

/// A document or schema: an object as it is, a string as the JSON that it holds.
fn document(value: &Value) -> Result<Value, String> {
    match value {
        Value::Object(_) | Value::Array(_) => Ok(value.clone()),
        Value::String(text) => {
            json::read(text.as_bytes(), &ReadLimits::default()).map_err(|_| "invalid JSON string".to_owned())
        }
        _ => Err("wrong type, expected string or object".to_owned()),
    }
}

/// Bytes of a compiled schema for a part of its value, about.
const BYTES_PER_PART: u64 = 64;

/// The schema of an argument: what it takes to compile a new one is drawn before.
fn schema(
    context: &mut Context<'_>,
    args: &[Value],
    position: usize,
) -> Result<Result<Arc<Schema>, String>, BuiltinError> {
    let source = operand::any(args, position);
    if !context.caches.schemas.knows(source) {
        let parts = source.as_str().map_or(u64::from(source.parts()), |it| it.len() as u64);
        context.budget.steps(parts)?;
        context.budget.bytes(parts * BYTES_PER_PART)?;
    }
    Ok(context.caches.schemas.get(source))
}

fn match_schema(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let document = document(operand::any(args, 1)).map_err(BuiltinError::Failed)?;
    let schema = schema(context, args, 2)?.map_err(BuiltinError::Failed)?;
    if fits::fits(&schema, &document, context.budget)? {
        return Ok(Some(Value::from(vec![Value::Bool(true), Value::from(Vec::<Value>::new())])));
    }
    let faults = explain::explain(&schema, &document, context.budget)?;
    let faults: Vec<Value> = faults.iter().map(told).collect();
    Ok(Some(Value::from(vec![Value::Bool(false), Value::from(faults)])))
}

fn told(fault: &Fault<'_>) -> Value {
    let description = fault.to_string();
    let mut out = ObjectBuilder::new();
    out.push_str("error", format!("{}: {description}", fault.field));
    out.push_str("type", fault.kind());
    out.push_str("field", fault.field.as_str());
    out.push_str("desc", description);
    Value::Object(out.build_last_wins())
}

fn verify_schema(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let verdict = match schema(context, args, 1)? {
        Ok(_) => [Value::Bool(true), Value::Null],
        Err(error) => [Value::Bool(false), Value::from(format!("jsonschema: {error}"))],
    };
    Ok(Some(Value::from(verdict.to_vec())))
}

#[cfg(test)]
mod tests;
