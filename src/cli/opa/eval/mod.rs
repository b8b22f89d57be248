//! `ec opa eval`: asks a query. Here is what its arguments mean.

mod present;
mod run;

use std::fs;
use std::io::Read as _;

use super::super::diagnostics::Diagnostic;
use super::super::flags::{Flag, Kind, Parsed, flag};
use super::super::help;
use super::super::snapshot::told;
use super::format;
use super::load::Ignore;
use crate::rego::engine::BuiltinErrors;
use crate::rego::observe::trace::Explain;
use crate::rego::value::{ReadLimits, Value, yaml};

pub(super) use present::errors_as;
pub use run::run;

/// In the order of their names.
pub(in super::super) const FLAGS: [Flag; 17] = [
    flag(
        "count",
        None,
        Kind::Integer,
        "1",
        "how often it is evaluated; profile and metrics are about all times",
    ),
    flag("coverage", None, Kind::Switch, "", "tell which lines were reached"),
    flag("data", Some('d'), Kind::List, "", "policies and data: files and folders"),
    flag("explain", None, Kind::Text, "off", "tell what happened: off, full, notes, fails or debug"),
    flag("fail", None, Kind::Switch, "", "exit 1 where the query is undefined or has no result"),
    flag("fail-defined", None, Kind::Switch, "", "exit 1 where it has one"),
    flag("format", Some('f'), Kind::Text, "json", "json, values, bindings, pretty, raw or discard"),
    flag("ignore", None, Kind::List, "", "names of files and folders to leave out: shell patterns"),
    flag("input", Some('i'), Kind::Text, "", "a file with the input document; - is standard input"),
    flag("metrics", None, Kind::Switch, "", "tell how long reading, compiling and evaluating took"),
    flag("profile", None, Kind::Switch, "", "tell where the time went, by line; implies --metrics"),
    flag(
        "profile-limit",
        None,
        Kind::Integer,
        "10",
        "how many lines the profile has; 0 is all. Implies --profile",
    ),
    flag(
        "profile-sort",
        None,
        Kind::List,
        "total_time_ns,num_eval,num_redo,num_gen_expr,file,line",
        "what the profile is sorted by, the greatest first. Implies --profile",
    ),
    flag("stdin", None, Kind::Switch, "", "read the query from standard input"),
    flag("stdin-input", Some('I'), Kind::Switch, "", "read the input document from standard input"),
    flag("strict-builtin-errors", None, Kind::Switch, "", "errors of builtins end the query"),
    flag("timeout", None, Kind::Duration, "", "for one evaluation (default none)"),
];

const ABOUT: &str = "\
Evaluate a Rego query.

Usage:
  ec opa eval <query> [flags]

Exit codes: 0 it was evaluated, whether it is defined or not; 2 it could not be; 1 by --fail and --fail-defined.
";

pub(in super::super) fn help() -> String {
    let mut text = ABOUT.to_owned();
    help::flags(&mut text, "Flags", &FLAGS);
    text
}

/// How results are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Everything.
    Json,
    /// The values of each result, as a list.
    Values,
    /// The variables of each result.
    Bindings,
    /// The values only, texts without quotes.
    Raw,
    /// For people.
    Pretty,
    /// As JSON, without the results themselves.
    Discard,
}

/// Which results fail the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fails {
    /// None do.
    Never,
    /// That there is none.
    Undefined,
    /// That there is one.
    Defined,
}

#[derive(Clone, Debug)]
pub(super) enum From {
    Argument(String),
    Stdin,
}

#[derive(Clone, Debug)]
pub(super) enum Input {
    None,
    File(String),
    Stdin,
}

/// What is asked about where time goes.
#[derive(Clone, Debug)]
struct ProfileWanted {
    /// 0 is all.
    limit: usize,
    sort: Vec<SortKey>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SortKey {
    Time,
    Evals,
    Redos,
    Statements,
    File,
    Line,
}

const SORT_KEYS: [(&str, SortKey); 6] = [
    ("total_time_ns", SortKey::Time),
    ("num_eval", SortKey::Evals),
    ("num_redo", SortKey::Redos),
    ("num_gen_expr", SortKey::Statements),
    ("file", SortKey::File),
    ("line", SortKey::Line),
];

/// Something that is told, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tell {
    Yes,
    No,
}

/// `ec opa eval`
#[derive(Clone, Debug)]
pub struct EvalPlan {
    query: From,
    data: Vec<String>,
    ignore: Ignore,
    input: Input,
    format: Format,
    fails: Fails,
    builtin_errors: BuiltinErrors,
    explain: Option<Explain>,
    coverage: Tell,
    metrics: Tell,
    profile: Option<ProfileWanted>,
    count: u64,
    timeout: Option<std::time::Duration>,
}

