//! Sigstore bundles beside the legacy layout, until they are verified themselves.
//!
//! An image's signatures and attestations may stand in two stores: the tags `.sig` and `.att`, and referrers that
//! hold bundles. Both count. Of a bundle that cannot be verified nothing is known, so:
//! - **Image signature.** One good signature is enough, and no bundle can take it back. So a good legacy signature
//!   passes; without one the check is undecided, since a bundle may hold it.
//! - **Attestations.** Rules judge the *set*: a bundle may add a provenance that a rule wants, or a failed test
//!   that a rule forbids. So with any bundle present the set is undecided, however good the legacy part is.
//! - **Syntax** and rules read that set, so they wait with it.
//!
//! Annotations of a referrer (`dev.sigstore.bundle.predicateType`) say what a bundle holds, but nobody signed them;
//! nothing is decided by them.

use super::not_asked;
use crate::fetch::{Evidence, Part};
use crate::model::FailureKind;
use crate::model::failure::StageError;

/// Why the bundles leave open what they could change; nothing if there are none.
pub(super) fn undecided(evidence: &Evidence) -> Option<StageError> {
    match &evidence.bundles {
        Part::Absent => None,
        Part::Present(bundles) if bundles.is_empty() => None,
        Part::Present(bundles) => Some(
            StageError::new(
                FailureKind::Untrusted,
                format!(
                    "the image has {} Sigstore bundle(s) among its referrers; bundles are not verified yet, \
                     so what they attest is unknown",
                    bundles.len()
                ),
            )
            .at(evidence.image.repository.pin(bundles[0].referrer)),
        ),
        Part::Undecided(why) => Some(why.clone()),
        Part::NotAsked => Some(not_asked(evidence, "bundles")),
    }
}
