//! Components as pipelines leave them, from a registry on this machine: a few here, many in `benches/run.rs`.

use std::path::Path;

use enterprise_contract::testkit::registry::{Port, ReferrersApi, Registry, Tls};
use enterprise_contract::testkit::{App, Built, Hostile, Sbom, SbomPlace, Scenario, Size};
use serde_json::Value;

use crate::binary::command;
use crate::stage;

/// Reads the SBOM that the provenance names, as released policies do.
const RULES: &str = r#"package pipelines

import rego.v1

sboms contains json.unmarshal(ec.oci.blob(result.value)) if {
	some attestation in input.attestations
	some task in attestation.statement.predicate.buildConfig.tasks
	some result in task.results
	result.name == "SBOM_BLOB_URL"
}

tasks := count([task | some task in input.attestations[0].statement.predicate.buildConfig.tasks])

# METADATA
# title: All tasks are attested
# custom:
#   short_name: tasks
deny contains {"code": "pipelines.tasks", "msg": sprintf("%d tasks", [tasks])} if tasks != 15

# METADATA
# title: The SBOM lists what the image is made of
# custom:
#   short_name: packages
deny contains {"code": "pipelines.packages", "msg": "few packages"} if {
	some sbom in sboms
	count(sbom.packages) < 20
}
"#;

/// The report, and what the registry was asked for more than once.
async fn validated(folder: &Path, registry: &Registry, built: &Built) -> (Value, Vec<String>) {
    stage::write(folder, "snapshot.yaml", &built.snapshot());
    stage::write(folder, "cosign.pub", &built.public_key());
    stage::write(folder, "pipelines.rego", RULES);
    stage::write(folder, "policy.yaml", "publicKey: cosign.pub\nsources:\n- policy:\n  - ./pipelines.rego\n");
    let mut command = command(folder);
    command.args(["validate", "image", "--images=snapshot.yaml", "--policy=policy.yaml", "--ignore-rekor"]);
    command.args([
        "--no-cache",
        "--effective-time=2025-06-01",
        "--allow-past-effective-time",
        "--output=json",
    ]);
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("ended").expect("ec");
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    let twice = registry.take_traffic().into_iter().filter(|(_, it)| it.requests > 1);
    (report, twice.map(|(path, _)| path).collect())
}

/// A registry that holds the apps as `team/<name>`, and what was made.
async fn registry(apps: impl FnOnce(&str) -> Vec<App>) -> (Registry, Built) {
    let port = Port::free().await.expect("a port");
    let host = port.address().to_string();
    let scenario = apps(&host).into_iter().fold(Scenario::new(&format!("{host}/team")), Scenario::with);
    let built = scenario.build().expect("a scenario");
    let contents = built.store.contents(ReferrersApi::Offered);
    (port.serve(contents, Vec::new(), Tls::Refused).expect("a registry"), built)
}

fn verdict<'a>(report: &'a Value, name: &str) -> &'a str {
    let components = report["components"].as_array().expect("components");
    let found = components.iter().find(|it| it["name"] == name).unwrap_or_else(|| panic!("{name}"));
    found["verdict"].as_str().expect("a verdict")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_pipelines_built_passes_and_no_object_is_asked_for_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let sbom = Sbom::spdx(Size::Packages(30));
    let (registry, built) = registry(|host| {
        let app = |index| App::from_pipeline(host, &format!("app-{index}")).with_sbom(sbom.clone());
        (0..3).map(app).collect()
    })
    .await;
    let (report, twice) = validated(folder.path(), &registry, &built).await;
    assert_eq!(report["verdict"], "pass", "{report:#}");
    assert!(twice.is_empty(), "{twice:#?}");
    let requests = report["run"]["requests"].as_object().expect("requests");
    assert_eq!(requests.len(), 1, "one host: {requests:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_documents_leave_good_neighbours_as_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = |hostile: Hostile, place: SbomPlace| format!("{hostile:?}-{place:?}").to_lowercase();
    let places = [SbomPlace::Attestation, SbomPlace::Blob];
    let (registry, built) = registry(|host| {
        let good = |name| App::from_pipeline(host, name).with_sbom(Sbom::spdx(Size::Packages(30)));
        let bad = Hostile::ALL.iter().flat_map(|hostile| {
            places.map(|place| {
                let sbom = Sbom::hostile(*hostile, 300_000).in_place(place);
                App::from_pipeline(host, &name(*hostile, place)).with_sbom(sbom)
            })
        });
        [good("first")].into_iter().chain(bad).chain([good("last")]).collect()
    })
    .await;
    let (report, _) = validated(folder.path(), &registry, &built).await;
    assert_eq!(report["components"].as_array().expect("components").len(), 2 + 2 * Hostile::ALL.len());
    assert_eq!((verdict(&report, "first"), verdict(&report, "last")), ("pass", "pass"), "{report:#}");
    // No reader takes it for a statement.
    assert_ne!(verdict(&report, &name(Hostile::Nested, SbomPlace::Attestation)), "pass");
}
