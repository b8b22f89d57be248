//! Manifests, indexes and descriptors: OCI image specification 1.1 and Docker's equivalents (image manifest
//! version 2, schema 2; manifest list), read strictly.
//!
//! A document that could be read as an image and as an index, or that contradicts the type it was served with,
//! is refused, since two readers would see two different things. `urls` of descriptors are kept for rules to look
//! at and never fetched.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::image_config::or_default;
use crate::json::{Limits, strict};
use crate::model::Digest;

/// Where a content is: its type, digest and size.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// May be empty.
    #[serde(default, deserialize_with = "or_default")]
    pub media_type: String,
    /// Of the content as stored.
    pub digest: Digest,
    /// In bytes.
    #[serde(default)]
    pub size: u64,
    /// Other places of the content; never fetched.
    #[serde(default, deserialize_with = "or_default")]
    pub urls: Vec<String>,
    /// Free text by key.
    #[serde(default, deserialize_with = "or_default")]
    pub annotations: BTreeMap<String, String>,
    /// The content itself in base64; never used in its place.
    #[serde(default, deserialize_with = "or_default")]
    pub data: String,
    /// Type of the artifact that is described; may be empty.
    #[serde(default, deserialize_with = "or_default")]
    pub artifact_type: String,
    /// In an index: what the image runs on.
    #[serde(default)]
    pub platform: Option<Platform>,
}

/// What an image runs on.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Platform {
    /// `GOARCH`
    #[serde(deserialize_with = "or_default")]
    pub architecture: String,
    /// `GOOS`
    #[serde(deserialize_with = "or_default")]
    pub os: String,
    /// Windows only.
    #[serde(rename = "os.version", deserialize_with = "or_default")]
    pub os_version: String,
    /// Windows only.
    #[serde(rename = "os.features", deserialize_with = "or_default")]
    pub os_features: Vec<String>,
    /// Of the processor.
    #[serde(deserialize_with = "or_default")]
    pub variant: String,
    /// Reserved.
    #[serde(deserialize_with = "or_default")]
    pub features: Vec<String>,
}

/// A manifest of either kind, with the bytes that its digest names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Manifest {
    /// Of `bytes`.
    pub digest: Digest,
    /// As served, or as the document says where it was served without one.
    pub media_type: MediaType,
    /// As received.
    pub bytes: Bytes,
    /// As read.
    pub body: Body,
}

/// The two kinds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Body {
    /// One image or artifact.
    Image(Arc<ImageManifest>),
    /// A list of manifests.
    Index(Arc<ImageIndex>),
}

/// An image or artifact: configuration and layers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImageManifest {
    /// 2, or what an older writer put.
    pub schema_version: u64,
    /// As written; may be empty.
    pub media_type: String,
    /// May be empty.
    pub artifact_type: String,
    /// Descriptor of the configuration.
    pub config: Descriptor,
    /// In order.
    pub layers: Vec<Descriptor>,
    /// Free text by key.
    pub annotations: BTreeMap<String, String>,
    /// What it refers to.
    pub subject: Option<Descriptor>,
}

/// A list of manifests.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImageIndex {
    /// 2, or what an older writer put.
    pub schema_version: u64,
    /// As written; may be empty.
    pub media_type: String,
    /// May be empty.
    pub artifact_type: String,
    /// In order.
    pub manifests: Vec<Descriptor>,
    /// Free text by key.
    pub annotations: BTreeMap<String, String>,
    /// What it refers to.
    pub subject: Option<Descriptor>,
}

/// The types of manifests that are read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum MediaType {
    /// `application/vnd.oci.image.manifest.v1+json`
    OciManifest,
    /// `application/vnd.oci.image.index.v1+json`
    OciIndex,
    /// `application/vnd.docker.distribution.manifest.v2+json`
    DockerManifest,
    /// `application/vnd.docker.distribution.manifest.list.v2+json`
    DockerList,
}

impl MediaType {
    /// Every type, in the order in which a request names them.
    pub const ALL: [Self; 4] = [Self::OciManifest, Self::OciIndex, Self::DockerManifest, Self::DockerList];

    /// The type of that name; parameters after `;` do not count.
    pub fn named(text: &str) -> Option<Self> {
        let name = text.split(';').next().unwrap_or_default().trim();
        Self::ALL.into_iter().find(|it| it.as_str().eq_ignore_ascii_case(name))
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OciManifest => "application/vnd.oci.image.manifest.v1+json",
            Self::OciIndex => "application/vnd.oci.image.index.v1+json",
            Self::DockerManifest => "application/vnd.docker.distribution.manifest.v2+json",
            Self::DockerList => "application/vnd.docker.distribution.manifest.list.v2+json",
        }
    }

    /// Is it a list of manifests?
    pub fn is_index(self) -> bool {
        matches!(self, Self::OciIndex | Self::DockerList)
    }
}

