//! `ec opa test --bench`: how long each test takes.

use std::fmt::Write as _;
use std::time::Instant;

use super::super::host::Outside;
use super::super::load::{self, Loaded};
use super::super::measure::{self, Measured, Memory};
use super::super::output::{Output, indented};
use super::run::{Ran, budget, wanted};
use super::{Format, Listed, TestPlan, report};
use crate::rego::engine::{Evaluation, EvaluationInput};
use crate::rego::testing::{self, TestCase, Verdict};

/// A test that did not pass is not measured.
struct Stopped(Verdict);

pub(super) fn run(plan: &TestPlan, loaded: &Loaded, memory: Memory) -> Output {
    let outside = Outside::default();
    let mut ran = Vec::new();
    let mut lines = String::new();
    let mut measured_all = Vec::new();
    for test in wanted(plan, loaded).into_iter().filter(|test| !test.todo) {
        let started = Instant::now();
        let measured = measure::measure(|| once(plan, loaded, &outside, &test));
        let duration = started.elapsed();
        let verdict = match &measured {
            Ok(measured) => {
                let _ = writeln!(lines, "{}\t{}", name(plan.format, &test), measured.line(&[], memory));
                Verdict::Passed
            }
            Err(Stopped(verdict)) => verdict.clone(),
        };
        measured_all.push(measured.ok());
        ran.push(Ran {
            test,
            verdict,
            cases: Vec::new(),
            duration,
            output: String::new(),
            trace: Vec::new(),
        });
    }
    let code = if ran.iter().all(Ran::passed) { 0 } else { 2 };
    let stdout = if plan.format == Format::Json {
        json(&ran, &measured_all)
    } else {
        let list = report::list(Listed::NotPassed, loaded, &ran);
        let rule = if list.is_empty() && !lines.is_empty() { format!("{}\n", report::RULE) } else { list };
        lines + &rule + &report::summary(&ran)
    };
    Output { stdout, stderr: String::new(), code }
}

fn once(plan: &TestPlan, loaded: &Loaded, outside: &Outside, test: &TestCase) -> Result<u64, Stopped> {
    let input = EvaluationInput {
        now_ns: load::now_ns(),
        ..EvaluationInput::new(loaded.data.clone(), budget(Instant::now(), plan.timeout))
    };
    let mut evaluation = Evaluation::new(&loaded.policy, input);
    let step = evaluation.start_rule(&test.path);
    let answer = outside.finish(&mut evaluation, step);
    match testing::verdict(test, answer, &[]).0 {
        Verdict::Passed => Ok(evaluation.budget().bytes_spent()),
        other => Err(Stopped(other)),
    }
}

/// Go wants names that begin with `Benchmark` and a capital.
fn name(format: Format, test: &TestCase) -> String {
    let name = format!("{}.{}", test.package, test.name);
    if format != Format::GoBench {
        return name;
    }
    let words = name.split(['.', '_']).map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    });
    format!("Benchmark{}", words.collect::<String>())
}

fn json(ran: &[Ran], measured: &[Option<Measured>]) -> String {
    let entries = ran.iter().zip(measured).map(|(ran, measured)| {
        let mut entry = serde_json::json!({
            "package": ran.test.package,
            "name": ran.test.name,
            "duration": u64::try_from(ran.duration.as_nanos()).unwrap_or(u64::MAX),
        });
        match measured {
            Some(measured) => entry["benchmark_result"] = measured.json(&[]),
            None => entry["fail"] = true.into(),
        }
        entry
    });
    indented(&entries.collect::<Vec<_>>())
}
