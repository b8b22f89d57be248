//! JSON text to values and back.

mod error;
mod read;
mod shapes;
mod write;

pub use error::{JsonError, JsonErrorKind, Place};
pub use read::{read, read_counted, read_prefix_counted, read_text_counted};
pub use write::{Html, go_quoted, key_text, to_string, to_string_indented};
pub(super) use write::{string_keys, write_go_quoted};
