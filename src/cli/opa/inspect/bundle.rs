//! Reads what is inspected: a folder in the layout of OPA's bundles, or one module.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::super::super::carry_out::pointed;
use super::super::super::diagnostics::Diagnostic;
use super::super::super::snapshot::told;
use super::super::files::{self, Found, Ignore};
use crate::rego::engine::{CompileOptions, Compiler, Outline, PrintStatements};
use crate::rego::value::{ReadLimits, yaml};

/// The file `.manifest` of a bundle.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    #[serde(default)]
    pub(super) revision: String,
    #[serde(default = "everything")]
    pub(super) roots: Vec<String>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) metadata: Map<String, Json>,
}

fn everything() -> Vec<String> {
    vec![String::new()]
}

/// What is inspected.
pub(super) struct Bundle {
    /// Of a folder.
    pub(super) manifest: Option<Manifest>,
    pub(super) outline: Outline,
    /// Data files by the place of their content.
    pub(super) data: BTreeMap<String, Vec<String>>,
}

impl Bundle {
    /// Reads and checks.
    pub(super) fn load(path: &str) -> Result<Self, Vec<Diagnostic>> {
        let found = files::find(path, &Ignore::default()).map_err(|error| vec![error])?;
        let options = CompileOptions {
            host: crate::builtins::declarations(),
            print: PrintStatements::Keep,
            ..CompileOptions::default()
        };
        let mut reader = Reader {
            compiler: Compiler::new(options),
            manifest: None,
            data: BTreeMap::new(),
            faults: Vec::new(),
        };
        if Path::new(path).is_dir() {
            reader.manifest =
                Some(Manifest { revision: String::new(), roots: everything(), metadata: Map::new() });
            for file in &found {
                reader.file(file);
            }
        } else {
            for file in &found {
                reader.module(file);
            }
        }
        let Reader { compiler, manifest, data, faults } = reader;
        if !faults.is_empty() {
            return Err(faults);
        }
        let outline = compiler.outline().map_err(|failure| pointed(&failure))?;
        Ok(Self { manifest, outline, data })
    }
}

struct Reader {
    compiler: Compiler,
    manifest: Option<Manifest>,
    data: BTreeMap<String, Vec<String>>,
    faults: Vec<Diagnostic>,
}

impl Reader {
    fn file(&mut self, file: &Found) {
        let name = file.path.file_name().map(|it| it.to_string_lossy()).unwrap_or_default();
        match &*name {
            ".manifest" if file.below.is_empty() => self.read_manifest(&file.path),
            "data.json" | "data.yaml" | "data.yml" => self.data(file, &name),
            other if Path::new(other).extension().is_some_and(|it| it == "rego") => self.module(file),
            _ => {}
        }
    }

    fn module(&mut self, file: &Found) {
        if file.path.extension().is_none_or(|it| it != "rego") {
            let message = format!("{}: neither a folder nor a .rego file", file.path.display());
            self.faults.push(Diagnostic::new(message).help("unpack a bundle to inspect it"));
            return;
        }
        if let Some(bytes) = self.read(&file.path) {
            self.compiler.add_module(&files::cleaned(&file.path).display().to_string(), bytes);
        }
    }

    fn data(&mut self, file: &Found, name: &str) {
        let Some(bytes) = self.read(&file.path) else { return };
        if let Err(error) = yaml::read(&bytes, &ReadLimits::default()) {
            self.faults.push(Diagnostic::new(format_args!("{}: {error}", file.path.display())));
        }
        // OPA reads a data.yml, but does not list it.
        if name != "data.yml" {
            let place = std::iter::once("data").chain(file.below.iter().map(String::as_str));
            let place = place.collect::<Vec<_>>().join(".");
            self.data.entry(place).or_default().push(file.path.display().to_string());
        }
    }

    fn read_manifest(&mut self, path: &Path) {
        let Some(bytes) = self.read(path) else { return };
        match serde_json::from_slice(&bytes) {
            Ok(manifest) => self.manifest = Some(manifest),
            Err(error) => self.faults.push(Diagnostic::new(format_args!("{}: {error}", path.display()))),
        }
    }

    fn read(&mut self, path: &Path) -> Option<Vec<u8>> {
        let read = fs::read(path).map_err(|error| {
            self.faults.push(Diagnostic::new(format_args!("open {}: {}", path.display(), told(&error))));
        });
        read.ok()
    }
}
