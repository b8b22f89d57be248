//! `ec opa bench`: measures a query, evaluated again and again over the same input.

use serde_json::{Map, json};

use super::super::diagnostics::Diagnostic;
use super::super::flags::{Flag, Kind, Parsed, flag};
use super::super::help;
use super::eval::{self, From, Input};
use super::format;
use super::host::Outside;
use super::load::{self, Ignore, Loaded, Tests};
use super::measure::{self, Measured, Memory, figure};
use super::output::{Done, Output, indented};
use super::table::{Align, table};
use crate::rego::budget::Budget;
use crate::rego::engine::{CompileFailure, Evaluation, EvaluationInput, Observe, PreparedQuery};
use crate::rego::error::Errors;
use crate::rego::value::Value;
use crate::rego::vm::Answer;

/// In the order of their names.
pub(in super::super) const FLAGS: [Flag; 10] = [
    flag("benchmem", None, Kind::Switch, "true", "show the bytes that an evaluation draws from its budget"),
    flag("count", None, Kind::Integer, "1", "how often it is measured, each time for a second"),
    flag("data", Some('d'), Kind::List, "", "policies and data: files and folders"),
    flag("fail", None, Kind::Switch, "true", "exit 1 where the query is undefined"),
    flag("format", Some('f'), Kind::Text, "pretty", "pretty, json or gobench"),
    flag("ignore", None, Kind::List, "", "names of files and folders to leave out: shell patterns"),
    flag("input", Some('i'), Kind::Text, "", "a file with the input document; - is standard input"),
    flag("metrics", None, Kind::Switch, "true", "show how the times are spread"),
    flag("stdin", None, Kind::Switch, "", "read the query from standard input"),
    flag("stdin-input", Some('I'), Kind::Switch, "", "read the input document from standard input"),
];

const ABOUT: &str = "\
Measure how long a Rego query takes. Reading and compiling are not counted; every evaluation begins anew.

Usage:
  ec opa bench <query> [flags]

Exit codes: 0 it was measured; 1 it was not.
";

pub(in super::super) fn help() -> String {
    let mut text = ABOUT.to_owned();
    help::flags(&mut text, "Flags", &FLAGS);
    text
}

/// How figures are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Pretty,
    /// As Go's benchmarks are written to JSON.
    Json,
    /// A line as Go's benchmarks write it.
    GoBench,
}

