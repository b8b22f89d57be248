//! Annotations: the YAML under `# METADATA` comments.

use std::sync::Arc;

use super::super::error::{Errors, RegoError};
use super::super::source::{Source, Sources, Span};
use super::ast::{Comment, Module, Rule};

/// One annotation block.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotations {
    /// The whole block.
    pub span: Span,
}

pub(super) struct Block;

pub(super) enum Target {
    Package,
    Import,
    Rule(usize),
}

pub(super) fn read_blocks(_source: &Source, _comments: &[Comment]) -> (Vec<Block>, Vec<RegoError>) {
    (Vec::new(), Vec::new())
}

pub(super) fn attach(
    _blocks: Vec<Block>,
    _targets: &[(Target, Span)],
    _sources: &Sources,
) -> Result<Vec<Annotations>, Errors> {
    Ok(Vec::new())
}

pub(super) fn assign(module: &mut Module, rules: Vec<Rule>, _sources: &Sources) {
    module.rules = rules.into_iter().map(Arc::new).collect();
}
