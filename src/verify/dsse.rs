//! DSSE: the envelope of a signed statement, <https://github.com/secure-systems-lab/dsse> (protocol 1.0.2).
//!
//! `keyid` is a hint that nobody signed, so it selects nothing: the trusted key is tried on every signature. One that
//! verifies is enough; those that do not are left out of what is reported.

use serde::Deserialize;

use super::encoding::{self, NotBase64};
use crate::json::{self, strict};
use crate::model::{EntitySignature, Limits};
use crate::trust::PublicKey;

/// What statements of in-toto travel as.
pub(super) const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// The media type of the layer that holds an envelope.
pub(super) const MEDIA_TYPE: &str = "application/vnd.dsse.envelope.v1+json";

/// Why an envelope proves nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadEnvelope {
    /// Not the document that it should be.
    #[error("malformed envelope: {0}")]
    Malformed(String),
    /// A statement is expected.
    #[error("invalid payloadType {found} on envelope. Expected {PAYLOAD_TYPE}")]
    PayloadType {
        /// As written.
        found: String,
    },
    /// Nobody signed it.
    #[error("no signature found")]
    Unsigned,
    /// More work than a statement deserves.
    #[error("more than {limit} signatures in one envelope")]
    TooManySignatures {
        /// As many are allowed.
        limit: usize,
    },
    /// Of none of them.
    #[error("accepted signatures do not match threshold, Found: 0, Expected 1")]
    NotByTrustedKey,
    /// The payload's text.
    #[error("the payload is not base64")]
    Payload(#[from] NotBase64),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    payload: String,
    payload_type: String,
    #[serde(default)]
    signatures: Vec<Signature>,
}

#[derive(Deserialize)]
struct Signature {
    #[serde(default)]
    keyid: String,
    sig: String,
}

/// An envelope that was read; nothing in it is verified.
pub(super) struct Envelope {
    pub(super) payload: Vec<u8>,
    payload_type: String,
    signatures: Vec<Signature>,
}

impl Envelope {
    /// Reads an envelope of in-toto's payload type.
    pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Self, BadEnvelope> {
        let fields: Fields = strict::from_slice(bytes, json::Limits::bytes(bytes.len()))
            .map_err(|why| BadEnvelope::Malformed(why.to_string()))?;
        if fields.payload_type != PAYLOAD_TYPE {
            return Err(BadEnvelope::PayloadType { found: fields.payload_type.chars().take(128).collect() });
        }
        if fields.signatures.len() > limits.envelope_signatures {
            return Err(BadEnvelope::TooManySignatures { limit: limits.envelope_signatures });
        }
        let payload = encoding::either(&fields.payload)?;
        Ok(Self { payload, payload_type: fields.payload_type, signatures: fields.signatures })
    }

    /// The signatures of the key, in the envelope's order.
    pub(super) fn verify(&self, key: &PublicKey) -> Result<Vec<EntitySignature>, BadEnvelope> {
        if self.signatures.is_empty() {
            return Err(BadEnvelope::Unsigned);
        }
        let signed = pre_authentication_encoding(&self.payload_type, &self.payload);
        let by_key = |it: &&Signature| {
            encoding::either(&it.sig).is_ok_and(|signature| key.verify(&signed, &signature).is_ok())
        };
        let verified: Vec<_> = self.signatures.iter().filter(by_key).map(Signature::entity).collect();
        if verified.is_empty() { Err(BadEnvelope::NotByTrustedKey) } else { Ok(verified) }
    }

    /// The signatures as they stand, for a run that does not verify them.
    pub(super) fn unverified_signatures(&self) -> Vec<EntitySignature> {
        self.signatures.iter().map(Signature::entity).collect()
    }
}

impl Signature {
    fn entity(&self) -> EntitySignature {
        EntitySignature { keyid: self.keyid.clone(), sig: self.sig.clone(), ..EntitySignature::default() }
    }
}

/// What is really signed: lengths keep type and payload from flowing into each other.
pub(crate) fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut out = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    out.extend_from_slice(payload);
    out
}
