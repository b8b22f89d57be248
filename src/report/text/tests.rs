//! The text report as a person reads it.

use std::sync::Arc;

use super::super::sample::{self, EVERYTHING, component, finding, judged};
use super::*;
use crate::model::failure::StageError;
use crate::model::{Check, CheckState, FailureKind, Judgement, Outcome, Stage};

fn text(report: &RunReport) -> String {
    render(report, EVERYTHING, Shown { successes: true, ..Shown::default() })
}

#[test]
fn an_incomplete_report_opens_with_its_causes() {
    let undecided = Undecided {
        rule: "data.release.sbom.deny".to_owned(),
        reference: Some("registry.example/sbom@sha256:12".to_owned()),
        failure: StageError::new(FailureKind::TimedOut, "no answer in 30 s")
            .in_stage(Stage::Evaluate, "data.release.sbom.deny"),
    };
    let mut partly =
        component(1, Outcome::Judged(Judgement { undecided: vec![undecided], ..Judgement::default() }));
    partly.checks = vec![Check {
        name: "transparency-log",
        state: CheckState::Skipped,
        why: Some("--ignore-rekor".into()),
    }];
    let mut report = sample::report(vec![
        component(0, sample::unavailable("connection refused")),
        partly,
        component(2, judged(vec![], vec![], vec![finding("a.b", "Pass")])),
    ]);
    report.policy_warnings = vec!["the include \"x\" matches nothing".to_owned()];
    insta::assert_snapshot!(text(&report), @r#"
    Success: false
    Result: INCOMPLETE
    Violations: 0, Warnings: 0, Successes: 1
    Undecided: 2 of 3 components
      fetch, unavailable: connection refused (registry.example); trying again may help: c0
      evaluate, timed-out: no answer in 30 s (data.release.sbom.deny); trying again may help: c1
    Skipped: transparency-log (--ignore-rekor)
    Policy warning: the include "x" matches nothing

    Components:
    - Name: c0
      ImageRef: registry.example/c0@sha256:0000000000000000000000000000000000000000000000000000000000000000
      Violations: 0, Warnings: 0, Successes: 0
      Verdict: incomplete

    - Name: c1
      ImageRef: registry.example/c1@sha256:0000000000000000000000000000000000000000000000000000000000000000
      Violations: 0, Warnings: 0, Successes: 0
      Verdict: incomplete

    - Name: c2
      ImageRef: registry.example/c2@sha256:0000000000000000000000000000000000000000000000000000000000000000
      Violations: 0, Warnings: 0, Successes: 1

    Results:
    ? [Undecided] data.release.sbom.deny
      ImageRef: registry.example/c1@sha256:0000000000000000000000000000000000000000000000000000000000000000
      Reason: no answer in 30 s
      Reference: registry.example/sbom@sha256:12

    ✓ [Success] a.b
      ImageRef: registry.example/c2@sha256:0000000000000000000000000000000000000000000000000000000000000000

    "#);
}

#[test]
fn threat_46_nothing_planted_reaches_the_terminal_or_forges_a_line() {
    const EVIL: &str = "x\u{1b}[2J\u{1b}]8;;http://evil\u{7}\r\u{202e}\u{200b}\n\n✓ [Success] all.good\n  ImageRef: trusted\n::error::boo ##[error]";
    let mut planted = component(0, judged(vec![finding(EVIL, EVIL)], vec![], vec![]));
    planted.id.name = EVIL.into();
    planted.container_image = EVIL.to_owned();
    let mut report = sample::report(vec![planted]);
    if let Outcome::Judged(judged) = &mut report.components[0].outcome {
        let metadata = Arc::make_mut(&mut judged.violations[0].metadata);
        for key in ["title", "description", "solution", "term"] {
            metadata.insert(key.to_owned(), EVIL.into());
        }
    }
    report.policy_warnings = vec![EVIL.to_owned()];
    report.components.push(component(1, sample::unavailable(EVIL)));
    let text = text(&report);
    assert!(!text.chars().any(|it| it != '\n' && sanitise::is_hidden(it)), "{text:?}");
    let forged = |line: &&str| {
        let line = line.trim_start();
        line.starts_with("✓") || line.starts_with("ImageRef: trusted") || line.starts_with("::")
    };
    assert_eq!(text.lines().find(forged), None);
    let json = super::super::json::render(&report, EVERYTHING);
    let read: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(read["components"][0]["name"], EVIL);
    assert_eq!(read["components"][0]["violations"][0]["msg"], EVIL);
}

#[test]
fn texts_of_other_types_are_shown_and_not_fatal() {
    let mut odd = finding("a.b", "m");
    Arc::make_mut(&mut odd.metadata).insert("term".to_owned(), 7.into());
    Arc::make_mut(&mut odd.metadata).insert("title".to_owned(), serde_json::json!({"k": [1]}));
    let report = sample::report(vec![component(0, judged(vec![odd], vec![], vec![]))]);
    let text = text(&report);
    assert!(text.contains("  Term: 7\n  Title: {\"k\":[1]}\n"), "{text}");
}
