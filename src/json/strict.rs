//! JSON documents into types.

use serde::de::DeserializeOwned;

use super::objects::ObjectsOnly;
use super::{Limits, Position, ReadError, ReadErrorKind, check};

/// The document of a type. It is checked first, so what serde sees is one strict document within the limits. Where the
/// type has an object, at any level, an array is refused.
///
/// # Errors
/// [`ReadError`] names the first fault and its place.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8], limits: Limits) -> Result<T, ReadError> {
    check(bytes, limits)?;
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    // The check has seen that nothing follows.
    T::deserialize(ObjectsOnly(&mut reader)).map_err(|error| shape_error(bytes, &error))
}

fn shape_error(bytes: &[u8], error: &serde_json::Error) -> ReadError {
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = error.to_string();
    let kind = ReadErrorKind::Shape(text.strip_suffix(&place).unwrap_or(&text).to_owned());
    if error.line() == 0 {
        return kind.whole();
    }
    // serde counts columns in bytes.
    let line_start: usize =
        bytes.split_inclusive(|it| *it == b'\n').take(error.line() - 1).map(<[u8]>::len).sum();
    let offset = (line_start + error.column().saturating_sub(1)).min(bytes.len());
    ReadError { kind, position: Some(Position::of(bytes, offset)) }
}

#[cfg(test)]
mod tests;
