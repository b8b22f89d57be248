//! Signatures and attestations as cosign stores them: layers of the images `sha256-<hex>.sig` and `.att`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::{SigningKey, Store};
use crate::model::{ImageRef, PinnedRef};

const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
const IN_TOTO: &str = "application/vnd.in-toto+json";
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";

/// A layer of a `.sig` or `.att` image.
#[derive(Clone, Debug)]
pub struct SignedLayer {
    /// Of the bytes.
    pub media_type: String,
    /// Of the descriptor.
    pub annotations: BTreeMap<String, String>,
    /// Payload or envelope.
    pub bytes: Bytes,
}

/// The signature of an image.
pub fn signature_layer(key: &SigningKey, image: &PinnedRef) -> SignedLayer {
    let payload = json!({
        "critical": {
            "identity": {"docker-reference": image.repository.to_string()},
            "image": {"docker-manifest-digest": image.digest.to_string()},
            "type": "cosign container image signature",
        },
        "optional": null,
    });
    let bytes = Bytes::from(payload.to_string());
    SignedLayer {
        media_type: SIMPLE_SIGNING.to_owned(),
        annotations: BTreeMap::from([(SIGNATURE.to_owned(), key.sign(&bytes))]),
        bytes,
    }
}

/// A statement in an envelope.
pub fn attestation_layer(key: &SigningKey, statement: &Value) -> SignedLayer {
    let predicate_type = statement["predicateType"].as_str().unwrap_or_default();
    statement_layer(key, predicate_type, &statement.to_string())
}

/// A statement given as text, whatever it holds, in an envelope.
pub fn statement_layer(key: &SigningKey, predicate_type: &str, statement: &str) -> SignedLayer {
    let mut layer = envelope_layer(key, IN_TOTO, statement.as_bytes());
    layer.annotations.insert("predicateType".to_owned(), predicate_type.to_owned());
    layer
}

/// Any payload of any type in an envelope.
pub fn envelope_layer(key: &SigningKey, payload_type: &str, payload: &[u8]) -> SignedLayer {
    let header = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    let sig = key.sign(&[header.as_bytes(), payload].concat());
    let envelope = json!({
        "payloadType": payload_type,
        "payload": STANDARD.encode(payload),
        "signatures": [{"keyid": "", "sig": sig}],
    });
    SignedLayer {
        media_type: ENVELOPE.to_owned(),
        annotations: BTreeMap::from([(SIGNATURE.to_owned(), String::new())]),
        bytes: envelope.to_string().into(),
    }
}

/// Stores signatures beside the image; an empty list too.
pub fn attach_signatures(store: &mut Store, image: &PinnedRef, layers: &[SignedLayer]) {
    attach(store, image, "sig", layers);
}

/// Stores attestations beside the image; an empty list too.
pub fn attach_attestations(store: &mut Store, image: &PinnedRef, layers: &[SignedLayer]) {
    attach(store, image, "att", layers);
}

fn attach(store: &mut Store, image: &PinnedRef, suffix: &str, layers: &[SignedLayer]) {
    let layer = |layer: &SignedLayer| {
        let mut descriptor = store.blob(&layer.media_type, layer.bytes.clone());
        descriptor["annotations"] = json!(layer.annotations);
        descriptor
    };
    let layers: Vec<Value> = layers.iter().map(layer).collect();
    let config =
        json!({"architecture": "", "os": "", "config": {}, "rootfs": {"type": "layers", "diff_ids": []}});
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": store.blob("application/vnd.oci.image.config.v1+json", config.to_string()),
        "layers": layers,
    });
    let digest = store.manifest(&manifest);
    let tag = format!("sha256-{}.{suffix}", image.digest.hex()).into();
    store.name(&ImageRef::Tagged { repository: image.repository.clone(), tag }, digest);
}
