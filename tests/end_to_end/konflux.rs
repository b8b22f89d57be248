//! The steps `validate`, `show-config` and `assert` of the task `verify-enterprise-contract` (0.1): with its
//! arguments, its defaults, and its own jq expressions, which are read in Rust where there is no jq.

use std::fs;
use std::path::Path;

use enterprise_contract::testkit::App;
use serde_json::Value;

use crate::binary::{self, Answer, scrubbed};
use crate::stage::{self, broken, failing, good};

/// What the task says of its run.
struct TaskRun {
    validate: Answer,
    /// The result `TEST_OUTPUT`, if there is one.
    result: Option<Value>,
    /// Does the step `assert` pass with `STRICT` true, and false?
    asserts: (bool, bool),
    report: Option<Value>,
}

fn run(apps: impl IntoIterator<Item = App>, change: impl FnOnce(&Path)) -> TaskRun {
    let stage = stage::set(apps);
    let folder = stage.path();
    change(folder);
    let validate = validate(folder);
    let result = fs::read(folder.join("TEST_OUTPUT")).ok();
    assert!(result.as_ref().is_none_or(|it| it.len() < 4096), "results of a task share 4 KiB");
    let read = |bytes: Vec<u8>| serde_json::from_slice(&bytes).expect("JSON");
    let asserts = (assert_step(folder, "true"), assert_step(folder, "false"));
    if has_jq() {
        // As strict as the task's own jq; the two must agree.
        let in_rust = |strict| result.clone().map(read).is_some_and(|it: Value| asserted(&it, strict));
        assert_eq!(asserts, (in_rust(true), in_rust(false)));
    }
    let report = fs::read(folder.join("report-json.json")).ok().map(read);
    TaskRun { validate, result: result.map(read), asserts, report }
}

/// The arguments of the step with the task's defaults.
fn validate(folder: &Path) -> Answer {
    binary::ec(
        folder,
        &[
            "validate",
            "image",
            "--images=snapshot.yaml",
            "--policy=policy.yaml",
            "--public-key=",
            "--ignore-rekor=true",
            "--rekor-url=",
            "--workers=1",
            "--info=true",
            "--timeout=0",
            "--strict=false",
            "--show-successes=true",
            "--show-policy-docs-link=true",
            "--effective-time=now",
            "--allow-past-effective-time=false",
            "--extra-rule-data=",
            "--retry-max-wait=3s",
            "--retry-max-retry=3",
            "--retry-duration=1s",
            "--retry-factor=2.0",
            "--retry-jitter=0.1",
            "--output=text=text-report.txt?show-successes=false",
            "--output=json=report-json.json",
            "--output=appstudio=TEST_OUTPUT",
            // Ours: the images come from a folder.
            "--layout=layout",
        ],
    )
}

const ASSERT: &str = r#".result == "SUCCESS" or .result == "WARNING" or ($strict | not)"#;

fn has_jq() -> bool {
    let found = scrubbed("jq", Path::new(".")).arg("--version").output().is_ok_and(|it| it.status.success());
    if !found {
        println!("skipped: the task's own jq expressions: jq not found");
    }
    found
}

fn assert_step(folder: &Path, strict: &str) -> bool {
    if has_jq() {
        let arguments = ["--argjson", "strict", strict, "-e", ASSERT, "TEST_OUTPUT"];
        return scrubbed("jq", folder).args(arguments).output().expect("jq").status.success();
    }
    let bytes = fs::read(folder.join("TEST_OUTPUT")).ok();
    bytes.is_some_and(|it| asserted(&serde_json::from_slice(&it).expect("JSON"), strict == "true"))
}

fn asserted(result: &Value, strict: bool) -> bool {
    result["result"] == "SUCCESS" || result["result"] == "WARNING" || !strict
}

fn word(run: &TaskRun) -> &str {
    run.result.as_ref().and_then(|it| it["result"].as_str()).unwrap_or("")
}

#[test]
fn a_snapshot_that_passes_turns_the_task_green() {
    let run = run([good("one"), good("two")], |_| ());
    assert_eq!((run.validate.code, word(&run)), (Some(0), "SUCCESS"), "{}", run.validate.stderr);
    assert_eq!(run.asserts, (true, true));
    let report = run.report.expect("report");
    assert_eq!(report["success"], true);
    // What the step show-config reads.
    for key in ["policy", "key", "effective-time"] {
        assert!(!report[key].is_null(), "{key}");
    }
}

#[test]
fn a_snapshot_that_fails_turns_a_strict_task_red() {
    let run = run([good("one"), failing("two")], |_| ());
    assert_eq!((run.validate.code, word(&run)), (Some(0), "FAILURE"), "{}", run.validate.stderr);
    assert_eq!(run.asserts, (false, true));
    assert_eq!(run.result.expect("result")["failures"], 1);
}

#[test]
fn what_is_incomplete_is_an_error_and_never_green_when_strict() {
    let run = run([good("one"), broken("two")], |_| ());
    assert_eq!((run.validate.code, word(&run)), (Some(3), "ERROR"), "{}", run.validate.stderr);
    assert_eq!(run.asserts, (false, true));
    let note = run.result.as_ref().expect("result")["note"].as_str().expect("note").to_owned();
    assert!(note.starts_with("1 of 2 components undecided. fetch, ") && note.ends_with(": two"), "{note}");
    let report = run.report.expect("the report is always written");
    assert_eq!((&report["success"], &report["verdict"]), (&Value::Bool(false), &"incomplete".into()));
    assert_eq!(report["components"][0]["verdict"], "pass");
    assert_eq!(report["components"][1]["failure"]["stage"], "fetch");
}

#[test]
fn a_run_that_could_not_start_leaves_a_result_with_the_reason() {
    let run = run([good("one")], |folder| stage::write(folder, "policy.yaml", "sources:\n- colour: red\n"));
    assert_eq!((run.validate.code, word(&run)), (Some(2), "ERROR"), "{}", run.validate.stderr);
    assert_eq!(run.asserts, (false, true));
    assert!(run.report.is_none(), "nothing half-written");
    let note = run.result.expect("result")["note"].as_str().expect("note").to_owned();
    assert!(note.contains("colour"), "{note}");
    assert!(run.validate.stderr.starts_with("Error: "), "{}", run.validate.stderr);
}
