//! What rules may be told: the facts of an image whose checks went far enough.

use super::{Attestations, ImageSignature, Statement, Verified};
use crate::model::EntitySignature;

/// What the input document is made from. There is none while a signature check is undecided or the attestations
/// were rejected, so no rule can run on evidence that was not verified, unless the user switched the check off.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    signatures: &'a [EntitySignature],
    statements: &'a [Statement],
}

impl<'a> Facts<'a> {
    /// Of the image; none where the check failed or was skipped.
    pub fn signatures(&self) -> &'a [EntitySignature] {
        self.signatures
    }

    /// In the order of the layers; never empty.
    pub fn statements(&self) -> &'a [Statement] {
        self.statements
    }
}

impl Verified {
    /// What rules may be told, if they may be told anything.
    pub fn facts(&self) -> Option<Facts<'_>> {
        let signatures = match &self.image_signature {
            ImageSignature::Verified(signatures, _) => signatures.as_slice(),
            ImageSignature::Rejected(_) | ImageSignature::Skipped => &[],
            ImageSignature::Undecided(_) => return None,
        };
        let statements = self.statements();
        (!statements.is_empty()).then_some(Facts { signatures, statements })
    }

    /// The statements that count, in the order of the layers.
    pub fn statements(&self) -> &[Statement] {
        match &self.attestations {
            Attestations::Verified(statements, _) | Attestations::Unverified(statements, _) => statements,
            Attestations::Rejected(_) | Attestations::Undecided(_) => &[],
        }
    }

    /// The latest `predicate.metadata.buildFinishedOn` of the statements that count, for `--effective-time
    /// attestation`. Where signatures are not looked at, anybody could choose it: the command line refuses that
    /// combination unless past times are allowed anyway.
    pub fn attestation_time(&self) -> Option<jiff::Timestamp> {
        self.statements().iter().filter_map(Statement::finished).max()
    }

    /// What became of the image signature.
    pub fn image_signature(&self) -> &ImageSignature {
        &self.image_signature
    }

    /// What became of the attestations.
    pub fn attestations(&self) -> &Attestations {
        &self.attestations
    }
}
