//! What there is to read of an image: every descriptor, before any body. Only manifests and configurations, which
//! are small, are read for it.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use futures_util::stream;

use super::{Missing, Need, Parent, Part, platform};
use crate::model::failure::StageError;
use crate::model::{Digest, FailureKind, ImageRef, Limits, PinnedRef, Repository};
use crate::registry::{BlobId, Descriptor, ImageConfig, ImageManifest, Manifest, Transport};

/// Media type of what a referrer must hold to count as a bundle, without version.
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";

/// The label whose value is the folder of an operator bundle's manifests.
const OPERATOR_FOLDER: &str = "operators.operatorframework.io.bundle.manifests.v1";

/// Manifests of referrers read at once.
const CONCURRENCY: usize = 8;

/// What there is to read of one image.
#[derive(Clone, PartialEq, Debug)]
pub struct Footprint {
    /// The image, or index, itself.
    pub image: PinnedRef,
    /// Layers of the `.sig` manifest.
    pub signatures: Part<Vec<Descriptor>>,
    /// Layers of the `.att` manifest.
    pub attestations: Part<Vec<Descriptor>>,
    /// Bundles among the referrers.
    pub bundles: Part<Vec<BundleEntry>>,
    /// The configuration, already read, since it says whether there are files to read.
    pub config: Part<ImageConfig>,
    /// The base image, already read.
    pub parent: Part<Parent>,
    /// Where the files of an operator bundle are.
    pub files: Part<FilesEntry>,
}

/// A referrer that holds a bundle.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BundleEntry {
    /// Digest of its manifest.
    pub referrer: Digest,
    /// The layer that is the bundle.
    pub layer: Descriptor,
    /// Annotations of the manifest.
    pub annotations: BTreeMap<String, String>,
}

impl BundleEntry {
    fn bytes(&self) -> u64 {
        let annotations = self.annotations.iter().chain(&self.layer.annotations);
        annotations.map(|(key, value)| (key.len() + value.len()) as u64).sum()
    }
}

/// The files of an operator bundle, still in their layers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FilesEntry {
    /// The folder that the image's label names.
    pub folder: String,
    /// All layers, lowest first.
    pub layers: Vec<Descriptor>,
}

impl Footprint {
    /// Looks up what there is of `image`, whose manifest is known, as far as it is needed.
    pub async fn of(
        transport: &dyn Transport,
        image: &PinnedRef,
        manifest: &Manifest,
        needs: &BTreeSet<Need>,
        limits: &Limits,
    ) -> Self {
        let look = Look { transport, limits, needs };
        let (signatures, attestations, bundles, content) = tokio::join!(
            look.attached(Need::Signatures, image, ".sig"),
            look.attached(Need::Attestations, image, ".att"),
            look.bundles(image),
            look.content(image, manifest),
        );
        Self {
            image: image.clone(),
            signatures: signatures.into(),
            attestations: attestations.into(),
            bundles: bundles.into(),
            config: content.config.into(),
            parent: content.parent.into(),
            files: content.files.into(),
        }
    }

    /// Bytes of all bodies that are still to be read, as their descriptors tell.
    pub fn bytes(&self) -> u64 {
        let layers =
            [&self.signatures, &self.attestations].into_iter().filter_map(|it| it.present()).flatten();
        let bundles = self.bundles.present().into_iter().flatten().map(|it| &it.layer);
        let files = self.files.present().into_iter().flat_map(|it| &it.layers);
        layers.chain(bundles).chain(files).fold(0, |sum: u64, it| sum.saturating_add(it.size))
    }
}

struct Look<'a> {
    transport: &'a dyn Transport,
    limits: &'a Limits,
    needs: &'a BTreeSet<Need>,
}

