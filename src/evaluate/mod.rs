//! A compiled source group and an input document to raw results: the entry points one after the other, each with its own
//! outcome. The seam to the Rego engine is here, and nowhere else.
//!
//! Pure: what rules ask of the outside is handed out ([`Evaluating::Asks`]) and the answer is taken in again.

mod engine;
mod group;
mod limits;
mod outcome;
#[cfg(feature = "regorus")]
pub mod second;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub use engine::Engine;
pub use group::CompiledGroup;
pub use limits::Bounds;

use crate::model::failure::StageError;
use crate::model::{EntryOutcome, EntryPoint, FailureKind, RawEntry, RawResults};
use crate::rego::budget::{Clock, Exceeded};
use crate::rego::engine::{Evaluation, EvaluationInput};
use crate::rego::error::{ErrorCode, RegoError};
use crate::rego::host::{HostAnswer, HostCall, HostFailure};
use crate::rego::value::{Str, Value};
use crate::rego::vm::{Answer, Step};
use engine::Evaluates;
use outcome::{Doubt, Exceptions};

/// What one evaluation works on.
pub struct Run {
    /// The input document.
    pub input: Value,
    /// `data.config.policy.when_ns`, and what dates are compared with.
    pub effective_time: jiff::Timestamp,
    /// What rules see as the clock.
    pub now: jiff::Timestamp,
    /// What chance is drawn from.
    pub seed: u64,
    /// Set from outside to end the evaluation.
    pub cancelled: Arc<AtomicBool>,
    /// Bytes that it may allocate, where that is less than the [`Bounds`].
    pub room: u64,
}

/// What an evaluation took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// Bytes allocated, whether they are held or not.
    pub bytes: u64,
    /// Whether it ended because it had not enough room ([`Run::room`]).
    pub cut_short: bool,
}

/// How far an evaluation came.
pub enum Evaluating {
    /// To its end, or as far as there was room.
    Done(RawResults, Spent),
    /// A rule wants to know something.
    Asks(Asking),
}

/// An evaluation that waits. It can be stored, and moved between threads.
pub struct Asking {
    /// What is asked.
    pub call: HostCall,
    /// The rest of the evaluation.
    pub rest: Box<Rest>,
}

/// See [`Asking`].
pub struct Rest {
    group: Arc<CompiledGroup>,
    evaluation: Box<dyn Evaluates>,
    /// Entry points that are still to be asked, last first.
    open: Vec<EntryPoint>,
    now: Asked,
    done: Vec<RawEntry>,
    /// By the id that the engine knows them by.
    failures: Vec<StageError>,
    clock: Clock,
    /// When the clock said that the host was asked.
    asked_at: u64,
    /// Bytes that it may allocate by the [`Bounds`] alone.
    bound: u64,
    cut_short: bool,
}

/// What the engine is working on.
enum Asked {
    /// Whether an exception holds for the entry point.
    Exceptions(EntryPoint),
    /// The entry point.
    Rule(EntryPoint),
    Nothing,
}

impl CompiledGroup {
    /// Asks the entry points that `wanted` selects, in the order of packages and names.
    pub fn start(self: &Arc<Self>, run: Run, wanted: impl Fn(&EntryPoint) -> bool) -> Evaluating {
        let clock = limits::clock();
        let bound = self.bounds().bytes_for(&run.input);
        let room = run.room;
        let mut rest = Rest {
            evaluation: self.evaluation(run, &clock),
            open: self.entry_points().iter().rev().filter(|it| wanted(it)).cloned().collect(),
            group: Arc::clone(self),
            now: Asked::Nothing,
            done: Vec::new(),
            failures: Vec::new(),
            clock,
            asked_at: 0,
            bound,
            cut_short: false,
        };
        rest.allow(room);
        Box::new(rest).next()
    }

    fn evaluation(&self, run: Run, clock: &Clock) -> Box<dyn Evaluates> {
        let data = self.data_at(run.effective_time);
        match self.engine() {
            Engine::Own => {
                let shared = self.shared(clock, &run.cancelled);
                let budget = self.bounds().budget(&run.input, clock, &run.cancelled);
                let input = EvaluationInput {
                    shared,
                    input: Some(run.input),
                    now_ns: nanoseconds(run.now),
                    seed: run.seed,
                    ..EvaluationInput::new(data, budget)
                };
                Box::new(Evaluation::new(self.policy(), input))
            }
            #[cfg(feature = "regorus")]
            Engine::Regorus => {
                Box::new(second::Second::new(self.policy(), self.policy().host(), Some(&run.input), &data))
            }
        }
    }
}

/// Nanoseconds since 1970; instants beyond 64 bits (before 1677, after 2262) end at the bound.
fn nanoseconds(instant: jiff::Timestamp) -> i64 {
    let nanoseconds = instant.as_nanosecond();
    i64::try_from(nanoseconds).unwrap_or(if nanoseconds < 0 { i64::MIN } else { i64::MAX })
}

