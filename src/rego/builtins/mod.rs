//! Builtins: functions that a policy can call and that are not written in Rego.
//!
//! [`decl`] says what there is and of what types; [`find`] gives what to call. One file a family, each with a table
//! `BUILTINS` of names and functions.

pub mod decl;

mod aggregates;
mod arrays;
mod aws;
mod bits;
mod chance;
mod comparison;
mod config;
mod crypto;
mod der;
mod documents;
mod encoding;
mod error;
mod glob;
mod graph;
mod graphql;
mod json_paths;
mod json_schema;
mod jwt;
mod metadata;
mod net;
mod numbers;
mod objects;
mod operand;
mod output;
mod parse_module;
mod regex;
mod semver;
mod sets;
mod sprintf;
mod strings;
mod template;
mod time;
mod types;
mod units;
mod uri;

pub use error::BuiltinError;
pub(super) use json_schema::type_of as type_of_schema;
pub(crate) use time::duration::parse as parse_duration;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::rego::budget::{Budget, Exceeded};
use crate::rego::value::Value;

/// What a builtin may use besides its arguments.
pub struct Context<'a> {
    /// The start of the run, in nanoseconds since 1970. The only clock there is.
    pub now_ns: i64,
    /// What chance is drawn from: the same seed and arguments give the same result.
    pub seed: u64,
    /// What the evaluation may spend.
    pub budget: &'a mut Budget,
    /// Where `print` and `trace` write to.
    pub sink: &'a mut dyn Sink,
    /// Patterns that were compiled before.
    pub caches: &'a mut Caches,
}

/// Bytes that an item of a collection takes while that grows: in a vector that doubles, and in a short text of its own.
const BYTES_PER_ITEM: u64 = 4 * size_of::<Value>() as u64;

impl Context<'_> {
    /// Draws on the budget for a collection of so many items, before it is made.
    fn draw(&mut self, items: usize) -> Result<(), Exceeded> {
        self.budget.steps(items as u64)?;
        self.budget.bytes((items as u64).saturating_mul(BYTES_PER_ITEM))
    }
}

/// Takes what policies print. The machine knows the place of the call.
pub trait Sink {
    /// A line of `print`.
    fn print(&mut self, line: String);
    /// A note of `trace`.
    fn note(&mut self, note: String);
    /// The keys of a case of a test that begins.
    fn test_case(&mut self, keys: Value);
}

/// Takes nothing.
impl Sink for () {
    fn print(&mut self, _: String) {}
    fn note(&mut self, _: String) {}
    fn test_case(&mut self, _: Value) {}
}

/// Patterns that were compiled, to be kept for the length of an evaluation or longer.
#[derive(Debug, Default)]
pub struct Caches {
    patterns: regex::PatternCache,
    schemas: json_schema::Cache,
}

/// What a builtin does: a value, nothing (undefined), or an error.
pub type BuiltinFn = fn(&mut Context<'_>, &[Value]) -> Result<Option<Value>, BuiltinError>;

/// A builtin that can be called.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    name: &'static str,
    run: BuiltinFn,
}

impl Builtin {
    const fn new(name: &'static str, run: BuiltinFn) -> Self {
        Self { name, run }
    }

    /// The name it is called by, which also begins its error messages.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Calls it. The number of arguments was checked when the policy was compiled.
    ///
    /// # Errors
    /// [`BuiltinError`], with OPA's wording and the builtin's name in front.
    pub fn call(&self, context: &mut Context<'_>, args: &[Value]) -> Result<Option<Value>, BuiltinError> {
        context.budget.steps(1)?;
        let result = (self.run)(context, args).map_err(|error| error.of(self.name))?;
        if let Some(value) = &result {
            value.check_depth()?;
        }
        Ok(result)
    }
}

const FAMILIES: &[&[Builtin]] = &[
    aggregates::BUILTINS,
    arrays::BUILTINS,
    aws::BUILTINS,
    bits::BUILTINS,
    chance::BUILTINS,
    comparison::BUILTINS,
    config::BUILTINS,
    crypto::BUILTINS,
    documents::BUILTINS,
    encoding::BUILTINS,
    glob::BUILTINS,
    graph::BUILTINS,
    graphql::BUILTINS,
    json_paths::BUILTINS,
    json_schema::BUILTINS,
    jwt::BUILTINS,
    metadata::BUILTINS,
    net::BUILTINS,
    numbers::BUILTINS,
    objects::BUILTINS,
    output::BUILTINS,
    parse_module::BUILTINS,
    regex::BUILTINS,
    semver::BUILTINS,
    sets::BUILTINS,
    sprintf::BUILTINS,
    strings::BUILTINS,
    template::BUILTINS,
    time::BUILTINS,
    types::BUILTINS,
    units::BUILTINS,
];

static BY_NAME: LazyLock<HashMap<&'static str, Builtin>> =
    LazyLock::new(|| FAMILIES.iter().flat_map(|it| it.iter()).map(|it| (it.name, *it)).collect());

/// The builtin of a name. Those that the machine does itself (`assign`, `eq`, `print`) are not here.
pub fn find(name: &str) -> Option<Builtin> {
    BY_NAME.get(name).copied()
}

#[cfg(test)]
mod hostile_operands;
#[cfg(test)]
mod tests;
