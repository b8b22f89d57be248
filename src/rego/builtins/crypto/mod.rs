//! `crypto.*`: hashes, message authentication, keys, and certificates.

mod armor;
mod keys;
mod x509;

use aws_lc_rs::{digest, hmac};
use md5::Digest as _;

use super::{Builtin, BuiltinError, Context, operand};
use crate::rego::value::Value;

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin { name: "crypto.hmac.equal", run: hmac_equal },
    Builtin { name: "crypto.hmac.md5", run: hmac_md5 },
    Builtin {
        name: "crypto.hmac.sha1",
        run: |context, args| authenticated(context, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, args),
    },
    Builtin {
        name: "crypto.hmac.sha256",
        run: |context, args| authenticated(context, hmac::HMAC_SHA256, args),
    },
    Builtin {
        name: "crypto.hmac.sha512",
        run: |context, args| authenticated(context, hmac::HMAC_SHA512, args),
    },
    Builtin { name: "crypto.md5", run: md5 },
    Builtin {
        name: "crypto.sha1",
        run: |context, args| hashed(context, &digest::SHA1_FOR_LEGACY_USE_ONLY, args),
    },
    Builtin { name: "crypto.sha256", run: |context, args| hashed(context, &digest::SHA256, args) },
    Builtin { name: "crypto.parse_private_keys", run: keys::parse_private_keys },
    Builtin { name: "crypto.x509.parse_and_verify_certificates", run: x509::parse_and_verify },
    Builtin {
        name: "crypto.x509.parse_and_verify_certificates_with_options",
        run: x509::parse_and_verify_with_options,
    },
    Builtin { name: "crypto.x509.parse_certificate_request", run: x509::parse_certificate_request },
    Builtin { name: "crypto.x509.parse_certificates", run: x509::parse_certificates },
    Builtin { name: "crypto.x509.parse_keypair", run: keys::parse_keypair },
    Builtin { name: "crypto.x509.parse_rsa_private_key", run: keys::parse_rsa_private_key },
];

type Answer = Result<Option<Value>, BuiltinError>;

/// Bytes that HMAC takes in at once, for all hashes here but SHA-512 (RFC 2104).
const MD5_BLOCK: usize = 64;

/// Bytes that are hashed in the time of a step.
const BYTES_PER_STEP: u64 = 64;

#[allow(clippy::unnecessary_wraps)] // ends every builtin here
fn hex_text(bytes: &[u8]) -> Answer {
    Ok(Some(Value::from(hex::encode(bytes))))
}

/// A text, paid for: hashing looks at each of its bytes.
fn hashable<'a>(
    context: &mut Context<'_>,
    args: &'a [Value],
    position: usize,
) -> Result<&'a [u8], BuiltinError> {
    let bytes = operand::string(args, position)?.as_bytes();
    context.budget.steps(bytes.len() as u64 / BYTES_PER_STEP)?;
    Ok(bytes)
}

fn hashed(context: &mut Context<'_>, algorithm: &'static digest::Algorithm, args: &[Value]) -> Answer {
    hex_text(digest::digest(algorithm, hashable(context, args, 1)?).as_ref())
}

fn md5(context: &mut Context<'_>, args: &[Value]) -> Answer {
    hex_text(&md5::Md5::digest(hashable(context, args, 1)?))
}

fn authenticated(context: &mut Context<'_>, algorithm: hmac::Algorithm, args: &[Value]) -> Answer {
    let (message, key) = (hashable(context, args, 1)?, hashable(context, args, 2)?);
    hex_text(hmac::sign(&hmac::Key::new(algorithm, key), message).as_ref())
}

/// RFC 2104 over MD5, which the cryptographic library no longer has.
fn hmac_md5(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (message, key) = (hashable(context, args, 1)?, hashable(context, args, 2)?);
    let mut block = [0; MD5_BLOCK];
    let hashed_key;
    let key = if key.len() > MD5_BLOCK {
        hashed_key = md5::Md5::digest(key);
        hashed_key.as_slice()
    } else {
        key
    };
    block[..key.len()].copy_from_slice(key);
    let inner = md5::Md5::new().chain_update(block.map(|b| b ^ 0x36)).chain_update(message).finalize();
    hex_text(&md5::Md5::new().chain_update(block.map(|b| b ^ 0x5c)).chain_update(inner).finalize())
}

fn hmac_equal(_: &mut Context<'_>, args: &[Value]) -> Answer {
    let (a, b) = (operand::string(args, 1)?, operand::string(args, 2)?);
    let equal = aws_lc_rs::constant_time::verify_slices_are_equal(a.as_bytes(), b.as_bytes()).is_ok();
    Ok(Some(Value::Bool(equal)))
}
