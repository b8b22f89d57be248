//! Fixtures are the same bytes each time, and what they are signed with verifies.

use super::*;
use crate::model::{Digest, Repository};

#[test]
fn equal_calls_give_equal_bytes() {
    let built = || Scenario::good("registry.example/team", 2).build().unwrap();
    assert_eq!(built().store.files(), built().store.files());
    assert_eq!(built().snapshot(), built().snapshot());
}

#[test]
fn components_have_digests_of_their_own() {
    let built = Scenario::good("registry.example/team", 5).build().unwrap();
    let digests: std::collections::BTreeSet<_> = built.components.iter().map(|(_, it)| it.digest).collect();
    assert_eq!(digests.len(), 5);
}

#[test]
fn every_blob_lies_under_its_digest_and_every_name_leads_to_one() {
    let built = Scenario::good("registry.example/team", 1).build().unwrap();
    for (digest, bytes) in built.store.blobs() {
        assert_eq!(*digest, Digest::of(bytes));
    }
    for (name, digest, media_type) in built.store.names() {
        assert!(built.store.bytes(&digest).is_some(), "{name}");
        assert!(media_type.starts_with("application/vnd.oci.image."), "{name}: {media_type}");
    }
}

#[test]
fn a_lost_blob_is_still_named_by_its_manifest() {
    let good = Scenario::new("registry.example/team").with(App::named("a")).build().unwrap();
    let broken = Scenario::new("registry.example/team").with(App::named("a").with_lost_provenance());
    let broken = broken.build().unwrap();
    assert_eq!(good.store.blobs().count(), broken.store.blobs().count() + 1);
    assert_eq!(good.store.names().count(), broken.store.names().count());
}

#[test]
fn an_index_lists_its_children_by_platform() {
    let mut store = Store::new();
    let repository = Repository::parse("registry.example/team/multi").unwrap();
    let amd64 = Image::new().push(&mut store, &repository, "amd64");
    let arm64 = Image::new().architecture("arm64").push(&mut store, &repository, "arm64");
    let index = ImageIndex::new().child(&store, &amd64, "amd64").child(&store, &arm64, "arm64");
    let index = index.push(&mut store, &repository, "latest");
    let document = store.json(&index.digest).unwrap();
    assert_eq!(document["manifests"][1]["platform"]["architecture"], "arm64");
    assert_eq!(document["manifests"][1]["digest"], arm64.digest.to_string());
}

#[test]
fn an_operator_bundle_holds_its_manifests_in_a_layer() {
    let mut store = Store::new();
    let repository = Repository::parse("registry.example/team/bundle").unwrap();
    let image = Image::new().operator_bundle([("csv.yaml", "kind: ClusterServiceVersion\n")]);
    let image = image.push(&mut store, &repository, "latest");
    let manifest = store.json(&image.digest).unwrap();
    let layer = Digest::parse(manifest["layers"][0]["digest"].as_str().unwrap()).unwrap();
    let mut archive = tar::Archive::new(store.bytes(&layer).unwrap().as_ref());
    let paths: Vec<_> =
        archive.entries().unwrap().map(|it| it.unwrap().path().unwrap().into_owned()).collect();
    assert_eq!(paths, [std::path::PathBuf::from("manifests/csv.yaml")]);
}

#[test]
fn referrers_are_listed_under_the_fallback_tag_in_the_order_of_their_coming() {
    let mut store = Store::new();
    let repository = Repository::parse("registry.example/team/app").unwrap();
    let image = Image::new().push(&mut store, &repository, "latest");
    let first = attach_referrer(&mut store, &image, "application/spdx+json", spdx("app", 1).to_string());
    let second = attach_referrer(&mut store, &image, "text/plain", "hello");
    let tag = format!("registry.example/team/app:sha256-{}", image.digest.hex());
    let fallback = crate::model::ImageRef::parse(&tag).unwrap();
    let index = store.json(&store.named(&fallback).unwrap()).unwrap();
    let listed: Vec<_> =
        index["manifests"].as_array().unwrap().iter().map(|it| it["digest"].clone()).collect();
    assert_eq!(listed, [first.digest.to_string(), second.digest.to_string()]);
    assert_eq!(store.json(&first.digest).unwrap()["subject"]["digest"], image.digest.to_string());
}

