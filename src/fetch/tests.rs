//! Which evidence is found, what counts as absent, and what leaves an image undecided.

use super::*;

#[cfg(feature = "testkit")]
mod wire;

use crate::model::{FailureKind, ImageRef, Limits};
use crate::registry::memory::{INDEX, Memory, json};
use crate::registry::{Cause, Transport};

const DSSE: &str = "application/vnd.dsse.envelope.v1+json";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

async fn evidence_within(registry: &Memory, image: &PinnedRef, limits: &Limits) -> Evidence {
    let reference = ImageRef::Pinned(image.clone());
    let manifest = registry.manifest(&reference, u64::MAX).await.unwrap();
    let footprint = Footprint::of(registry, image, &manifest, &Need::all(), limits).await;
    footprint.read(registry, limits).await
}

async fn evidence(registry: &Memory, image: &PinnedRef) -> Evidence {
    evidence_within(registry, image, &Limits::default()).await
}

fn kind<T>(part: &Part<T>) -> Option<FailureKind> {
    part.undecided().map(|it| it.kind)
}

/// An image with one signature and two attestations.
fn signed(registry: &mut Memory) -> PinnedRef {
    let image = registry.put_image("r.example/app:1", r#"{"config":{"User":"1"}}"#, &[], "");
    let mut signature = registry.put_blob("application/vnd.dev.cosign.simplesigning.v1+json", b"payload");
    signature.annotations.insert("dev.cosignproject.cosign/signature".into(), "c2ln".into());
    registry.put_image(&image.attached(".sig").to_string(), "{}", &[signature], "");
    let attestations = [registry.put_blob(DSSE, b"one"), registry.put_blob(DSSE, b"two")];
    registry.put_image(&image.attached(".att").to_string(), "{}", &attestations, "");
    image
}

/// A referrer of `image` that holds `content`.
fn bundle(registry: &mut Memory, image: &PinnedRef, subject: &str, content: &[u8]) -> Descriptor {
    noted_bundle(registry, image, subject, content, "")
}

/// The same with a note among its annotations.
fn noted_bundle(
    registry: &mut Memory,
    image: &PinnedRef,
    subject: &str,
    content: &[u8],
    note: &str,
) -> Descriptor {
    let layer = registry.put_blob(BUNDLE, content);
    let more = format!(r#","subject":{{"digest":"{subject}","size":1}},"annotations":{{"note":"{note}"}}"#);
    let repository = &image.repository;
    let name = format!("{repository}:bundle-{}", layer.digest.hex());
    let referrer = registry.put_image(&name, "{}", &[layer], &more);
    let mut descriptor = Descriptor::new("application/vnd.oci.image.manifest.v1+json", referrer.digest, 1);
    descriptor.artifact_type = BUNDLE.into();
    registry.put_referrer(image, descriptor.clone());
    descriptor
}

#[tokio::test]
async fn signatures_and_attestations_are_the_layers_under_the_digests_tags_in_order() {
    let mut registry = Memory::default();
    let image = signed(&mut registry);
    let found = evidence(&registry, &image).await;
    let signature = &found.signatures.present().unwrap()[0];
    assert_eq!(signature.bytes, "payload");
    assert_eq!(signature.descriptor.annotations["dev.cosignproject.cosign/signature"], "c2ln");
    let attestations = found.attestations.present().unwrap();
    assert_eq!(attestations.iter().map(|it| &it.bytes[..]).collect::<Vec<_>>(), [b"one", b"two"]);
    assert_eq!(found.config.present().unwrap().user, "1");
    assert_eq!((found.bundles, found.parent, found.files), (Part::Absent, Part::Absent, Part::Absent));
}

#[tokio::test]
async fn what_is_not_needed_is_not_asked_for() {
    let mut registry = Memory::default();
    let image = signed(&mut registry);
    let manifest = registry.manifest(&ImageRef::Pinned(image.clone()), u64::MAX).await.unwrap();
    let asked = registry.log().len();
    let needs = [Need::Attestations].into();
    let found = Footprint::of(&registry, &image, &manifest, &needs, &Limits::default()).await;
    assert_eq!(registry.log().len(), asked + 1);
    assert_eq!(found.bytes(), 6);
    let found = found.read(&registry, &Limits::default()).await;
    assert_eq!(found.signatures, Part::NotAsked);
    assert_eq!(found.config, Part::NotAsked);
    assert!(found.attestations.present().is_some());
}

#[tokio::test]
async fn an_image_without_tags_and_referrers_has_no_evidence_for_certain() {
    let mut registry = Memory::default();
    let image = registry.put_image("r.example/app:1", "{}", &[], "");
    let found = evidence(&registry, &image).await;
    assert_eq!((found.signatures, found.attestations), (Part::Absent, Part::Absent));
    assert_eq!(found.bundles, Part::Absent);
}

#[tokio::test]
async fn threat_42_a_tag_that_cannot_be_asked_is_never_an_absent_signature() {
    for cause in [
        Cause::Unavailable { status: 503, retry_after: None, code: String::new() },
        Cause::Unavailable { status: 429, retry_after: None, code: "TOOMANYREQUESTS".into() },
        Cause::Denied { status: 401, token: crate::registry::TokenExchange::NotDone, code: String::new() },
        Cause::Denied { status: 403, token: crate::registry::TokenExchange::Done, code: String::new() },
        Cause::Connection("reset".into()),
        Cause::NotInLayout,
    ] {
        let mut registry = Memory::default();
        let image = signed(&mut registry);
        registry.fail(&image.attached(".sig").to_string(), cause.clone());
        registry.fail(&format!("referrers {image}"), cause.clone());
        let found = evidence(&registry, &image).await;
        assert!(found.signatures.undecided().is_some(), "{cause}");
        assert!(found.bundles.undecided().is_some(), "{cause}");
        assert!(found.attestations.present().is_some(), "{cause}");
    }
}

#[tokio::test]
async fn a_layer_that_its_manifest_names_but_the_store_lacks_is_undecided() {
    let mut registry = Memory::default();
    let image = signed(&mut registry);
    registry.fail(&Digest::of(b"two").to_string(), Cause::Absent);
    let found = evidence(&registry, &image).await;
    assert_eq!(kind(&found.attestations), Some(FailureKind::NotFound));
    assert!(found.signatures.present().is_some());
}

#[tokio::test]
async fn threat_02_too_many_layers_are_undecided_not_cut() {
    let mut registry = Memory::default();
    let image = signed(&mut registry);
    let found = evidence_within(&registry, &image, &Limits { layers: 1, ..Limits::default() }).await;
    assert_eq!(kind(&found.attestations), Some(FailureKind::TooLarge));
    assert_eq!(found.signatures.present().map(Vec::len), Some(1));
}

#[tokio::test]
async fn threat_01_a_body_beyond_its_bound_is_not_even_asked_for() {
    let mut registry = Memory::default();
    let image = signed(&mut registry);
    let limits = Limits { attachment_bytes: 3, ..Limits::default() };
    let found = evidence_within(&registry, &image, &limits).await;
    assert_eq!(kind(&found.signatures), Some(FailureKind::TooLarge));
    assert!(found.attestations.present().is_some());
    let payload = format!("BLOB {}", Digest::of(b"payload"));
    assert!(!registry.log().contains(&payload));
    let together = Limits { evidence_bytes: 12, ..Limits::default() };
    let found = evidence_within(&registry, &image, &together).await;
    assert_eq!(kind(&found.attestations), Some(FailureKind::TooLarge));
}

#[tokio::test]
async fn bundles_are_listed_in_order_with_their_bytes() {
    let mut registry = Memory::default();
    let image = signed(&mut registry);
    let subject = image.digest.to_string();
    let first = bundle(&mut registry, &image, &subject, b"first");
    let second = bundle(&mut registry, &image, &subject, b"second");
    let found = evidence(&registry, &image).await;
    let bundles = found.bundles.present().unwrap();
    assert_eq!(bundles.iter().map(|it| it.referrer).collect::<Vec<_>>(), [first.digest, second.digest]);
    assert_eq!(bundles[1].layer.bytes, "second");
}

#[tokio::test]
async fn threat_02_annotations_of_bundles_are_bounded_together() {
    let mut registry = Memory::default();
    let image = signed(&mut registry);
    let (subject, note) = (image.digest.to_string(), "x".repeat(700));
    for content in [b"first", b"other"] {
        noted_bundle(&mut registry, &image, &subject, content, &note);
    }
    let limits = |manifest_bytes| Limits { manifest_bytes, ..Limits::default() };
    let found = evidence_within(&registry, &image, &limits(1 << 20)).await;
    assert!(found.bundles.present().is_some());
    let found = evidence_within(&registry, &image, &limits(1300)).await;
    assert_eq!(kind(&found.bundles), Some(FailureKind::TooLarge));
}

#[tokio::test]
async fn threat_12_a_referrer_whose_own_subject_is_another_digest_is_not_one() {
    let mut registry = Memory::default();
    let image = signed(&mut registry);
    let other = Digest::of(b"other").to_string();
    bundle(&mut registry, &image, &other, b"donor");
    assert_eq!(evidence(&registry, &image).await.bundles, Part::Absent);
}

#[tokio::test]
async fn a_referrer_of_another_kind_is_no_bundle() {
    let mut registry = Memory::default();
    let image = signed(&mut registry);
    let layers = [registry.put_blob(BUNDLE, b"1"), registry.put_blob(BUNDLE, b"2")];
    let more = format!(r#","subject":{{"digest":"{}","size":1}}"#, image.digest);
    let two = registry.put_image("r.example/app:two", "{}", &layers, &more);
    registry.put_referrer(&image, Descriptor::new(INDEX, two.digest, 1));
    let mut sbom = Descriptor::new(INDEX, Digest::of(b"not even read"), 1);
    sbom.artifact_type = "application/spdx+json".into();
    registry.put_referrer(&image, sbom);
    assert_eq!(evidence(&registry, &image).await.bundles, Part::Absent);
}

#[tokio::test]
async fn a_bundle_that_is_listed_but_missing_is_undecided() {
    let mut registry = Memory::default();
    let image = signed(&mut registry);
    let mut missing = Descriptor::new(INDEX, Digest::of(b"missing"), 1);
    missing.artifact_type = BUNDLE.into();
    registry.put_referrer(&image, missing);
    assert_eq!(kind(&evidence(&registry, &image).await.bundles), Some(FailureKind::NotFound));
}

#[tokio::test]
async fn the_parent_is_the_image_that_the_annotations_name() {
    let mut registry = Memory::default();
    let base = registry.put_image("r.example/base:1.0", r#"{"config":{"User":"0"}}"#, &[], "");
    let annotated = |digest: &str| {
        format!(r#","annotations":{{"org.opencontainers.image.base.name":"r.example/base:1.0"{digest}}}"#)
    };
    let digest = format!(r#","org.opencontainers.image.base.digest":"{}""#, base.digest);
    let image = registry.put_image("r.example/app:1", "{}", &[], &annotated(&digest));
    let parent = evidence(&registry, &image).await.parent;
    assert_eq!(parent.present().unwrap().reference, format!("r.example/base:1.0@{}", base.digest));
    assert_eq!(parent.present().unwrap().config.user, "0");
    let image = registry.put_image("r.example/app:2", "{}", &[], &annotated(""));
    assert_eq!(evidence(&registry, &image).await.parent.present().unwrap().reference, "r.example/base:1.0");
    registry.fail("r.example/base:1.0", Cause::Absent);
    assert_eq!(evidence(&registry, &image).await.parent, Part::Absent);
    registry.fail("r.example/base:1.0", Cause::Connection("reset".into()));
    assert_eq!(kind(&evidence(&registry, &image).await.parent), Some(FailureKind::Unavailable));
    let odd = r#","annotations":{"org.opencontainers.image.base.name":"not a name"}"#;
    let image = registry.put_image("r.example/app:3", "{}", &[], odd);
    assert_eq!(evidence(&registry, &image).await.parent, Part::Absent);
}

#[tokio::test]
async fn threat_16_an_index_has_its_own_signatures_and_the_configuration_of_its_linux_amd64_child() {
    let mut registry = Memory::default();
    let child = signed(&mut registry);
    let arm = registry.put_image("r.example/app:arm", r#"{"config":{"User":"arm"}}"#, &[], "");
    let text = format!(
        r#"{{"schemaVersion":2,"manifests":[
            {{"digest":"{}","size":1,"platform":{{"os":"linux","architecture":"arm64"}}}},
            {{"digest":"{}","size":1,"platform":{{"os":"linux","architecture":"amd64"}}}}]}}"#,
        arm.digest, child.digest
    );
    let index = registry.put_manifest("r.example/app:index", INDEX, &text);
    let found = evidence(&registry, &index).await;
    assert_eq!(found.config.present().unwrap().user, "1");
    assert_eq!((found.signatures, found.attestations), (Part::Absent, Part::Absent));
    let own = registry.put_blob(DSSE, b"of the index");
    registry.put_image(&index.attached(".att").to_string(), "{}", &[own], "");
    assert_eq!(evidence(&registry, &index).await.attestations.present().unwrap()[0].bytes, "of the index");
}

#[tokio::test]
async fn an_index_without_linux_amd64_has_no_configuration_and_one_that_nests_for_ever_is_undecided() {
    let mut registry = Memory::default();
    let none = registry.put_manifest("r.example/app:none", INDEX, r#"{"manifests":[]}"#);
    let found = evidence(&registry, &none).await;
    assert_eq!((found.config, found.parent, found.files), (Part::Absent, Part::Absent, Part::Absent));
    let mut inner = registry.put_image("r.example/app:leaf", "{}", &[], "");
    for depth in 0..6 {
        let child = json(&Descriptor::new(INDEX, inner.digest, 1));
        inner = registry.put_manifest(
            &format!("r.example/app:{depth}"),
            INDEX,
            &format!(r#"{{"manifests":[{child}]}}"#),
        );
    }
    assert_eq!(kind(&evidence(&registry, &inner).await.config), Some(FailureKind::TooLarge));
}

#[tokio::test]
async fn the_files_of_an_operator_bundle_are_read_from_its_layers() {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(1);
    tar.append_data(&mut header, "manifests/a.yaml", &b"a"[..]).unwrap();
    let content = tar.into_inner().unwrap();
    let label =
        r#"{"config":{"Labels":{"operators.operatorframework.io.bundle.manifests.v1":"manifests/"}}}"#;
    let mut registry = Memory::default();
    let layer = registry.put_blob("application/vnd.oci.image.layer.v1.tar", &content);
    let image = registry.put_image("r.example/app:1", label, std::slice::from_ref(&layer), "");
    let files = evidence(&registry, &image).await.files;
    assert_eq!(files.present().unwrap()["manifests/a.yaml"], "a");
    let broken = registry.put_blob("application/vnd.oci.image.layer.v1.tar", b"no archive");
    let image = registry.put_image("r.example/app:2", label, &[broken], "");
    assert_eq!(kind(&evidence(&registry, &image).await.files), Some(FailureKind::Malformed));
    let plain = registry.put_image("r.example/app:3", "{}", &[layer], "");
    assert_eq!(evidence(&registry, &plain).await.files, Part::Absent);
}
