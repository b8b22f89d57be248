//! JSON text to values and back.

mod read;
mod write;

pub use read::{JsonError, JsonErrorKind, read, read_prefix_counted};
pub use write::{Html, go_quoted, to_string, to_string_indented};
pub(super) use write::{string_keys, write_go_quoted};
