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
