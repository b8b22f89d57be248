//! Loads policies and runs their tests, several at once; results stand in the order of files and lines.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::super::host::Outside;
use super::super::load::{self, Loaded};
use super::super::output::{Done, Output, indented};
use super::super::seen::{Eyes, Seen};
use super::{Counts, Coverage, Format, Listed, Purpose, TestPlan, VarValues, bench, junit, report};
use crate::rego::budget::{Budget, Clock};
use crate::rego::engine::{Evaluation, EvaluationInput, Observe};
use crate::rego::observe::coverage;
use crate::rego::observe::trace::{Recorded, Trace};
use crate::rego::testing::{self, Case, TestCase, Verdict};

/// A test that was run.
pub(super) struct Ran {
    pub(super) test: TestCase,
    pub(super) verdict: Verdict,
    pub(super) cases: Vec<Case>,
    pub(super) duration: Duration,
    pub(super) output: String,
    /// Of failed tests, where it is asked for.
    pub(super) trace: Vec<Recorded>,
}

impl Ran {
    pub(super) fn passed(&self) -> bool {
        self.verdict == Verdict::Passed
    }
}

/// What is printed, and the exit code.
///
/// # Errors
/// Policies or data cannot be loaded.
pub fn run(plan: &TestPlan) -> Done {
    let observe = match plan.coverage {
        Coverage::Off => Observe::Prints,
        Coverage::Report { .. } => Observe::Statements,
    };
    let loaded = load::load_tests(&plan.paths, &plan.ignore, observe)?;
    let mut all = Output::default();
    for _ in 0..plan.count {
        let next = match plan.purpose {
            Purpose::Verdict => once(plan, &loaded)?,
            Purpose::Measurement(memory) => bench::run(plan, &loaded, memory),
        };
        all.stdout += &next.stdout;
        all.stderr += &next.stderr;
        all.code = next.code;
        if all.code != 0 {
            break;
        }
    }
    Ok(all)
}

/// The tests that are asked for.
pub(super) fn wanted(plan: &TestPlan, loaded: &Loaded) -> Vec<TestCase> {
    let is_wanted = |test: &TestCase| {
        plan.run.as_ref().is_none_or(|it| it.is_match(&format!("{}.{}", test.package, test.name)))
    };
    testing::discover(&loaded.modules).into_iter().filter(is_wanted).collect()
}

fn once(plan: &TestPlan, loaded: &Loaded) -> Done {
    let tests = wanted(plan, loaded);
    let (mut ran, coverage) = run_all(plan, loaded, &tests);
    explain(plan, &mut ran)?;
    let mut output = match plan.coverage {
        Coverage::Report { threshold } => covered(plan, loaded, &ran, &coverage, threshold),
        Coverage::Off => Output {
            stdout: match plan.format {
                Format::Json => report::json(loaded, &mut ran, plan.order),
                Format::Junit => junit::render(loaded, &ran),
                Format::Pretty | Format::GoBench => report::pretty(plan, loaded, &ran),
            },
            stderr: String::new(),
            code: code(plan, &ran),
        },
    };
    if ran.is_empty() && plan.none == Counts::AsFailure {
        output.stderr += "no tests were run\n";
        output.code = 1;
    }
    Ok(output)
}

fn code(plan: &TestPlan, ran: &[Ran]) -> u8 {
    let fails = |it: &Ran| match it.verdict {
        Verdict::Passed => false,
        Verdict::Skipped => plan.skipped == Counts::AsFailure,
        Verdict::Failed | Verdict::Error(_) | Verdict::Undecided(_) => true,
    };
    if ran.iter().any(fails) { 2 } else { 0 }
}

fn run_all(plan: &TestPlan, loaded: &Loaded, tests: &[TestCase]) -> (Vec<Ran>, coverage::Coverage) {
    let outside = Outside::default();
    let next = AtomicUsize::new(0);
    let done = Mutex::new((Vec::with_capacity(tests.len()), coverage::Coverage::default()));
    let work = || {
        let (mut own, mut lines) = (Vec::new(), coverage::Coverage::default());
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(test) = tests.get(at) else { break };
            own.push((at, one(plan, loaded, &outside, test, &mut lines)));
        }
        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
        done.0.extend(own);
        done.1.merge(lines);
    };
    std::thread::scope(|scope| {
        for _ in 1..plan.parallel.min(tests.len()) {
            scope.spawn(work);
        }
        work();
    });
    let (mut ran, lines) = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    ran.sort_by_key(|(at, _)| *at);
    (ran.into_iter().map(|(_, ran)| ran).collect(), lines)
}

