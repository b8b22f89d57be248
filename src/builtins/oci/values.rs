//! Descriptors and manifests as rules see them: every field of a descriptor is there, empty or not.

use std::collections::BTreeMap;

use crate::model::PinnedRef;
use crate::registry::{Descriptor, ImageIndex, ImageManifest, Platform};
use crate::rego::value::{ObjectBuilder, Value};

fn texts(items: &[String]) -> Value {
    Value::from(items.iter().map(|it| Value::from(it.as_str())).collect::<Vec<_>>())
}

fn annotations(pairs: &BTreeMap<String, String>) -> Value {
    let mut out = ObjectBuilder::new();
    for (key, value) in pairs {
        out.push_str(key.as_str(), value.as_str());
    }
    Value::Object(out.build_last_wins())
}

fn platform(it: &Platform) -> Value {
    let mut out = ObjectBuilder::new();
    out.push_str("architecture", it.architecture.as_str());
    out.push_str("os", it.os.as_str());
    out.push_str("os.version", it.os_version.as_str());
    out.push_str("os.features", texts(&it.os_features));
    out.push_str("variant", it.variant.as_str());
    out.push_str("features", texts(&it.features));
    Value::Object(out.build_last_wins())
}

pub(super) fn descriptor(it: &Descriptor) -> Value {
    let mut out = ObjectBuilder::new();
    out.push_str("mediaType", it.media_type.as_str());
    out.push_str("size", it.size);
    out.push_str("digest", it.digest.to_string());
    out.push_str("data", it.data.as_str());
    out.push_str("urls", texts(&it.urls));
    out.push_str("annotations", annotations(&it.annotations));
    out.push_str("artifactType", it.artifact_type.as_str());
    if let Some(it) = &it.platform {
        out.push_str("platform", platform(it));
    }
    Value::Object(out.build_last_wins())
}

fn descriptors(all: &[Descriptor]) -> Value {
    Value::from(all.iter().map(descriptor).collect::<Vec<_>>())
}

pub(super) fn image(it: &ImageManifest) -> Value {
    let mut out = ObjectBuilder::new();
    out.push_str("schemaVersion", it.schema_version);
    out.push_str("mediaType", it.media_type.as_str());
    out.push_str("config", descriptor(&it.config));
    out.push_str("layers", descriptors(&it.layers));
    out.push_str("annotations", annotations(&it.annotations));
    if let Some(subject) = &it.subject {
        out.push_str("subject", descriptor(subject));
    }
    Value::Object(out.build_last_wins())
}

pub(super) fn index(it: &ImageIndex) -> Value {
    let mut out = ObjectBuilder::new();
    out.push_str("schemaVersion", it.schema_version);
    out.push_str("mediaType", it.media_type.as_str());
    out.push_str("manifests", descriptors(&it.manifests));
    out.push_str("annotations", annotations(&it.annotations));
    if let Some(subject) = &it.subject {
        out.push_str("subject", descriptor(subject));
    }
    Value::Object(out.build_last_wins())
}

pub(super) fn referrer(it: &Descriptor, at: &PinnedRef) -> Value {
    let mut out = ObjectBuilder::new();
    out.push_str("mediaType", it.media_type.as_str());
    out.push_str("size", it.size);
    out.push_str("digest", it.digest.to_string());
    out.push_str("artifactType", it.artifact_type.as_str());
    out.push_str("ref", at.to_string());
    out.push_str("annotations", annotations(&it.annotations));
    Value::Object(out.build_last_wins())
}
