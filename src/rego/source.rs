//! Source texts and places in them.
//!
//! A [`Span`] is two byte offsets into one text that [`Sources`] owns; it is what the tree, the compiled
//! policy and every error carry. Rows and columns are worked out only when somebody wants to read them.

use std::sync::Arc;

use super::error::{ErrorCode, RegoError};

/// Largest source text in bytes: offsets are 32 bits wide to keep spans small.
pub const MAX_SOURCE_BYTES: usize = u32::MAX as usize - 1;

/// Which text of a [`Sources`] a span points into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// Bytes `start..end` of one source text. `start == end` at the end of the text is the place "end of file".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The text.
    pub source: SourceId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

/// Offset of spans that mean a file and no place in it; shown as row 0.
const WHOLE_FILE: u32 = u32::MAX;

impl Span {
    /// The file as such.
    pub fn whole_file(source: SourceId) -> Span {
        Span { source, start: WHOLE_FILE, end: WHOLE_FILE }
    }

    /// From the first byte of `self` to the last byte of `last`, which must be of the same text.
    #[must_use]
    pub fn to(self, last: Span) -> Span {
        Span { end: last.end.max(self.end), ..self }
    }
}

/// A place as people and OPA count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub row: u32,
    /// Character (Unicode scalar value) in the line, from 1. The end of the file is no character: it is
    /// counted at the last character before it, hence 0 after a final newline. A line end is counted as column 0 of
    /// the line it begins.
    pub col: u32,
}

/// One source text.
#[derive(Clone, Debug)]
pub struct Source {
    name: Arc<str>,
    text: Arc<str>,
    line_starts: Arc<[u32]>,
    /// Characters before each block of [`BLOCK`] bytes, so that columns of long lines need no walk.
    chars_before: Arc<[u32]>,
}

/// Bytes between two entries of [`Source::chars_before`]: few enough to count, many enough to cost no memory.
const BLOCK: usize = 1024;

/// Characters of UTF-8: bytes that do not continue one. The slice may begin and end anywhere.
fn count_chars(bytes: &[u8]) -> u32 {
    let count = bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl Source {
    fn new(name: &str, text: &str) -> Self {
        let after = text.match_indices('\n').filter_map(|(at, _)| u32::try_from(at + 1).ok());
        let line_starts: Vec<u32> = std::iter::once(0).chain(after).collect();
        let sum = |before: &mut u32, block: &[u8]| {
            let here = *before;
            *before += count_chars(block);
            Some(here)
        };
        let chars_before = text.as_bytes().chunks(BLOCK).scan(0, sum).collect();
        Self { name: name.into(), text: text.into(), line_starts: line_starts.into(), chars_before }
    }

    /// File name as it was given; empty for a query.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Row and column of a byte offset.
    pub fn position(&self, offset: u32) -> Position {
        if offset == WHOLE_FILE {
            return Position { row: 0, col: 0 };
        }
        let row = self.line_starts.partition_point(|start| *start <= offset);
        if self.text.as_bytes().get(offset as usize) == Some(&b'\n') {
            return Position { row: u32::try_from(row + 1).unwrap_or(u32::MAX), col: 0 };
        }
        let start = self.line_starts.get(row.saturating_sub(1)).map_or(0, |start| *start as usize);
        // Lines are short: their characters are sooner counted than those of two blocks.
        let chars = match self.text.as_bytes().get(start..offset as usize) {
            Some(before) if before.len() <= BLOCK => count_chars(before),
            _ => self.chars_until(offset as usize).saturating_sub(self.chars_until(start)),
        };
        let col = if offset as usize >= self.text.len() { chars } else { chars + 1 };
        Position { row: u32::try_from(row).unwrap_or(u32::MAX), col }
    }

    /// Characters before a byte.
    fn chars_until(&self, offset: usize) -> u32 {
        let offset = offset.min(self.text.len());
        let block = offset / BLOCK;
        let Some(before) = self.chars_before.get(block).or(self.chars_before.last()) else { return 0 };
        let block = block.min(self.chars_before.len() - 1);
        before + count_chars(self.text.as_bytes().get(block * BLOCK..offset).unwrap_or_default())
    }

    /// Where the line with this byte begins, and its text without its end.
    pub fn line_around(&self, offset: usize) -> (usize, &str) {
        let row = self.line_starts.partition_point(|start| *start as usize <= offset);
        let start = self.line_starts.get(row.saturating_sub(1)).map_or(0, |start| *start as usize);
        let end = self.line_starts.get(row).map_or(self.text.len(), |next| *next as usize - 1);
        (start, self.text.get(start..end).unwrap_or_default().trim_end_matches('\r'))
    }
}

/// All texts of one compilation. Cloning shares the texts.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    all: Vec<Source>,
}