/// What the arguments mean.
pub(in super::super) fn plan(parsed: &Parsed) -> Result<EvalPlan, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let (query, input) = sources(parsed, &mut faults);
    let format = format::asked(parsed, "eval", &FORMATS, Format::Json, &mut faults);
    let explain = match parsed.text("explain") {
        None | Some("off") => None,
        Some("full" | "debug") => Some(Explain::Full),
        Some("notes") => Some(Explain::Notes),
        Some("fails") => Some(Explain::Fails),
        Some(other) => {
            let fault = Diagnostic::new(format_args!("{other:?} is no explanation"));
            faults.push(fault.help("off, full, notes, fails or debug"));
            None
        }
    };
    let profile = profile(parsed).unwrap_or_else(|fault| {
        faults.push(fault);
        None
    });
    let ignore = Ignore::asked(parsed, &mut faults);
    let fails = match (parsed.switch("fail", false), parsed.switch("fail-defined", false)) {
        (false, false) => Fails::Never,
        (true, false) => Fails::Undefined,
        (false, true) => Fails::Defined,
        (true, true) => {
            faults.push(Diagnostic::new("specify --fail or --fail-defined but not both"));
            Fails::Never
        }
    };
    let count = match parsed.integer("count") {
        None => 1,
        Some(count) => u64::try_from(count).ok().filter(|count| *count > 0).unwrap_or_else(|| {
            faults.push(Diagnostic::new("--count must be at least 1"));
            1
        }),
    };
    let strict = parsed.switch("strict-builtin-errors", false);
    let tell = |it: bool| if it { Tell::Yes } else { Tell::No };
    let plan = EvalPlan {
        query,
        data: parsed.list("data").to_vec(),
        ignore,
        input,
        format,
        fails,
        builtin_errors: if strict { BuiltinErrors::Raised } else { BuiltinErrors::Undefined },
        explain,
        coverage: tell(parsed.switch("coverage", false)),
        metrics: tell(parsed.switch("metrics", false) || profile.is_some()),
        profile,
        count,
        timeout: match parsed.duration("timeout") {
            Some(super::super::values::Span::Positive(limit)) => Some(limit),
            _ => None,
        },
    };
    if faults.is_empty() { Ok(plan) } else { Err(faults) }
}

/// Where query and input come from.
pub(super) fn sources(parsed: &Parsed, faults: &mut Vec<Diagnostic>) -> (From, Input) {
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
    (query, input)
}

const FORMATS: [(&str, Format); 6] = [
    ("json", Format::Json),
    ("values", Format::Values),
    ("bindings", Format::Bindings),
    ("pretty", Format::Pretty),
    ("raw", Format::Raw),
    ("discard", Format::Discard),
];

/// What is not named to sort by follows what is.
fn profile(parsed: &Parsed) -> Result<Option<ProfileWanted>, Diagnostic> {
    let (limit, named) = (parsed.integer("profile-limit"), parsed.list("profile-sort"));
    if !parsed.switch("profile", false) && limit.is_none() && named.is_empty() {
        return Ok(None);
    }
    let mut sort = Vec::new();
    for name in named {
        let key = SORT_KEYS.iter().find(|(it, _)| it == name).map(|(_, key)| *key).ok_or_else(|| {
            let all: Vec<_> = SORT_KEYS.iter().map(|(name, _)| *name).collect();
            Diagnostic::new(format_args!("{name:?} is nothing to sort by")).help(all.join(", "))
        })?;
        sort.push(key);
    }
    let others = SORT_KEYS.iter().map(|(_, key)| *key).filter(|key| !sort.contains(key)).collect::<Vec<_>>();
    sort.extend(others);
    let limit = limit.map_or(10, |it| usize::try_from(it).unwrap_or(0));
    Ok(Some(ProfileWanted { limit, sort }))
}

impl From {
    /// The text of the query.
    pub(super) fn read(&self) -> Result<String, Diagnostic> {
        match self {
            Self::Argument(query) => Ok(query.clone()),
            Self::Stdin => stdin(),
        }
    }
}

impl Input {
    /// The document, if there is one.
    pub(super) fn read(&self) -> Result<Option<Value>, Diagnostic> {
        match self {
            Self::None => Ok(None),
            Self::Stdin => document("standard input", stdin()?.as_bytes()).map(Some),
            Self::File(path) => {
                let path = path.strip_prefix("file://").unwrap_or(path);
                let bytes = fs::read(path)
                    .map_err(|error| Diagnostic::new(format_args!("{path}: {}", told(&error))))?;
                document(path, &bytes).map(Some)
            }
        }
    }
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
