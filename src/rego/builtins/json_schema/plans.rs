//! What a schema says of the members of objects with the same list of keys, found out once for all of them: the packages
//! of an SBOM differ in their values.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::rc::Rc;

use foldhash::quality::RandomState;

use super::schema::{NodeId, ObjectRules};
use crate::rego::budget::{Budget, Exceeded};
use crate::rego::value::Object;

/// Lists of keys that are known at once: documents have a few dozen, and each map that is no record has one of its own.
const KNOWN: usize = 256;

/// For each member, in the order of the keys, what is declared of it; nothing where a name is required and not there.
type Plan = Option<Rc<[Option<NodeId>]>>;

/// Plans by where rules and keys stand in memory. The object holds its keys there.
#[derive(Default)]
pub(super) struct Plans {
    known: HashMap<(usize, usize), (Object, Plan), RandomState>,
}

impl Plans {
    /// The plan for an object whose keys are texts.
    pub(super) fn plan(
        &mut self,
        rules: &ObjectRules,
        pairs: &Object,
        budget: &mut Budget,
    ) -> Result<Plan, Exceeded> {
        let place = (std::ptr::from_ref(rules).addr(), pairs.shape());
        if let Some((_, plan)) = self.known.get(&place) {
            return Ok(plan.clone());
        }
        // In a vector, and shared.
        budget.bytes((2 * pairs.len() * size_of::<Option<NodeId>>() + size_of::<(Object, Plan)>()) as u64)?;
        let plan = plan(rules, pairs);
        if self.known.len() < KNOWN {
            self.known.insert(place, (pairs.clone(), plan.clone()));
        }
        Ok(plan)
    }
}

/// What is said by name and the members of an object are both in the order of names: one look at each.
fn plan(rules: &ObjectRules, pairs: &Object) -> Plan {
    let mut known = rules.members.iter().peekable();
    let mut plan = Vec::with_capacity(pairs.len());
    for key in pairs.keys() {
        let name = key.as_str().unwrap_or_default();
        let mut declared = None;
        while let Some(next) = known.peek() {
            match next.name.as_str().cmp(name) {
                Ordering::Less if next.required => return None,
                Ordering::Less => {}
                Ordering::Equal => declared = next.schema,
                Ordering::Greater => break,
            }
            known.next();
        }
        plan.push(declared);
    }
    known.all(|it| !it.required).then(|| plan.into())
}
