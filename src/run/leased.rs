//! What rules read late, held to their component's lease.

use std::sync::Arc;

use bytes::Bytes;

use super::memory::Memory;
use crate::builtins::Room as _;
use crate::model::{Digest, ImageRef, PinnedRef, Repository};
use crate::registry::{
    Answer, BlobId, Cause, Descriptor, Manifest, RegistryError, Traffic, Transport, blob_object,
};

/// Bytes of heap for each byte of a body: the body itself, its text as a value, and what is parsed of it. The values of
/// an SBOM take three to four times its text (`read_input` in `benches/engine.rs`); twice that leaves room for copies. What
/// is hostile takes more and is stopped where it is parsed.
pub(super) const HEAP_FACTOR: u64 = 8;

/// A transport whose blobs draw on a lease.
pub(super) struct Leased {
    transport: Arc<dyn Transport>,
    memory: Arc<Memory>,
}

impl Leased {
    pub(super) fn new(transport: Arc<dyn Transport>, memory: Arc<Memory>) -> Self {
        Self { transport, memory }
    }

    /// Reads no body without room for all that is made of it. Its size is known from its descriptor, or from the head of
    /// the answer; then it is asked for once more, when the lease is large enough.
    async fn read(&self, repository: &Repository, blob: &BlobId, cap: u64) -> Result<Bytes, RegistryError> {
        if let Some(size) = blob.size.filter(|it| *it <= cap)
            && !self.memory.makes_room(size.saturating_mul(HEAP_FACTOR))
        {
            let cause = Cause::TooLarge { cap: self.memory.left() / HEAP_FACTOR, size: Some(size) };
            let object = blob_object(repository, &blob.digest);
            return Err(RegistryError::new(repository.registry(), object, cause));
        }
        let mut told = None;
        loop {
            let allowed = cap.min(self.memory.left() / HEAP_FACTOR);
            let answer = self.transport.blob(repository, blob, allowed).await;
            let size = match &answer {
                Ok(bytes) => {
                    self.memory.take(bytes.len() as u64);
                    return answer;
                }
                Err(RegistryError { cause: Cause::TooLarge { size, .. }, .. }) if allowed < cap => *size,
                Err(_) => return answer,
            };
            let room = match size {
                // More than anybody may read, whatever the lease is.
                Some(size) if size > cap => {
                    let cause = Cause::TooLarge { cap, size: Some(size) };
                    return answer.map_err(|error| RegistryError { cause, ..error });
                }
                // Who says something else each time is not believed twice.
                Some(_) if told.is_some() => {
                    self.memory.lacks();
                    false
                }
                Some(size) => self.memory.makes_room(size.saturating_mul(HEAP_FACTOR)),
                None => self.memory.grows(),
            };
            if !room {
                return answer;
            }
            told = size;
        }
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
