//! Recursive descent from tokens to the tree.
//!
//! What OPA refuses, and with which words at which place, follows from the order in which it tries readings
//! and from which errors it forgets when it goes back. The parser keeps that order, so that a policy author
//! meets the same message; it differs where repetition would cost more than linear time:
//! - where OPA goes back to read a term again as the first operand of an operator, this parser goes on from
//!   the term it has;
//! - what is read inside a comprehension's body, which may have to be read again as a list, is remembered by
//!   its place ([`memo`]).
//!
//! Nesting is limited ([`MAX_DEPTH`]); beyond it reading stops at once with one error.

mod body;
mod composite;
mod infix;
mod literal;
mod memo;
mod module;
mod rule;
mod statement;
mod term;
#[cfg(test)]
mod tests;
mod v1;

use std::collections::HashMap;
use std::sync::Arc;

use super::super::error::{Details, ErrorCode, RegoError};
use super::super::source::{SourceId, Span};
use super::ast::{Comment, Name, Term, TermKind};
use super::lexer::{Lexer, Template, Token};
use super::token::Kind;

pub use module::{parse_module, parse_module_only, parse_query, parse_term};

/// Deepest nesting of terms, bodies and operators, and most steps of a reference and branches of an `else`, which
/// become nesting later. Every pass over the tree recurses; in a build without optimisation a level takes up to 5 KiB of stack in this parser, so this fits in a thread's 2 MiB.
pub const MAX_DEPTH: u32 = 256;

/// Names that are found without looking for them: files repeat a few dozens of them over and over.
const RECENT: usize = 128;

fn place_of(name: &str) -> usize {
    let bytes = name.as_bytes();
    let ends = [bytes.first(), bytes.get(bytes.len() / 2), bytes.last()];
    ends.into_iter().flatten().fold(bytes.len(), |place, byte| place * 31 + usize::from(*byte)) % RECENT
}

/// Whether `key, value in xs` may stand here: not between the commas of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pair {
    Allowed,
    InList,
}

/// What [`Parser::restore`] goes back to.
#[derive(Clone, Copy, Debug)]
struct State {
    kind: Kind,
    start: u32,
    end: u32,
    /// End of the last token that is not white space, before the current one.
    last_end: u32,
    /// Whether a line ended between that token and the current one.
    skipped_newline: bool,
    wildcards: u32,
    errors: usize,
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    source: SourceId,
    state: State,
    errors: Vec<RegoError>,
    hints: Vec<&'static str>,
    comments: Vec<Comment>,
    names: HashMap<&'a str, Name, foldhash::quality::RandomState>,
    recent: [Option<Name>; RECENT],
    memo: memo::Memo,
    depth: u32,
    /// Height of the tree that was read last: of a term, an expression or a body.
    height: u32,
    /// Set once nesting was too deep: nothing is read any more.
    stopped: bool,
    /// Tokens read, repetitions included: the measure of work in tests.
    steps: u64,
}

impl<'a> Parser<'a> {
    fn new(source: SourceId, text: &'a str) -> Self {
        let lexer = Lexer::new(text);
        let start = lexer.first();
        let state = State {
            kind: Kind::Illegal,
            start,
            end: start,
            last_end: start,
            skipped_newline: false,
            wildcards: 0,
            errors: 0,
        };
        let mut parser = Self {
            lexer,
            source,
            state,
            errors: Vec::new(),
            hints: Vec::new(),
            comments: Vec::new(),
            names: HashMap::default(),
            recent: [const { None }; RECENT],
            memo: memo::Memo::default(),
            depth: 0,
            height: 0,
            stopped: false,
            steps: 0,
        };
        parser.scan();
        parser
    }

    // Tokens.

    fn kind(&self) -> Kind {
        self.state.kind
    }

    fn at(&self, kind: Kind) -> bool {
        self.state.kind == kind
    }

    /// The current token.
    fn here(&self) -> Span {
        self.span(self.state.start, self.state.end)
    }

    fn span(&self, start: u32, end: u32) -> Span {
        Span { source: self.source, start, end: end.max(start) }
    }

    /// From `start` to the last token before the current one.
    fn since(&self, start: Span) -> Span {
        self.span(start.start, self.state.last_end)
    }

