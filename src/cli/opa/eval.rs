//! `ec opa eval`: asks a query.

use std::fs;
use std::io::Read as _;

use serde_json::{Map, Value as Json, json};

use super::super::diagnostics::Diagnostic;
use super::super::flags::{Flag, Kind, Parsed, flag};
use super::super::help;
use super::super::snapshot::told;
use super::host::Outside;
use super::load;
use crate::rego::budget::Budget;
use crate::rego::engine::{BuiltinErrors, CompileFailure, Evaluation, EvaluationInput, PreparedQuery};
use crate::rego::error::RegoError;
use crate::rego::source::Sources;
use crate::rego::value::{ReadLimits, Value, yaml};
use crate::rego::vm::{Answer, Solution};

/// In the order of their names.
pub(in super::super) const FLAGS: [Flag; 6] = [
    flag("data", Some('d'), Kind::List, "", "policies and data: files and folders"),
    flag("format", Some('f'), Kind::Text, "json", "json, raw or pretty"),
    flag("input", Some('i'), Kind::Text, "", "a file with the input document; - is standard input"),
    flag("stdin", None, Kind::Switch, "", "read the query from standard input"),
    flag("stdin-input", Some('I'), Kind::Switch, "", "read the input document from standard input"),
    flag("strict-builtin-errors", None, Kind::Switch, "", "errors of builtins end the query"),
];

const ABOUT: &str = "\
Evaluate a Rego query.

Usage:
  ec opa eval <query> [flags]

Exit codes: 0 it was evaluated, whether it is defined or not; 2 it could not be.
";

pub(in super::super) fn help() -> String {
    let mut text = ABOUT.to_owned();
    help::flags(&mut text, "Flags", &FLAGS);
    text
}

/// How results are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The whole result.
    Json,
    /// The values only, texts without quotes.
    Raw,
    /// For people.
    Pretty,
}

#[derive(Clone, Debug)]
enum From {
    Argument(String),
    Stdin,
}

#[derive(Clone, Debug)]
enum Input {
    None,
    File(String),
    Stdin,
}

/// `ec opa eval`
#[derive(Clone, Debug)]
pub struct EvalPlan {
    query: From,
    data: Vec<String>,
    input: Input,
    format: Format,
    builtin_errors: BuiltinErrors,
}

/// What the arguments mean.
pub(in super::super) fn plan(parsed: &Parsed) -> Result<EvalPlan, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let query = match (parsed.words.as_slice(), parsed.switch("stdin", false)) {
        ([query], false) => From::Argument(query.clone()),
        ([], true) => From::Stdin,
        ([], false) => {
            faults.push(Diagnostic::new("specify a query, or --stdin"));
            From::Stdin
        }
        (_, true) => {
            faults.push(Diagnostic::new("specify a query or --stdin but not both"));
            From::Stdin
        }
        (_, false) => {
            faults.push(Diagnostic::new("specify one query").help("put it in quotes"));
            From::Stdin
        }
    };
    let input = match (parsed.text("input"), parsed.switch("stdin-input", false)) {
        (Some(_), true) => {
            faults.push(Diagnostic::new("specify --input or --stdin-input but not both"));
            Input::None
        }
        (Some("-"), false) | (None, true) => Input::Stdin,
        (Some(path), false) => Input::File(path.to_owned()),
        (None, false) => Input::None,
    };
    if matches!((&query, &input), (From::Stdin, Input::Stdin)) && faults.is_empty() {
        faults.push(Diagnostic::new("standard input cannot be both the query and the input"));
    }
    let format = match parsed.text("format") {
        None | Some("json") => Format::Json,
        Some("raw") => Format::Raw,
        Some("pretty") => Format::Pretty,
        Some(other) => {
            let fault = Diagnostic::new(format_args!("{other:?} is not a format of ec opa eval"));
            faults.push(fault.help("json, raw or pretty"));
            Format::Json
        }
    };
    let strict = parsed.switch("strict-builtin-errors", false);
    let builtin_errors = if strict { BuiltinErrors::Raised } else { BuiltinErrors::Undefined };
    let plan = EvalPlan { query, data: parsed.list("data").to_vec(), input, format, builtin_errors };
    if faults.is_empty() { Ok(plan) } else { Err(faults) }
}

/// What is printed, and the exit code.
///
/// # Errors
/// Something cannot be read or loaded.
pub fn run(plan: &EvalPlan) -> Result<(String, u8), Vec<Diagnostic>> {
    let one = |error| vec![error];
    let query = match &plan.query {
        From::Argument(query) => query.clone(),
        From::Stdin => stdin().map_err(one)?,
    };
    let input = match &plan.input {
        Input::None => None,
        Input::Stdin => Some(document("standard input", stdin().map_err(one)?.as_bytes()).map_err(one)?),
        Input::File(path) => {
            let path = path.strip_prefix("file://").unwrap_or(path);
            let bytes = fs::read(path)
                .map_err(|error| one(Diagnostic::new(format_args!("{path}: {}", told(&error)))))?;
            Some(document(path, &bytes).map_err(one)?)
        }
    };
    let loaded = load::load(&plan.data)?;
    let prepared = match loaded.policy.prepare_query(&query) {
        Ok(prepared) => prepared,
        Err(CompileFailure { errors, sources }) => return Ok((plan.errors(&errors.0, &sources), 2)),
    };
    let input = EvaluationInput {
        input,
        now_ns: i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX),
        builtin_errors: plan.builtin_errors,
        ..EvaluationInput::new(loaded.data, Budget::unlimited())
    };
    let mut evaluation = Evaluation::new(&loaded.policy, input);
    let step = evaluation.start_query(&prepared);
    Ok(match Outside::default().finish(&mut evaluation, step) {
        Answer::Results(solutions) => (plan.results(&solutions, &prepared), 0),
        Answer::Undefined => (plan.results(&[], &prepared), 0),
        Answer::Value(_) => (String::new(), 0),
        Answer::Error(error) => (plan.errors(&[error], prepared.sources()), 2),
        Answer::Undecided(undecided) => {
            let causes = undecided.stopped.iter().flat_map(|it| it.causes.iter());
            let texts: Vec<String> =
                causes.map(|it| format!("{}: {}", it.function, it.failure.message)).collect();
            return Err(vec![Diagnostic::new(format_args!("undecided: {}", texts.join("; ")))]);
        }
    })
}

