//! Private keys as Go's packages are written in JSON, which is what policies know.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use num_bigint::BigUint;

use super::{EcKey, PrivateKey, RsaKey};
use crate::rego::value::{Number, Object, ObjectBuilder, Value};

impl PrivateKey {
    /// The value that policies see.
    pub(super) fn value(&self) -> Value {
        match self {
            Self::Rsa(key) => rsa(key).into(),
            Self::Ec(key) => ec(key).into(),
            Self::Ed25519 { seed, public } => base64(&[seed.as_slice(), public].concat()),
            Self::X25519 => Object::new().into(),
        }
    }
}

pub(super) fn base64(bytes: &[u8]) -> Value {
    STANDARD.encode(bytes).into()
}

fn number(number: &BigUint) -> Value {
    Number::from_text(&number.to_string()).map_or(Value::Null, Value::Number)
}

fn rsa(key: &RsaKey) -> Object {
    let mut precomputed = ObjectBuilder::new();
    precomputed.push_str("Dp", number(&key.exponents[0]));
    precomputed.push_str("Dq", number(&key.exponents[1]));
    precomputed.push_str("Qinv", number(&key.coefficient));
    precomputed.push_str("CRTValues", Vec::<Value>::new());
    let mut out = ObjectBuilder::new();
    out.push_str("N", number(&key.modulus));
    out.push_str("E", number(&key.public_exponent));
    out.push_str("D", number(&key.private_exponent));
    out.push_str("Primes", key.primes.iter().map(number).collect::<Vec<_>>());
    out.push_str("Precomputed", precomputed.build_last_wins());
    out.build_last_wins()
}

fn ec(key: &EcKey) -> Object {
    let coordinates = key.point.get(1..).unwrap_or_default();
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    let mut out = ObjectBuilder::new();
    out.push_str("Curve", Object::new());
    out.push_str("X", number(&BigUint::from_bytes_be(x)));
    out.push_str("Y", number(&BigUint::from_bytes_be(y)));
    out.push_str("D", number(&BigUint::from_bytes_be(&key.scalar)));
    out.build_last_wins()
}
