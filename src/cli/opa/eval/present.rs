//! Results, and what is told of the evaluation, in OPA's shapes.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::super::output::{Output, indented};
use super::super::statistics::{Statistics, number};
use super::super::table::{Align, table};
use super::run::Told;
use super::{EvalPlan, Format, ProfileWanted, SortKey, Tell};
use crate::rego::error::{Errors, RegoError};
use crate::rego::observe::coverage::Report;
use crate::rego::observe::profile::Line;
use crate::rego::observe::trace::{self, Recorded};
use crate::rego::source::{Sources, Span};
use crate::rego::value::Value;
use crate::rego::vm::Solution;

#[derive(Serialize)]
struct Whole<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Results<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<Map<String, Json>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aggregated_metrics: Option<Map<String, Json>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Vec<Explained>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<Vec<ProfileLine>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aggregated_profile: Option<Vec<ProfileLine>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<&'a Report>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Results<'a> {
    All(Vec<Result<'a>>),
    Discarded(&'static str),
}

#[derive(Serialize)]
struct Place {
    file: String,
    row: u32,
    col: u32,
}

/// A line of a trace; `Node` is what the source says there.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Explained {
    op: String,
    node: String,
    location: Place,
    #[serde(rename = "QueryID")]
    query: u64,
    #[serde(rename = "ParentID")]
    parent: u64,
    message: String,
}

#[derive(Serialize)]
struct ProfileLine {
    #[serde(skip_serializing_if = "Option::is_none")]
    total_time_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_time_ns_stats: Option<Json>,
    num_eval: u64,
    num_redo: u64,
    num_gen_expr: usize,
    location: Place,
}

#[derive(Serialize)]
struct Result<'a> {
    expressions: Vec<Expression<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    bindings: BTreeMap<&'a str, &'a Value>,
}

#[derive(Serialize)]
struct Expression<'a> {
    value: &'a Value,
    text: &'a str,
    location: At,
}

#[derive(Serialize)]
struct At {
    row: u32,
    col: u32,
}

fn place(span: Span, sources: &Sources) -> Place {
    let position = sources.position(span);
    Place { file: sources.name(span).to_owned(), row: position.row, col: position.col }
}

/// What goes to standard output.
pub(super) fn results(plan: &EvalPlan, told: &Told, sources: &Sources) -> String {
    match plan.format {
        Format::Json | Format::Discard => whole(plan, told, sources),
        Format::Values => told
            .solutions
            .iter()
            .map(|it| indented(&it.expressions.iter().map(|(_, value)| value).collect::<Vec<_>>()))
            .collect(),
        Format::Bindings => told.solutions.iter().map(|it| indented(&bindings(it))).collect(),
        Format::Raw => told.solutions.iter().map(raw).collect(),
        Format::Pretty => pretty(plan, told, sources),
    }
}

fn whole(plan: &EvalPlan, told: &Told, sources: &Sources) -> String {
    let results: Vec<Result<'_>> = told.solutions.iter().map(|it| result(it, sources)).collect();
    let result = match (results.is_empty(), plan.format) {
        (true, _) => None,
        (false, Format::Discard) => Some(Results::Discarded("discarded")),
        (false, _) => Some(Results::All(results)),
    };
    let once = plan.count == 1;
    let metrics = || {
        told.timers
            .iter()
            .map(|(name, ns)| {
                let statistics = Statistics::of(ns.clone());
                let value = if once { Json::from(statistics.max()) } else { statistics.json() };
                ((*name).to_owned(), value)
            })
            .collect::<Map<_, _>>()
    };
    let profile = plan.profile.as_ref().map(|wanted| profile_lines(wanted, told, sources));
    let whole = Whole {
        result,
        metrics: (plan.metrics == Tell::Yes && once).then(metrics),
        aggregated_metrics: (plan.metrics == Tell::Yes && !once).then(metrics),
        explanation: told.trace.as_ref().map(|all| all.iter().map(|it| explained(it, sources)).collect()),
        coverage: told.coverage.as_ref(),
        aggregated_profile: None,
        profile: None,
    };
    let whole = match (profile, once) {
        (Some(lines), true) => Whole { profile: Some(lines), ..whole },
        (Some(lines), false) => Whole { aggregated_profile: Some(lines), ..whole },
        (None, _) => whole,
    };
    indented(&whole)
}

