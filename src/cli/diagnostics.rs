//! What is wrong, as a person reads it: the first line is `Error: …` as the Go tool prints it; where the user wrote a
//! file, an excerpt points into it; a last line helps on.

use std::fmt;
use std::ops::Range;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode, SourceSpan};

use crate::json::ReadError;
use crate::report::sanitise;

/// Columns in which help and labels are wrapped.
const WIDTH: usize = 120;

/// Bytes of a line that is shown whole; of a longer one (a snapshot in one line of JSON) only what is near the place.
const LINE: usize = 240;

/// Bytes shown before and after a place in such a line.
const NEAR: usize = 80;

/// One complaint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    message: String,
    help: Option<String>,
    /// Boxed, since a diagnostic is what everything here returns when it fails.
    excerpt: Option<Box<Excerpt>>,
}

/// Where in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Excerpt {
    name: String,
    text: String,
    offset: usize,
    length: usize,
    label: String,
}

impl Excerpt {
    /// The line of the place with its neighbours, or the part of it that is near.
    fn around(name: &str, text: &str, place: Range<usize>, label: String) -> Self {
        let start = text[..place.start].rfind('\n').map_or(0, |at| at + 1);
        let end = text[place.start..].find('\n').map_or(text.len(), |at| place.start + at);
        if end - start <= LINE {
            // Neighbours may be long, too; then only the line itself is shown.
            let above = text[..start].trim_end_matches('\n').rfind('\n').map_or(0, |at| at + 1);
            let below = text[end..].get(1..).map_or(0, |rest| rest.find('\n').unwrap_or(rest.len()));
            let (above, below) = (if start - above <= LINE { above } else { start }, below.min(LINE) + 1);
            let shown = above..text.ceil_char_boundary((end + below).min(text.len()));
            let lines_before = text[..above].matches('\n').count();
            let padding = "\n".repeat(lines_before);
            let offset = place.start - above + padding.len();
            let length = place.end.min(shown.end) - place.start;
            return Self { name: name.to_owned(), text: padding + &text[shown], offset, length, label };
        }
        let from = text.floor_char_boundary(place.start.saturating_sub(NEAR).max(start));
        let to = text.ceil_char_boundary((place.start + 2 * NEAR).min(end));
        let column = text[start..place.start].chars().count() + 1;
        Self {
            name: format!("{name}, around column {column}"),
            text: text[from..to].to_owned(),
            offset: place.start - from,
            length: place.end.min(to) - place.start,
            label,
        }
    }
}

impl Diagnostic {
    /// A complaint without a place.
    pub fn new(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), help: None, excerpt: None }
    }

    /// What the user can do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Points into a document: so many bytes from an offset.
    #[must_use]
    pub fn within(
        mut self,
        name: &str,
        text: &str,
        offset: usize,
        length: usize,
        label: impl Into<String>,
    ) -> Self {
        let offset = text.floor_char_boundary(offset.min(text.len().saturating_sub(1)));
        let end = text.ceil_char_boundary(offset.saturating_add(length.max(1)).min(text.len()));
        self.excerpt = Some(Box::new(Excerpt::around(name, text, offset..end, label.into())));
        self
    }

    /// A document that was refused: the message names it and the place, the excerpt shows it.
    pub fn refused(what: &str, name: &str, bytes: &[u8], error: &ReadError) -> Self {
        let diagnostic = Self::new(format_args!("{what}: {name}: {error}"));
        match (error.position, str::from_utf8(bytes)) {
            (Some(position), Ok(text)) => {
                let length = word_at(text, position.offset);
                diagnostic.within(name, text, position.offset, length, error.kind.to_string())
            }
            _ => diagnostic,
        }
    }

    /// The first line without `Error: `.
    pub fn message(&self) -> &str {
        &self.message
    }

    fn details(&self, theme: GraphicalTheme) -> String {
        let shown =
            Shown { help: self.help.as_deref(), excerpt: self.excerpt.as_deref(), source: self.source() };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(WIDTH)
            .with_links(false)
            .without_syntax_highlighting();
        let mut out = String::new();
        if handler.render_report(&mut out, &shown).is_err() {
            return String::new();
        }
        // The message stands in our own first line already.
        out.split_once('\n').map(|(_, details)| details.to_owned()).unwrap_or_default()
    }

    fn source(&self) -> Option<NamedSource<String>> {
        let excerpt = self.excerpt.as_ref()?;
        Some(NamedSource::new(sanitise::line(&excerpt.name), harmless(&excerpt.text)))
    }
}