#[tokio::test]
async fn a_registry_in_process_serves_what_a_scenario_made_and_not_what_it_lost() {
    use registry::{ReferrersApi, Registry, Tls};
    let scenario = Scenario::new("registry.example/team").with(App::named("a").with_lost_provenance());
    let built = scenario.build().unwrap();
    let contents = built.store.contents(ReferrersApi::Missing);
    let server = Registry::start(contents, Vec::new(), Tls::Refused).await.unwrap();
    let get = async |path: String| {
        let answer = reqwest::get(format!("http://{}/v2/{path}", server.address())).await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap())
    };
    let image = built.components[0].1.digest;
    let (status, bytes) = get("team/a/manifests/latest".to_owned()).await;
    assert_eq!((status, Digest::of(&bytes)), (200, image));
    let (_, attached) = get(format!("team/a/manifests/sha256-{}.att", image.hex())).await;
    let attached: serde_json::Value = serde_json::from_slice(&attached).unwrap();
    let lost = attached["layers"][0]["digest"].as_str().unwrap();
    assert_eq!(get(format!("team/a/blobs/{lost}")).await.0, 404);
}

/// The only SBOM of an image, as the provenance and the store have it.
fn sbom_of(built: &Built, place: SbomPlace) -> String {
    let text = |digest: &str| built.store.bytes(&Digest::parse(digest).unwrap()).unwrap().clone();
    let (_, image) = &built.components[0];
    let tag = format!("{}:sha256-{}.att", image.repository, image.digest.hex());
    let manifest = built.store.named(&crate::model::ImageRef::parse(&tag).unwrap()).unwrap();
    let layers = built.store.json(&manifest).unwrap()["layers"].clone();
    let statement = |index: usize| -> String {
        use base64::Engine as _;
        let layer: serde_json::Value =
            serde_json::from_slice(&text(layers[index]["digest"].as_str().unwrap())).unwrap();
        let engine = base64::engine::general_purpose::STANDARD;
        String::from_utf8(engine.decode(layer["payload"].as_str().unwrap()).unwrap()).unwrap()
    };
    if place == SbomPlace::Attestation {
        assert_eq!(layers.as_array().unwrap().len(), 2);
        return statement(1);
    }
    let provenance: serde_json::Value = serde_json::from_str(&statement(0)).unwrap();
    let tasks = provenance["predicate"]["buildConfig"]["tasks"].as_array().unwrap();
    let results = tasks.iter().flat_map(|it| it["results"].as_array().unwrap());
    let named: Vec<_> = results.filter(|it| it["name"] == "SBOM_BLOB_URL").collect();
    let (_, digest) = named[0]["value"].as_str().unwrap().split_once('@').unwrap();
    assert_eq!(named.len(), 1);
    String::from_utf8(text(digest).to_vec()).unwrap()
}

fn one(app: App) -> Built {
    Scenario::new("registry.example/team").with(app).build().unwrap()
}

