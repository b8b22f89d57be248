//! `crypto.*`: hashes, message authentication, and the reading of certificates.

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
        run: |_, args| authenticated(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, args),
    },
    Builtin { name: "crypto.hmac.sha256", run: |_, args| authenticated(hmac::HMAC_SHA256, args) },
    Builtin { name: "crypto.hmac.sha512", run: |_, args| authenticated(hmac::HMAC_SHA512, args) },
    Builtin { name: "crypto.md5", run: md5 },
    Builtin { name: "crypto.sha1", run: |_, args| hashed(&digest::SHA1_FOR_LEGACY_USE_ONLY, args) },
    Builtin { name: "crypto.sha256", run: |_, args| hashed(&digest::SHA256, args) },
    Builtin { name: "crypto.x509.parse_certificates", run: parse_certificates },
];

type Answer = Result<Option<Value>, BuiltinError>;

/// Bytes that HMAC takes in at once, for all hashes here but SHA-512 (RFC 2104).
const MD5_BLOCK: usize = 64;

#[allow(clippy::unnecessary_wraps)] // ends every builtin here
fn hex_text(bytes: &[u8]) -> Answer {
    Ok(Some(Value::from(hex::encode(bytes))))
}

fn hashed(algorithm: &'static digest::Algorithm, args: &[Value]) -> Answer {
    hex_text(digest::digest(algorithm, operand::string(args, 1)?.as_bytes()).as_ref())
}

fn md5(_: &mut Context<'_>, args: &[Value]) -> Answer {
    hex_text(&md5::Md5::digest(operand::string(args, 1)?.as_bytes()))
}

fn authenticated(algorithm: hmac::Algorithm, args: &[Value]) -> Answer {
    let (message, key) = (operand::string(args, 1)?, operand::string(args, 2)?);
    hex_text(hmac::sign(&hmac::Key::new(algorithm, key.as_bytes()), message.as_bytes()).as_ref())
}

/// RFC 2104 over MD5, which the cryptographic library no longer has.
fn hmac_md5(_: &mut Context<'_>, args: &[Value]) -> Answer {
    let (message, key) = (operand::string(args, 1)?, operand::string(args, 2)?);
    let mut block = [0; MD5_BLOCK];
    let hashed_key;
    let key = if key.len() > MD5_BLOCK {
        hashed_key = md5::Md5::digest(key.as_bytes());
        hashed_key.as_slice()
    } else {
        key.as_bytes()
    };
    block[..key.len()].copy_from_slice(key);
    let inner =
        md5::Md5::new().chain_update(block.map(|b| b ^ 0x36)).chain_update(message.as_bytes()).finalize();
    hex_text(&md5::Md5::new().chain_update(block.map(|b| b ^ 0x5c)).chain_update(inner).finalize())
}

fn hmac_equal(_: &mut Context<'_>, args: &[Value]) -> Answer {
    let (a, b) = (operand::string(args, 1)?, operand::string(args, 2)?);
    let equal = aws_lc_rs::constant_time::verify_slices_are_equal(a.as_bytes(), b.as_bytes()).is_ok();
    Ok(Some(Value::Bool(equal)))
}

fn parse_certificates(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let text = operand::string(args, 1)?;
    // A certificate's value has its bytes several times, in base64.
    context.budget.bytes(8 * text.len() as u64)?;
    let certificates = x509::certificates(text).map_err(BuiltinError::Failed)?;
    Ok(Some(Value::from(certificates)))
}
