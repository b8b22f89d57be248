//! A compiled schema: nodes in one list that refer to each other by number, so that recursive schemas are no trouble.
//!
//! A node holds only what its schema says, apart for each kind of value: most schemas say little, and a value is held
//! against what concerns it.

use std::borrow::Cow;
use std::collections::HashSet;

use super::super::regex::Pattern;
use super::format::Format;
use crate::rego::value::{Number, Object, Str, Value, json};

/// A node of a [`Schema`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct NodeId(pub(super) u32);

/// All nodes, and where to begin.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) nodes: Vec<Node>,
    pub(super) root: NodeId,
}

impl Schema {
    pub(super) fn node(&self, id: NodeId) -> &Node {
        self.nodes.get(id.0 as usize).unwrap_or(&Node::Anything)
    }
}

/// What one schema says.
#[derive(Debug, Default)]
pub(super) enum Node {
    /// `true`
    #[default]
    Anything,
    /// `false`
    Nothing,
    /// `$ref`: nothing else counts. In a linked schema, one that leads to no rules.
    Reference(NodeId),
    /// Everything else.
    Rules(Box<Rules>),
}

/// What the keywords of a schema say. One that is missing says nothing.
#[derive(Debug, Default)]
pub(super) struct Rules {
    pub(super) types: Types,
    pub(super) value: Option<ValueRules>,
    pub(super) string: Option<StringRules>,
    pub(super) object: Option<ObjectRules>,
    pub(super) array: Option<ArrayRules>,
    pub(super) number: Option<NumberRules>,
    pub(super) logic: Option<Logic>,
}

/// The kinds of JSON that `type` knows, in the order of messages.
pub(super) const TYPES: [&str; 7] = ["array", "boolean", "integer", "number", "null", "object", "string"];

/// `type`
#[derive(Clone, Debug, Default)]
pub(super) struct Types {
    /// As they stand in the schema.
    pub(super) names: Vec<&'static str>,
    /// A bit for each, by its place in [`TYPES`].
    allowed: u8,
}

impl Types {
    /// One more, unless it is there already.
    pub(super) fn add(&mut self, name: &'static str) -> bool {
        let bit = bit_of(name);
        let new = self.allowed & bit == 0;
        if new {
            self.allowed |= bit;
            self.names.push(name);
        }
        new
    }

    /// The type of a value that is of none of these.
    pub(super) fn refused(&self, value: &Value) -> Option<&'static str> {
        if self.allowed == 0 {
            return None;
        }
        let (name, bits) = match value {
            Value::String(_) => ("string", const { bit_of("string") }),
            Value::Object(_) => ("object", const { bit_of("object") }),
            Value::Array(_) | Value::Set(_) => ("array", const { bit_of("array") }),
            Value::Bool(_) => ("boolean", const { bit_of("boolean") }),
            Value::Null => ("null", const { bit_of("null") }),
            Value::Number(it) if it.is_integer() => {
                ("integer", const { bit_of("integer") | bit_of("number") })
            }
            Value::Number(_) => ("number", const { bit_of("number") }),
        };
        (self.allowed & bits == 0).then_some(name)
    }
}

const fn bit_of(name: &str) -> u8 {
    let mut at = 0;
    while at < TYPES.len() {
        // No two begin alike but these, whose lengths differ: `null` and `number`.
        if TYPES[at].len() == name.len() && TYPES[at].as_bytes()[0] == name.as_bytes()[0] {
            return 1 << at;
        }
        at += 1;
    }
    0
}

/// What is said of a value of whatever kind.
#[derive(Debug, Default)]
pub(super) struct ValueRules {
    pub(super) constant: Option<Value>,
    pub(super) enumeration: Option<Enumeration>,
    pub(super) format: Option<Format>,
}

/// `enum`
#[derive(Debug)]
pub(super) struct Enumeration {
    /// As they stand in the schema.
    pub(super) items: Vec<Value>,
    /// The same, where they are more than a look at each is worth.
    known: HashSet<Value>,
}

/// Items up to which each is looked at.
const LOOKED_AT: usize = 8;

