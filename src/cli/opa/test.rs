//! `ec opa test`: runs the rules whose name begins with `test_`.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use base64::Engine as _;
use regex::Regex;
use serde_json::{Map, Value as Json, json};

use super::super::diagnostics::Diagnostic;
use super::super::flags::{Flag, Kind, Parsed, flag};
use super::super::help;
use super::super::values::Span as Length;
use super::host::Outside;
use super::load::{self, Loaded};
use crate::rego::budget::{Budget, Clock};
use crate::rego::engine::{Evaluation, EvaluationInput};
use crate::rego::source::Span;
use crate::rego::testing::{self, TestCase, Verdict};
use crate::rego::vm::Watcher;

/// In the order of their names.
pub(in super::super) const FLAGS: [Flag; 4] = [
    flag("format", Some('f'), Kind::Text, "pretty", "json or pretty"),
    flag("run", Some('r'), Kind::Text, "", "run the tests whose full name matches this regular expression"),
    flag("timeout", None, Kind::Duration, "5s", "for one test"),
    flag("verbose", Some('v'), Kind::Switch, "", "list every test, with what it prints"),
];

const ABOUT: &str = "\
Run the unit tests of policies: rules whose name begins with test_.

Usage:
  ec opa test <path> [path…] [flags]

Exit codes: 0 all passed, 2 some failed, 1 they could not be run.
";

pub(in super::super) fn help() -> String {
    let mut text = ABOUT.to_owned();
    help::flags(&mut text, "Flags", &FLAGS);
    text
}

/// How results are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Pretty,
    /// A list of objects.
    Json,
}

/// Which tests are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// Those that did not pass.
    NotPassed,
    /// All.
    All,
}

/// `ec opa test`
#[derive(Clone, Debug)]
pub struct TestPlan {
    paths: Vec<String>,
    format: Format,
    listed: Listed,
    run: Option<Regex>,
    timeout: Option<Duration>,
}

/// What the arguments mean.
pub(in super::super) fn plan(parsed: &Parsed) -> Result<TestPlan, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    if parsed.words.is_empty() {
        faults.push(Diagnostic::new("specify at least one file or folder").help("ec opa test policies"));
    }
    let format = match parsed.text("format") {
        None | Some("pretty") => Format::Pretty,
        Some("json") => Format::Json,
        Some(other) => {
            faults.push(
                Diagnostic::new(format_args!("{other:?} is not a format of ec opa test"))
                    .help("json or pretty"),
            );
            Format::Pretty
        }
    };
    let run = parsed.text("run").map(Regex::new).transpose().unwrap_or_else(|error| {
        faults.push(Diagnostic::new(format_args!("--run: {error}")));
        None
    });
    let timeout = match parsed.duration("timeout") {
        None => Some(Duration::from_secs(5)),
        Some(Length::Positive(limit)) => Some(limit),
        Some(Length::NothingOrLess) => None,
    };
    let listed = if parsed.switch("verbose", false) { Listed::All } else { Listed::NotPassed };
    let plan = TestPlan { paths: parsed.words.clone(), format, listed, run, timeout };
    if faults.is_empty() { Ok(plan) } else { Err(faults) }
}

/// A test that was run.
struct Ran {
    test: TestCase,
    verdict: Verdict,
    duration: Duration,
    output: String,
}

/// What is printed, and the exit code.
///
/// # Errors
/// Policies or data cannot be loaded.
pub fn run(plan: &TestPlan) -> Result<(String, u8), Vec<Diagnostic>> {
    let loaded = load::load(&plan.paths)?;
    let outside = Outside::default();
    let wanted = |test: &TestCase| {
        plan.run.as_ref().is_none_or(|it| it.is_match(&format!("{}.{}", test.package, test.name)))
    };
    let tests = testing::discover(&loaded.policy).into_iter().filter(wanted);
    let ran: Vec<Ran> = tests.map(|test| one(&loaded, &outside, test, plan.timeout)).collect();
    let failed = ran.iter().any(|it| !matches!(it.verdict, Verdict::Passed | Verdict::Skipped));
    let text = match plan.format {
        Format::Json => as_json(&loaded, &ran),
        Format::Pretty => pretty(&loaded, &ran, plan.listed),
    };
    Ok((text, if failed { 2 } else { 0 }))
}

struct Prints(std::sync::mpsc::Sender<String>);

impl Watcher for Prints {
    fn print(&mut self, _: Span, line: String) {
        // The receiver outlives the evaluation.
        let _ = self.0.send(line);
    }
}