fn one(
    plan: &TestPlan,
    loaded: &Loaded,
    outside: &Outside,
    test: &TestCase,
    lines: &mut coverage::Coverage,
) -> Ran {
    let test = test.clone();
    if test.todo {
        let (verdict, duration) = (Verdict::Skipped, Duration::ZERO);
        return Ran { test, verdict, duration, cases: Vec::new(), output: String::new(), trace: Vec::new() };
    }
    let coverage = (plan.coverage != Coverage::Off).then(coverage::Coverage::default);
    let (verdict, cases, duration, seen) =
        evaluate(loaded, outside, &test, plan.timeout, Seen { coverage, ..Seen::default() });
    seen.coverage.into_iter().for_each(|it| lines.merge(it));
    Ran { test, verdict, cases, duration, output: seen.prints, trace: Vec::new() }
}

/// Evaluates a test's rule.
fn evaluate(
    loaded: &Loaded,
    outside: &Outside,
    test: &TestCase,
    timeout: Option<Duration>,
    seen: Seen,
) -> (Verdict, Vec<Case>, Duration, Seen) {
    let started = Instant::now();
    let eyes = Eyes::new(seen);
    let input = EvaluationInput {
        now_ns: load::now_ns(),
        watcher: Some(Box::new(eyes.clone())),
        ..EvaluationInput::new(loaded.data.clone(), budget(started, timeout))
    };
    let mut evaluation = Evaluation::new(&loaded.policy, input);
    let step = evaluation.start_rule(&test.path);
    let answer = outside.finish(&mut evaluation, step);
    let duration = started.elapsed();
    let seen = eyes.take();
    let (verdict, cases) = testing::verdict(test, answer, &seen.cases);
    (verdict, cases, duration, seen)
}

/// Without bounds but the time.
pub(super) fn budget(started: Instant, timeout: Option<Duration>) -> Budget {
    let clock: Clock =
        std::sync::Arc::new(move || u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX));
    match timeout.and_then(|it| u64::try_from(it.as_nanos()).ok()) {
        Some(limit) => Budget::unlimited().with_deadline(clock, limit),
        None => Budget::unlimited(),
    }
}

/// Runs failed tests again, watched: so those that pass pay nothing for the explanation.
fn explain(plan: &TestPlan, ran: &mut [Ran]) -> Result<(), Vec<super::Diagnostic>> {
    let shown = plan.listed == Listed::All || plan.var_values == VarValues::Shown;
    let is_pretty = plan.format == Format::Pretty && plan.coverage == Coverage::Off;
    if !shown || !is_pretty || ran.iter().all(|it| it.verdict != Verdict::Failed) {
        return Ok(());
    }
    let watched = load::load_tests(&plan.paths, &plan.ignore, Observe::Statements)?;
    let outside = Outside::default();
    for failed in ran.iter_mut().filter(|it| it.verdict == Verdict::Failed) {
        let seen = Seen { trace: Some(Trace::new(plan.explain)), ..Seen::default() };
        let (_, _, _, seen) = evaluate(&watched, &outside, &failed.test, plan.timeout, seen);
        failed.trace = seen.trace.map(Trace::finish).unwrap_or_default();
    }
    Ok(())
}

/// The report of covered lines; where a test did not pass, or too little is covered, only that.
fn covered(
    plan: &TestPlan,
    loaded: &Loaded,
    ran: &[Ran],
    lines: &coverage::Coverage,
    threshold: f64,
) -> Output {
    if let Some(failed) = ran.iter().find(|it| !it.passed()) {
        let stderr = match &failed.verdict {
            Verdict::Error(error) => error.opa_text(loaded.policy.sources()) + "\n",
            Verdict::Undecided(why) => why.clone() + "\n",
            _ => report::told(failed) + "\n" + &report::cases(&failed.cases, 0),
        };
        return Output { stdout: String::new(), stderr, code: 1 };
    }
    let report = lines.report(&loaded.modules, loaded.policy.sources());
    if report.coverage >= threshold {
        return Output::of(indented(&report));
    }
    let mut stderr =
        format!("Code coverage threshold not met: got {:.2} instead of {threshold:.2}", report.coverage);
    if plan.listed == Listed::All {
        stderr += "\nLines not covered:";
        for (name, file) in &report.files {
            for range in &file.not_covered {
                let (start, end) = (range.start.row, range.end.row);
                let rows = if start == end { start.to_string() } else { format!("{start}-{end}") };
                let _ = write!(stderr, "\n\t{name}:{rows}");
            }
        }
    }
    Output { stdout: String::new(), stderr: stderr + "\n", code: 2 }
}
