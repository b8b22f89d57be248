//! Policies and data from paths, as OPA's loader reads them: a file is rooted at `data`, a folder's files at their
//! folder below it; file names mean nothing.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::diagnostics::Diagnostic;
use super::super::snapshot::told;
use crate::rego::engine::{CompileOptions, Compiler, Policy, PrintStatements};
use crate::rego::value::{Object, ReadLimits, Str, Value, json, yaml};

/// Folders within folders.
const MAX_DEPTH: usize = 64;

/// What was loaded.
pub(super) struct Loaded {
    pub(super) policy: Policy,
    pub(super) data: Value,
}

/// Reads and compiles everything below `paths`.
pub(super) fn load(paths: &[String]) -> Result<Loaded, Vec<Diagnostic>> {
    let mut loader = Loader::default();
    for path in paths {
        let path = path.strip_prefix("file://").unwrap_or(path);
        loader.path(Path::new(path), &[], 0);
    }
    let Loader { modules, data, faults } = loader;
    if !faults.is_empty() {
        return Err(faults);
    }
    let options = CompileOptions {
        host: crate::builtins::declarations(),
        print: PrintStatements::Keep,
        ..CompileOptions::default()
    };
    let mut compiler = Compiler::new(options);
    for (name, text) in &modules {
        compiler.add_module(name, text);
    }
    let policy = compiler.compile().map_err(|failure| super::super::carry_out::pointed(&failure))?;
    Ok(Loaded { policy, data: Value::Object(data) })
}

#[derive(Default)]
struct Loader {
    modules: Vec<(String, String)>,
    data: Object,
    faults: Vec<Diagnostic>,
}

impl Loader {
    fn path(&mut self, path: &Path, below: &[Str], depth: usize) {
        if path.is_dir() && depth <= MAX_DEPTH {
            self.folder(path, below, depth);
            return;
        }
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let fault = Diagnostic::new(format_args!("{}: {}", path.display(), told(&error)));
                self.faults.push(fault);
                return;
            }
        };
        match kind(path) {
            Some(Kind::Module) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                self.modules.push((path.display().to_string(), text));
            }
            Some(Kind::Json) => {
                let read = json::read(&bytes, &ReadLimits::default()).map_err(|error| error.to_string());
                self.document(path, below, read);
            }
            Some(Kind::Yaml) => {
                let read = yaml::read(&bytes, &ReadLimits::default()).map_err(|error| error.to_string());
                self.document(path, below, read);
            }
            None => {
                let message = format!("{}: unrecognized file", path.display());
                self.faults
                    .push(Diagnostic::new(message).help("policies are .rego, data is .json, .yaml, .yml"));
            }
        }
    }

    fn folder(&mut self, path: &Path, below: &[Str], depth: usize) {
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => {
                let fault = Diagnostic::new(format_args!("{}: {}", path.display(), told(&error)));
                self.faults.push(fault);
                return;
            }
        };
        let mut entries: Vec<PathBuf> = entries.filter_map(|it| Some(it.ok()?.path())).collect();
        entries.sort();
        for entry in entries {
            let name = entry.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
            if name.starts_with('.') {
                continue;
            }
            if entry.is_dir() {
                let below: Vec<Str> = below.iter().cloned().chain([Str::from(name.as_str())]).collect();
                self.path(&entry, &below, depth + 1);
            } else if kind(&entry).is_some() {
                self.path(&entry, below, depth + 1);
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
