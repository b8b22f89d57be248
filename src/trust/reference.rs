//! What a policy may write as `publicKey`: the key's text, a file, or a place that is not offered.

use std::path::Path;

use super::error::{NotOffered, TrustError};
use crate::model::policy_spec::Identity;

/// Where the key is.
pub(super) enum KeyReference<'a> {
    /// Here.
    Text(&'a str),
    /// In a file.
    File(&'a Path),
}

/// Schemes of keys that are kept elsewhere. What bears another scheme is a file, as for cosign.
const ELSEWHERE: [&str; 10] =
    ["http", "https", "env", "k8s", "awskms", "gcpkms", "azurekms", "hashivault", "gitlab", "pkcs11"];

impl<'a> KeyReference<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, TrustError> {
        if text.contains("-----BEGIN ") {
            return Ok(Self::Text(text));
        }
        match text.split_once(':') {
            Some((scheme, _)) if ELSEWHERE.contains(&scheme) => {
                Err(TrustError::NotOffered(NotOffered::KeyReference { scheme: scheme.to_owned() }))
            }
            _ => Ok(Self::File(Path::new(text))),
        }
    }
}

/// What is missing in an identity is said before what is not offered, so that the message stays the same when it is.
pub(super) fn refuse_keyless(identity: &Identity) -> TrustError {
    let mut missing = Vec::new();
    if identity.issuer.is_empty() && identity.issuer_reg_exp.is_empty() {
        missing.push("certificate OIDC issuer must be provided for keyless workflow");
    }
    if identity.subject.is_empty() && identity.subject_reg_exp.is_empty() {
        missing.push("certificate identity must be provided for keyless workflow");
    }
    if missing.is_empty() {
        TrustError::NotOffered(NotOffered::Keyless)
    } else {
        TrustError::NoIdentity(missing)
    }
}