fn one(loaded: &Loaded, outside: &Outside, test: TestCase, timeout: Option<Duration>) -> Ran {
    let started = Instant::now();
    if test.todo {
        return Ran { test, verdict: Verdict::Skipped, duration: Duration::ZERO, output: String::new() };
    }
    let clock: Clock =
        std::sync::Arc::new(move || u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX));
    let budget = match timeout.and_then(|it| u64::try_from(it.as_nanos()).ok()) {
        Some(limit) => Budget::unlimited().with_deadline(clock, limit),
        None => Budget::unlimited(),
    };
    let (sender, lines) = std::sync::mpsc::channel();
    let input = EvaluationInput {
        now_ns: i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX),
        watcher: Some(Box::new(Prints(sender))),
        ..EvaluationInput::new(loaded.data.clone(), budget)
    };
    let mut evaluation = Evaluation::new(&loaded.policy, input);
    let step = evaluation.start_rule(&test.path);
    let verdict = testing::verdict(outside.finish(&mut evaluation, step));
    let output = lines.try_iter().fold(String::new(), |all, line| all + &line + "\n");
    Ran { test, verdict, duration: started.elapsed(), output }
}

fn as_json(loaded: &Loaded, ran: &[Ran]) -> String {
    let sources = loaded.policy.sources();
    let all = ran.iter().map(|it| {
        let place = sources.position(it.test.span);
        let mut entry = Map::new();
        entry.insert(
            "location".into(),
            json!({"file": sources.name(it.test.span), "row": place.row, "col": place.col}),
        );
        entry.insert("package".into(), it.test.package.as_str().into());
        entry.insert("name".into(), it.test.name.as_str().into());
        match &it.verdict {
            Verdict::Passed => {}
            Verdict::Failed => drop(entry.insert("fail".into(), true.into())),
            Verdict::Skipped => drop(entry.insert("skip".into(), true.into())),
            Verdict::Error(error) => drop(
                entry.insert("error".into(), json!({"code": error.code.as_str(), "message": error.message})),
            ),
            Verdict::Undecided(why) => {
                drop(entry.insert("error".into(), json!({"code": "undecided", "message": why})));
            }
        }
        entry.insert("duration".into(), u64::try_from(it.duration.as_nanos()).unwrap_or(u64::MAX).into());
        if !it.output.is_empty() {
            let output = base64::engine::general_purpose::STANDARD.encode(&it.output);
            entry.insert("output".into(), output.into());
        }
        Json::Object(entry)
    });
    let all: Vec<Json> = all.collect();
    serde_json::to_string_pretty(&all).map_or_else(|_| String::new(), |text| text + "\n")
}

fn pretty(loaded: &Loaded, ran: &[Ran], listed: Listed) -> String {
    let sources = loaded.policy.sources();
    let mut text = String::new();
    let mut file = "";
    for it in ran {
        if listed == Listed::NotPassed && it.verdict == Verdict::Passed {
            continue;
        }
        let name = sources.name(it.test.span);
        if name != file {
            let gap = if file.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{gap}{name}:");
            file = name;
        }
        let word = match &it.verdict {
            Verdict::Passed => "PASS",
            Verdict::Failed => "FAIL",
            Verdict::Skipped => "SKIPPED",
            Verdict::Error(_) | Verdict::Undecided(_) => "ERROR",
        };
        let _ = writeln!(text, "{}.{}: {word} ({:?})", it.test.package, it.test.name, it.duration);
        match &it.verdict {
            Verdict::Error(error) => drop(writeln!(text, "  {}", error.opa_text(sources))),
            Verdict::Undecided(why) => drop(writeln!(text, "  {why}")),
            _ => {}
        }
        if !it.output.is_empty() {
            let _ = write!(text, "\n  {}\n\n", it.output.trim_end().replace('\n', "\n  "));
        }
    }
    if !text.is_empty() {
        let _ = writeln!(text, "{}", "-".repeat(80));
    }
    let count = |wanted: fn(&Verdict) -> bool| ran.iter().filter(|it| wanted(&it.verdict)).count();
    let rows = [
        ("PASS", count(|it| *it == Verdict::Passed)),
        ("FAIL", count(|it| *it == Verdict::Failed)),
        ("SKIPPED", count(|it| *it == Verdict::Skipped)),
        ("ERROR", count(|it| matches!(it, Verdict::Error(_) | Verdict::Undecided(_)))),
    ];
    for (word, number) in rows.into_iter().filter(|(word, number)| *word == "PASS" || *number > 0) {
        let _ = writeln!(text, "{word}: {number}/{}", ran.len());
    }
    text
}
