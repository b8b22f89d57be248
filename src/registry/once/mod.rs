//! A [`Transport`] that asks for each object once per run, however many ask it and at whatever time.
//!
//! Who asks while an object is under way waits for the same answer; who gives up disturbs nobody. Answers are kept
//! for the run, absence among them, errors not. A tag is bound to one digest by the first answer, so `head` of a tag
//! reads the manifest. Blobs are kept by digest, for all repositories, as far as the given memory goes, and manifests as
//! far as theirs; manifests, tags, lists and absence hold for one repository only.

mod flights;
mod memory;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::{
    Answer, BlobId, Cause, Descriptor, Manifest, MediaType, RegistryError, Traffic, Transport, blob_object,
    manifest_object,
};
use crate::model::{Digest, ImageRef, PinnedRef, Repository};
use flights::Flights;
use memory::Memory;

/// Bytes of manifests that are kept, as they were received: some thousands of usual ones. What is not kept is asked for
/// again by its digest.
const KEPT_MANIFESTS: u64 = 8 << 20;

/// Blobs of so many bytes are small: configurations, signatures. They have a part of the room for themselves, since a
/// rule may ask for its image's configuration after the SBOMs of many others went by.
const SMALL: u64 = 64 << 10;

/// The part of the room that is for small blobs: one of so many.
const SMALL_SHARE: u64 = 4;

/// Asks each object once.
#[derive(Clone)]
pub struct Once(Arc<Inner>);

struct Inner {
    transport: Arc<dyn Transport>,
    manifests: Flights<ImageRef, Manifest>,
    /// What tags meant when they were first asked for; they mean it for the rest of the run.
    names: Mutex<HashMap<ImageRef, PinnedRef>>,
    kept: Memory<PinnedRef, Raw>,
    heads: Flights<PinnedRef, Descriptor>,
    blobs: Flights<(Repository, Digest), Bytes>,
    referrers: Flights<PinnedRef, Vec<Descriptor>>,
    small: Memory<Digest, Bytes>,
    large: Memory<Digest, Bytes>,
    manifest_cap: u64,
}

/// A manifest as it was received. It is read again when it is asked for: what is read of it is several times as large.
#[derive(Clone)]
struct Raw {
    media_type: MediaType,
    bytes: Bytes,
}

impl Raw {
    fn read(self) -> Option<Manifest> {
        Manifest::read(self.bytes, self.media_type.as_str()).ok()
    }
}

impl Once {
    /// Asks `transport`, and keeps up to `blob_bytes` of blobs. `manifest_cap` bounds manifests that are read where
    /// only a descriptor was asked for.
    pub fn new(transport: Arc<dyn Transport>, manifest_cap: u64, blob_bytes: u64) -> Self {
        Self(Arc::new(Inner {
            transport,
            manifests: Flights::default(),
            names: Mutex::default(),
            kept: Memory::new(KEPT_MANIFESTS),
            heads: Flights::default(),
            blobs: Flights::default(),
            referrers: Flights::default(),
            small: Memory::new(blob_bytes / SMALL_SHARE),
            large: Memory::new(blob_bytes - blob_bytes / SMALL_SHARE),
            manifest_cap,
        }))
    }
}

impl Inner {
    async fn manifest(self: &Arc<Self>, reference: &ImageRef, cap: u64) -> Result<Manifest, RegistryError> {
        let wanted = self.meant(reference);
        let kept = if let ImageRef::Pinned(pinned) = &wanted { self.kept.get(pinned) } else { None };
        let manifest = match (kept.and_then(Raw::read), self.manifests.known(&wanted)) {
            (Some(manifest), _) => manifest,
            (None, Some(known)) => known?,
            (None, None) => {
                let (inner, asked) = (self.clone(), wanted.clone());
                let ask = async move {
                    let manifest = inner.transport.manifest(&asked, cap).await?;
                    inner.note(&asked, &manifest);
                    Ok(manifest)
                };
                self.manifests.pass(&wanted, cap, ask).await?
            }
        };
        // Who asked with another bound at the same time may have been told something else.
        if let ImageRef::Pinned(first) = self.meant(&wanted)
            && first.digest != manifest.digest
        {
            return Box::pin(self.manifest(&ImageRef::Pinned(first), cap)).await;
        }
        if manifest.bytes.len() as u64 > cap {
            let (host, object) = (reference.repository().registry(), manifest_object("GET", reference));
            return Err(RegistryError::new(
                host,
                object,
                Cause::TooLarge { cap, size: Some(manifest.bytes.len() as u64) },
            ));
        }
        Ok(manifest)
    }

    /// The reference by the digest that its tag was found to mean.
    fn meant(&self, reference: &ImageRef) -> ImageRef {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.get(reference).map_or_else(|| reference.clone(), |it| ImageRef::Pinned(it.clone()))
    }

