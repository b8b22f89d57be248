//! Why a document does not fit a schema. Asked only for those that do not: everything is looked at, also what comes
//! after the first fault.
//!
//! Where several alternatives fail, the faults of the one that came farthest are told: each part of a schema that was
//! looked at to its end takes a value one step on, each property that was required and is there too, and each fault
//! takes it two steps back.

use std::collections::HashMap;

use super::fault::{Cause, Fault};
use super::fits::MAX_DEPTH;
use super::schema::{
    Additional, ArrayRules, Dependency, Logic, Node, NodeId, NumberRules, ObjectRules, Rules, Schema,
    StringRules, ValueRules, name_of, property, same,
};
use crate::rego::budget::{Budget, Exceeded};
use crate::rego::value::{Number, Object, Value};

/// Everything that is wrong with the document, in the order in which policies see it.
pub(super) fn explain<'s>(
    schema: &'s Schema,
    document: &Value,
    budget: &mut Budget,
) -> Result<Vec<Fault<'s>>, Exceeded> {
    let mut explainer = Explainer { schema, budget, depth: 0 };
    explainer.account(schema.root, document, &Place::Root).map(|it| it.faults)
}

/// Where in the document.
enum Place<'p> {
    Root,
    Member(&'p Place<'p>, &'p str),
    Item(&'p Place<'p>, usize),
}

impl Place<'_> {
    fn field(&self) -> String {
        let (mut steps, mut at) = (Vec::new(), self);
        loop {
            at = match at {
                Self::Root => break,
                Self::Member(outer, name) => {
                    steps.push((*name).to_owned());
                    outer
                }
                Self::Item(outer, index) => {
                    steps.push(index.to_string());
                    outer
                }
            };
        }
        if steps.is_empty() {
            return "(Root)".to_owned();
        }
        steps.reverse();
        steps.join(".")
    }
}

/// What was found out about a value.
#[derive(Default)]
struct Account<'s> {
    faults: Vec<Fault<'s>>,
    /// Steps on.
    gained: usize,
}

impl<'s> Account<'s> {
    fn fits(&self) -> bool {
        self.faults.is_empty()
    }

    /// How far the value came.
    fn progress(&self) -> i64 {
        let steps = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        steps(self.gained).saturating_sub(steps(self.faults.len()).saturating_mul(2))
    }

    fn fault(&mut self, place: &Place<'_>, cause: Cause<'s>) {
        self.faults.push(Fault { field: place.field(), cause });
    }

    fn add(&mut self, part: Self) {
        self.faults.extend(part.faults);
        self.gained += part.gained;
    }

    /// The one that came farther; the earlier one of two that came as far.
    fn farther(best: Option<Self>, other: Self) -> Self {
        match best {
            Some(best) if best.progress() >= other.progress() => best,
            _ => other,
        }
    }
}

struct Explainer<'s, 'b> {
    schema: &'s Schema,
    budget: &'b mut Budget,
    depth: usize,
}

type Told<'s> = Result<Account<'s>, Exceeded>;
type Added = Result<(), Exceeded>;

