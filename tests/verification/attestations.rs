//! Edits over a good attestation.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use enterprise_contract::testkit::{envelope_layer, spdx};

use super::*;

const CODE: &str = "builtin.attestation.signature_check";
const IN_TOTO: &str = "application/vnd.in-toto+json";

fn refused(attestations: Vec<SignedLayer>) -> String {
    let verified = check(&evidence(vec![good_signature()], attestations));
    assert!(verified.facts().is_none(), "no rule may run");
    assert!(verified.listed_signatures().is_empty() && verified.listed_attestations().is_empty());
    only_violation(&verified, CODE)
}

fn accepted(attestation: SignedLayer) -> Verified {
    let verified = check(&evidence(vec![good_signature()], vec![attestation]));
    assert!(verified.violations().is_empty(), "{:?}", verified.violations());
    verified
}

fn statement() -> Value {
    attestation::slsa_v02(&image())
}

/// The statement after the edit, signed by the trusted key.
fn stating(edit: impl FnOnce(&mut Value)) -> SignedLayer {
    attestation_layer(&key(), &edited(&statement(), edit))
}

fn signed_payload(payload: impl AsRef<[u8]>) -> SignedLayer {
    envelope_layer(&key(), IN_TOTO, payload.as_ref())
}

/// The good envelope after the edit, which nobody signed.
fn enveloped(edit: impl FnOnce(&mut Value)) -> SignedLayer {
    let mut layer = good_attestation();
    let envelope = serde_json::from_slice(&layer.bytes).unwrap();
    layer.bytes = edited(&envelope, edit).to_string().into();
    layer
}

#[test]
fn threat_12_the_subject_must_be_this_image_by_its_digest() {
    let hex = image().digest.hex();
    for (why, subject) in [
        ("none", json!([])),
        ("another", json!([{"name": "a", "digest": {"sha256": &ELSEWHERE[7..]}}])),
        ("by name only", json!([{"name": image().repository.to_string()}])),
        ("by name, no digest", json!([{"name": image().repository.to_string(), "digest": {}}])),
        ("another algorithm", json!([{"name": "a", "digest": {"sha512": hex}}])),
        ("algorithm in upper case", json!([{"name": "a", "digest": {"SHA256": hex}}])),
        ("upper case", json!([{"name": "a", "digest": {"sha256": hex.to_uppercase()}}])),
        ("with algorithm", json!([{"name": "a", "digest": {"sha256": format!("sha256:{hex}")}}])),
        ("a prefix of it", json!([{"name": "a", "digest": {"sha256": &hex[..63]}}])),
    ] {
        let message = refused(vec![stating(|it| it["subject"] = subject)]);
        assert!(
            message.ends_with("no matching attestations: no matching subject digest found"),
            "{why}: {message}"
        );
    }
    let missing = refused(vec![stating(|it| _ = it.as_object_mut().unwrap().remove("subject"))]);
    assert!(missing.ends_with("no matching subject digest found"), "{missing}");
}

#[test]
fn threat_12_any_of_the_subjects_may_be_the_image() {
    let other = json!({"name": "first", "digest": {"sha256": &ELSEWHERE[7..]}});
    accepted(stating(|it| it["subject"].as_array_mut().unwrap().insert(0, other)));
    let many = |count: usize| {
        let other = json!({"name": "a", "digest": {"sha256": &ELSEWHERE[7..]}});
        stating(|it| it["subject"].as_array_mut().unwrap().splice(0..0, vec![other; count]).for_each(drop))
    };
    accepted(many(1023));
    let message = refused(vec![many(1024)]);
    assert!(message.contains("has more than 1024 items"), "{message}");
}

