//! The JSON reports of the Go tool, read back and rendered in every other format, must give its other reports byte
//! for byte, but for what is ours.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::Value;

use super::options::{Colour, Options, Shown, Successes};
use super::sample::{self, EVERYTHING};
use super::{Format, Place, Target, render};
use crate::model::{
    AttestationSummary, ComponentReport, EntitySignature, Finding, GitSource, Judgement, Outcome, RunReport,
    Verdict,
};

fn golden() -> Option<PathBuf> {
    let shared = std::env::var_os("EC_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let cases = shared.join("golden/cases");
    if cases.is_dir() {
        return Some(cases);
    }
    println!("skipped: reports of the Go tool: {} not found", cases.display());
    None
}

struct Case {
    name: String,
    folder: PathBuf,
    args: Vec<String>,
}

impl Case {
    fn text(&self, file: &str) -> Option<String> {
        std::fs::read_to_string(self.folder.join("expected").join(file)).ok()
    }

    fn has(&self, flag: &str) -> bool {
        self.args.iter().any(|arg| arg == flag)
    }

    /// Of `validate image`, with everything in its JSON.
    fn report(&self) -> Option<RunReport> {
        let json: Value = serde_json::from_str(&self.text("report.json")?).ok()?;
        let is_whole = self.args.starts_with(&["validate".to_owned(), "image".to_owned()])
            && self.has("--show-successes")
            && json.get("key").is_some();
        is_whole.then(|| read_report(&json))
    }
}

fn cases() -> Vec<Case> {
    let Some(root) = golden() else { return Vec::new() };
    let mut cases: Vec<_> = std::fs::read_dir(root)
        .expect("cases")
        .filter_map(|entry| {
            let folder = entry.ok()?.path();
            let command = std::fs::read(folder.join("command.json")).ok()?;
            let command: Value = serde_json::from_slice(&command).expect("command.json");
            let args = serde_json::from_value(command["args"].clone()).expect("args");
            Some(Case { name: folder.file_name()?.to_string_lossy().into_owned(), folder, args })
        })
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

fn read<T: serde::de::DeserializeOwned + Default>(value: &Value, key: &str) -> T {
    value.get(key).map_or_else(T::default, |it| serde_json::from_value(it.clone()).expect(key))
}

fn read_report(json: &Value) -> RunReport {
    let components = json["components"].as_array().map(Vec::as_slice).unwrap_or_default();
    let time: String = read(json, "effective-time");
    let effective_time = time.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let components = components.iter().enumerate().map(read_component);
    let components = components.map(|component| ComponentReport { effective_time, ..component }).collect();
    RunReport {
        key: read(json, "key"),
        policy: read(json, "policy"),
        version: "VERSION".to_owned(),
        effective_time,
        ..sample::report(components)
    }
}

fn read_component((index, json): (usize, &Value)) -> ComponentReport {
    let name: String = read(json, "name");
    let source: Option<GitSource> =
        json["source"].get("git").map(|it| serde_json::from_value(it.clone()).expect("git"));
    let outcome = Outcome::Judged(Judgement {
        violations: findings(json, "violations"),
        warnings: findings(json, "warnings"),
        successes: findings(json, "successes").into_iter().map(Into::into).collect(),
        undecided: Vec::new(),
    });
    let mut component = sample::component(index, outcome);
    component.id.name = name.into();
    component.container_image = read(json, "containerImage");
    component.source = source;
    component.signatures = signatures(json);
    component.attestations = items(json, "attestations").iter().map(attestation).collect();
    component
}

fn items<'a>(json: &'a Value, key: &str) -> &'a [Value] {
    json.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn findings(json: &Value, key: &str) -> Vec<Finding> {
    let finding = |it: &Value| Finding { msg: read(it, "msg"), metadata: read(it, "metadata") };
    items(json, key).iter().map(finding).collect()
}

fn signatures(json: &Value) -> Vec<EntitySignature> {
    let signature = |it: &Value| EntitySignature {
        keyid: read(it, "keyid"),
        sig: read(it, "sig"),
        certificate: read(it, "certificate"),
        chain: read(it, "chain"),
        metadata: read(it, "metadata"),
    };
    items(json, "signatures").iter().map(signature).collect()
}

fn attestation(json: &Value) -> AttestationSummary {
    AttestationSummary {
        statement_type: read(json, "type"),
        predicate_type: read(json, "predicateType"),
        predicate_build_type: read(json, "predicateBuildType"),
        signatures: signatures(json),
    }
}

fn target(format: Format, case: &Case) -> Target {
    let shown = Shown {
        successes: true,
        warnings: !case.has("--show-warnings=false"),
        docs_link: case.has("--show-policy-docs-link"),
    };
    Target { format, place: Place::Stdout, shown }
}

fn rendered(case: &Case, report: &RunReport, format: Format) -> String {
    let colour = if case.has("--color") { Colour::Always } else { Colour::Never };
    let options = Options { successes: Successes::Listed, colour, ..EVERYTHING };
    String::from_utf8(render(report, options, &target(format, case))).expect("text")
}

/// Compares one file of every case that has it, and says how many there were.
fn compare(file: &str, format: Format, ours: impl Fn(String) -> String, theirs: impl Fn(String) -> String) {
    let mut compared = 0;
    for case in cases() {
        let (Some(report), Some(expected)) = (case.report(), case.text(file)) else { continue };
        assert_eq!(ours(rendered(&case, &report, format)), theirs(expected), "{} {file}", case.name);
        compared += 1;
    }
    assert!(golden().is_none() || compared > 30, "only {compared} of {file}");
}

fn without_ours(mut document: Value) -> Value {
    let take = |value: &mut Value, keys: &[&str]| {
        if let Some(map) = value.as_object_mut() {
            map.retain(|key, _| !keys.contains(&key.as_str()));
        }
    };
    take(&mut document, &["verdict", "failures", "policy-warnings", "run"]);
    if let Some(components) = document["components"].as_array_mut() {
        for component in components {
            take(
                component,
                &["verdict", "failure", "failures", "undecided", "checks", "lookups", "effective-time"],
            );
        }
    }
    document
}

#[test]
fn json_has_the_same_keys_and_values_in_the_same_order() {
    // What is ours stands at the end of an object, so that the rest is equal byte for byte without it.
    let verdicts = [Verdict::Pass, Verdict::Incomplete, Verdict::Fail];
    let strip = |mut out: String| {
        for verdict in verdicts {
            out = out.replace(&format!(",\"verdict\":\"{verdict}\""), "");
        }
        let run = out.find(",\"run\":").expect("run");
        out.truncate(run);
        out + "}\n"
    };
    compare("report.json", Format::Json, strip, |text| {
        let normal = text.replace("{version}", "VERSION").replace("{now}", "1970-01-01T00:00:00Z");
        normal.trim_end().to_owned() + "\n"
    });
}

#[test]
fn yaml_is_the_same() {
    let mut compared = 0;
    for case in cases() {
        let (Some(report), Some(expected)) = (case.report(), case.text("report.yaml")) else { continue };
        let whole: Value = serde_saphyr::from_str(&rendered(&case, &report, Format::Yaml)).expect("YAML");
        assert_eq!(whole["verdict"], if report.success() { "pass" } else { "fail" });
        let json: Value = serde_json::from_str(&rendered(&case, &report, Format::Json)).expect("JSON");
        let expected = expected.replace("{version}", "VERSION").replace("{now}", "\"1970-01-01T00:00:00Z\"");
        assert_eq!(super::yaml::to_string(&without_ours(json)), expected, "{}", case.name);
        compared += 1;
    }
    assert!(golden().is_none() || compared > 30, "only {compared}");
}

#[test]
fn text_has_the_same_lines() {
    // A line separator could forge a line, so ours spells it out.
    compare("report.txt", Format::Text, |text| text, |text| text.replace('\u{2028}', "\\u2028"));
}

#[test]
fn junit_is_the_same() {
    let time = |text: String| text.replace("{time}", "1970-01-01T00:00:00Z");
    compare("junit.xml", Format::Junit, |text| text, time);
}

#[test]
fn appstudio_is_the_same() {
    compare("appstudio.json", Format::AppStudio, |text| text, |text| text.replace("{time}", "0"));
}

#[test]
fn summary_is_the_same() {
    let strip = |text: String| {
        let verdict = |text: String, word: &str| text.replace(&format!(",\"verdict\":\"{word}\""), "");
        ["pass", "fail", "incomplete"].into_iter().fold(text, verdict)
    };
    compare("summary.json", Format::Summary, strip, |text| text);
}

#[test]
fn the_markdown_table_is_the_same() {
    let time = |text: String| text.replace("{time}", "1970-01-01 00:00:00");
    compare("summary.md", Format::SummaryMarkdown, |text| text, time);
}

#[test]
fn the_verification_summary_is_the_same() {
    let Some(case) = cases().into_iter().find(|case| case.name == "101-clean") else { return };
    let (Some(report), Some(expected)) = (case.report(), case.text("vsa.json")) else { panic!("101") };
    let ours = rendered(&case, &report, Format::Vsa).replace(",\"verdict\":\"pass\"", "");
    assert_eq!(ours, expected.replace("{time}", "1970-01-01T00:00:00Z").replace("{version}", "VERSION"));
}
