//! Which image stands for an index: its configuration, annotations and files are those of the linux/amd64 child.

use super::Missing;
use crate::model::failure::StageError;
use crate::model::{FailureKind, ImageRef, Limits, Repository};
use crate::registry::{ImageManifest, Manifest, Transport};

/// Indexes below indexes that are followed; nobody is known to nest them even once.
const DEPTH: usize = 4;

/// The image itself, or the child that stands for the index; absent where the index has none for the platform.
pub(super) async fn image(
    transport: &dyn Transport,
    repository: &Repository,
    manifest: &Manifest,
    limits: &Limits,
) -> Result<ImageManifest, Missing> {
    let mut manifest = manifest.clone();
    for _ in 0..DEPTH {
        let Some(index) = manifest.as_index() else { break };
        let child = index.linux_amd64().ok_or(Missing::Absent)?;
        let reference = ImageRef::Pinned(repository.pin(child.digest));
        let found = transport.manifest(&reference, limits.manifest_bytes).await;
        manifest = found.map_err(Missing::by_digest)?;
    }
    let too_deep = || StageError::new(FailureKind::TooLarge, "indexes nest too deeply");
    let at = repository.pin(manifest.digest);
    manifest.as_image().cloned().ok_or_else(|| Missing::Undecided(too_deep().at(at)))
}
