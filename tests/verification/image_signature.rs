//! Edits over a good image signature.

use enterprise_contract::model::Repository;
use enterprise_contract::testkit::{ImageIndex, Store};

use super::*;

const CODE: &str = "builtin.image.signature_check";

fn refused(signature: SignedLayer) -> String {
    let verified = check(&evidence(vec![signature], vec![good_attestation()]));
    only_violation(&verified, CODE)
}

fn accepted(signature: SignedLayer) {
    let verified = check(&evidence(vec![signature], vec![good_attestation()]));
    assert!(verified.violations().is_empty(), "{:?}", verified.violations());
}

fn payload() -> Value {
    serde_json::from_slice(&good_signature().bytes).unwrap()
}

fn with_annotation(annotation: &str) -> SignedLayer {
    let mut layer = good_signature();
    layer.annotations.insert(SIGNATURE.to_owned(), annotation.to_owned());
    layer
}

#[test]
fn each_edit_of_the_signature_fails_with_its_reason() {
    let good = good_signature().annotations[SIGNATURE].clone();
    let wrong = "failed to verify signature";
    let mut unsigned = good_signature();
    unsigned.annotations.clear();
    for (why, layer, reason) in [
        ("of another key", signature_layer(&foreign(), &image()), wrong),
        (
            "changed after signing",
            {
                let mut layer = good_signature();
                layer.bytes = payload().to_string().replace("team/app", "team/apq").into();
                layer
            },
            wrong,
        ),
        ("of another payload", with_annotation(&key().sign(b"something else")), wrong),
        ("an empty signature", with_annotation(""), "the layer has no signature"),
        ("no annotation", unsigned, "the layer has no signature"),
        ("truncated", with_annotation(&good[4..]), wrong),
    ] {
        let message = refused(layer);
        assert!(
            message.contains("No image signatures found matching the given public key."),
            "{why}: {message}"
        );
        assert!(message.contains(reason), "{why}: {message}");
    }
}

#[test]
fn each_edit_of_the_claim_fails_with_its_reason() {
    let digest = image().digest.to_string();
    let claim =
        |value: Value| edited(&payload(), |it| it["critical"]["image"]["docker-manifest-digest"] = value);
    let other = "invalid or missing digest in claim";
    for (why, document, reason) in [
        ("another image", claim(json!(ELSEWHERE)), other),
        ("upper case", claim(json!(digest.to_uppercase())), other),
        ("without algorithm", claim(json!(digest[7..])), other),
        ("with a blank", claim(json!(format!(" {digest}"))), other),
        ("a list", claim(json!([digest])), "malformed simple signing payload"),
        ("null", claim(Value::Null), "malformed simple signing payload"),
        ("missing", edited(&payload(), |it| it["critical"] = json!({})), other),
        ("nothing at all", json!({}), other),
    ] {
        let message = refused(signed_text(document.to_string()));
        assert!(message.contains(reason), "{why}: {message}");
    }
}

#[test]
fn threat_16_a_signature_of_the_index_is_none_of_its_child_nor_the_reverse() {
    let mut store = Store::new();
    let repository = Repository::parse("registry.example/team/app").unwrap();
    let index = ImageIndex::new().child(&store, &image(), "amd64").push(&mut store, &repository, "multi");
    let message = refused(signature_layer(&key(), &index));
    assert!(message.contains(&format!("invalid or missing digest in claim: {}", index.digest)), "{message}");
    let mut of_index = evidence(vec![good_signature()], vec![]);
    of_index.image = index;
    let violations = check(&of_index).violations();
    assert!(violations[0].msg.contains(&format!("in claim: {}", image().digest)), "{violations:?}");
}

#[test]
fn threat_18_a_signature_moves_with_its_image_to_another_repository_but_never_to_another_image() {
    let mut moved = image();
    moved.repository = Repository::parse("elsewhere.example/other/name").unwrap();
    accepted(signature_layer(&key(), &moved));
    accepted(signed_text(edited(&payload(), |it| it["critical"]["identity"] = json!({})).to_string()));
    let message = refused(signature_layer(&key(), &image_named("other")));
    assert!(message.contains("invalid or missing digest in claim"), "{message}");
}

