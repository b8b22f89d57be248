//! A snapshot: the images of an application, as its file lists them.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The list of components to validate, with the application's names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// `application`
    pub application: String,
    /// `displayName`
    pub display_name: String,
    /// `displayDescription`
    pub display_description: String,
    /// In the order of the file; children of an image index follow their parent.
    pub components: Vec<Component>,
}

/// One entry of a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Component {
    /// `name`, as written.
    pub name: String,
    /// `containerImage`, as written.
    pub container_image: String,
    /// `source.git`, if any.
    pub source: Option<GitSource>,
}

/// Where a component was built from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GitSource {
    /// Repository.
    pub url: String,
    /// Commit, branch or tag.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub revision: String,
    /// Folder.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub context: String,
    /// Devfile.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub devfile_url: String,
    /// Dockerfile.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub dockerfile_url: String,
}

/// Which component of the run: made once, when the list is complete.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ComponentId {
    /// Position in the expanded list.
    pub index: usize,
    /// Its name; not unique.
    pub name: Arc<str>,
}

impl fmt::Display for ComponentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (#{})", self.name, self.index + 1)
    }
}
