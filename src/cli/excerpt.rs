//! The lines of a document around a fault. A document may be one line of megabytes, so of a long line only what surrounds
//! the place is kept.

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::report::sanitise;

/// Bytes of a line that is shown whole.
const LINE: usize = 240;

/// Bytes that are shown before and behind the place in a longer line.
const AROUND: usize = 60;

/// Bytes that are underlined.
const MARKED: usize = 100;

/// A part of a document and the place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    name: String,
    /// What is hidden is replaced by as many question marks, so that offsets stay.
    text: String,
    /// Line and column of its beginning, counted from 0.
    begins: (usize, usize),
    /// Of the place, within `text`.
    offset: usize,
    length: usize,
    /// What is said of it.
    pub(super) label: String,
}

impl Excerpt {
    /// The surroundings of so many bytes from an offset; a place beyond the text is its end.
    pub(super) fn of(name: &str, text: &str, offset: usize, length: usize, label: &str) -> Self {
        let offset = text.floor_char_boundary(offset.min(text.len().saturating_sub(1)));
        let line = line_at(text, offset);
        let length = length.clamp(1, MARKED).min((line.end - offset).max(1));
        let end = text.ceil_char_boundary(offset.saturating_add(length).min(text.len()));
        let (from, to) = if line.len() <= LINE {
            let before = line_at(text, line.start.saturating_sub(1));
            let after = line_at(text, line.end.saturating_add(1).min(text.len()));
            let short = |it: &std::ops::Range<usize>| it.len() <= LINE;
            (
                if short(&before) { before.start } else { line.start },
                if short(&after) { after.end.max(line.end) } else { line.end },
            )
        } else {
            let from = offset.saturating_sub(AROUND).max(line.start);
            (text.floor_char_boundary(from), text.ceil_char_boundary((end + AROUND).min(line.end)))
        };
        let first = line_at(text, from).start;
        let line_number = text[..first].matches('\n').count();
        Self {
            name: sanitise::line(name),
            text: harmless(text.get(from..to.max(end)).unwrap_or_default()),
            begins: (line_number, text[first..from].chars().count()),
            offset: offset - from,
            length: end - offset,
            label: sanitise::line(label),
        }
    }

    /// The place.
    pub(super) fn span(&self) -> SourceSpan {
        (self.offset, self.length).into()
    }

    /// Line and column of an offset.
    fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or_default();
        match before.rsplit_once('\n') {
            Some((lines, rest)) => (self.begins.0 + 1 + lines.matches('\n').count(), rest.chars().count()),
            None => (self.begins.0, self.begins.1 + before.chars().count()),
        }
    }
}

impl SourceCode for Excerpt {
    /// All of it, whatever the lines that are asked for; without any, what the span holds, so that it tells its place.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let alone = lines_before + lines_after == 0;
        let (from, length) = if alone { (span.offset(), span.len()) } else { (0, self.text.len()) };
        let text = self.text.get(from..from + length).ok_or(MietteError::OutOfBounds)?;
        let (line, column) = self.position(from);
        let contents = MietteSpanContents::new_named(
            self.name.clone(),
            text.as_bytes(),
            (from, length).into(),
            line,
            column,
            text.lines().count(),
        );
        Ok(Box::new(contents))
    }
}

/// The line of an offset, without its end.
fn line_at(text: &str, offset: usize) -> std::ops::Range<usize> {
    let bytes = text.as_bytes();
    let offset = offset.min(bytes.len());
    let start = bytes[..offset].iter().rposition(|it| *it == b'\n').map_or(0, |at| at + 1);
    let end = bytes[offset..].iter().position(|it| *it == b'\n').map_or(bytes.len(), |at| offset + at);
    start..end
}

fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for it in text.chars() {
        if it != '\n' && it != '\t' && it != '\r' && sanitise::is_hidden(it) {
            out.extend(std::iter::repeat_n('?', it.len_utf8()));
        } else {
            out.push(if it == '\r' { ' ' } else { it });
        }
    }
    out
}
