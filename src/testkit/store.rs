//! Blobs and names in memory, and on disk as an OCI image layout (OCI image specification 1.1, "image layout").

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bytes::Bytes;
use serde_json::{Value, json};

use super::registry::{Contents, ReferrersApi};
use crate::model::{Digest, ImageRef};

/// The annotation that names a manifest in `index.json`.
const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// What a registry holds: blobs by digest, manifests by name.
#[derive(Clone, Debug, Default)]
pub struct Store {
    blobs: BTreeMap<Digest, Bytes>,
    names: BTreeMap<String, (Digest, String)>,
}

impl Store {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a blob; its descriptor, without annotations.
    pub fn blob(&mut self, media_type: &str, bytes: impl Into<Bytes>) -> Value {
        let bytes = bytes.into();
        let digest = Digest::of(&bytes);
        let descriptor = json!({"mediaType": media_type, "digest": digest.to_string(), "size": bytes.len()});
        self.blobs.insert(digest, bytes);
        descriptor
    }

    /// Adds a manifest or index under its `mediaType`; it has no name yet.
    pub fn manifest(&mut self, manifest: &Value) -> Digest {
        let bytes = Bytes::from(manifest.to_string());
        let digest = Digest::of(&bytes);
        self.blobs.insert(digest, bytes);
        digest
    }

    /// Gives a manifest that was added a name, by tag or by digest. A manifest may have several.
    pub fn name(&mut self, reference: &ImageRef, digest: Digest) {
        let media_type = self.blobs.get(&digest).and_then(|it| serde_json::from_slice::<Value>(it).ok());
        let media_type = media_type.and_then(|it| it["mediaType"].as_str().map(str::to_owned));
        self.names.insert(reference.to_string(), (digest, media_type.unwrap_or_default()));
    }

    /// The manifest of that name.
    pub fn named(&self, reference: &ImageRef) -> Option<Digest> {
        self.names.get(&reference.to_string()).map(|(digest, _)| *digest)
    }

    /// Loses a blob, whatever names it: a broken store.
    pub fn lose(&mut self, digest: &Digest) {
        self.blobs.remove(digest);
    }

    /// The bytes of a blob or manifest.
    pub fn bytes(&self, digest: &Digest) -> Option<&Bytes> {
        self.blobs.get(digest)
    }

    /// A manifest or other JSON blob as a value.
    pub fn json(&self, digest: &Digest) -> Option<Value> {
        serde_json::from_slice(self.blobs.get(digest)?).ok()
    }

    /// Full reference, digest and media type of every name, sorted.
    pub fn names(&self) -> impl Iterator<Item = (&str, Digest, &str)> {
        self.names.iter().map(|(name, (digest, media_type))| (name.as_str(), *digest, media_type.as_str()))
    }

    /// Every blob and manifest, sorted by digest.
    pub fn blobs(&self) -> impl Iterator<Item = (&Digest, &Bytes)> {
        self.blobs.iter()
    }

    /// The same for a registry in process, whatever the hosts in the names.
    pub fn contents(&self, referrers: ReferrersApi) -> Contents {
        let mut contents = Contents::new(referrers);
        for (name, digest, media_type) in self.names() {
            if let Some(bytes) = self.bytes(&digest) {
                contents.manifest(name, media_type, bytes.clone());
            }
        }
        for (digest, bytes) in &self.blobs {
            contents.known_blob(*digest, bytes.clone());
        }
        contents
    }

    /// The files of the layout by path: `oci-layout`, `index.json`, `blobs/sha256/…`.
    pub fn files(&self) -> BTreeMap<String, Bytes> {
        let blob =
            |(digest, bytes): (&Digest, &Bytes)| (format!("blobs/sha256/{}", digest.hex()), bytes.clone());
        let mut files: BTreeMap<_, _> = self.blobs.iter().map(blob).collect();
        files.insert("oci-layout".to_owned(), Bytes::from_static(b"{\"imageLayoutVersion\":\"1.0.0\"}\n"));
        files.insert("index.json".to_owned(), format!("{:#}\n", self.index()).into());
        files
    }

    fn index(&self) -> Value {
        let entry = |(name, (digest, media_type)): (&String, &(Digest, String))| {
            json!({
                "mediaType": media_type,
                "digest": digest.to_string(),
                "size": self.blobs.get(digest).map_or(0, Bytes::len),
                "annotations": {REF_NAME: name},
            })
        };
        json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": self.names.iter().map(entry).collect::<Vec<_>>(),
        })
    }

    /// Writes the layout into a folder, which is made if it is missing.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, dir: &Path) -> std::io::Result<()> {
        fs::create_dir_all(dir.join("blobs/sha256"))?;
        self.files().iter().try_for_each(|(path, bytes)| fs::write(dir.join(path), bytes))
    }
}
