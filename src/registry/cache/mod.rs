//! A [`Transport`] that keeps blobs on disk, for the next run and for others that run at the same time.
//!
//! Only bytes are kept, by their digest, and they are compared with it again whenever they are read: who can write to
//! the folder can make a run slower, nothing more. Tags, referrers, manifests and absence are asked for each time, and
//! a blob that no manifest of its repository names is used only where the repository still says that it has it; so no
//! verdict depends on what is in the folder.

mod store;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;

use super::{Answer, BlobId, Cause, Descriptor, Manifest, RegistryError, Traffic, Transport, blob_object};
use crate::model::{Digest, ImageRef, PinnedRef, Repository};
pub use store::Store;
use store::{Kept, Lock};

/// Between two looks at whether another process is done with a blob.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Looks, after which a blob is read from the registry whatever the other process does: as long as one may take.
const LOOKS: u32 = 30_000;

/// Reads blobs from disk where they are, and else from another transport.
pub struct Cached {
    transport: Arc<dyn Transport>,
    store: Arc<Store>,
    taken: AtomicU64,
}

impl Cached {
    /// Asks `transport` for what is not in `store`.
    pub fn new(transport: Arc<dyn Transport>, store: Store) -> Self {
        Self { transport, store: Arc::new(store), taken: AtomicU64::new(0) }
    }

    async fn read(&self, repository: &Repository, blob: &BlobId, cap: u64) -> Result<Bytes, RegistryError> {
        if let Some(kept) = self.kept(blob, cap).await {
            return self.confirmed(repository, blob, cap, kept).await;
        }
        let lock = self.lock(blob.digest).await;
        // Who held the lock before us may have brought it.
        if let Some(kept) = self.kept(blob, cap).await {
            drop(lock);
            return self.confirmed(repository, blob, cap, kept).await;
        }
        let bytes = self.transport.blob(repository, blob, cap).await?;
        let (store, digest, kept) = (Arc::clone(&self.store), blob.digest, bytes.clone());
        let written = blocking(move || store.put(&digest, &kept)).await;
        if let Some(Err(error)) = written {
            tracing::warn!("the cache cannot be written: {error}");
        }
        drop(lock);
        Ok(bytes)
    }

    async fn kept(&self, blob: &BlobId, cap: u64) -> Option<Kept> {
        let (store, digest) = (Arc::clone(&self.store), blob.digest);
        let kept = blocking(move || store.get(&digest, cap)).await??;
        let found = match &kept {
            Kept::Blob(bytes) => bytes.len() as u64,
            Kept::Larger(size) => *size,
        };
        // Another size than the descriptor's is for the registry to explain.
        blob.size.is_none_or(|size| size == found).then_some(kept)
    }

    /// A manifest that we have just read names it, or the registry says that it is still there.
    async fn confirmed(
        &self,
        repository: &Repository,
        blob: &BlobId,
        cap: u64,
        kept: Kept,
    ) -> Result<Bytes, RegistryError> {
        if blob.size.is_none() {
            self.transport.has_blob(repository, &blob.digest).await?;
        }
        match kept {
            Kept::Blob(bytes) => {
                self.taken.fetch_add(1, Ordering::Relaxed);
                Ok(bytes)
            }
            Kept::Larger(size) => {
                let object = blob_object(repository, &blob.digest);
                let cause = Cause::TooLarge { cap, size: Some(size) };
                Err(RegistryError::new(repository.registry(), object, cause))
            }
        }
    }

    /// The right to bring a blob; nothing where it cannot be had, so that a broken folder stops nobody.
    async fn lock(&self, digest: Digest) -> Option<Lock> {
        for _ in 0..LOOKS {
            let store = Arc::clone(&self.store);
            match blocking(move || store.try_lock(&digest)).await? {
                Ok(Some(lock)) => return Some(lock),
                Ok(None) => tokio::time::sleep(LOOK_AGAIN).await,
                Err(_) => return None,
            }
        }
        None
    }
}

/// On a thread that may wait for a disk.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}

impl Transport for Cached {
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
        Traffic { from_cache: Some(self.taken.load(Ordering::Relaxed)), ..self.transport.traffic() }
    }
}

#[cfg(test)]
mod tests;
