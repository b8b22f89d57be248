//! A public key: read once, with every way in which its signatures may be made.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA256_ASN1,
    ECDSA_P521_SHA512_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, VerificationAlgorithm,
};
use x509_parser::der_parser::oid::Oid;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey as Encoded;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::error::BadKey;
use super::pem;

const LABEL: &str = "PUBLIC KEY";

/// RFC 5480, RFC 8017, RFC 8410.
mod oids {
    pub(super) const EC: &str = "1.2.840.10045.2.1";
    pub(super) const P256: &str = "1.2.840.10045.3.1.7";
    pub(super) const P384: &str = "1.3.132.0.34";
    pub(super) const P521: &str = "1.3.132.0.35";
    pub(super) const RSA: &str = "1.2.840.113549.1.1.1";
    pub(super) const ED25519: &str = "1.3.101.112";
}

/// Bits of an RSA modulus: less can be factored, more only costs time.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// What kind of key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyType {
    /// ECDSA on NIST P-256.
    P256,
    /// ECDSA on NIST P-384.
    P384,
    /// ECDSA on NIST P-521.
    P521,
    /// RSA, PKCS #1 v1.5.
    Rsa,
    /// Ed25519 over the message itself (not the pre-hashed variant).
    Ed25519,
}

impl KeyType {
    /// The usual name.
    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "ECDSA P-256",
            Self::P384 => "ECDSA P-384",
            Self::P521 => "ECDSA P-521",
            Self::Rsa => "RSA",
            Self::Ed25519 => "Ed25519",
        }
    }

    /// How signatures of such a key may be made. SHA-256 goes with every type; the larger curves sign with their own
    /// hash too, as cosign does.
    fn algorithms(self) -> &'static [&'static dyn VerificationAlgorithm] {
        match self {
            Self::P256 => &[&ECDSA_P256_SHA256_ASN1],
            Self::P384 => &[&ECDSA_P384_SHA256_ASN1, &ECDSA_P384_SHA384_ASN1],
            Self::P521 => &[&ECDSA_P521_SHA256_ASN1, &ECDSA_P521_SHA512_ASN1],
            Self::Rsa => &[&RSA_PKCS1_2048_8192_SHA256],
            Self::Ed25519 => &[&ED25519],
        }
    }
}

/// A public key that was read and checked.
#[derive(Clone)]
pub struct PublicKey {
    key_type: KeyType,
    verifiers: Arc<[ParsedPublicKey]>,
    pem: Arc<str>,
}

/// The signature is not of this key over these bytes. Nothing more can be said of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", match self.0 {
    KeyType::P256 | KeyType::P384 | KeyType::P521 => "invalid signature when validating ASN.1 encoded signature",
    KeyType::Rsa => "crypto/rsa: verification error",
    KeyType::Ed25519 => "failed to verify signature",
})]
pub struct BadSignature(KeyType);

impl PublicKey {
    /// Reads a `PUBLIC KEY` block (RFC 7468, section 13).
    ///
    /// # Errors
    /// [`BadKey`] says what is wrong.
    pub fn from_pem(text: &str) -> Result<Self, BadKey> {
        Self::from_der(&pem::decode(text, LABEL)?)
    }

    /// Reads a `SubjectPublicKeyInfo` (RFC 5280, section 4.1).
    ///
    /// # Errors
    /// [`BadKey`] says what is wrong.
    pub fn from_der(der: &[u8]) -> Result<Self, BadKey> {
        let (rest, info) =
            SubjectPublicKeyInfo::from_der(der).map_err(|_| BadKey::NotSubjectPublicKeyInfo)?;
        if !rest.is_empty() {
            return Err(BadKey::NotSubjectPublicKeyInfo);
        }
        let key_type = key_type(&info)?;
        let malformed = || BadKey::Malformed { key_type: key_type.name() };
        if key_type == KeyType::Rsa {
            let Ok(Encoded::RSA(rsa)) = info.parsed() else { return Err(malformed()) };
            let bits = rsa.key_size();
            if !RSA_BITS.contains(&bits) {
                return Err(BadKey::RsaSize { bits });
            }
        }
        let verifiers: Result<Vec<_>, _> = key_type
            .algorithms()
            .iter()
            .map(|algorithm| ParsedPublicKey::new(*algorithm, &info.subject_public_key.data))
            .collect();
        let verifiers = verifiers.map_err(|_| malformed())?.into();
        Ok(Self { key_type, verifiers, pem: pem::encode(der, LABEL).into() })
    }

    /// What kind of key.
    pub fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// The key as text, in lines of 64 characters, whatever the layout of the text it was read from.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Is `signature` one of this key over `message`? ECDSA signatures are in ASN.1 form (RFC 3279).
    ///
    /// # Errors
    /// [`BadSignature`] if not.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let good = self.verifiers.iter().any(|it| it.verify_sig(message, signature).is_ok());
        if good { Ok(()) } else { Err(BadSignature(self.key_type)) }
    }
}

fn key_type(info: &SubjectPublicKeyInfo<'_>) -> Result<KeyType, BadKey> {
    let algorithm = info.algorithm.algorithm.to_id_string();
    match algorithm.as_str() {
        oids::RSA => Ok(KeyType::Rsa),
        oids::ED25519 => Ok(KeyType::Ed25519),
        oids::EC => {
            let parameters = info.algorithm.parameters.clone().ok_or(BadKey::NotSubjectPublicKeyInfo)?;
            let curve = Oid::try_from(parameters).map_err(|_| BadKey::NotSubjectPublicKeyInfo)?;
            match curve.to_id_string().as_str() {
                oids::P256 => Ok(KeyType::P256),
                oids::P384 => Ok(KeyType::P384),
                oids::P521 => Ok(KeyType::P521),
                other => Err(BadKey::Algorithm { oid: other.to_owned() }),
            }
        }
        other => Err(BadKey::Algorithm { oid: other.to_owned() }),
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.key_type.name())
    }
}