impl Rest {
    /// Goes on with the answer: a value, no value, or why it could not be found out.
    pub fn resume(mut self: Box<Self>, answer: Result<Option<Value>, StageError>) -> Evaluating {
        let waited = (self.clock)().saturating_sub(self.asked_at);
        self.evaluation.waited(waited);
        let answer = match answer {
            Ok(Some(value)) => HostAnswer::Value(value),
            Ok(None) => HostAnswer::Undefined,
            Err(error) => {
                let id = self.failures.len() as u64;
                let message = error.message.clone();
                self.failures.push(error);
                HostAnswer::Failed(HostFailure { id, message })
            }
        };
        let step = self.evaluation.resume(answer);
        self.step(step)
    }

    /// Bytes that it allocated so far.
    pub fn bytes_spent(&self) -> u64 {
        self.evaluation.bytes_spent()
    }

    /// Lets it allocate so many bytes from now on, or fewer where the [`Bounds`] say so.
    pub fn allow(&mut self, room: u64) {
        let left = self.bound.saturating_sub(self.bytes_spent());
        self.evaluation.allow_bytes(left.min(room));
    }

    /// Ends it here.
    pub fn end(self) -> Evaluating {
        let spent = Spent { bytes: self.bytes_spent(), cut_short: self.cut_short };
        Evaluating::Done(RawResults { entries: self.done }, spent)
    }

    fn next(mut self: Box<Self>) -> Evaluating {
        let Some(entry) = self.open.pop() else {
            return self.end();
        };
        if self.group.has_exceptions(&entry.package) {
            let path = path(&entry, group::EXCEPTION);
            self.now = Asked::Exceptions(entry);
            let step = self.evaluation.start_rule(&path);
            self.step(step)
        } else {
            self.ask_rule(entry)
        }
    }

    fn ask_rule(mut self: Box<Self>, entry: EntryPoint) -> Evaluating {
        let path = path(&entry, &entry.rule);
        self.now = Asked::Rule(entry);
        let step = self.evaluation.start_rule(&path);
        self.step(step)
    }

    fn step(mut self: Box<Self>, step: Step) -> Evaluating {
        match step {
            Step::Pending(call) => {
                self.asked_at = (self.clock)();
                Evaluating::Asks(Asking { call, rest: self })
            }
            Step::Done(Answer::Error(RegoError { spent: Some(Exceeded::Bytes(limit)), .. }))
                if limit < self.bound =>
            {
                self.cut_short = true;
                self.end()
            }
            Step::Done(answer) => match std::mem::replace(&mut self.now, Asked::Nothing) {
                Asked::Exceptions(entry) => self.after_exceptions(entry, answer),
                Asked::Rule(entry) => {
                    let outcome = self.outcome(answer);
                    self.finish(entry, outcome)
                }
                Asked::Nothing => self.next(),
            },
        }
    }

    fn after_exceptions(self: Box<Self>, entry: EntryPoint, answer: Answer) -> Evaluating {
        let outcome = match answer {
            Answer::Error(error) => EntryOutcome::Failed(self.failed(&error)),
            Answer::Undecided(undecided) => EntryOutcome::Evaluated {
                results: Vec::new(),
                undecided: self.undecided(&undecided.stopped, Doubt::Everything),
            },
            Answer::Value(value) if Exceptions::of(&value).hold_for(&entry.rule) => EntryOutcome::Excepted,
            Answer::Value(_) | Answer::Undefined | Answer::Results(_) => return self.ask_rule(entry),
        };
        self.finish(entry, outcome)
    }

    fn finish(mut self: Box<Self>, entry: EntryPoint, outcome: EntryOutcome) -> Evaluating {
        self.done.push(RawEntry { entry, outcome });
        self.next()
    }

    fn failed(&self, error: &RegoError) -> StageError {
        let sources = self.group.policy().sources();
        let kind = match (error.spent, error.code) {
            (Some(Exceeded::Cancelled), _) => FailureKind::Cancelled,
            (Some(Exceeded::Deadline), _) => FailureKind::TimedOut,
            (Some(Exceeded::Steps(_) | Exceeded::Bytes(_) | Exceeded::Calls(_) | Exceeded::Depth), _) => {
                FailureKind::TooLarge
            }
            (None, ErrorCode::EvalInternal) => FailureKind::Panicked,
            (None, _) => FailureKind::PolicyError,
        };
        let failed = StageError::new(kind, error.to_string());
        match error.span {
            Some(span) => {
                let place = sources.position(span);
                failed.in_rule(format!("{}:{}:{}", sources.name(span), place.row, place.col))
            }
            None => failed,
        }
    }
}

fn path(entry: &EntryPoint, rule: &str) -> Vec<Str> {
    entry.package.segments().iter().map(|it| Str::from(&**it)).chain([Str::from(rule)]).collect()
}
