//! The checks in the words of reports: violations, successes, what stayed undecided, and which steps ran.

use std::borrow::Cow;

use super::{Attestations, Builtin, ImageSignature, PassedOver, Verified};
use crate::model::failure::StageError;
use crate::model::{
    AttestationSummary, Check, CheckState, EntitySignature, FailureKind, FailureTarget, Finding, Stage,
    Undecided,
};

const NO_STATEMENT: &str = "No attestations contain a subject that match the given image.";
const NO_DATA: &str = "Attestation syntax check failed: no attestation data";

impl Verified {
    /// Why the image fails, in the order of the checks.
    pub fn violations(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        if let ImageSignature::Rejected(rejection) = &self.image_signature {
            found.push(Builtin::ImageSignature.violation(&rejection.message));
        }
        match &self.attestations {
            Attestations::Rejected(rejection) => {
                found.push(Builtin::AttestationSignature.violation(&rejection.message));
            }
            Attestations::Unverified(statements, _) if statements.is_empty() => {
                found.push(Builtin::AttestationSyntax.violation(NO_DATA));
                found.push(Finding { msg: NO_STATEMENT.into(), ..Finding::default() });
            }
            _ => {}
        }
        found
    }

    /// Which checks passed.
    pub fn successes(&self) -> Vec<Finding> {
        let mut passed = Vec::new();
        if matches!(self.image_signature, ImageSignature::Verified(..)) {
            passed.push(Builtin::ImageSignature.success());
        }
        if matches!(self.attestations, Attestations::Verified(..)) {
            passed.push(Builtin::AttestationSignature.success());
        }
        if !self.statements().is_empty() {
            passed.push(Builtin::AttestationSyntax.success());
        }
        passed
    }

    /// Which checks could not be decided, and why.
    pub fn undecided(&self) -> Vec<Undecided> {
        let mut open = Vec::new();
        if let ImageSignature::Undecided(why) = &self.image_signature {
            open.push(undecided(Builtin::ImageSignature, why));
        }
        if let Attestations::Undecided(why) = &self.attestations {
            open.push(undecided(Builtin::AttestationSignature, why));
        }
        open
    }

    /// What became of every step, so that none is skipped in silence.
    pub fn checks(&self) -> Vec<Check> {
        vec![self.image_signature_check(), self.attestation_check(), self.syntax_check(), log_check()]
    }

    /// The image's signatures as the report lists them: none where the attestations were not accepted, as always.
    pub fn listed_signatures(&self) -> &[EntitySignature] {
        match (&self.image_signature, self.statements()) {
            (ImageSignature::Verified(signatures, _), [_, ..]) => signatures,
            _ => &[],
        }
    }

    /// The attestations as the report lists them.
    pub fn listed_attestations(&self) -> Vec<AttestationSummary> {
        self.statements().iter().map(super::Statement::summary).collect()
    }

    fn image_signature_check(&self) -> Check {
        let (state, why) = match &self.image_signature {
            ImageSignature::Verified(signatures, passed_over) => {
                (CheckState::Done, note(signatures.len(), "signature", passed_over))
            }
            ImageSignature::Rejected(_) => (CheckState::Done, None),
            ImageSignature::Skipped => (CheckState::Skipped, Some("--skip-image-sig-check".into())),
            ImageSignature::Undecided(why) => (CheckState::Undecided, Some(why.message.clone().into())),
        };
        Check { name: "image-signature", state, why }
    }

    fn attestation_check(&self) -> Check {
        let (state, why) = match &self.attestations {
            Attestations::Verified(statements, passed_over) => {
                (CheckState::Done, note(statements.len(), "attestation", passed_over))
            }
            Attestations::Unverified(..) => (CheckState::Skipped, Some("--skip-att-sig-check".into())),
            Attestations::Rejected(_) if self.attestations_skipped() => (
                CheckState::Skipped,
                Some("--skip-att-sig-check; the attestations could not be used all the same".into()),
            ),
            Attestations::Rejected(_) => (CheckState::Done, None),
            Attestations::Undecided(why) => (CheckState::Undecided, Some(why.message.clone().into())),
        };
        Check { name: "attestation-signature", state, why }
    }

    fn syntax_check(&self) -> Check {
        let (state, why) = match &self.attestations {
            Attestations::Verified(..) | Attestations::Unverified(..) => (CheckState::Done, None),
            Attestations::Rejected(_) => (CheckState::Skipped, Some("no attestation was accepted".into())),
            Attestations::Undecided(why) => (CheckState::Undecided, Some(why.message.clone().into())),
        };
        Check { name: "attestation-syntax", state, why }
    }

    fn attestations_skipped(&self) -> bool {
        self.requested.attestation_signature == super::SignatureCheck::Skipped
    }
}

/// The only way to have a trust policy today is to ignore the log.
fn log_check() -> Check {
    Check {
        name: "transparency-log",
        state: CheckState::Skipped,
        why: Some("--ignore-rekor: entries of a transparency log are not asked for".into()),
    }
}

fn note(verified: usize, what: &str, passed_over: &PassedOver) -> Option<Cow<'static, str>> {
    let reasons = passed_over.reasons();
    let first = reasons.first()?;
    let all = verified + reasons.len();
    Some(format!("{} of {all} {what}s did not verify and do not count: {first}", reasons.len()).into())
}

fn undecided(check: Builtin, why: &StageError) -> Undecided {
    let stage = match (&why.target, why.kind) {
        // What a host did not give was not there to be verified, whoever is to blame.
        (Some(FailureTarget::Object { .. }), _) => Stage::Fetch,
        (_, FailureKind::Untrusted | FailureKind::Panicked) => Stage::Verify,
        (_, _) => Stage::Fetch,
    };
    Undecided {
        rule: check.code().to_owned(),
        reference: why.target.as_ref().map(ToString::to_string),
        failure: why.clone().in_stage(stage, check.code()),
    }
}
