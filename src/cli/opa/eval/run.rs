//! Evaluates the query, as often as asked, and gathers what is told of it.

use std::time::Instant;

use super::super::host::Outside;
use super::super::load::{self, Loaded, Tests};
use super::super::output::{Done, Output};
use super::super::seen::{Eyes, Seen};
use super::{EvalPlan, Fails, Tell, present};
use crate::cli::Diagnostic;
use crate::rego::budget::{Budget, Clock};
use crate::rego::engine::{CompileFailure, Evaluation, EvaluationInput, Observe, PreparedQuery};
use crate::rego::error::Errors;
use crate::rego::observe::coverage::{self, Coverage};
use crate::rego::observe::profile::{Line, Profile};
use crate::rego::observe::trace::{Recorded, Trace};
use crate::rego::value::Value;
use crate::rego::vm::{Answer, Solution};

/// What is told of an evaluation.
#[derive(Default)]
pub(super) struct Told {
    pub(super) solutions: Vec<Solution>,
    pub(super) trace: Option<Vec<Recorded>>,
    pub(super) coverage: Option<coverage::Report>,
    /// Name and nanoseconds, for each time it was evaluated.
    pub(super) timers: Vec<(&'static str, Vec<u64>)>,
    /// The lines of the profile, for each time it was evaluated.
    pub(super) profiles: Option<Vec<Vec<Line>>>,
}

/// What is printed, and the exit code.
///
/// # Errors
/// Something cannot be read or loaded.
pub fn run(plan: &EvalPlan) -> Done {
    let one = |error| vec![error];
    let query = plan.query.read().map_err(one)?;
    let input = plan.input.read().map_err(one)?;
    let watched = plan.explain.is_some() || plan.profile.is_some() || plan.coverage == Tell::Yes;
    let observe = if watched { Observe::Statements } else { Observe::Prints };
    let loaded = load::load(&plan.data, &plan.ignore, observe, Tests::AsRules)?;
    let started = Instant::now();
    let prepared = match loaded.policy.prepare_query(&query) {
        Ok(prepared) => prepared,
        Err(CompileFailure { errors, sources }) => return Ok(present::errors(plan, &errors, &sources, "")),
    };
    let compile_ns = nanoseconds(started);
    let mut told = Told::default();
    let mut prints = String::new();
    let (mut eval_ns, mut profiles) = (Vec::new(), Vec::new());
    for _ in 0..plan.count {
        let started = Instant::now();
        let (answer, seen) = once(plan, &loaded, &prepared, input.clone());
        eval_ns.push(nanoseconds(started));
        prints += &seen.prints;
        told.solutions = match answer {
            Answer::Results(solutions) => solutions,
            Answer::Undefined | Answer::Value(_) => Vec::new(),
            Answer::Error(error) => {
                return Ok(present::errors(plan, &Errors(vec![error]), prepared.sources(), &prints));
            }
            Answer::Undecided(undecided) => {
                let causes = undecided.stopped.iter().flat_map(|it| it.causes.iter());
                let texts: Vec<String> =
                    causes.map(|it| format!("{}: {}", it.function, it.failure.message)).collect();
                return Err(one(Diagnostic::new(format_args!("undecided: {}", texts.join("; ")))));
            }
        };
        told.trace = seen.trace.map(Trace::finish);
        told.coverage = seen.coverage.map(|it| it.report(&loaded.modules, loaded.policy.sources()));
        profiles.extend(seen.profile.map(|it| it.finish(prepared.sources())));
    }
    if plan.metrics == Tell::Yes {
        let each = |ns: u64| vec![ns; eval_ns.len()];
        told.timers = vec![
            ("timer_rego_load_files_ns", each(loaded.read_ns)),
            ("timer_rego_module_compile_ns", each(loaded.compile_ns)),
            ("timer_rego_query_compile_ns", each(compile_ns)),
            ("timer_rego_query_eval_ns", eval_ns),
        ];
    }
    told.profiles = plan.profile.as_ref().map(|_| profiles);
    let is_defined = !told.solutions.is_empty();
    let fails = matches!((plan.fails, is_defined), (Fails::Undefined, false) | (Fails::Defined, true));
    let stdout = present::results(plan, &told, prepared.sources());
    Ok(Output { stdout, stderr: prints, code: u8::from(fails) })
}

pub(super) fn nanoseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

fn once(plan: &EvalPlan, loaded: &Loaded, query: &PreparedQuery, input: Option<Value>) -> (Answer, Seen) {
    let started = Instant::now();
    let clock: Clock = std::sync::Arc::new(move || nanoseconds(started));
    let budget = match plan.timeout.and_then(|it| u64::try_from(it.as_nanos()).ok()) {
        Some(limit) => Budget::unlimited().with_deadline(std::sync::Arc::clone(&clock), limit),
        None => Budget::unlimited(),
    };
    let eyes = Eyes::new(Seen {
        coverage: (plan.coverage == Tell::Yes).then(Coverage::default),
        profile: plan.profile.as_ref().map(|_| Profile::new(clock)),
        trace: plan.explain.map(Trace::new),
        ..Seen::default()
    });
    let input = EvaluationInput {
        input,
        now_ns: load::now_ns(),
        builtin_errors: plan.builtin_errors,
        watcher: Some(Box::new(eyes.clone())),
        ..EvaluationInput::new(loaded.data.clone(), budget)
    };
    let mut evaluation = Evaluation::new(&loaded.policy, input);
    let step = evaluation.start_query(query);
    let answer = Outside::default().finish(&mut evaluation, step);
    let mut seen = eyes.take();
    seen.profile.iter_mut().for_each(Profile::stop);
    (answer, seen)
}
