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

/// Why a text is not an image reference.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("could not parse reference: {text} ({reason})")]
pub struct BadReference {
    /// As given, cut where it is too long.
    pub text: String,
    /// What is wrong with it.
    pub reason: BadReferenceReason,
}

/// What is wrong with a reference.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadReferenceReason {
    /// Beyond any reference that a registry accepts.
    #[error("longer than {} characters", MAX_LENGTH)]
    TooLong,
    /// No repository.
    #[error("a repository name must be specified")]
    NoRepository,
    /// A length that registries refuse.
    #[error("a repository name has 2 to 255 characters")]
    RepositoryLength,
    /// Upper case, blanks, percent signs and the like.
    #[error("a repository name consists of a-z, 0-9, '_', '-', '.' and '/'")]
    RepositoryCharacter,
    /// `..`, or nothing between two slashes: would lead elsewhere in an address.
    #[error("a repository name has no empty, '.' or '..' segment")]
    RepositorySegment,
    /// Not `host` or `host:port`.
    #[error("the registry is not a host with an optional port")]
    Registry,
    /// Nothing after the colon, or more than 128 characters.
    #[error("a tag has 1 to 128 characters")]
    TagLength,
    /// Anything that is not allowed in a tag.
    #[error("a tag consists of letters, digits, '_', '-' and '.'")]
    TagCharacter,
    /// Several `@`, or no SHA-256 digest after it.
    #[error("after '@' there must be \"sha256:\" and 64 lower-case hexadecimal digits")]
    Digest,
}

/// Characters of a whole reference: host (253), port, repository (255), tag (128) and digest (71) fit twice.
const MAX_LENGTH: usize = 2048;

/// Where references without a registry belong.
const DOCKER_HUB: &str = "index.docker.io";

impl ImageRef {
    /// Reads a reference as users write it: without a registry it belongs to Docker Hub, where a name of one
    /// segment stands below `library`; without a tag it means `latest`; beside a digest a tag means nothing.
    ///
    /// # Errors
    /// [`BadReference`] says why.
    pub fn parse(text: &str) -> Result<Self, BadReference> {
        Self::read(text).map_err(|reason| bad(text, reason))
    }

    fn read(text: &str) -> Result<Self, BadReferenceReason> {
        if text.len() > MAX_LENGTH {
            return Err(BadReferenceReason::TooLong);
        }
        if let Some((base, digest)) = text.split_once('@') {
            let digest = Digest::parse(digest).map_err(|_| BadReferenceReason::Digest)?;
            let (name, tag) = split_tag(base);
            // A tag that is none makes the colon part of the name, where it is refused.
            let name = if tag.is_some_and(|tag| check_tag(tag).is_ok()) { name } else { base };
            return Ok(Self::Pinned(Repository::read(name)?.pin(digest)));
        }
        let (name, tag) = split_tag(text);
        let tag = tag.unwrap_or("latest");
        check_tag(tag)?;
        Ok(Self::Tagged { repository: Repository::read(name)?, tag: tag.into() })
    }
}

impl Repository {
    /// Reads a repository without tag and digest.
    ///
    /// # Errors
    /// [`BadReference`] says why.
    pub fn parse(text: &str) -> Result<Self, BadReference> {
        if text.len() > MAX_LENGTH {
            return Err(bad(text, BadReferenceReason::TooLong));
        }
        Self::read(text).map_err(|reason| bad(text, reason))
    }

    fn read(text: &str) -> Result<Self, BadReferenceReason> {
        if text.is_empty() {
            return Err(BadReferenceReason::NoRepository);
        }
        let (registry, path) = match text.split_once('/') {
            Some((host, path)) if host.contains(['.', ':']) => (host, path),
            _ => (DOCKER_HUB, text),
        };
        check_path(path)?;
        if !is_authority(registry) {
            return Err(BadReferenceReason::Registry);
        }
        let registry = if registry == "docker.io" { DOCKER_HUB } else { registry };
        if registry == DOCKER_HUB && !path.contains('/') {
            return Ok(Self::from_checked(registry, &format!("library/{path}")));
        }
        Ok(Self::from_checked(registry, path))
    }

    /// This repository's content under `tag`, which must be one of ours: `sha256-<hex>` with a suffix.
    pub(crate) fn tagged(&self, tag: &str) -> ImageRef {
        ImageRef::Tagged { repository: self.clone(), tag: tag.into() }
    }
}

impl PinnedRef {
    /// The tag under which signatures (`.sig`), attestations (`.att`) and SBOMs (`.sbom`) of this content are
    /// stored, or, with an empty suffix, its list of referrers.
    pub fn attached(&self, suffix: &str) -> ImageRef {
        self.repository.tagged(&format!("sha256-{}{suffix}", self.digest.hex()))
    }
}

fn bad(text: &str, reason: BadReferenceReason) -> BadReference {
    BadReference { text: text.chars().take(MAX_LENGTH).collect(), reason }
}

/// At the last colon, unless it belongs to a port.
fn split_tag(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (text, None),
    }
}

fn check_tag(tag: &str) -> Result<(), BadReferenceReason> {
    if !tag.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b)) {
        return Err(BadReferenceReason::TagCharacter);
    }
    if tag.is_empty() || tag.len() > 128 || tag == "." || tag == ".." {
        return Err(BadReferenceReason::TagLength);
    }
    Ok(())
}

fn check_path(path: &str) -> Result<(), BadReferenceReason> {
    if !path.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-./".contains(&b)) {
        return Err(BadReferenceReason::RepositoryCharacter);
    }
    if path.len() < 2 || path.len() > 255 {
        return Err(BadReferenceReason::RepositoryLength);
    }
    if path.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        return Err(BadReferenceReason::RepositorySegment);
    }
    Ok(())
}

/// `host`, `host:port` or `[v6 address]:port`, with nothing that changes meaning within an address.
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let Some((address, rest)) = rest.split_once(']') else { return false };
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            if rest.is_empty() {
                return true;
            }
            let Some(port) = rest.strip_prefix(':') else { return false };
            ("v6", Some(port))
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let label = |it: &str| {
        (1..=63).contains(&it.len()) && it.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    let is_port =
        |it: &str| it.bytes().all(|b| b.is_ascii_digit()) && it.parse::<u16>().is_ok_and(|it| it > 0);
    host.len() <= 253 && host.split('.').all(label) && port.is_none_or(is_port)
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

#[cfg(test)]
#[path = "reference_tests.rs"]
mod tests;
