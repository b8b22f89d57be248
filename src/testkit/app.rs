//! One component with all that belongs to it: good unless told otherwise.

use serde_json::Value;

use super::{
    Base, Image, PipelineRun, Sbom, SbomPlace, SignedLayer, SigningKey, Store, TestkitError,
    attach_attestations, attach_blob_text, attach_signatures, attestation, attestation_layer, pipeline_run,
    sbom, signature_layer, statement_layer,
};
use crate::model::{Digest, PinnedRef, Repository};

/// The name of the key that signs good components.
pub(super) const TRUSTED: &str = "trusted";

/// The base image of good components.
const BASE: &str = "registry.example/base/minimal";

type Edit = Box<dyn Fn(&mut Value)>;

/// A component, in the making. As it is born it is good: labelled, built on a known base, signed, attested by a
/// provenance of SLSA v0.2, with an SBOM.
pub struct App {
    pub(super) name: String,
    image: Image,
    base: String,
    signer: Option<&'static str>,
    attester: Option<&'static str>,
    run: Option<PipelineRun>,
    edits: Vec<Edit>,
    sbom: Attached,
    lost: Lost,
}

/// The SBOM that belongs to an image.
enum Attached {
    None,
    /// A small one, in an attestation.
    Spdx,
    /// A small one, in an attestation.
    CycloneDx,
    /// Any other.
    Scanned(Sbom),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lost {
    Nothing,
    Provenance,
}

impl App {
    /// A good component of that name, in the repository of that name.
    pub fn named(name: &str) -> Self {
        let image = Image::new()
            .label("name", name)
            .label("vendor", "Example Corp")
            .label("version", "1.0")
            .label("summary", "A small demonstration")
            .config("User", "1001")
            .config("Cmd", vec!["/run"]);
        Self {
            name: name.to_owned(),
            image,
            base: BASE.to_owned(),
            signer: Some(TRUSTED),
            attester: Some(TRUSTED),
            run: None,
            edits: Vec::new(),
            sbom: Attached::Spdx,
            lost: Lost::Nothing,
        }
    }

    /// A good component as a pipeline leaves it, with base image and task bundles at the same host.
    pub fn from_pipeline(host: &str, name: &str) -> Self {
        Self::named(name)
            .on_base(&format!("{host}/base/minimal"))
            .built_by(PipelineRun::new(&format!("{host}/tasks")))
    }

    /// Changes the image.
    #[must_use]
    pub fn image(mut self, change: impl FnOnce(Image) -> Image) -> Self {
        self.image = change(self.image);
        self
    }

    /// Built on the image of that repository, which the scenario then has as well.
    #[must_use]
    pub fn on_base(mut self, repository: &str) -> Self {
        repository.clone_into(&mut self.base);
        self
    }

    /// No `.sig` at all.
    #[must_use]
    pub fn without_signature(mut self) -> Self {
        self.signer = None;
        self
    }

    /// No `.att` at all.
    #[must_use]
    pub fn without_attestation(mut self) -> Self {
        self.attester = None;
        self
    }

    /// Image signature and attestations of the key of that name (`trusted` is the scenario's own).
    #[must_use]
    pub fn signed_by(mut self, key: &'static str) -> Self {
        self.signer = Some(key);
        self.attester = Some(key);
        self
    }

    /// Attested by the provenance of this pipeline run instead of a small one.
    #[must_use]
    pub fn built_by(mut self, run: PipelineRun) -> Self {
        self.run = Some(run);
        self
    }

    /// Changes the provenance's statement before it is signed.
    #[must_use]
    pub fn provenance(mut self, edit: impl Fn(&mut Value) + 'static) -> Self {
        self.edits.push(Box::new(edit));
        self
    }

    /// No SBOM.
    #[must_use]
    pub fn without_sbom(mut self) -> Self {
        self.sbom = Attached::None;
        self
    }

    /// A `CycloneDX` SBOM instead of one of SPDX.
    #[must_use]
    pub fn with_cyclonedx(mut self) -> Self {
        self.sbom = Attached::CycloneDx;
        self
    }

    /// This SBOM instead of a small one of SPDX in an attestation.
    #[must_use]
    pub fn with_sbom(mut self, sbom: Sbom) -> Self {
        self.sbom = Attached::Scanned(sbom);
        self
    }

    /// A broken store: the manifest names the provenance's blob, and the blob is not there.
    #[must_use]
    pub fn with_lost_provenance(mut self) -> Self {
        self.lost = Lost::Provenance;
        self
    }

    pub(super) fn push(&self, store: &mut Store, repository: &Repository) -> Result<PinnedRef, TestkitError> {
        let base = Repository::parse(&self.base)?;
        let base = Image::new().label("name", base.path()).push(store, &base, "latest");
        let image = self.image.clone().based_on(Base::of(&base)).push(store, repository, "latest");
        if let Some(signer) = self.signer {
            let layer = signature_layer(&SigningKey::named(signer), &image);
            attach_signatures(store, &image, &[layer]);
        }
        if let Some(attester) = self.attester {
            let layers = self.attestations(store, &SigningKey::named(attester), &image)?;
            attach_attestations(store, &image, &layers);
            if self.lost == Lost::Provenance {
                store.lose(&Digest::of(&layers[0].bytes));
            }
        }
        Ok(image)
    }

    fn attestations(
        &self,
        store: &mut Store,
        key: &SigningKey,
        image: &PinnedRef,
    ) -> Result<Vec<SignedLayer>, TestkitError> {
        let mut provenance = match &self.run {
            Some(run) => run.provenance(store, image)?,
            None => attestation::slsa_v02(image),
        };
        let sbom = match &self.sbom {
            Attached::None => None,
            Attached::Spdx => {
                Some(small(key, image, "https://spdx.dev/Document", &sbom::spdx(&self.name, 3)))
            }
            Attached::CycloneDx => {
                Some(small(key, image, "https://cyclonedx.org/bom", &sbom::cyclonedx(&self.name, 3)))
            }
            Attached::Scanned(sbom) => self.scanned(store, key, image, sbom, &mut provenance),
        };
        self.edits.iter().for_each(|edit| edit(&mut provenance));
        Ok([attestation_layer(key, &provenance)].into_iter().chain(sbom).collect())
    }

    /// Puts the SBOM where it belongs; its attestation, if it has one.
    fn scanned(
        &self,
        store: &mut Store,
        key: &SigningKey,
        image: &PinnedRef,
        sbom: &Sbom,
        provenance: &mut Value,
    ) -> Option<SignedLayer> {
        let text = sbom.text(&self.name);
        let attested = (sbom.place() != SbomPlace::Blob).then(|| {
            let kind = sbom.predicate_type();
            statement_layer(key, kind, &attestation::statement_text(image, kind, &text))
        });
        if sbom.place() != SbomPlace::Attestation {
            let blob = attach_blob_text(store, image, sbom.media_type(), text);
            pipeline_run::name_sbom(provenance, image, &blob);
        }
        attested
    }
}

fn small(key: &SigningKey, image: &PinnedRef, predicate_type: &str, document: &Value) -> SignedLayer {
    attestation_layer(key, &attestation::statement(image, predicate_type, document))
}
