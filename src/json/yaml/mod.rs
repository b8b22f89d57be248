//! YAML and JSON documents into types, every fault with its place.
//!
//! A field of text gets the text that was written: a component named `y` stays `y`, a version `1.10` stays `1.10`. Where
//! the type does not say (free-form data), plain scalars mean what they mean to Go's YAML 1.1 reader, as everywhere in
//! this product. Repeated keys and a second document are refused; aliases and merge keys work within bounds.

mod de;
mod spanned;

use std::collections::HashSet;

use serde::de::DeserializeOwned;

pub use spanned::Spanned;

use super::{Limits, Position, ReadError, ReadErrorKind, check};
use crate::rego::value::ReadLimits;
use crate::rego::value::yaml::{
    Flavor, Mark, Node, NodeId, NodeKind, Tree, YamlError, YamlErrorKind, is_merge, key_text,
};

/// The document of a type, written as YAML or as JSON.
///
/// # Errors
/// [`ReadError`] names the first fault and its place.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8], limits: Limits) -> Result<T, ReadError> {
    let tree = tree(bytes, limits)?;
    T::deserialize(de::NodeReader::new(&tree, tree.root())).map_err(de::Error::into_read_error)
}

/// Whether the bytes are one strict YAML or JSON document within the limits.
///
/// # Errors
/// [`ReadError`] names the first fault and its place.
pub fn check_yaml(bytes: &[u8], limits: Limits) -> Result<(), ReadError> {
    tree(bytes, limits).map(drop)
}

fn tree(bytes: &[u8], limits: Limits) -> Result<Tree, ReadError> {
    // What is JSON, or nearly, gets the messages of JSON.
    if let Err(error) = check(bytes, limits)
        && !matches!(error.kind, ReadErrorKind::Syntax(_) | ReadErrorKind::Trailing)
    {
        return Err(error);
    }
    let text = str::from_utf8(bytes).map_err(|it| ReadErrorKind::InvalidUtf8.at(bytes, it.valid_up_to()))?;
    let read_limits = ReadLimits { max_depth: limits.max_depth, ..ReadLimits::default() };
    let tree = Tree::read(text, Flavor::Strict, &read_limits).map_err(yaml_error)?;
    let tree = tree.ok_or_else(|| ReadErrorKind::Empty.whole())?;
    tree.nodes().try_for_each(|node| check_keys(&tree, node))?;
    Ok(tree)
}

fn check_keys(tree: &Tree, node: &Node) -> Result<(), ReadError> {
    let NodeKind::Mapping(pairs) = &node.kind else { return Ok(()) };
    let mut seen = HashSet::with_capacity(pairs.len());
    for key in pairs.iter().map(|(key, _)| tree.node(*key)).filter(|key| !is_merge(key)) {
        let text = written(key)?;
        if !seen.insert(text) {
            return Err(ReadError {
                kind: ReadErrorKind::DuplicateKey(text.to_owned()),
                position: Some(position(key.mark)),
            });
        }
    }
    Ok(())
}

/// The text of a key as it was written.
fn written(key: &Node) -> Result<&str, ReadError> {
    // Only to refuse what is no key at all.
    key_text(key).map_err(yaml_error)?;
    match &key.kind {
        NodeKind::Scalar { text, .. } => Ok(text),
        _ => Ok(""),
    }
}

/// The pairs of a mapping, with those that it merges.
fn pairs<'t>(tree: &'t Tree, pairs: &'t [(NodeId, NodeId)]) -> Result<Vec<(&'t Node, &'t Node)>, ReadError> {
    let mut all: Vec<(&Node, &Node)> = Vec::with_capacity(pairs.len());
    let mut merged = Vec::new();
    for (key, value) in pairs.iter().map(|(key, value)| (tree.node(*key), tree.node(*value))) {
        if !is_merge(key) {
            all.push((key, value));
            continue;
        }
        match &value.kind {
            NodeKind::Sequence(items) => merged.extend(items.iter().map(|id| tree.node(*id))),
            _ => merged.push(value),
        }
    }
    if merged.is_empty() {
        return Ok(all);
    }
    let mut seen = all.iter().map(|(key, _)| written(key)).collect::<Result<HashSet<_>, _>>()?;
    for node in merged {
        let NodeKind::Mapping(inner) = &node.kind else {
            return Err(ReadError {
                kind: ReadErrorKind::Syntax(YamlErrorKind::Merge.to_string()),
                position: Some(position(node.mark)),
            });
        };
        for (key, value) in self::pairs(tree, inner)? {
            if seen.insert(written(key)?) {
                all.push((key, value));
            }
        }
    }
    Ok(all)
}

fn position(mark: Mark) -> Position {
    Position { offset: mark.offset, line: mark.line, column: mark.column }
}

fn yaml_error(error: YamlError) -> ReadError {
    let kind = match error.kind {
        YamlErrorKind::TooDeep(levels) => ReadErrorKind::TooDeep(levels),
        YamlErrorKind::TooManyAliases => ReadErrorKind::TooManyNodes(
            usize::try_from(crate::rego::value::yaml::MAX_ALIASED_NODES).unwrap_or(usize::MAX),
        ),
        YamlErrorKind::Trailing => ReadErrorKind::Trailing,
        YamlErrorKind::InvalidUtf8 => ReadErrorKind::InvalidUtf8,
        other => ReadErrorKind::Syntax(other.to_string()),
    };
    ReadError { kind, position: Some(position(error.mark)) }
}

#[cfg(test)]
mod tests;
