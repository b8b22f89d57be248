//! The `input` document of the golden cases, byte for byte.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test's helpers are tests"
)]

mod golden_layout;

use std::path::Path;

use enterprise_contract::input::{PolicyInput, RunInput, Text};
use enterprise_contract::model::{Component, Limits, PolicySpec, Snapshot};
use enterprise_contract::rego::value::ReadLimits;
use enterprise_contract::rego::value::json;
use enterprise_contract::trust::{TransparencyLog, TrustPolicy};
use enterprise_contract::verify::{Requested, verify};
use golden_layout::{GoldenLayout, golden, images, snapshot};
use serde_json::Value;

/// Cases whose documents differ, and why.
const DIFFERENT: [(&str, &str); 2] = [
    ("124-bundle", "bundles are not verified yet"),
    ("126-bundle-provenance-only", "bundles are not verified yet"),
];

/// The case's own snapshot with the children of indexes, as the expected document lists them; but in another order,
/// since the document sorts.
fn expanded(images: &Path, expected: &[Value]) -> Snapshot {
    let mut snapshot = snapshot(images);
    if let Some(first) = expected.first() {
        let listed: Vec<Component> = first["snapshot"]["components"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| Component {
                name: it["name"].as_str().unwrap().to_owned(),
                container_image: it["containerImage"].as_str().unwrap().to_owned(),
                source: serde_json::from_value(it["source"]["git"].clone()).ok(),
            })
            .collect();
        snapshot.components = listed;
        snapshot.components.reverse();
    }
    snapshot
}

fn documents(golden: &Path, folder: &Path, images: &Path, expected: &[Value]) -> Vec<String> {
    let layout = GoldenLayout::open(golden);
    let report = golden_layout::json(&folder.join("expected/report.json"));
    let spec: PolicySpec = serde_json::from_value(report["policy"].clone()).unwrap();
    let key = PolicySpec {
        public_key: golden.join(spec.public_key.trim_start_matches("./")).display().to_string(),
        ..PolicySpec::default()
    };
    let trust = TrustPolicy::load(&key, TransparencyLog::Ignored).unwrap();
    let snapshot = expanded(images, expected);
    let run = RunInput::new(&snapshot, &spec).unwrap();
    let mut lines = Vec::new();
    for component in &snapshot.components {
        let Some(evidence) = layout.evidence(&component.container_image) else { continue };
        let verified = verify(&evidence, &trust, Requested::default(), &Limits::default());
        let Some(facts) = verified.facts() else { continue };
        let limits = ReadLimits::default();
        let input = PolicyInput::build(&run, component, facts, &evidence, Text::Wanted, &limits).unwrap();
        let value = json::read(input.text().unwrap().as_bytes(), &limits).unwrap();
        assert_eq!(&value, input.value(), "the value and the text say the same");
        lines.push(input.into_text().unwrap());
    }
    lines.sort();
    lines
}

#[test]
fn documents_equal_those_of_the_golden_cases_byte_for_byte() {
    let Some(golden) = golden("golden input documents") else { return };
    let (mut cases, mut compared) = (0, 0);
    for folder in std::fs::read_dir(golden.join("cases")).unwrap() {
        let folder = folder.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let file = folder.join("expected/policy-input.json");
        if !file.exists() || name == "143-empty-snapshot" {
            continue;
        }
        let Some(images) = images(&golden, &folder) else { continue };
        let text = std::fs::read_to_string(file).unwrap();
        let mut expected: Vec<&str> = text.lines().filter(|it| !it.is_empty()).collect();
        expected.sort_unstable();
        let parsed: Vec<Value> = expected.iter().map(|it| serde_json::from_str(it).unwrap()).collect();
        let documents = documents(&golden, &folder, &images, &parsed);
        if let Some((_, why)) = DIFFERENT.iter().find(|(case, _)| *case == name) {
            assert_ne!(documents, expected, "{name} no longer differs: {why}");
            continue;
        }
        let expected: Vec<&str> = expected.into_iter().filter(|it| !has_bundle(it)).collect();
        for (document, expected) in documents.iter().zip(&expected) {
            assert_eq!(document, expected, "{name}");
        }
        assert_eq!(documents.len(), expected.len(), "{name}");
        cases += 1;
        compared += documents.len();
    }
    println!("{compared} documents of {cases} cases are equal");
    assert!(cases >= 30 && compared >= 25, "{compared} documents of {cases} cases");
}

/// In the snapshot of all images.
fn has_bundle(document: &str) -> bool {
    let document: Value = serde_json::from_str(document).unwrap();
    document["component_name"].as_str().is_some_and(|it| it.starts_with("app-bundle"))
}
