//! Errors of reading, analysing and evaluating Rego, with OPA's codes, wording and places.
//!
//! Rendering here is plain text for logs and tests; diagnostics for people are drawn at the edge of the
//! program from the same fields.

use std::fmt;

use super::budget::Exceeded;
use super::source::{Sources, Span};
use super::value::Value;

/// What kind of error it is, spelled as OPA does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorCode {
    /// The text is not Rego.
    Parse,
    /// The text is Rego, but means nothing.
    Compile,
    /// A variable that no expression binds.
    UnsafeVar,
    /// A rule that needs itself.
    Recursion,
    /// Wrong types or number of arguments, unknown functions.
    Type,
    /// Two rules gave different values for one name.
    EvalConflict,
    /// A value of a type that cannot be used so, found while evaluating.
    EvalType,
    /// A builtin function refused its arguments.
    EvalBuiltin,
    /// `with` replaced two values that do not go together.
    EvalWithMerge,
    /// The evaluation was stopped: cancelled, or out of its budget.
    EvalCancel,
    /// A defect of the engine.
    EvalInternal,
}

impl ErrorCode {
    /// OPA's text of the code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Parse => "rego_parse_error",
            Self::Compile => "rego_compile_error",
            Self::UnsafeVar => "rego_unsafe_var_error",
            Self::Recursion => "rego_recursion_error",
            Self::Type => "rego_type_error",
            Self::EvalConflict => "eval_conflict_error",
            Self::EvalType => "eval_type_error",
            Self::EvalBuiltin => "eval_builtin_error",
            Self::EvalWithMerge => "eval_with_merge_error",
            Self::EvalCancel => "eval_cancel_error",
            Self::EvalInternal => "eval_internal_error",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What OPA adds beneath the message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Details {
    /// Nothing.
    #[default]
    None,
    /// The line of the source with a mark under the place (errors of the parser proper).
    SourceLine,
    /// What types have to do with it, such as what a call has and what it wants.
    Types(Box<TypeDetails>),
}

/// See [`Details::Types`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeDetails {
    /// Lines of text.
    pub lines: Vec<String>,
    /// The same as OPA's JSON has it, but for names and descriptions of the arguments of builtins.
    pub json: Value,
}

/// One error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct RegoError {
    /// Kind of error.
    pub code: ErrorCode,
    /// OPA's wording, without place and code.
    pub message: String,
    /// Where, if it is anywhere.
    pub span: Option<Span>,
    /// What stands beneath the message.
    pub details: Details,
    /// What was spent, where the evaluation was stopped ([`ErrorCode::EvalCancel`]).
    pub spent: Option<Exceeded>,
}

impl RegoError {
    /// An error without details.
    pub fn new(code: ErrorCode, message: impl Into<String>, span: Option<Span>) -> Self {
        Self { code, message: message.into(), span, details: Details::None, spent: None }
    }

    /// The same error with details.
    #[must_use]
    pub fn with_details(self, details: Details) -> Self {
        Self { details, ..self }
    }

    /// The end of an evaluation that spent what it had, or was asked to stop.
    pub fn stopped(spent: Exceeded, span: Option<Span>) -> Self {
        Self { spent: Some(spent), ..Self::new(ErrorCode::EvalCancel, spent.to_string(), span) }
    }

    /// `file:row:col: code: message`, the details, and the line of the source with a mark under the place.
    pub fn render(&self, sources: &Sources) -> String {
        let mut out = String::new();
        if let Some(span) = self.span {
            let position = sources.position(span);
            let name = sources.name(span);
            let separator = if name.is_empty() { "" } else { ":" };
            out = match position.row {
                0 => format!("{name}{separator} "),
                row => format!("{name}{separator}{row}:{}: ", position.col),
            };
        }
        self.push_message(&mut out);
        self.push_excerpt(&mut out, sources);
        out
    }

    /// Code, message and lines of details.
    fn push_message(&self, out: &mut String) {
        out.push_str(self.code.as_str());
        out.push_str(": ");
        out.push_str(&self.message);
        if let Details::Types(details) = &self.details {
            for line in &details.lines {
                out.push_str("\n\t");
                out.push_str(line);
            }
        }
    }

    fn push_excerpt(&self, out: &mut String, sources: &Sources) {
        let excerpt = self.span.and_then(|span| Excerpt::of(sources, span));
        for line in excerpt.iter().flat_map(Excerpt::lines) {
            out.push_str("\n\t");
            out.push_str(&line);
        }
    }

