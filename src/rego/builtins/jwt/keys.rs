//! Keys that tokens are verified and signed with: PEM certificates and public keys, JSON Web Keys (RFC 7517).

use aws_lc_rs::{hmac, rand, signature};
use num_bigint::BigUint;
use x509_parser::certificate::X509Certificate;
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::super::BuiltinError;
use super::super::der::{self, Written};
use super::super::encoding::base64url_bytes;
use super::super::operand::failed;
use crate::rego::value::{ReadLimits, Value, json};

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Hmac(Bits),
    RsaPkcs1(Bits),
    RsaPss(Bits),
    Ecdsa(Bits),
    EdDsa,
}

/// Bits of the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bits {
    B256,
    B384,
    B512,
}

impl Algorithm {
    /// The algorithm of a name of RFC 7518.
    pub(super) fn of(name: &str) -> Option<Self> {
        if name == "EdDSA" {
            return Some(Self::EdDsa);
        }
        let (family, bits) = name.split_at_checked(2)?;
        let bits = match bits {
            "256" => Bits::B256,
            "384" => Bits::B384,
            "512" => Bits::B512,
            _ => return None,
        };
        match family {
            "HS" => Some(Self::Hmac(bits)),
            "RS" => Some(Self::RsaPkcs1(bits)),
            "PS" => Some(Self::RsaPss(bits)),
            "ES" => Some(Self::Ecdsa(bits)),
            _ => None,
        }
    }
}

/// A key, and what it says of itself.
pub(super) struct Key {
    /// The algorithm that it is for, by name.
    pub(super) algorithm: Option<String>,
    /// Its name.
    pub(super) id: Option<String>,
    material: Material,
}

enum Material {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// A point in uncompressed form; its length tells the curve.
    Ec(Vec<u8>),
    Ed25519(Vec<u8>),
    Secret(Vec<u8>),
}

/// Object identifier of Ed25519 (RFC 8410).
const ED25519: &str = "1.3.101.112";

/// Keys of one set: far more than any issuer has.
const MAX_KEYS: usize = 1000;

/// The keys of a PEM certificate or public key, or of a JSON Web Key or set of them.
pub(super) fn public_keys(text: &str) -> Result<Vec<Key>, BuiltinError> {
    if text.contains("-----BEGIN")
        && let Ok((block, read)) = Pem::read(std::io::Cursor::new(text))
    {
        if text.len() > read {
            return failed("extra data after a PEM certificate block");
        }
        let material = match block.label.as_str() {
            "CERTIFICATE" => X509Certificate::from_der(&block.contents)
                .ok()
                .and_then(|(_, certificate)| of_public_key(certificate.public_key())),
            "PUBLIC KEY" => {
                SubjectPublicKeyInfo::from_der(&block.contents).ok().and_then(|(_, key)| of_public_key(&key))
            }
            _ => return failed("failed to extract a Key from the PEM certificate"),
        };
        let Some(material) = material else {
            let what = if block.label == "CERTIFICATE" { "certificate" } else { "key" };
            return failed(format!("failed to parse a PEM {what}"));
        };
        return Ok(vec![Key { algorithm: None, id: None, material }]);
    }
    let keys = json_keys(text).or_else(|error| {
        failed(format!("failed to parse a JWK key (set): jwk.ParseString: failed to parse string: {error}"))
    })?;
    let known =
        |key: &Value| key.get_str("alg").and_then(Value::as_str).is_none_or(|it| Algorithm::of(it).is_some());
    Ok(keys.iter().filter(|key| known(key)).filter_map(of_json).collect())
}

/// The objects of a JSON Web Key or a set of them.
pub(super) fn json_keys(text: &str) -> Result<Vec<Value>, BuiltinError> {
    let limits = ReadLimits { max_heap_bytes: 64 * text.len() as u64 + 4096, ..ReadLimits::default() };
    let document = json::read(text.as_bytes(), &limits)
        .or_else(|error| failed(format!("jwk.Parse: failed to unmarshal JWK set: {}", error.kind)))?;
    let keys: Vec<Value> = match document.get_str("keys").and_then(Value::as_array) {
        Some(keys) => keys.iter().take(MAX_KEYS).cloned().collect(),
        None => vec![document],
    };
    if keys.iter().all(|key| of_json(key).is_some()) {
        return Ok(keys);
    }
    failed("jwk.Parse: failed to unmarshal JWK set: failed to parse sole key in key set")
}

