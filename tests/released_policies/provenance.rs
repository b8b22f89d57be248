//! All released policies over a signed image that carries the provenance of their golden container.

use std::fs;

use enterprise_contract::testkit::{App, Scenario};
use serde_json::Value;

use crate::binary::ec;
use crate::policies;

/// What a rule asks for that is not there yet; it is undecided, which is no error of the rule.
const NOT_YET: [&str; 1] = ["ec.sigstore.verify_image"];

/// The predicate, in which the images that the pipeline built and the bundles of its tasks are the image that is there:
/// the policies look at them.
fn with_images_at_hand(statement: &Value, image: &Value) -> Value {
    let repository = image["name"].as_str().expect("a name");
    let digest = image["digest"]["sha256"].as_str().expect("a digest");
    let mut text = statement["predicate"].to_string();
    for built in statement["subject"].as_array().expect("subjects") {
        text = text.replace(built["name"].as_str().expect("a name"), repository);
        text = text.replace(built["digest"]["sha256"].as_str().expect("a digest"), digest);
    }
    let bundle = r"quay\.io/konflux-ci/tekton-catalog/[\w./-]+(:[\w.-]+)?@sha256:[0-9a-f]{64}";
    let bundle = regex::Regex::new(bundle).expect("a pattern");
    let text = bundle.replace_all(&text, format!("{repository}@sha256:{digest}"));
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn no_rule_ends_in_an_error_over_the_golden_containers_provenance() {
    let Some(policies) = policies() else { return };
    let sample = policies.join("acceptance/samples/policy-input-golden-container.json");
    let sample: Value = serde_json::from_slice(&fs::read(sample).expect("the sample")).expect("JSON");
    let provenance = sample["attestations"][0]["statement"].clone();
    let labels = sample["image"]["config"]["Labels"].as_object().expect("labels").clone();

    let app = App::named("golden-container")
        .image(|image| {
            labels.iter().fold(image, |image, (name, value)| image.label(name, value.as_str().expect("text")))
        })
        .provenance(move |statement| {
            statement["predicateType"] = provenance["predicateType"].clone();
            statement["predicate"] = with_images_at_hand(&provenance, &statement["subject"][0]);
        });
    let folder = tempfile::tempdir().expect("a folder");
    Scenario::new("registry.example/team")
        .with(app)
        .build()
        .expect("built")
        .write(folder.path())
        .expect("written");
    let policy = serde_json::json!({
        "publicKey": "cosign.pub",
        "sources": [{"policy": [policies.join("policy")], "data": [policies.join("example/data")]}],
    });
    fs::write(folder.path().join("policy.yaml"), policy.to_string()).expect("written");

    let answer = ec(
        folder.path(),
        &[
            "validate",
            "image",
            "--images=snapshot.yaml",
            "--policy=policy.yaml",
            "--layout=layout",
            "--ignore-rekor",
            "--info",
            "--show-successes",
            "--output=json",
        ],
    );
    let report: Value = serde_json::from_str(&answer.stdout).unwrap_or_else(|_| panic!("{answer:?}"));
    let component = &report["components"][0];
    assert_eq!(component["failure"], Value::Null, "{answer:?}");
    let undecided = component["undecided"].as_array().map(Vec::as_slice).unwrap_or_default();
    let open: Vec<&str> = undecided.iter().map(|it| it["reference"].as_str().unwrap_or_default()).collect();
    assert_eq!(open, NOT_YET, "{undecided:?}");
    // The policies did look: rules of the provenance's tasks are among the results.
    let results: Vec<&Value> = ["violations", "warnings", "successes"]
        .iter()
        .flat_map(|kind| component[kind].as_array().into_iter().flatten())
        .collect();
    let has = |code: &str| results.iter().any(|it| it["metadata"]["code"] == code);
    for code in ["attestation_type.known_attestation_type", "slsa_build_scripted_build.build_script_used"] {
        assert!(has(code), "{code} is not in {} results", results.len());
    }
}
