//! Trust policy and trust material: who must have signed, and with what. Loaded once per run, before the first
//! image is asked for; `verify` then only compares.
//!
//! A public key with the transparency log ignored is what can be done now. Everything else that a policy may ask for
//! (identities of certificates, log entries, keys kept elsewhere) is refused by name: trust material that is
//! accepted and not used would be a hole.

mod error;
mod key;
mod pem;
mod reference;

pub use error::{BadKey, NotOffered, TrustError};
pub use key::{BadSignature, KeyType, PublicKey};

use std::path::{Path, PathBuf};

use crate::model::PolicySpec;
use reference::KeyReference;

/// What has to be known of a transparency log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TransparencyLog {
    /// Each signature needs an entry.
    Required,
    /// `--ignore-rekor`
    Ignored,
}

/// Who must have signed, ready to verify with.
///
/// To have one is to have usable trust material: it is made from a key that was read and understood.
#[derive(Clone, Debug)]
pub struct TrustPolicy {
    key: PublicKey,
}

impl TrustPolicy {
    /// Reads the trust material that a policy names. `spec` is the one after the command line's overrides; a key in
    /// it wins over an identity. A path is relative to the working directory.
    ///
    /// # Errors
    /// [`TrustError`]: the run cannot start.
    pub fn load(spec: &PolicySpec, log: TransparencyLog) -> Result<Self, TrustError> {
        if spec.public_key.is_empty() {
            let identity = spec.identity.clone().unwrap_or_default();
            return Err(reference::refuse_keyless(&identity));
        }
        let key = match KeyReference::parse(&spec.public_key)? {
            KeyReference::Text(pem) => PublicKey::from_pem(pem)
                .map_err(|why| TrustError::BadKey { origin: "the policy's publicKey".to_owned(), why })?,
            KeyReference::File(path) => read_key(path)?,
        };
        match log {
            TransparencyLog::Required => Err(TrustError::NotOffered(NotOffered::TransparencyLog)),
            TransparencyLog::Ignored => Ok(Self::key_without_log(key)),
        }
    }

    /// Signatures of `key`, with or without an entry in a log.
    pub fn key_without_log(key: PublicKey) -> Self {
        Self { key }
    }

    /// The key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// What reports and `data.config` show as the key.
    pub fn key_pem(&self) -> &str {
        self.key.pem()
    }
}

/// A public key has less than 2 KiB; what is larger than this is another file.
const KEY_FILE_BYTES: u64 = 64 * 1024;

fn read_key(path: &Path) -> Result<PublicKey, TrustError> {
    use std::io::Read;
    let unreadable = |source| TrustError::Unreadable { path: PathBuf::from(path), source };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut text = Vec::new();
    file.take(KEY_FILE_BYTES + 1).read_to_end(&mut text).map_err(unreadable)?;
    let bad = |why| TrustError::BadKey { origin: path.display().to_string(), why };
    if text.len() as u64 > KEY_FILE_BYTES {
        return Err(bad(BadKey::TooLarge { limit: KEY_FILE_BYTES }));
    }
    let text = String::from_utf8(text).map_err(|_| bad(BadKey::NoPem))?;
    PublicKey::from_pem(&text).map_err(bad)
}

#[cfg(test)]
mod tests;