fn of_public_key(key: &SubjectPublicKeyInfo<'_>) -> Option<Material> {
    match key.parsed().ok()? {
        PublicKey::RSA(rsa) => {
            Some(Material::Rsa { modulus: unpadded(rsa.modulus), exponent: unpadded(rsa.exponent) })
        }
        PublicKey::EC(point) => Some(Material::Ec(point.data().to_vec())),
        _ if key.algorithm.algorithm.to_id_string() == ED25519 => {
            Some(Material::Ed25519(key.subject_public_key.data.to_vec()))
        }
        _ => None,
    }
}

fn unpadded(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|it| **it == 0).count();
    number[zeros..].to_vec()
}

/// A field of a JSON Web Key that holds bytes.
pub(super) fn bytes(key: &Value, name: &str) -> Option<Vec<u8>> {
    base64url_bytes(key.get_str(name)?.as_str()?).ok()
}

/// The public point of a key of a curve, in uncompressed form.
pub(super) fn point(key: &Value) -> Option<Vec<u8>> {
    let size = match key.get_str("crv")?.as_str()? {
        "P-256" => 32,
        "P-384" => 48,
        "P-521" => 66,
        _ => return None,
    };
    let mut point = vec![4];
    for coordinate in [bytes(key, "x")?, bytes(key, "y")?] {
        point.extend(std::iter::repeat_n(0, size - coordinate.len().min(size)));
        point.extend(coordinate);
    }
    Some(point)
}

fn of_json(key: &Value) -> Option<Key> {
    let text = |name: &str| key.get_str(name).and_then(Value::as_str).map(str::to_owned);
    let material = match text("kty")?.as_str() {
        "RSA" => {
            Material::Rsa { modulus: unpadded(&bytes(key, "n")?), exponent: unpadded(&bytes(key, "e")?) }
        }
        "EC" => Material::Ec(point(key)?),
        "OKP" => Material::Ed25519(bytes(key, "x")?),
        "oct" => Material::Secret(bytes(key, "k")?),
        _ => return None,
    };
    Some(Key { algorithm: text("alg"), id: text("kid"), material })
}

impl Key {
    /// A secret known to both sides.
    pub(super) fn secret(secret: &str) -> Self {
        Self { algorithm: None, id: None, material: Material::Secret(secret.as_bytes().to_vec()) }
    }

    /// Whether the signature is of the message and by this key.
    pub(super) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match (algorithm, &self.material) {
            (Algorithm::Hmac(bits), Material::Secret(secret)) => {
                hmac::verify(&hmac::Key::new(hmac_of(bits), secret), message, signature).is_ok()
            }
            (Algorithm::RsaPkcs1(bits), Material::Rsa { modulus, exponent }) => {
                rsa(modulus, exponent, pkcs1_of(bits), message, signature)
            }
            (Algorithm::RsaPss(bits), Material::Rsa { modulus, exponent }) => {
                rsa(modulus, exponent, pss_of(bits), message, signature)
            }
            (Algorithm::Ecdsa(bits), Material::Ec(point)) => {
                let algorithm: &dyn signature::VerificationAlgorithm = match bits {
                    Bits::B256 => &signature::ECDSA_P256_SHA256_FIXED,
                    Bits::B384 => &signature::ECDSA_P384_SHA384_FIXED,
                    Bits::B512 => &signature::ECDSA_P521_SHA512_FIXED,
                };
                signature::UnparsedPublicKey::new(algorithm, point).verify(message, signature).is_ok()
            }
            (Algorithm::EdDsa, Material::Ed25519(key)) => {
                signature::UnparsedPublicKey::new(&signature::ED25519, key).verify(message, signature).is_ok()
            }
            _ => false,
        }
    }
}

fn rsa(
    modulus: &[u8],
    exponent: &[u8],
    with: &signature::RsaParameters,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let key = signature::RsaPublicKeyComponents { n: modulus, e: exponent };
    key.verify(with, message, signature).is_ok()
}

fn hmac_of(bits: Bits) -> hmac::Algorithm {
    match bits {
        Bits::B256 => hmac::HMAC_SHA256,
        Bits::B384 => hmac::HMAC_SHA384,
        Bits::B512 => hmac::HMAC_SHA512,
    }
}

