//! What a watcher is told of an evaluation: OPA's trace events. The code of a policy has them only where it was
//! compiled with [`Observe::Statements`](crate::rego::engine::Observe).
//!
//! A *query* is one evaluation of a body: a definition's, a comprehension's, that of `not` or of `every`. Queries nest,
//! and one that was left is never gone back to.
//!
//! [`coverage`], [`profile`] and [`trace`] are made of events.

pub mod coverage;
pub mod profile;
pub mod trace;

use std::sync::Arc;

use super::source::Span;
use super::value::{Str, Value};

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    /// A query begins.
    Enter,
    /// A statement is reached.
    Eval,
    /// A statement is asked for another solution.
    Redo,
    /// A statement had no solution.
    Fail,
    /// A query has a solution.
    Exit,
    /// It is known which definitions may hold.
    Index,
}

/// To what.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Subject {
    /// A definition.
    Rule,
    /// A body within one, or a query's.
    Body,
    /// A statement.
    Expression,
}

/// One event.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// What happened.
    pub op: Op,
    /// To what.
    pub subject: Subject,
    /// Where it stands; [`Op::Index`]: the statement that asks.
    pub at: Span,
    /// Of definitions their head, which may begin in a later line.
    pub head: Span,
    /// The rule's path below `data`; else empty.
    pub path: &'a [Str],
    /// Which statement of its body it is, of those that the body was rewritten to.
    pub number: u32,
    /// The query, from 1.
    pub query: u64,
    /// The query around it; 0 for none.
    pub parent: u64,
    /// How many queries are open.
    pub depth: usize,
    /// The query will not be asked for more.
    pub early: Early,
    /// [`Op::Index`]: how many definitions may hold.
    pub matched: usize,
    /// The variables that the source names and their values, where a statement fails.
    pub locals: &'a [(Arc<str>, Value)],
}

/// Whether the first solution is enough.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Early {
    /// There may be more.
    No,
    /// All solutions are the same.
    Yes,
}
