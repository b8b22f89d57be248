//! Policies and data from paths, as OPA's loader reads them: a file is rooted at `data`, a folder's files at their
//! folder below it; file names mean nothing.

use std::fs;
use std::path::Path;
use std::time::Instant;

use super::super::diagnostics::Diagnostic;
use super::super::snapshot::told;
pub(super) use super::files::Ignore;
use super::files::{self, Found};
use crate::rego::engine::{
    CompileFailure, CompileOptions, Compiled, Compiler, Observe, Policy, PrintStatements,
};
use crate::rego::syntax::ast::Module;
pub(super) use crate::rego::testing::Tests;
use crate::rego::value::{Object, ReadLimits, Str, Value, json, yaml};

/// What was loaded.
pub(super) struct Loaded {
    pub(super) policy: Policy,
    /// As they were written.
    pub(super) modules: Vec<Module>,
    pub(super) data: Value,
    /// How long reading and compiling took.
    pub(super) read_ns: u64,
    pub(super) compile_ns: u64,
}

/// What `time.now_ns` says in an evaluation that begins now.
pub(super) fn now_ns() -> i64 {
    i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX)
}

/// As [`load`], for the tests in it.
pub(super) fn load_tests(
    paths: &[String],
    ignore: &Ignore,
    observe: Observe,
) -> Result<Loaded, Vec<Diagnostic>> {
    load(paths, ignore, observe, Tests::AsCases)
}

/// Reads and compiles everything below `paths`.
pub(super) fn load(
    paths: &[String],
    ignore: &Ignore,
    observe: Observe,
    tests: Tests,
) -> Result<Loaded, Vec<Diagnostic>> {
    let started = Instant::now();
    let mut loader = Loader { ignore: ignore.clone(), ..Loader::default() };
    for path in paths {
        loader.path(path);
    }
    let Loader { modules, data, faults, .. } = loader;
    if !faults.is_empty() {
        return Err(faults);
    }
    let options = CompileOptions {
        host: crate::builtins::declarations(),
        print: PrintStatements::Keep,
        observe,
        tests,
        ..CompileOptions::default()
    };
    let read_ns = nanoseconds(started);
    let started = Instant::now();
    let mut compiler = Compiler::new(options);
    for (name, text) in modules {
        compiler.add_module(&name, text);
    }
    let Compiled { policy, modules } =
        compiler.compile().map_err(|failure| super::super::carry_out::pointed(&failure))?;
    let data = Value::Object(data);
    policy.check_data(&data).map_err(|errors| {
        let failure = CompileFailure { errors, sources: policy.sources().clone() };
        super::super::carry_out::pointed(&failure)
    })?;
    Ok(Loaded { policy, modules, data, read_ns, compile_ns: nanoseconds(started) })
}

fn nanoseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

#[derive(Default)]
struct Loader {
    ignore: Ignore,
    modules: Vec<(String, Vec<u8>)>,
    data: Object,
    faults: Vec<Diagnostic>,
}

impl Loader {
    fn path(&mut self, path: &str) {
        match files::find(path, &self.ignore) {
            Ok(found) => found.iter().for_each(|file| self.file(file)),
            Err(fault) => self.faults.push(fault),
        }
    }

    /// A file that is named must be of a kind that is known; others are passed over.
    fn file(&mut self, file: &Found) {
        let path = &file.path;
        let Some(kind) = kind(path) else {
            if file.is_named {
                let fault = Diagnostic::new(format_args!("{}: unrecognized file", path.display()));
                self.faults.push(fault.help("policies are .rego, data is .json, .yaml, .yml"));
            }
            return;
        };
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let fault = Diagnostic::new(format_args!("{}: {}", path.display(), told(&error)));
                self.faults.push(fault);
                return;
            }
        };
        let below: Vec<Str> = file.below.iter().map(|it| Str::from(it.as_str())).collect();
        match kind {
            Kind::Module => self.modules.push((path.display().to_string(), bytes)),
            Kind::Json => {
                let read = json::read(&bytes, &ReadLimits::default()).map_err(|error| error.to_string());
                self.document(path, &below, read);
            }
            Kind::Yaml => {
                let read = yaml::read(&bytes, &ReadLimits::default()).map_err(|error| error.to_string());
                self.document(path, &below, read);
            }
        }
    }

    fn document(&mut self, path: &Path, below: &[Str], read: Result<Value, String>) {
        let rooted = read.map(|value| {
            below.iter().rev().fold(value, |value, step| {
                Value::Object(Object::new().with(Value::String(step.clone()), value))
            })
        });
        let merged = match rooted {
            Ok(Value::Object(pairs)) => merge(&self.data, &pairs).ok_or_else(|| "merge error".to_owned()),
            Ok(_) => Err("document must be of type object".to_owned()),
            Err(error) => Err(error),
        };
        match merged {
            Ok(merged) => self.data = merged,
            Err(error) => self.faults.push(Diagnostic::new(format_args!("{}: {error}", path.display()))),
        }
    }
}

enum Kind {
    Module,
    Json,
    Yaml,
}

fn kind(path: &Path) -> Option<Kind> {
    match path.extension()?.to_str()? {
        "rego" => Some(Kind::Module),
        "json" => Some(Kind::Json),
        "yaml" | "yml" => Some(Kind::Yaml),
        _ => None,
    }
}

/// Both together; nothing where a key has two values that are not both objects.
fn merge(a: &Object, b: &Object) -> Option<Object> {
    let mut merged = a.clone();
    for (key, value) in b {
        let value = match (merged.get(key), value) {
            (None, value) => value.clone(),
            (Some(Value::Object(a)), Value::Object(b)) => Value::Object(merge(a, b)?),
            (Some(_), _) => return None,
        };
        merged = merged.with(key.clone(), value);
    }
    Some(merged)
}
