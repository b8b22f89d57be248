//! A whole snapshot with all that belongs to it: components that are good unless told otherwise.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{
    Base, Image, SignedLayer, SigningKey, Store, TestkitError, attach_attestations, attach_signatures,
    attestation, attestation_layer, sbom, signature_layer,
};
use crate::model::{Digest, ImageRef, PinnedRef, Repository};

/// The name of the key that signs good components.
const TRUSTED: &str = "trusted";

/// The base image of good components.
const BASE: &str = "registry.example/base/minimal";

type Edit = Box<dyn Fn(&mut Value)>;

/// A component, in the making. As it is born it is good: labelled, built on a known base, signed, attested by a
/// provenance of SLSA v0.2, with an SBOM.
pub struct App {
    name: String,
    image: Image,
    base: String,
    signer: Option<&'static str>,
    attester: Option<&'static str>,
    edits: Vec<Edit>,
    sbom: Sbom,
    lost: Lost,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sbom {
    None,
    Spdx,
    CycloneDx,
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
            edits: Vec::new(),
            sbom: Sbom::Spdx,
            lost: Lost::Nothing,
        }
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

    /// Changes the provenance's statement before it is signed.
    #[must_use]
    pub fn provenance(mut self, edit: impl Fn(&mut Value) + 'static) -> Self {
        self.edits.push(Box::new(edit));
        self
    }

    /// No SBOM.
    #[must_use]
    pub fn without_sbom(mut self) -> Self {
        self.sbom = Sbom::None;
        self
    }

    /// A `CycloneDX` SBOM instead of one of SPDX.
    #[must_use]
    pub fn with_cyclonedx(mut self) -> Self {
        self.sbom = Sbom::CycloneDx;
        self
    }

    /// A broken store: the manifest names the provenance's blob, and the blob is not there.
    #[must_use]
    pub fn with_lost_provenance(mut self) -> Self {
        self.lost = Lost::Provenance;
        self
    }

    fn push(&self, store: &mut Store, repository: &Repository) -> Result<PinnedRef, TestkitError> {
        let base = Repository::parse(&self.base)?;
        let base = Image::new().label("name", base.path()).push(store, &base, "latest");
        let image = self.image.clone().based_on(Base::of(&base)).push(store, repository, "latest");
        if let Some(signer) = self.signer {
            let layer = signature_layer(&SigningKey::named(signer), &image);
            attach_signatures(store, &image, &[layer]);
        }
        if let Some(attester) = self.attester {
            let layers = self.attestations(&SigningKey::named(attester), &image);
            attach_attestations(store, &image, &layers);
            if self.lost == Lost::Provenance {
                store.lose(&Digest::of(&layers[0].bytes));
            }
        }
        Ok(image)
    }

    fn attestations(&self, key: &SigningKey, image: &PinnedRef) -> Vec<SignedLayer> {
        let mut provenance = attestation::slsa_v02(image);
        self.edits.iter().for_each(|edit| edit(&mut provenance));
        let mut layers = vec![attestation_layer(key, &provenance)];
        let sbom = match self.sbom {
            Sbom::None => return layers,
            Sbom::Spdx => ("https://spdx.dev/Document", sbom::spdx(&self.name, 3)),
            Sbom::CycloneDx => ("https://cyclonedx.org/bom", sbom::cyclonedx(&self.name, 3)),
        };
        layers.push(attestation_layer(key, &attestation::statement(image, sbom.0, &sbom.1)));
        layers
    }
}

/// Components of one application, in one registry.
pub struct Scenario {
    prefix: String,
    apps: Vec<App>,
}

impl Scenario {
    /// Without components; their repositories stand below `prefix`, such as `registry.example/team`.
    pub fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), apps: Vec::new() }
    }

    /// As many good components, each with its own digest.
    pub fn good(prefix: &str, components: usize) -> Self {
        (0..components).fold(Self::new(prefix), |it, index| it.with(App::named(&format!("app-{index}"))))
    }

    /// Adds a component.
    #[must_use]
    pub fn with(mut self, app: App) -> Self {
        self.apps.push(app);
        self
    }

    /// Makes images, signatures and attestations.
    ///
    /// # Errors
    /// The prefix or the name of a component is no part of a reference.
    pub fn build(&self) -> Result<Built, TestkitError> {
        let mut store = Store::new();
        let mut components = Vec::new();
        for app in &self.apps {
            let repository = Repository::parse(&format!("{}/{}", self.prefix, app.name))?;
            components.push((app.name.clone(), app.push(&mut store, &repository)?));
        }
        Ok(Built { store, components })
    }
}

/// A scenario with all its bytes.
#[derive(Clone, Debug)]
pub struct Built {
    /// Images, signatures, attestations.
    pub store: Store,
    /// Name and image of each component, in order.
    pub components: Vec<(String, PinnedRef)>,
}

impl Built {
    /// The snapshot as a YAML file.
    pub fn snapshot(&self) -> String {
        let mut text = "application: demo\ncomponents:\n".to_owned();
        for (name, image) in &self.components {
            // Writing to a string cannot fail.
            _ = write!(
                text,
                "  - name: {name}\n    containerImage: {}\n    source:\n      git:\n        \
                 url: https://git.example/team/app.git\n        revision: 8f2c1d3e\n",
                ImageRef::Pinned(image.clone())
            );
        }
        text
    }

    /// The public key that good components are signed with.
    pub fn public_key(&self) -> String {
        SigningKey::named(TRUSTED).public_pem()
    }

    /// Writes `layout/`, `snapshot.yaml` and `cosign.pub` into a folder.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, dir: &Path) -> Result<(), TestkitError> {
        self.store.write(&dir.join("layout"))?;
        fs::write(dir.join("snapshot.yaml"), self.snapshot())?;
        fs::write(dir.join("cosign.pub"), self.public_key())?;
        Ok(())
    }
}
