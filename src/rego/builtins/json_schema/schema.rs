//! A compiled schema: nodes in one list that refer to each other by number, so that recursive schemas are no trouble.

use super::super::regex::Pattern;
use crate::rego::value::{Number, Value};

/// A node of a [`Schema`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct NodeId(pub(super) u32);

/// All nodes; the first one is the root.
#[derive(Debug, Default)]
pub(super) struct Schema {
    pub(super) nodes: Vec<Node>,
}

impl Schema {
    pub(super) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.0 as usize)
    }
}

/// The kinds of JSON that `type` knows, in the order of messages.
pub(super) const TYPES: [&str; 7] = ["array", "boolean", "integer", "number", "null", "object", "string"];

/// What one schema says. A keyword that is missing says nothing.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// `true` or `false` in place of a schema.
    pub(super) boolean: Option<bool>,
    /// `$ref`: nothing else counts.
    pub(super) reference: Option<NodeId>,
    pub(super) types: Vec<&'static str>,
    pub(super) constant: Option<Value>,
    pub(super) enumeration: Vec<Value>,
    pub(super) format: Option<String>,
    pub(super) logic: Logic,
    pub(super) number: NumberRules,
    pub(super) string: StringRules,
    pub(super) array: ArrayRules,
    pub(super) object: ObjectRules,
}

#[derive(Debug, Default)]
pub(super) struct Logic {
    pub(super) all_of: Vec<NodeId>,
    pub(super) any_of: Vec<NodeId>,
    pub(super) one_of: Vec<NodeId>,
    pub(super) not: Option<NodeId>,
    pub(super) condition: Option<NodeId>,
    pub(super) then: Option<NodeId>,
    pub(super) otherwise: Option<NodeId>,
}

#[derive(Debug, Default)]
pub(super) struct NumberRules {
    pub(super) multiple_of: Option<Number>,
    pub(super) minimum: Option<Number>,
    pub(super) exclusive_minimum: Option<Number>,
    pub(super) maximum: Option<Number>,
    pub(super) exclusive_maximum: Option<Number>,
}

#[derive(Debug, Default)]
pub(super) struct StringRules {
    pub(super) least: Option<usize>,
    pub(super) most: Option<usize>,
}

#[derive(Debug, Default)]
pub(super) struct ArrayRules {
    pub(super) items: Items,
    pub(super) additional: Additional,
    pub(super) least: Option<usize>,
    pub(super) most: Option<usize>,
    pub(super) unique: bool,
    pub(super) contains: Option<NodeId>,
}

/// `items`
#[derive(Debug, Default)]
pub(super) enum Items {
    #[default]
    Any,
    All(NodeId),
    Each(Vec<NodeId>),
}

/// `additionalItems`, `additionalProperties`
#[derive(Debug, Default)]
pub(super) enum Additional {
    #[default]
    Allowed,
    Refused,
    Schema(NodeId),
}

#[derive(Debug, Default)]
pub(super) struct ObjectRules {
    pub(super) least: Option<usize>,
    pub(super) most: Option<usize>,
    pub(super) required: Vec<String>,
    /// In the order of names.
    pub(super) properties: Vec<(String, NodeId)>,
    pub(super) patterns: Vec<(Pattern, NodeId)>,
    pub(super) additional: Additional,
    pub(super) names: Option<NodeId>,
    pub(super) dependencies: Vec<(String, Dependency)>,
}

/// `dependencies`: what a property needs.
#[derive(Debug)]
pub(super) enum Dependency {
    Properties(Vec<String>),
    Schema(NodeId),
}
