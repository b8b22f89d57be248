//! Keys that everybody can make again from their names.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::model::Digest;

/// `SubjectPublicKeyInfo` of Ed25519 up to the key itself (RFC 8410, section 4).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// An Ed25519 key pair.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// The key of that name; always the same one.
    ///
    /// # Panics
    /// Never: any 32 bytes are a seed.
    pub fn named(name: &str) -> Self {
        let seed = Digest::of(format!("enterprise-contract testkit key: {name}").as_bytes());
        #[allow(clippy::expect_used, reason = "any 32 bytes are a seed of Ed25519 (RFC 8032, section 5.1.5)")]
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.bytes()).expect("32 bytes");
        Self(pair)
    }

    /// The signature in base64, as annotations and envelopes hold it.
    pub fn sign(&self, message: &[u8]) -> String {
        STANDARD.encode(self.0.sign(message))
    }

    /// The public key as `cosign.pub` holds it.
    pub fn public_pem(&self) -> String {
        let der = [SPKI_PREFIX.as_slice(), self.0.public_key().as_ref()].concat();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der))
    }
}
