//! The wire: one [`Transport`] for all that is read from registries, over HTTP ([`http`]) or from an OCI
//! image layout on disk ([`layout`]), each object asked for once per run ([`once`]), blobs kept between runs ([`cache`]).
//!
//! Every answer is bounded and bound: a call carries a cap in bytes, and no byte is handed out before its digest
//! and size agree with what was asked for. What is definitely absent (404) and what could not be found out are
//! different errors ([`RegistryError`]). Nothing here knows signatures, policies or components.

pub mod cache;
mod error;
pub mod http;
mod image_config;
pub mod layout;
mod manifest;
#[cfg(test)]
pub(crate) mod memory;
pub mod once;
mod referrers;

pub use error::{Cause, RegistryError, TokenExchange};
pub use image_config::{HealthConfig, ImageConfig};
pub use manifest::{Body, Descriptor, ImageIndex, ImageManifest, Manifest, MediaType, Platform};

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::model::{Digest, ImageRef, PinnedRef, Repository};

/// The answer of a [`Transport`], later.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, RegistryError>>;

/// A blob that is wanted: by digest, and by size where a descriptor told it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct BlobId {
    /// Of the bytes as stored.
    pub digest: Digest,
    /// In bytes, if known; another size is refused.
    pub size: Option<u64>,
}

impl From<&Descriptor> for BlobId {
    fn from(descriptor: &Descriptor) -> Self {
        Self { digest: descriptor.digest, size: Some(descriptor.size) }
    }
}

/// Reads from registries. Object safe, so that one run can be given any source of bytes.
///
/// # Errors
/// All calls fail with [`RegistryError`]; [`RegistryError::is_absent`] tells a definite 404 from all else.
pub trait Transport: Send + Sync {
    /// The manifest or index, read strictly; no more than `cap` bytes. Its digest is computed from the bytes and
    /// equals the one in a pinned reference; for a tag it equals what the registry said, if it said anything.
    fn manifest<'a>(&'a self, reference: &'a ImageRef, cap: u64) -> Answer<'a, Manifest>;

    /// Media type, digest and size as the registry states them, without the bytes.
    fn head<'a>(&'a self, reference: &'a ImageRef) -> Answer<'a, Descriptor>;

    /// The blob, whole, with digest and size checked; no more than `cap` bytes.
    fn blob<'a>(&'a self, repository: &'a Repository, blob: &'a BlobId, cap: u64) -> Answer<'a, Bytes>;

    /// The manifests that name `subject` as theirs, from the referrers API or, where there is none, from the
    /// fallback tag; none is an empty list. More than `limit` of them is an error. The list is the registry's word:
    /// who uses a referrer reads its manifest and compares the subject in it.
    fn referrers<'a>(&'a self, subject: &'a PinnedRef, limit: usize) -> Answer<'a, Vec<Descriptor>>;

    /// Whether a blob is there, without its bytes; the answer of who keeps nothing that could be gone is yes.
    fn has_blob<'a>(&'a self, _repository: &'a Repository, _digest: &'a Digest) -> Answer<'a, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// What was asked so far.
    fn traffic(&self) -> Traffic {
        Traffic::default()
    }
}

/// What a run asked for, for the report.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Traffic {
    /// Requests by host (with port), each try counted.
    pub requests: std::collections::BTreeMap<String, u64>,
    /// Tries beyond the first.
    pub retries: u64,
    /// Tries beyond the first that all requests together may take; none where there is no such bound.
    pub retry_budget: Option<u64>,
    /// Bytes of bodies received.
    pub bytes: u64,
    /// Blobs that were on disk already; none where there is no cache.
    pub from_cache: Option<u64>,
    /// Blobs and manifests that were read and are not held any more for who asks again; none where none are held.
    pub evicted: Option<u64>,
}

/// What was asked for, in an error: the address that a registry knows a manifest under.
fn manifest_object(method: &str, reference: &ImageRef) -> String {
    let repository = reference.repository();
    let (registry, path) = (repository.registry(), repository.path());
    match reference {
        ImageRef::Tagged { tag, .. } => format!("{method} https://{registry}/v2/{path}/manifests/{tag}"),
        ImageRef::Pinned(pinned) => {
            format!("{method} https://{registry}/v2/{path}/manifests/{}", pinned.digest)
        }
    }
}

/// The same for a blob.
pub(crate) fn blob_object(repository: &Repository, digest: &Digest) -> String {
    format!("GET https://{}/v2/{}/blobs/{digest}", repository.registry(), repository.path())
}

/// The same for a list of referrers.
fn referrers_object(subject: &PinnedRef) -> String {
    let repository = &subject.repository;
    format!("GET https://{}/v2/{}/referrers/{}", repository.registry(), repository.path(), subject.digest)
}
