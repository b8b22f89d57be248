//! `testdata/demo` is exactly what the testkit makes from the scenario here.
//!
//! After a change: `EC_WRITE_DEMO=1 cargo test --features testkit --test demo` writes it anew.

#![cfg(feature = "testkit")]
#![allow(clippy::unwrap_used, reason = "a test's helpers are tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use enterprise_contract::fetch::{Footprint, Need};
use enterprise_contract::model::{FailureKind, ImageRef, Limits, PolicySpec};
use enterprise_contract::registry::Transport;
use enterprise_contract::registry::layout::Layout;
use enterprise_contract::testkit::{App, Built, Scenario};
use enterprise_contract::trust::{TransparencyLog, TrustPolicy};
use enterprise_contract::verify::{Requested, Verified, verify};

/// Bytes of the whole demo: it lies in every checkout.
const SIZE: usize = 300 * 1024;

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/demo")
}

/// One component that passes, five that fail for a reason each, and one whose provenance got lost.
fn built() -> Built {
    Scenario::new("registry.example/demo")
        .with(App::named("good"))
        .with(App::named("unsigned").without_signature())
        .with(App::named("wrong-key").signed_by("somebody else"))
        .with(App::named("wrong-builder").provenance(|it| {
            it["predicate"]["builder"]["id"] = "https://laptop.example/me".into();
        }))
        .with(
            App::named("disallowed-base").with_cyclonedx().on_base("registry.example/untrusted/kitchen-sink"),
        )
        .with(
            App::named("bare").without_sbom().image(|it| it.without_label("vendor").without_label("summary")),
        )
        .with(App::named("broken").with_lost_provenance())
        .build()
        .unwrap()
}

/// Everything but what people write: `README.md`, `policy.yaml`.
fn made() -> BTreeMap<String, Bytes> {
    let built = built();
    let layout = built.store.files().into_iter().map(|(path, bytes)| (format!("layout/{path}"), bytes));
    let mut files: BTreeMap<_, _> = layout.collect();
    files.insert("snapshot.yaml".to_owned(), built.snapshot().into());
    files.insert("cosign.pub".to_owned(), built.public_key().into());
    files
}

fn committed(folder: &Path, below: &str, into: &mut BTreeMap<String, Bytes>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{below}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            committed(&path, &format!("{name}/"), into);
        } else {
            into.insert(name, std::fs::read(path).unwrap().into());
        }
    }
}

#[test]
fn the_committed_demo_is_what_the_testkit_makes() {
    let demo = demo();
    if std::env::var_os("EC_WRITE_DEMO").is_some() {
        let layout = demo.join("layout");
        if layout.exists() {
            std::fs::remove_dir_all(&layout).unwrap();
        }
        built().write(&demo).unwrap();
    }
    let mut found = BTreeMap::new();
    committed(&demo, "", &mut found);
    for written_by_people in ["README.md", "policy.yaml"] {
        assert!(found.remove(written_by_people).is_some(), "{written_by_people}");
    }
    let names = |it: &BTreeMap<String, Bytes>| it.keys().cloned().collect::<Vec<_>>();
    let made = made();
    assert_eq!(names(&found), names(&made));
    for (path, bytes) in &made {
        assert!(found[path] == bytes, "{path} is not what the testkit makes");
    }
}

#[test]
fn the_demo_is_small() {
    let size: usize = made().values().map(Bytes::len).sum();
    assert!(size < SIZE, "{size} bytes");
}

async fn verified(layout: &Layout, name: &str) -> Verified {
    let limits = Limits::default();
    let tagged = ImageRef::parse(&format!("registry.example/demo/{name}")).unwrap();
    let manifest = layout.manifest(&tagged, limits.manifest_bytes).await.unwrap();
    let image = tagged.repository().pin(manifest.digest);
    let footprint = Footprint::of(layout, &image, &manifest, &Need::all(), &limits).await;
    let public_key = demo().join("cosign.pub").display().to_string();
    let spec = PolicySpec { public_key, ..PolicySpec::default() };
    let trust = TrustPolicy::load(&spec, TransparencyLog::Ignored).unwrap();
    verify(&footprint.read(layout, &limits).await, &trust, Requested::default(), &limits)
}

#[tokio::test]
async fn each_component_shows_what_its_name_says() {
    let layout = Layout::from_dirs(&[demo().join("layout")], &Limits::default()).unwrap();
    let codes =
        |it: &Verified| it.violations().iter().map(|it| it.code().unwrap().to_owned()).collect::<Vec<_>>();
    for name in ["good", "wrong-builder", "disallowed-base", "bare"] {
        let verified = verified(&layout, name).await;
        assert!(
            codes(&verified).is_empty() && verified.facts().is_some(),
            "{name} is for the rules to judge"
        );
    }
    assert_eq!(codes(&verified(&layout, "unsigned").await), ["builtin.image.signature_check"]);
    assert_eq!(
        codes(&verified(&layout, "wrong-key").await),
        ["builtin.image.signature_check", "builtin.attestation.signature_check"]
    );
    let broken = verified(&layout, "broken").await;
    assert!(codes(&broken).is_empty() && broken.facts().is_none());
    assert_eq!(broken.undecided()[0].failure.kind, FailureKind::NotFound);
}
