//! From a target to its evidence: signatures, attestations, bundles, configuration and files of one image, as
//! bytes that are bound to digests. Nothing here says whether any of it is true; that is `verify`'s word.
//!
//! First the [`Footprint`] is read, so that all sizes are known, then the bodies that it names.

pub mod archive;
mod bodies;
mod footprint;
mod platform;

pub use footprint::{BundleEntry, FilesEntry, Footprint};

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use crate::model::failure::StageError;
use crate::model::{Digest, PinnedRef};
use crate::registry::{Descriptor, ImageConfig, RegistryError};

/// One part of the evidence. What could not be found out is never the same as what is not there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part<T> {
    /// It is there, complete.
    Present(T),
    /// It is definitely not there.
    Absent,
    /// Nothing can be said.
    Undecided(StageError),
    /// The run does not need it, so it was not asked for.
    NotAsked,
}

/// What a run needs to read of each image.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Need {
    /// Layers of the `.sig` manifest.
    Signatures,
    /// Layers of the `.att` manifest.
    Attestations,
    /// Referrers that hold a Sigstore bundle.
    Bundles,
    /// The image's configuration.
    Config,
    /// The base image's configuration.
    Parent,
    /// Files of an operator bundle.
    Files,
}

impl Need {
    /// All of them.
    pub fn all() -> BTreeSet<Self> {
        [Self::Signatures, Self::Attestations, Self::Bundles, Self::Config, Self::Parent, Self::Files].into()
    }
}

/// Everything that was read of one image.
#[derive(Clone, PartialEq, Debug)]
pub struct Evidence {
    /// The image, or index, itself.
    pub image: PinnedRef,
    /// Layers of `<repository>:sha256-<hex>.sig`, in order. An empty list is present, not absent.
    pub signatures: Part<Vec<Layer>>,
    /// Layers of `<repository>:sha256-<hex>.att`, in order.
    pub attestations: Part<Vec<Layer>>,
    /// Referrers that hold a Sigstore bundle, in the registry's order; absent where there is none.
    pub bundles: Part<Vec<Bundle>>,
    /// The configuration of the image; for an index that of its linux/amd64 child.
    pub config: Part<ImageConfig>,
    /// The base image, if the image's annotations name one.
    pub parent: Part<Parent>,
    /// Files of an operator bundle: bytes by path as in the archive; absent unless the image is one.
    pub files: Part<BTreeMap<String, Bytes>>,
}

/// A layer of a `.sig` or `.att` manifest: the payload or envelope, and the annotations that belong to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layer {
    /// Media type, digest, size, annotations.
    pub descriptor: Descriptor,
    /// The content; its digest and size are the descriptor's.
    pub bytes: Bytes,
}

/// A Sigstore bundle that a referrer of the image holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bundle {
    /// Digest of the referrer's manifest, whose own subject is the image.
    pub referrer: Digest,
    /// The one layer of that manifest.
    pub layer: Layer,
    /// Annotations of the manifest: hints, not facts.
    pub annotations: BTreeMap<String, String>,
}

/// The image that the image says it was built on.
#[derive(Clone, PartialEq, Debug)]
pub struct Parent {
    /// As the annotations name it: `name@digest`, where the name may bear a tag.
    pub reference: String,
    /// Its configuration; for an index that of its linux/amd64 child.
    pub config: ImageConfig,
}

impl<T> Part<T> {
    /// The content, if it is there.
    pub fn present(&self) -> Option<&T> {
        if let Self::Present(it) = self { Some(it) } else { None }
    }

    /// Why nothing can be said, if so.
    pub fn undecided(&self) -> Option<&StageError> {
        if let Self::Undecided(error) = self { Some(error) } else { None }
    }
}

/// Why a part is not there, on the way to a [`Part`].
#[derive(Clone, PartialEq, Eq, Debug)]
enum Missing {
    Absent,
    Undecided(StageError),
    NotAsked,
}

impl Missing {
    /// A look-up by a name that nothing promised: a definite 404 is absence.
    fn by_name(error: RegistryError) -> Self {
        if error.is_absent() { Self::Absent } else { Self::Undecided(error.into()) }
    }

    /// A look-up by a digest that a manifest names: a 404 is a hole in the store.
    fn by_digest(error: RegistryError) -> Self {
        Self::Undecided(error.into())
    }
}

impl<T> From<Result<T, Missing>> for Part<T> {
    fn from(found: Result<T, Missing>) -> Self {
        match found {
            Ok(it) => Self::Present(it),
            Err(Missing::Absent) => Self::Absent,
            Err(Missing::Undecided(error)) => Self::Undecided(error),
            Err(Missing::NotAsked) => Self::NotAsked,
        }
    }
}

impl<T> From<Part<T>> for Result<T, Missing> {
    fn from(part: Part<T>) -> Self {
        match part {
            Part::Present(it) => Ok(it),
            Part::Absent => Err(Missing::Absent),
            Part::Undecided(error) => Err(Missing::Undecided(error)),
            Part::NotAsked => Err(Missing::NotAsked),
        }
    }
}

impl<T> Part<T> {
    /// Goes on with the content, if it is there.
    async fn and_then<U>(self, next: impl AsyncFnOnce(T) -> Result<U, Missing>) -> Part<U> {
        match Result::from(self) {
            Ok(it) => next(it).await.into(),
            Err(missing) => Err(missing).into(),
        }
    }
}

#[cfg(test)]
mod tests;
