//! Semantic edits over good evidence: each must fail, for the reason expected; and what may differ must pass.

#![cfg(feature = "testkit")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's helpers are tests")]

mod any_bytes;
mod attestations;
mod image_signature;
mod undecided;

use bytes::Bytes;
use enterprise_contract::fetch::{Evidence, Layer, Part};
use enterprise_contract::model::{Digest, Finding, Limits, PinnedRef, Repository};
use enterprise_contract::registry::ImageConfig;
use enterprise_contract::testkit::{
    Image, SignedLayer, SigningKey, Store, attestation, attestation_layer, signature_layer,
};
use enterprise_contract::trust::{PublicKey, TrustPolicy};
use enterprise_contract::verify::{Requested, Verified, verify};
use serde_json::{Value, json};

const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const ELSEWHERE: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

fn key() -> SigningKey {
    SigningKey::named("trusted")
}

fn foreign() -> SigningKey {
    SigningKey::named("foreign")
}

fn trust() -> TrustPolicy {
    TrustPolicy::key_without_log(PublicKey::from_pem(&key().public_pem()).unwrap())
}

fn image_named(name: &str) -> PinnedRef {
    let repository = Repository::parse(&format!("registry.example/team/{name}")).unwrap();
    Image::new().label("name", name).push(&mut Store::new(), &repository, "latest")
}

fn image() -> PinnedRef {
    image_named("app")
}

fn layer(signed: SignedLayer) -> Layer {
    let descriptor = serde_json::from_value(json!({
        "mediaType": signed.media_type,
        "digest": Digest::of(&signed.bytes).to_string(),
        "size": signed.bytes.len(),
        "annotations": signed.annotations,
    }));
    Layer { descriptor: descriptor.unwrap(), bytes: signed.bytes }
}

fn evidence(signatures: Vec<SignedLayer>, attestations: Vec<SignedLayer>) -> Evidence {
    let layers = |it: Vec<SignedLayer>| Part::Present(it.into_iter().map(layer).collect());
    Evidence {
        image: image(),
        signatures: layers(signatures),
        attestations: layers(attestations),
        bundles: Part::Absent,
        config: Part::Present(ImageConfig::default()),
        parent: Part::Absent,
        files: Part::Absent,
    }
}

fn good_signature() -> SignedLayer {
    signature_layer(&key(), &image())
}

fn good_attestation() -> SignedLayer {
    attestation_layer(&key(), &attestation::slsa_v02(&image()))
}

fn check(evidence: &Evidence) -> Verified {
    verify(evidence, &trust(), Requested::default(), &Limits::default())
}

/// The message of the violation with that code, and no other violation.
fn only_violation(verified: &Verified, code: &str) -> String {
    let violations: Vec<Finding> = verified.violations();
    assert_eq!(violations.len(), 1, "{violations:?}");
    assert_eq!(violations[0].code(), Some(code), "{violations:?}");
    assert!(verified.undecided().is_empty());
    violations[0].msg.to_string()
}

/// A text that was signed as it is.
fn signed_text(text: impl Into<Bytes>) -> SignedLayer {
    let mut layer = good_signature();
    layer.bytes = text.into();
    layer.annotations.insert(SIGNATURE.to_owned(), key().sign(&layer.bytes));
    layer
}

fn edited(document: &Value, edit: impl FnOnce(&mut Value)) -> Value {
    let mut copy = document.clone();
    edit(&mut copy);
    assert_ne!(copy, *document, "the edit does something");
    copy
}

#[test]
fn good_evidence_is_verified_and_tells_its_facts() {
    let verified = check(&evidence(vec![good_signature()], vec![good_attestation()]));
    assert!(verified.violations().is_empty() && verified.undecided().is_empty());
    assert_eq!(verified.successes().len(), 3);
    let facts = verified.facts().unwrap();
    assert_eq!((facts.signatures().len(), facts.statements().len()), (1, 1));
    assert_eq!(verified.attestation_time().unwrap().to_string(), "2025-05-20T10:00:00Z");
}
