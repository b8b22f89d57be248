//! The parts of the document that all components of a run share, made once.

use serde::Serialize;

use super::Text;
use super::builder::{Piece, Reader, to_json};
use crate::model::failure::StageError;
use crate::model::{Component, GitSource, PolicySpec, Snapshot};
use crate::rego::value::ReadLimits;

/// `snapshot` and `policy_spec` as every component sees them.
#[derive(Clone, Debug)]
pub struct RunInput {
    snapshot: Piece,
    policy_spec: Piece,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SnapshotSpec<'a> {
    application: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    display_name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    display_description: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    components: Vec<SnapshotComponent<'a>>,
    artifacts: Empty,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SnapshotComponent<'a> {
    name: &'a str,
    container_image: &'a str,
    source: Source<'a>,
}

/// Always there; `git` only where the snapshot tells it.
#[derive(Serialize)]
pub(super) struct Source<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    git: Option<&'a GitSource>,
}

impl<'a> Source<'a> {
    pub(super) fn of(component: &'a Component) -> Self {
        Self { git: component.source.as_ref() }
    }
}

impl RunInput {
    /// Takes the expanded snapshot, whose references stay as written, and the policy as evaluated.
    ///
    /// # Errors
    /// One of them exceeds what a value may hold.
    pub fn new(snapshot: &Snapshot, policy_spec: &PolicySpec) -> Result<Self, StageError> {
        let limits = ReadLimits::default();
        let mut reader = Reader::new(&limits, Text::Wanted);
        let mut components: Vec<_> = snapshot.components.iter().map(component).collect();
        components.sort_by(|a, b| a.container_image.cmp(b.container_image));
        let spec = SnapshotSpec {
            application: &snapshot.application,
            display_name: &snapshot.display_name,
            display_description: &snapshot.display_description,
            components,
            artifacts: Empty {},
        };
        let snapshot = reader.read(to_json(&spec)?.as_bytes())?;
        Ok(Self { snapshot, policy_spec: reader.json(policy_spec)? })
    }

    pub(super) fn snapshot(&self, text: Text) -> Piece {
        shared(&self.snapshot, text)
    }

    pub(super) fn policy_spec(&self, text: Text) -> Piece {
        shared(&self.policy_spec, text)
    }
}

fn shared(piece: &Piece, text: Text) -> Piece {
    let text = if text == Text::Wanted { piece.text.clone() } else { None };
    Piece { value: piece.value.clone(), text }
}

fn component(it: &Component) -> SnapshotComponent<'_> {
    SnapshotComponent { name: &it.name, container_image: &it.container_image, source: Source::of(it) }
}
