//! Where the time goes, by line: OPA's profile. The time from a statement's event to the next one is the statement's.

use std::collections::{BTreeMap, BTreeSet};

use super::{Event, Op, Subject};
use crate::rego::budget::Clock;
use crate::rego::source::{SourceId, Sources, Span};

/// What is counted of a line, or of what begins at one place of it.
#[derive(Clone, Debug)]
pub struct Line {
    /// The first statement that was seen there.
    pub at: Span,
    /// In nanoseconds.
    pub time_ns: u64,
    /// How often a statement was reached.
    pub evals: u64,
    /// How often one was asked for another solution.
    pub redos: u64,
    /// How many statements the line's were rewritten to.
    pub statements: usize,
    numbers: BTreeSet<u32>,
}

/// A profile in the making.
pub struct Profile {
    clock: Clock,
    places: BTreeMap<(SourceId, u32), Line>,
    running: Option<(Span, u64)>,
}

impl Profile {
    /// Nothing is counted yet.
    pub fn new(clock: Clock) -> Self {
        Self { clock, places: BTreeMap::new(), running: None }
    }

    /// Takes in an event.
    pub fn see(&mut self, event: &Event<'_>) {
        if event.subject != Subject::Expression || !matches!(event.op, Op::Eval | Op::Redo) {
            return;
        }
        self.stop();
        let line = self.places.entry((event.at.source, event.at.start)).or_insert_with(|| Line {
            at: event.at,
            time_ns: 0,
            evals: 0,
            redos: 0,
            statements: 0,
            numbers: BTreeSet::new(),
        });
        if event.op == Op::Eval {
            line.evals += 1;
        } else {
            line.redos += 1;
        }
        line.numbers.insert(event.number);
        self.running = Some((event.at, (self.clock)()));
    }

    /// The evaluation is over: what ran last runs no longer.
    pub fn stop(&mut self) {
        let now = (self.clock)();
        if let Some((at, since)) = self.running.take()
            && let Some(line) = self.places.get_mut(&(at.source, at.start))
        {
            line.time_ns += now.saturating_sub(since);
        }
    }

    /// The lines in the order of files and rows.
    pub fn finish(mut self, sources: &Sources) -> Vec<Line> {
        self.stop();
        let mut lines: BTreeMap<(SourceId, u32), Line> = BTreeMap::new();
        for line in self.places.into_values() {
            let row = sources.position(line.at).row;
            match lines.get_mut(&(line.at.source, row)) {
                Some(sum) => {
                    sum.time_ns += line.time_ns;
                    sum.evals += line.evals;
                    sum.redos += line.redos;
                    sum.numbers.extend(line.numbers);
                }
                None => drop(lines.insert((line.at.source, row), line)),
            }
        }
        let count = |line: Line| Line { statements: line.numbers.len(), ..line };
        lines.into_values().map(count).collect()
    }
}
