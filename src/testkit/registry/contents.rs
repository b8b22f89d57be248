//! What a registry holds.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::model::{Digest, ImageRef};
use crate::registry::Manifest;

/// Does the registry know the referrers API?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReferrersApi {
    /// It lists manifests by their subject.
    Offered,
    /// It answers 404; referrers stand under the fallback tag.
    #[default]
    Missing,
}

/// Manifests by repository and name, blobs by digest.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// By `path/of/repository` and tag or digest.
    manifests: BTreeMap<(String, String), Manifested>,
    blobs: HashMap<Digest, Bytes>,
    /// Folders that blobs are read from.
    folders: Vec<PathBuf>,
    referrers: ReferrersApi,
}

#[derive(Clone, Debug)]
struct Manifested {
    bytes: Bytes,
    media_type: String,
    digest: Digest,
}

/// An answer of the store.
pub(super) struct Found {
    pub(super) status: u16,
    pub(super) media_type: String,
    pub(super) digest: Option<Digest>,
    pub(super) body: Bytes,
}

impl Contents {
    /// An empty one.
    pub fn new(referrers: ReferrersApi) -> Self {
        Self { referrers, ..Self::default() }
    }

    /// Everything that an OCI image layout names, whatever the hosts in its names.
    ///
    /// # Errors
    /// Where `index.json` cannot be read as one.
    pub fn from_layout(dir: &Path, referrers: ReferrersApi) -> std::io::Result<Self> {
        let mut store = Self::new(referrers);
        let folder = dir.join("blobs/sha256");
        let index: serde_json::Value = serde_json::from_slice(&std::fs::read(dir.join("index.json"))?)?;
        for entry in index["manifests"].as_array().into_iter().flatten() {
            let text = |it: &serde_json::Value| it.as_str().unwrap_or_default().to_owned();
            let name = text(&entry["annotations"]["org.opencontainers.image.ref.name"]);
            let hex = text(&entry["digest"]).replace("sha256:", "");
            let bytes = std::fs::read(folder.join(hex))?;
            store.manifest(&name, &text(&entry["mediaType"]), bytes);
        }
        store.folders.push(folder);
        Ok(store)
    }

    /// Adds a manifest under its full reference, and under its digest.
    pub fn manifest(&mut self, name: &str, media_type: &str, bytes: impl Into<Bytes>) -> Option<Digest> {
        let bytes = bytes.into();
        let digest = Digest::of(&bytes);
        let reference = ImageRef::parse(name).ok()?;
        let path = reference.repository().path().to_owned();
        let stored = Manifested { bytes, media_type: media_type.to_owned(), digest };
        if let ImageRef::Tagged { tag, .. } = &reference {
            self.manifests.insert((path.clone(), tag.to_string()), stored.clone());
        }
        self.manifests.insert((path, digest.to_string()), stored);
        Some(digest)
    }

    /// Adds a blob, for all repositories.
    pub fn blob(&mut self, bytes: impl Into<Bytes>) -> Digest {
        let bytes = bytes.into();
        let digest = Digest::of(&bytes);
        self.known_blob(digest, bytes);
        digest
    }

    /// Adds a blob whose digest is known.
    pub(in crate::testkit) fn known_blob(&mut self, digest: Digest, bytes: Bytes) {
        self.blobs.insert(digest, bytes);
    }

    pub(super) fn find(&self, path: &str) -> Found {
        let path = path.split('?').next().unwrap_or_default();
        let Some(rest) = path.strip_prefix("/v2/") else { return Found::error(404, "UNSUPPORTED") };
        if let Some((repository, name)) = rest.rsplit_once("/manifests/") {
            return self.find_manifest(repository, name);
        }
        if let Some((_, digest)) = rest.rsplit_once("/blobs/") {
            return self.find_blob(digest);
        }
        match (rest.rsplit_once("/referrers/"), self.referrers) {
            (Some((repository, digest)), ReferrersApi::Offered) => self.find_referrers(repository, digest),
            _ => Found::error(404, "UNSUPPORTED"),
        }
    }

    fn find_manifest(&self, repository: &str, name: &str) -> Found {
        match self.manifests.get(&(repository.to_owned(), name.to_owned())) {
            Some(it) => Found {
                status: 200,
                media_type: it.media_type.clone(),
                digest: Some(it.digest),
                body: it.bytes.clone(),
            },
            None => Found::error(404, "MANIFEST_UNKNOWN"),
        }
    }

    fn find_blob(&self, digest: &str) -> Found {
        let Ok(digest) = Digest::parse(digest) else { return Found::error(400, "DIGEST_INVALID") };
        let read = || self.folders.iter().find_map(|it| std::fs::read(it.join(digest.hex())).ok());
        match self.blobs.get(&digest).cloned().or_else(|| read().map(Bytes::from)) {
            Some(body) => Found {
                status: 200,
                media_type: "application/octet-stream".to_owned(),
                digest: Some(digest),
                body,
            },
            None => Found::error(404, "BLOB_UNKNOWN"),
        }
    }

    fn find_referrers(&self, repository: &str, digest: &str) -> Found {
        let mut listed = Vec::new();
        for ((path, name), Manifested { bytes, media_type, .. }) in &self.manifests {
            if path != repository || !name.starts_with("sha256:") {
                continue;
            }
            let Ok(manifest) = Manifest::read(bytes.clone(), media_type) else { continue };
            if manifest.subject().is_some_and(|it| it.digest.to_string() == digest) {
                let it = manifest.as_referrer();
                listed.push(serde_json::json!({
                    "mediaType": it.media_type, "digest": it.digest, "size": it.size,
                    "artifactType": it.artifact_type, "annotations": it.annotations,
                }));
            }
        }
        let index = "application/vnd.oci.image.index.v1+json";
        let body = serde_json::json!({"schemaVersion": 2, "mediaType": index, "manifests": listed});
        Found { status: 200, media_type: index.to_owned(), digest: None, body: body.to_string().into() }
    }
}

impl Found {
    fn error(status: u16, code: &str) -> Self {
        let body = format!(r#"{{"errors":[{{"code":"{code}","message":"unknown"}}]}}"#);
        Self { status, media_type: "application/json".to_owned(), digest: None, body: body.into() }
    }
}
