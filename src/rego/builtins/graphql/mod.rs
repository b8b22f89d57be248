//! `graphql.*`: queries and schemas read, shown as values, and checked.
//!
//! The text becomes a tree ([`query`], [`definitions`]), the tree a value ([`form`]) and a value a tree again
//! ([`unform`]). A schema is completed and checked ([`schema`]) before queries are checked against it ([`rules`]).
//! Language: the specification of October 2021; shape and wording: OPA's.

mod ast;
mod definitions;
mod form;
mod lexer;
mod parser;
mod query;
mod rules;
mod schema;
mod unform;

use ast::{Place, QueryDocument, SchemaDocument};
use schema::Schema;

use super::operand::{answer, any, failed, string, type_error};
use super::{Builtin, BuiltinError, Context};
use crate::rego::budget::Budget;
use crate::rego::value::{Object, Value};

type Parsed<T> = Result<T, BuiltinError>;

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin::new("graphql.is_valid", |context, args| {
        let checked = verified(context.budget, args);
        answer(or_refused(checked)?.is_some())
    }),
    Builtin::new("graphql.parse", |context, args| {
        let (query, schema) = verified(context.budget, args)?;
        answer(vec![shown(context, &query)?, shown(context, &schema)?])
    }),
    Builtin::new("graphql.parse_and_verify", |context, args| {
        let checked = verified(context.budget, args);
        let (valid, query, schema) = match or_refused(checked)? {
            Some((query, schema)) => (true, shown(context, &query)?, shown(context, &schema)?),
            None => (false, Object::new().into(), Object::new().into()),
        };
        answer(vec![valid.into(), query, schema])
    }),
    Builtin::new("graphql.parse_query", |context, args| {
        let document = query::parse(string(args, 1)?, context.budget)?;
        answer(shown(context, &document)?)
    }),
    Builtin::new("graphql.parse_schema", |context, args| {
        let document = definitions::parse(string(args, 1)?, context.budget)?;
        answer(shown(context, &document)?)
    }),
    Builtin::new("graphql.schema_is_valid", |context, args| {
        let checked = schema_of(context.budget, args, 1)
            .and_then(|document| Schema::new(&document, context.budget).map(drop));
        answer(or_refused(checked)?.is_some())
    }),
];

/// An error with its place.
fn fault<T>(place: Place, message: &str) -> Parsed<T> {
    failed(match place.line {
        0 => format!("GraphQL parse error: input: {message}"),
        line => format!("{message} in GraphQL string at location {line}:{}", place.column),
    })
}

/// Nothing where the documents are at fault; a spent budget stays an error.
fn or_refused<T>(checked: Parsed<T>) -> Parsed<Option<T>> {
    match checked {
        Ok(it) => Ok(Some(it)),
        Err(error @ BuiltinError::Exceeded(_)) => Err(error),
        Err(_) => Ok(None),
    }
}

/// The value of a tree, which takes some times the bytes of the tree.
fn shown(context: &mut Context<'_>, tree: &impl form::Form) -> Result<Value, BuiltinError> {
    let value = tree.form();
    let parts = u64::from(value.parts());
    context.budget.steps(parts)?;
    context.budget.bytes(parts.saturating_mul(size_of::<Value>() as u64))?;
    Ok(value)
}

fn query_of(budget: &mut Budget, args: &[Value], position: usize) -> Parsed<QueryDocument> {
    match any(args, position) {
        Value::String(text) => query::parse(text, budget),
        Value::Object(pairs) => unform::query(pairs, budget),
        got => Err(type_error(position, &["string", "object"], got)),
    }
}

fn schema_of(budget: &mut Budget, args: &[Value], position: usize) -> Parsed<SchemaDocument> {
    match any(args, position) {
        Value::String(text) => definitions::parse(text, budget),
        Value::Object(pairs) => unform::schema(pairs, budget),
        got => Err(type_error(position, &["string", "object"], got)),
    }
}

fn verified(budget: &mut Budget, args: &[Value]) -> Parsed<(QueryDocument, SchemaDocument)> {
    let query = query_of(budget, args, 1)?;
    let document = schema_of(budget, args, 2)?;
    let schema = Schema::new(&document, budget)?;
    rules::check(&schema, &query, budget)?;
    Ok((query, document))
}

#[cfg(test)]
mod tests;
