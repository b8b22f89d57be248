//! What happened in which order, and the part of it that explains: OPA's traces, with statements as they are written.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use super::{Early, Event, Op, Subject};
use crate::rego::source::{Sources, Span};
use crate::rego::value::Value;

/// Which part of a trace is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Explain {
    /// All of it.
    Full,
    /// Notes, and how they were come to.
    Notes,
    /// Statements without a solution, and how they were come to.
    Fails,
    /// Both.
    NotesAndFails,
}

/// One line of a trace.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// What happened; nothing for a note.
    pub op: Option<Op>,
    /// To what.
    pub subject: Subject,
    /// Where.
    pub at: Span,
    /// The query, and the one around it.
    pub query: u64,
    /// See `query`.
    pub parent: u64,
    /// How many queries were open.
    pub depth: usize,
    /// The rule, or the note.
    pub text: Arc<str>,
    /// What is known besides.
    pub message: String,
    /// The named variables where a statement fails.
    pub locals: Vec<(Arc<str>, Value)>,
}

/// A trace in the making.
#[derive(Clone, Debug)]
pub struct Trace {
    explain: Explain,
    events: Vec<Recorded>,
    query: u64,
    parent: u64,
    depth: usize,
    /// Where the definitions stand that were entered, by query.
    rules: HashMap<u64, Span>,
}

impl Trace {
    /// Nothing has happened.
    pub fn new(explain: Explain) -> Self {
        Self { explain, events: Vec::new(), query: 0, parent: 0, depth: 0, rules: HashMap::new() }
    }

    /// Takes in an event.
    pub fn see(&mut self, event: &Event<'_>) {
        (self.query, self.parent, self.depth) = (event.query, event.parent, event.depth);
        let wanted = match self.explain {
            Explain::Full => true,
            Explain::Notes => event.op == Op::Enter,
            Explain::Fails | Explain::NotesAndFails => matches!(event.op, Op::Enter | Op::Fail),
        };
        if !wanted {
            return;
        }
        let early = event.early == Early::Yes;
        let message = match event.op {
            Op::Index => {
                let rules = if event.matched == 1 { "rule" } else { "rules" };
                let early = if early { ", early exit" } else { "" };
                format!("(matched {} {rules}{early})", event.matched)
            }
            Op::Exit if early => "early".to_owned(),
            _ => String::new(),
        };
        if (event.op, event.subject) == (Op::Enter, Subject::Rule) {
            self.rules.insert(event.query, event.at);
        }
        let path = event.path.iter().fold("data".to_owned(), |path, step| path + "." + step);
        self.events.push(Recorded {
            op: Some(event.op),
            subject: event.subject,
            at: event.at,
            query: event.query,
            parent: event.parent,
            depth: event.depth,
            text: if !event.path.is_empty() {
                path.into()
            } else if event.subject == Subject::Expression && self.rules.get(&event.query) == Some(&event.at)
            {
                // The body of a rule that has none.
                "true".into()
            } else {
                "".into()
            },
            message,
            locals: event.locals.to_vec(),
        });
    }

    /// Takes in a note.
    pub fn note(&mut self, at: Span, note: &str) {
        self.events.push(Recorded {
            op: None,
            subject: Subject::Expression,
            at,
            query: self.query,
            parent: self.parent,
            depth: self.depth,
            text: note.into(),
            message: String::new(),
            locals: Vec::new(),
        });
    }

    /// The part that explains.
    pub fn finish(self) -> Vec<Recorded> {
        match self.explain {
            Explain::Full => self.events,
            Explain::Notes => lineage(self.events, |it| it.op.is_none()),
            Explain::Fails => lineage(self.events, |it| it.op == Some(Op::Fail)),
            Explain::NotesAndFails => lineage(self.events, |it| matches!(it.op, None | Some(Op::Fail))),
        }
    }
}

/// The wanted events, each behind those of the open queries that were not shown before.
fn lineage(events: Vec<Recorded>, wanted: impl Fn(&Recorded) -> bool) -> Vec<Recorded> {
    let mut entered: HashMap<u64, Recorded> = HashMap::new();
    let mut kept = Vec::new();
    for event in events {
        if wanted(&event) {
            let mut path = Vec::new();
            let mut query = event.query;
            while let Some(opened) = entered.remove(&query) {
                query = opened.parent;
                path.push(opened);
            }
            kept.extend(path.into_iter().rev());
            entered.clear();
            kept.push(event);
        } else if event.op == Some(Op::Enter) {
            entered.insert(event.query, event);
        }
    }
    kept
}

impl Recorded {
    /// `file.rego:12`, or `query:1`.
    pub fn place(&self, sources: &Sources) -> String {
        let name = sources.name(self.at);
        let name = if name.is_empty() { "query" } else { name };
        format!("{name}:{}", sources.position(self.at).row)
    }

    /// What it is about: the rule, or the statement on one line.
    pub fn about(&self, sources: &Sources) -> String {
        match (self.op, self.text.is_empty()) {
            (None, _) => format!("{:?}", self.text),
            (Some(_), false) => self.text.to_string(),
            (Some(_), true) => sources.snippet(self.at).split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }

    /// The line without its place: one bar for each query around it.
    pub fn line(&self, sources: &Sources) -> String {
        let bars = if self.op == Some(Op::Enter) { self.depth.saturating_sub(1) } else { self.depth };
        let mut line = "| ".repeat(bars);
        let word: &dyn fmt::Display = match &self.op {
            Some(op) => op,
            None => &"Note",
        };
        let _ = write!(line, "{word} {}", self.about(sources));
        if !self.message.is_empty() {
            line = line + " " + &self.message;
        }
        line
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Enter => "Enter",
            Self::Eval => "Eval",
            Self::Redo => "Redo",
            Self::Fail => "Fail",
            Self::Exit => "Exit",
            Self::Index => "Index",
        })
    }
}

/// The lines of a trace under each other, with their places in front.
pub fn table(events: &[Recorded], sources: &Sources) -> String {
    let rows: Vec<(String, String)> =
        events.iter().map(|event| (event.place(sources), event.line(sources))).collect();
    // OPA's gap.
    let width = rows.iter().map(|(place, _)| place.chars().count()).max().unwrap_or(0) + 4;
    rows.iter().fold(String::new(), |all, (place, line)| all + &format!("{place:width$} {line}\n"))
}
