//! The golden cases as this crate's tests need them: the image layout read plainly into evidence, without the
//! product's own fetching, so that a mistake there cannot hide one here.
#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use enterprise_contract::fetch::{Bundle, Evidence, Layer, Parent, Part};
use enterprise_contract::model::{Component, Digest, GitSource, ImageRef, Snapshot};
use enterprise_contract::registry::{Descriptor, ImageConfig};
use serde_json::Value;

/// The folder of the golden data, or nothing and a line that says so.
pub(crate) fn golden(what: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("EC_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let golden = shared.join("golden");
    if golden.is_dir() {
        return Some(golden);
    }
    println!("skipped: {what}: {} not found", golden.display());
    None
}

pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The file that the case gives to `--images`, if it is one.
pub(crate) fn images(golden: &Path, case: &Path) -> Option<PathBuf> {
    let command = json(&case.join("command.json"));
    let args: Vec<&str> = command["args"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    let at = args.iter().position(|it| *it == "--images")?;
    let file = golden.join(args[at + 1].strip_prefix("{golden}/")?);
    file.is_file().then_some(file)
}

/// A snapshot as its file lists it.
pub(crate) fn snapshot(file: &Path) -> Snapshot {
    let file = json(file);
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let git = |it: &Value| serde_json::from_value::<GitSource>(it["source"]["git"].clone()).ok();
    let component = |it: &Value| Component {
        name: text(it, "name"),
        container_image: text(it, "containerImage"),
        source: git(it),
    };
    Snapshot {
        application: text(&file, "application"),
        display_name: text(&file, "displayName"),
        display_description: text(&file, "displayDescription"),
        components: file["components"].as_array().unwrap().iter().map(component).collect(),
    }
}

/// `registry/` of the golden data.
pub(crate) struct GoldenLayout {
    folder: PathBuf,
    names: BTreeMap<String, Digest>,
}

impl GoldenLayout {
    pub(crate) fn open(golden: &Path) -> Self {
        Self::at(golden.join("registry"))
    }

    pub(crate) fn at(folder: PathBuf) -> Self {
        let name = |it: &Value| {
            let name = it["annotations"]["org.opencontainers.image.ref.name"].as_str().unwrap().to_owned();
            (name, it["digest"].as_str().unwrap().parse().unwrap())
        };
        let index = json(&folder.join("index.json"));
        let names = index["manifests"].as_array().unwrap().iter().map(name).collect();
        Self { folder, names }
    }

    /// Names by tag of everything that is no signature, attestation or referrers list.
    pub(crate) fn images(&self) -> Vec<String> {
        let attached = |it: &&String| !it.contains(":sha256-") && !it.contains('@');
        self.names.keys().filter(attached).cloned().collect()
    }

    fn blob(&self, digest: &str) -> Bytes {
        std::fs::read(self.folder.join("blobs").join(digest.replace(':', "/"))).unwrap().into()
    }

    fn document(&self, digest: &Digest) -> Value {
        serde_json::from_slice(&self.blob(&digest.to_string())).unwrap()
    }

    fn layer(&self, descriptor: &Value) -> Layer {
        let descriptor: Descriptor = serde_json::from_value(descriptor.clone()).unwrap();
        Layer { bytes: self.blob(&descriptor.digest.to_string()), descriptor }
    }

    fn layers(&self, repository: &str, tag: &str) -> Part<Vec<Layer>> {
        let Some(digest) = self.names.get(&format!("{repository}:{tag}")) else { return Part::Absent };
        let manifest = self.document(digest);
        Part::Present(manifest["layers"].as_array().unwrap().iter().map(|it| self.layer(it)).collect())
    }

    fn bundles(&self, repository: &str, tag: &str) -> Part<Vec<Bundle>> {
        let Some(digest) = self.names.get(&format!("{repository}:{tag}")) else { return Part::Absent };
        let index = self.document(digest);
        let bundle = |it: &Value| {
            let referrer: Digest = it["digest"].as_str().unwrap().parse().unwrap();
            let layer = self.layer(&self.document(&referrer)["layers"][0]);
            let is_bundle = layer.descriptor.media_type.starts_with("application/vnd.dev.sigstore.bundle");
            is_bundle.then(|| Bundle { referrer, layer, annotations: BTreeMap::new() })
        };
        Part::Present(index["manifests"].as_array().unwrap().iter().filter_map(bundle).collect())
    }

    /// linux/amd64 of an index (which a child without platform is taken for), the image itself otherwise.
    fn image(&self, digest: &Digest) -> Option<Value> {
        let manifest = self.document(digest);
        let Some(children) = manifest["manifests"].as_array() else { return Some(manifest) };
        let fits = |it: &&Value| match &it["platform"] {
            Value::Null => true,
            platform => platform["os"] == "linux" && platform["architecture"] == "amd64",
        };
        let child = children.iter().find(fits)?;
        self.image(&child["digest"].as_str().unwrap().parse().unwrap())
    }

    fn config(&self, image: &Value) -> ImageConfig {
        ImageConfig::read(&self.blob(image["config"]["digest"].as_str().unwrap())).unwrap()
    }

    /// What there is of `registry.example/path@digest` or `registry.example/path:tag`; nothing if the image is not
    /// there.
    pub(crate) fn evidence(&self, reference: &str) -> Option<Evidence> {
        let reference = ImageRef::parse(reference).unwrap();
        let (repository, digest) = match &reference {
            ImageRef::Pinned(pinned) => (&pinned.repository, pinned.digest),
            ImageRef::Tagged { repository, .. } => (repository, *self.names.get(&reference.to_string())?),
        };
        if !self.folder.join("blobs/sha256").join(digest.hex()).exists() {
            return None;
        }
        let name = repository.to_string();
        let tag = format!("sha256-{}", digest.hex());
        let image = self.image(&digest);
        Some(Evidence {
            signatures: self.layers(&name, &format!("{tag}.sig")),
            attestations: self.layers(&name, &format!("{tag}.att")),
            bundles: self.bundles(&name, &tag),
            config: image.as_ref().map_or(Part::Absent, |it| Part::Present(self.config(it))),
            parent: image.as_ref().map_or(Part::Absent, |it| self.parent(it)),
            files: image.as_ref().map_or(Part::Absent, |it| self.files(it)),
            image: repository.pin(digest),
        })
    }

    /// Enough of the rules for the one operator bundle that there is: one layer, files directly in `manifests`.
    fn files(&self, image: &Value) -> Part<BTreeMap<String, Bytes>> {
        let config = self.config(image);
        if !config.labels.contains_key("operators.operatorframework.io.bundle.manifests.v1") {
            return Part::Absent;
        }
        let layer = self.blob(image["layers"][0]["digest"].as_str().unwrap());
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&layer[..]));
        let mut files = BTreeMap::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().to_str().unwrap().to_owned();
            let lower = path.to_lowercase();
            let direct = lower.strip_prefix("manifests/").is_some_and(|it| !it.contains('/'));
            if direct && [".yaml", ".yml", ".json"].iter().any(|it| lower.ends_with(it)) {
                let mut bytes = Vec::new();
                std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
                files.insert(path, bytes.into());
            }
        }
        Part::Present(files)
    }

    fn parent(&self, image: &Value) -> Part<Parent> {
        let text = |key: &str| image["annotations"][format!("org.opencontainers.image.base.{key}")].as_str();
        let (Some(name), Some(digest)) = (text("name"), text("digest")) else { return Part::Absent };
        let manifest = self.image(&digest.parse().unwrap()).unwrap();
        Part::Present(Parent { reference: format!("{name}@{digest}"), config: self.config(&manifest) })
    }
}
