//! What could not be read, what is not verified yet, and what the user switched off.

use std::collections::BTreeMap;

use enterprise_contract::fetch::Bundle;
use enterprise_contract::model::failure::StageError;
use enterprise_contract::model::{CheckState, FailureKind, Stage};
use enterprise_contract::verify::SignatureCheck;

use super::*;

fn down() -> StageError {
    StageError::new(FailureKind::Unavailable, "503 from registry.example").at("registry.example/team/app")
}

fn good() -> Evidence {
    evidence(vec![good_signature()], vec![good_attestation()])
}

fn with_bundle(mut evidence: Evidence) -> Evidence {
    let bundle =
        Bundle { referrer: Digest::of(b"r"), layer: layer(good_attestation()), annotations: BTreeMap::new() };
    evidence.bundles = Part::Present(vec![bundle]);
    evidence
}

fn open(verified: &Verified) -> Vec<String> {
    assert!(verified.facts().is_none(), "no rule may run");
    verified.undecided().into_iter().map(|it| it.rule).collect()
}

#[test]
fn evidence_that_could_not_be_read_is_neither_a_violation_nor_a_pass() {
    for part in ["signatures", "attestations", "bundles"] {
        let mut evidence = good();
        let code = match part {
            "signatures" => {
                evidence.signatures = Part::Undecided(down());
                "builtin.image.signature_check"
            }
            "attestations" => {
                evidence.attestations = Part::Undecided(down());
                "builtin.attestation.signature_check"
            }
            _ => {
                evidence.bundles = Part::Undecided(down());
                "builtin.attestation.signature_check"
            }
        };
        let verified = check(&evidence);
        assert_eq!(open(&verified), [code], "{part}");
        assert!(verified.violations().is_empty(), "{part}");
        assert!(verified.successes().iter().all(|it| it.code() != Some(code)), "{part}");
        let failure = &verified.undecided()[0].failure;
        assert_eq!(
            (failure.stage, failure.kind, failure.retryable),
            (Stage::Fetch, FailureKind::Unavailable, true)
        );
    }
}

#[test]
fn what_another_check_found_out_still_counts() {
    let mut evidence = evidence(vec![], vec![]);
    evidence.attestations = Part::Undecided(down());
    let verified = check(&evidence);
    assert_eq!(verified.violations()[0].code(), Some("builtin.image.signature_check"));
    assert_eq!(open(&verified), ["builtin.attestation.signature_check"]);
}

#[test]
fn what_was_not_fetched_is_no_absence() {
    let mut evidence = good();
    evidence.signatures = Part::NotAsked;
    evidence.bundles = Part::NotAsked;
    let verified = check(&evidence);
    assert_eq!(open(&verified), ["builtin.image.signature_check", "builtin.attestation.signature_check"]);
    assert!(verified.violations().is_empty());
}

#[test]
fn bundles_leave_the_attestations_open_and_a_good_image_signature_stands() {
    let verified = check(&with_bundle(good()));
    assert_eq!(open(&verified), ["builtin.attestation.signature_check"]);
    assert_eq!(verified.successes()[0].code(), Some("builtin.image.signature_check"));
    let failure = &verified.undecided()[0].failure;
    assert_eq!((failure.stage, failure.retryable), (Stage::Verify, false));
}

#[test]
fn bundles_may_hold_what_the_tags_lack_so_nothing_is_a_violation() {
    let foreign = vec![attestation_layer(&foreign(), &attestation::slsa_v02(&image()))];
    let verified = check(&with_bundle(evidence(vec![], foreign)));
    assert_eq!(open(&verified), ["builtin.image.signature_check", "builtin.attestation.signature_check"]);
    assert!(verified.violations().is_empty());
}

#[test]
fn threat_45_a_check_that_is_switched_off_says_so() {
    let requested = Requested {
        image_signature: SignatureCheck::Skipped,
        attestation_signature: SignatureCheck::Skipped,
    };
    let layers = vec![attestation_layer(&foreign(), &attestation::slsa_v02(&image()))];
    let verified = verify(&evidence(vec![], layers), &trust(), requested, &Limits::default());
    assert!(verified.violations().is_empty());
    assert!(verified.facts().unwrap().signatures().is_empty());
    let skipped: Vec<_> = verified
        .checks()
        .into_iter()
        .filter(|it| it.state == CheckState::Skipped)
        .map(|it| it.name)
        .collect();
    assert_eq!(skipped, ["image-signature", "attestation-signature", "transparency-log"]);
}

#[test]
fn with_the_signature_check_off_subject_and_type_still_decide() {
    let requested = Requested { attestation_signature: SignatureCheck::Skipped, ..Requested::default() };
    let about_another = attestation_layer(&key(), &attestation::slsa_v02(&image_named("other")));
    let verified = verify(
        &evidence(vec![good_signature()], vec![about_another]),
        &trust(),
        requested,
        &Limits::default(),
    );
    let message = only_violation(&verified, "builtin.attestation.signature_check");
    assert!(
        message.contains("(signature check skipped): no matching attestations: no matching subject"),
        "{message}"
    );
    let none = verify(&evidence(vec![good_signature()], vec![]), &trust(), requested, &Limits::default());
    let messages: Vec<_> = none.violations().into_iter().map(|it| it.msg.to_string()).collect();
    assert_eq!(
        messages,
        [
            "Attestation syntax check failed: no attestation data",
            "No attestations contain a subject that match the given image."
        ]
    );
}
