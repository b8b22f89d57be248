//! From text to tree: lexer, parser, annotations.
//!
//! The tree ([`ast`]) is what the source says, before any rewriting: names are not resolved, nothing is
//! hoisted, `some` and `every` stand where they were written. The analysis turns it into a resolved tree.

pub mod annotations;
pub mod ast;
pub mod display;
#[doc(hidden)]
pub mod invariants;
pub mod json;
mod lexer;
mod parser;
mod token;

#[cfg(test)]
pub(super) mod tests;

pub use parser::{MAX_DEPTH, parse_module, parse_module_only, parse_query, parse_term};
