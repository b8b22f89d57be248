//! Flags of `ec validate image` and the plan that they make.

use super::super::tests::{complaints, read_words};
use super::super::{Command, Refused};
use super::*;
use crate::report::{Format, Place};

const IMAGE: &str = "registry.example/app:1";

fn read(more: &[&str]) -> Result<Plan, Box<Refused>> {
    let arguments = [&["validate", "image", "--image", IMAGE][..], more].concat();
    read_words(&arguments).map(|command| match command {
        Command::ValidateImage(plan) => *plan,
        other => panic!("{other:?}"),
    })
}

fn plan(more: &[&str]) -> Plan {
    read(more).expect("plan")
}

fn refused(more: &[&str]) -> String {
    complaints(&[&["validate", "image", "--image", IMAGE][..], more].concat())
}

#[test]
fn what_is_not_given_has_its_default() {
    let plan = plan(&[]);
    assert_eq!(plan.snapshot.components[0].name, "Unnamed");
    assert_eq!(plan.policy.text, "");
    assert_eq!(plan.effective_time, EffectiveTime::Now);
    assert_eq!(
        (plan.strictness, plan.successes, plan.detail),
        (Strictness::Strict, Successes::Counted, Detail::Brief)
    );
    assert_eq!(plan.targets, [Target::text_on_stdout(Shown::default())]);
    assert_eq!((plan.workers, plan.timeout), (None, None));
    assert_eq!(plan.transparency_log, TransparencyLog::Required);
}

#[test]
fn the_arguments_of_the_konflux_task_are_understood() {
    let plan = plan(&[
        "--public-key=k8s://a/b",
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
        "--output=text=/h/text-report.txt?show-successes=false",
        "--output=json=/h/report-json.json",
        "--output=appstudio=/r/TEST_OUTPUT",
    ]);
    assert_eq!(plan.public_key.as_deref(), Some("k8s://a/b"));
    assert_eq!((plan.rekor_url, plan.timeout, plan.extra_rule_data), (None, None, vec![]));
    assert_eq!(plan.strictness, Strictness::Lenient);
    let formats: Vec<_> = plan.targets.iter().map(|it| it.format).collect();
    assert_eq!(formats, [Format::Text, Format::Json, Format::AppStudio]);
    assert_eq!(plan.targets[0].shown, Shown { successes: false, warnings: true, docs_link: true });
    assert!(plan.notes.is_empty());
}

#[test]
fn targets_keep_their_order_and_the_old_flag_comes_last() {
    let plan = plan(&["-o", "old.json", "--output", "text=a,summary=b", "--output="]);
    let places: Vec<_> = plan.targets.iter().map(|it| it.place.clone()).collect();
    assert_eq!(places, ["a", "b", "old.json"].map(|it| Place::File(it.into())));
}

#[test]
fn effective_times_are_now_later_or_allowed() {
    let time = |given| plan(&["--effective-time", given]).effective_time;
    assert_eq!(time("NOW"), EffectiveTime::Now);
    assert_eq!(time("Attestation"), EffectiveTime::Attestation);
    assert_eq!(time(""), EffectiveTime::Now);
    assert!(matches!(time("2025-07-01"), EffectiveTime::At(_)));
    assert!(matches!(time("2025-06-30T23:59:58Z"), EffectiveTime::At(_)));
    assert_eq!(
        refused(&["--effective-time=2025-06-30T23:59:57Z"]),
        "effective time 2025-06-30T23:59:57Z is in the past; use --allow-past-effective-time to override"
    );
    assert!(read(&["--effective-time=2020-01-01", "--allow-past-effective-time"]).is_ok());
    assert_eq!(refused(&["--effective-time", "tomorrow"]), "invalid policy time argument: \"tomorrow\"");
    assert!(
        refused(&["--effective-time=attestation", "--skip-att-sig-check"]).contains("--skip-att-sig-check")
    );
    assert!(
        read(&["--effective-time=attestation", "--skip-att-sig-check", "--allow-past-effective-time"])
            .is_ok()
    );
}

#[test]
fn all_mistakes_are_told_at_once() {
    let text = refused(&[
        "--workers=0",
        "--effective-time=x",
        "--extra-rule-data=novalue",
        "--output=colourful",
        "--policy=./absent.yaml",
        "--retry-factor=0",
        "--file-path=./absent.json",
    ]);
    assert_eq!(text.lines().count(), 7, "{text}");
}

#[test]
fn a_mistake_in_the_grammar_is_told_alone_and_targets_are_kept() {
    let refused = read(&["--colour", "red", "--workers", "many", "--output", "appstudio=x"]).unwrap_err();
    assert_eq!(refused.diagnostics.len(), 2);
    assert_eq!(refused.targets.len(), 1);
}

#[test]
fn what_is_ignored_is_noted() {
    assert_eq!(plan(&["--strict", "false", "--filter-type", "x"]).notes.len(), 2);
}
