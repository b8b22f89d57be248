//! Annotations: the YAML under `# METADATA` comments.

use super::super::source::Span;

/// One annotation block.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotations {
    /// The whole block.
    pub span: Span,
}
