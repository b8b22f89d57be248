//! From the footprint to the evidence: the bodies, each bounded by itself and all of an image together.

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::archive::{self, Bounds};
use super::{Bundle, BundleEntry, Evidence, FilesEntry, Footprint, Layer, Missing, Part};
use crate::model::failure::StageError;
use crate::model::{FailureKind, Limits, PinnedRef};
use crate::registry::{BlobId, Descriptor, Transport};

/// Bodies of one image read at once.
const CONCURRENCY: usize = 4;

impl Footprint {
    /// Reads what the footprint names.
    pub async fn read(self, transport: &dyn Transport, limits: &Limits) -> Evidence {
        let size = self.bytes();
        let reader = Reader { transport, limits, image: &self.image };
        let (signatures, attestations, bundles, files) = if size > limits.evidence_bytes {
            let message = format!("{size} bytes of evidence, more than {}", limits.evidence_bytes);
            let error = StageError::new(FailureKind::TooLarge, message).at(&self.image);
            (
                refused(self.signatures, &error),
                refused(self.attestations, &error),
                refused(self.bundles, &error),
                refused(self.files, &error),
            )
        } else {
            tokio::join!(
                self.signatures.and_then(async |it| reader.layers(it).await),
                self.attestations.and_then(async |it| reader.layers(it).await),
                self.bundles.and_then(async |it| reader.bundles(it).await),
                self.files.and_then(async |it| reader.files(it).await),
            )
        };
        let Self { image, config, parent, .. } = self;
        Evidence { image, signatures, attestations, bundles, config, parent, files }
    }
}

/// The part, had it not been too large.
fn refused<T, U>(part: Part<T>, error: &StageError) -> Part<U> {
    Result::from(part).and_then(|_| Err(Missing::Undecided(error.clone()))).into()
}

struct Reader<'a> {
    transport: &'a dyn Transport,
    limits: &'a Limits,
    image: &'a PinnedRef,
}

impl Reader<'_> {
    async fn layers(&self, layers: Vec<Descriptor>) -> Result<Vec<Layer>, Missing> {
        let layers = layers.into_iter().map(|descriptor| self.layer(descriptor));
        stream::iter(layers).buffered(CONCURRENCY).try_collect().await
    }

    async fn layer(&self, descriptor: Descriptor) -> Result<Layer, Missing> {
        let bytes = self.body(&descriptor, self.limits.attachment_bytes).await?;
        Ok(Layer { descriptor, bytes })
    }

    async fn bundles(&self, bundles: Vec<BundleEntry>) -> Result<Vec<Bundle>, Missing> {
        let bundles = bundles.into_iter().map(async |BundleEntry { referrer, layer, annotations }| {
            Ok(Bundle { referrer, layer: self.layer(layer).await?, annotations })
        });
        stream::iter(bundles).buffered(CONCURRENCY).try_collect().await
    }

    async fn files(&self, files: FilesEntry) -> Result<archive::Files, Missing> {
        let FilesEntry { folder, layers } = files;
        let bodies = layers
            .into_iter()
            .map(async |layer: Descriptor| self.body(&layer, self.limits.layer_bytes).await);
        let bodies: Vec<Bytes> = stream::iter(bodies).buffered(CONCURRENCY).try_collect().await?;
        let bounds = Bounds::from(self.limits);
        let read = tokio::task::spawn_blocking(move || archive::flattened(&bodies, &[folder], bounds));
        match read.await {
            Ok(Ok(files)) => Ok(files),
            Ok(Err(error)) => Err(Missing::Undecided(StageError::from(error).at(self.image))),
            Err(_) => {
                let error = StageError::new(FailureKind::Panicked, "reading of layers ended");
                Err(Missing::Undecided(error.at(self.image)))
            }
        }
    }

    /// A size that is beyond the cap is refused without a request.
    async fn body(&self, descriptor: &Descriptor, cap: u64) -> Result<Bytes, Missing> {
        if descriptor.size > cap {
            let message = format!("{} bytes, more than {cap}", descriptor.size);
            let error = StageError::new(FailureKind::TooLarge, message);
            return Err(Missing::Undecided(error.at(self.image.repository.pin(descriptor.digest))));
        }
        let read = self.transport.blob(&self.image.repository, &BlobId::from(descriptor), cap).await;
        read.map_err(Missing::by_digest)
    }
}
