//! Whether a document fits a schema: yes or no, and nothing else. Nearly every document fits, so no path is kept, no
//! message is made, and what cannot fit is left at the first sign; `explain` says why, for those that do not.
//!
//! What is looked at here is a part of what `explain` looks at, in the same words: where both come to an end, they agree.

use super::plans::Plans;
use super::schema::{
    Additional, ArrayRules, Dependency, Logic, Node, NodeId, NumberRules, ObjectRules, Rules, Schema,
    StringRules, ValueRules, name_of, property, same,
};
use crate::rego::budget::{Budget, Exceeded};
use crate::rego::value::{Number, Object, Value};

/// Schemas within schemas that are being looked at, at once: a document's depth times some combinators each. A schema
/// that refers to itself without going deeper into the document ends here.
pub(super) const MAX_DEPTH: usize = 1000;

/// Items up to which each is compared with each other.
const COMPARED: usize = 8;

type Fits = Result<bool, Exceeded>;

/// Whether the document fits.
pub(super) fn fits(schema: &Schema, document: &Value, budget: &mut Budget) -> Fits {
    Judge { schema, budget, depth: 0, plans: Plans::default() }.fits(schema.root, document)
}

struct Judge<'a, 'b> {
    schema: &'a Schema,
    budget: &'b mut Budget,
    depth: usize,
    plans: Plans,
}