impl Look<'_> {
    fn need(&self, need: Need) -> Result<(), Missing> {
        if self.needs.contains(&need) { Ok(()) } else { Err(Missing::NotAsked) }
    }

    async fn attached(
        &self,
        need: Need,
        image: &PinnedRef,
        suffix: &str,
    ) -> Result<Vec<Descriptor>, Missing> {
        self.need(need)?;
        let reference = image.attached(suffix);
        let found = self.transport.manifest(&reference, self.limits.manifest_bytes).await;
        let manifest = found.map_err(Missing::by_name)?;
        let Some(holder) = manifest.as_image() else {
            let error =
                StageError::new(FailureKind::Malformed, "an index where an image with layers is expected");
            return Err(Missing::Undecided(error.at(reference)));
        };
        self.check_layers(holder).map_err(|error| Missing::Undecided(error.at(reference)))?;
        Ok(holder.layers.clone())
    }

    /// Every referrer that may hold a bundle is read: the list is only a hint about what it holds.
    async fn bundles(&self, image: &PinnedRef) -> Result<Vec<BundleEntry>, Missing> {
        self.need(Need::Bundles)?;
        let listed = self.transport.referrers(image, self.limits.referrers).await;
        let candidates = listed
            .map_err(Missing::by_name)?
            .into_iter()
            .filter(|it| it.artifact_type.is_empty() || it.artifact_type.starts_with(BUNDLE))
            .map(|it| self.bundle(image, it.digest));
        let mut entries = stream::iter(candidates).buffered(CONCURRENCY);
        let (mut found, mut held) = (Vec::new(), 0_u64);
        while let Some(entry) = entries.next().await {
            let Some(entry) = entry? else { continue };
            // Together they may take no more than one manifest: no lease counts them.
            held = held.saturating_add(entry.bytes());
            if held > self.limits.manifest_bytes {
                let message =
                    format!("annotations of bundles larger than {} bytes", self.limits.manifest_bytes);
                return Err(Missing::Undecided(StageError::new(FailureKind::TooLarge, message).at(image)));
            }
            found.push(entry);
        }
        if found.is_empty() { Err(Missing::Absent) } else { Ok(found) }
    }

    /// The bundle that a referrer holds, if it holds one and names this very image as its subject.
    async fn bundle(&self, image: &PinnedRef, referrer: Digest) -> Result<Option<BundleEntry>, Missing> {
        let reference = ImageRef::Pinned(image.repository.pin(referrer));
        let found = self.transport.manifest(&reference, self.limits.manifest_bytes).await;
        let manifest = found.map_err(Missing::by_digest)?;
        if manifest.subject().is_none_or(|it| it.digest != image.digest) {
            return Ok(None);
        }
        let Some(artifact) = manifest.as_image() else { return Ok(None) };
        let [layer] = artifact.layers.as_slice() else { return Ok(None) };
        if !layer.media_type.starts_with(BUNDLE) {
            return Ok(None);
        }
        let (layer, annotations) = (layer.clone(), artifact.annotations.clone());
        Ok(Some(BundleEntry { referrer, layer, annotations }))
    }

    async fn content(&self, image: &PinnedRef, manifest: &Manifest) -> Content {
        if ![Need::Config, Need::Parent, Need::Files].iter().any(|it| self.needs.contains(it)) {
            return Content::missing(&Missing::NotAsked);
        }
        let own = match platform::image(self.transport, &image.repository, manifest, self.limits).await {
            Ok(own) => own,
            Err(missing) => return Content::missing(&missing),
        };
        let (config, parent) = tokio::join!(self.own_config(image, &own), self.parent(&own));
        let files = self.files(&config, &own, image);
        Content { config: self.need(Need::Config).and(config), parent, files }
    }

    async fn own_config(&self, image: &PinnedRef, own: &ImageManifest) -> Result<ImageConfig, Missing> {
        self.need(Need::Config).or_else(|_| self.need(Need::Files))?;
        self.config(&image.repository, &own.config).await
    }

    async fn config(&self, repository: &Repository, descriptor: &Descriptor) -> Result<ImageConfig, Missing> {
        let blob = BlobId::from(descriptor);
        let bytes = self.transport.blob(repository, &blob, self.limits.config_bytes).await;
        ImageConfig::read(&bytes.map_err(Missing::by_digest)?).map_err(|reason| {
            let error = StageError::new(FailureKind::Malformed, format!("image configuration: {reason}"));
            Missing::Undecided(error.at(repository.pin(descriptor.digest)))
        })
    }

    async fn parent(&self, own: &ImageManifest) -> Result<Parent, Missing> {
        self.need(Need::Parent)?;
        let reference = parent_name(&own.annotations).ok_or(Missing::Absent)?;
        // An annotation that names nothing is like none.
        let parsed = ImageRef::parse(&reference).map_err(|_| Missing::Absent)?;
        let repository = parsed.repository();
        let found = self.transport.manifest(&parsed, self.limits.manifest_bytes).await;
        let manifest = found.map_err(Missing::by_name)?;
        let image = platform::image(self.transport, repository, &manifest, self.limits).await?;
        let config = self.config(repository, &image.config).await?;
        Ok(Parent { reference, config })
    }

    fn files(
        &self,
        config: &Result<ImageConfig, Missing>,
        own: &ImageManifest,
        image: &PinnedRef,
    ) -> Result<FilesEntry, Missing> {
        self.need(Need::Files)?;
        let config = config.as_ref().map_err(Missing::clone)?;
        let folder = config.labels.get(OPERATOR_FOLDER).ok_or(Missing::Absent)?;
        self.check_layers(own).map_err(|error| Missing::Undecided(error.at(image)))?;
        Ok(FilesEntry { folder: folder.clone(), layers: own.layers.clone() })
    }

    fn check_layers(&self, image: &ImageManifest) -> Result<(), StageError> {
        let (count, limit) = (image.layers.len(), self.limits.layers);
        if count <= limit {
            return Ok(());
        }
        Err(StageError::new(FailureKind::TooLarge, format!("{count} layers, more than {limit}")))
    }
}

/// What belongs to the image itself, rather than to its signers.
struct Content {
    config: Result<ImageConfig, Missing>,
    parent: Result<Parent, Missing>,
    files: Result<FilesEntry, Missing>,
}

impl Content {
    fn missing(why: &Missing) -> Self {
        Self { config: Err(why.clone()), parent: Err(why.clone()), files: Err(why.clone()) }
    }
}

/// The base image's name, with its digest where the name has none.
fn parent_name(annotations: &BTreeMap<String, String>) -> Option<String> {
    let name = annotations.get("org.opencontainers.image.base.name").filter(|it| !it.is_empty())?;
    match annotations.get("org.opencontainers.image.base.digest").filter(|it| !it.is_empty()) {
        Some(digest) if !name.contains('@') => Some(format!("{name}@{digest}")),
        _ => Some(name.clone()),
    }
}
