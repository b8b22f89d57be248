//! What became of a component, and of the run.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::failure::{Failure, FailureKind, Stage};
use super::finding::{Check, Judgement};
use super::policy_spec::PolicySpec;
use super::previous::Resumed;
use super::signature::{AttestationSummary, EntitySignature};
use super::snapshot::{ComponentId, GitSource};

/// Of a component, or of the run. The order is that of gravity for the run: a failed component makes the run
/// fail, whatever else is incomplete.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything was decided, and nothing was violated.
    Pass,
    /// Something that the verdict needs could not be decided.
    Incomplete,
    /// Something was violated.
    Fail,
}

/// As in reports.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pass => "pass",
            Self::Incomplete => "incomplete",
            Self::Fail => "fail",
        })
    }
}

/// A component was judged, or its pipeline ended before.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// Its results, some of them perhaps undecided.
    Judged(Judgement),
    /// Nothing can be said of it.
    Failed(Failure),
}

impl Outcome {
    /// Violations weigh more than what stayed undecided; what stayed undecided is never a pass.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Failed(_) => Verdict::Incomplete,
            Self::Judged(judged) if !judged.violations.is_empty() => Verdict::Fail,
            Self::Judged(judged) if !judged.undecided.is_empty() => Verdict::Incomplete,
            Self::Judged(_) => Verdict::Pass,
        }
    }

    /// Why it is not decided: the failure of the pipeline, or of the first undecided part.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            Self::Judged(judged) => judged.undecided.first().map(|undecided| &undecided.failure),
        }
    }

    /// Every cause of indecision.
    pub fn failures(&self) -> Vec<&Failure> {
        match self {
            Self::Failed(failure) => vec![failure],
            Self::Judged(judged) => judged.undecided.iter().map(|undecided| &undecided.failure).collect(),
        }
    }
}

/// A component's entry in the report.
#[derive(Clone, PartialEq, Debug)]
pub struct ComponentReport {
    /// Position and name.
    pub id: ComponentId,
    /// By digest if it was resolved, else as written.
    pub container_image: String,
    /// As in the snapshot.
    pub source: Option<GitSource>,
    /// What became of it.
    pub outcome: Outcome,
    /// Of the image, verified.
    pub signatures: Vec<EntitySignature>,
    /// Verified ones.
    pub attestations: Vec<AttestationSummary>,
    /// Which steps ran.
    pub checks: Vec<Check>,
    /// Look-ups of rules that were refused (401, 403) in another repository, which count as undefined.
    pub lookups: Vec<String>,
    /// The instant that dates were compared with.
    pub effective_time: jiff::Timestamp,
    /// The input document as text, kept for `--output policy-input` only.
    pub policy_input: Option<String>,
    /// Decoded statements, kept for `--output attestation` only.
    pub statements: Vec<bytes::Bytes>,
}

/// Everything that a report format may print.
#[derive(Clone, PartialEq, Debug)]
pub struct RunReport {
    /// In the snapshot's order.
    pub components: Vec<ComponentReport>,
    /// The value of `--snapshot`, else empty.
    pub snapshot: String,
    /// PEM of the public key; empty for keyless.
    pub key: String,
    /// As evaluated: sources pinned, overrides and extra rule data applied.
    pub policy: PolicySpec,
    /// Of the program.
    pub version: String,
    /// Of the run.
    pub effective_time: jiff::Timestamp,
    /// When the run ended, by the clock; stands in time stamps only.
    pub created: jiff::Timestamp,
    /// Things to know about the policy, once for the run: unmatched includes, malformed volatile excludes.
    pub policy_warnings: Vec<String>,
    /// Facts that differ from run to run.
    pub run: RunFacts,
}

/// Facts about how the run went; the only part of a report that may differ between two equal runs.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RunFacts {
    /// `registry` or `layout`: where evidence came from.
    pub source: String,
    /// Requests by host.
    pub requests: BTreeMap<String, u64>,
    /// Tries beyond the first.
    pub retries: u64,
    /// How many of them the run allows itself; none where nothing is asked over a network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_budget: Option<u64>,
    /// Bytes received.
    pub bytes: u64,
    /// Blobs that were on disk already; none where there is no cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_cache: Option<u64>,
    /// Blobs and manifests that were read and were not held any longer for who asks again: each may have been asked for
    /// once more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evicted: Option<u64>,
    /// Components in evaluation at once, at most.
    pub workers: usize,
    /// What components were given and took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<MemoryFacts>,
    /// What is different from the report of an earlier run (`--resume`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resumed: Option<Resumed>,
}

/// Memory of a run, in bytes.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct MemoryFacts {
    /// What components may hold at once.
    pub budget: u64,
    /// Each that got as far as reading evidence, in the snapshot's order.
    pub components: Vec<MemoryUse>,
}

/// Memory of a component, in bytes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct MemoryUse {
    /// Its name.
    pub name: String,
    /// Its last lease.
    pub granted: u64,
    /// What it took of it, by our own count.
    pub used: u64,
    /// How often it began again with a larger one.
    pub restarts: u32,
}

impl RunReport {
    /// The gravest verdict of its components; no component at all is a pass (`--allow-empty`).
    pub fn verdict(&self) -> Verdict {
        self.components.iter().map(|c| c.outcome.verdict()).max().unwrap_or(Verdict::Pass)
    }

    /// True only where everything was decided and nothing violated.
    pub fn success(&self) -> bool {
        self.verdict() == Verdict::Pass
    }

    /// How often each kind of failure left something undecided, by stage.
    pub fn failure_counts(&self) -> BTreeMap<Stage, BTreeMap<FailureKind, u64>> {
        let mut counts: BTreeMap<Stage, BTreeMap<FailureKind, u64>> = BTreeMap::new();
        for failure in self.components.iter().flat_map(|component| component.outcome.failures()) {
            *counts.entry(failure.stage).or_default().entry(failure.kind).or_default() += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FailureKind, Finding, Stage, Undecided, failure::StageError};
    use super::*;

    fn undecided() -> Undecided {
        Undecided {
            rule: "data.x.deny".to_owned(),
            reference: None,
            failure: StageError::new(FailureKind::Unavailable, "down")
                .in_stage(Stage::Evaluate, "data.x.deny"),
        }
    }

    #[test]
    fn what_stayed_undecided_is_never_a_pass() {
        let judged = Judgement { undecided: vec![undecided()], ..Judgement::default() };
        assert_eq!(Outcome::Judged(judged).verdict(), Verdict::Incomplete);
    }

    #[test]
    fn a_violation_that_was_decided_makes_the_component_fail_whatever_else_is_open() {
        let judged = Judgement {
            undecided: vec![undecided()],
            violations: vec![Finding::default()],
            ..Judgement::default()
        };
        assert_eq!(Outcome::Judged(judged).verdict(), Verdict::Fail);
    }
}
