//! Watches an evaluation for a command: prints, and what else is wanted.

use std::sync::{Arc, Mutex, PoisonError};

use crate::rego::observe::Event;
use crate::rego::observe::coverage::Coverage;
use crate::rego::observe::profile::Profile;
use crate::rego::observe::trace::Trace;
use crate::rego::source::Span;
use crate::rego::value::Value;
use crate::rego::vm::Watcher;

/// What was seen. What is there at first is filled; where there is nothing, nobody looks.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) prints: String,
    pub(super) coverage: Option<Coverage>,
    pub(super) profile: Option<Profile>,
    pub(super) trace: Option<Trace>,
    /// The keys of test cases that began.
    pub(super) cases: Vec<Value>,
}

/// The evaluation has one half, the command the other.
#[derive(Clone, Default)]
pub(super) struct Eyes(Arc<Mutex<Seen>>);

impl Eyes {
    pub(super) fn new(seen: Seen) -> Self {
        Self(Arc::new(Mutex::new(seen)))
    }

    /// What was seen until now; nothing stays.
    pub(super) fn take(&self) -> Seen {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn with(&self, tell: impl FnOnce(&mut Seen)) {
        tell(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Watcher for Eyes {
    fn print(&mut self, _: Span, line: String) {
        self.with(|seen| seen.prints += &(line + "\n"));
    }

    fn note(&mut self, at: Span, note: String) {
        self.with(|seen| seen.trace.iter_mut().for_each(|trace| trace.note(at, &note)));
    }

    fn event(&mut self, event: &Event<'_>) {
        self.with(|seen| {
            seen.coverage.iter_mut().for_each(|it| it.see(event));
            seen.profile.iter_mut().for_each(|it| it.see(event));
            seen.trace.iter_mut().for_each(|it| it.see(event));
        });
    }

    fn test_case(&mut self, keys: Value) {
        self.with(|seen| seen.cases.push(keys));
    }
}