    /// The error as OPA prints it inside messages of builtins: `file:row: code: message` and details.
    pub fn opa_text(&self, sources: &Sources) -> String {
        let mut out = String::new();
        if let Some(span) = self.span {
            let name = sources.name(span);
            let row = sources.position(span).row;
            out = if name.is_empty() {
                format!("{row}:{}: ", sources.position(span).col)
            } else {
                format!("{name}:{row}: ")
            };
        }
        self.push_message(&mut out);
        if self.details == Details::SourceLine {
            self.push_excerpt(&mut out, sources);
        }
        out
    }
}

/// The line of source that an error is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt<'a> {
    /// The line without its end.
    pub line: &'a str,
    /// Byte of the line that is meant. Where white space or the end of the file is, that is the last character
    /// before it.
    pub index: usize,
}

/// Longest line shown in an excerpt, in bytes: a minified source must not flood a terminal.
const MAX_EXCERPT_BYTES: usize = 1000;

impl<'a> Excerpt<'a> {
    /// The excerpt for a span. None for empty files and for lines too long to show.
    pub fn of(sources: &'a Sources, span: Span) -> Option<Self> {
        let source = sources.get(span.source)?;
        let before = source.text().get(..=span.start as usize).unwrap_or_else(|| source.text());
        let end = before.trim_end();
        let index = end.len() - end.chars().next_back()?.len_utf8();
        let (start, line) = source.line_around(index);
        (line.len() <= MAX_EXCERPT_BYTES).then_some(Self { line, index: index.saturating_sub(start) })
    }

    /// The line, and under it a mark; tabs before the line are left out.
    fn lines(&self) -> [String; 2] {
        let shown = self.line.trim_start_matches('\t');
        let tabs = self.line.len() - shown.len();
        let before = shown.get(..self.index.saturating_sub(tabs)).unwrap_or_default();
        // Tabs stay tabs, so that the mark stands under its character whatever a tab's width is.
        let pad: String = before.chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        [shown.to_owned(), format!("{pad}^")]
    }
}

/// Several errors, at least one, in the order of [`Errors::sort`] where a whole phase reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Errors(pub Vec<RegoError>);

impl Errors {
    /// `Ok(value)` where there are no errors.
    ///
    /// # Errors
    /// Itself, unless it is empty.
    pub fn into_result<T>(self, value: T) -> Result<T, Errors> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// Orders by file name, row, column and message; what has no place comes first.
    pub fn sort(&mut self, sources: &Sources) {
        self.0.sort_by_cached_key(|error| {
            let place = error.span.map(|span| (sources.name(span).to_owned(), sources.position(span)));
            (place, error.message.clone())
        });
    }

    /// Every error rendered, one under the other.
    pub fn render(&self, sources: &Sources) -> String {
        self.0.iter().map(|error| error.render(sources)).collect::<Vec<_>>().join("\n")
    }

    /// OPA's text for a list of errors.
    pub fn opa_text(&self, sources: &Sources) -> String {
        match self.0.as_slice() {
            [] => "no error(s)".to_owned(),
            [one] => format!("1 error occurred: {}", one.opa_text(sources)),
            many => {
                let all: Vec<_> = many.iter().map(|error| error.opa_text(sources)).collect();
                format!("{} errors occurred:\n{}", many.len(), all.join("\n"))
            }
        }
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Errors {}

impl From<RegoError> for Errors {
    fn from(error: RegoError) -> Self {
        Errors(vec![error])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_at(sources: &mut Sources, name: &str, text: &str, start: u32) -> RegoError {
        let source = sources.add(name, text).unwrap();
        RegoError::new(ErrorCode::Parse, "unexpected eof token", Some(Span { source, start, end: start }))
            .with_details(Details::SourceLine)
    }

    #[test]
    fn an_error_is_shown_with_its_line_and_a_mark() {
        let mut sources = Sources::new();
        let error = error_at(&mut sources, "f.rego", "package a\n\n\tp :=\n", 17);
        assert_eq!(
            error.render(&sources),
            "f.rego:4:0: rego_parse_error: unexpected eof token\n\tp :=\n\t   ^"
        );
    }

    #[test]
    fn errors_are_ordered_by_file_row_column() {
        let mut sources = Sources::new();
        let b = error_at(&mut sources, "b.rego", "package a\np :=", 9);
        let a2 = error_at(&mut sources, "a.rego", "package a\np :=", 14);
        let a1 = RegoError { span: a2.span.map(|span| Span { start: 2, ..span }), ..a2.clone() };
        let mut errors = Errors(vec![b.clone(), a2.clone(), a1.clone()]);
        errors.sort(&sources);
        assert_eq!(errors.0, [a1, a2, b]);
    }
}