impl Manifest {
    /// Reads what was served as `served_as` (a `Content-Type`, or the media type of a descriptor; may be empty).
    ///
    /// # Errors
    /// Says what is wrong with the document.
    pub fn read(bytes: Bytes, served_as: &str) -> Result<Self, String> {
        let document: Document = read_strict(&bytes)?;
        let media_type = document.media_type(served_as)?;
        let digest = Digest::of(&bytes);
        let body = document.into_body(media_type)?;
        Ok(Self { digest, media_type, bytes, body })
    }

    /// The image, if it is one.
    pub fn as_image(&self) -> Option<&ImageManifest> {
        if let Body::Image(image) = &self.body { Some(image) } else { None }
    }

    /// The index, if it is one.
    pub fn as_index(&self) -> Option<&ImageIndex> {
        if let Body::Index(index) = &self.body { Some(index) } else { None }
    }

    /// What it refers to.
    pub fn subject(&self) -> Option<&Descriptor> {
        match &self.body {
            Body::Image(image) => image.subject.as_ref(),
            Body::Index(index) => index.subject.as_ref(),
        }
    }

    /// Its own descriptor, without annotations, as a registry's headers would tell it.
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::new(self.media_type.as_str(), self.digest, self.bytes.len() as u64)
    }
}

impl Descriptor {
    /// A descriptor with nothing optional.
    pub fn new(media_type: &str, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest,
            size,
            urls: Vec::new(),
            annotations: BTreeMap::new(),
            data: String::new(),
            artifact_type: String::new(),
            platform: None,
        }
    }
}

impl ImageIndex {
    /// The child for linux/amd64: the first that says so or says nothing. That is the one whose configuration and
    /// files stand for an index.
    pub fn linux_amd64(&self) -> Option<&Descriptor> {
        self.manifests.iter().find(|child| {
            child.platform.as_ref().is_none_or(|it| it.os == "linux" && it.architecture == "amd64")
        })
    }
}

/// Everything that either kind may hold, so that a mixture is seen.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    schema_version: u64,
    #[serde(default, deserialize_with = "or_default")]
    media_type: String,
    #[serde(default, deserialize_with = "or_default")]
    artifact_type: String,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<Vec<Descriptor>>,
    #[serde(default, deserialize_with = "or_default")]
    annotations: BTreeMap<String, String>,
    subject: Option<Descriptor>,
    /// Of schema 1, which has no digests of its own.
    fs_layers: Option<serde::de::IgnoredAny>,
    /// Of the withdrawn artifact manifest.
    blobs: Option<serde::de::IgnoredAny>,
}

impl Document {
    fn media_type(&self, served_as: &str) -> Result<MediaType, String> {
        let served = MediaType::named(served_as);
        let own = MediaType::named(&self.media_type);
        if own.is_none() && !self.media_type.is_empty() {
            return Err(format!("unknown manifest type {:?}", self.media_type));
        }
        match (served, own) {
            (Some(served), Some(own)) if served != own => {
                Err(format!("served as {}, but the document says {}", served.as_str(), own.as_str()))
            }
            (Some(it), _) | (None, Some(it)) => Ok(it),
            (None, None) if self.manifests.is_some() => Ok(MediaType::OciIndex),
            (None, None) => Ok(MediaType::OciManifest),
        }
    }

    fn into_body(self, media_type: MediaType) -> Result<Body, String> {
        let Self { schema_version, media_type: own, artifact_type, annotations, subject, .. } = self;
        if self.fs_layers.is_some() || self.blobs.is_some() || !matches!(schema_version, 0 | 2) {
            return Err("not an image manifest or index of schema version 2".to_owned());
        }
        let listed = self.manifests.is_some();
        let layered = self.layers.is_some() || self.config.is_some();
        if listed && layered {
            return Err("both an index (manifests) and an image (config, layers)".to_owned());
        }
        if media_type.is_index() {
            if layered {
                return Err(format!("an image, but its type is {}", media_type.as_str()));
            }
            let manifests = self.manifests.unwrap_or_default();
            return Ok(Body::Index(Arc::new(ImageIndex {
                schema_version,
                media_type: own,
                artifact_type,
                manifests,
                annotations,
                subject,
            })));
        }
        if listed {
            return Err(format!("an index, but its type is {}", media_type.as_str()));
        }
        let config = self.config.ok_or("an image manifest without config")?;
        let layers = self.layers.unwrap_or_default();
        Ok(Body::Image(Arc::new(ImageManifest {
            schema_version,
            media_type: own,
            artifact_type,
            config,
            layers,
            annotations,
            subject,
        })))
    }
}

/// One document, strictly.
pub(super) fn read_strict<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    strict::from_slice(bytes, Limits::bytes(bytes.len())).map_err(|error| error.to_string())
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