impl<'s> Explainer<'s, '_> {
    fn account(&mut self, id: NodeId, value: &Value, place: &Place<'_>) -> Told<'s> {
        self.budget.steps(1)?;
        let mut account = Account::default();
        match self.schema.node(id) {
            Node::Anything => {}
            Node::Nothing => account.fault(place, Cause::Nothing),
            Node::Reference(_) => return Err(Exceeded::Depth),
            Node::Rules(rules) => {
                if let Some(given) = rules.types.refused(value) {
                    account.fault(place, Cause::Type { expected: &rules.types.names, given });
                    return Ok(account);
                }
                if self.depth == MAX_DEPTH {
                    return Err(Exceeded::Depth);
                }
                self.depth += 1;
                let told = self.rules(rules, value, place, &mut account);
                self.depth -= 1;
                told?;
            }
        }
        Ok(account)
    }

    fn rules(
        &mut self,
        rules: &'s Rules,
        value: &Value,
        place: &Place<'_>,
        account: &mut Account<'s>,
    ) -> Added {
        if let Some(logic) = &rules.logic {
            self.alternatives(logic, value, place, account)?;
            self.combinations(logic, value, place, account)?;
        }
        if let (Some(object), Value::Object(pairs)) = (&rules.object, value) {
            self.dependencies(object, value, pairs, place, account)?;
        }
        if let Some(logic) = &rules.logic {
            self.condition(logic, value, place, account)?;
        }
        if let Some(rules) = &rules.value {
            self.value(rules, value, place, account)?;
        }
        // One for all that is combined, one for the value itself, one for what it holds, one for the whole.
        account.gained += 3;
        match value {
            Value::Object(pairs) => {
                if let Some(rules) = &rules.object {
                    self.object(rules, pairs, place, account)?;
                }
            }
            Value::Array(items) => {
                self.array(rules.array.as_ref(), items.iter().as_slice(), place, account)?;
            }
            Value::Set(items) => self.array(rules.array.as_ref(), items.iter().as_slice(), place, account)?,
            Value::Number(number) => rules.number.iter().for_each(|it| numbers(it, number, place, account)),
            Value::String(text) => rules.string.iter().for_each(|it| lengths(it, text, place, account)),
            // Nothing is said of what they hold.
            Value::Null | Value::Bool(_) => return Ok(()),
        }
        account.gained += 1;
        Ok(())
    }

    /// `anyOf`, `oneOf`
    fn alternatives(
        &mut self,
        logic: &'s Logic,
        value: &Value,
        place: &Place<'_>,
        account: &mut Account<'s>,
    ) -> Added {
        let (mut best, mut found) = (None, false);
        for id in &logic.any_of {
            let one = self.account(*id, value, place)?;
            found = one.fits();
            if found {
                break;
            }
            best = Some(Account::farther(best, one));
        }
        if let Some(best) = best.filter(|_| !found) {
            account.fault(place, Cause::AnyOf);
            account.add(best);
        }
        let (mut best, mut fitting) = (None, 0_usize);
        for id in &logic.one_of {
            let one = self.account(*id, value, place)?;
            if one.fits() {
                fitting += 1;
            } else {
                best = Some(Account::farther(best, one));
            }
        }
        if fitting != 1 && !logic.one_of.is_empty() {
            account.fault(place, Cause::OneOf);
            if let Some(best) = best.filter(|_| fitting == 0) {
                account.add(best);
            }
        }
        Ok(())
    }

    /// `allOf`, `not`: what is wrong within is not told.
    fn combinations(
        &mut self,
        logic: &'s Logic,
        value: &Value,
        place: &Place<'_>,
        account: &mut Account<'s>,
    ) -> Added {
        let mut all = true;
        for id in &logic.all_of {
            all &= self.account(*id, value, place)?.fits();
        }
        if !all {
            account.fault(place, Cause::AllOf);
        }
        if let Some(id) = logic.not
            && self.account(id, value, place)?.fits()
        {
            account.fault(place, Cause::Not);
        }
        Ok(())
    }

    /// `if`, `then`, `else`
    fn condition(
        &mut self,
        logic: &'s Logic,
        value: &Value,
        place: &Place<'_>,
        account: &mut Account<'s>,
    ) -> Added {
        let Some(condition) = logic.condition else { return Ok(()) };
        let holds = self.account(condition, value, place)?.fits();
        let (branch, cause) = if holds { (logic.then, Cause::Then) } else { (logic.otherwise, Cause::Else) };
        if let Some(branch) = branch {
            let branch = self.account(branch, value, place)?;
            if !branch.fits() {
                account.fault(place, cause);
                account.add(branch);
            }
        }
        Ok(())
    }

    fn dependencies(
        &mut self,
        rules: &'s ObjectRules,
        value: &Value,
        pairs: &Object,
        place: &Place<'_>,
        account: &mut Account<'s>,
    ) -> Added {
        for (_, needs) in rules.dependencies.iter().filter(|(name, _)| pairs.get_str(name).is_some()) {
            match needs {
                Dependency::Schema(id) => account.add(self.account(*id, value, place)?),
                Dependency::Properties(needed) => {
                    let missing = needed.iter().filter(|it| pairs.get_str(it).is_none());
                    missing.for_each(|it| account.fault(place, Cause::Dependency(it)));
                }
            }
        }
        Ok(())
    }

    /// `const`, `enum`, `format`
    fn value(
        &mut self,
        rules: &'s ValueRules,
        value: &Value,
        place: &Place<'_>,
        account: &mut Account<'s>,
    ) -> Added {
        if let Some(constant) = rules.constant.as_ref().filter(|it| !same(it, value)) {
            account.fault(place, Cause::Constant(constant));
        }
        if let Some(enumeration) = &rules.enumeration {
            self.budget.steps(enumeration.items.len() as u64)?;
            if !enumeration.has(value) {
                account.fault(place, Cause::Enumeration(&enumeration.items));
            }
        }
        if let (Some(format), Value::String(text)) = (rules.format, value)
            && !format.matches(text)
        {
            account.fault(place, Cause::Format(format.name));
        }
        Ok(())
    }

    fn array(
        &mut self,
        rules: Option<&'s ArrayRules>,
        items: &[Value],
        place: &Place<'_>,
        account: &mut Account<'s>,
    ) -> Added {
        let Some(rules) = rules else { return Ok(()) };
        for (index, item) in items.iter().enumerate() {
            let Some(id) = rules.item(index) else { break };
            account.add(self.account(id, item, &Place::Item(place, index))?);
        }
        let count = items.len();
        if rules.refuses_rest(count) {
            account.fault(place, Cause::MoreItems);
        }
        if let Some(least) = rules.least.filter(|it| count < *it) {
            account.fault(place, Cause::LeastItems(least));
        }
        if let Some(most) = rules.most.filter(|it| count > *it) {
            account.fault(place, Cause::MostItems(most));
        }
        if rules.unique {
            self.repeated(items, place, account)?;
        }
        match rules.contains {
            Some(id) => self.contains(id, items, place, account),
            None => Ok(()),
        }
    }

    /// Each item that was there before, with its last place before.
    fn repeated(&mut self, items: &[Value], place: &Place<'_>, account: &mut Account<'s>) -> Added {
        self.budget.steps(items.len() as u64)?;
        self.budget.bytes(size_of_val(items) as u64)?;
        let mut seen = HashMap::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            if let Some(before) = seen.insert(item, index) {
                account.fault(place, Cause::Repeated(before, index));
            }
        }
        Ok(())
    }

    fn contains(
        &mut self,
        id: NodeId,
        items: &[Value],
        place: &Place<'_>,
        account: &mut Account<'s>,
    ) -> Added {
        let mut best = None;
        for (index, item) in items.iter().enumerate() {
            let one = self.account(id, item, &Place::Item(place, index))?;
            if one.fits() {
                return Ok(());
            }
            best = Some(Account::farther(best, one));
        }
        account.fault(place, Cause::Contains);
        if let Some(best) = best {
            account.add(best);
        }
        Ok(())
    }

    fn object(
        &mut self,
        rules: &'s ObjectRules,
        pairs: &Object,
        place: &Place<'_>,
        account: &mut Account<'s>,
    ) -> Added {
        if let Some(least) = rules.least.filter(|it| pairs.len() < *it) {
            account.fault(place, Cause::LeastProperties(least));
        }
        if let Some(most) = rules.most.filter(|it| pairs.len() > *it) {
            account.fault(place, Cause::MostProperties(most));
        }
        for name in &rules.required {
            match property(pairs, name) {
                Some(_) => account.gained += 1,
                None => account.fault(place, Cause::Required(name)),
            }
        }
        for (key, member) in pairs {
            self.budget.steps(1)?;
            self.member(rules, &name_of(key), member, place, account)?;
        }
        for (name, id) in rules.properties() {
            if let Some(member) = property(pairs, name) {
                account.add(self.account(id, member, &Place::Member(place, name))?);
            }
        }
        Ok(())
    }

    /// What pattern, additional and name rules say of one member; what is declared comes after.
    fn member(
        &mut self,
        rules: &'s ObjectRules,
        name: &str,
        member: &Value,
        place: &Place<'_>,
        account: &mut Account<'s>,
    ) -> Added {
        let mut expected = rules.declared(name).is_some();
        for (_, id) in rules.patterns.iter().filter(|(pattern, _)| pattern.is_match(name)) {
            expected = true;
            account.add(self.account(*id, member, &Place::Member(place, name))?);
        }
        match &rules.additional {
            _ if expected => {}
            Additional::Allowed => {}
            Additional::Refused => account.fault(place, Cause::Additional(name.to_owned())),
            Additional::Schema(id) => {
                account.add(self.account(*id, member, &Place::Member(place, name))?);
            }
        }
        if let Some(id) = rules.names {
            let told = self.account(id, &Value::from(name), place)?;
            if !told.fits() {
                account.fault(place, Cause::Name(name.to_owned()));
                account.add(told);
            }
        }
        Ok(())
    }
}

fn lengths<'s>(rules: &'s StringRules, text: &str, place: &Place<'_>, account: &mut Account<'s>) {
    let count = text.chars().count();
    if let Some(least) = rules.least.filter(|it| count < *it) {
        account.fault(place, Cause::LeastLength(least));
    }
    if let Some(most) = rules.most.filter(|it| count > *it) {
        account.fault(place, Cause::MostLength(most));
    }
}

fn numbers<'s>(rules: &'s NumberRules, number: &Number, place: &Place<'_>, account: &mut Account<'s>) {
    let causes = [
        rules.missed_unit(number).map(Cause::Multiple),
        rules.maximum.as_ref().filter(|it| number > *it).map(Cause::Most),
        rules.exclusive_maximum.as_ref().filter(|it| number >= *it).map(Cause::Below),
        rules.minimum.as_ref().filter(|it| number < *it).map(Cause::Least),
        rules.exclusive_minimum.as_ref().filter(|it| number <= *it).map(Cause::Above),
    ];
    causes.into_iter().flatten().for_each(|cause| account.fault(place, cause));
}
