//! The Rego engine. Pure: it knows nothing of the rest of the crate, reads no clock and does no IO.

pub mod analysis;
pub mod budget;
pub mod builtins;
mod compile;
pub mod engine;
pub mod error;
pub mod hir;
pub mod host;
pub mod invariants;
pub mod observe;
pub mod source;
pub mod syntax;
pub mod testing;
pub mod types;
pub mod value;
pub mod vm;
