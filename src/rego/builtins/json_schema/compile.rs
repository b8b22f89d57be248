//! From a schema as a value to a compiled one; what is no schema is refused in the words that policies may show.

use std::collections::{HashMap, HashSet};

use super::super::regex::{self, Pattern};
use super::format::Format;
use super::pointer::Resolver;
use super::schema::{
    Additional, ArrayRules, Dependency, Enumeration, Items, Logic, Member, Node, NodeId, NumberRules,
    ObjectRules, Rules, Schema, StringRules, TYPES, Types, ValueRules,
};
use crate::rego::value::{Number, Object, Str, Value};

/// Nodes of one schema: the largest published ones have some thousands.
const MAX_NODES: usize = 100_000;

/// Compiles a schema and everything it refers to.
pub(super) fn compile(root: &Value) -> Result<Schema, String> {
    let mut compiler = Compiler {
        schema: Schema { nodes: Vec::new(), root: NodeId(0) },
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
            Value::Bool(true) => return Ok(Node::Anything),
            Value::Bool(false) => return Ok(Node::Nothing),
            Value::Object(pairs) => pairs,
            _ => return Err("schema is invalid".to_owned()),
        };
        string(pairs, "$schema").map_err(|_| "$schema must be of type string".to_owned())?;
        if let Some(target) = pairs.get_str("$ref") {
            let target = target.as_str().ok_or_else(|| invalid("string", "$ref"))?;
            let target = self.resolver.find(value, target)?;
            return Ok(Node::Reference(self.id_of(target)?));
        }
        let says = Says::of(pairs);
        let types = types(pairs)?;
        let object = if says.object { Some(self.object(pairs)?) } else { None };
        let array = if says.array { Some(self.array(pairs)?) } else { None };
        let number = if says.number { Some(numbers(pairs)?) } else { None };
        let string = if says.string { strings(pairs)? } else { None };
        let value = if says.value { values(pairs)? } else { None };
        let logic = if says.logic { Some(self.logic(pairs)?) } else { None };
        Ok(Node::Rules(Box::new(Rules { types, value, string, object, array, number, logic })))
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
        let mut declared = Vec::new();
        for (name, schema) in members(pairs, "properties")? {
            declared.push(Member { name: name.clone(), schema: Some(self.id_of(schema)?), required: false });
        }
        let mut patterns = Vec::new();
        for (pattern, schema) in members(pairs, "patternProperties")? {
            patterns.push((regex(pattern)?, self.id_of(schema)?));
        }
        let (least, most) = lengths(pairs, "minProperties", "maxProperties")?;
        let required = names(pairs, "required")?;
        Ok(ObjectRules {
            least,
            most,
            members: merged(declared, &required),
            required,
            patterns,
            additional: self.additional(pairs, "additionalProperties")?,
            names: self.one(pairs, "propertyNames")?,
            dependencies: self.dependencies(pairs)?,
        })
    }

    fn dependencies(&mut self, pairs: &'a Object) -> Result<Vec<(Str, Dependency)>, String> {
        let mut all = Vec::new();
        for (name, needs) in members(pairs, "dependencies")? {
            let needs = match needs {
                Value::Array(items) => {
                    let names = items.iter().map(text).collect::<Option<_>>();
                    Dependency::Properties(
                        names.ok_or_else(|| invalid("Valid Schema/Array Of Strings", "dependency"))?,
                    )
                }
                schema @ (Value::Object(_) | Value::Bool(_)) => Dependency::Schema(self.id_of(schema)?),
                _ => return Err(invalid("Valid Schema/Array Of Strings", "dependency")),
            };
            all.push((name.clone(), needs));
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

/// What a schema speaks of, so that only that is asked for.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent of each other")]
struct Says {
    object: bool,
    array: bool,
    number: bool,
    string: bool,
    value: bool,
    logic: bool,
}

impl Says {
    fn of(pairs: &Object) -> Self {
        let mut says = Self::default();
        for key in pairs.keys().filter_map(Value::as_str) {
            match key {
                "properties"
                | "patternProperties"
                | "minProperties"
                | "maxProperties"
                | "required"
                | "additionalProperties"
                | "propertyNames"
                | "dependencies"
                | "definitions"
                | "$defs" => {
                    says.object = true;
                }
                "items" | "additionalItems" | "uniqueItems" | "minItems" | "maxItems" | "contains" => {
                    says.array = true;
                }
                "multipleOf" | "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => {
                    says.number = true;
                }
                "minLength" | "maxLength" | "pattern" => says.string = true,
                "format" | "const" | "enum" => says.value = true,
                "oneOf" | "anyOf" | "allOf" | "not" | "if" | "then" | "else" => says.logic = true,
                _ => {}
            }
        }
        says
    }
}

fn text(value: &Value) -> Option<Str> {
    if let Value::String(text) = value { Some(text.clone()) } else { None }
}

/// What is declared, which stands in the order of names, and what is required besides.
fn merged(mut declared: Vec<Member>, required: &[Str]) -> Vec<Member> {
    let mut others = Vec::new();
    for name in required {
        match declared.binary_search_by(|it| it.name.cmp(name)) {
            Ok(at) => declared[at].required = true,
            Err(_) => others.push(Member { name: name.clone(), schema: None, required: true }),
        }
    }
    declared.extend(others);
    declared.sort_by(|a, b| a.name.cmp(&b.name));
    declared
}

fn members<'a>(pairs: &'a Object, key: &str) -> Result<Vec<(&'a Str, &'a Value)>, String> {
    let named = |(name, value): (&'a Value, &'a Value)| match name {
        Value::String(name) => Some((name, value)),
        _ => None,
    };
    match pairs.get_str(key) {
        None => Ok(Vec::new()),
        Some(Value::Object(members)) => Ok(members.iter().filter_map(named).collect()),
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

fn types(pairs: &Object) -> Result<Types, String> {
    let wrong = || invalid("type", "string/Array Of Strings");
    let names: Vec<&Value> = match pairs.get_str("type") {
        None => Vec::new(),
        Some(one @ Value::String(_)) => vec![one],
        Some(Value::Array(several)) => several.iter().collect(),
        Some(_) => return Err(wrong()),
    };
    let mut types = Types::default();
    for name in names {
        let name = name.as_str().ok_or_else(wrong)?;
        let known = TYPES.iter().find(|known| **known == name).ok_or_else(|| {
            format!(
                "has a primitive type that is NOT VALID -- given: /{name}/ Expected valid values are:[{}]",
                TYPES.join(" ")
            )
        })?;
        if !types.add(known) {
            return Err(format!("type {name} is duplicated"));
        }
    }
    Ok(types)
}

fn names(pairs: &Object, key: &str) -> Result<Vec<Str>, String> {
    let items = match pairs.get_str(key) {
        None => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(must_be(key, "an", "array")),
    };
    let mut names = Vec::new();
    let mut known = HashSet::new();
    for item in items {
        let name = text(item).ok_or_else(|| format!("{key} items must be string"))?;
        if !known.insert(name.clone()) {
            return Err(format!("{key} items must be unique"));
        }
        names.push(name);
    }
    Ok(names)
}

fn values(pairs: &Object) -> Result<Option<ValueRules>, String> {
    let format = string(pairs, "format")?.and_then(Format::of);
    let constant = pairs.get_str("const").cloned();
    let enumeration = enumeration(pairs)?;
    let says = format.is_some() || constant.is_some() || enumeration.is_some();
    Ok(says.then_some(ValueRules { constant, enumeration, format }))
}

/// An empty one says nothing.
fn enumeration(pairs: &Object) -> Result<Option<Enumeration>, String> {
    match pairs.get_str("enum") {
        None => Ok(None),
        Some(Value::Array(items)) => {
            let distinct: HashSet<&Value> = items.iter().collect();
            if distinct.len() < items.len() {
                return Err("enum items must be unique".to_owned());
            }
            let items: Vec<Value> = items.iter().cloned().collect();
            Ok((!items.is_empty()).then(|| Enumeration::new(items)))
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

fn strings(pairs: &Object) -> Result<Option<StringRules>, String> {
    let (least, most) = lengths(pairs, "minLength", "maxLength")?;
    // OPA reads `pattern` and never asks it; a policy that needs one asks `regex.match` itself.
    string(pairs, "pattern")?;
    Ok((least.is_some() || most.is_some()).then_some(StringRules { least, most }))
}

fn regex(pattern: &str) -> Result<Pattern, String> {
    regex::compile(pattern).map_err(|_| format!("Invalid regex pattern '{pattern}'"))
}
