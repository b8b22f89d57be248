//! Strict reading of the documents that this product is given: snapshots, policies, manifests, signed payloads.
//!
//! A document that two readers could understand differently is refused: repeated keys (also where escapes hide that they
//! are the same), an array where an object should stand, bytes that are not UTF-8, lone surrogates, a byte order mark, anything after the document. So are
//! documents beyond the caller's [`Limits`]. [`strict`] reads JSON, [`yaml`] reads YAML and JSON. Data that Rego itself
//! parses is read by `rego::value` with OPA's answers, not here.

mod error;
mod objects;
mod scan;
pub mod strict;
pub mod yaml;

pub use error::{Position, ReadError, ReadErrorKind};
pub use scan::check;

/// How much a document may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of text.
    pub max_bytes: usize,
    /// Levels of nesting. What reads typed documents recurses, so this is never above 120.
    pub max_depth: u32,
}

/// Levels of nesting that serde's reader allows, less a margin for the types that wrap it.
const MAX_DEPTH: u32 = 120;

impl Limits {
    /// Limits for a document of at most so many bytes, with the usual depth of 120.
    pub const fn bytes(max_bytes: usize) -> Self {
        Self { max_bytes, max_depth: MAX_DEPTH }
    }
}

/// 16 MiB: more than any snapshot or policy that a person wrote, less than what harms.
impl Default for Limits {
    fn default() -> Self {
        Self::bytes(16 << 20)
    }
}
