//! The analysis against the oracles, where they are present: what OPA accepts is accepted, what it refuses is refused
//! with the same errors at the same places.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value as Json;

use super::super::engine::{CompileOptions, PrintStatements};
use super::super::error::{Errors, RegoError};
use super::super::host::HostFunction;
use super::super::source::Sources;
use super::super::syntax::{parse_module, parse_query};
use super::{Analysis, analyse};

fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("EC_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = root.join(path);
    if !path.exists() {
        println!("skipped: {}: path not found", path.display());
        return None;
    }
    Some(path)
}

fn options() -> CompileOptions {
    CompileOptions { print: PrintStatements::Keep, ..CompileOptions::default() }
}

/// The functions of the host that the released policies call, without the types of what they give.
fn policy_options() -> CompileOptions {
    let host = [
        ("ec.oci.blob", "(string) => string"),
        ("ec.oci.parsed_blob", "(string) => any"),
        ("ec.oci.blob_files", "(string, array[string]) => object[string: any]"),
        ("ec.oci.image_files", "(string, array[string]) => object[string: any]"),
        ("ec.oci.descriptor", "(string) => any"),
        ("ec.oci.image_manifest", "(string) => any"),
        ("ec.oci.image_manifests", "(set[string]) => object[string: any]"),
        ("ec.oci.image_index", "(string) => any"),
        ("ec.oci.image_tag_refs", "(string) => array[string]"),
        ("ec.oci.image_referrers", "(string) => array[any]"),
        ("ec.purl.is_valid", "(any) => any"),
        ("ec.purl.parse", "(string) => any"),
        ("ec.sigstore.verify_image", "(string, any) => any"),
        ("ec.sigstore.verify_attestation", "(string, any) => any"),
    ];
    let host =
        host.map(|(name, declaration)| HostFunction { name: name.into(), declaration: declaration.into() });
    CompileOptions { host: host.to_vec(), ..options() }
}

/// Parses and analyses; errors of the parser come out as those of the analysis.
fn compile(modules: &[(String, String)], options: &CompileOptions) -> (Sources, Result<Analysis, Errors>) {
    let mut sources = Sources::new();
    let mut parsed = Vec::new();
    let mut errors = Vec::new();
    for (name, text) in modules {
        let id = sources.add(name, text).unwrap();
        match parse_module(&sources, id) {
            Ok(module) => parsed.push(module),
            Err(found) => errors.extend(found.0),
        }
    }
    if !errors.is_empty() {
        return (sources, Err(Errors(errors)));
    }
    let analysis = analyse(&parsed, &sources, options);
    (sources, analysis)
}

fn compile_with_query(modules: &[(String, String)], query: &str) -> (Sources, Result<(), Errors>) {
    let (mut sources, analysis) = compile(modules, &options());
    let analysis = match analysis {
        Ok(analysis) => analysis,
        Err(errors) => return (sources, Err(errors)),
    };
    let id = sources.add("", query).unwrap();
    let result = parse_query(&sources, id).and_then(|body| analysis.query(&sources, &body, None, &[]));
    (sources, result.map(|_| ()))
}

/// An error as the oracles write it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shown {
    file: String,
    row: u64,
    col: u64,
    code: String,
    message: String,
}

fn shown(sources: &Sources, error: &RegoError) -> Shown {
    let (file, row, col) = match error.span {
        Some(span) => {
            let position = sources.position(span);
            (sources.name(span).to_owned(), position.row.into(), position.col.into())
        }
        None => (String::new(), 0, 0),
    };
    Shown { file, row, col, code: error.code.to_string(), message: error.message.clone() }
}

fn wanted(error: &Json) -> Shown {
    let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
    let number = |key: &str| error[key].as_u64().unwrap_or_default();
    Shown {
        file: text("file"),
        row: number("row"),
        col: number("col"),
        code: text("code"),
        message: text("message"),
    }
}

fn modules_of(case: &Json) -> Vec<(String, String)> {
    let Some(modules) = case["modules"].as_object() else { return Vec::new() };
    modules.iter().map(|(name, text)| (name.clone(), text.as_str().unwrap().to_owned())).collect()
}

