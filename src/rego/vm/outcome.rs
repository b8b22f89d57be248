//! What comes out of an evaluation: answers, and what could not be decided and why.

use std::sync::Arc;

use crate::rego::error::RegoError;
use crate::rego::host::{HostCall, HostFailure};
use crate::rego::observe::Event;
use crate::rego::source::Span;
use crate::rego::value::{Str, Value};

/// How far an evaluation came.
#[derive(Clone, PartialEq, Debug)]
pub enum Step {
    /// The entry point is answered.
    Done(Answer),
    /// The evaluation waits for the host: call `Evaluation::resume` with its answer.
    Pending(HostCall),
}

/// The answer of one entry point.
#[derive(Clone, PartialEq, Debug)]
pub enum Answer {
    /// The rule has no value.
    Undefined,
    /// The rule's value.
    Value(Value),
    /// The solutions of a query, in the order in which they were found. None: the query is undefined.
    Results(Vec<Solution>),
    /// Something that the answer needs could not be found out.
    Undecided(Undecided),
    /// A run-time error. It ends this entry point only, unless it is [`EvalCancel`](crate::rego::error::ErrorCode):
    /// a budget that is spent stays spent.
    Error(RegoError),
}

/// One solution of a query.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Solution {
    /// The query's variables by name, sorted.
    pub bindings: Vec<(Arc<str>, Value)>,
    /// For each expression its place in the query and its value.
    pub expressions: Vec<(Span, Value)>,
}

/// An answer of which a part, or all, could not be decided.
#[derive(Clone, PartialEq, Debug)]
pub struct Undecided {
    /// Of a set or object that rules add to: what the definitions contributed that nothing undecided touched.
    /// Empty where there is no such part.
    pub decided: Option<Value>,
    /// The definitions that were stopped.
    pub stopped: Vec<Stopped>,
}

/// A definition that was stopped since it read something undecided.
#[derive(Clone, PartialEq, Debug)]
pub struct Stopped {
    /// The definition (of a query: where it read it).
    pub rule: Span,
    /// What could not be found out, there or in what it reads.
    pub causes: Arc<[Cause]>,
}

/// A call that the host could not answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Cause {
    /// The function, for example `ec.oci.blob`.
    pub function: Str,
    /// What the host said.
    pub failure: HostFailure,
    /// The call in the policy.
    pub at: Span,
}

/// Sees what an evaluation does. Events come only from policies compiled with
/// [`Observe::Statements`](crate::rego::engine::Observe). Every method does nothing unless it is overridden.
pub trait Watcher: Send {
    /// A line of `print`, and the place of the call.
    fn print(&mut self, at: Span, line: String) {
        let _ = (at, line);
    }

    /// A case of a test begins: what its rule's keys are.
    fn test_case(&mut self, keys: Value) {
        let _ = keys;
    }

    /// What happens to a definition or a statement.
    fn event(&mut self, event: &Event<'_>) {
        let _ = event;
    }

    /// A note of `trace`, and the place of the call.
    fn note(&mut self, at: Span, note: String) {
        let _ = (at, note);
    }
}
