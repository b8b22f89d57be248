//! `ec opa test`: runs the rules whose name begins with `test_`. Here is what its arguments mean.

mod bench;
mod junit;
mod report;
mod run;
mod values;

use std::time::Duration;

use regex::Regex;

use super::super::diagnostics::Diagnostic;
use super::super::flags::{Flag, Kind, Parsed, flag};
use super::super::help;
use super::super::values::Span as Length;
use super::format;
use super::load::Ignore;
use super::measure::Memory;
use crate::rego::observe::trace::Explain;

pub use run::run;

/// In the order of their names.
pub(in super::super) const FLAGS: [Flag; 16] = [
    flag(
        "bench",
        None,
        Kind::Switch,
        "",
        "measure the tests instead: each for a second, one after the other",
    ),
    flag(
        "benchmem",
        None,
        Kind::Switch,
        "true",
        "with --bench: show the bytes that a test draws from its budget",
    ),
    flag("count", None, Kind::Integer, "1", "how often the tests are run; stops when some do not pass"),
    flag("coverage", Some('c'), Kind::Switch, "", "print which lines the tests reach, as JSON"),
    flag("exit-zero-on-skipped", Some('z'), Kind::Switch, "", "skipped tests do not fail the run"),
    flag("explain", None, Kind::Text, "", "trace failed tests, and --verbose: fails, full, notes or debug"),
    flag("fail-on-empty", None, Kind::Switch, "", "exit 1 where there is no test"),
    flag("format", Some('f'), Kind::Text, "pretty", "pretty, json, junit or (with --bench) gobench"),
    flag("ignore", None, Kind::List, "", "names of files and folders to leave out: shell patterns"),
    flag(
        "parallel",
        Some('p'),
        Kind::Integer,
        "0",
        "how many tests run at once; 0 is one for each processor",
    ),
    flag("run", Some('r'), Kind::Text, "", "run the tests whose full name matches this regular expression"),
    flag("sort", None, Kind::Text, "none", "none or duration: the order of --format json"),
    flag(
        "threshold",
        None,
        Kind::Float,
        "0",
        "exit 2 where less of the lines is covered, in percent; implies --coverage",
    ),
    flag("timeout", None, Kind::Duration, "5s", "for one test; 30s with --bench"),
    flag(
        "var-values",
        None,
        Kind::Switch,
        "",
        "show the statement at which a test failed, and its variables",
    ),
    flag("verbose", Some('v'), Kind::Switch, "", "list every test with what it prints, and why tests failed"),
];

const ABOUT: &str = "\
Run the unit tests of policies: rules whose name begins with test_. Those that begin with todo_test_ are skipped.

Usage:
  ec opa test <path> [path…] [flags]

Exit codes: 0 all passed; 2 some failed, were skipped or cover too little; 1 they could not be run.
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
    /// XML for build servers.
    Junit,
    /// Lines as Go's benchmarks write them.
    GoBench,
}

/// Which tests are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// Those that did not pass.
    NotPassed,
    /// All.
    All,
}

/// What is asked of the lines that tests reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Coverage {
    /// Nothing.
    Off,
    /// A report, and at least so many percent.
    Report {
        /// In percent.
        threshold: f64,
    },
}

/// What tests are run for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To see whether they pass.
    Verdict,
    /// To see how long they take.
    Measurement(Memory),
}

/// Whether something counts as a failure of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// It does.
    AsFailure,
    /// It does not.
    AsSuccess,
}

/// Whether failed statements are shown with their variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VarValues {
    /// They are.
    Shown,
    /// They are not.
    Hidden,
}

/// The order of results in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Of files and lines.
    Source,
    /// The longest first.
    Duration,
}

/// `ec opa test`
#[derive(Clone, Debug)]
pub struct TestPlan {
    paths: Vec<String>,
    ignore: Ignore,
    format: Format,
    listed: Listed,
    explain: Explain,
    var_values: VarValues,
    run: Option<Regex>,
    timeout: Option<Duration>,
    coverage: Coverage,
    purpose: Purpose,
    parallel: usize,
    count: u64,
    skipped: Counts,
    none: Counts,
    order: Order,
}