/// `ec opa bench`
#[derive(Clone, Debug)]
pub struct BenchPlan {
    query: From,
    input: Input,
    data: Vec<String>,
    ignore: Ignore,
    format: Format,
    memory: Memory,
    spread: Spread,
    undefined: Undefined,
    count: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spread {
    Shown,
    Hidden,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Undefined {
    Fails,
    IsMeasured,
}

/// What the arguments mean.
pub(in super::super) fn plan(parsed: &Parsed) -> Result<BenchPlan, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let (query, input) = eval::sources(parsed, &mut faults);
    let all = [("pretty", Format::Pretty), ("json", Format::Json), ("gobench", Format::GoBench)];
    let format = format::asked(parsed, "bench", &all, Format::Pretty, &mut faults);
    let ignore = Ignore::asked(parsed, &mut faults);
    let plan = BenchPlan {
        query,
        input,
        data: parsed.list("data").to_vec(),
        ignore,
        format,
        memory: if parsed.switch("benchmem", true) { Memory::Shown } else { Memory::Hidden },
        spread: if parsed.switch("metrics", true) { Spread::Shown } else { Spread::Hidden },
        undefined: if parsed.switch("fail", true) { Undefined::Fails } else { Undefined::IsMeasured },
        count: parsed.integer("count").and_then(|it| u64::try_from(it).ok()).unwrap_or(1),
    };
    if faults.is_empty() { Ok(plan) } else { Err(faults) }
}

/// Why there are no figures.
enum Stopped {
    Error(Errors),
    Undefined,
    Undecided(String),
}

/// What is printed, and the exit code.
///
/// # Errors
/// Something cannot be read or loaded.
pub fn run(plan: &BenchPlan) -> Done {
    let query = plan.query.read().map_err(|error| vec![error])?;
    let input = plan.input.read().map_err(|error| vec![error])?;
    let loaded = load::load(&plan.data, &plan.ignore, Observe::Prints, Tests::AsRules)?;
    let prepared = match loaded.policy.prepare_query(&query) {
        Ok(prepared) => prepared,
        Err(CompileFailure { errors, sources }) => {
            return Ok(Output { code: 1, ..eval::errors_as(plan.errors(), &errors, &sources, "") });
        }
    };
    let outside = Outside::default();
    let mut output = Output::default();
    for _ in 0..plan.count {
        match measure::measure(|| once(plan, &loaded, &prepared, &outside, input.as_ref())) {
            Ok(measured) => output.stdout += &plan.shown(&measured),
            Err(Stopped::Error(errors)) => {
                return Ok(Output {
                    code: 1,
                    ..eval::errors_as(plan.errors(), &errors, prepared.sources(), "")
                });
            }
            Err(Stopped::Undefined) => return Ok(plan.stopped("undefined result")),
            Err(Stopped::Undecided(why)) => return Ok(plan.stopped(&why)),
        }
    }
    Ok(output)
}

fn once(
    plan: &BenchPlan,
    loaded: &Loaded,
    query: &PreparedQuery,
    outside: &Outside,
    input: Option<&Value>,
) -> Result<u64, Stopped> {
    let input = EvaluationInput {
        input: input.cloned(),
        now_ns: load::now_ns(),
        ..EvaluationInput::new(loaded.data.clone(), Budget::unlimited())
    };
    let mut evaluation = Evaluation::new(&loaded.policy, input);
    let step = evaluation.start_query(query);
    match outside.finish(&mut evaluation, step) {
        Answer::Results(results) if results.is_empty() && plan.undefined == Undefined::Fails => {
            Err(Stopped::Undefined)
        }
        Answer::Results(_) | Answer::Undefined | Answer::Value(_) => Ok(evaluation.budget().bytes_spent()),
        Answer::Error(error) => Err(Stopped::Error(Errors(vec![error]))),
        Answer::Undecided(undecided) => {
            let causes = undecided.stopped.iter().flat_map(|it| it.causes.iter());
            let texts: Vec<String> =
                causes.map(|it| format!("{}: {}", it.function, it.failure.message)).collect();
            Err(Stopped::Undecided(format!("undecided: {}", texts.join("; "))))
        }
    }
}

impl BenchPlan {
    fn errors(&self) -> eval::Format {
        if self.format == Format::Json { eval::Format::Json } else { eval::Format::Pretty }
    }

    fn stopped(&self, why: &str) -> Output {
        if self.format == Format::Json {
            let stdout = indented(&json!({"errors": [{"message": why}]}));
            return Output { stdout, stderr: String::new(), code: 1 };
        }
        Output { stdout: String::new(), stderr: format!("1 error occurred: {why}\n"), code: 1 }
    }

    fn spread(&self, measured: &Measured) -> Vec<(String, f64)> {
        if self.spread == Spread::Hidden {
            return Vec::new();
        }
        let figures = measured.statistics.figures().into_iter();
        figures.map(|(name, value)| (format!("histogram_timer_rego_query_eval_ns_{name}"), value)).collect()
    }

    fn shown(&self, measured: &Measured) -> String {
        let spread = self.spread(measured);
        match self.format {
            Format::Json => indented(&measured.json(&spread)),
            Format::GoBench => format!("BenchmarkOPAEval\t{}\n", measured.line(&spread, self.memory)),
            Format::Pretty => {
                let mut rows = vec![
                    ("samples".to_owned(), measured.rounds.to_string()),
                    ("ns/op".to_owned(), figure(measured.ns_per_round())),
                ];
                if self.memory == Memory::Shown {
                    rows.push(("B/op".to_owned(), measured.bytes_per_round().to_string()));
                }
                rows.extend(spread.into_iter().map(|(name, value)| (name, figure(value))));
                let rows: Vec<_> =
                    rows.into_iter().map(|(name, value)| vec![name, value.trim().to_owned()]).collect();
                table(&[], &[Align::Left, Align::Right], &rows)
            }
        }
    }
}

impl Measured {
    /// As Go writes its benchmarks' results; allocations are not counted.
    pub(super) fn json(&self, extra: &[(String, f64)]) -> serde_json::Value {
        let figures = extra.iter().map(|(name, value)| (name.clone(), super::statistics::number(*value)));
        json!({
            "N": self.rounds,
            "T": u64::try_from(self.total.as_nanos()).unwrap_or(u64::MAX),
            "Bytes": 0,
            "MemBytes": self.bytes,
            "Extra": figures.collect::<Map<_, _>>(),
        })
    }
}
