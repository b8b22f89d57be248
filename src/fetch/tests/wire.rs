//! The golden images over HTTP have the evidence that they have in the layout, and every object is asked for once.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::*;
use crate::registry::http::{Http, HttpSettings};
use crate::registry::layout::Layout;
use crate::registry::once::Once;
use crate::testkit::registry::{CA_PEM, Contents, ReferrersApi, Registry, Tls};

fn golden() -> Option<PathBuf> {
    let root = std::env::var("EC_SHARED")
        .map_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let dir = root.join("golden/registry");
    if !dir.exists() {
        println!("skipped: the golden layout: {} not found", dir.display());
        return None;
    }
    Some(dir)
}

/// Everything under the tag `latest`.
fn images(dir: &Path) -> Vec<ImageRef> {
    let index: serde_json::Value =
        serde_json::from_slice(&std::fs::read(dir.join("index.json")).unwrap()).unwrap();
    let name = |it: &serde_json::Value| {
        let name = it["annotations"]["org.opencontainers.image.ref.name"].as_str().unwrap();
        name.ends_with(":latest").then(|| ImageRef::parse(name).unwrap())
    };
    index["manifests"].as_array().unwrap().iter().filter_map(name).collect()
}

async fn read(transport: &dyn Transport, images: &[ImageRef]) -> Vec<Evidence> {
    let limits = Limits::default();
    let mut all = Vec::new();
    for reference in images {
        let manifest = transport.manifest(reference, limits.manifest_bytes).await.unwrap();
        let image = reference.repository().pin(manifest.digest);
        let footprint = Footprint::of(transport, &image, &manifest, &Need::all(), &limits).await;
        let mut evidence = footprint.read(transport, &limits).await;
        // The API lists in another order than the fallback tag.
        if let Part::Present(bundles) = &mut evidence.bundles {
            bundles.sort_by_key(|it| it.referrer);
        }
        all.push(evidence);
    }
    all
}

#[tokio::test]
async fn evidence_over_http_is_that_of_the_layout() {
    let Some(dir) = golden() else { return };
    let images = images(&dir);
    assert!(images.len() > 30, "{}", images.len());
    let layout = Layout::from_dirs(std::slice::from_ref(&dir), &Limits::default()).unwrap();
    let expected = read(&layout, &images).await;
    let with_bundles = expected.iter().filter(|it| it.bundles.present().is_some()).count();
    let undecided: Vec<_> = expected.iter().filter_map(|it| it.attestations.undecided()).collect();
    assert_eq!((with_bundles, undecided.len()), (3, 0));
    let files = tempfile::tempdir().unwrap();
    std::fs::write(files.path().join("ca.pem"), CA_PEM).unwrap();
    let variable = |name: &str| match name {
        "SSL_CERT_FILE" => Some(files.path().join("ca.pem").display().to_string()),
        "SSL_CERT_DIR" => Some("/nowhere".to_owned()),
        _ => None,
    };
    for api in [ReferrersApi::Missing, ReferrersApi::Offered] {
        let contents = Contents::from_layout(&dir, api).unwrap();
        let server = Registry::start(contents, Vec::new(), Tls::Offered).await.unwrap();
        let names = HashMap::from([("registry.example".to_owned(), server.address())]);
        let http = Http::new(HttpSettings { names, ..HttpSettings::default() }, &variable).unwrap();
        let once = Once::new(Arc::new(http), 4 << 20, 64 << 20);
        for (found, expected) in read(&once, &images).await.iter().zip(&expected) {
            assert_eq!(found, expected, "{api:?}");
        }
        let asked = server.asked();
        read(&once, &images).await;
        assert_eq!(server.asked().len(), asked.len(), "{api:?}");
        let distinct: BTreeSet<_> = asked.iter().collect();
        assert_eq!(distinct.len(), asked.len(), "{api:?}");
    }
}
