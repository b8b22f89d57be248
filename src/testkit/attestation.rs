//! Statements as JSON: provenances of SLSA v0.2 and v1 as Tekton Chains writes them, and any other predicate.
//!
//! All of them conform; a test changes the value to say what it wants.

use serde_json::{Value, json};

use super::{BUILT_ON, sbom};
use crate::model::PinnedRef;

/// Who builds, unless said otherwise.
pub const BUILDER: &str = "https://tekton.dev/chains/v2";

/// When builds begin.
pub(super) const STARTED_ON: &str = "2025-05-20T09:30:00Z";

pub(super) const COMMIT: &str = "8f2c1d3e4a5b6c7d8e9f00112233445566778899";

/// A statement of in-toto v0.1 about the image.
pub fn statement(image: &PinnedRef, predicate_type: &str, predicate: &Value) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": predicate_type,
        "subject": [{"name": image.repository.to_string(), "digest": {"sha256": image.digest.hex()}}],
        "predicate": predicate,
    })
}

/// The text of a statement whose predicate is given as text: it may be what no value can hold.
pub fn statement_text(image: &PinnedRef, predicate_type: &str, predicate: &str) -> String {
    let mut head = statement(image, predicate_type, &Value::Null);
    head.as_object_mut().map(|it| it.remove("predicate"));
    sbom::with_member(&head, "predicate", predicate)
}

/// A provenance of SLSA v0.2 about a pipeline run with the tasks `clone`, `build` and `test`, whose materials are a
/// commit and a builder image.
pub fn slsa_v02(image: &PinnedRef) -> Value {
    let predicate = json!({
        "builder": {"id": BUILDER},
        "buildType": "tekton.dev/v1/PipelineRun",
        "invocation": {"configSource": {}, "parameters": {"revision": COMMIT}, "environment": {}},
        "buildConfig": {"tasks": [
            task("clone", &[("commit", COMMIT)]),
            task("build", &[("IMAGE_URL", &image.repository.to_string()), ("IMAGE_DIGEST", &image.digest.to_string())]),
            task("test", &[("TEST_OUTPUT", r#"{"result":"SUCCESS","successes":12,"failures":0,"warnings":0}"#)]),
        ]},
        "metadata": {
            "buildStartedOn": STARTED_ON,
            "buildFinishedOn": BUILT_ON,
            "completeness": {"parameters": true, "environment": false, "materials": true},
            "reproducible": false,
        },
        "materials": [
            {"uri": "git+https://git.example/team/app.git", "digest": {"sha1": COMMIT}},
            {"uri": "oci://registry.example/build/rust", "digest": {"sha256": "5".repeat(64)}},
        ],
    });
    statement(image, "https://slsa.dev/provenance/v0.2", &predicate)
}

/// A task of a pipeline run that succeeded, with results.
pub fn task(name: &str, results: &[(&str, &str)]) -> Value {
    let result = |(name, value): &(&str, &str)| json!({"name": name, "type": "string", "value": value});
    json!({
        "name": name,
        "status": "Succeeded",
        "ref": {"name": name, "kind": "Task"},
        "results": results.iter().map(result).collect::<Vec<_>>(),
    })
}

/// A provenance of SLSA v1 about the same run.
pub fn slsa_v1(image: &PinnedRef) -> Value {
    let predicate = json!({
        "buildDefinition": {
            "buildType": "https://tekton.dev/chains/v2/slsa-tekton",
            "externalParameters": {"runSpec": {"params": [{"name": "revision", "value": COMMIT}]}},
            "internalParameters": {},
            "resolvedDependencies": [
                {"uri": "git+https://git.example/team/app.git", "digest": {"sha1": COMMIT}},
                {"uri": "oci://registry.example/build/rust", "digest": {"sha256": "5".repeat(64)}},
            ],
        },
        "runDetails": {
            "builder": {"id": BUILDER},
            "metadata": {"invocationId": "run-1", "startedOn": STARTED_ON, "finishedOn": BUILT_ON},
        },
    });
    statement(image, "https://slsa.dev/provenance/v1", &predicate)
}
