//! What a run says of itself on standard error, by `--quiet`, `--verbose`, `--debug` and `--logfile`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::binary::{Answer, ec};
use crate::stage::{self, broken, failing, good};

fn validate(folder: &Path, more: &[&str]) -> Answer {
    let usual = ["validate", "image", "--images=snapshot.yaml", "--policy=policy.yaml", "--ignore-rekor"];
    ec(folder, &[&usual[..], &["--layout=layout", "--output=json"], more].concat())
}

/// The value of a field in a log line.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!(" {name}="))?;
    rest.split(' ').next()
}

#[test]
fn each_component_has_one_verbose_line_with_what_it_was_granted_and_took() {
    let stage = stage::set([good("one"), failing("two"), broken("three"), good("four")]);
    let snapshot = fs::read_to_string(stage.path().join("snapshot.yaml")).expect("snapshot");
    let gone = "  - name: gone\n    containerImage: elsewhere.example/gone/gone:1\n";
    stage::write(stage.path(), "snapshot.yaml", &(snapshot + gone));
    let answer = validate(stage.path(), &["--verbose", "--workers=1"]);
    let report: Value = serde_json::from_str(&answer.stdout).expect("JSON");
    let memory = report["run"]["memory"]["components"].as_array().expect("memory");
    let lines: Vec<_> = answer.stderr.lines().filter(|it| it.contains("component done")).collect();
    assert_eq!(lines.len(), 5, "{}", answer.stderr);
    for (name, verdict) in
        [("one", "pass"), ("two", "fail"), ("three", "incomplete"), ("four", "pass"), ("gone", "incomplete")]
    {
        let line = lines.iter().find(|it| it.contains(&format!(" component={name} "))).expect(name);
        assert_eq!(field(line, "verdict"), Some(verdict), "{line}");
        let of = memory.iter().find(|it| it["name"] == name);
        for key in ["granted", "used", "restarts"] {
            let reported = of.map(|it| it[key].to_string());
            assert_eq!(field(line, key), reported.as_deref(), "{key}: {line}");
        }
        let times = line.split_once(" times=").map(|(_, it)| it).unwrap_or_default();
        match name {
            "gone" => assert_eq!(of, None, "{line}"),
            "three" => assert!(times.starts_with("fetch ") && times.contains(" ms, verify "), "{line}"),
            _ => assert!(times.contains(", evaluate ") && times.contains(", judge "), "{line}"),
        }
    }
    let granted = memory.iter().map(|it| it["granted"].as_u64().expect("bytes")).sum::<u64>();
    assert!(granted > 0, "{memory:?}");
}

#[test]
fn who_asks_for_less_or_more_gets_it_and_a_file_takes_it_all() {
    let stage = stage::set([good("one"), failing("two")]);
    let run = |more: &[&str]| validate(stage.path(), more).stderr;
    let usual = run(&[]);
    assert!(usual.contains(" WARN ") && !usual.contains("DEBUG"), "{usual}");
    let quiet = run(&["--quiet"]);
    assert_eq!(quiet, "Error: success criteria not met\n", "only the last word is no log line");
    let verbose = run(&["--verbose"]);
    assert!(verbose.contains("DEBUG") && !verbose.contains("src/run/"), "{verbose}");
    let debug = run(&["--debug"]);
    assert!(debug.contains("enterprise_contract::run: src/run/mod.rs:"), "{debug}");
    let to_file = run(&["--verbose", "--logfile=log"]);
    assert_eq!(to_file, "Error: success criteria not met\n");
    let log = fs::read_to_string(stage.path().join("log")).expect("log");
    assert_eq!(log.lines().filter(|it| it.contains("component done")).count(), 2, "{log}");
}
