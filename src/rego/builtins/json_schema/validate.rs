//! Holding a document against a compiled schema. Where several alternatives fail, the errors of the one that came
//! farthest are reported; how far it came is its score.

use std::cmp::Ordering;

use super::format;
use super::schema::{Additional, Dependency, Items, Node, NodeId, Schema};
use crate::rego::budget::{Budget, Exceeded};
use crate::rego::builtins::BuiltinError;
use crate::rego::value::{Array, Number, Object, Value, json};

/// Schemas within schemas that are being looked at, at once: a document's depth times some combinators each. A schema
/// that refers to itself without going deeper into the document ends here.
const MAX_DEPTH: usize = 1000;

/// One thing that is wrong.
pub(super) struct Mismatch {
    /// Where: `(Root)`, or names and indexes between dots.
    pub(super) field: String,
    pub(super) description: String,
    /// The machine's word for it.
    pub(super) kind: &'static str,
}

/// Everything that is wrong, or that the budget ended.
pub(super) fn validate(
    schema: &Schema,
    document: &Value,
    budget: &mut Budget,
) -> Result<Vec<Mismatch>, BuiltinError> {
    let mut validator = Validator { schema, budget, path: Vec::new(), depth: 0 };
    let mut result = Outcome::default();
    validator.check(NodeId(0), document, &mut result)?;
    Ok(result.errors)
}

#[derive(Default)]
struct Outcome {
    errors: Vec<Mismatch>,
    score: i64,
}

impl Outcome {
    fn merge(&mut self, other: Self) {
        self.errors.extend(other.errors);
        self.score += other.score;
    }

    fn is_valid(&self) -> bool {
        self.errors.is_empty()
    }
}

struct Validator<'a, 'b> {
    schema: &'a Schema,
    budget: &'b mut Budget,
    path: Vec<String>,
    depth: usize,
}

type Checked = Result<(), BuiltinError>;