/// How our answers stand to an oracle's.
#[derive(Default)]
struct Tally {
    equal: usize,
    differing: BTreeMap<String, String>,
}

impl Tally {
    fn expressions(&mut self, case: &Json) {
        let note = case["note"].as_str().unwrap().to_owned();
        let want = &case["want"]["error"];
        let code = want["code"].as_str().unwrap_or_default();
        let mut expected = BTreeSet::new();
        if !want.is_null() && !code.starts_with("eval") {
            expected.insert(wanted(want));
            expected.extend(case["want"]["also"].as_array().into_iter().flatten().map(wanted));
        }
        if code == "rego_parse_error" {
            return;
        }
        let query = case["query"].as_str().unwrap();
        let (sources, result) = compile_with_query(&modules_of(case), query);
        let found: BTreeSet<Shown> =
            result.err().iter().flat_map(|errors| &errors.0).map(|error| shown(&sources, error)).collect();
        if found == expected {
            self.equal += 1;
        } else {
            self.differing.insert(note, format!("have {found:#?}\nwant {expected:#?}"));
        }
    }
}

#[test]
fn what_opa_refuses_among_the_expressions_is_refused_alike() {
    let Some(folder) = shared("conformance/expressions") else { return };
    let mut tally = Tally::default();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        // One case a line; what nests too deeply for this reader is about values.
        let lines = text.lines().map(|line| line.trim().trim_end_matches(','));
        let cases = lines.filter_map(|line| serde_json::from_str::<Json>(line).ok());
        cases.filter(|case| case["note"].is_string()).for_each(|case| tally.expressions(&case));
    }
    for (note, difference) in &tally.differing {
        println!("--- {note}\n{difference}");
    }
    println!("expressions: {} equal, {} differing", tally.equal, tally.differing.len());
}

#[test]
fn what_opa_refuses_in_the_compliance_suite_is_refused_alike() {
    let Some(folder) = shared("conformance/opa") else { return };
    let mut tally = Tally::default();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let group: Json = serde_json::from_str(&text).unwrap();
        let cases = group.as_array().or_else(|| group["cases"].as_array()).unwrap();
        for case in cases {
            let note = case["note"].as_str().unwrap().to_owned();
            let modules: Vec<_> = case["modules"]
                .as_array()
                .into_iter()
                .flatten()
                .enumerate()
                .map(|(number, text)| (format!("module{number}.rego"), text.as_str().unwrap().to_owned()))
                .collect();
            let code = case["want_error_code"].as_str().unwrap_or_default();
            let expected = if code.starts_with("rego_") { code } else { "" };
            let (sources, result) = compile_with_query(&modules, case["query"].as_str().unwrap());
            let found = result.as_ref().err().map_or("", |errors| errors.0[0].code.as_str());
            if found == expected {
                tally.equal += 1;
            } else {
                let text = result.err().map_or_else(String::new, |errors| errors.render(&sources));
                tally.differing.insert(note, format!("want {expected}, have {text}"));
            }
        }
    }
    for (note, difference) in &tally.differing {
        println!("--- {note}\n{difference}");
    }
    println!("compliance suite: {} equal, {} differing", tally.equal, tally.differing.len());
}

fn policy_modules() -> Option<Vec<(String, String)>> {
    let root = shared("conformance/conforma-policy")?;
    let mut modules = Vec::new();
    let mut folders = vec![root.join("policy")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rego") {
                let text = std::fs::read_to_string(&path).unwrap();
                modules.push((path.strip_prefix(&root).unwrap().display().to_string(), text));
            }
        }
    }
    Some(modules)
}

#[test]
fn the_released_policies_are_accepted() {
    let Some(modules) = policy_modules() else { return };
    let start = std::time::Instant::now();
    let (sources, result) = compile(&modules, &policy_options());
    println!("{} modules in {:?}", modules.len(), start.elapsed());
    if let Err(errors) = result {
        panic!("{}", errors.render(&sources));
    }
}
