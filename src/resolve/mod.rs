//! From the entries of a snapshot to images by digest, and from image indexes to their children.
//!
//! Each name is asked for once; everything after that goes by digest, so an answer that changes changes nothing.
//! That an image is definitely not there is a result (a violation of `builtin.image.accessible`); everything else
//! that goes wrong leaves the component undecided.

mod children;

use futures_util::StreamExt;

use crate::model::failure::StageError;
use crate::model::reference::BadReference;
use crate::model::{Component, FailureKind, ImageRef, Limits, PinnedRef};
use crate::registry::{Manifest, RegistryError, Transport};

/// Requests under way at once; each is small, and hosts have bounds of their own.
const CONCURRENCY: usize = 16;

/// A component of the expanded snapshot, and where it leads.
#[derive(Clone, PartialEq, Debug)]
pub struct Resolved {
    /// As in the snapshot, or made from an index.
    pub component: Component,
    /// What its image is.
    pub resolution: Resolution,
}

/// Where a reference leads.
#[derive(Clone, PartialEq, Debug)]
pub enum Resolution {
    /// To an image.
    Target(Target),
    /// To nothing: the registry knows no such image.
    Inaccessible {
        /// The message of the violation.
        message: String,
    },
    /// Nobody knows.
    Undecided(StageError),
}

/// An image by digest.
#[derive(Clone, PartialEq, Debug)]
pub struct Target {
    /// Its name from here on; the report's `containerImage`.
    pub pinned: PinnedRef,
    /// Its manifest or index.
    pub manifest: Manifest,
}

/// Resolves every component, in order; the children of an index follow it.
pub async fn resolve(transport: &dyn Transport, components: &[Component], limits: &Limits) -> Vec<Resolved> {
    let families = futures_util::stream::iter(components)
        .map(|component| family(transport, component, limits))
        .buffered(CONCURRENCY)
        .collect::<Vec<_>>();
    families.await.into_iter().flatten().collect()
}

/// A component and, if it is an index, its children.
async fn family(transport: &dyn Transport, component: &Component, limits: &Limits) -> Vec<Resolved> {
    let resolution = one(transport, &component.container_image, limits).await;
    let children = match &resolution {
        Resolution::Target(target) => children::of(component, target, limits.index_children),
        Resolution::Inaccessible { .. } | Resolution::Undecided(_) => Ok(Vec::new()),
    };
    match children {
        Ok(children) => {
            let mut family = vec![Resolved { component: component.clone(), resolution }];
            let resolved = futures_util::stream::iter(children)
                .map(|component| async move {
                    let resolution = one(transport, &component.container_image, limits).await;
                    Resolved { component, resolution }
                })
                .buffered(CONCURRENCY)
                .collect::<Vec<_>>();
            family.extend(resolved.await);
            family
        }
        // To leave the children out would be to let them pass.
        Err(error) => {
            let resolution = Resolution::Undecided(error.at(&component.container_image));
            vec![Resolved { component: component.clone(), resolution }]
        }
    }
}

async fn one(transport: &dyn Transport, image: &str, limits: &Limits) -> Resolution {
    let reference = match ImageRef::parse(image) {
        Ok(reference) => reference,
        Err(error) => return Resolution::Undecided(unreadable(&error)),
    };
    match transport.manifest(&reference, limits.manifest_bytes).await {
        Ok(manifest) => {
            let pinned = reference.repository().pin(manifest.digest);
            Resolution::Target(Target { pinned, manifest })
        }
        Err(error) if error.is_absent() => Resolution::Inaccessible { message: not_accessible(&error) },
        Err(error) => Resolution::Undecided(error.into()),
    }
}

fn unreadable(error: &BadReference) -> StageError {
    StageError::new(FailureKind::Malformed, error.to_string()).at(&error.text)
}

/// The violation's text is the one that pipelines know, whatever request told us.
fn not_accessible(error: &RegistryError) -> String {
    let object = error.object.strip_prefix("GET ").unwrap_or(&error.object);
    format!(
        "Image URL is not accessible: HEAD {object}: unexpected status code 404 Not Found (HEAD responses have no \
         body, use GET for details)"
    )
}

#[cfg(test)]
mod tests;
