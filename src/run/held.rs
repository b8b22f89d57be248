//! What is held of every component until the run ends: what its report tells and no more, and once what the results of
//! many have in common.

use std::collections::{BTreeMap, HashSet};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::Metadata;
use crate::judge::{IncludeUse, unmatched_includes};
use crate::model::{Finding, Judgement};

/// Shared by all components of a run.
pub(super) struct Held {
    told: Metadata,
    messages: Mutex<HashSet<Arc<str>>>,
    metadata: Mutex<HashSet<Arc<BTreeMap<String, Value>>>>,
    /// By source group.
    includes: Mutex<Vec<IncludeUse>>,
}

impl Held {
    pub(super) fn new(told: Metadata, groups: usize) -> Self {
        let includes = Mutex::new(vec![IncludeUse::default(); groups]);
        Self { told, messages: Mutex::default(), metadata: Mutex::default(), includes }
    }

    /// Leaves of a component's results what is told of them.
    pub(super) fn settle(&self, judged: &mut Judgement) {
        for finding in judged.violations.iter_mut().chain(&mut judged.warnings) {
            if self.told == Metadata::Brief {
                let metadata = Arc::make_mut(&mut finding.metadata);
                metadata.retain(|key, _| Finding::BRIEF.contains(&key.as_str()));
            }
            self.share(finding);
        }
        // Those of rules are shared already.
        for finding in judged.successes.iter_mut().filter_map(Arc::get_mut) {
            self.share(finding);
        }
        judged.violations.shrink_to_fit();
        judged.warnings.shrink_to_fit();
        judged.successes.shrink_to_fit();
    }

    fn share(&self, finding: &mut Finding) {
        finding.msg = once(&self.messages, &finding.msg);
        finding.metadata = once(&self.metadata, &finding.metadata);
    }

    /// Takes in what the includes of each group met in a component. Of one that was not evaluated there is nothing, and
    /// then nothing can be said of any include.
    pub(super) fn met(&self, includes: Vec<IncludeUse>) {
        let mut includes = includes.into_iter();
        for all in lock(&self.includes).iter_mut() {
            match includes.next() {
                Some(one) => all.join(one),
                None => all.leave_open(),
            }
        }
    }

    /// Messages about includes that met nothing in any component, group by group.
    pub(super) fn unmatched(&self) -> Vec<String> {
        lock(&self.includes).iter().flat_map(|it| unmatched_includes([it])).collect()
    }
}

/// What was held first of all that are like this one.
fn once<T: ?Sized + Eq + Hash>(held: &Mutex<HashSet<Arc<T>>>, thing: &Arc<T>) -> Arc<T> {
    let mut held = lock(held);
    if let Some(first) = held.get(thing) {
        return Arc::clone(first);
    }
    held.insert(Arc::clone(thing));
    Arc::clone(thing)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(term: &str) -> Judgement {
        let text = |it: &str| Value::from(it);
        let metadata = [("code", text("a.b")), ("term", text(term)), ("title", text("Told with --info"))];
        let metadata = metadata.map(|(key, value)| (key.to_owned(), value));
        let finding = Finding { msg: "No.".into(), metadata: Arc::new(metadata.into()) };
        Judgement { violations: vec![finding], ..Judgement::default() }
    }

    fn settled(told: Metadata, terms: [&str; 2]) -> [Finding; 2] {
        let held = Held::new(told, 0);
        terms.map(|term| {
            let mut judged = judged(term);
            held.settle(&mut judged);
            judged.violations.remove(0)
        })
    }

    #[test]
    fn what_two_components_say_alike_is_held_once() {
        let [one, other] = settled(Metadata::Full, ["x", "x"]);
        assert!(Arc::ptr_eq(&one.msg, &other.msg) && Arc::ptr_eq(&one.metadata, &other.metadata));
        assert_eq!(one, judged("x").violations[0]);
        let [one, other] = settled(Metadata::Full, ["x", "y"]);
        assert!(Arc::ptr_eq(&one.msg, &other.msg));
        assert_ne!(one.metadata, other.metadata);
    }

    #[test]
    fn what_no_report_tells_is_not_held() {
        let [one, _] = settled(Metadata::Brief, ["x", "x"]);
        assert_eq!(one.metadata.keys().collect::<Vec<_>>(), ["code", "term"]);
    }

    #[test]
    fn nothing_is_said_of_includes_where_a_component_was_not_evaluated() {
        let expecting = |item| IncludeUse::expecting([item]);
        let held = Held::new(Metadata::Brief, 2);
        held.met(vec![expecting("a"), expecting("b")]);
        assert_eq!(held.unmatched().len(), 2);
        held.met(vec![IncludeUse::default()]);
        assert_eq!(held.unmatched(), unmatched_includes([&expecting("a")]));
        held.met(Vec::new());
        assert!(held.unmatched().is_empty());
    }
}
