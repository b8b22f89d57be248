//! Image references: what a user writes becomes a repository with a tag, or with a digest. The two are
//! different types, since only the second one names content.

use std::fmt;
use std::sync::Arc;

use super::Digest;

/// Registry host (with port) and path, fully qualified: `index.docker.io/library/x`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    registry: Arc<str>,
    path: Arc<str>,
}

/// A reference by tag or by digest.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ImageRef {
    /// `registry/path:tag`
    Tagged {
        /// Where to look.
        repository: Repository,
        /// The tag, checked.
        tag: Arc<str>,
    },
    /// `registry/path@sha256:…`
    Pinned(PinnedRef),
}

/// A reference by digest: names exactly one content.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PinnedRef {
    /// Where to look.
    pub repository: Repository,
    /// What to find there.
    pub digest: Digest,
}

impl Repository {
    /// For the parser of references only: both parts are already checked.
    pub(crate) fn from_checked(registry: &str, path: &str) -> Self {
        Self { registry: registry.into(), path: path.into() }
    }

    /// Host and port, for example `registry.example:5000`.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The path below the host, for example `library/x`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// This repository's content `digest`.
    pub fn pin(&self, digest: Digest) -> PinnedRef {
        PinnedRef { repository: self.clone(), digest }
    }
}

impl ImageRef {
    /// The repository, however its content is named.
    pub fn repository(&self) -> &Repository {
        match self {
            Self::Tagged { repository, .. } => repository,
            Self::Pinned(pinned) => &pinned.repository,
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.path)
    }
}

impl fmt::Debug for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for PinnedRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.repository, self.digest)
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tagged { repository, tag } => write!(f, "{repository}:{tag}"),
            Self::Pinned(pinned) => pinned.fmt(f),
        }
    }
}
