//! Evidence and trust to verified facts. Pure: no clock, no environment, no network; the same evidence always gives
//! the same answer.
//!
//! # The algorithm of [`verify`]
//! 1. Image signature ([`mod@image_signature`]): of each `.sig` layer the annotation's signature over the payload, then
//!    the payload's claim. One that holds is enough. *Stops: unsigned images, foreign keys, a signature moved to
//!    another image.*
//! 2. Attestations ([`mod@attestations`]): of each `.att` layer the envelope, its payload type, a signature over the
//!    pre-authentication encoding, the statement, its subjects; then of all that hold the layer's media type and the
//!    SLSA schema. *Stops: statements of others, about others, changed, ambiguous, or shaped to slip past rules.*
//! 3. Bundles ([`bundles`]): they are not verified yet, so they make undecided what they could change.
//! 4. A check whose evidence could not be read is undecided. It is never a violation and never a pass.
//!
//! [`Verified`] can be made here only. A switched-off check gives another variant, which [`Verified::checks`] shows.

mod attestations;
mod builtin;
mod bundles;
mod dsse;
mod encoding;
mod facts;
mod image_signature;
mod node;
mod rejection;
mod report;
mod simple_signing;
mod slsa;
mod statement;

pub use attestations::BadAttestationLayer;
pub use builtin::Builtin;
pub use dsse::BadEnvelope;
pub use encoding::NotBase64;
pub use facts::Facts;
pub use image_signature::BadSignatureLayer;
pub use node::{Nonconforming, Problem};
pub use rejection::{PassedOver, Rejection};
pub use simple_signing::BadClaim;
pub use statement::{BadStatement, Statement};

use crate::fetch::{Evidence, Layer, Part};
use crate::model::failure::StageError;
use crate::model::{EntitySignature, FailureKind, Limits};
use crate::trust::TrustPolicy;
use attestations::Signer;

/// Is a signature check made?
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SignatureCheck {
    /// Yes.
    #[default]
    Made,
    /// The user switched it off.
    Skipped,
}

/// What the user asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Requested {
    /// `--skip-image-sig-check`
    pub image_signature: SignatureCheck,
    /// `--skip-att-sig-check`
    pub attestation_signature: SignatureCheck,
}

/// What became of the image signature.
#[derive(Clone, PartialEq, Debug)]
pub enum ImageSignature {
    /// At least one holds.
    Verified(Vec<EntitySignature>, PassedOver),
    /// None does.
    Rejected(Rejection),
    /// Nobody asked.
    Skipped,
    /// The evidence could not be read.
    Undecided(StageError),
}

/// What became of the attestations.
#[derive(Clone, PartialEq, Debug)]
pub enum Attestations {
    /// At least one; all of the trusted key, about the image, conforming.
    Verified(Vec<Statement>, PassedOver),
    /// About the image and conforming, of whomever: the user asked not to look at signatures.
    Unverified(Vec<Statement>, PassedOver),
    /// There is none, or one of them must not be passed over.
    Rejected(Rejection),
    /// The evidence could not be read.
    Undecided(StageError),
}

/// What verification says of one image. Only [`verify`] makes one.
#[derive(Clone, PartialEq, Debug)]
pub struct Verified {
    image_signature: ImageSignature,
    attestations: Attestations,
    requested: Requested,
}

/// Verifies the evidence of one image; see the module for the steps.
pub fn verify(evidence: &Evidence, trust: &TrustPolicy, requested: Requested, limits: &Limits) -> Verified {
    Verified {
        image_signature: image_signature(evidence, trust, requested.image_signature),
        attestations: attestations(evidence, trust, requested.attestation_signature, limits),
        requested,
    }
}

fn image_signature(evidence: &Evidence, trust: &TrustPolicy, check: SignatureCheck) -> ImageSignature {
    if check == SignatureCheck::Skipped {
        return ImageSignature::Skipped;
    }
    let layers = match layers(evidence, &evidence.signatures) {
        Ok(layers) => layers,
        Err(why) => return ImageSignature::Undecided(why),
    };
    let checked = image_signature::check(layers, &evidence.image.digest, trust.key());
    match (checked, bundles::undecided(evidence)) {
        (Ok((signatures, passed_over)), _) => ImageSignature::Verified(signatures, passed_over),
        (Err(_), Some(why)) => ImageSignature::Undecided(why),
        (Err(rejection), None) => ImageSignature::Rejected(rejection),
    }
}

fn attestations(
    evidence: &Evidence,
    trust: &TrustPolicy,
    check: SignatureCheck,
    limits: &Limits,
) -> Attestations {
    if let Some(why) = bundles::undecided(evidence) {
        return Attestations::Undecided(why);
    }
    let layers = match layers(evidence, &evidence.attestations) {
        Ok(layers) => layers,
        Err(why) => return Attestations::Undecided(why),
    };
    let checked = |signer| attestations::check(layers, &evidence.image.digest, signer, limits);
    match check {
        SignatureCheck::Made => match checked(Signer::Key(trust.key())) {
            Ok((statements, passed_over)) => Attestations::Verified(statements, passed_over),
            Err(refused) => Attestations::Rejected(Rejection::attestations(refused)),
        },
        SignatureCheck::Skipped => match checked(Signer::Anybody) {
            Ok((statements, passed_over)) => Attestations::Unverified(statements, passed_over),
            Err(refused) => Attestations::Rejected(Rejection::unverified_attestations(refused)),
        },
    }
}

/// What is definitely absent is an empty list; what was not found out is an error.
fn layers<'a>(evidence: &Evidence, part: &'a Part<Vec<Layer>>) -> Result<&'a [Layer], StageError> {
    match part {
        Part::Present(layers) => Ok(layers),
        Part::Absent => Ok(&[]),
        Part::Undecided(why) => Err(why.clone()),
        Part::NotAsked => Err(not_asked(evidence, "signatures and attestations")),
    }
}

/// A defect of ours: a check needs what nobody fetched.
fn not_asked(evidence: &Evidence, what: &str) -> StageError {
    StageError::new(FailureKind::Panicked, format!("{what} were not fetched, but a check needs them"))
        .at(&evidence.image)
}
