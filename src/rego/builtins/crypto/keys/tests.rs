//! Keys that the tests make themselves.

use aws_lc_rs::encoding::{AsDer as _, EcPrivateKeyRfc5915Der};
use aws_lc_rs::signature::{ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::super::der::{Written, element, integer};
use num_bigint::BigUint;

use super::*;
use crate::rego::budget::Budget;
use crate::rego::builtins::{BuiltinFn, Caches};

fn called(run: BuiltinFn, args: &[Value]) -> Result<Option<Value>, BuiltinError> {
    let mut budget = Budget::unlimited();
    let mut caches = Caches::default();
    let mut context = Context { now_ns: 0, seed: 0, budget: &mut budget, sink: &mut (), caches: &mut caches };
    run(&mut context, args)
}

fn keys(text: &str) -> Value {
    called(parse_private_keys, &[text.into()]).unwrap().unwrap()
}

fn block(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

#[test]
fn a_key_of_a_curve_is_read_in_both_forms() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING).unwrap();
    let own: EcPrivateKeyRfc5915Der = pair.private_key().as_der().unwrap();
    let (own, wrapped) = (block("EC PRIVATE KEY", own.as_ref()), pair.to_pkcs8v1().unwrap());
    let both = keys(&format!("{own}{}", block("PRIVATE KEY", wrapped.as_ref())));
    let both = both.as_array().unwrap();
    assert_eq!(both.len(), 2);
    assert_eq!(both.get(0), both.get(1));
    let x = BigUint::from_bytes_be(&pair.public_key().as_ref()[1..49]);
    assert_eq!(both.get(0).unwrap().get_str("X").unwrap().to_string(), x.to_string());
}

#[test]
fn a_key_of_ed25519_is_its_seed_and_its_public_half() {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let algorithm = element(Written::Sequence, &[6, 3, 0x2b, 0x65, 0x70]);
    let seed = [&[4, 34, 4, 32][..], &[7; 32]].concat();
    let der = element(Written::Sequence, &[integer(&BigUint::ZERO), algorithm, seed].concat());
    let wanted = STANDARD.encode([&[7; 32], pair.public_key().as_ref()].concat());
    assert_eq!(keys(&block("PRIVATE KEY", &der)), Value::from(vec![wanted.into()]));
}

#[test]
fn what_holds_no_key_gives_none_and_what_is_broken_is_an_error() {
    assert_eq!(keys(""), Value::Null);
    assert_eq!(keys("nope"), Value::from(Vec::<Value>::new()));
    assert_eq!(keys(&block("PUBLIC KEY", &[0x30, 0])), Value::from(Vec::<Value>::new()));
    for label in LABELS {
        let broken = block(label, &[0x30, 3, 2, 1, 0]);
        assert!(called(parse_private_keys, &[broken.into()]).is_err(), "{label}");
    }
}