impl Sources {
    /// No texts yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a text in. The name is shown in errors as it is; a query has the empty name.
    ///
    /// # Errors
    /// A parse error where the text is larger than [`MAX_SOURCE_BYTES`].
    pub fn add(&mut self, name: &str, text: &str) -> Result<SourceId, RegoError> {
        let count = u32::try_from(self.all.len()).ok();
        let (Some(id), true) = (count, text.len() <= MAX_SOURCE_BYTES) else {
            return Err(RegoError::new(ErrorCode::Parse, format!("{name}: source is too large"), None));
        };
        self.all.push(Source::new(name, text));
        Ok(SourceId(id))
    }

    /// Takes in what was read from a file.
    ///
    /// # Errors
    /// As [`Sources::add`]; a parse error at the first byte that is not UTF-8 (the text is kept with
    /// replacement characters, so that the error can be shown).
    pub fn add_bytes(&mut self, name: &str, bytes: &[u8]) -> Result<SourceId, RegoError> {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.add(name, text),
            Err(error) => {
                let source = self.add(name, &String::from_utf8_lossy(bytes))?;
                let start = u32::try_from(error.valid_up_to()).unwrap_or(u32::MAX);
                let span = Span { source, start, end: start + 1 };
                Err(RegoError::new(ErrorCode::Parse, "illegal utf-8 character", Some(span)))
            }
        }
    }

    /// All of them, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.all.iter()
    }

    /// The text with this id, if this `Sources` gave the id out.
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.all.get(id.0 as usize)
    }

    /// File name of a span; empty for a query or an unknown text.
    pub fn name(&self, span: Span) -> &str {
        self.get(span.source).map_or("", Source::name)
    }

    /// Row and column of the first byte of a span.
    pub fn position(&self, span: Span) -> Position {
        self.get(span.source).map_or(Position { row: 0, col: 0 }, |source| source.position(span.start))
    }

    /// The text a span covers.
    pub fn snippet(&self, span: Span) -> &str {
        let text = self.get(span.source).map_or("", |source| source.text().as_ref());
        text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, offset: u32) -> (u32, u32) {
        let position = Source::new("t.rego", text).position(offset);
        (position.row, position.col)
    }

    #[test]
    fn columns_count_characters_not_bytes() {
        assert_eq!(at("é = x", 3), (1, 3));
        assert_eq!(at("a\né = x", 5), (2, 3));
    }

    #[test]
    fn columns_of_long_lines_are_counted_alike() {
        let text = format!("x\n{}", "é".repeat(3000));
        for chars in [0, 1, 511, 512, 513, 1500, 2999] {
            assert_eq!(at(&text, 2 + 2 * chars), (2, chars + 1));
        }
        assert_eq!(at(&text, 2 + 6000), (2, 3000));
        let exact = "y".repeat(2048);
        assert_eq!(at(&exact, 2048), (1, 2048));
    }

    #[test]
    fn the_end_of_the_file_is_counted_at_the_last_character() {
        assert_eq!(at("x :=", 4), (1, 4));
        assert_eq!(at("x :=\n", 5), (2, 0));
        assert_eq!(at("", 0), (1, 0));
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused_where_they_stand() {
        let mut sources = Sources::new();
        let error = sources.add_bytes("t.rego", b"package t\np := \"\xff\"").unwrap_err();
        let position = sources.position(error.span.unwrap());
        assert_eq!((position.row, position.col), (2, 7));
    }

    #[test]
    fn a_line_is_given_without_its_end() {
        let source = Source::new("t.rego", "a\r\nb\n");
        assert_eq!([0, 3, 5].map(|offset| source.line_around(offset)), [(0, "a"), (3, "b"), (5, "")]);
    }
}