impl Enumeration {
    pub(super) fn new(items: Vec<Value>) -> Self {
        let known = if items.len() > LOOKED_AT { items.iter().cloned().collect() } else { HashSet::new() };
        Self { items, known }
    }

    pub(super) fn has(&self, value: &Value) -> bool {
        match value {
            Value::Set(_) => self.items.iter().any(|it| same(it, value)),
            _ if self.items.len() > LOOKED_AT => self.known.contains(value),
            _ => self.items.contains(value),
        }
    }
}

/// Equal as JSON: a set is an array.
pub(super) fn same(wanted: &Value, given: &Value) -> bool {
    match given {
        Value::Set(members) => wanted.as_array().is_some_and(|it| it.iter().eq(members.iter())),
        _ => wanted == given,
    }
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

impl NumberRules {
    /// The unit that the number is no multiple of.
    pub(super) fn missed_unit(&self, number: &Number) -> Option<&Number> {
        // The quotient of decimal numbers is exact where it is an integer.
        let whole = |unit: &&Number| number.div(unit).is_ok_and(|quotient| quotient.is_integer());
        self.multiple_of.as_ref().filter(|unit| !whole(unit))
    }
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

impl ArrayRules {
    /// What the item at an index is held against.
    pub(super) fn item(&self, index: usize) -> Option<NodeId> {
        match (&self.items, &self.additional) {
            (Items::Any, _) => None,
            (Items::All(id), _) => Some(*id),
            (Items::Each(ids), additional) => match (ids.get(index), additional) {
                (Some(id), _) | (None, Additional::Schema(id)) => Some(*id),
                (None, _) => None,
            },
        }
    }

    /// Whether an array is longer than it may be because no items may follow those that are named.
    pub(super) fn refuses_rest(&self, count: usize) -> bool {
        match (&self.items, &self.additional) {
            (Items::Each(ids), Additional::Refused) => !ids.is_empty() && count > ids.len(),
            _ => false,
        }
    }
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
    /// As they stand in the schema.
    pub(super) required: Vec<Str>,
    /// What is declared or required, in the order of names.
    pub(super) members: Vec<Member>,
    pub(super) patterns: Vec<(Pattern, NodeId)>,
    pub(super) additional: Additional,
    pub(super) names: Option<NodeId>,
    pub(super) dependencies: Vec<(Str, Dependency)>,
}

/// What is said of one property by its name.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: Str,
    /// Where it is declared.
    pub(super) schema: Option<NodeId>,
    pub(super) required: bool,
}

impl ObjectRules {
    /// What `properties` declares, in the order of names.
    pub(super) fn properties(&self) -> impl Iterator<Item = (&Str, NodeId)> {
        self.members.iter().filter_map(|it| Some((&it.name, it.schema?)))
    }

    /// What `properties` says of a name.
    pub(super) fn declared(&self, name: &str) -> Option<NodeId> {
        let found = self.members.binary_search_by(|it| it.name.as_str().cmp(name));
        found.ok().and_then(|at| self.members[at].schema)
    }
}

/// The name of a member: a key that is no string stands for its JSON text.
pub(super) fn name_of(key: &Value) -> Cow<'_, str> {
    key.as_str().map_or_else(|| json::to_string(key, json::Html::Plain).into(), Cow::Borrowed)
}

/// The member of a name.
pub(super) fn property<'v>(pairs: &'v Object, name: &str) -> Option<&'v Value> {
    let odd = |(key, _): &(&Value, &Value)| key.as_str().is_none() && name_of(key) == name;
    pairs.get_str(name).or_else(|| pairs.iter().find(odd).map(|(_, member)| member))
}

/// `dependencies`: what a property needs.
#[derive(Debug)]
pub(super) enum Dependency {
    Properties(Vec<Str>),
    Schema(NodeId),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_a_bit_of_its_own() {
        let bits: Vec<u8> = TYPES.iter().map(|it| bit_of(it)).collect();
        assert_eq!(bits, [1, 2, 4, 8, 16, 32, 64]);
    }
}
