//! Where and why a text is not JSON, in the words of Go's reader.

use std::fmt;

use super::super::number::MAX_NUMBER_TEXT;
use super::go_quoted;

/// Where and why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at line {line}, column {column}")]
pub struct JsonError {
    /// What is wrong.
    pub kind: JsonErrorKind,
    /// Bytes before the place.
    pub offset: usize,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in bytes, counted from 1.
    pub column: usize,
}

/// What is wrong with a text that should be JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonErrorKind {
    /// The text ends in the middle.
    #[error("unexpected end of JSON input")]
    UnexpectedEnd,
    /// A byte that cannot stand there.
    #[error("invalid character {} {place}", go_char(*.found))]
    Unexpected {
        /// The byte.
        found: u8,
        /// Where it stands.
        place: Place,
    },
    /// Bytes that are not UTF-8.
    #[error("invalid UTF-8")]
    InvalidUtf8,
    /// The number has too many characters.
    #[error("number of more than {MAX_NUMBER_TEXT} characters")]
    LongNumber,
    /// Deeper than the limit.
    #[error("nested deeper than {0} levels")]
    TooDeep(u32),
    /// More text than the limit.
    #[error("more than {0} bytes of text")]
    TooLong(usize),
    /// The value would take more memory than the limit.
    #[error("the value takes more than {0} bytes of memory")]
    TooLarge(u64),
}

/// Where in the grammar a character stands, in the words of Go's reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Where a value should begin.
    Value,
    /// Where a key should begin.
    Key,
    /// Behind a key.
    AfterKey,
    /// Behind a pair of an object.
    AfterPair,
    /// Behind an item of an array.
    AfterItem,
    /// Behind the whole value.
    AfterAll,
    /// In `true`, `false` or `null`, where a letter of it should stand.
    Word(&'static str, char),
    /// In a number.
    Number,
    /// In a number, behind the point.
    Fraction,
    /// In a number, behind the `e`.
    Exponent,
    /// In a string.
    String,
    /// Behind a backslash.
    Escape,
    /// Behind `\u`.
    CodePoint,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Value => "looking for beginning of value",
            Self::Key => "looking for beginning of object key string",
            Self::AfterKey => "after object key",
            Self::AfterPair => "after object key:value pair",
            Self::AfterItem => "after array element",
            Self::AfterAll => "after top-level value",
            Self::Word(word, expected) => return write!(f, "in literal {word} (expecting '{expected}')"),
            Self::Number => "in numeric literal",
            Self::Fraction => "after decimal point in numeric literal",
            Self::Exponent => "in exponent of numeric literal",
            Self::String => "in string literal",
            Self::Escape => "in string escape code",
            Self::CodePoint => r"in \u hexadecimal character escape",
        })
    }
}

/// A byte as Go quotes it in messages.
fn go_char(byte: u8) -> String {
    match byte {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        other => {
            let quoted = go_quoted(&char::from(other).to_string());
            format!("'{}'", &quoted[1..quoted.len() - 1])
        }
    }
}

impl JsonErrorKind {
    /// The error at a place of the text.
    pub(super) fn at(self, bytes: &[u8], offset: usize) -> JsonError {
        let before = &bytes[..offset.min(bytes.len())];
        let line = before.split(|it| *it == b'\n').count();
        let column = 1 + before.iter().rev().take_while(|it| **it != b'\n').count();
        JsonError { kind: self, offset, line, column }
    }
}
