//! The golden cases at the level of the built-in checks: what is verified, what is a violation, what a report lists.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test's helpers are tests"
)]

mod golden_layout;

use std::collections::BTreeSet;
use std::path::Path;

use enterprise_contract::model::{Finding, Limits, PolicySpec};
use enterprise_contract::trust::{TransparencyLog, TrustPolicy};
use enterprise_contract::verify::{Requested, SignatureCheck, Verified, verify};
use golden_layout::{GoldenLayout, golden, json, snapshot};
use serde_json::{Value, json};

/// Images with bundles: undecided until bundles are verified (`verify::bundles`).
const BUNDLES: [&str; 3] = ["app-bundle", "app-bundle-wrong-key", "app-bundle-provenance-only"];

/// With `--skip-att-sig-check` too, an attestation about another image or of another payload type does not count
/// (errata, evaluation 5, "skip flag").
const STRICTER_WHEN_SKIPPED: [&str; 2] = ["app-subject-of-another", "app-dsse-other-type"];

/// In a statement that Go's reader takes and ours does not; words of libraries need not be equal.
fn same_words(code: &str, msg: &str) -> bool {
    let words_of_libraries = ["invalid character", "proto:", "jsonschema:", "parsing time"];
    code.starts_with("builtin.") && !words_of_libraries.iter().any(|it| msg.contains(it))
}

fn code(finding: &Finding) -> String {
    finding.code().unwrap_or("none").to_owned()
}

fn expected_codes(component: &Value, list: &str) -> BTreeSet<String> {
    let findings = component[list].as_array().into_iter().flatten();
    let code = |it: &Value| it["metadata"]["code"].as_str().unwrap_or("none").to_owned();
    findings.map(code).filter(|it| it.starts_with("builtin.") || it == "none").collect()
}

fn trust(golden: &Path, key: &str) -> TrustPolicy {
    let public_key = golden.join("keys").join(key).display().to_string();
    TrustPolicy::load(&PolicySpec { public_key, ..PolicySpec::default() }, TransparencyLog::Ignored).unwrap()
}

fn compare(name: &str, expected: &Value, verified: &Verified) {
    let codes = |it: &[Finding]| it.iter().map(code).collect::<BTreeSet<_>>();
    let violations = verified.violations();
    assert_eq!(codes(&violations), expected_codes(expected, "violations"), "{name}: {violations:?}");
    assert_eq!(codes(&verified.successes()), expected_codes(expected, "successes"), "{name}");
    for violation in &violations {
        let expected = expected["violations"].as_array().unwrap();
        let same = expected.iter().find(|it| it["metadata"]["code"].as_str() == violation.code()).unwrap();
        let msg = same["msg"].as_str().unwrap();
        if same_words(&code(violation), msg) {
            assert_eq!(&*violation.msg, msg, "{name}");
        } else {
            let first_sentence = |it: &str| it.split(": ").next().unwrap_or_default().to_owned();
            assert_eq!(first_sentence(&violation.msg), first_sentence(msg), "{name}");
        }
    }
    let list = |value: Value| if value == json!([]) { Value::Null } else { value };
    assert_eq!(list(json!(verified.listed_signatures())), expected["signatures"], "{name}");
    assert_eq!(list(json!(verified.listed_attestations())), expected["attestations"], "{name}");
}

