//! What the product fetches of the golden images is what a plain reading of the layout finds.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test's helpers are tests")]

mod golden_layout;

use enterprise_contract::fetch::{Evidence, Footprint, Need, Part};
use enterprise_contract::model::{ImageRef, Limits};
use enterprise_contract::registry::Transport;
use enterprise_contract::registry::layout::Layout;
use golden_layout::{GoldenLayout, golden};

/// Absence and an empty list mean the same to verification.
fn plain(mut evidence: Evidence) -> Evidence {
    if evidence.bundles.present().is_some_and(Vec::is_empty) {
        evidence.bundles = Part::Absent;
    }
    for bundle in evidence.bundles.present().cloned().iter_mut().flatten() {
        bundle.annotations.clear();
    }
    evidence
}

#[tokio::test]
async fn every_golden_image_has_the_evidence_that_lies_in_the_layout() {
    let Some(golden) = golden("golden fetching") else { return };
    let by_hand = GoldenLayout::open(&golden);
    let limits = Limits::default();
    let layout = Layout::from_dirs(&[golden.join("registry")], &limits).unwrap();
    let mut compared = 0;
    for name in by_hand.images() {
        let ImageRef::Tagged { .. } = ImageRef::parse(&name).unwrap() else { continue };
        let expected = plain(by_hand.evidence(&name).unwrap());
        let image = ImageRef::Pinned(expected.image.clone());
        let manifest = layout.manifest(&image, limits.manifest_bytes).await.unwrap();
        let footprint = Footprint::of(&layout, &expected.image, &manifest, &Need::all(), &limits).await;
        let fetched = plain(footprint.read(&layout, &limits).await);
        let bundles = |it: &Evidence| {
            it.bundles.present().map(|it| it.iter().map(|it| it.referrer).collect::<Vec<_>>())
        };
        assert_eq!(bundles(&fetched), bundles(&expected), "{name}");
        assert_eq!(fetched.signatures, expected.signatures, "{name}");
        assert_eq!(fetched.attestations, expected.attestations, "{name}");
        assert_eq!(fetched.config, expected.config, "{name}");
        assert_eq!(fetched.parent, expected.parent, "{name}");
        assert_eq!(fetched.files, expected.files, "{name}");
        compared += 1;
    }
    assert!(compared > 30, "{compared}");
}
