//! `ec opa check`: reads and compiles policies, and says everything that is wrong with them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Map, Value as Json, json};

use super::super::carry_out::pointed;
use super::super::colour::Terminal;
use super::super::diagnostics::Diagnostic;
use super::super::flags::{Flag, Kind, Parsed, flag};
use super::super::help;
use super::super::snapshot::told;
use super::files::{self, Ignore};
use super::format;
use crate::rego::engine::{
    Checks, CompileFailure, CompileOptions, Compiler, ErrorLimit, PrintStatements, SchemaSet,
};
use crate::rego::error::{Details, ErrorCode, Excerpt, RegoError};
use crate::rego::source::Sources;
use crate::rego::value::{ReadLimits, Str, yaml};

/// In the order of their names.
pub(in super::super) const FLAGS: [Flag; 5] = [
    flag("format", Some('f'), Kind::Text, "pretty", "json or pretty"),
    flag("ignore", None, Kind::List, "", "names of files and folders to leave out, such as '.*'"),
    flag("max-errors", Some('m'), Kind::Integer, "10", "so many errors are told; 0 is all"),
    flag(
        "schema",
        Some('s'),
        Kind::Text,
        "",
        "a schema of the input, or a folder of schemas that annotations name",
    ),
    flag("strict", Some('S'), Kind::Switch, "", "also refuse what is unused"),
];

const ABOUT: &str = "\
Check policies: whether they can be read, and whether what they say can ever hold.

Usage:
  ec opa check <path> [path…] [flags]

Only .rego files count. What is wrong is told on standard error: on a terminal with the lines it is about, elsewhere as
OPA tells it.

Exit codes: 0 nothing is wrong, 1 something is, 2 the command line cannot be read.
";

pub(in super::super) fn help() -> String {
    let mut text = ABOUT.to_owned();
    help::flags(&mut text, "Flags", &FLAGS);
    text
}

/// How errors are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Pretty,
    Json,
}

/// `ec opa check`
#[derive(Clone, Debug)]
pub struct CheckPlan {
    paths: Vec<String>,
    format: Format,
    ignore: Ignore,
    error_limit: ErrorLimit,
    checks: Checks,
    schemas: Option<String>,
}

/// What the policies are.
#[derive(Debug)]
pub enum Verdict {
    /// Nothing is wrong.
    Accepted,
    /// What standard error is told.
    Refused(String),
    /// The same for a person at a terminal.
    Shown(Vec<Diagnostic>),
}

/// What the arguments mean.
pub(in super::super) fn plan(parsed: &Parsed) -> Result<CheckPlan, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    if parsed.words.is_empty() {
        faults.push(Diagnostic::new("specify at least one file or folder").help("ec opa check policies"));
    }
    let all = [("json", Format::Json), ("pretty", Format::Pretty)];
    let format = format::asked(parsed, "check", &all, Format::Pretty, &mut faults);
    let ignore = Ignore::asked(parsed, &mut faults);
    let error_limit = match parsed.integer("max-errors") {
        None => ErrorLimit::default(),
        Some(limit) => match usize::try_from(limit) {
            Ok(0) | Err(_) => ErrorLimit::None,
            Ok(limit) => ErrorLimit::AtMost(limit),
        },
    };
    let checks = if parsed.switch("strict", false) { Checks::Strict } else { Checks::Language };
    let schemas = parsed.text("schema").map(str::to_owned);
    let plan = CheckPlan { paths: parsed.words.clone(), format, ignore, error_limit, checks, schemas };
    if faults.is_empty() { Ok(plan) } else { Err(faults) }
}

/// Checks; standard error may be a terminal.
pub fn run(plan: &CheckPlan, stderr: Terminal) -> Verdict {
    let mut unreadable = Vec::new();
    let schemas = plan.schemas.as_ref().map_or(SchemaSet::None, |path| schemas(path, &mut unreadable));
    let options = CompileOptions {
        host: crate::builtins::declarations(),
        print: PrintStatements::Keep,
        checks: plan.checks,
        error_limit: plan.error_limit,
        schemas,
        ..CompileOptions::default()
    };
    let mut compiler = Compiler::new(options);
    load(plan, &mut compiler, &mut unreadable);
    let failure = compiler.compile().err();
    // As long as something cannot be read, nothing else is known to be wrong.
    let failure = failure.filter(|it| unreadable.is_empty() || while_loading(it));
    if unreadable.is_empty() && failure.is_none() {
        return Verdict::Accepted;
    }
    match (plan.format, stderr) {
        (Format::Json, _) => Verdict::Refused(as_json(&unreadable, failure.as_ref())),
        (Format::Pretty, Terminal::No) => Verdict::Refused(as_text(&unreadable, failure.as_ref())),
        (Format::Pretty, Terminal::Yes) => {
            Verdict::Shown(unreadable.into_iter().chain(failure.iter().flat_map(pointed)).collect())
        }
    }
}

