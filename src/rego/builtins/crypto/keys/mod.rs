//! Private keys in PEM: RSA (PKCS#1, RFC 8017), elliptic curves (SEC 1, RFC 5915), and both and Ed25519 in PKCS#8 (RFC 5958).

mod json;
mod rsa;

use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use x509_parser::pem::Pem;

use super::super::der::Element;
use super::super::operand::{self, Answer, answer, failed};
use super::super::{BuiltinError, Context};
use super::armor::{Armored, unarmored};
use super::x509;
use crate::rego::value::{ObjectBuilder, Value};

use self::rsa::RsaKey;

/// A private key.
enum PrivateKey {
    Rsa(RsaKey),
    Ec(EcKey),
    Ed25519 {
        seed: Vec<u8>,
        public: Vec<u8>,
    },
    /// A key for agreement only, of which policies see nothing.
    X25519,
}

struct EcKey {
    scalar: Vec<u8>,
    /// In uncompressed form.
    point: Vec<u8>,
}

/// Labels of the blocks that hold private keys.
const LABELS: [&str; 3] = ["RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY"];

/// Steps for reading a key of so many bytes: making the numbers of RSA fit each other takes the cube of their length.
const STEPS_PER_BYTE: u64 = 16;

const RSA: &str = "1.2.840.113549.1.1.1";
const EC: &str = "1.2.840.10045.2.1";
const ED25519: &str = "1.3.101.112";
const X25519: &str = "1.3.101.110";

/// The keys of a text; null where it is empty, no keys where it holds none.
pub(super) fn parse_private_keys(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let text = operand::string(args, 1)?;
    if text.is_empty() {
        return answer(Value::Null);
    }
    draw(context, text)?;
    let Ok(Armored::Blocks(blocks)) = unarmored(text) else { return answer(Vec::<Value>::new()) };
    let keys = blocks.iter().filter(|it| LABELS.contains(&it.label.as_str()));
    answer(keys.map(|it| Ok(private_key(it)?.value())).collect::<Result<Vec<_>, BuiltinError>>()?)
}

/// A key of RSA as a JSON Web Key (RFC 7518, 6.3), for signing tokens with.
pub(super) fn parse_rsa_private_key(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let text = operand::string(args, 1)?;
    draw(context, text)?;
    let key = match unarmored(text)? {
        Armored::Der(_) => None,
        Armored::Blocks(blocks) => {
            blocks.iter().find(|it| LABELS.contains(&it.label.as_str())).map(private_key)
        }
    };
    match key.transpose()? {
        Some(PrivateKey::Rsa(key)) => answer(key.web_key()),
        Some(_) => failed("expected a private key of RSA"),
        None => failed("no private key in the text"),
    }
}

/// A certificate, or several of a chain, and the key of the first one.
pub(super) fn parse_keypair(context: &mut Context<'_>, args: &[Value]) -> Answer {
    // The type error names the first operand for either.
    let text = |position| {
        operand::string(args, position)
            .map_err(|_| operand::type_error(1, &["string"], operand::any(args, position)))
    };
    let (certificates, key) = (text(1)?, text(2)?);
    draw(context, certificates)?;
    draw(context, key)?;
    let (Armored::Blocks(certificates), Armored::Blocks(keys)) = (unarmored(certificates)?, unarmored(key)?)
    else {
        return failed("tls: failed to find any PEM data");
    };
    let ders: Vec<&[u8]> =
        certificates.iter().filter(|it| it.label == "CERTIFICATE").map(|it| it.contents.as_slice()).collect();
    let Some(first) = ders.first() else { return failed("tls: failed to find a certificate") };
    let is_key = |it: &&Pem| it.label == "PRIVATE KEY" || it.label.ends_with(" PRIVATE KEY");
    let Some(key) = keys.iter().find(is_key) else { return failed("tls: failed to find a private key") };
    let key = private_key(key)?;
    if key.public().as_ref() != Some(&x509::public_key_of(first)?) {
        return failed("tls: private key does not match public key");
    }
    let mut pair = ObjectBuilder::new();
    pair.push_str("Certificate", ders.iter().map(|it| json::base64(it)).collect::<Vec<_>>());
    pair.push_str("Leaf", x509::leaf(first)?);
    pair.push_str("PrivateKey", key.value());
    for none in ["OCSPStaple", "SignedCertificateTimestamps", "SupportedSignatureAlgorithms"] {
        pair.push_str(none, Value::Null);
    }
    answer(pair.build_last_wins())
}