fn pkcs1_of(bits: Bits) -> &'static signature::RsaParameters {
    match bits {
        Bits::B256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Bits::B384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Bits::B512 => &signature::RSA_PKCS1_2048_8192_SHA512,
    }
}

fn pss_of(bits: Bits) -> &'static signature::RsaParameters {
    match bits {
        Bits::B256 => &signature::RSA_PSS_2048_8192_SHA256,
        Bits::B384 => &signature::RSA_PSS_2048_8192_SHA384,
        Bits::B512 => &signature::RSA_PSS_2048_8192_SHA512,
    }
}

/// The signature of a message by the private part of a JSON Web Key. Curves and PSS draw their randomness from the system: a
/// signature that can be foretold gives the key away.
pub(super) fn sign(key: &Value, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, BuiltinError> {
    let kind = key.get_str("kty").and_then(Value::as_str).unwrap_or_default();
    let wrong = || BuiltinError::Failed(format!("jwsbb.Sign: invalid key type {kind} for the algorithm"));
    match algorithm {
        Algorithm::Hmac(bits) => {
            let secret = bytes(key, "k").filter(|_| kind == "oct").ok_or_else(wrong)?;
            if secret.is_empty() {
                return failed("dsig.Sign: dsig.toHMACKey: missing key while signing payload");
            }
            Ok(hmac::sign(&hmac::Key::new(hmac_of(bits), &secret), message).as_ref().to_vec())
        }
        Algorithm::RsaPkcs1(bits) => {
            let encoding: &dyn signature::RsaEncoding = match bits {
                Bits::B256 => &signature::RSA_PKCS1_SHA256,
                Bits::B384 => &signature::RSA_PKCS1_SHA384,
                Bits::B512 => &signature::RSA_PKCS1_SHA512,
            };
            rsa_signed(key, encoding, message).ok_or_else(wrong)
        }
        Algorithm::RsaPss(bits) => {
            let encoding: &dyn signature::RsaEncoding = match bits {
                Bits::B256 => &signature::RSA_PSS_SHA256,
                Bits::B384 => &signature::RSA_PSS_SHA384,
                Bits::B512 => &signature::RSA_PSS_SHA512,
            };
            rsa_signed(key, encoding, message).ok_or_else(wrong)
        }
        Algorithm::Ecdsa(bits) => {
            let algorithm = match bits {
                Bits::B256 => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
                Bits::B384 => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
                Bits::B512 => &signature::ECDSA_P521_SHA512_FIXED_SIGNING,
            };
            ec_signed(key, algorithm, message).ok_or_else(wrong)
        }
        Algorithm::EdDsa => {
            let (seed, public) = (bytes(key, "d").ok_or_else(wrong)?, bytes(key, "x").ok_or_else(wrong)?);
            let pair =
                signature::Ed25519KeyPair::from_seed_and_public_key(&seed, &public).map_err(|_| wrong())?;
            Ok(pair.sign(message).as_ref().to_vec())
        }
    }
}

fn ec_signed(
    key: &Value,
    algorithm: &'static signature::EcdsaSigningAlgorithm,
    message: &[u8],
) -> Option<Vec<u8>> {
    let point = point(key)?;
    let size = point.len() / 2;
    let private = bytes(key, "d")?;
    let mut padded = vec![0; size.saturating_sub(private.len())];
    padded.extend(private);
    let pair = signature::EcdsaKeyPair::from_private_key_and_public_key(algorithm, &padded, &point).ok()?;
    Some(pair.sign(&rand::SystemRandom::new(), message).ok()?.as_ref().to_vec())
}

fn rsa_signed(key: &Value, encoding: &'static dyn signature::RsaEncoding, message: &[u8]) -> Option<Vec<u8>> {
    // RFC 8017, A.1.2: version, modulus, exponents, primes, and what follows from them.
    let mut content = der::integer(&BigUint::ZERO);
    for name in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
        content.extend(der::integer(&BigUint::from_bytes_be(&bytes(key, name)?)));
    }
    let pair = signature::RsaKeyPair::from_der(&der::element(Written::Sequence, &content)).ok()?;
    let mut signed = vec![0; pair.public_modulus_len()];
    pair.sign(encoding, &rand::SystemRandom::new(), message, &mut signed).ok()?;
    Some(signed)
}