impl<'a> Validator<'a, '_> {
    fn fail(&self, result: &mut Outcome, kind: &'static str, description: impl Into<String>) {
        let field = if self.path.is_empty() { "(Root)".to_owned() } else { self.path.join(".") };
        result.errors.push(Mismatch { field, description: description.into(), kind });
        // One step back in all, since the check that failed counts one step forward at its end.
        result.score -= 2;
    }

    /// The result of a schema on its own, to be merged or thrown away.
    fn apart(&mut self, id: NodeId, value: &Value) -> Result<Outcome, BuiltinError> {
        let mut result = Outcome::default();
        self.check(id, value, &mut result)?;
        Ok(result)
    }

    fn apart_at(&mut self, step: String, id: NodeId, value: &Value) -> Result<Outcome, BuiltinError> {
        self.path.push(step);
        let result = self.apart(id, value);
        self.path.pop();
        result
    }

    fn check(&mut self, id: NodeId, value: &Value, result: &mut Outcome) -> Checked {
        self.budget.steps(1)?;
        if self.depth == MAX_DEPTH {
            return Err(Exceeded::Depth.into());
        }
        self.depth += 1;
        let checked = match self.schema.node(id) {
            Some(node) => self.check_node(node, value, result),
            None => Ok(()),
        };
        self.depth -= 1;
        checked
    }

    fn check_node(&mut self, node: &'a Node, value: &Value, result: &mut Outcome) -> Checked {
        if let Some(allowed) = node.boolean {
            if !allowed {
                self.fail(result, "false", "False always fails validation");
            }
            return Ok(());
        }
        if let Some(target) = node.reference {
            return self.check(target, value, result);
        }
        if let Some(given) = wrong_type(node, value) {
            let expected = match node.types.as_slice() {
                [one] => (*one).to_owned(),
                several => format!("[{}]", several.join(",")),
            };
            self.fail(result, "invalid_type", format!("Invalid type. Expected: {expected}, given: {given}"));
            return Ok(());
        }
        self.logic(node, value, result)?;
        self.values(node, value, result)?;
        match value {
            Value::Object(pairs) => self.object(node, pairs, result)?,
            Value::Array(items) => self.array(node, items.iter(), items.len(), result)?,
            Value::Set(members) => {
                let items: Array = members.iter().cloned().collect();
                self.array(node, items.iter(), items.len(), result)?;
            }
            Value::Number(number) => self.number(node, number, result),
            Value::String(text) => self.string(node, text, result),
            Value::Null | Value::Bool(_) => {}
        }
        result.score += 1;
        Ok(())
    }

    fn best(best: &mut Option<Outcome>, result: Outcome) {
        if best.as_ref().is_none_or(|it| result.score > it.score) {
            *best = Some(result);
        }
    }

    fn logic(&mut self, node: &'a Node, value: &Value, result: &mut Outcome) -> Checked {
        let logic = &node.logic;
        self.any_of(&logic.any_of, value, result)?;
        self.one_of(&logic.one_of, value, result)?;
        let mut all = true;
        for id in &logic.all_of {
            all &= self.apart(*id, value)?.is_valid();
        }
        if !all {
            self.fail(result, "number_all_of", "Must validate all the schemas (allOf)");
        }
        if let Some(id) = logic.not
            && self.apart(id, value)?.is_valid()
        {
            self.fail(result, "number_not", "Must not validate the schema (not)");
        }
        if let Value::Object(pairs) = value {
            self.dependencies(node, pairs, value, result)?;
        }
        if let Some(condition) = logic.condition {
            self.condition(condition, node, value, result)?;
        }
        result.score += 1;
        Ok(())
    }

    fn any_of(&mut self, ids: &[NodeId], value: &Value, result: &mut Outcome) -> Checked {
        let mut best = None;
        for id in ids {
            let one = self.apart(*id, value)?;
            if one.is_valid() {
                return Ok(());
            }
            Self::best(&mut best, one);
        }
        if let Some(best) = best {
            self.fail(result, "number_any_of", "Must validate at least one schema (anyOf)");
            result.merge(best);
        }
        Ok(())
    }

    fn one_of(&mut self, ids: &[NodeId], value: &Value, result: &mut Outcome) -> Checked {
        let (mut best, mut valid) = (None, 0);
        for id in ids {
            let one = self.apart(*id, value)?;
            if one.is_valid() {
                valid += 1;
            } else if valid == 0 {
                Self::best(&mut best, one);
            }
        }
        if !ids.is_empty() && valid != 1 {
            self.fail(result, "number_one_of", "Must validate one and only one schema (oneOf)");
            if let (0, Some(best)) = (valid, best) {
                result.merge(best);
            }
        }
        Ok(())
    }

    fn dependencies(
        &mut self,
        node: &'a Node,
        pairs: &Object,
        value: &Value,
        result: &mut Outcome,
    ) -> Checked {
        for (name, needs) in &node.object.dependencies {
            if pairs.get_str(name).is_none() {
                continue;
            }
            match needs {
                Dependency::Schema(id) => self.check(*id, value, result)?,
                Dependency::Properties(needed) => {
                    for missing in needed.iter().filter(|it| pairs.get_str(it).is_none()) {
                        self.fail(result, "missing_dependency", format!("Has a dependency on {missing}"));
                    }
                }
            }
        }
        Ok(())
    }

    fn condition(
        &mut self,
        condition: NodeId,
        node: &'a Node,
        value: &Value,
        result: &mut Outcome,
    ) -> Checked {
        let holds = self.apart(condition, value)?.is_valid();
        let (branch, kind, description) = if holds {
            (node.logic.then, "condition_then", "Must validate \"then\" as \"if\" was valid")
        } else {
            (node.logic.otherwise, "condition_else", "Must validate \"else\" as \"if\" was not valid")
        };
        if let Some(branch) = branch {
            let branch = self.apart(branch, value)?;
            if !branch.is_valid() {
                self.fail(result, kind, description);
                result.merge(branch);
            }
        }
        Ok(())
    }

    fn values(&mut self, node: &'a Node, value: &Value, result: &mut Outcome) -> Checked {
        let field = || if self.path.is_empty() { "(Root)".to_owned() } else { self.path.join(".") };
        if let Some(constant) = &node.constant
            && !same(constant, value)
        {
            let description = format!("{} does not match: {}", field(), text_of(constant));
            self.fail(result, "const", description);
        }
        self.budget.steps(node.enumeration.len() as u64)?;
        if !node.enumeration.is_empty() && !node.enumeration.iter().any(|it| same(it, value)) {
            let allowed: Vec<String> = node.enumeration.iter().map(text_of).collect();
            let description = format!("{} must be one of the following: {}", field(), allowed.join(", "));
            self.fail(result, "enum", description);
        }
        if let Some(name) = &node.format
            && let Value::String(text) = value
            && !format::matches(name, text)
        {
            self.fail(result, "format", format!("Does not match format '{name}'"));
        }
        result.score += 1;
        Ok(())
    }

    fn array<'v>(
        &mut self,
        node: &'a Node,
        items: impl Iterator<Item = &'v Value> + Clone,
        count: usize,
        result: &mut Outcome,
    ) -> Checked {
        let rules = &node.array;
        let each: &[NodeId] = if let Items::Each(each) = &rules.items { each } else { &[] };
        for (index, item) in items.clone().enumerate() {
            let schema = match (&rules.items, &rules.additional) {
                (Items::Each(each), _) if index < each.len() => each.get(index).copied(),
                (Items::All(id), _) | (Items::Each(_), Additional::Schema(id)) => Some(*id),
                _ => None,
            };
            if let Some(id) = schema {
                let one = self.apart_at(index.to_string(), id, item)?;
                result.merge(one);
            }
        }
        if !each.is_empty() && count > each.len() && matches!(rules.additional, Additional::Refused) {
            self.fail(result, "array_no_additional_items", "No additional items allowed on array");
        }
        if let Some(least) = rules.least.filter(|it| count < *it) {
            self.fail(result, "array_min_items", format!("Array must have at least {least} items"));
        }
        if let Some(most) = rules.most.filter(|it| count > *it) {
            self.fail(result, "array_max_items", format!("Array must have at most {most} items"));
        }
        if rules.unique {
            self.unique(items.clone(), count, result)?;
        }
        if let Some(id) = rules.contains {
            self.contains(id, items, result)?;
        }
        result.score += 1;
        Ok(())
    }

    fn unique<'v>(
        &mut self,
        items: impl Iterator<Item = &'v Value>,
        count: usize,
        result: &mut Outcome,
    ) -> Checked {
        self.budget.bytes((count * size_of::<(&Value, usize)>()) as u64)?;
        let mut seen = std::collections::HashMap::with_capacity(count);
        for (index, item) in items.enumerate() {
            self.budget.steps(1)?;
            if let Some(before) = seen.insert(item, index) {
                self.fail(result, "unique", format!("array items[{before},{index}] must be unique"));
            }
        }
        Ok(())
    }

    fn contains<'v>(
        &mut self,
        id: NodeId,
        items: impl Iterator<Item = &'v Value>,
        result: &mut Outcome,
    ) -> Checked {
        let mut best = None;
        for (index, item) in items.enumerate() {
            let one = self.apart_at(index.to_string(), id, item)?;
            if one.is_valid() {
                return Ok(());
            }
            Self::best(&mut best, one);
        }
        self.fail(result, "contains", "At least one of the items must match");
        if let Some(best) = best {
            result.merge(best);
        }
        Ok(())
    }

    fn object(&mut self, node: &'a Node, pairs: &Object, result: &mut Outcome) -> Checked {
        let rules = &node.object;
        if let Some(least) = rules.least.filter(|it| pairs.len() < *it) {
            self.fail(result, "array_min_properties", format!("Must have at least {least} properties"));
        }
        if let Some(most) = rules.most.filter(|it| pairs.len() > *it) {
            self.fail(result, "array_max_properties", format!("Must have at most {most} properties"));
        }
        for name in &rules.required {
            if property(pairs, name).is_some() {
                result.score += 1;
            } else {
                self.fail(result, "required", format!("{name} is required"));
            }
        }
        for (key, member) in pairs {
            self.budget.steps(1)?;
            self.member(node, &name_of(key), member, result)?;
        }
        result.score += 1;
        for (name, id) in &rules.properties {
            if let Some(member) = property(pairs, name) {
                self.path.push(name.clone());
                let checked = self.check(*id, member, result);
                self.path.pop();
                checked?;
            }
        }
        Ok(())
    }

    /// What pattern, additional and name rules say of one member; `properties` comes after.
    fn member(&mut self, node: &'a Node, name: &str, member: &Value, result: &mut Outcome) -> Checked {
        let rules = &node.object;
        let declared = rules.properties.iter().any(|(known, _)| known == name);
        let mut by_pattern = false;
        for (_, id) in rules.patterns.iter().filter(|(pattern, _)| pattern.is_match(name)) {
            by_pattern = true;
            let one = self.apart_at(name.to_owned(), *id, member)?;
            result.merge(one);
        }
        match &rules.additional {
            _ if declared || by_pattern => {}
            Additional::Allowed => {}
            Additional::Refused => {
                let description = format!("Additional property {name} is not allowed");
                self.fail(result, "additional_property_not_allowed", description);
            }
            Additional::Schema(id) => {
                let one = self.apart_at(name.to_owned(), *id, member)?;
                result.merge(one);
            }
        }
        if let Some(id) = rules.names {
            let one = self.apart(id, &Value::from(name))?;
            if !one.is_valid() {
                let description = format!("Property name of \"{name}\" does not match");
                self.fail(result, "invalid_property_name", description);
                result.merge(one);
            }
        }
        Ok(())
    }

    fn string(&mut self, node: &'a Node, text: &str, result: &mut Outcome) {
        let rules = &node.string;
        if rules.least.is_some() || rules.most.is_some() {
            let count = text.chars().count();
            if let Some(least) = rules.least.filter(|it| count < *it) {
                let description = format!("String length must be greater than or equal to {least}");
                self.fail(result, "string_gte", description);
            }
            if let Some(most) = rules.most.filter(|it| count > *it) {
                let description = format!("String length must be less than or equal to {most}");
                self.fail(result, "string_lte", description);
            }
        }
        result.score += 1;
    }

    fn number(&mut self, node: &'a Node, number: &Number, result: &mut Outcome) {
        let rules = &node.number;
        if let Some(unit) = &rules.multiple_of
            && !is_multiple(number, unit)
        {
            self.fail(result, "multiple_of", format!("Must be a multiple of {unit}"));
        }
        let bounds = [
            (&rules.maximum, Ordering::is_le as fn(Ordering) -> bool, "number_lte", "less than or equal to"),
            (&rules.exclusive_maximum, Ordering::is_lt, "number_lt", "less than"),
            (&rules.minimum, Ordering::is_ge, "number_gte", "greater than or equal to"),
            (&rules.exclusive_minimum, Ordering::is_gt, "number_gt", "greater than"),
        ];
        for (bound, holds, kind, words) in bounds {
            if let Some(bound) = bound
                && !holds(number.cmp(bound))
            {
                self.fail(result, kind, format!("Must be {words} {bound}"));
            }
        }
        result.score += 1;
    }
}

