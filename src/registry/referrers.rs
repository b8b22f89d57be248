//! Lists of referrers (OCI distribution specification 1.1, "listing referrers"), whether from the API or under
//! the fallback tag.

use std::sync::Arc;

use super::{Body, Cause, Descriptor, Manifest};

/// What a list lists: it is an image index, or it is refused.
pub(super) fn listed(list: Manifest) -> Result<Vec<Descriptor>, Cause> {
    match list.body {
        Body::Index(index) => Ok(Arc::unwrap_or_clone(index).manifests),
        Body::Image(_) => Err(Cause::Malformed("the list of referrers is not an index".to_owned())),
    }
}

impl Manifest {
    /// How a list of referrers describes this manifest.
    pub(crate) fn as_referrer(&self) -> Descriptor {
        let (artifact_type, annotations) = match &self.body {
            Body::Image(image) if image.artifact_type.is_empty() => {
                (&image.config.media_type, &image.annotations)
            }
            Body::Image(image) => (&image.artifact_type, &image.annotations),
            Body::Index(index) => (&index.artifact_type, &index.annotations),
        };
        Descriptor {
            artifact_type: artifact_type.clone(),
            annotations: annotations.clone(),
            ..self.descriptor()
        }
    }
}
