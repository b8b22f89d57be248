//! The direction of imports between the modules of the library: no arrow goes back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Module, and the modules that it may import. `docs/architecture.md` draws the same.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("rego", &[]),
    ("json", &["rego"]),
    ("registry", &["model", "json"]),
    ("resolve", &["model", "json", "registry"]),
    ("trust", &["model", "json", "registry"]),
    ("fetch", &["model", "json", "registry"]),
    ("verify", &["model", "json", "trust", "fetch"]),
    ("input", &["model", "json", "fetch", "verify", "rego"]),
    ("policy", &["model", "json", "fetch", "rego"]),
    ("builtins", &["model", "json", "registry", "resolve", "fetch", "trust", "verify", "rego"]),
    ("evaluate", &["model", "policy", "input", "rego"]),
    ("judge", &["model"]),
    ("report", &["model"]),
    ("testkit", &["model", "json", "registry"]),
];

/// They join the others and may use all of them.
const JOINERS: &[&str] = &["run", "cli"];

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

fn imports(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let tests_are_free = text.split("#[cfg(test)]").next().unwrap_or_default();
    let code = tests_are_free.lines().filter(|line| !line.trim_start().starts_with("//"));
    let found = code
        .flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>());
    found.filter(|name| !name.is_empty()).collect()
}

#[test]
fn no_arrow_goes_back() {
    let allowed: BTreeMap<_, _> = MAY_USE.iter().copied().collect();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(&src).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        let module = folder.file_name().unwrap().to_string_lossy().into_owned();
        if JOINERS.contains(&module.as_str()) {
            continue;
        }
        let may = allowed.get(module.as_str()).unwrap_or_else(|| panic!("{module} is not in the table"));
        let mut files = Vec::new();
        sources(&folder, &mut files);
        for file in
            files.iter().filter(|f| !f.ends_with("tests.rs") && !f.to_string_lossy().contains("/tests/"))
        {
            for import in imports(file) {
                if import != module && !may.contains(&import.as_str()) {
                    wrong.push(format!("{} uses {import}", file.strip_prefix(&src).unwrap().display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_engine_could_be_published_alone() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rego");
    let mut files = Vec::new();
    sources(&src, &mut files);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for product in ["tokio", "reqwest", "miette", "tracing", "clap"] {
            assert!(!text.contains(&format!("{product}::")), "{} uses {product}", file.display());
        }
    }
}
