//! The components that an image index stands for; pure.

use crate::model::failure::StageError;
use crate::model::{Component, FailureKind};

use super::Target;

/// One component for each manifest that the index lists, whatever it is; none for an image.
///
/// # Errors
/// More than `limit` of them.
pub(super) fn of(parent: &Component, target: &Target, limit: usize) -> Result<Vec<Component>, StageError> {
    let Some(index) = target.manifest.as_index() else { return Ok(Vec::new()) };
    if index.manifests.len() > limit {
        let message = format!("the image index lists {} manifests, more than {limit}", index.manifests.len());
        return Err(StageError::new(FailureKind::TooLarge, message));
    }
    let child = |(position, descriptor): (usize, &crate::registry::Descriptor)| {
        let architecture = descriptor.platform.as_ref().map_or("", |it| it.architecture.as_str());
        let suffix = match architecture {
            "" => format!("noarch-{position}"),
            architecture => architecture.to_owned(),
        };
        Component {
            name: format!("{}-{}-{suffix}", parent.name, descriptor.digest),
            container_image: target.pinned.repository.pin(descriptor.digest).to_string(),
            source: parent.source.clone(),
        }
    };
    Ok(index.manifests.iter().enumerate().map(child).collect())
}
