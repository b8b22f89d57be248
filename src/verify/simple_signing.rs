//! The claim of an image signature: the payload that cosign and Tekton Chains sign, from
//! <https://github.com/containers/image/blob/main/docs/containers-signature.5.md>.
//!
//! Only the digest is compared. `critical.identity.docker-reference` is not: an image is promoted from repository to
//! repository with its signature, so the reference says where it was built, not where it may be. `critical.type` and
//! `optional` decide nothing either. Field names match exactly; one in another case is another field.

use serde::Deserialize;

use crate::json::{Limits, strict};
use crate::model::Digest;

/// A signature's payload does not speak of the image.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadClaim {
    /// Not the document that it should be.
    #[error("malformed simple signing payload: {0}")]
    Malformed(String),
    /// It speaks of another image, or of none.
    #[error("invalid or missing digest in claim: {found}")]
    OtherImage {
        /// As written, empty if missing.
        found: String,
    },
}

/// A payload has some 250 bytes, and optional annotations.
const LIMITS: Limits = Limits::bytes(1 << 20);

#[derive(Deserialize, Default)]
#[serde(default)]
struct Payload {
    critical: Critical,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Critical {
    image: Image,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
}

/// Does the payload name the image?
pub(super) fn check(payload: &[u8], image: &Digest) -> Result<(), BadClaim> {
    let payload: Payload =
        strict::from_slice(payload, LIMITS).map_err(|why| BadClaim::Malformed(why.to_string()))?;
    let found = payload.critical.image.digest;
    if found == image.to_string() { Ok(()) } else { Err(BadClaim::OtherImage { found: shorten(&found) }) }
}

/// A message shows so many characters of a text that somebody else wrote.
fn shorten(text: &str) -> String {
    text.chars().take(128).collect()
}
