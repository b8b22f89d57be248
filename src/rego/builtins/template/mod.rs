//! `strings.render_template`: Go's `text/template` on the values of an object.
//!
//! Text becomes tokens ([`lexer`]), tokens a tree ([`parser`], [`tree`]), and the tree is run ([`run`]) with the
//! functions that Go has ([`functions`], [`compare`]). Every node that runs and every byte of output draws on the
//! budget. Language: that of the package `text/template` of Go 1.25.

mod compare;
mod functions;
mod item;
mod lexer;
mod literal;
mod parser;
mod run;
mod tree;

use item::NO_VALUE;

use super::operand::{Answer, answer, failed, object, string};
use super::{Builtin, Context};
use crate::rego::value::Value;

pub(super) const BUILTINS: &[Builtin] = &[Builtin::new("strings.render_template", render)];

fn render(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (source, data) = (string(args, 1)?, object(args, 2)?);
    // OPA hands the data over as the text that it prints, which is JSON unless there are sets or other keys in it.
    context.budget.steps(u64::from(args[1].parts()) / 8)?;
    if !is_json(&args[1]) {
        return failed("template data must be JSON: no sets, and strings as keys");
    }
    let templates = parser::parse(source, context.budget)?;
    let rendered = run::run(context, source, &templates, data)?;
    if !rendered.contains(NO_VALUE) {
        return answer(rendered);
    }
    context.budget.bytes(2 * rendered.len() as u64)?;
    answer(rendered.replace(NO_VALUE, "<undefined>"))
}

fn is_json(value: &Value) -> bool {
    match value {
        Value::Set(_) => false,
        Value::Array(items) => items.iter().all(is_json),
        Value::Object(pairs) => pairs.iter().all(|(key, it)| matches!(key, Value::String(_)) && is_json(it)),
        _ => true,
    }
}

#[cfg(test)]
mod tests;
