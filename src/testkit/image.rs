//! Images and indexes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{BUILT_ON, Store};
use crate::model::{ImageRef, PinnedRef, Repository};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// The label that makes an image an operator bundle; its value is the folder of the manifests.
const OPERATOR_BUNDLE: &str = "operators.operatorframework.io.bundle.manifests.v1";

/// What an image says it was built on.
#[derive(Clone, Debug)]
pub struct Base {
    /// `org.opencontainers.image.base.name`
    pub name: String,
    /// `org.opencontainers.image.base.digest`
    pub digest: String,
}

impl Base {
    /// An image that is there, under the name of its repository.
    pub fn of(image: &PinnedRef) -> Self {
        Self { name: format!("{}:latest", image.repository), digest: image.digest.to_string() }
    }
}

/// An image of one platform, in the making.
#[derive(Clone, Debug)]
pub struct Image {
    architecture: String,
    config: Map<String, Value>,
    labels: BTreeMap<String, String>,
    base: Option<Base>,
    layers: Vec<BTreeMap<String, Vec<u8>>>,
}

impl Default for Image {
    fn default() -> Self {
        Self::new()
    }
}

impl Image {
    /// linux/amd64, without labels, base image or files.
    pub fn new() -> Self {
        Self {
            architecture: "amd64".to_owned(),
            config: Map::new(),
            labels: BTreeMap::new(),
            base: None,
            layers: Vec::new(),
        }
    }

    /// Another architecture, as Go names it.
    #[must_use]
    pub fn architecture(mut self, architecture: &str) -> Self {
        architecture.clone_into(&mut self.architecture);
        self
    }

    /// Sets a label.
    #[must_use]
    pub fn label(mut self, name: &str, value: &str) -> Self {
        self.labels.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Takes a label away.
    #[must_use]
    pub fn without_label(mut self, name: &str) -> Self {
        self.labels.remove(name);
        self
    }

    /// Sets a key of the configuration, such as `Env`, `User`, `Cmd`.
    #[must_use]
    pub fn config(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.config.insert(key.to_owned(), value.into());
        self
    }

    /// Names a base image in the manifest's annotations.
    #[must_use]
    pub fn based_on(mut self, base: Base) -> Self {
        self.base = Some(base);
        self
    }

    /// Adds a layer of files.
    #[must_use]
    pub fn layer<'a>(mut self, files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let file = |(path, text): (&str, &str)| (path.to_owned(), text.as_bytes().to_vec());
        self.layers.push(files.into_iter().map(file).collect());
        self
    }

    /// Makes it an operator bundle with manifests of these names and contents.
    #[must_use]
    pub fn operator_bundle<'a>(self, manifests: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let manifests: Vec<_> =
            manifests.into_iter().map(|(name, text)| (format!("manifests/{name}"), text)).collect();
        let files = manifests.iter().map(|(path, text)| (path.as_str(), *text));
        self.label(OPERATOR_BUNDLE, "manifests/").layer(files)
    }

    /// Adds the image to the store under a tag and under its digest.
    pub fn push(&self, store: &mut Store, repository: &Repository, tag: &str) -> PinnedRef {
        let mut config = self.config.clone();
        config.insert("Labels".to_owned(), json!(self.labels));
        let layers: Vec<Vec<u8>> = self.layers.iter().map(archive).collect();
        let diff_ids: Vec<_> = layers.iter().map(|it| crate::model::Digest::of(it).to_string()).collect();
        let config = json!({
            "architecture": self.architecture,
            "os": "linux",
            "created": BUILT_ON,
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
        });
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": store.blob(CONFIG, config.to_string()),
            "layers": layers.into_iter().map(|it| store.blob(LAYER, it)).collect::<Vec<_>>(),
        });
        if let Some(base) = &self.base {
            manifest["annotations"] = json!({
                "org.opencontainers.image.base.name": base.name,
                "org.opencontainers.image.base.digest": base.digest,
            });
        }
        named(store, repository, tag, &manifest)
    }
}

/// An image index in the making.
#[derive(Clone, Debug, Default)]
pub struct ImageIndex(Vec<Value>);

impl ImageIndex {
    /// Without children.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a child for an architecture of linux.
    #[must_use]
    pub fn child(mut self, store: &Store, image: &PinnedRef, architecture: &str) -> Self {
        self.0.push(json!({
            "mediaType": MANIFEST,
            "digest": image.digest.to_string(),
            "size": store.bytes(&image.digest).map_or(0, bytes::Bytes::len),
            "platform": {"architecture": architecture, "os": "linux"},
        }));
        self
    }

    /// Adds the index to the store under a tag and under its digest.
    pub fn push(&self, store: &mut Store, repository: &Repository, tag: &str) -> PinnedRef {
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": self.0});
        named(store, repository, tag, &index)
    }
}

fn named(store: &mut Store, repository: &Repository, tag: &str, manifest: &Value) -> PinnedRef {
    let digest = store.manifest(manifest);
    store.name(&ImageRef::Tagged { repository: repository.clone(), tag: tag.into() }, digest);
    let pinned = repository.pin(digest);
    store.name(&ImageRef::Pinned(pinned.clone()), digest);
    pinned
}

/// A tar archive of regular files, sorted by path, with nothing in it that changes.
fn archive(files: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        // Writing to memory fails for paths only that no archive can hold; such a file is left out.
        _ = archive.append_data(&mut header, path, bytes.as_slice());
    }
    archive.into_inner().unwrap_or_default()
}
