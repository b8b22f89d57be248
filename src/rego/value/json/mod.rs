//! JSON text to values and back.

mod read;
mod shapes;
mod write;

pub use read::{JsonError, JsonErrorKind, Place, read, read_counted, read_prefix_counted, read_text_counted};
pub use write::{Html, go_quoted, key_text, to_string, to_string_indented};
pub(super) use write::{string_keys, write_go_quoted};
