//! `rego.parse_module`: a module's source as the value of its tree.

use super::operand::{Answer, answer, any, failed, string, type_error};
use super::{Builtin, BuiltinError, Context};
use crate::rego::source::Sources;
use crate::rego::syntax::{json, parse_module_only};
use crate::rego::value::Value;

pub(super) const BUILTINS: &[Builtin] = &[Builtin::new("rego.parse_module", parse)];

/// Bytes that a byte of source becomes at most: `[0,0,..]` makes a term of every second byte, and each term takes some
/// hundred bytes as a tree and about as many as a value.
const BYTES_PER_BYTE: u64 = 256;

fn parse(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let name = string(args, 1)?;
    let Value::String(text) = any(args, 2) else {
        // OPA calls both operands the first.
        return Err(type_error(1, &["string"], any(args, 2)));
    };
    context.budget.steps(text.len() as u64)?;
    context.budget.bytes(BYTES_PER_BYTE * text.len() as u64)?;
    let mut sources = Sources::new();
    let id = sources.add(name, text).map_err(|error| BuiltinError::Failed(error.to_string()))?;
    match parse_module_only(&sources, id) {
        Ok(module) => answer(json::module_value(&module, &sources)?),
        Err(errors) => failed(errors.opa_text(&sources)),
    }
}
