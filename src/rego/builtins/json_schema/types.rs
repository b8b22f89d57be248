//! What OPA's type checker makes of a schema: the type of the documents that it allows, roughly. Only `type`,
//! `properties`, `items`, `anyOf` and `allOf` count; an object has no other keys than its properties.

use std::sync::Arc;

use super::schema::{Items, Node, NodeId, ObjectRules, Rules, Schema};
use super::{compile, document};
use crate::rego::types::{ArrayType, ObjectType, Type};
use crate::rego::value::{Str, Value};

/// How deeply a type is followed; deeper documents, recursive ones among them, count as anything.
const MAX_DEPTH: usize = 32;

/// Parts of a type: what refers to itself in many places would grow without end.
const MAX_PARTS: usize = 4096;

/// The type of what a schema allows.
///
/// # Errors
/// The schema is none, or it combines what cannot be combined; in OPA's words.
pub(in crate::rego) fn type_of(schema: &Value) -> Result<Type, String> {
    let schema = document(schema)
        .and_then(|document| compile::compile(&document))
        .map_err(|error| format!("unable to compile the schema: {error}"))?;
    let mut reader = Reader { schema: &schema, parts: MAX_PARTS };
    reader.node(NodeId(0), MAX_DEPTH).map_err(|error| format!("type checking: {error}"))
}

struct Reader<'a> {
    schema: &'a Schema,
    parts: usize,
}

/// What of a schema counts: several become one of these before they become a type.
#[derive(Clone, Default)]
struct Shape {
    types: Vec<&'static str>,
    properties: Vec<(Str, NodeId)>,
    items: Vec<NodeId>,
    /// Whether `items` is one schema for all.
    same_items: bool,
}

impl Shape {
    fn of(node: &Node) -> Self {
        let Node::Rules(rules) = node else { return Self::default() };
        let declared = rules.object.iter().flat_map(ObjectRules::properties);
        let properties = declared.map(|(name, id)| (name.clone(), id)).collect();
        let (items, same_items) = match rules.array.as_ref().map(|it| &it.items) {
            None | Some(Items::Any) => (Vec::new(), false),
            Some(Items::All(id)) => (vec![*id], true),
            Some(Items::Each(ids)) => (ids.clone(), false),
        };
        let mut shape = Self { types: rules.types.names.clone(), properties, items, same_items };
        // Who has properties is an object, who has items an array, even if no type is given.
        if !shape.properties.is_empty() {
            shape.add("object");
        } else if !shape.items.is_empty() {
            shape.add("array");
        }
        shape
    }

    fn add(&mut self, name: &'static str) {
        if !self.types.contains(&name) {
            self.types.push(name);
        }
    }

    fn has(&self, name: &str) -> bool {
        self.types.contains(&name)
    }

    fn shown(&self) -> String {
        match self.types.as_slice() {
            [] => String::new(),
            [one] => (*one).to_owned(),
            many => format!("[{}]", many.join(",")),
        }
    }
}