#[test]
fn threat_12_subjects_of_other_types_are_no_subjects() {
    for (why, subject) in [
        ("a text", json!(image().digest.to_string())),
        ("a list of texts", json!([image().digest.hex()])),
        ("a digest that is a text", json!([{"name": "a", "digest": image().digest.hex()}])),
        ("a name that is a list", json!([{"name": ["a"], "digest": {"sha256": image().digest.hex()}}])),
    ] {
        let message = refused(vec![stating(|it| it["subject"] = subject)]);
        assert!(message.contains("No image attestations found matching"), "{why}: {message}");
        assert!(message.contains("'/subject"), "{why}: {message}");
    }
}

#[test]
fn threat_25_only_a_signature_of_the_trusted_key_over_the_encoding_counts() {
    let none = "accepted signatures do not match threshold, Found: 0, Expected 1";
    let sig = |sig: String| enveloped(|it| it["signatures"][0]["sig"] = json!(sig));
    let text = statement().to_string();
    for (why, layer, reason) in [
        ("another key", attestation_layer(&foreign(), &statement()), none),
        ("over the payload alone", sig(key().sign(text.as_bytes())), none),
        ("over the base64", sig(key().sign(STANDARD.encode(&text).as_bytes())), none),
        (
            "over another type",
            {
                let mut layer = envelope_layer(&key(), "text/plain", text.as_bytes());
                layer.bytes =
                    String::from_utf8(layer.bytes.to_vec()).unwrap().replace("text/plain", IN_TOTO).into();
                layer
            },
            none,
        ),
        ("not base64", sig("%".to_owned()), none),
        ("empty", sig(String::new()), none),
        ("no signatures", enveloped(|it| it["signatures"] = json!([])), "no signature found"),
        (
            "missing",
            enveloped(|it| _ = it.as_object_mut().unwrap().remove("signatures")),
            "no signature found",
        ),
        ("null", enveloped(|it| it["signatures"] = Value::Null), "malformed envelope"),
        (
            "33 signatures",
            enveloped(|it| {
                let one = it["signatures"][0].clone();
                it["signatures"] = json!(vec![one; 33]);
            }),
            "more than 32 signatures in one envelope",
        ),
        (
            "payload changed",
            enveloped(|it| {
                it["payload"] = json!(STANDARD.encode(text.replace("Succeeded", "Succeedef")));
            }),
            none,
        ),
        (
            "another payload type",
            envelope_layer(&key(), "text/plain", text.as_bytes()),
            "invalid payloadType text/plain on envelope. Expected application/vnd.in-toto+json",
        ),
        (
            "type in another case",
            envelope_layer(&key(), "application/vnd.In-toto+json", text.as_bytes()),
            "invalid payloadType",
        ),
    ] {
        let message = refused(vec![layer]);
        assert!(
            message.contains("No image attestations found matching the given public key."),
            "{why}: {message}"
        );
        assert!(message.contains(reason), "{why}: {message}");
    }
}

#[test]
fn threat_25_of_several_signatures_only_those_that_verify_are_listed_and_key_ids_decide_nothing() {
    let layer = enveloped(|it| {
        let good = it["signatures"][0]["sig"].clone();
        it["signatures"] = json!([
            {"keyid": "trusted", "sig": foreign().sign(b"x")},
            {"keyid": "SHA256:of-another-key", "sig": good},
        ]);
    });
    let verified = accepted(layer);
    let signatures = &verified.listed_attestations()[0].signatures;
    assert_eq!(signatures.len(), 1);
    assert_eq!(signatures[0].keyid, "SHA256:of-another-key");
}