#[test]
fn an_sbom_of_any_size_is_a_blob_that_the_provenance_names_or_an_attestation() {
    for (sbom, list) in
        [(Sbom::spdx(Size::Bytes(50_000)), "packages"), (Sbom::cyclonedx(Size::Packages(40)), "components")]
    {
        for run in [None, Some(PipelineRun::new("registry.example/tasks"))] {
            let app = App::named("a").with_sbom(sbom.clone());
            let app = run.into_iter().fold(app, App::built_by);
            let text = sbom_of(&one(app), SbomPlace::Blob);
            assert_eq!(text, sbom.text("a"));
            let document: serde_json::Value = serde_json::from_str(&text).unwrap();
            let packages = document[list].as_array().unwrap();
            let each = text.len() / packages.len();
            assert!((700..1300).contains(&each), "{each} bytes a package");
        }
        let attested = App::named("a").with_sbom(sbom.clone().in_place(SbomPlace::Attestation));
        let statement: serde_json::Value =
            serde_json::from_str(&sbom_of(&one(attested), SbomPlace::Attestation)).unwrap();
        assert_eq!(statement["predicateType"], sbom.predicate_type());
        assert_eq!(statement["predicate"].to_string().len(), sbom.text("a").len());
    }
    let text = Sbom::spdx(Size::Bytes(50_000)).text("a");
    assert!((50_000..51_500).contains(&text.len()), "{}", text.len());
}

#[test]
fn a_pipeline_run_is_attested_by_fifteen_tasks_from_bundles_that_are_there_and_has_the_size_that_was_asked_for()
 {
    let repository = Repository::parse("registry.example/team/app").unwrap();
    let mut store = Store::new();
    let image = Image::new().push(&mut store, &repository, "latest");
    for bytes in [100_000, 180_000, 500_000] {
        let run = PipelineRun::new("registry.example/tasks").bytes(bytes);
        let provenance = run.provenance(&mut store, &image).unwrap();
        let length = provenance.to_string().len();
        assert!(length.abs_diff(bytes) < bytes / 20, "{length} for {bytes}");
        let tasks = provenance["predicate"]["buildConfig"]["tasks"].as_array().unwrap();
        assert_eq!(tasks.len(), 15);
        for task in tasks {
            let bundle = task["ref"]["params"][1]["value"].as_str().unwrap();
            let (_, digest) = bundle.split_once('@').unwrap();
            assert!(store.bytes(&Digest::parse(digest).unwrap()).is_some(), "{bundle}");
        }
    }
}

#[test]
fn what_pipelines_built_stands_at_one_host_base_image_and_bundles_too() {
    let built =
        Scenario::from_pipelines("127.0.0.1:5000", 2, &Sbom::spdx(Size::Packages(5))).build().unwrap();
    assert!(built.store.names().all(|(name, ..)| name.starts_with("127.0.0.1:5000/")));
    let bundles =
        built.store.names().filter(|(name, ..)| name.contains("/tasks/task-") && name.contains('@'));
    assert_eq!(bundles.count(), 15, "components share them");
}

#[test]
fn hostile_documents_have_the_size_that_was_asked_for_and_are_signed_like_any_other() {
    for hostile in Hostile::ALL {
        let text = hostile.json(100_000);
        assert!((49_000..=100_000).contains(&text.len()), "{hostile:?}: {}", text.len());
        let sbom = Sbom::hostile(hostile, 100_000).in_place(SbomPlace::Attestation);
        let statement = sbom_of(&one(App::named("a").with_sbom(sbom)), SbomPlace::Attestation);
        assert!(statement.ends_with(&format!("\"padding\":{text}}}}}")), "{hostile:?}");
    }
}

#[tokio::test]
async fn a_registry_counts_requests_and_bytes_by_path_and_its_address_is_known_before_its_contents() {
    use registry::{Contents, Port, ReferrersApi, Tls, Traffic};
    let port = Port::free().await.unwrap();
    let mut contents = Contents::new(ReferrersApi::Missing);
    let digest = contents.blob(vec![7; 1000]);
    let url = format!("http://{}/v2/team/a/blobs/{digest}", port.address());
    let server = port.serve(contents, Vec::new(), Tls::Refused).unwrap();
    let client = reqwest::Client::new();
    client.head(&url).send().await.unwrap();
    assert_eq!(client.get(&url).send().await.unwrap().bytes().await.unwrap().len(), 1000);
    let counted = server.take_traffic();
    assert_eq!(counted[&format!("/v2/team/a/blobs/{digest}")], Traffic { requests: 2, bytes: 1000 });
    assert!(server.take_traffic().is_empty());
}