/// All complaints, one below the other.
pub fn render(diagnostics: &[Diagnostic], theme: &GraphicalTheme) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        out.push_str("Error: ");
        out.push_str(&sanitise::block(&diagnostic.message));
        out.push('\n');
        if diagnostic.help.is_some() || diagnostic.excerpt.is_some() {
            out.push_str(&diagnostic.details(theme.clone()));
        }
    }
    out
}

/// The messages alone, joined by newlines.
pub fn messages(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(Diagnostic::message).collect::<Vec<_>>().join("\n")
}

/// To the end of the word, or of what stands for one; at least one byte, at most one line.
fn word_at(text: &str, offset: usize) -> usize {
    let rest = text.get(offset..).unwrap_or("");
    let end = rest.find(|it: char| it.is_whitespace() || matches!(it, ',' | ':' | '}' | ']'));
    end.unwrap_or(rest.len()).max(1)
}

/// The document with everything hidden replaced by as many question marks, so that offsets stay.
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

/// As miette sees it; the message is left out.
#[derive(Debug)]
struct Shown<'a> {
    help: Option<&'a str>,
    excerpt: Option<&'a Excerpt>,
    source: Option<NamedSource<String>>,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.map(|help| Box::new(sanitise::line(help)) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let excerpt = self.excerpt?;
        let span = SourceSpan::from((excerpt.offset, excerpt.length));
        let label = LabeledSpan::new_with_span(Some(sanitise::line(&excerpt.label)), span);
        Some(Box::new(std::iter::once(label)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(diagnostics: &[Diagnostic]) -> String {
        render(diagnostics, &GraphicalTheme::unicode_nocolor())
    }

    #[test]
    fn a_place_is_shown_below_the_message() {
        let text = "components:\n- name: a\n  containerImage: UPPER/x\n";
        let offset = text.find("UPPER").expect("there");
        let diagnostic = Diagnostic::new("could not parse reference")
            .within("snapshot.yaml", text, offset, 7, "not a reference")
            .help("use host/path@sha256:…");
        insta::assert_snapshot!(plain(&[diagnostic, Diagnostic::new("another")]), @r#"
        Error: could not parse reference
           ╭─[snapshot.yaml:3:19]
         2 │ - name: a
         3 │   containerImage: UPPER/x
           ·                   ───┬───
           ·                      ╰── not a reference
           ╰────
          help: use host/path@sha256:…
        Error: another
        "#);
    }

    #[test]
    fn threat_46_what_was_read_reaches_the_terminal_harmless() {
        let text = "a: \u{1b}[2J\u{202e}x\u{7}\r\n";
        let diagnostic = Diagnostic::new("bad \u{1b}]8;;\n::error::x")
            .within("s\u{1b}.yaml", text, 3, 4, "\u{1b}here")
            .help("\u{9b}help");
        let shown = plain(&[diagnostic]);
        assert!(!shown.chars().any(|it| it != '\n' && sanitise::is_hidden(it)), "{shown:?}");
        assert!(!shown.lines().any(|line| line.trim_start().starts_with("::")));
    }

    #[test]
    fn of_a_long_line_only_what_is_near_is_shown() {
        let text = format!("{{\n{}\"here\": 1{}\n}}\n", "x".repeat(5000), "y".repeat(5000));
        let offset = text.find("here").expect("there");
        let shown = plain(&[Diagnostic::new("m").within("f", &text, offset, 4, "this")]);
        assert!(
            shown.len() < 2000 && shown.contains("\"here\"") && shown.contains("around column 5002"),
            "{shown}"
        );
        let after = format!("a: 1\nb: 2\n{}\n", "z".repeat(5000));
        let shown = plain(&[Diagnostic::new("m").within("f", &after, 5, 1, "this")]);
        assert!(shown.len() < 2000 && shown.contains("f:2:1"), "{shown}");
    }

    #[test]
    fn a_place_beyond_the_text_harms_nobody() {
        for (offset, length) in [(0, 0), (3, 1), (9, 9), (usize::MAX, usize::MAX), (1, usize::MAX)] {
            let diagnostic = Diagnostic::new("m").within("f", "é\nx", offset, length, "here");
            assert!(plain(&[diagnostic]).contains("here"));
        }
    }
}
