//! Which statements about the image did somebody trusted make?
//!
//! A layer of another key, about another image or of another payload type is passed over: anybody who may push can put
//! it there. A layer that the trusted key did sign, about this image, and that cannot be understood in exactly one
//! way makes the whole check fail: to leave it out could hide what it says.

use bytes::Bytes;

use super::dsse::{self, BadEnvelope, Envelope};
use super::rejection::PassedOver;
use super::statement::{BadStatement, Draft, Predicate, Statement};
use crate::fetch::Layer;
use crate::model::{Digest, EntitySignature, Limits};
use crate::trust::PublicKey;

/// Why a layer is passed over.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadAttestationLayer {
    /// The envelope, or its signatures.
    #[error("{0}")]
    Envelope(#[from] BadEnvelope),
    /// What it says.
    #[error("{0}")]
    Statement(#[from] BadStatement),
}

/// Whose statements count.
#[derive(Clone, Copy)]
pub(super) enum Signer<'a> {
    /// Of this key only.
    Key(&'a PublicKey),
    /// `--skip-att-sig-check`: anybody's. Subject and payload type are still checked.
    Anybody,
}

/// Why there is no set of statements.
pub(super) enum Refused {
    /// No layer counts, or there is none.
    NoneMatches(PassedOver),
    /// One of those that count must not be passed over.
    Unusable(String),
}

/// The statements, in the order of the layers.
pub(super) fn check(
    layers: &[Layer],
    image: &Digest,
    signer: Signer<'_>,
    limits: &Limits,
) -> Result<(Vec<Statement>, PassedOver), Refused> {
    let mut drafts = Vec::new();
    let mut passed_over = PassedOver::default();
    for layer in layers {
        match read(layer, image, signer, limits) {
            Ok((draft, signatures)) => drafts.push((layer, draft, signatures)),
            Err(why) if may_be_passed_over(&why, signer) => passed_over.push(&why.to_string()),
            Err(why) => return Err(Refused::Unusable(unusable(&why))),
        }
    }
    if drafts.is_empty() && (matches!(signer, Signer::Key(_)) || !passed_over.is_empty()) {
        return Err(Refused::NoneMatches(passed_over));
    }
    let statements: Result<Vec<_>, Refused> =
        drafts.into_iter().map(|(layer, draft, signatures)| conform(layer, draft, signatures)).collect();
    Ok((statements?, passed_over))
}

fn unusable(why: &BadAttestationLayer) -> String {
    let data = match why {
        BadAttestationLayer::Statement(BadStatement::Ambiguous(_)) => "",
        _ => "malformed attestation data: ",
    };
    format!("unable to parse untyped provenance: {data}{why}")
}

/// Where nobody looks at signatures, a layer that cannot be read may be anybody's, the trusted key's too.
fn may_be_passed_over(why: &BadAttestationLayer, signer: Signer<'_>) -> bool {
    match why {
        BadAttestationLayer::Statement(BadStatement::Ambiguous(_)) => false,
        BadAttestationLayer::Statement(BadStatement::OtherSubject)
        | BadAttestationLayer::Envelope(BadEnvelope::PayloadType { .. }) => true,
        _ => matches!(signer, Signer::Key(_)),
    }
}

fn read(
    layer: &Layer,
    image: &Digest,
    signer: Signer<'_>,
    limits: &Limits,
) -> Result<(Draft, Vec<EntitySignature>), BadAttestationLayer> {
    let envelope = Envelope::read(&layer.bytes, limits)?;
    let (signatures, predicate) = match signer {
        Signer::Key(key) => (envelope.verify(key)?, Predicate::Object),
        Signer::Anybody => (envelope.unverified_signatures(), Predicate::Any),
    };
    let draft = Draft::read(Bytes::from(envelope.payload), image, predicate, limits)?;
    Ok((draft, signatures))
}

fn conform(layer: &Layer, draft: Draft, signatures: Vec<EntitySignature>) -> Result<Statement, Refused> {
    if layer.descriptor.media_type != dsse::MEDIA_TYPE {
        return Err(Refused::Unusable(format!(
            "unable to parse untyped provenance: malformed attestation data: expecting media type of `{}`, received: `{}`",
            dsse::MEDIA_TYPE,
            layer.descriptor.media_type
        )));
    }
    draft.conform(signatures).map_err(|why| Refused::Unusable(why.to_string()))
}
