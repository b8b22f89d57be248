//! From a schema as a value to a compiled one; what is no schema is refused in the words that policies may show.

use std::collections::HashMap;

use super::super::regex::{self, Pattern};
use super::pointer::Resolver;
use super::schema::{
    Additional, ArrayRules, Dependency, Items, Logic, Node, NodeId, NumberRules, ObjectRules, Schema,
    StringRules, TYPES,
};
use crate::rego::value::{Number, Object, Value};

/// Nodes of one schema: the largest published ones have some thousands.
const MAX_NODES: usize = 100_000;

/// Compiles a schema and everything it refers to.
pub(super) fn compile(root: &Value) -> Result<Schema, String> {
    let mut compiler = Compiler {
        schema: Schema::default(),
        open: Vec::new(),
        known: HashMap::new(),
        resolver: Resolver::new(root),
    };
    compiler.id_of(root)?;
    while let Some((id, value)) = compiler.open.pop() {
        let node = compiler.node(value)?;
        if let Some(place) = compiler.schema.nodes.get_mut(id.0 as usize) {
            *place = node;
        }
    }
    Ok(compiler.schema)
}

/// Each value is compiled once, by its place in the document; what waits stands in `open`, so nothing recurses.
struct Compiler<'a> {
    schema: Schema,
    open: Vec<(NodeId, &'a Value)>,
    known: HashMap<*const Value, NodeId>,
    resolver: Resolver<'a>,
}

fn must_be(key: &str, article: &str, what: &str) -> String {
    format!("{key} must be of {article} {what}")
}

fn invalid(expected: &str, given: &str) -> String {
    format!("Invalid type. Expected: {expected}, given: {given}")
}

impl<'a> Compiler<'a> {
    /// The node of a schema, compiled later if it is new.
    fn id_of(&mut self, value: &'a Value) -> Result<NodeId, String> {
        if let Some(id) = self.known.get(&std::ptr::from_ref(value)) {
            return Ok(*id);
        }
        let count = self.schema.nodes.len();
        let id = u32::try_from(count).ok().filter(|_| count < MAX_NODES).map(NodeId);
        let id = id.ok_or_else(|| format!("schema has more than {MAX_NODES} parts"))?;
        self.known.insert(value, id);
        self.schema.nodes.push(Node::default());
        self.open.push((id, value));
        Ok(id)
    }

    fn node(&mut self, value: &'a Value) -> Result<Node, String> {
        let pairs = match value {
            Value::Bool(it) => return Ok(Node { boolean: Some(*it), ..Node::default() }),
            Value::Object(pairs) => pairs,
            _ => return Err("schema is invalid".to_owned()),
        };
        string(pairs, "$schema").map_err(|_| "$schema must be of type string".to_owned())?;
        if let Some(target) = pairs.get_str("$ref") {
            let target = target.as_str().ok_or_else(|| invalid("string", "$ref"))?;
            let target = self.resolver.find(value, target)?;
            return Ok(Node { reference: Some(self.id_of(target)?), ..Node::default() });
        }
        Ok(Node {
            boolean: None,
            reference: None,
            types: types(pairs)?,
            object: self.object(pairs)?,
            array: self.array(pairs)?,
            number: numbers(pairs)?,
            string: strings(pairs)?,
            format: string(pairs, "format")?.map(str::to_owned),
            constant: pairs.get_str("const").cloned(),
            enumeration: enumeration(pairs)?,
            logic: self.logic(pairs)?,
        })
    }

    fn list(&mut self, pairs: &'a Object, key: &str) -> Result<Vec<NodeId>, String> {
        match pairs.get_str(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items.iter().map(|it| self.id_of(it)).collect(),
            Some(_) => Err(must_be(key, "an", "array")),
        }
    }

    fn one(&mut self, pairs: &'a Object, key: &str) -> Result<Option<NodeId>, String> {
        match pairs.get_str(key) {
            None => Ok(None),
            Some(schema @ (Value::Object(_) | Value::Bool(_))) => self.id_of(schema).map(Some),
            Some(_) => Err(must_be(key, "an", "object")),
        }
    }

    fn additional(&mut self, pairs: &'a Object, key: &str) -> Result<Additional, String> {
        match pairs.get_str(key) {
            None | Some(Value::Bool(true)) => Ok(Additional::Allowed),
            Some(Value::Bool(false)) => Ok(Additional::Refused),
            Some(schema @ Value::Object(_)) => Ok(Additional::Schema(self.id_of(schema)?)),
            Some(_) => Err(invalid("boolean/Valid Schema", key)),
        }
    }

