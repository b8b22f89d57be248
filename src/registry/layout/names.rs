//! What names a layout knows, and what they lead to.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use serde::Deserialize;

use super::LayoutError;
use crate::model::{Digest, ImageRef, Limits, PinnedRef, Repository};
use crate::registry::manifest::read_strict;
use crate::registry::{Cause, Descriptor, Manifest, MediaType};

/// The annotation that holds the full reference.
const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// All names, by repository.
#[derive(Default)]
pub(super) struct Names {
    hosts: BTreeSet<String>,
    repositories: HashMap<Repository, Named>,
}

/// The names of one repository.
#[derive(Default)]
pub(super) struct Named {
    tags: BTreeMap<Arc<str>, Descriptor>,
    digests: BTreeMap<Digest, Descriptor>,
    /// Manifests that indexes list, which need no name of their own.
    children: OnceLock<BTreeMap<Digest, Descriptor>>,
    /// Manifests by the subject that they name.
    subjects: OnceLock<Result<BTreeMap<Digest, Vec<Descriptor>>, Cause>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Marker {
    image_layout_version: String,
}

#[derive(Deserialize)]
struct IndexFile {
    #[serde(default)]
    manifests: Vec<Descriptor>,
}

impl Names {
    /// Adds those of one folder.
    pub(super) fn add(&mut self, dir: &Path, limits: &Limits) -> Result<(), LayoutError> {
        let marker: Marker = read_file(&dir.join("oci-layout"), limits.document_bytes)?;
        if marker.image_layout_version != "1.0.0" {
            let reason = format!("unknown version {:?}, expected \"1.0.0\"", marker.image_layout_version);
            return Err(LayoutError::Malformed { path: dir.join("oci-layout"), reason });
        }
        let path = dir.join("index.json");
        let index: IndexFile = read_file(&path, limits.document_bytes)?;
        for descriptor in index.manifests {
            if let Some(name) = descriptor.annotations.get(REF_NAME).cloned() {
                self.name(&path, &name, descriptor)?;
            }
        }
        Ok(())
    }

    fn name(&mut self, path: &Path, name: &str, mut descriptor: Descriptor) -> Result<(), LayoutError> {
        descriptor.annotations.clear();
        let bad = || LayoutError::BadName { path: path.to_owned(), name: name.to_owned() };
        // Many writers put the bare tag there, which would silently belong to Docker Hub.
        if !name.split_once('/').is_some_and(|(host, _)| host.contains(['.', ':'])) {
            return Err(bad());
        }
        let reference = ImageRef::parse(name).map_err(|_| bad())?;
        let repository = reference.repository();
        self.hosts.insert(repository.registry().to_owned());
        let named = self.repositories.entry(repository.clone()).or_default();
        let digest = descriptor.digest;
        let before = match &reference {
            ImageRef::Tagged { tag, .. } => {
                named.tags.insert(tag.clone(), descriptor.clone()).map_or(digest, |it| it.digest)
            }
            ImageRef::Pinned(PinnedRef { digest, .. }) => *digest,
        };
        if before != digest {
            let name = reference.to_string();
            return Err(LayoutError::TwoDigests {
                path: path.to_owned(),
                name,
                first: before,
                second: digest,
            });
        }
        named.digests.entry(digest).or_insert(descriptor);
        Ok(())
    }

    /// The names of a repository: on a known host an unknown one is absent.
    pub(super) fn repository(&self, repository: &Repository) -> Result<&Named, Cause> {
        match self.repositories.get(repository) {
            Some(named) => Ok(named),
            None if self.hosts.contains(repository.registry()) => Err(Cause::Absent),
            None => Err(Cause::NotInLayout),
        }
    }
}

impl Named {
    pub(super) fn tagged(&self, tag: &str) -> Option<&Descriptor> {
        self.tags.get(tag)
    }

    pub(super) fn pinned(&self, digest: &Digest) -> Option<&Descriptor> {
        self.digests.get(digest)
    }

    /// A manifest that an index of this repository lists, at whatever depth.
    pub(super) fn child(
        &self,
        digest: &Digest,
        read: impl Fn(&Descriptor) -> Result<Manifest, Cause>,
    ) -> Option<&Descriptor> {
        self.children.get_or_init(|| self.find_children(read)).get(digest)
    }

    fn find_children(
        &self,
        read: impl Fn(&Descriptor) -> Result<Manifest, Cause>,
    ) -> BTreeMap<Digest, Descriptor> {
        let mut found = BTreeMap::new();
        let mut indexes: Vec<Descriptor> = self.digests.values().cloned().collect();
        while let Some(descriptor) = indexes.pop() {
            if !MediaType::named(&descriptor.media_type).is_some_and(MediaType::is_index) {
                continue;
            }
            // An index that cannot be read lists nothing; who asks for it by name learns why.
            let Ok(manifest) = read(&descriptor) else { continue };
            for child in manifest.as_index().map_or(&[][..], |it| &it.manifests) {
                if found.insert(child.digest, child.clone()).is_none() {
                    indexes.push(child.clone());
                }
            }
        }
        found
    }

    /// The manifests with a name here whose subject is `digest`.
    pub(super) fn referrers(
        &self,
        digest: &Digest,
        read: impl Fn(&Descriptor) -> Result<Manifest, Cause>,
    ) -> Result<&[Descriptor], Cause> {
        let subjects = self.subjects.get_or_init(|| {
            let mut subjects: BTreeMap<Digest, Vec<Descriptor>> = BTreeMap::new();
            for descriptor in self.digests.values() {
                let manifest = read(descriptor)?;
                if let Some(subject) = manifest.subject() {
                    subjects.entry(subject.digest).or_default().push(manifest.as_referrer());
                }
            }
            Ok(subjects)
        });
        let subjects = subjects.as_ref().map_err(Cause::clone)?;
        Ok(subjects.get(digest).map_or(&[], Vec::as_slice))
    }
}

fn read_file<T: serde::de::DeserializeOwned>(path: &Path, cap: u64) -> Result<T, LayoutError> {
    let unreadable = |cause| LayoutError::Unreadable { path: path.to_owned(), cause };
    let malformed = |reason| LayoutError::Malformed { path: PathBuf::from(path), reason };
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(cap.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 > cap {
        return Err(malformed(format!("larger than {cap} bytes")));
    }
    read_strict(&bytes).map_err(malformed)
}