/// Keys that are no strings stand for their JSON text.
fn name_of(key: &Value) -> String {
    key.as_str().map_or_else(|| text_of(key), str::to_owned)
}

fn property<'v>(pairs: &'v Object, name: &str) -> Option<&'v Value> {
    pairs.get_str(name).or_else(|| {
        let other = |(key, _): &(&Value, &Value)| key.as_str().is_none() && name_of(key) == name;
        pairs.iter().find(other).map(|(_, value)| value)
    })
}

/// Equal as JSON: a set is an array.
fn same(wanted: &Value, given: &Value) -> bool {
    match given {
        Value::Set(members) => wanted.as_array().is_some_and(|it| it.iter().eq(members.iter())),
        _ => wanted == given,
    }
}

fn is_multiple(number: &Number, unit: &Number) -> bool {
    // The quotient of decimal numbers is exact where it is an integer.
    number.div(unit).is_ok_and(|quotient| quotient.is_integer())
}

/// The type that the value has, where the node wants another one.
fn wrong_type(node: &Node, value: &Value) -> Option<&'static str> {
    let allowed = |name: &&'static str| node.types.is_empty() || node.types.contains(name);
    match value {
        Value::Number(number) if number.is_integer() => {
            Some("integer").filter(|it| !allowed(it) && !allowed(&"number"))
        }
        Value::Set(_) => Some("array").filter(|it| !allowed(it)),
        _ => Some(value.type_name()).filter(|it| !allowed(it)),
    }
}

fn text_of(value: &Value) -> String {
    json::to_string(value, json::Html::Plain)
}