fn draw(context: &mut Context<'_>, text: &str) -> Result<(), BuiltinError> {
    context.budget.bytes(8 * text.len() as u64)?;
    Ok(context.budget.steps(STEPS_PER_BYTE * text.len() as u64)?)
}

/// The key of a block: of the kind that its label says, or of any that stands in a block of PKCS#8.
fn private_key(block: &Pem) -> Result<PrivateKey, BuiltinError> {
    let key = match block.label.as_str() {
        "RSA PRIVATE KEY" => RsaKey::read(&block.contents).map(PrivateKey::Rsa),
        "EC PRIVATE KEY" => EcKey::read(&block.contents, None).map(PrivateKey::Ec),
        _ => of_any_kind(&block.contents),
    };
    key.map_or_else(|| failed("x509: failed to parse the private key"), Ok)
}

/// `PrivateKeyInfo`: version, algorithm, the key in its own form.
fn of_any_kind(der: &[u8]) -> Option<PrivateKey> {
    let items = Element::whole(der)?.items()?;
    let [_, algorithm, key, ..] = items.as_slice() else { return None };
    let algorithm = algorithm.items()?;
    let name = algorithm.first()?.oid()?;
    let key = key.octets()?;
    match name.as_str() {
        RSA => RsaKey::read(key).map(PrivateKey::Rsa),
        EC => EcKey::read(key, algorithm.get(1).and_then(Element::oid)).map(PrivateKey::Ec),
        ED25519 => {
            let seed = Element::whole(key)?.octets()?;
            let pair = (seed.len() == 32).then(|| Ed25519KeyPair::from_seed_unchecked(seed).ok())??;
            Some(PrivateKey::Ed25519 { seed: seed.to_vec(), public: pair.public_key().as_ref().to_vec() })
        }
        X25519 => Some(PrivateKey::X25519),
        _ => None,
    }
}

impl EcKey {
    /// The key of RFC 5915; its curve is named there, or around it.
    fn read(der: &[u8], curve: Option<String>) -> Option<Self> {
        let items = Element::whole(der)?.items()?;
        let [_, scalar, optional @ ..] = items.as_slice() else { return None };
        let named = optional.iter().find_map(|it| it.explicit(0)?.oid());
        let curve = match curve.or(named)?.as_str() {
            "1.2.840.10045.3.1.7" => &ECDH_P256,
            "1.3.132.0.34" => &ECDH_P384,
            "1.3.132.0.35" => &ECDH_P521,
            _ => return None,
        };
        let scalar = scalar.octets()?;
        let private = [32, 48, 66].into_iter().find_map(|size| {
            let padded = [vec![0; usize::checked_sub(size, scalar.len())?], scalar.to_vec()].concat();
            agreement::PrivateKey::from_private_key(curve, &padded).ok()
        })?;
        let point = private.compute_public_key().ok()?.as_ref().to_vec();
        Some(Self { scalar: scalar.to_vec(), point })
    }
}

impl PrivateKey {
    /// The public half as a certificate holds it; nothing for keys that sign nothing.
    fn public(&self) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(key) => Some(key.public_der()),
            Self::Ec(key) => Some(key.point.clone()),
            Self::Ed25519 { public, .. } => Some(public.clone()),
            Self::X25519 => None,
        }
    }
}

#[cfg(test)]
mod tests;
