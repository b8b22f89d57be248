//! What rules read late, held to what is left of their component's lease.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use crate::model::{Digest, ImageRef, PinnedRef, Repository};
use crate::registry::{Answer, BlobId, Cause, Descriptor, Manifest, RegistryError, Traffic, Transport};

/// Bytes of heap for each byte of a body: the body itself, its text as a value, and what is parsed of it. The values of
/// an SBOM take three to four times its text (`read_input` in `benches/engine.rs`); twice that leaves room for copies. What
/// is hostile takes more and is stopped where it is parsed.
pub(super) const HEAP_FACTOR: u64 = 8;

/// By how much a lease grows where nobody knows the size of what did not fit.
pub(super) const GROWTH: u64 = 4;

/// A transport whose blobs draw on a lease.
pub(super) struct Leased {
    transport: Arc<dyn Transport>,
    granted: u64,
    left: AtomicU64,
    /// The lease that would have been enough; nothing as long as this one is.
    needs: AtomicU64,
}

impl Leased {
    /// `left` of the `granted` bytes are for blobs.
    pub(super) fn new(transport: Arc<dyn Transport>, granted: u64, left: u64) -> Self {
        Self { transport, granted, left: AtomicU64::new(left), needs: AtomicU64::new(0) }
    }

    /// The lease that would have been enough, if this one was not.
    pub(super) fn needs(&self) -> Option<u64> {
        Some(self.needs.load(Ordering::Relaxed)).filter(|it| *it > 0)
    }

    /// What is not used.
    pub(super) fn left(&self) -> u64 {
        self.left.load(Ordering::Relaxed)
    }

    /// Takes bytes that are held for something else than a blob.
    pub(super) fn take(&self, bytes: u64) {
        // It cannot fail: the closure always gives a value.
        let _ = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(bytes)));
    }

    async fn read(&self, repository: &Repository, blob: &BlobId, cap: u64) -> Result<Bytes, RegistryError> {
        let allowed = cap.min(self.left() / HEAP_FACTOR);
        let answer = self.transport.blob(repository, blob, allowed).await;
        match &answer {
            Ok(bytes) => self.take((bytes.len() as u64).saturating_mul(HEAP_FACTOR)),
            Err(error) if allowed < cap && matches!(error.cause, Cause::TooLarge { .. }) => {
                let known =
                    blob.size.map(|size| self.granted.saturating_add(size.saturating_mul(HEAP_FACTOR)));
                let needs = known.unwrap_or(self.granted.saturating_mul(GROWTH));
                self.needs.fetch_max(needs, Ordering::Relaxed);
            }
            Err(_) => {}
        }
        answer
    }
}

impl Transport for Leased {
    fn manifest<'a>(&'a self, reference: &'a ImageRef, cap: u64) -> Answer<'a, Manifest> {
        self.transport.manifest(reference, cap)
    }

    fn head<'a>(&'a self, reference: &'a ImageRef) -> Answer<'a, Descriptor> {
        self.transport.head(reference)
    }

    fn blob<'a>(&'a self, repository: &'a Repository, blob: &'a BlobId, cap: u64) -> Answer<'a, Bytes> {
        Box::pin(self.read(repository, blob, cap))
    }

    fn has_blob<'a>(&'a self, repository: &'a Repository, digest: &'a Digest) -> Answer<'a, ()> {
        self.transport.has_blob(repository, digest)
    }

    fn referrers<'a>(&'a self, subject: &'a PinnedRef, limit: usize) -> Answer<'a, Vec<Descriptor>> {
        self.transport.referrers(subject, limit)
    }

    fn traffic(&self) -> Traffic {
        self.transport.traffic()
    }
}