impl Reader<'_> {
    fn node(&mut self, id: NodeId, depth: usize) -> Result<Type, String> {
        if depth == 0 || self.parts == 0 {
            return Ok(Type::ANY);
        }
        self.parts -= 1;
        let node = self.schema.node(id);
        match node {
            Node::Anything | Node::Nothing => Ok(Type::ANY),
            Node::Reference(target) => self.node(*target, depth - 1),
            Node::Rules(rules) => {
                let (any_of, all_of) =
                    rules.logic.as_ref().map_or((&[][..], &[][..]), |it| (&it.any_of[..], &it.all_of[..]));
                if !any_of.is_empty() {
                    self.any_of(node, any_of, depth)
                } else if !all_of.is_empty() {
                    let shape = self.all_of(rules, node, all_of)?;
                    self.shape(&shape, depth)
                } else {
                    self.shape(&Shape::of(node), depth)
                }
            }
        }
    }

    /// One of several; what is said beside them counts if it is an object with properties.
    fn any_of(&mut self, node: &Node, ids: &[NodeId], depth: usize) -> Result<Type, String> {
        let mut found = None;
        if let Node::Rules(rules) = node
            && !rules.types.names.is_empty()
            && rules.object.as_ref().is_some_and(|it| it.properties().next().is_some())
        {
            found = Some(self.shape(&Shape::of(node), depth)?);
        }
        for id in ids {
            let ty = self.node(*id, depth - 1)?;
            found = Some(found.map_or_else(|| ty.clone(), |found| ty.clone().or(found)));
        }
        Ok(found.unwrap_or(Type::ANY))
    }

    /// All of several at once.
    fn all_of(&self, rules: &Rules, node: &Node, ids: &[NodeId]) -> Result<Shape, String> {
        let merged = merged(ids.iter().map(|id| Shape::of(self.schema.node(*id))).collect())?;
        if rules.types.names.is_empty() {
            return Ok(merged);
        }
        let own = Shape::of(node);
        if own.has("object") && merged.has("object") || own.has("array") && merged.has("array") {
            return self::merged(vec![own, merged]);
        }
        if own.shown() == merged.shown() {
            Ok(merged)
        } else {
            Err("unable to merge these schemas".to_owned())
        }
    }

    /// Of several types the first in this order counts.
    fn shape(&mut self, shape: &Shape, depth: usize) -> Result<Type, String> {
        Ok(if shape.has("boolean") {
            Type::Boolean
        } else if shape.has("string") {
            Type::String
        } else if shape.has("integer") || shape.has("number") {
            Type::Number
        } else if shape.has("object") && shape.properties.is_empty() {
            Type::object_of(Type::ANY, Type::ANY)
        } else if shape.has("object") {
            let mut keys = Vec::with_capacity(shape.properties.len());
            for (name, id) in &shape.properties {
                keys.push((Value::String(name.clone()), self.node(*id, depth - 1)?));
            }
            keys.sort();
            keys.dedup_by(|later, first| later.0 == first.0);
            Type::Object(ObjectType { rest: None, keys })
        } else if shape.has("array") {
            let mut items = Vec::with_capacity(shape.items.len());
            for id in &shape.items {
                items.push(self.node(*id, depth - 1)?);
            }
            match (items.pop(), shape.same_items) {
                (None, _) => Type::array_of(Type::ANY),
                (Some(item), true) => {
                    Type::Array(ArrayType { rest: Some(Arc::new(item)), items: Vec::new() })
                }
                (Some(last), false) => {
                    items.push(last);
                    Type::tuple(items)
                }
            }
        } else {
            Type::ANY
        })
    }
}

fn merged(shapes: Vec<Shape>) -> Result<Shape, String> {
    let mut shapes = shapes.into_iter();
    let mut all = shapes.next().unwrap_or_default();
    for shape in shapes {
        if all.shown() != shape.shown() {
            let (a, b) = (all.shown(), shape.shown());
            return Err(format!("unable to merge these schemas: type mismatch: {a} and {b}"));
        }
        all.properties.extend(shape.properties);
        let known = all.items.len();
        all.items.extend(shape.items.into_iter().skip(known));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rego::value::{ReadLimits, json};

    fn of(schema: &str) -> String {
        let schema = json::read(schema.as_bytes(), &ReadLimits::default()).unwrap();
        type_of(&schema).map_or_else(|error| error, |ty| ty.to_string())
    }

    #[test]
    fn a_schema_is_the_type_that_opa_checks_with() {
        for (schema, want) in [
            (r"{}", "any"),
            (r#"{"type": "null"}"#, "any"),
            (r#"{"type": ["integer", "string"]}"#, "string"),
            (r#"{"type": "object"}"#, "object[any: any]"),
            (r#"{"properties": {"b": {"type": "number"}, "a": {}}}"#, "object<a: any, b: number>"),
            (r#"{"items": {"type": "boolean"}}"#, "array[boolean]"),
            (r#"{"items": [{"type": "string"}, {}]}"#, "array<string, any>"),
            (r#"{"anyOf": [{"type": "string"}, {"type": "number"}]}"#, "any<number, string>"),
            (r#"{"oneOf": [{"type": "string"}]}"#, "any"),
            (
                r#"{"type": "object", "properties": {"a": {}}, "allOf": [{"properties": {"b": {}}}]}"#,
                "object<a: any, b: any>",
            ),
            (
                r#"{"allOf": [{"type": "string"}, {"type": "number"}]}"#,
                "type checking: unable to merge these schemas: type mismatch: string and number",
            ),
            (r##"{"$ref": "#/nope"}"##, "unable to compile the schema: Object has no key 'nope'"),
        ] {
            assert_eq!(of(schema), want, "{schema}");
        }
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let ty = of(r##"{"properties": {"l": {"$ref": "#"}, "r": {"$ref": "#"}}}"##);
        assert!(ty.starts_with("object<l: object<l: "), "{ty:.100}");
        assert!(ty.len() < 1_000_000);
    }
}