#[test]
fn threat_27_a_signed_payload_with_a_repeated_key_is_refused_by_its_name() {
    let digest = image().digest;
    for (name, twice) in [
        (
            "docker-manifest-digest",
            format!(r#""docker-manifest-digest":"{digest}","docker-manifest-digest":"{digest}""#),
        ),
        (
            "docker-manifest-digest",
            format!(r#""docker-manifest-digest":"{digest}","docker\u002dmanifest-digest":"{digest}""#),
        ),
        (
            "image",
            format!(
                r#""docker-manifest-digest":"{digest}"}},"image":{{"docker-manifest-digest":"{ELSEWHERE}""#
            ),
        ),
    ] {
        let message = refused(signed_text(format!(r#"{{"critical":{{"image":{{{twice}}}}}}}"#)));
        assert!(message.contains(&format!("the key {name:?} is repeated")), "{message}");
    }
}

#[test]
fn threat_28_a_field_in_another_case_is_another_field() {
    let text = payload().to_string();
    for other_case in ["Critical", "CRITICAL"] {
        let message = refused(signed_text(text.replace("critical", other_case)));
        assert!(message.contains("invalid or missing digest in claim"), "{message}");
    }
    let beside =
        edited(&payload(), |it| it["Critical"] = json!({"image": {"docker-manifest-digest": ELSEWHERE}}));
    accepted(signed_text(beside.to_string()));
    let hidden = edited(&payload(), |it| {
        it["Critical"] = it["critical"].take();
        it["critical"] = json!({"image": {"docker-manifest-digest": ELSEWHERE}});
    });
    assert!(refused(signed_text(hidden.to_string())).contains("invalid or missing digest in claim"));
}

#[test]
fn threat_29_bytes_that_are_not_one_strict_document_are_refused() {
    let text = payload().to_string();
    for (why, bytes, reason) in [
        ("trailing bytes", format!("{text}{{}}").into_bytes(), "text after the document"),
        ("NUL at the end", format!("{text}\0").into_bytes(), "text after the document"),
        ("byte order mark", format!("\u{feff}{text}").into_bytes(), "byte order mark"),
        ("lone surrogate", text.replace("cosign container", r"\ud800").into_bytes(), "lone surrogate"),
        ("invalid UTF-8", [b"{\"critical\":\"\xff\"}".as_slice()].concat(), "invalid UTF-8"),
        ("comment", format!("/* */{text}").into_bytes(), "malformed simple signing payload"),
        ("no JSON", b"sha256".to_vec(), "malformed simple signing payload"),
        ("deep", "[".repeat(100_000).into_bytes(), "nested deeper"),
    ] {
        let message = refused(signed_text(bytes));
        assert!(message.contains(reason), "{why}: {message}");
    }
}

#[test]
fn threat_30_base64_has_one_spelling() {
    let good = good_signature().annotations[SIGNATURE].clone();
    let unpadded = good.trim_end_matches('=').to_owned();
    assert_ne!(unpadded, good);
    let other_bits = unpadded.clone() + "x=";
    for (why, spelling) in [
        ("line break", format!("{}\n{}", &good[..8], &good[8..])),
        ("blank", format!(" {good}")),
        ("no padding", unpadded),
        ("hexadecimal", "0x0".to_owned()),
        ("stray bits", other_bits),
        ("NUL", format!("{good}\0")),
    ] {
        let message = refused(with_annotation(&spelling));
        assert!(message.contains("the signature is not base64"), "{why}: {message}");
    }
}

#[test]
fn one_good_signature_is_enough_and_the_others_are_counted() {
    let signatures = vec![signature_layer(&foreign(), &image()), good_signature()];
    let verified = check(&evidence(signatures, vec![good_attestation()]));
    assert!(verified.violations().is_empty());
    assert_eq!(verified.facts().unwrap().signatures().len(), 1, "what did not verify is not listed");
    let checks = verified.checks();
    assert_eq!(
        checks[0].why.as_deref(),
        Some("1 of 2 signatures did not verify and do not count: failed to verify signature")
    );
}

#[test]
fn without_any_signature_the_message_says_so() {
    let mut unsigned = evidence(vec![], vec![good_attestation()]);
    assert_eq!(only_violation(&check(&unsigned), CODE), "Image signature check failed: no signatures found");
    unsigned.signatures = Part::Absent;
    assert_eq!(only_violation(&check(&unsigned), CODE), "Image signature check failed: no signatures found");
}