fn result<'a>(it: &'a Solution, sources: &'a Sources) -> Result<'a> {
    let expressions = it.expressions.iter().map(|(span, value)| {
        let position = sources.position(*span);
        let location = At { row: position.row, col: position.col };
        Expression { value, text: sources.snippet(*span), location }
    });
    Result { expressions: expressions.collect(), bindings: bindings(it) }
}

fn bindings(it: &Solution) -> BTreeMap<&str, &Value> {
    it.bindings.iter().map(|(name, value)| (name.as_ref(), value)).collect()
}

fn explained(it: &Recorded, sources: &Sources) -> Explained {
    let message = if it.op.is_none() { it.text.to_string() } else { it.message.clone() };
    Explained {
        op: it.op.map_or_else(|| "Note".to_owned(), |op| op.to_string()),
        node: if it.op.is_none() { sources.snippet(it.at).to_owned() } else { it.about(sources) },
        location: place(it.at, sources),
        query: it.query,
        parent: it.parent,
        message,
    }
}

/// Lines in order, with the times of all evaluations.
fn sorted(wanted: &ProfileWanted, told: &Told, sources: &Sources) -> Vec<(Line, Statistics)> {
    let all = told.profiles.as_deref().unwrap_or_default();
    let Some(first) = all.first() else { return Vec::new() };
    let mut lines: Vec<(Line, Statistics)> = first
        .iter()
        .map(|line| {
            let times = all.iter().flatten().filter(|it| it.at == line.at).map(|it| it.time_ns).collect();
            (line.clone(), Statistics::of(times))
        })
        .collect();
    let key = |(line, times): &(Line, Statistics), key: SortKey| match key {
        SortKey::Time => (times.max(), ""),
        SortKey::Evals => (line.evals, ""),
        SortKey::Redos => (line.redos, ""),
        SortKey::Statements => (line.statements as u64, ""),
        SortKey::File => (0, sources.name(line.at)),
        SortKey::Line => (u64::from(sources.position(line.at).row), ""),
    };
    lines.sort_by(|a, b| {
        let orders = wanted.sort.iter().map(|it| key(b, *it).cmp(&key(a, *it)));
        orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    });
    if wanted.limit > 0 {
        lines.truncate(wanted.limit);
    }
    lines
}

fn profile_lines(wanted: &ProfileWanted, told: &Told, sources: &Sources) -> Vec<ProfileLine> {
    let once = told.profiles.as_ref().is_some_and(|all| all.len() == 1);
    let lines = sorted(wanted, told, sources).into_iter().map(|(line, times)| ProfileLine {
        total_time_ns: once.then(|| times.max()),
        total_time_ns_stats: (!once).then(|| times.json()),
        num_eval: line.evals,
        num_redo: line.redos,
        num_gen_expr: line.statements,
        location: place(line.at, sources),
    });
    lines.collect()
}

/// The values of the expressions of one solution on a line.
fn raw(it: &Solution) -> String {
    let texts = it.expressions.iter().map(|(_, value)| match value {
        Value::String(text) => text.to_string(),
        other => json(other),
    });
    texts.collect::<Vec<_>>().join(" ") + "\n"
}

