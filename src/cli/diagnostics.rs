//! What is wrong, as a person reads it: the first line is `Error: …` as the Go tool prints it; where the user wrote a
//! file, an excerpt points into it; a last line helps on.

use std::fmt::{self, Write as _};

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};

use super::excerpt::Excerpt;
use crate::json::ReadError;
use crate::report::sanitise;

/// Columns to which help texts are wrapped.
const WIDTH: usize = 120;

/// Complaints that are told one by one; a document may have as many as it has lines.
const TOLD: usize = 50;

/// One complaint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    message: String,
    help: Option<String>,
    /// Boxed, since a diagnostic is what everything here returns when it fails.
    excerpt: Option<Box<Excerpt>>,
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
        label: impl AsRef<str>,
    ) -> Self {
        self.excerpt = Some(Box::new(Excerpt::of(name, text, offset, length, label.as_ref())));
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
        let shown = Shown { help: self.help.as_deref(), excerpt: self.excerpt.as_deref() };
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
}

/// All complaints, one below the other.
pub fn render(diagnostics: &[Diagnostic], theme: &GraphicalTheme) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics.iter().take(TOLD) {
        out.push_str("Error: ");
        out.push_str(&sanitise::block(&diagnostic.message));
        out.push('\n');
        if diagnostic.help.is_some() || diagnostic.excerpt.is_some() {
            out.push_str(&diagnostic.details(theme.clone()));
        }
    }
    if let Some(more) = diagnostics.len().checked_sub(TOLD).filter(|more| *more > 0) {
        let _ = writeln!(out, "Error: and {more} more");
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

/// As miette sees it; the message is left out.
#[derive(Debug)]
struct Shown<'a> {
    help: Option<&'a str>,
    excerpt: Option<&'a Excerpt>,
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
        self.excerpt.map(|excerpt| excerpt as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let excerpt = self.excerpt?;
        let label = LabeledSpan::new_with_span(Some(excerpt.label.clone()), excerpt.span());
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
    fn of_a_line_without_end_only_the_place_is_shown() {
        let text =
            format!("{{\"a\": 1, {}\"x\": é, {}}}", "\"b\": 2, ".repeat(10_000), "\"c\": 3, ".repeat(10_000));
        let offset = text.find('é').expect("there");
        let diagnostic = Diagnostic::new("no value").within("snapshot.json", &text, offset, 2, "here");
        insta::assert_snapshot!(plain(&[diagnostic]), @r#"
        Error: no value
           ╭─[snapshot.json:1:80015]
         1 │ b": 2, "b": 2, "b": 2, "b": 2, "b": 2, "b": 2, "b": 2, "x": é, "c": 3, "c": 3, "c": 3, "c": 3, "c": 3, "c": 3, "c": 3, "c
           ·                                                             ┬
           ·                                                             ╰── here
           ╰────
        "#);
        let diagnostic = Diagnostic::new("no value").within("snapshot.json", &text, offset, 99_999, "here");
        assert!(plain(&[diagnostic]).len() < 2000);
    }

    #[test]
    fn of_very_many_complaints_the_first_are_told() {
        let many: Vec<_> = (0..1000).map(Diagnostic::new).collect();
        let told = plain(&many);
        assert_eq!((told.lines().count(), told.lines().last()), (51, Some("Error: and 950 more")));
    }

    #[test]
    fn a_place_beyond_the_text_harms_nobody() {
        for (offset, length) in [(0, 0), (3, 1), (9, 9), (usize::MAX, usize::MAX), (1, usize::MAX)] {
            let diagnostic = Diagnostic::new("m").within("f", "é\nx", offset, length, "here");
            assert!(plain(&[diagnostic]).contains("here"));
        }
    }
}