    /// Text of the current token.
    fn text(&self) -> &'a str {
        self.lexer.text().get(self.state.start as usize..self.state.end as usize).unwrap_or_default()
    }

    /// The next token that is neither white space nor a comment.
    fn scan(&mut self) {
        loop {
            self.scan_any(None);
            if self.kind() != Kind::Whitespace {
                return;
            }
        }
    }

    /// The next token that is no comment.
    fn scan_or_space(&mut self) {
        self.scan_any(None);
    }

    /// The rest of a template string, after the `}` that is the current token.
    fn scan_template(&mut self, template: Template) {
        self.scan_any(Some(template));
    }

    fn scan_any(&mut self, mut template: Option<Template>) {
        if self.kind() != Kind::Whitespace {
            self.state.last_end = self.state.end;
            self.state.skipped_newline = false;
        }
        loop {
            self.steps += 1;
            let token = match template.take() {
                Some(template) => self.lexer.template(self.state.end, template),
                None => self.lexer.token(self.state.end),
            };
            self.take(token);
            match self.kind() {
                Kind::Comment => self.keep_comment(),
                Kind::Whitespace => {
                    self.state.skipped_newline |= self.text().contains('\n');
                    return;
                }
                _ => return,
            }
        }
    }

    fn take(&mut self, token: Token) {
        (self.state.kind, self.state.start, self.state.end) = (token.kind, token.start, token.end);
        if self.stopped {
            self.state.kind = Kind::Eof;
        } else if !token.errors.is_empty() {
            for message in token.errors {
                self.error(self.here(), message);
            }
            self.state.kind = Kind::Illegal;
        }
    }

    /// Comments are kept once, however often their place is read.
    fn keep_comment(&mut self) {
        let span = self.here();
        if self.comments.last().is_none_or(|last| last.span.start < span.start) {
            let text = self.text().get(1..).unwrap_or_default();
            let text = text.strip_suffix('\r').unwrap_or(text);
            self.comments.push(Comment { text: text.into(), span });
        }
    }

    /// Whether a keyword is used as a name, the first part of a reference: `.` or `[` follows at once.
    fn keyword_begins_reference(&self) -> bool {
        let next = self.lexer.text().as_bytes().get(self.state.end as usize);
        matches!(next, Some(b'.' | b'[')) && self.kind().is_keyword()
    }

    /// Turns a keyword that begins a reference into a name.
    fn allow_keyword_reference(&mut self) {
        if self.keyword_begins_reference() {
            self.state.kind = Kind::Ident;
        }
    }

    // Going back.

    fn save(&self) -> State {
        State { errors: self.errors.len(), ..self.state }
    }

    fn restore(&mut self, state: State) {
        if !self.stopped {
            self.errors.truncate(state.errors);
            self.state = state;
        }
    }

    // Errors.

    fn error(&mut self, span: Span, message: impl Into<String>) {
        if self.stopped {
            return;
        }
        let mut message = message.into();
        let hints = self.hints.join(", ");
        message = match self.hints.len() {
            0 => message,
            1 => format!("{message} (hint: {hints})"),
            _ => format!("{message} (hints: {hints})"),
        };
        self.hints.clear();
        let error = RegoError::new(ErrorCode::Parse, message, Some(span));
        self.errors.push(error.with_details(Details::SourceLine));
    }

    /// The current token cannot stand here.
    fn unexpected(&mut self) {
        self.illegal(None);
    }

    /// The current token cannot stand here, and what could.
    fn expected(&mut self, note: &str) {
        self.illegal(Some(note));
    }

    fn illegal(&mut self, note: Option<&str>) {
        if self.at(Kind::Illegal) {
            return self.error(self.here(), "illegal token");
        }
        let kind = if self.kind().is_keyword() { "keyword" } else { "token" };
        let word = self.kind().word();
        let message = match note {
            Some(note) => format!("unexpected {word} {kind}: {note}"),
            None => format!("unexpected {word} {kind}"),
        };
        self.error(self.here(), message);
    }

    // Depth.

    /// Counts a level of recursion; none where there are too many.
    fn enter(&mut self) -> Option<()> {
        if self.depth >= MAX_DEPTH {
            self.stop();
        }
        if self.stopped {
            return None;
        }
        self.depth += 1;
        Some(())
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Says that a tree was built over trees of at most this height.
    fn grow(&mut self, height: u32) -> Option<()> {
        if height >= MAX_DEPTH {
            self.stop();
        }
        self.height = height + 1;
        (!self.stopped).then_some(())
    }

    /// Refuses a sequence that would become too deep a tree.
    fn bound(&mut self, length: usize) -> Option<()> {
        if length >= MAX_DEPTH as usize {
            self.stop();
        }
        (!self.stopped).then_some(())
    }

    fn stop(&mut self) {
        if !self.stopped {
            self.errors.clear();
            self.hints.clear();
            self.error(self.here(), "max parsing recursion depth exceeded");
            self.stopped = true;
            self.state.kind = Kind::Eof;
        }
    }

    // Small things.

    /// One shared copy of each name in a file.
    fn name(&mut self, text: &'a str) -> Name {
        let recent = &mut self.recent[place_of(text)];
        match recent {
            Some(known) if known.as_ref() == text => Arc::clone(known),
            _ => {
                let name = Arc::clone(self.names.entry(text).or_insert_with(|| text.into()));
                *recent = Some(Arc::clone(&name));
                name
            }
        }
    }

    fn leaf(&mut self, kind: TermKind) -> Term {
        self.height = 1;
        Term { kind, span: self.here() }
    }
}
