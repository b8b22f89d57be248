//! A registry in memory for unit tests: what was put into it, faults by object, and a log of what was asked.

use std::collections::HashMap;
use std::sync::Mutex;

use bytes::Bytes;

use super::{Answer, BlobId, Cause, Descriptor, Manifest, RegistryError, Transport};
use crate::model::{Digest, ImageRef, PinnedRef, Repository};

pub(crate) const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";

#[derive(Default)]
pub(crate) struct Memory {
    manifests: HashMap<String, (Bytes, String)>,
    blobs: HashMap<Digest, Bytes>,
    referrers: HashMap<String, Vec<Descriptor>>,
    faults: HashMap<String, Cause>,
    log: Mutex<Vec<String>>,
}

impl Memory {
    /// Stores a manifest under a name, and under its digest in the same repository.
    pub(crate) fn put_manifest(&mut self, name: &str, media_type: &str, text: &str) -> PinnedRef {
        let reference = ImageRef::parse(name).unwrap();
        let pinned = reference.repository().pin(Digest::of(text.as_bytes()));
        let stored = (Bytes::copy_from_slice(text.as_bytes()), media_type.to_owned());
        self.manifests.insert(reference.to_string(), stored.clone());
        self.manifests.insert(pinned.to_string(), stored);
        pinned
    }

    /// Stores an image of these layers, whose members are given as JSON after `config`.
    pub(crate) fn put_image(
        &mut self,
        name: &str,
        config: &str,
        layers: &[Descriptor],
        more: &str,
    ) -> PinnedRef {
        let config = self.put_blob("application/vnd.oci.image.config.v1+json", config.as_bytes());
        let layers: Vec<_> = layers.iter().map(json).collect();
        let text = format!(
            r#"{{"schemaVersion":2,"mediaType":"{IMAGE}","config":{},"layers":[{}]{more}}}"#,
            json(&config),
            layers.join(",")
        );
        self.put_manifest(name, IMAGE, &text)
    }

    pub(crate) fn put_blob(&mut self, media_type: &str, content: &[u8]) -> Descriptor {
        let digest = Digest::of(content);
        self.blobs.insert(digest, Bytes::copy_from_slice(content));
        Descriptor::new(media_type, digest, content.len() as u64)
    }

    pub(crate) fn put_referrer(&mut self, subject: &PinnedRef, descriptor: Descriptor) {
        self.referrers.entry(subject.to_string()).or_default().push(descriptor);
    }

    /// Lets a request fail: the reference, the digest of a blob, or `referrers <reference>`.
    pub(crate) fn fail(&mut self, object: &str, cause: Cause) {
        self.faults.insert(object.to_owned(), cause);
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    fn ask<T>(
        &self,
        verb: &str,
        object: &str,
        registry: &str,
        answer: impl FnOnce() -> Result<T, Cause>,
    ) -> Result<T, RegistryError> {
        self.log.lock().unwrap().push(format!("{verb} {object}"));
        let cause = self.faults.get(object).cloned();
        cause
            .map_or_else(answer, Err)
            .map_err(|cause| RegistryError::new(registry, format!("{verb} {object}"), cause))
    }

    fn find(&self, reference: &ImageRef, cap: u64) -> Result<Manifest, Cause> {
        let (bytes, media_type) = self.manifests.get(&reference.to_string()).ok_or(Cause::Absent)?;
        if bytes.len() as u64 > cap {
            return Err(Cause::TooLarge { cap, size: Some(bytes.len() as u64) });
        }
        Manifest::read(bytes.clone(), media_type).map_err(Cause::Malformed)
    }
}

/// The JSON of a descriptor, with its annotations.
pub(crate) fn json(it: &Descriptor) -> String {
    let annotations = serde_json::to_string(&it.annotations).unwrap();
    format!(
        r#"{{"mediaType":"{}","digest":"{}","size":{},"annotations":{annotations}}}"#,
        it.media_type, it.digest, it.size
    )
}

impl Transport for Memory {
    fn manifest<'a>(&'a self, reference: &'a ImageRef, cap: u64) -> Answer<'a, Manifest> {
        let registry = reference.repository().registry();
        Box::pin(
            async move { self.ask("GET", &reference.to_string(), registry, || self.find(reference, cap)) },
        )
    }

    fn head<'a>(&'a self, reference: &'a ImageRef) -> Answer<'a, Descriptor> {
        let registry = reference.repository().registry();
        Box::pin(async move {
            let found = || self.find(reference, u64::MAX).map(|it| it.descriptor());
            self.ask("HEAD", &reference.to_string(), registry, found)
        })
    }

    fn blob<'a>(&'a self, repository: &'a Repository, blob: &'a BlobId, cap: u64) -> Answer<'a, Bytes> {
        Box::pin(async move {
            self.ask("BLOB", &blob.digest.to_string(), repository.registry(), || {
                let bytes = self.blobs.get(&blob.digest).ok_or(Cause::Absent)?;
                let size = bytes.len() as u64;
                if size > cap { Err(Cause::TooLarge { cap, size: Some(size) }) } else { Ok(bytes.clone()) }
            })
        })
    }

    fn referrers<'a>(&'a self, subject: &'a PinnedRef, limit: usize) -> Answer<'a, Vec<Descriptor>> {
        Box::pin(async move {
            let object = format!("referrers {subject}");
            self.ask("GET", &object, subject.repository.registry(), || {
                let found = self.referrers.get(&subject.to_string()).cloned().unwrap_or_default();
                if found.len() > limit {
                    return Err(Cause::TooMany { cap: limit, things: "referrers" });
                }
                Ok(found)
            })
        })
    }
}
