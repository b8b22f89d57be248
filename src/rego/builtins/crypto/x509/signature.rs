//! Whether one certificate signed another. MD5 and SHA-1, keys of less than 1024 bits and what the library does not know
//! sign nothing.

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::public_key::PublicKey;
use x509_parser::signature_algorithm::SignatureAlgorithm;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

/// Whether the signature over the message is by the key.
pub(super) fn is_by(
    key: &SubjectPublicKeyInfo<'_>,
    algorithm: &AlgorithmIdentifier<'_>,
    message: &[u8],
    signature: &[u8],
) -> bool {
    verifier(key, algorithm).is_some_and(|verifier| {
        let key = UnparsedPublicKey::new(verifier, &key.subject_public_key.data);
        key.verify(message, signature).is_ok()
    })
}

/// Bytes of an uncompressed point, which tell the curve.
const P256_POINT: usize = 65;
const P384_POINT: usize = 97;
const P521_POINT: usize = 133;

/// Named curves (RFC 5480).
const CURVES: [(&str, usize); 3] =
    [("1.2.840.10045.3.1.7", P256_POINT), ("1.3.132.0.34", P384_POINT), ("1.3.132.0.35", P521_POINT)];

const ED25519: &str = "1.3.101.112";

/// Hashes of the parameters of RSA-PSS.
const SHA256: &str = "2.16.840.1.101.3.4.2.1";
const SHA384: &str = "2.16.840.1.101.3.4.2.2";
const SHA512: &str = "2.16.840.1.101.3.4.2.3";

fn verifier(
    key: &SubjectPublicKeyInfo<'_>,
    algorithm: &AlgorithmIdentifier<'_>,
) -> Option<&'static dyn VerificationAlgorithm> {
    let name = algorithm.algorithm.to_id_string();
    if key.algorithm.algorithm.to_id_string() == ED25519 {
        return (name == ED25519).then_some(&signature::ED25519);
    }
    match key.parsed().ok()? {
        PublicKey::RSA(_) => rsa(&name, algorithm),
        PublicKey::EC(point) => ecdsa(&name, curve(key, point.data().len())?),
        _ => None,
    }
}

/// The length of the curve's points, where the key says which curve it is on and is a point of that length.
fn curve(key: &SubjectPublicKeyInfo<'_>, length: usize) -> Option<usize> {
    let named = key.algorithm.parameters.as_ref()?.as_oid().ok()?.to_id_string();
    let (_, point) = CURVES.iter().find(|(id, _)| *id == named)?;
    (*point == length).then_some(length)
}

fn rsa(name: &str, algorithm: &AlgorithmIdentifier<'_>) -> Option<&'static dyn VerificationAlgorithm> {
    match name {
        "1.2.840.113549.1.1.11" => Some(&signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
        "1.2.840.113549.1.1.12" => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        "1.2.840.113549.1.1.13" => Some(&signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY),
        "1.2.840.113549.1.1.10" => pss(algorithm),
        _ => None,
    }
}

/// RSA-PSS whose salt is as long as the hash, which is also the mask's (RFC 8017, 9.1).
fn pss(algorithm: &AlgorithmIdentifier<'_>) -> Option<&'static dyn VerificationAlgorithm> {
    let Ok(SignatureAlgorithm::RSASSA_PSS(parameters)) = SignatureAlgorithm::try_from(algorithm) else {
        return None;
    };
    let hash = parameters.hash_algorithm_oid().to_id_string();
    let mask = parameters.mask_gen_algorithm().ok()?;
    if mask.hash.to_id_string() != hash || parameters.trailer_field() != 1 {
        return None;
    }
    match (hash.as_str(), parameters.salt_length()) {
        (SHA256, 32) => Some(&signature::RSA_PSS_2048_8192_SHA256),
        (SHA384, 48) => Some(&signature::RSA_PSS_2048_8192_SHA384),
        (SHA512, 64) => Some(&signature::RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

fn ecdsa(name: &str, point: usize) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match (name, point) {
        ("1.2.840.10045.4.3.2", P256_POINT) => &signature::ECDSA_P256_SHA256_ASN1,
        ("1.2.840.10045.4.3.3", P256_POINT) => &signature::ECDSA_P256_SHA384_ASN1,
        ("1.2.840.10045.4.3.4", P256_POINT) => &signature::ECDSA_P256_SHA512_ASN1,
        ("1.2.840.10045.4.3.2", P384_POINT) => &signature::ECDSA_P384_SHA256_ASN1,
        ("1.2.840.10045.4.3.3", P384_POINT) => &signature::ECDSA_P384_SHA384_ASN1,
        ("1.2.840.10045.4.3.4", P384_POINT) => &signature::ECDSA_P384_SHA512_ASN1,
        ("1.2.840.10045.4.3.2", P521_POINT) => &signature::ECDSA_P521_SHA256_ASN1,
        ("1.2.840.10045.4.3.3", P521_POINT) => &signature::ECDSA_P521_SHA384_ASN1,
        ("1.2.840.10045.4.3.4", P521_POINT) => &signature::ECDSA_P521_SHA512_ASN1,
        _ => return None,
    })
}
