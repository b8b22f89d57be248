//! The shape of the JSON and YAML reports. The Go tool's keys come first and in its order; what is ours follows.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::options::Options;
use super::view::{View, views};
use crate::model::outcome::RunFacts;
use crate::model::{
    AttestationSummary, Check, EntitySignature, Failure, FailureKind, Finding, GitSource, Outcome,
    PolicySpec, RunReport, Stage, Undecided, Verdict,
};

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Document<'a> {
    success: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    snapshot: &'a str,
    #[serde(serialize_with = "null_if_empty")]
    components: Vec<Component<'a>>,
    key: &'a str,
    policy: &'a PolicySpec,
    ec_version: &'a str,
    effective_time: String,
    verdict: Verdict,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    failures: BTreeMap<Stage, BTreeMap<FailureKind, u64>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    policy_warnings: &'a [String],
    run: &'a RunFacts,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Component<'a> {
    name: &'a str,
    container_image: &'a str,
    source: Source<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<Cow<'a, Finding>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Cow<'a, Finding>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    successes: Vec<Cow<'a, Finding>>,
    success: bool,
    #[serde(skip_serializing_if = "<[EntitySignature]>::is_empty")]
    signatures: &'a [EntitySignature],
    #[serde(skip_serializing_if = "<[AttestationSummary]>::is_empty")]
    attestations: &'a [AttestationSummary],
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a Failure>,
    #[serde(skip_serializing_if = "<[Undecided]>::is_empty")]
    undecided: &'a [Undecided],
    #[serde(skip_serializing_if = "<[Check]>::is_empty")]
    checks: &'a [Check],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    lookups: &'a [String],
    /// Only where it is not the run's own.
    #[serde(rename = "effective-time", skip_serializing_if = "Option::is_none")]
    effective_time: Option<String>,
}

#[derive(Serialize)]
struct Source<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    git: Option<&'a GitSource>,
}

impl<'a> Document<'a> {
    pub(super) fn new(report: &'a RunReport, options: Options) -> Self {
        let components = views(report, options).into_iter().map(|view| Component::new(view, report));
        Self {
            success: report.success(),
            snapshot: &report.snapshot,
            components: components.collect(),
            key: &report.key,
            policy: &report.policy,
            ec_version: &report.version,
            effective_time: report.effective_time.to_string(),
            verdict: report.verdict(),
            failures: report.failure_counts(),
            policy_warnings: &report.policy_warnings,
            run: &report.run,
        }
    }
}

impl<'a> Component<'a> {
    fn new(view: View<'a>, report: &RunReport) -> Self {
        let component = view.component;
        let own_time = component.effective_time != report.effective_time;
        Self {
            name: &component.id.name,
            container_image: &component.container_image,
            source: Source { git: component.source.as_ref() },
            violations: view.violations,
            warnings: view.warnings,
            successes: view.successes,
            success: view.verdict == Verdict::Pass,
            signatures: &component.signatures,
            attestations: &component.attestations,
            verdict: view.verdict,
            failure: match (&component.outcome, view.verdict) {
                (Outcome::Failed(_), _) | (_, Verdict::Incomplete) => component.outcome.failure(),
                _ => None,
            },
            undecided: view.undecided,
            checks: &component.checks,
            lookups: &component.lookups,
            effective_time: own_time.then(|| component.effective_time.to_string()),
        }
    }
}

fn null_if_empty<T: Serialize, S: Serializer>(items: &[T], serializer: S) -> Result<S::Ok, S::Error> {
    if items.is_empty() { serializer.serialize_none() } else { items.serialize(serializer) }
}