#[test]
fn threat_27_a_signed_statement_with_a_repeated_key_makes_the_check_fail_whatever_else_is_good() {
    let text = statement().to_string();
    for (key, twice) in [
        ("predicateType", text.replacen(r#""predicateType":"#, r#""predicateType":"x","predicateType":"#, 1)),
        (
            "predicateType",
            text.replacen(r#""predicateType":"#, r#""predicate\u0054ype":"x","predicateType":"#, 1),
        ),
        ("id", text.replacen(r#""id":"#, r#""id":"https://laptop.example","id":"#, 1)),
        ("sha256", text.replacen(r#""sha256":"#, r#""sha256":"00","sha256":"#, 1)),
        ("status", text.replacen(r#""status":"#, r#""status":"Failed","status":"#, 1)),
    ] {
        assert_ne!(twice, text);
        let message = refused(vec![good_attestation(), signed_payload(twice)]);
        assert!(message.starts_with("Image attestation check failed: "), "{message}");
        assert!(message.contains(&format!("the key {key:?} is repeated")), "{message}");
    }
}

#[test]
fn threat_27_an_envelope_with_a_repeated_key_is_passed_over() {
    let mut layer = good_attestation();
    let text = String::from_utf8(layer.bytes.to_vec()).unwrap();
    layer.bytes = text.replacen(r#""payload":"#, r#""payload":"e30=","payload":"#, 1).into();
    let message = refused(vec![layer]);
    assert!(message.contains(r#"malformed envelope: the key "payload" is repeated"#), "{message}");
}

#[test]
fn threat_28_fields_in_another_case_are_other_fields() {
    let message = refused(vec![stating(|it| {
        let subject = it["subject"].take();
        it["Subject"] = subject;
        it.as_object_mut().unwrap().remove("subject");
    })]);
    assert!(message.ends_with("no matching subject digest found"), "{message}");
    let verified = accepted(stating(|it| it["PredicateType"] = json!("https://spdx.dev/Document")));
    assert_eq!(verified.listed_attestations()[0].predicate_type, "https://slsa.dev/provenance/v0.2");
}

#[test]
fn threat_29_statements_that_two_readers_could_understand_differently_fail_the_check() {
    let text = statement().to_string();
    for (why, bytes, reason) in [
        ("byte order mark", format!("\u{feff}{text}").into_bytes(), "byte order mark"),
        ("lone surrogate", text.replace("Succeeded", r"\udc00").into_bytes(), "lone surrogate"),
        ("invalid UTF-8", [text.as_bytes(), b"\xff"].concat(), "invalid UTF-8"),
        ("deep", format!(r#"{{"a":{}}}"#, "[".repeat(100_000)).into_bytes(), "nested deeper"),
    ] {
        let message = refused(vec![good_attestation(), signed_payload(bytes)]);
        assert!(message.starts_with("Image attestation check failed: unable to parse"), "{why}: {message}");
        assert!(message.contains(reason), "{why}: {message}");
    }
    for (why, bytes) in [
        ("trailing bytes", format!("{text}x")),
        ("NUL", format!("{text}\0")),
        ("a comment", format!("//\n{text}")),
        ("nothing", String::new()),
        ("a list", "[]".to_owned()),
        ("a text", "\"statement\"".to_owned()),
    ] {
        let message = refused(vec![signed_payload(bytes)]);
        assert!(message.contains("no matching attestations: "), "{why}: {message}");
    }
}

#[test]
fn threat_29_numbers_reach_rules_as_they_were_written() {
    let predicate = r#"{"a":-0,"b":1.0,"c":12345678901234567890,"d":1e400,"e":9007199254740993}"#;
    let text = format!(
        r#"{{"_type":"t","predicateType":"numbers","subject":[{{"name":"a","digest":{{"sha256":"{}"}}}}],"predicate":{predicate}}}"#,
        image().digest.hex()
    );
    let verified = accepted(signed_payload(&text));
    assert_eq!(verified.statements()[0].bytes(), text.as_bytes());
}

#[test]
fn threat_30_both_alphabets_of_base64_and_no_other_spelling() {
    let payload = statement().to_string().into_bytes();
    let spelled = |text: String| enveloped(|it| it["payload"] = json!(text));
    let odd = [payload.as_slice(), b"  "].concat();
    let url_safe = {
        let mut layer = signed_payload(&odd);
        let mut envelope: Value = serde_json::from_slice(&layer.bytes).unwrap();
        envelope["payload"] = json!(URL_SAFE.encode(&odd));
        layer.bytes = envelope.to_string().into();
        layer
    };
    accepted(url_safe);
    let good = STANDARD.encode(&payload);
    for (why, text) in [
        ("line break", format!("{}\n{}", &good[..16], &good[16..])),
        ("one character more", format!("{good}A")),
        ("not base64", "{}".to_owned()),
    ] {
        let message = refused(vec![spelled(text)]);
        assert!(message.contains("the payload is not base64"), "{why}: {message}");
    }
}

#[test]
fn a_provenance_that_does_not_conform_fails_the_check_and_names_the_place() {
    for (edit, place) in [
        (
            (|it| it["predicate"]["builder"] = json!({})) as fn(&mut Value),
            "'/predicate/builder' misses the property 'id'",
        ),
        (|it| it["predicate"]["builder"]["id"] = json!("tekton"), "'/predicate/builder/id' is not a URI"),
        (
            |it| it["predicate"]["metadata"]["buildFinishedOn"] = json!("yesterday"),
            "'/predicate/metadata/buildFinishedOn'",
        ),
        (
            |it| it["_type"] = json!("https://in-toto.io/Statement/v1"),
            "unsupported attestation type: https://in-toto.io/Statement/v1",
        ),
        (|it| it["predicate"]["materials"] = json!({}), "'/predicate/materials' is not an array"),
    ] {
        let message = refused(vec![good_attestation(), stating(edit)]);
        assert!(
            message.starts_with("Image attestation check failed: unable to parse as SLSA v0.2: "),
            "{message}"
        );
        assert!(message.contains(place), "{message}");
    }
    let v1 = edited(&attestation::slsa_v1(&image()), |it| it["predicate"]["runDetails"] = json!({}));
    let message = refused(vec![attestation_layer(&key(), &v1)]);
    assert!(
        message.contains("SLSA v1.0 schema: '/predicate/runDetails' misses the property 'builder'"),
        "{message}"
    );
}

#[test]
fn a_layer_of_another_media_type_fails_the_check() {
    let mut layer = good_attestation();
    layer.media_type = "text/plain".to_owned();
    let message = refused(vec![layer]);
    assert!(
        message.contains(
            "expecting media type of `application/vnd.dsse.envelope.v1+json`, received: `text/plain`"
        )
    );
}

#[test]
fn statements_keep_the_order_of_the_layers_and_other_predicates_are_taken_as_they_are() {
    let sbom = attestation::statement(&image(), "https://spdx.dev/Document", &spdx("app", 2));
    let layers = vec![
        attestation_layer(&key(), &sbom),
        attestation_layer(&foreign(), &statement()),
        attestation_layer(&key(), &attestation::slsa_v1(&image())),
    ];
    let verified = check(&evidence(vec![good_signature()], layers));
    let types: Vec<_> = verified.statements().iter().map(|it| it.predicate_type().to_owned()).collect();
    assert_eq!(types, ["https://spdx.dev/Document", "https://slsa.dev/provenance/v1"]);
    let summaries = verified.listed_attestations();
    assert_eq!(summaries[0].predicate_build_type, "");
    assert_eq!(summaries[1].predicate_build_type, "https://tekton.dev/chains/v2/slsa-tekton");
}

#[test]
fn a_message_quotes_only_the_beginning_of_what_somebody_else_wrote() {
    let long = "k".repeat(1 << 14);
    let twice = signed_payload(format!(r#"{{"{long}":1,"{long}":2}}"#));
    let message = refused(vec![twice]);
    assert!(message.contains("the key \"kkkk") && message.len() < 1024, "{} bytes", message.len());
    let other_type = envelope_layer(&key(), &long, b"{}");
    let message = refused(vec![other_type; 20]);
    assert!(message.contains("and 10 more") && message.len() < 8 * 1024, "{} bytes", message.len());
}
