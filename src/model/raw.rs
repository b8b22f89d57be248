//! What an evaluation found, before anything is included, excluded, dated or named: the hand-over from `evaluate` to
//! `judge`. An error of one entry point stands beside the results of the others.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::failure::StageError;
use super::rule::{PackagePath, ResultKind, RuleLocation};

/// All rules of one name in one package, which are asked together: `data.release.x.deny`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EntryPoint {
    /// The package.
    pub package: PackagePath,
    /// The name.
    pub rule: Arc<str>,
    /// What the name makes of results.
    pub kind: ResultKind,
}

impl EntryPoint {
    /// The entry point of this name, unless it is that of a helper.
    pub fn new(package: PackagePath, rule: impl Into<Arc<str>>) -> Option<Self> {
        let rule = rule.into();
        let kind = ResultKind::of_rule(&rule)?;
        Some(Self { package, rule, kind })
    }
}

impl fmt::Display for EntryPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "data.{}.{}", self.package, self.rule)
    }
}

/// One result of a rule.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RawResult {
    /// `msg`, never empty.
    pub msg: String,
    /// Everything else that the rule gave, numbers as they were spelled.
    pub metadata: BTreeMap<String, Value>,
}

/// Something that a host function could not find out, and the rules that read it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RawUndecided {
    /// The definition of the entry point that was stopped; none where all of them are in doubt.
    pub definition: Option<RuleLocation>,
    /// What was asked for.
    pub reference: Option<String>,
    /// Why it could not be told.
    pub cause: StageError,
}

/// What became of one entry point.
#[derive(Clone, PartialEq, Debug)]
pub enum EntryOutcome {
    /// It ran. Definitions that could not be decided stand beside the results of the others.
    Evaluated {
        /// Results, in the order of Rego's sets.
        results: Vec<RawResult>,
        /// What stopped some of its definitions.
        undecided: Vec<RawUndecided>,
    },
    /// An `exception` rule named it: its results do not count.
    Excepted,
    /// A run-time error of the policy, a limit or a deadline: nothing is known of its results.
    Failed(StageError),
}

impl EntryOutcome {
    /// It ran, and everything was decided.
    pub fn decided(results: Vec<RawResult>) -> Self {
        Self::Evaluated { results, undecided: Vec::new() }
    }
}

/// An entry point and what became of it.
#[derive(Clone, PartialEq, Debug)]
pub struct RawEntry {
    /// Which.
    pub entry: EntryPoint,
    /// What became of it.
    pub outcome: EntryOutcome,
}

/// Everything that one evaluation of one source group found.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RawResults {
    /// One for each entry point that was asked.
    pub entries: Vec<RawEntry>,
}