/// Compares every component of a case; the number compared, and the number undecided for their bundles.
fn case(golden: &Path, case: &str, key: &str, requested: Requested) -> (usize, usize) {
    let folder = golden.join("cases").join(case);
    let layout = GoldenLayout::open(golden);
    let trust = trust(golden, key);
    let report = json(&folder.join("expected/report.json"));
    let (mut compared, mut undecided) = (0, 0);
    for component in snapshot(&folder.join("snapshot.json")).components {
        let Some(evidence) = layout.evidence(&component.container_image) else { continue };
        let verified = verify(&evidence, &trust, requested, &Limits::default());
        let name = component.name.as_str();
        if BUNDLES.contains(&name) {
            assert!(!verified.undecided().is_empty() && verified.facts().is_none(), "{case} {name}");
            assert!(verified.violations().is_empty() && verified.successes().is_empty(), "{case} {name}");
            undecided += 1;
            continue;
        }
        assert!(verified.undecided().is_empty(), "{case} {name}");
        let skipped = requested.attestation_signature == SignatureCheck::Skipped;
        if skipped && STRICTER_WHEN_SKIPPED.contains(&name) {
            assert_eq!(
                code(&verified.violations()[0]),
                "builtin.attestation.signature_check",
                "{case} {name}"
            );
            assert!(verified.facts().is_none(), "{case} {name}");
            continue;
        }
        let reference = evidence.image.to_string();
        let by_image = |it: &&Value| it["containerImage"] == reference.as_str();
        let expected = report["components"].as_array().unwrap().iter().find(by_image);
        compare(&format!("{case} {name}"), expected.expect(&reference), &verified);
        compared += 1;
    }
    (compared, undecided)
}

#[test]
fn single_images_are_verified_as_the_golden_reports_say() {
    let Some(golden) = golden("golden verification") else { return };
    let mut compared = 0;
    for folder in std::fs::read_dir(golden.join("cases")).unwrap() {
        let name = folder.unwrap().file_name().into_string().unwrap();
        let number: u32 = name[..3].parse().unwrap();
        if (101..=133).contains(&number) {
            compared += case(&golden, &name, "cosign.pub", Requested::default()).0;
        }
    }
    assert_eq!(compared, 30, "components of the cases 101 to 133 that exist and have no bundles");
}

#[test]
fn all_images_of_one_snapshot_are_verified_side_by_side() {
    let Some(golden) = golden("golden verification") else { return };
    let (compared, undecided) = case(&golden, "134-all", "cosign.pub", Requested::default());
    assert_eq!(undecided, 3);
    assert!(compared >= 20, "{compared}");
}

#[test]
fn switched_off_checks_are_skipped_as_the_golden_reports_say() {
    let Some(golden) = golden("golden verification") else { return };
    let image = Requested { image_signature: SignatureCheck::Skipped, ..Requested::default() };
    let attestation = Requested { attestation_signature: SignatureCheck::Skipped, ..Requested::default() };
    let both = Requested {
        image_signature: SignatureCheck::Skipped,
        attestation_signature: SignatureCheck::Skipped,
    };
    assert_eq!(case(&golden, "135-not-strict", "cosign.pub", Requested::default()), (1, 0));
    assert_eq!(case(&golden, "136-skip-image-signature", "cosign.pub", image), (1, 0));
    assert_eq!(case(&golden, "137-skip-attestation-signature", "cosign.pub", attestation), (1, 0));
    let (compared, undecided) = case(&golden, "138-skip-both", "cosign.pub", both);
    assert_eq!(undecided, 3);
    assert!(compared >= 18, "{compared}");
}

#[test]
fn another_key_makes_every_good_image_fail() {
    let Some(golden) = golden("golden verification") else { return };
    assert_eq!(case(&golden, "139-other-key", "other.pub", Requested::default()), (2, 0));
}

#[test]
fn an_index_without_signatures_has_none_of_its_children() {
    let Some(golden) = golden("golden verification") else { return };
    let (compared, _) = case(&golden, "167-odd-index", "cosign.pub", Requested::default());
    assert_eq!(compared, 1);
}

#[test]
fn threat_17_the_attestation_time_is_that_of_the_verified_statement() {
    let Some(golden) = golden("golden attestation time") else { return };
    let layout = GoldenLayout::open(&golden);
    let evidence = layout.evidence("registry.example/golden/app-finished-2030:latest").unwrap();
    let verified = verify(&evidence, &trust(&golden, "cosign.pub"), Requested::default(), &Limits::default());
    let time = verified.attestation_time().unwrap().to_string();
    assert!(time.starts_with("2030-"), "{time}");
    let foreign = verify(&evidence, &trust(&golden, "other.pub"), Requested::default(), &Limits::default());
    assert_eq!(foreign.attestation_time(), None);
}