/// What the arguments mean.
pub(in super::super) fn plan(parsed: &Parsed) -> Result<TestPlan, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    if parsed.words.is_empty() {
        faults.push(Diagnostic::new("specify at least one file or folder").help("ec opa test policies"));
    }
    let bench = parsed.switch("bench", false);
    let format = format::asked(parsed, "test", &FORMATS, Format::Pretty, &mut faults);
    if format == Format::GoBench && !bench {
        let message = "cannot use output format gobench without running benchmarks (--bench)";
        faults.push(Diagnostic::new(message));
    }
    let run = parsed.text("run").map(Regex::new).transpose().unwrap_or_else(|error| {
        faults.push(Diagnostic::new(format_args!("--run: {error}")));
        None
    });
    let explain = explain(parsed).unwrap_or_else(|fault| {
        faults.push(fault);
        None
    });
    let coverage = coverage(parsed, bench).unwrap_or_else(|fault| {
        faults.push(fault);
        Coverage::Off
    });
    let ignore = Ignore::asked(parsed, &mut faults);
    let order = match parsed.text("sort") {
        None | Some("none") => Order::Source,
        Some("duration") => Order::Duration,
        Some(other) => {
            faults.push(Diagnostic::new(format_args!("{other:?} is no order")).help("none or duration"));
            Order::Source
        }
    };
    let timeout = match parsed.duration("timeout") {
        None | Some(Length::NothingOrLess) if bench => Some(Duration::from_secs(30)),
        None => Some(Duration::from_secs(5)),
        Some(Length::Positive(limit)) => Some(limit),
        Some(Length::NothingOrLess) => None,
    };
    let verbose = parsed.switch("verbose", false) || explain.is_some();
    let memory = if parsed.switch("benchmem", true) { Memory::Shown } else { Memory::Hidden };
    let counts = |name: &str, given: Counts, otherwise: Counts| {
        if parsed.switch(name, false) { given } else { otherwise }
    };
    let plan = TestPlan {
        paths: parsed.words.clone(),
        ignore,
        format,
        listed: if verbose { Listed::All } else { Listed::NotPassed },
        explain: explain.unwrap_or(Explain::NotesAndFails),
        var_values: if parsed.switch("var-values", false) { VarValues::Shown } else { VarValues::Hidden },
        run,
        timeout,
        coverage,
        purpose: if bench { Purpose::Measurement(memory) } else { Purpose::Verdict },
        parallel: parallel(parsed),
        count: parsed.integer("count").and_then(|it| u64::try_from(it).ok()).unwrap_or(1),
        skipped: counts("exit-zero-on-skipped", Counts::AsSuccess, Counts::AsFailure),
        none: counts("fail-on-empty", Counts::AsFailure, Counts::AsSuccess),
        order,
    };
    if faults.is_empty() { Ok(plan) } else { Err(faults) }
}

const FORMATS: [(&str, Format); 4] = [
    ("pretty", Format::Pretty),
    ("json", Format::Json),
    ("junit", Format::Junit),
    ("gobench", Format::GoBench),
];

fn explain(parsed: &Parsed) -> Result<Option<Explain>, Diagnostic> {
    match parsed.text("explain") {
        None => Ok(None),
        Some("fails") => Ok(Some(Explain::Fails)),
        Some("notes") => Ok(Some(Explain::Notes)),
        Some("full" | "debug") => Ok(Some(Explain::Full)),
        Some(other) => {
            Err(Diagnostic::new(format_args!("{other:?} is no explanation"))
                .help("fails, full, notes or debug"))
        }
    }
}

fn coverage(parsed: &Parsed, bench: bool) -> Result<Coverage, Diagnostic> {
    let threshold = parsed.float("threshold").unwrap_or(0.0);
    if !(0.0..=100.0).contains(&threshold) {
        return Err(Diagnostic::new("Code coverage threshold must be between 0 and 100"));
    }
    match (parsed.switch("coverage", false) || threshold > 0.0, bench) {
        (false, _) => Ok(Coverage::Off),
        (true, false) => Ok(Coverage::Report { threshold }),
        (true, true) => Err(Diagnostic::new("coverage reporting is not supported when benchmarking tests")),
    }
}

fn parallel(parsed: &Parsed) -> usize {
    let asked = parsed.integer("parallel").and_then(|it| usize::try_from(it).ok()).filter(|it| *it > 0);
    asked.unwrap_or_else(crate::run::available::cores)
}