    /// The first answer stays, so that a tag means one thing for the whole run.
    fn note(&self, reference: &ImageRef, manifest: &Manifest) {
        let pinned = reference.repository().pin(manifest.digest);
        if let ImageRef::Tagged { .. } = reference {
            let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            names.entry(reference.clone()).or_insert_with(|| pinned.clone());
        }
        let raw = Raw { media_type: manifest.media_type, bytes: manifest.bytes.clone() };
        self.kept.put(pinned, &raw, manifest.bytes.len() as u64);
    }

    async fn head(self: &Arc<Self>, reference: &ImageRef) -> Result<Descriptor, RegistryError> {
        let reference = &self.meant(reference);
        if let Some(known) = self.manifests.known(reference) {
            return known.map(|it| it.descriptor());
        }
        let ImageRef::Pinned(pinned) = reference else {
            return self.manifest(reference, self.manifest_cap).await.map(|it| it.descriptor());
        };
        if let Some(Raw { media_type, bytes }) = self.kept.get(pinned) {
            return Ok(Descriptor::new(media_type.as_str(), pinned.digest, bytes.len() as u64));
        }
        if let Some(known) = self.heads.known(pinned) {
            return known;
        }
        let (inner, wanted) = (self.clone(), reference.clone());
        self.heads.fly(pinned, 0, async move { inner.transport.head(&wanted).await }).await
    }

    async fn blob(
        self: &Arc<Self>,
        repository: &Repository,
        blob: &BlobId,
        cap: u64,
    ) -> Result<Bytes, RegistryError> {
        let key = (repository.clone(), blob.digest);
        let bytes = loop {
            match (self.remembered(&blob.digest), self.blobs.known(&key)) {
                (Some(bytes), _) => break bytes,
                (None, Some(known)) => break known?,
                (None, None) => {}
            }
            let (inner, repository, wanted) = (self.clone(), repository.clone(), *blob);
            let ask = async move {
                let bytes = inner.transport.blob(&repository, &wanted, cap).await?;
                inner.remember(wanted.digest, &bytes);
                Ok(bytes)
            };
            match self.blobs.pass(&key, 0, ask).await {
                Err(error) if is_of_another(&error.cause, blob, cap) => {}
                answer => break answer?,
            }
        };
        let found = bytes.len() as u64;
        let cause = match blob.size {
            Some(expected) if expected != found => Cause::WrongSize { expected, found },
            _ if found > cap => Cause::TooLarge { cap, size: Some(found) },
            _ => return Ok(bytes),
        };
        Err(RegistryError::new(repository.registry(), blob_object(repository, &blob.digest), cause))
    }

    fn remembered(&self, digest: &Digest) -> Option<Bytes> {
        self.small.get(digest).or_else(|| self.large.get(digest))
    }

    fn remember(&self, digest: Digest, bytes: &Bytes) {
        let size = bytes.len() as u64;
        let room = if size <= SMALL { &self.small } else { &self.large };
        room.put(digest, bytes, size);
    }

    async fn referrers(
        self: &Arc<Self>,
        subject: &PinnedRef,
        limit: usize,
    ) -> Result<Vec<Descriptor>, RegistryError> {
        if let Some(known) = self.referrers.known(subject) {
            return known;
        }
        let (inner, wanted) = (self.clone(), subject.clone());
        let ask = async move { inner.transport.referrers(&wanted, limit).await };
        self.referrers.fly(subject, limit as u64, ask).await
    }
}

/// Whether a shared request ended by what somebody else had allowed, or had been told of the size.
fn is_of_another(cause: &Cause, blob: &BlobId, cap: u64) -> bool {
    match cause {
        Cause::TooLarge { cap: allowed, .. } => *allowed < cap,
        Cause::WrongSize { expected, .. } => Some(*expected) != blob.size,
        _ => false,
    }
}

impl Transport for Once {
    fn manifest<'a>(&'a self, reference: &'a ImageRef, cap: u64) -> Answer<'a, Manifest> {
        Box::pin(self.0.manifest(reference, cap))
    }

    fn head<'a>(&'a self, reference: &'a ImageRef) -> Answer<'a, Descriptor> {
        Box::pin(self.0.head(reference))
    }

    fn blob<'a>(&'a self, repository: &'a Repository, blob: &'a BlobId, cap: u64) -> Answer<'a, Bytes> {
        Box::pin(self.0.blob(repository, blob, cap))
    }

    fn has_blob<'a>(&'a self, repository: &'a Repository, digest: &'a Digest) -> Answer<'a, ()> {
        self.0.transport.has_blob(repository, digest)
    }

    fn referrers<'a>(&'a self, subject: &'a PinnedRef, limit: usize) -> Answer<'a, Vec<Descriptor>> {
        Box::pin(self.0.referrers(subject, limit))
    }

    fn traffic(&self) -> Traffic {
        Traffic {
            evicted: Some(self.0.small.evicted() + self.0.large.evicted() + self.0.kept.evicted()),
            ..self.0.transport.traffic()
        }
    }
}

#[cfg(test)]
mod tests;