    fn logic(&mut self, pairs: &'a Object) -> Result<Logic, String> {
        Ok(Logic {
            one_of: self.list(pairs, "oneOf")?,
            any_of: self.list(pairs, "anyOf")?,
            all_of: self.list(pairs, "allOf")?,
            not: self.one(pairs, "not")?,
            condition: self.one(pairs, "if")?,
            then: self.one(pairs, "then")?,
            otherwise: self.one(pairs, "else")?,
        })
    }

    fn object(&mut self, pairs: &'a Object) -> Result<ObjectRules, String> {
        for key in ["definitions", "$defs"] {
            for (_, schema) in members(pairs, key)? {
                self.id_of(schema)?;
            }
        }
        let mut properties = Vec::new();
        for (name, schema) in members(pairs, "properties")? {
            properties.push((name.to_owned(), self.id_of(schema)?));
        }
        let mut patterns = Vec::new();
        for (pattern, schema) in members(pairs, "patternProperties")? {
            patterns.push((regex(pattern)?, self.id_of(schema)?));
        }
        let (least, most) = lengths(pairs, "minProperties", "maxProperties")?;
        Ok(ObjectRules {
            least,
            most,
            required: names(pairs, "required")?,
            properties,
            patterns,
            additional: self.additional(pairs, "additionalProperties")?,
            names: self.one(pairs, "propertyNames")?,
            dependencies: self.dependencies(pairs)?,
        })
    }

    fn dependencies(&mut self, pairs: &'a Object) -> Result<Vec<(String, Dependency)>, String> {
        let mut all = Vec::new();
        for (name, needs) in members(pairs, "dependencies")? {
            let needs = match needs {
                Value::Array(items) => {
                    let names = items.iter().map(|it| it.as_str().map(str::to_owned)).collect::<Option<_>>();
                    Dependency::Properties(
                        names.ok_or_else(|| invalid("Valid Schema/Array Of Strings", "dependency"))?,
                    )
                }
                schema @ (Value::Object(_) | Value::Bool(_)) => Dependency::Schema(self.id_of(schema)?),
                _ => return Err(invalid("Valid Schema/Array Of Strings", "dependency")),
            };
            all.push((name.to_owned(), needs));
        }
        Ok(all)
    }

    fn array(&mut self, pairs: &'a Object) -> Result<ArrayRules, String> {
        let items = match pairs.get_str("items") {
            None => Items::Any,
            Some(Value::Array(_)) => Items::Each(self.list(pairs, "items")?),
            Some(schema @ (Value::Object(_) | Value::Bool(_))) => Items::All(self.id_of(schema)?),
            Some(_) => return Err(invalid("Valid Schema/Array Of Schemas", "items")),
        };
        let unique = match pairs.get_str("uniqueItems") {
            None => false,
            Some(Value::Bool(it)) => *it,
            Some(_) => return Err(must_be("uniqueItems", "a", "boolean")),
        };
        let (least, most) = lengths(pairs, "minItems", "maxItems")?;
        Ok(ArrayRules {
            items,
            additional: self.additional(pairs, "additionalItems")?,
            least,
            most,
            unique,
            contains: self.one(pairs, "contains")?,
        })
    }
}

fn members<'a>(pairs: &'a Object, key: &str) -> Result<Vec<(&'a str, &'a Value)>, String> {
    match pairs.get_str(key) {
        None => Ok(Vec::new()),
        Some(Value::Object(members)) => {
            Ok(members.iter().filter_map(|(name, value)| Some((name.as_str()?, value))).collect())
        }
        Some(_) => Err(format!("{key} must be of type object")),
    }
}

fn string<'a>(pairs: &'a Object, key: &str) -> Result<Option<&'a str>, String> {
    match pairs.get_str(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(invalid("string", key)),
    }
}

