//! Exit codes, standard output and standard error.

use std::process::Stdio;

use crate::binary::{Answer, command, ec};
use crate::stage::{self, OF_STAGE, broken, failing, good};

fn validate(folder: &std::path::Path, more: &[&str]) -> Answer {
    ec(folder, &[&OF_STAGE[..], more].concat())
}

#[test]
fn the_exit_code_follows_the_verdict() {
    for (stage, strict, lenient) in [
        (stage::set([good("aa")]), 0, 0),
        (stage::set([good("aa"), failing("bb")]), 1, 0),
        (stage::set([failing("aa"), broken("bb")]), 1, 0),
        (stage::set([good("aa"), broken("bb")]), 3, 3),
    ] {
        let answer = validate(stage.path(), &[]);
        assert_eq!(answer.code, Some(strict), "{answer:?}");
        assert_eq!(validate(stage.path(), &["--strict=false"]).code, Some(lenient));
    }
}

#[test]
fn the_text_report_tells_who_failed_and_why() {
    let stage = stage::set([good("aa"), failing("bb")]);
    let Answer { stdout, stderr, .. } = validate(stage.path(), &[]);
    assert!(stdout.starts_with("Success: false\nResult: FAILURE\nViolations: 1, "), "{stdout}");
    assert!(stdout.contains("- Name: bb\n"), "{stdout}");
    assert!(stdout.contains("✕ [Violation] builtin.image.signature_check\n"), "{stdout}");
    assert!(stderr.contains("skipped: transparency-log"), "{stderr}");
    assert_eq!(stderr.lines().last(), Some("Error: success criteria not met"), "{stderr}");
}

#[test]
fn two_runs_give_the_same_bytes_whatever_the_workers() {
    let stage = stage::set((0..6).map(|index| good(&format!("app-{index}"))));
    let report = |workers: &str| {
        let time = ["--effective-time=2025-06-01", "--allow-past-effective-time"];
        let answer = validate(stage.path(), &[&time[..], &["--output=json", workers]].concat());
        let mut report: serde_json::Value = serde_json::from_str(&answer.stdout).expect("JSON");
        report.as_object_mut().expect("report").remove("run").expect("run");
        report.to_string()
    };
    let first = report("--workers=1");
    assert!(first.contains("app-5"));
    assert_eq!(report("--workers=1"), first);
    assert_eq!(report("--workers=4"), first);
}

#[test]
fn threat_47_an_unwritable_report_has_its_own_code_and_the_others_are_written() {
    let stage = stage::set([good("aa")]);
    let answer = validate(stage.path(), &["--output=json=absent/report.json", "--output=text=report.txt"]);
    assert_eq!(answer.code, Some(4), "{answer:?}");
    assert!(answer.stderr.contains("absent/report.json"), "{}", answer.stderr);
    assert!(stage.path().join("report.txt").exists());
    let stage = stage::set([failing("aa")]);
    assert_eq!(
        validate(stage.path(), &["--output=json=absent/report.json"]).code,
        Some(1),
        "the verdict stays"
    );
}

#[cfg(unix)]
#[test]
fn threat_47_a_closed_pipe_ends_the_run_with_a_code_not_with_a_signal() {
    let stage = stage::set([good("aa")]);
    let mut child = command(stage.path())
        .args(OF_STAGE)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("ec");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("ended").code(), Some(4));
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let status = command(stage.path()).args(OF_STAGE).stdout(full).stderr(Stdio::null()).status();
    assert_eq!(status.expect("ended").code(), Some(4));
}

#[test]
fn mistakes_are_told_together_and_nothing_is_written() {
    let stage = stage::set([good("aa")]);
    stage::write(stage.path(), "snapshot.yaml", "components:\n- name: a\n- name: a\n  name: b\n");
    let answer =
        validate(stage.path(), &["--workers=0", "--output=json=report.json", "--effective-time=soon"]);
    assert_eq!(answer.code, Some(2));
    for told in ["snapshot.yaml", "line 4", "--workers", "soon"] {
        assert!(answer.stderr.contains(told), "{told}: {}", answer.stderr);
    }
    assert!(answer.stdout.is_empty() && !stage.path().join("report.json").exists());
}

#[test]
fn help_and_version_are_there() {
    let folder = tempfile::tempdir().expect("folder");
    assert!(ec(folder.path(), &["validate", "image", "--help"]).stdout.contains("--layout"));
    let version = ec(folder.path(), &["version", "--short"]);
    assert_eq!((version.code, &*version.stdout), (Some(0), env!("CARGO_PKG_VERSION")));
}
