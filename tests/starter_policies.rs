//! The starter policies with our own engine: they compile, their unit tests pass, and they judge the demo as its
//! README says.

#![cfg(feature = "testkit")]
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::panic, reason = "a test's helpers are tests")]

mod golden_layout;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use enterprise_contract::input::{PolicyInput, RunInput, Text};
use enterprise_contract::model::{Component, Limits, PolicySpec, Snapshot};
use enterprise_contract::rego::budget::Budget;
use enterprise_contract::rego::engine::{CompileOptions, Compiler, Evaluation, EvaluationInput, Policy};
use enterprise_contract::rego::value::{ReadLimits, Str, Value, yaml};
use enterprise_contract::rego::vm::{Answer, Step};
use enterprise_contract::trust::{TransparencyLog, TrustPolicy};
use enterprise_contract::verify::{Requested, verify};
use golden_layout::GoldenLayout;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn modules(folder: &Path, into: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            modules(&path, into);
        } else if path.extension().is_some_and(|it| it == "rego") {
            into.push((path.display().to_string(), std::fs::read_to_string(path).unwrap()));
        }
    }
}

fn starter() -> (Policy, Vec<(String, String)>) {
    let mut sources = Vec::new();
    modules(&root().join("policies/rules"), &mut sources);
    sources.sort();
    let mut compiler = Compiler::new(CompileOptions::default());
    for (name, text) in &sources {
        compiler.add_module(name, text);
    }
    (compiler.compile().unwrap_or_else(|why| panic!("{why}")).policy, sources)
}

fn data() -> Value {
    let text = std::fs::read(root().join("policies/data/rule_data.yml")).unwrap();
    yaml::read(&text, &ReadLimits::default()).unwrap()
}

fn ask(policy: &Policy, input: Option<Value>, package: &str, rule: &str) -> Answer {
    let around = EvaluationInput { input, ..EvaluationInput::new(data(), Budget::unlimited()) };
    let path: Vec<Str> = package.split('.').chain([rule]).map(Str::from).collect();
    match Evaluation::new(policy, around).start_rule(&path) {
        Step::Done(answer) => answer,
        Step::Pending(call) => panic!("{call:?}"),
    }
}

fn package(text: &str) -> &str {
    text.lines().find_map(|it| it.strip_prefix("package ")).unwrap()
}

#[test]
fn the_unit_tests_of_the_starter_policies_pass() {
    let (policy, sources) = starter();
    let mut run = 0;
    for (name, text) in &sources {
        for rule in text.lines().filter(|it| it.starts_with("test_")) {
            let rule = rule.split_whitespace().next().unwrap();
            let answer = ask(&policy, None, package(text), rule);
            assert_eq!(answer, Answer::Value(true.into()), "{name}: {rule}");
            run += 1;
        }
    }
    assert_eq!(run, 31);
}

/// Codes of everything that the rules of one kind say about a component of the demo.
fn codes(policy: &Policy, sources: &[(String, String)], input: &Value, kind: &str) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for (_, text) in sources
        .iter()
        .filter(|(name, text)| !name.ends_with("_test.rego") && text.contains(&format!("\n{kind} contains")))
    {
        let Answer::Value(Value::Set(results)) = ask(policy, Some(input.clone()), package(text), kind) else {
            panic!("{text}")
        };
        codes.extend(results.iter().map(|it| it.get_str("code").unwrap().as_str().unwrap().to_owned()));
    }
    codes
}

#[test]
fn the_starter_policies_judge_the_demo_as_its_readme_says() {
    let (policy, sources) = starter();
    let demo = root().join("testdata/demo");
    let layout = GoldenLayout::at(demo.join("layout"));
    let public_key = demo.join("cosign.pub").display().to_string();
    let spec = PolicySpec { public_key, ..PolicySpec::default() };
    let trust = TrustPolicy::load(&spec, TransparencyLog::Ignored).unwrap();
    let run = RunInput::new(&Snapshot::default(), &spec).unwrap();
    for (name, denied, warned) in [
        ("good", vec![], vec![]),
        ("wrong-builder", vec!["provenance.builder_allowed"], vec![]),
        ("disallowed-base", vec!["base_image.allowed"], vec![]),
        ("bare", vec!["labels.required", "sbom.found"], vec!["labels.recommended"]),
    ] {
        let evidence = layout.evidence(&format!("registry.example/demo/{name}:latest")).unwrap();
        let verified = verify(&evidence, &trust, Requested::default(), &Limits::default());
        let component = Component { name: name.to_owned(), ..Component::default() };
        let limits = ReadLimits::default();
        let facts = verified.facts().unwrap();
        let input = PolicyInput::build(&run, &component, facts, &evidence, Text::Unwanted, &limits).unwrap();
        let owned = |it: Vec<&str>| it.into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
        assert_eq!(codes(&policy, &sources, input.value(), "deny"), owned(denied), "{name}");
        assert_eq!(codes(&policy, &sources, input.value(), "warn"), owned(warned), "{name}");
    }
}