fn stdin() -> Result<String, Diagnostic> {
    let mut text = String::new();
    let read = std::io::stdin().lock().read_to_string(&mut text);
    read.map_err(|error| Diagnostic::new(format_args!("standard input: {}", told(&error))))?;
    Ok(text)
}

fn document(name: &str, bytes: &[u8]) -> Result<Value, Diagnostic> {
    yaml::read(bytes, &ReadLimits::default())
        .map_err(|error| Diagnostic::new(format_args!("{name}: {error}")))
}

fn as_json(value: &Value) -> Json {
    serde_json::to_value(value).unwrap_or(Json::Null)
}

fn indented(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).map_or_else(|_| String::new(), |text| text + "\n")
}

impl EvalPlan {
    fn results(&self, solutions: &[Solution], query: &PreparedQuery) -> String {
        match self.format {
            Format::Json => {
                let all: Vec<Json> = solutions.iter().map(|it| solution(it, query.sources())).collect();
                if all.is_empty() { "{}\n".to_owned() } else { indented(&json!({ "result": all })) }
            }
            Format::Raw => solutions.iter().map(raw).collect(),
            Format::Pretty => pretty(solutions),
        }
    }

    fn errors(&self, errors: &[RegoError], sources: &Sources) -> String {
        if self.format != Format::Json {
            let lines: Vec<String> = errors.iter().map(|it| it.render(sources)).collect();
            return lines.join("\n") + "\n";
        }
        let all = errors.iter().map(|it| {
            let mut entry = Map::new();
            entry.insert("message".into(), it.message.as_str().into());
            entry.insert("code".into(), it.code.as_str().into());
            if let Some(span) = it.span {
                let place = sources.position(span);
                let place = json!({"file": sources.name(span), "row": place.row, "col": place.col});
                entry.insert("location".into(), place);
            }
            Json::Object(entry)
        });
        indented(&json!({ "errors": all.collect::<Vec<_>>() }))
    }
}

fn solution(it: &Solution, sources: &Sources) -> Json {
    let expressions = it.expressions.iter().map(|(span, value)| {
        let place = sources.position(*span);
        json!({
            "value": as_json(value),
            "text": sources.snippet(*span),
            "location": {"row": place.row, "col": place.col},
        })
    });
    let mut entry = Map::new();
    entry.insert("expressions".into(), expressions.collect());
    if !it.bindings.is_empty() {
        entry.insert("bindings".into(), Json::Object(bindings(it)));
    }
    Json::Object(entry)
}

fn bindings(it: &Solution) -> Map<String, Json> {
    it.bindings.iter().map(|(name, value)| (name.to_string(), as_json(value))).collect()
}

/// The values of the expressions of one solution on a line.
fn raw(it: &Solution) -> String {
    let texts = it.expressions.iter().map(|(_, value)| match value {
        Value::String(text) => text.to_string(),
        other => as_json(other).to_string(),
    });
    texts.collect::<Vec<_>>().join(" ") + "\n"
}

/// One value by itself; else a table of variables and their values.
fn pretty(solutions: &[Solution]) -> String {
    match solutions {
        [] => "undefined\n".to_owned(),
        [one] if one.bindings.is_empty() && one.expressions.len() == 1 => {
            one.expressions.iter().map(|(_, value)| indented(&as_json(value))).collect()
        }
        all => table(all),
    }
}

fn table(all: &[Solution]) -> String {
    let rows: Vec<Vec<(String, String)>> = all.iter().map(cells).collect();
    let Some(first) = rows.first() else { return String::new() };
    let widths: Vec<usize> = (0..first.len())
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|(name, value)| name.chars().count().max(value.chars().count())).max().unwrap_or(0)
        })
        .collect();
    let line = |texts: Vec<&String>| {
        let cells: Vec<String> =
            texts.iter().zip(&widths).map(|(text, width)| format!(" {text:width$} ")).collect();
        format!("|{}|\n", cells.join("|"))
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
    let rule = format!("+{}+\n", rule.join("+"));
    let mut text = rule.clone() + &line(first.iter().map(|(name, _)| name).collect()) + &rule;
    for row in &rows {
        text += &line(row.iter().map(|(_, value)| value).collect());
    }
    text + &rule
}

fn cells(it: &Solution) -> Vec<(String, String)> {
    let bound = it.bindings.iter().map(|(name, value)| (name.to_string(), as_json(value).to_string()));
    let values =
        (1..).zip(&it.expressions).map(|(at, (_, value))| (format!("#{at}"), as_json(value).to_string()));
    if it.bindings.is_empty() { values.collect() } else { bound.collect() }
}
