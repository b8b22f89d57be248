//! A source group, compiled once for the run and shared by all components.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use super::engine::Engine;
use super::{Bounds, nanoseconds};
use crate::model::{EntryPoint, PackagePath};
use crate::rego::budget::Clock;
use crate::rego::engine::{Compiled, Policy, Shared};
use crate::rego::value::{Object, Str, Value};

/// The rule that says which others do not count.
pub(super) const EXCEPTION: &str = "exception";

/// Rules and data of a source group.
#[derive(Debug)]
pub struct CompiledGroup {
    policy: Policy,
    data: Value,
    entry_points: Vec<EntryPoint>,
    exceptions: BTreeSet<PackagePath>,
    shared: OnceLock<Shared>,
    bounds: Bounds,
    engine: Engine,
}

/// Where the instant is that dates are compared with: the one part of the data that differs by component.
const INSTANT: [&str; 3] = ["config", "policy", "when_ns"];

impl CompiledGroup {
    /// Takes compiled rules and base documents (`config` among them, without the instant).
    pub fn new(rules: Compiled, data: Value) -> Self {
        let Compiled { policy, modules } = rules;
        let (mut entry_points, mut exceptions) = (BTreeSet::new(), BTreeSet::new());
        for module in &modules {
            let package = PackagePath::new(module.package.parts().map(|it| &**it));
            for rule in &module.rules {
                let Some(name) = rule.head.reference.head.as_var().filter(|_| rule.head.args.is_none())
                else {
                    continue;
                };
                entry_points.extend(EntryPoint::new(package.clone(), &**name));
                if &**name == EXCEPTION {
                    exceptions.insert(package.clone());
                }
            }
        }
        let entry_points = entry_points.into_iter().collect();
        Self {
            policy,
            data,
            entry_points,
            exceptions,
            shared: OnceLock::new(),
            bounds: Bounds::default(),
            engine: Engine::default(),
        }
    }

    /// The same, with other bounds of each evaluation.
    #[must_use]
    pub fn within(self, bounds: Bounds) -> Self {
        Self { bounds, ..self }
    }

    /// The same, evaluated by this engine.
    #[must_use]
    pub fn with_engine(self, engine: Engine) -> Self {
        Self { engine, ..self }
    }

    pub(super) fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    pub(super) fn engine(&self) -> Engine {
        self.engine
    }

    /// The rules.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Every deny, violation and warn rule, by package and name.
    pub fn entry_points(&self) -> &[EntryPoint] {
        &self.entry_points
    }

    /// Whether some rule may look at this part of the input, as far as the rules' text tells.
    pub fn may_read_input(&self, path: &[&str]) -> bool {
        self.policy.may_read_input(path)
    }

    pub(super) fn has_exceptions(&self, package: &PackagePath) -> bool {
        self.exceptions.contains(package)
    }

    /// The base documents with `config.policy.when_ns`, which differs by component.
    pub(super) fn data_at(&self, instant: jiff::Timestamp) -> Value {
        let when = Value::from(nanoseconds(instant));
        with_path(&self.data, &INSTANT, when)
    }

    /// What every component would find alike: the first one that is evaluated has it computed for all.
    pub(super) fn shared(&self, clock: &Clock, cancelled: &Arc<AtomicBool>) -> Shared {
        let compute = || {
            let rules = self.entry_points.iter().map(|entry| super::path(entry, &entry.rule));
            let exceptions = self.entry_points.iter().filter(|entry| self.has_exceptions(&entry.package));
            let exceptions = exceptions.map(|entry| super::path(entry, EXCEPTION));
            let asked: Vec<Vec<Str>> = rules.chain(exceptions).collect();
            let budget = self.bounds.budget(&Value::Null, clock, cancelled);
            self.policy.share(&asked, &self.data, &[INSTANT.map(Str::from).to_vec()], budget)
        };
        self.shared.get_or_init(compute).clone()
    }
}

fn with_path(value: &Value, path: &[&str], leaf: Value) -> Value {
    let Some((first, rest)) = path.split_first() else { return leaf };
    let pairs = value.as_object().cloned().unwrap_or_else(Object::new);
    let below = with_path(pairs.get_str(first).unwrap_or(&Value::Null), rest, leaf);
    Value::Object(pairs.with(Value::String(Str::from(*first)), below))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rego::value::{ReadLimits, json};

    #[test]
    fn the_instant_is_laid_over_the_data_and_disturbs_nothing() {
        let data = br#"{"a": 1, "config": {"b": 2, "policy": {"c": 3}}}"#;
        let data = json::read(data, &ReadLimits::default()).unwrap();
        let laid = with_path(&data, &["config", "policy", "when_ns"], Value::from(5_i64));
        let text = json::to_string(&laid, json::Html::Plain);
        assert_eq!(text, r#"{"a":1,"config":{"b":2,"policy":{"c":3,"when_ns":5}}}"#);
    }
}
