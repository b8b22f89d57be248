//! Reports for the tests of the formats.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::options::{Colour, Detail, Options, Successes};
use crate::model::failure::StageError;
use crate::model::outcome::RunFacts;
use crate::model::{
    ComponentId, ComponentReport, FailureKind, Finding, Judgement, Outcome, PolicySpec, RunReport, Stage,
};

pub(super) const EVERYTHING: Options =
    Options { successes: Successes::Listed, detail: Detail::Full, colour: Colour::Never };

pub(super) fn report(components: Vec<ComponentReport>) -> RunReport {
    RunReport {
        components,
        snapshot: String::new(),
        key: "PEM".to_owned(),
        policy: PolicySpec::default(),
        version: "v1".to_owned(),
        effective_time: Timestamp::UNIX_EPOCH,
        created: Timestamp::UNIX_EPOCH,
        policy_warnings: Vec::new(),
        run: RunFacts { source: "layout".to_owned(), workers: 2, ..RunFacts::default() },
    }
}

pub(super) fn component(index: usize, outcome: Outcome) -> ComponentReport {
    let name = format!("c{index}");
    ComponentReport {
        id: ComponentId { index, name: name.as_str().into() },
        container_image: format!("registry.example/{name}@sha256:{}", "0".repeat(64)),
        source: None,
        outcome,
        signatures: Vec::new(),
        attestations: Vec::new(),
        checks: Vec::new(),
        lookups: Vec::new(),
        effective_time: Timestamp::UNIX_EPOCH,
        policy_input: None,
        statements: Vec::new(),
    }
}

pub(super) fn finding(code: &str, msg: &str) -> Finding {
    let metadata = BTreeMap::from([("code".to_owned(), code.into())]);
    Finding { msg: msg.into(), metadata: Arc::new(metadata) }
}

pub(super) fn judged(violations: Vec<Finding>, warnings: Vec<Finding>, successes: Vec<Finding>) -> Outcome {
    let successes = successes.into_iter().map(Arc::new).collect();
    Outcome::Judged(Judgement { violations, warnings, successes, undecided: Vec::new() })
}

pub(super) fn unavailable(message: &str) -> Outcome {
    let error = StageError::new(FailureKind::Unavailable, message).at("registry.example");
    Outcome::Failed(error.in_stage(Stage::Fetch, "image"))
}

pub(super) fn undecided_everywhere(count: usize, message: impl Fn(usize) -> String) -> RunReport {
    report((0..count).map(|index| component(index, unavailable(&message(index)))).collect())
}
