//! Artifacts beside an image: SBOM blobs that an attestation names, and referrers (OCI distribution specification
//! 1.1), listed under the fallback tag, which every registry and layout can answer.

use serde_json::{Value, json};

use super::Store;
use crate::model::{Digest, ImageRef, PinnedRef};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// The empty configuration of an artifact (OCI image specification 1.1, "guidance for an empty descriptor").
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// Stores a document as a blob in the image's repository; the reference is what `ec.oci.blob` takes.
pub fn attach_blob(store: &mut Store, image: &PinnedRef, media_type: &str, document: &Value) -> PinnedRef {
    attach_blob_text(store, image, media_type, document.to_string())
}

/// The same of any bytes.
pub fn attach_blob_text(
    store: &mut Store,
    image: &PinnedRef,
    media_type: &str,
    text: impl Into<bytes::Bytes>,
) -> PinnedRef {
    let bytes = text.into();
    let digest = Digest::of(&bytes);
    store.blob(media_type, bytes);
    image.repository.pin(digest)
}

/// Stores an artifact of one layer that refers to the image.
pub fn attach_referrer(
    store: &mut Store,
    image: &PinnedRef,
    artifact_type: &str,
    layer: impl Into<bytes::Bytes>,
) -> PinnedRef {
    let subject = json!({
        "mediaType": MANIFEST,
        "digest": image.digest.to_string(),
        "size": store.bytes(&image.digest).map_or(0, bytes::Bytes::len),
    });
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": artifact_type,
        "config": store.blob(EMPTY, "{}"),
        "layers": [store.blob(artifact_type, layer)],
        "subject": subject,
    });
    let digest = store.manifest(&manifest);
    let referrer = image.repository.pin(digest);
    store.name(&ImageRef::Pinned(referrer.clone()), digest);
    list(store, image, artifact_type, &referrer);
    referrer
}

/// Adds the referrer to the index under the tag `sha256-<hex>`.
fn list(store: &mut Store, image: &PinnedRef, artifact_type: &str, referrer: &PinnedRef) {
    let tag = format!("sha256-{}", image.digest.hex()).into();
    let fallback = ImageRef::Tagged { repository: image.repository.clone(), tag };
    let known = store.named(&fallback).and_then(|it| store.json(&it));
    let mut index = known.unwrap_or_else(|| json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}));
    let descriptor = json!({
        "mediaType": MANIFEST,
        "digest": referrer.digest.to_string(),
        "size": store.bytes(&referrer.digest).map_or(0, bytes::Bytes::len),
        "artifactType": artifact_type,
    });
    if let Some(manifests) = index["manifests"].as_array_mut() {
        manifests.push(descriptor);
    }
    let digest = store.manifest(&index);
    store.name(&fallback, digest);
}