/// Reads schemas: a file is that of the input, files of a folder have their paths as names.
fn schemas(path: &str, unreadable: &mut Vec<Diagnostic>) -> SchemaSet {
    let found = files::find(path, &Ignore::default()).unwrap_or_else(|error| {
        unreadable.push(error);
        Vec::new()
    });
    let mut named = BTreeMap::new();
    for file in found {
        let name = file.path.display().to_string();
        let read = fs::read(&file.path).map_err(|error| format!("open {name}: {}", told(&error))).and_then(
            |bytes| yaml::read(&bytes, &ReadLimits::default()).map_err(|error| format!("{name}: {error}")),
        );
        match read {
            Ok(schema) if Path::new(path).is_dir() => {
                let stem =
                    file.path.file_stem().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
                let parts = file.below.iter().chain([&stem]).map(|part| Str::from(part.as_str()));
                named.insert(parts.collect(), schema);
            }
            Ok(schema) => return SchemaSet::Input(schema),
            Err(error) => unreadable.push(Diagnostic::new(error)),
        }
    }
    SchemaSet::Named(named)
}

/// Takes the modules in, and notes what cannot be read.
fn load(plan: &CheckPlan, compiler: &mut Compiler, unreadable: &mut Vec<Diagnostic>) {
    let mut seen = BTreeSet::new();
    for path in &plan.paths {
        let found = match files::find(path, &plan.ignore) {
            Ok(found) => found,
            Err(error) => {
                unreadable.push(error);
                continue;
            }
        };
        for file in found.into_iter().filter(|it| it.path.extension().is_some_and(|it| it == "rego")) {
            if !seen.insert(file.path.clone()) {
                continue;
            }
            let name = file.path.display().to_string();
            match fs::read(&file.path) {
                Ok(bytes) => drop(compiler.add_module(&name, bytes)),
                Err(error) => {
                    unreadable.push(Diagnostic::new(format_args!("open {name}: {}", told(&error))));
                }
            }
        }
    }
}

fn while_loading(failure: &CompileFailure) -> bool {
    failure.errors.0.iter().all(|it| it.code == ErrorCode::Parse)
}

/// As `opa check` prints it.
fn as_text(unreadable: &[Diagnostic], failure: Option<&CompileFailure>) -> String {
    let mut lines: Vec<String> = unreadable.iter().map(|it| it.message().to_owned()).collect();
    let mut during = if unreadable.is_empty() { "" } else { " during loading" };
    if let Some(failure) = failure {
        lines.extend(failure.errors.0.iter().map(|it| it.opa_text(&failure.sources)));
        if while_loading(failure) {
            during = " during loading";
        }
    }
    match lines.as_slice() {
        [one] => format!("1 error occurred{during}: {one}\n"),
        many => format!("{} errors occurred{during}:\n{}\n", many.len(), many.join("\n")),
    }
}

fn as_json(unreadable: &[Diagnostic], failure: Option<&CompileFailure>) -> String {
    let unreadable = unreadable.iter().map(|it| json!({"message": it.message()}));
    let errors = failure.iter().flat_map(|it| it.errors.0.iter().map(|error| entry(error, &it.sources)));
    let all: Vec<Json> = unreadable.chain(errors).collect();
    serde_json::to_string_pretty(&json!({ "errors": all })).map_or_else(|_| String::new(), |text| text + "\n")
}

/// One error as OPA's JSON has it.
fn entry(error: &RegoError, sources: &Sources) -> Json {
    let mut out = Map::new();
    out.insert("message".into(), error.message.as_str().into());
    out.insert("code".into(), error.code.as_str().into());
    if let Some(span) = error.span {
        let place = sources.position(span);
        let location = json!({"file": sources.name(span), "row": place.row, "col": place.col});
        out.insert("location".into(), location);
        if error.details == Details::SourceLine
            && let Some(excerpt) = Excerpt::of(sources, span)
        {
            out.insert("details".into(), json!({"line": excerpt.line, "idx": excerpt.index}));
        }
    }
    if let Details::Types(details) = &error.details {
        out.insert("details".into(), serde_json::to_value(&details.json).unwrap_or(Json::Null));
    }
    out.into()
}

#[cfg(test)]
mod tests;
