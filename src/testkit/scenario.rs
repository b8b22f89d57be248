//! A whole snapshot with all that belongs to it: components that are good unless told otherwise.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::app::{App, TRUSTED};
use super::{Sbom, SigningKey, Store, TestkitError};
use crate::model::{ImageRef, PinnedRef, Repository};

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

    /// As many good components as pipelines leave them, below `team` at the host: each with a digest of its own, a
    /// provenance of 180 KB about fifteen tasks from bundles, and an SBOM that names it.
    pub fn from_pipelines(host: &str, components: usize, sbom: &Sbom) -> Self {
        let app = |index| App::from_pipeline(host, &format!("app-{index}")).with_sbom(sbom.clone());
        (0..components).map(app).fold(Self::new(&format!("{host}/team")), Self::with)
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
