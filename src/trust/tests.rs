//! Keys of each kind, and those that are refused.

use std::path::PathBuf;

use super::*;
use crate::model::policy_spec::Identity;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/keys").join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(fixture(name)).unwrap()
}

fn key(name: &str) -> PublicKey {
    PublicKey::from_pem(&text(name)).unwrap()
}

fn refusal(name: &str) -> BadKey {
    PublicKey::from_pem(&text(name)).unwrap_err()
}

fn verifies(key_name: &str, signature: &str) -> bool {
    let message = std::fs::read(fixture("message.txt")).unwrap();
    let signature = std::fs::read(fixture(signature)).unwrap();
    key(key_name).verify(&message, &signature).is_ok()
}

fn spec(public_key: impl Into<String>) -> PolicySpec {
    PolicySpec { public_key: public_key.into(), ..PolicySpec::default() }
}

#[test]
fn every_accepted_kind_of_key_verifies_what_another_program_signed() {
    for (key, signature) in [
        ("p256.pub", "p256.sha256.sig"),
        ("p384.pub", "p384.sha256.sig"),
        ("p521.pub", "p521.sha256.sig"),
        ("rsa2048.pub", "rsa2048.sha256.sig"),
        ("ed25519.pub", "ed25519.sig"),
    ] {
        assert!(verifies(key, signature), "{key}");
    }
}

#[test]
fn the_larger_curves_sign_with_their_own_hash_too() {
    assert!(verifies("p384.pub", "p384.sha384.sig"));
    assert!(verifies("p521.pub", "p521.sha512.sig"));
}

#[test]
fn threat_25_a_signature_of_another_algorithm_or_key_does_not_verify() {
    assert!(!verifies("p256.pub", "p256.sha512.sig"), "another hash");
    assert!(!verifies("rsa2048.pub", "rsa2048.pss.sig"), "another padding");
    assert!(!verifies("p384.pub", "p521.sha256.sig"), "another curve");
    assert!(!verifies("ed25519.pub", "p256.sha256.sig"), "another scheme");
    let message = std::fs::read(fixture("message.txt")).unwrap();
    let mut signature = std::fs::read(fixture("ed25519.sig")).unwrap();
    let key = key("ed25519.pub");
    assert!(key.verify(b"something else", &signature).is_err());
    assert!(key.verify(&message, &signature[1..]).is_err());
    assert!(key.verify(&message, &[]).is_err());
    signature[0] ^= 1;
    assert!(key.verify(&message, &signature).is_err());
}

#[test]
fn threat_25_weak_and_unknown_keys_are_refused_by_name() {
    assert_eq!(refusal("rsa1024.pub"), BadKey::RsaSize { bits: 1024 });
    assert_eq!(refusal("p224.pub"), BadKey::Algorithm { oid: "1.3.132.0.33".to_owned() });
    assert_eq!(refusal("secp256k1.pub"), BadKey::Algorithm { oid: "1.3.132.0.10".to_owned() });
    assert_eq!(refusal("x25519.pub"), BadKey::Algorithm { oid: "1.3.101.110".to_owned() });
    assert_eq!(refusal("certificate.pem"), BadKey::OtherBlock { label: "CERTIFICATE".to_owned() });
}

#[test]
fn threat_30_text_around_the_block_is_for_people_but_two_keys_are_one_too_many() {
    let pem = text("p256.pub");
    let noisy = format!("# our key\r\n{}\nthanks\n", pem.replace('\n', "\r\n"));
    assert_eq!(PublicKey::from_pem(&noisy).unwrap().pem(), pem);
    let both = pem.clone() + &text("p384.pub");
    assert_eq!(PublicKey::from_pem(&both).unwrap_err(), BadKey::SeveralBlocks);
    let other_end = pem.replace("END PUBLIC KEY", "END PRIVATE KEY");
    assert_eq!(PublicKey::from_pem(&other_end).unwrap_err(), BadKey::NoPem);
    assert_eq!(PublicKey::from_pem("ssh-ed25519 AAAA").unwrap_err(), BadKey::NoPem);
    let not_base64 = pem.replace("MFkw", "MF#w");
    assert_eq!(PublicKey::from_pem(&not_base64).unwrap_err(), BadKey::NotBase64);
    let trailing = pem.replace("-----END", "AAAA\n-----END");
    assert!(PublicKey::from_pem(&trailing).is_err());
}

#[test]
fn a_point_off_its_curve_is_no_key() {
    let mut der = pem::decode(&text("p256.pub"), "PUBLIC KEY").unwrap();
    *der.last_mut().unwrap() ^= 1;
    assert_eq!(PublicKey::from_der(&der).unwrap_err(), BadKey::Malformed { key_type: "ECDSA P-256" });
}

#[test]
fn a_key_comes_as_text_or_from_a_file_and_is_echoed_in_one_form() {
    for public_key in [text("p521.pub"), fixture("p521.pub").display().to_string()] {
        let trust = TrustPolicy::load(&spec(public_key), TransparencyLog::Ignored).unwrap();
        assert_eq!(trust.key().key_type(), KeyType::P521);
        assert_eq!(trust.key_pem(), text("p521.pub"));
    }
}

#[test]
fn what_is_not_offered_is_refused_and_never_ignored() {
    let refuse = |spec: &PolicySpec, log| TrustPolicy::load(spec, log).unwrap_err();
    let logged = refuse(&spec(text("p256.pub")), TransparencyLog::Required);
    assert!(matches!(logged, TrustError::NotOffered(NotOffered::TransparencyLog)), "{logged}");
    for reference in
        ["k8s://ns/cosign", "awskms://x", "https://example.org/cosign.pub", "env://KEY", "pkcs11:x"]
    {
        let refused = refuse(&spec(reference), TransparencyLog::Ignored);
        assert!(matches!(refused, TrustError::NotOffered(NotOffered::KeyReference { .. })), "{refused}");
    }
    let identity = Identity { subject: "a".to_owned(), issuer: "b".to_owned(), ..Identity::default() };
    let keyless = PolicySpec { identity: Some(identity), ..PolicySpec::default() };
    let refused = refuse(&keyless, TransparencyLog::Ignored);
    assert!(matches!(refused, TrustError::NotOffered(NotOffered::Keyless)), "{refused}");
}

#[test]
fn half_an_identity_names_the_missing_half() {
    let half = Identity { issuer_reg_exp: ".*".to_owned(), ..Identity::default() };
    let spec = PolicySpec { identity: Some(half), ..PolicySpec::default() };
    let refused = TrustPolicy::load(&spec, TransparencyLog::Ignored).unwrap_err();
    assert_eq!(refused.to_string(), "certificate identity must be provided for keyless workflow");
}

#[test]
fn an_absent_file_and_a_file_that_is_no_key_are_named() {
    let refuse =
        |path: &str| TrustPolicy::load(&spec(path), TransparencyLog::Ignored).unwrap_err().to_string();
    assert!(refuse("keys/absent.pub").contains("keys/absent.pub"));
    let readme = fixture("README.md").display().to_string();
    assert!(refuse(&readme).contains("there is no PEM block"), "{}", refuse(&readme));
}
