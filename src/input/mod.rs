//! Verified facts to the `input` document that rules see; the only place that knows its shape.
//!
//! ```text
//! {"attestations": [{"statement": …, "signatures": […]?}],
//!  "image": {"ref", "signatures"?, "config"?, "parent"?: {"ref", "config"}, "files"?, "source": {"git"?}},
//!  "snapshot": {"application", "displayName"?, "displayDescription"?, "components"?, "artifacts": {}},
//!  "component_name"?, "policy_spec"}
//! ```
//! A statement goes from its signed bytes straight into a value, numbers as written. The document's text exists only
//! where a report wants it (`--output policy-input`): that text is Go's, with its order of keys and its escapes.

mod builder;
mod image;
mod run;
mod text;
mod unread;

pub use run::RunInput;
pub use unread::{Part, Unread, checks, unread};

use crate::fetch::Evidence;
use crate::model::failure::StageError;
use crate::model::{Component, EntitySignature};
use crate::rego::value::{ReadLimits, Value};
use crate::verify::{Facts, Statement};
use builder::{Builder, Reader};

/// Is the document's text wanted?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Text {
    /// `--output policy-input` is asked for.
    Wanted,
    /// It would only cost memory.
    Unwanted,
}

/// The document of one component. It exists only for facts that were verified.
#[derive(Clone, Debug)]
pub struct PolicyInput {
    value: Value,
    text: Option<String>,
    heap_bytes: u64,
}

impl PolicyInput {
    /// Makes the document of `component`.
    ///
    /// # Errors
    /// The document would exceed `limits`, which bound the whole of it.
    pub fn build(
        run: &RunInput,
        component: &Component,
        facts: Facts<'_>,
        evidence: &Evidence,
        text: Text,
        limits: &ReadLimits,
    ) -> Result<Self, StageError> {
        let mut reader = Reader::new(limits, text);
        let mut document = Builder::object(text);
        document.push("attestations", attestations(facts.statements(), &mut reader)?);
        document.push("image", image::image(component, facts, evidence, &mut reader)?);
        document.push("snapshot", run.snapshot(text));
        if !component.name.is_empty() {
            document.push("component_name", reader.json(&component.name)?);
        }
        document.push("policy_spec", run.policy_spec(text));
        let document = document.build();
        let text = document.text.map(|it| text::escape_html(&it));
        Ok(Self { value: document.value, text, heap_bytes: reader.heap_bytes() })
    }

    /// The document for an evaluation.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The document as Go's `json.Marshal` writes it, if it was wanted.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// The text by itself, for the report.
    pub fn into_text(self) -> Option<String> {
        self.text
    }

    /// Bytes of heap that this component's part of the value takes, by estimate.
    pub fn heap_bytes(&self) -> u64 {
        self.heap_bytes
    }
}

fn attestations(statements: &[Statement], reader: &mut Reader<'_>) -> Result<builder::Piece, StageError> {
    let mut list = Builder::array(reader.text());
    for statement in statements {
        let mut attestation = Builder::object(reader.text());
        attestation.push("statement", reader.read(statement.bytes())?);
        if let Some(signatures) = signatures(statement.signatures(), reader)? {
            attestation.push("signatures", signatures);
        }
        list.push_item(attestation.build());
    }
    Ok(list.build())
}

/// An empty list is left out.
fn signatures(
    signatures: &[EntitySignature],
    reader: &mut Reader<'_>,
) -> Result<Option<builder::Piece>, StageError> {
    if signatures.is_empty() { Ok(None) } else { reader.json(&signatures).map(Some) }
}

#[cfg(test)]
mod tests;
