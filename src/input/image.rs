//! The key `image`: what is known of the image itself.

use std::collections::BTreeMap;

use super::builder::{Builder, Piece, Reader};
use super::run::Source;
use super::signatures;
use crate::fetch::Evidence;
use crate::model::Component;
use crate::model::failure::StageError;
use crate::verify::Facts;
use bytes::Bytes;

pub(super) fn image(
    component: &Component,
    facts: Facts<'_>,
    evidence: &Evidence,
    reader: &mut Reader<'_>,
) -> Result<Piece, StageError> {
    let mut image = Builder::object(reader.text());
    image.push("ref", reader.json(&evidence.image.to_string())?);
    if let Some(signatures) = signatures(facts.signatures(), reader)? {
        image.push("signatures", signatures);
    }
    if let Some(config) = evidence.config.present() {
        image.push("config", reader.json(config)?);
    }
    if let Some(parent) = evidence.parent.present() {
        let mut base = Builder::object(reader.text());
        base.push("ref", reader.json(&parent.reference)?);
        base.push("config", reader.json(&parent.config)?);
        image.push("parent", base.build());
    }
    if let Some(files) = evidence.files.present().map(|it| files(it, reader)).transpose()?.flatten() {
        image.push("files", files);
    }
    image.push("source", reader.json(&Source::of(component))?);
    Ok(image.build())
}

/// A file that is neither YAML nor JSON is left out; no file at all, and the key is.
fn files(files: &BTreeMap<String, Bytes>, reader: &mut Reader<'_>) -> Result<Option<Piece>, StageError> {
    let mut found = Builder::object(reader.text());
    let mut none = true;
    for (path, bytes) in files {
        if let Some(content) = reader.file(bytes)? {
            found.push(path, content);
            none = false;
        }
    }
    Ok((!none).then(|| found.build()))
}