impl<'a> Judge<'a, '_> {
    fn fits(&mut self, id: NodeId, value: &Value) -> Fits {
        self.budget.steps(1)?;
        let rules = match self.schema.node(id) {
            Node::Anything => return Ok(true),
            Node::Nothing => return Ok(false),
            Node::Reference(_) => return Err(Exceeded::Depth),
            Node::Rules(rules) => rules,
        };
        if rules.types.refused(value).is_some() {
            return Ok(false);
        }
        if self.depth == MAX_DEPTH {
            return Err(Exceeded::Depth);
        }
        self.depth += 1;
        let fits = self.rules(rules, value);
        self.depth -= 1;
        fits
    }

    /// What is quickly said comes first.
    fn rules(&mut self, rules: &'a Rules, value: &Value) -> Fits {
        if let Some(rules) = &rules.value
            && !self.value(rules, value)?
        {
            return Ok(false);
        }
        let fits = match value {
            Value::String(text) => rules.string.as_ref().is_none_or(|it| has_length(it, text)),
            Value::Object(pairs) => match &rules.object {
                None => true,
                Some(it) => self.object(it, value, pairs)?,
            },
            Value::Array(items) => match &rules.array {
                None => true,
                Some(it) => self.array(it, items.iter().as_slice())?,
            },
            Value::Set(members) => match &rules.array {
                None => true,
                Some(it) => self.array(it, members.iter().as_slice())?,
            },
            Value::Number(number) => rules.number.as_ref().is_none_or(|it| is_within(it, number)),
            Value::Null | Value::Bool(_) => true,
        };
        match &rules.logic {
            Some(logic) if fits => self.logic(logic, value),
            _ => Ok(fits),
        }
    }

    fn value(&mut self, rules: &ValueRules, value: &Value) -> Fits {
        if let Some(enumeration) = &rules.enumeration {
            self.budget.steps(enumeration.items.len() as u64)?;
            if !enumeration.has(value) {
                return Ok(false);
            }
        }
        if rules.constant.as_ref().is_some_and(|it| !same(it, value)) {
            return Ok(false);
        }
        Ok(match (&rules.format, value) {
            (Some(format), Value::String(text)) => format.matches(text),
            _ => true,
        })
    }

    fn logic(&mut self, logic: &'a Logic, value: &Value) -> Fits {
        if !self.all(&logic.all_of, value)?
            || (!logic.any_of.is_empty() && !self.any(&logic.any_of, value)?)
            || (!logic.one_of.is_empty() && !self.one(&logic.one_of, value)?)
        {
            return Ok(false);
        }
        if let Some(id) = logic.not
            && self.fits(id, value)?
        {
            return Ok(false);
        }
        let Some(condition) = logic.condition else { return Ok(true) };
        let branch = if self.fits(condition, value)? { logic.then } else { logic.otherwise };
        branch.map_or(Ok(true), |id| self.fits(id, value))
    }

    fn all(&mut self, ids: &[NodeId], value: &Value) -> Fits {
        for id in ids {
            if !self.fits(*id, value)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn any(&mut self, ids: &[NodeId], value: &Value) -> Fits {
        for id in ids {
            if self.fits(*id, value)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn one(&mut self, ids: &[NodeId], value: &Value) -> Fits {
        let mut found = false;
        for id in ids {
            if self.fits(*id, value)? {
                if found {
                    return Ok(false);
                }
                found = true;
            }
        }
        Ok(found)
    }

    fn array(&mut self, rules: &'a ArrayRules, items: &[Value]) -> Fits {
        let count = items.len();
        if rules.least.is_some_and(|it| count < it)
            || rules.most.is_some_and(|it| count > it)
            || rules.refuses_rest(count)
        {
            return Ok(false);
        }
        for (index, item) in items.iter().enumerate() {
            let Some(id) = rules.item(index) else { break };
            if !self.fits(id, item)? {
                return Ok(false);
            }
        }
        if rules.unique && !self.distinct(items)? {
            return Ok(false);
        }
        let Some(id) = rules.contains else { return Ok(true) };
        for item in items {
            if self.fits(id, item)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Side by side in their order, equal items are next to each other; what differs does so early as a rule, where a
    /// hash would read all of it.
    fn distinct(&mut self, items: &[Value]) -> Fits {
        self.budget.steps(items.len() as u64)?;
        if items.len() <= COMPARED {
            return Ok(items.iter().enumerate().all(|(at, item)| !items[..at].contains(item)));
        }
        self.budget.bytes((items.len() * size_of::<&Value>()) as u64)?;
        let mut ordered: Vec<&Value> = items.iter().collect();
        ordered.sort_unstable();
        Ok(ordered.windows(2).all(|two| two[0] != two[1]))
    }

    fn object(&mut self, rules: &'a ObjectRules, value: &Value, pairs: &Object) -> Fits {
        let count = pairs.len();
        if rules.least.is_some_and(|it| count < it) || rules.most.is_some_and(|it| count > it) {
            return Ok(false);
        }
        self.budget.steps(count as u64)?;
        // Keys of one kind stand together.
        let ends = [pairs.iter().next(), pairs.iter().next_back()];
        let named = ends.iter().flatten().all(|(key, _)| key.as_str().is_some());
        let fits = if named { self.members(rules, pairs)? } else { self.odd_members(rules, pairs)? };
        Ok(fits && self.dependencies(rules, value, pairs)?)
    }

    fn members(&mut self, rules: &'a ObjectRules, pairs: &Object) -> Fits {
        let Some(plan) = self.plans.plan(rules, pairs, self.budget)? else { return Ok(false) };
        let more = !rules.patterns.is_empty() || rules.names.is_some();
        for (declared, (key, member)) in plan.iter().zip(pairs) {
            if let Some(id) = declared
                && !self.fits(*id, member)?
            {
                return Ok(false);
            }
            let name = key.as_str().unwrap_or_default();
            if (declared.is_none() || more) && !self.member(rules, key, name, member, *declared)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The same where keys are no strings: their order is another one than that of their names.
    fn odd_members(&mut self, rules: &'a ObjectRules, pairs: &Object) -> Fits {
        for known in &rules.members {
            self.budget.steps(1 + pairs.len() as u64)?;
            let fits = match (property(pairs, &known.name), known.schema) {
                (None, _) => !known.required,
                (Some(member), Some(id)) => self.fits(id, member)?,
                (Some(_), None) => true,
            };
            if !fits {
                return Ok(false);
            }
        }
        for (key, member) in pairs {
            let name = name_of(key);
            let key = Value::from(&*name);
            if !self.member(rules, &key, &name, member, rules.declared(&name))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What pattern, additional and name rules say of one member.
    fn member(
        &mut self,
        rules: &'a ObjectRules,
        key: &Value,
        name: &str,
        member: &Value,
        declared: Option<NodeId>,
    ) -> Fits {
        let mut expected = declared.is_some();
        for (pattern, id) in &rules.patterns {
            if pattern.is_match(name) {
                expected = true;
                if !self.fits(*id, member)? {
                    return Ok(false);
                }
            }
        }
        let fits = match &rules.additional {
            _ if expected => true,
            Additional::Allowed => true,
            Additional::Refused => false,
            Additional::Schema(id) => self.fits(*id, member)?,
        };
        match rules.names {
            Some(id) if fits => self.fits(id, key),
            _ => Ok(fits),
        }
    }

    fn dependencies(&mut self, rules: &'a ObjectRules, value: &Value, pairs: &Object) -> Fits {
        for (name, needs) in &rules.dependencies {
            if pairs.get_str(name).is_none() {
                continue;
            }
            let fits = match needs {
                Dependency::Schema(id) => self.fits(*id, value)?,
                Dependency::Properties(needed) => needed.iter().all(|it| pairs.get_str(it).is_some()),
            };
            if !fits {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn has_length(rules: &StringRules, text: &str) -> bool {
    let count = text.chars().count();
    rules.least.is_none_or(|it| count >= it) && rules.most.is_none_or(|it| count <= it)
}

fn is_within(rules: &NumberRules, number: &Number) -> bool {
    rules.minimum.as_ref().is_none_or(|it| number >= it)
        && rules.exclusive_minimum.as_ref().is_none_or(|it| number > it)
        && rules.maximum.as_ref().is_none_or(|it| number <= it)
        && rules.exclusive_maximum.as_ref().is_none_or(|it| number < it)
        && rules.missed_unit(number).is_none()
}