fn json(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn pretty(plan: &EvalPlan, told: &Told, sources: &Sources) -> String {
    let mut text = told.trace.as_ref().map_or_else(String::new, |it| trace::table(it, sources));
    text += &pretty_results(&told.solutions, sources);
    if plan.metrics == Tell::Yes {
        text += &pretty_metrics(told);
    }
    if let Some(wanted) = &plan.profile {
        text += &pretty_profile(wanted, told, sources);
    }
    if let Some(report) = &told.coverage {
        let row = vec!["Overall Coverage".to_owned(), format!("{:.2}", report.coverage)];
        text += &table(&[], &[], &[row]);
    }
    text
}

/// One value by itself, and one of several that only hold; else a table of variables, and of values that are not
/// only true.
fn pretty_results(solutions: &[Solution], sources: &Sources) -> String {
    let is_boolean = |value: &Value| matches!(value, Value::Bool(_));
    let Some(first) = solutions.first() else { return "undefined\n".to_owned() };
    if let ([one], [(_, value), more @ ..]) = (solutions, first.expressions.as_slice())
        && one.bindings.is_empty()
        && (more.is_empty() || one.expressions.iter().all(|(_, value)| is_boolean(value)))
    {
        return indented(value);
    }
    let shown: Vec<usize> = (0..first.expressions.len())
        .filter(|at| first.bindings.is_empty() || !is_boolean(&first.expressions[*at].1))
        .collect();
    let names = first.bindings.iter().map(|(name, _)| name.as_ref());
    let texts = shown.iter().map(|at| sources.snippet(first.expressions[*at].0));
    let heading: Vec<&str> = names.chain(texts).collect();
    let rows: Vec<Vec<String>> = solutions
        .iter()
        .map(|it| {
            let bound = it.bindings.iter().map(|(_, value)| json(value));
            bound.chain(shown.iter().filter_map(|at| Some(json(&it.expressions.get(*at)?.1)))).collect()
        })
        .collect();
    table(&heading, &[], &rows)
}

fn figures(statistics: &Statistics) -> [f64; 5] {
    #[allow(clippy::cast_precision_loss, reason = "nanoseconds of some days are exact")]
    let whole = [statistics.min() as f64, statistics.max() as f64];
    [whole[0], whole[1], statistics.mean(), statistics.quantile(0.9), statistics.quantile(0.99)]
}

fn pretty_metrics(told: &Told) -> String {
    if told.timers.iter().all(|(_, ns)| ns.len() == 1) {
        let rows = told.timers.iter().map(|(name, ns)| vec![(*name).to_owned(), ns[0].to_string()]);
        return table(&["Metric", "Value"], &[], &rows.collect::<Vec<_>>());
    }
    let rows = told.timers.iter().map(|(name, ns)| {
        let figures = figures(&Statistics::of(ns.clone()));
        [(*name).to_owned()].into_iter().chain(figures.map(|it| number(it).to_string())).collect()
    });
    table(&["Metric", "Min", "Max", "Mean", "90%", "99%"], &[], &rows.collect::<Vec<_>>())
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "nanoseconds, not negative")]
fn pretty_profile(wanted: &ProfileWanted, told: &Told, sources: &Sources) -> String {
    let once = told.profiles.as_ref().is_some_and(|all| all.len() == 1);
    let rows = sorted(wanted, told, sources).into_iter().map(|(line, times)| {
        let figures = figures(&times).map(|ns| format!("{:?}", Duration::from_nanos(ns as u64)));
        let times = if once { figures[1..2].to_vec() } else { figures.to_vec() };
        let name = sources.name(line.at);
        let location = if name.is_empty() {
            sources.snippet(line.at).to_owned()
        } else {
            format!("{name}:{}", sources.position(line.at).row)
        };
        let counts = [line.evals.to_string(), line.redos.to_string(), line.statements.to_string(), location];
        times.into_iter().chain(counts).collect::<Vec<_>>()
    });
    let heading = ["Num Eval", "Num Redo", "Num Gen Expr", "Location"];
    let times: &[&str] = if once { &["Time"] } else { &["Min", "Max", "Mean", "90%", "99%"] };
    let heading: Vec<&str> = times.iter().chain(&heading).copied().collect();
    table(&heading, &[Align::Left; 9], &rows.collect::<Vec<_>>())
}

/// Errors as JSON go to standard output, else to standard error.
pub(in super::super) fn errors_as(
    format: Format,
    errors: &Errors,
    sources: &Sources,
    prints: &str,
) -> Output {
    if matches!(format, Format::Json | Format::Discard) {
        let all: Vec<_> = errors.0.iter().map(|it| error(it, sources)).collect();
        let stdout = indented(&serde_json::json!({ "errors": all }));
        return Output { stdout, stderr: prints.to_owned(), code: 2 };
    }
    let lines: Vec<String> = errors.0.iter().map(|it| it.render(sources)).collect();
    let before = match lines.len() {
        1 => "1 error occurred: ".to_owned(),
        more => format!("{more} errors occurred:\n"),
    };
    Output { stdout: String::new(), stderr: format!("{prints}{before}{}\n", lines.join("\n")), code: 2 }
}

pub(super) fn errors(plan: &EvalPlan, errors: &Errors, sources: &Sources, prints: &str) -> Output {
    errors_as(plan.format, errors, sources, prints)
}

fn error(it: &RegoError, sources: &Sources) -> Json {
    let mut entry = Map::new();
    entry.insert("message".into(), it.message.as_str().into());
    entry.insert("code".into(), it.code.as_str().into());
    if let Some(span) = it.span {
        let place = serde_json::to_value(place(span, sources)).unwrap_or_default();
        entry.insert("location".into(), place);
    }
    Json::Object(entry)
}
