//! Why a document was refused, and where.

use std::fmt;

/// A place in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Bytes before the place.
    pub offset: usize,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
}

impl Position {
    /// The place that so many bytes precede.
    pub fn of(bytes: &[u8], offset: usize) -> Self {
        let before = &bytes[..offset.min(bytes.len())];
        let line_start = before.iter().rposition(|it| *it == b'\n').map_or(0, |at| at + 1);
        let line = before.split(|it| *it == b'\n').count();
        let column = 1 + String::from_utf8_lossy(&before[line_start..]).chars().count();
        Self { offset, line, column }
    }

    /// The place of a line and a column in characters, both counted from 1.
    pub fn of_line(bytes: &[u8], line: usize, column: usize) -> Self {
        let start: usize =
            bytes.split_inclusive(|it| *it == b'\n').take(line.saturating_sub(1)).map(<[u8]>::len).sum();
        let rest = String::from_utf8_lossy(&bytes[start..]);
        let offset = start + rest.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum::<usize>();
        Self { offset: offset.min(bytes.len()), line, column }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A document that was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}{}", Place(self.position))]
pub struct ReadError {
    /// What is wrong.
    pub kind: ReadErrorKind,
    /// Where, if the fault has a place.
    pub position: Option<Position>,
}

struct Place(Option<Position>);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |position| write!(f, " at {position}"))
    }
}

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadErrorKind {
    /// Nothing but blanks.
    #[error("the document is empty")]
    Empty,
    /// More bytes than the limit.
    #[error("the document has {actual} bytes, more than the {limit} allowed")]
    TooLarge {
        /// Bytes of the document.
        actual: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Deeper than the limit.
    #[error("nested deeper than {0} levels")]
    TooDeep(u32),
    /// Aliases that unfold to more nodes than allowed.
    #[error("aliases unfold to more than {0} nodes")]
    TooManyNodes(usize),
    /// The document begins with a byte order mark.
    #[error("the document begins with a byte order mark")]
    ByteOrderMark,
    /// Bytes that are not UTF-8.
    #[error("invalid UTF-8")]
    InvalidUtf8,
    /// Half of a surrogate pair, which is no character.
    #[error("a lone surrogate in a string")]
    LoneSurrogate,
    /// A key that the same object already has.
    #[error("the key {0:?} is repeated")]
    DuplicateKey(String),
    /// Something follows the document.
    #[error("text after the document")]
    Trailing,
    /// Not JSON, or not YAML.
    #[error("{0}")]
    Syntax(String),
    /// Not what the document should hold: a missing field, a value of another type.
    #[error("{0}")]
    Shape(String),
}

impl ReadErrorKind {
    /// The error at a place.
    pub(super) fn at(self, bytes: &[u8], offset: usize) -> ReadError {
        ReadError { kind: self, position: Some(Position::of(bytes, offset)) }
    }

    /// The error of the whole document.
    pub(super) fn whole(self) -> ReadError {
        ReadError { kind: self, position: None }
    }
}
