//! OCI image layouts on disk (OCI image specification 1.1, "image layout") in place of registries.
//!
//! Each manifest in `index.json` bears `org.opencontainers.image.ref.name` with the full reference, host included,
//! by tag or by digest; so a layout answers for the names in it. A host that stands in some name is known: on it,
//! what no name leads to is absent. On any other host nothing can be said. Blobs are found by digest and checked
//! when they are read. The network is never asked.

mod names;
mod store;

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use super::{Answer, BlobId, Cause, Descriptor, Manifest, RegistryError, Transport};
use crate::model::{Digest, ImageRef, Limits, PinnedRef, Repository};
use names::Names;
use store::Store;

/// One or several layouts, read as one.
#[derive(Clone)]
pub struct Layout(Arc<Inner>);

struct Inner {
    names: Names,
    store: Store,
    manifest_cap: u64,
}

/// Why a folder is no layout that can be used.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// A file cannot be read.
    #[error("{}: {cause}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// A file is not what a layout has there.
    #[error("{}: {reason}", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A name is not a full reference.
    #[error("{}: {name:?} is not a reference with its registry's host", path.display())]
    BadName {
        /// The `index.json`.
        path: PathBuf,
        /// As written.
        name: String,
    },
    /// One name, two contents: no answer could be right.
    #[error("{}: {name} is {first} and {second}", path.display())]
    TwoDigests {
        /// The `index.json` in which the second stands.
        path: PathBuf,
        /// The name.
        name: String,
        /// What it was first.
        first: Digest,
        /// What it was then.
        second: Digest,
    },
}

impl Layout {
    /// Reads `oci-layout` and `index.json` of each folder; nothing else is read yet.
    ///
    /// # Errors
    /// [`LayoutError`] names the file.
    pub fn from_dirs(dirs: &[PathBuf], limits: &Limits) -> Result<Self, LayoutError> {
        let mut names = Names::default();
        for dir in dirs {
            names.add(dir, limits)?;
        }
        let store = Store::of(dirs);
        Ok(Self(Arc::new(Inner { names, store, manifest_cap: limits.manifest_bytes })))
    }

    /// Runs on a thread that may wait for a disk.
    async fn reading<T: Send + 'static>(
        &self,
        object: String,
        read: impl FnOnce(&Inner) -> Result<T, Cause> + Send + 'static,
        host: &str,
    ) -> Result<T, RegistryError> {
        let inner = self.0.clone();
        let answer = tokio::task::spawn_blocking(move || read(&inner)).await.unwrap_or(Err(Cause::Panicked));
        answer.map_err(|cause| RegistryError::new(host, object, cause))
    }
}

impl Transport for Layout {
    fn manifest<'a>(&'a self, reference: &'a ImageRef, cap: u64) -> Answer<'a, Manifest> {
        let wanted = reference.clone();
        Box::pin(self.reading(
            super::manifest_object("GET", reference),
            move |inner| inner.manifest(&wanted, cap),
            reference.repository().registry(),
        ))
    }

    fn head<'a>(&'a self, reference: &'a ImageRef) -> Answer<'a, Descriptor> {
        let wanted = reference.clone();
        Box::pin(self.reading(
            super::manifest_object("HEAD", reference),
            move |inner| inner.manifest(&wanted, inner.manifest_cap).map(|it| it.descriptor()),
            reference.repository().registry(),
        ))
    }

    fn blob<'a>(&'a self, repository: &'a Repository, blob: &'a BlobId, cap: u64) -> Answer<'a, Bytes> {
        let (wanted, blob) = (repository.clone(), *blob);
        Box::pin(self.reading(
            super::blob_object(repository, &blob.digest),
            move |inner| {
                inner.names.repository(&wanted)?;
                inner.store.read(&blob, cap)
            },
            repository.registry(),
        ))
    }

    fn referrers<'a>(&'a self, subject: &'a PinnedRef, limit: usize) -> Answer<'a, Vec<Descriptor>> {
        let wanted = subject.clone();
        Box::pin(self.reading(
            super::referrers_object(subject),
            move |inner| inner.referrers(&wanted, limit),
            subject.repository.registry(),
        ))
    }
}

impl Inner {
    fn manifest(&self, reference: &ImageRef, cap: u64) -> Result<Manifest, Cause> {
        let repository = self.names.repository(reference.repository())?;
        let descriptor = match reference {
            ImageRef::Tagged { tag, .. } => repository.tagged(tag),
            ImageRef::Pinned(PinnedRef { digest, .. }) => match repository.pinned(digest) {
                None => repository.child(digest, |it| self.read(it, self.manifest_cap)),
                found => found,
            },
        };
        self.read(descriptor.ok_or(Cause::Absent)?, cap)
    }

    /// What a name leads to must be there: a hole is a broken store, not an absent image.
    fn read(&self, descriptor: &Descriptor, cap: u64) -> Result<Manifest, Cause> {
        let bytes = self.store.read(&BlobId::from(descriptor), cap).map_err(|cause| match cause {
            Cause::Absent => Cause::Malformed(format!("the layout names {} but lacks it", descriptor.digest)),
            cause => cause,
        })?;
        Manifest::read(bytes, &descriptor.media_type).map_err(Cause::Malformed)
    }

    /// First those that the fallback tag lists, then those that name the subject themselves.
    fn referrers(&self, subject: &PinnedRef, limit: usize) -> Result<Vec<Descriptor>, Cause> {
        let repository = self.names.repository(&subject.repository)?;
        let mut found = match self.manifest(&subject.attached(""), self.manifest_cap) {
            Ok(manifest) => super::referrers::listed(manifest)?,
            Err(Cause::Absent) => Vec::new(),
            Err(cause) => return Err(cause),
        };
        for own in repository.referrers(&subject.digest, |it| self.read(it, self.manifest_cap))? {
            if found.iter().all(|it| it.digest != own.digest) {
                found.push(own.clone());
            }
        }
        if found.len() > limit {
            return Err(Cause::TooMany { cap: limit, things: "referrers" });
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
