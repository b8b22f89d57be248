//! Fixtures for policy authors and for our own tests: keys, images, signatures, attestations, SBOMs, whole scenarios,
//! written as an OCI image layout that `ec validate image --layout DIR` reads. Behind the feature `testkit`.
//!
//! Everything is deterministic: the same calls give the same bytes, so fixtures can be checked in and compared.
//! That is why keys are Ed25519 (its signatures have no random part, and ours of ECDSA would), keys come from
//! names, times are fixed, and layers are not compressed (a compressor may change its output with its version).
//! Such keys are public knowledge: nothing signed with them may ever be trusted.
//!
//! ```
//! use enterprise_contract::testkit::{App, Scenario};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let scenario = Scenario::new("registry.example/team")
//!     .with(App::named("good"))
//!     .with(App::named("unsigned").without_signature())
//!     .with(App::named("elsewhere").provenance(|it| it["predicate"]["builder"]["id"] = "https://laptop.example".into()));
//! let dir = std::env::temp_dir().join(format!("ec-testkit-{}", std::process::id()));
//! scenario.build()?.write(&dir)?;   // layout/, snapshot.yaml, cosign.pub
//! # std::fs::remove_dir_all(&dir)?;
//! # Ok(()) }
//! ```
//! For load, [`Scenario::from_pipelines`] makes as many components as a run is to have, with provenances and SBOMs of
//! real size, and [`Hostile`] what a reader must survive; [`registry::Port`] serves them on this machine.
//!
//! One level below stand [`Image`], [`ImageIndex`], [`attestation`] and [`Store`], for images that a scenario does not
//! offer: documents are plain JSON values, to be bent as a test needs them.

mod app;
pub mod attestation;
mod hostile;
mod image;
mod key;
mod pipeline_run;
mod referrer;
pub mod registry;
mod sbom;
mod scenario;
mod signed;
mod store;

pub use app::App;
pub use hostile::Hostile;
pub use image::{Base, Image, ImageIndex};
pub use key::SigningKey;
pub use pipeline_run::PipelineRun;
pub use referrer::{attach_blob, attach_blob_text, attach_referrer};
pub use sbom::{Sbom, SbomPlace, Size, cyclonedx, spdx};
pub use scenario::{Built, Scenario};
pub use signed::{
    SignedLayer, attach_attestations, attach_signatures, attestation_layer, envelope_layer, signature_layer,
    statement_layer,
};
pub use store::Store;

/// Where a fixture cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TestkitError {
    /// A name given by the author is no repository or reference.
    #[error(transparent)]
    Reference(#[from] crate::model::reference::BadReference),
    /// The fixture cannot be written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// When everything here was built: fixed, so that bytes do not change.
pub const BUILT_ON: &str = "2025-05-20T10:00:00Z";

#[cfg(test)]
mod tests;