fn types(pairs: &Object) -> Result<Vec<&'static str>, String> {
    let wrong = || invalid("type", "string/Array Of Strings");
    let names: Vec<&Value> = match pairs.get_str("type") {
        None => Vec::new(),
        Some(one @ Value::String(_)) => vec![one],
        Some(Value::Array(several)) => several.iter().collect(),
        Some(_) => return Err(wrong()),
    };
    let mut types = Vec::new();
    for name in names {
        let name = name.as_str().ok_or_else(wrong)?;
        let known = TYPES.iter().find(|known| **known == name).ok_or_else(|| {
            format!(
                "has a primitive type that is NOT VALID -- given: /{name}/ Expected valid values are:[{}]",
                TYPES.join(" ")
            )
        })?;
        if types.contains(known) {
            return Err(format!("type {name} is duplicated"));
        }
        types.push(*known);
    }
    Ok(types)
}

fn names(pairs: &Object, key: &str) -> Result<Vec<String>, String> {
    let items = match pairs.get_str(key) {
        None => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(must_be(key, "an", "array")),
    };
    let mut names = Vec::new();
    for item in items {
        let name = item.as_str().ok_or_else(|| format!("{key} items must be string"))?;
        if names.iter().any(|known| known == name) {
            return Err(format!("{key} items must be unique"));
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

fn enumeration(pairs: &Object) -> Result<Vec<Value>, String> {
    match pairs.get_str("enum") {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) => {
            let distinct: std::collections::HashSet<&Value> = items.iter().collect();
            if distinct.len() < items.len() {
                return Err("enum items must be unique".to_owned());
            }
            Ok(items.iter().cloned().collect())
        }
        Some(_) => Err(must_be("enum", "an", "array")),
    }
}

fn number(pairs: &Object, key: &str) -> Result<Option<Number>, String> {
    match pairs.get_str(key) {
        None => Ok(None),
        Some(Value::Number(number)) => Ok(Some(number.clone())),
        Some(_) => Err(must_be(key, "a", "number")),
    }
}

/// Draft 4 has `exclusiveMinimum: true` beside `minimum`, later drafts a number of its own.
fn bound(pairs: &Object, key: &str, exclusive: &str) -> Result<(Option<Number>, Option<Number>), String> {
    let inclusive = number(pairs, key)?;
    match pairs.get_str(exclusive) {
        None | Some(Value::Bool(false)) => Ok((inclusive, None)),
        Some(Value::Bool(true)) if inclusive.is_none() => {
            Err(format!("{exclusive} cannot be used without {key}"))
        }
        Some(Value::Bool(true)) => Ok((None, inclusive)),
        Some(Value::Number(bound)) => Ok((inclusive, Some(bound.clone()))),
        Some(_) => Err(invalid("boolean/number", exclusive)),
    }
}

fn numbers(pairs: &Object) -> Result<NumberRules, String> {
    let multiple_of = match pairs.get_str("multipleOf") {
        None => None,
        Some(Value::Number(number)) if *number > Number::from(0_i64) => Some(number.clone()),
        Some(Value::Number(_)) => return Err("multipleOf must be strictly greater than 0".to_owned()),
        Some(_) => return Err(invalid("number", "multipleOf")),
    };
    let (minimum, exclusive_minimum) = bound(pairs, "minimum", "exclusiveMinimum")?;
    let (maximum, exclusive_maximum) = bound(pairs, "maximum", "exclusiveMaximum")?;
    Ok(NumberRules { multiple_of, minimum, exclusive_minimum, maximum, exclusive_maximum })
}

fn lengths(pairs: &Object, least: &str, most: &str) -> Result<(Option<usize>, Option<usize>), String> {
    let length = |key: &str| match pairs.get_str(key) {
        None => Ok(None),
        Some(Value::Number(number)) if number.is_integer() => match number.as_i64() {
            Some(it) if it < 0 => Err(format!("{key} must be greater than or equal to 0")),
            _ => Ok(Some(number.as_usize().unwrap_or(usize::MAX))),
        },
        Some(_) => Err(must_be(key, "an", "integer")),
    };
    match (length(least)?, length(most)?) {
        (Some(a), Some(b)) if a > b => Err(format!("{least} cannot be greater than {most}")),
        both => Ok(both),
    }
}

fn strings(pairs: &Object) -> Result<StringRules, String> {
    let (least, most) = lengths(pairs, "minLength", "maxLength")?;
    // OPA reads `pattern` and never asks it; a policy that needs one asks `regex.match` itself.
    string(pairs, "pattern")?;
    Ok(StringRules { least, most })
}

fn regex(pattern: &str) -> Result<Pattern, String> {
    regex::compile(pattern).map_err(|_| format!("Invalid regex pattern '{pattern}'"))
}
