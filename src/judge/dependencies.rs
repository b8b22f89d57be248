//! What only follows from another result is dropped: a rule that `depends_on` another is quiet where that one speaks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::GroupJudgement;
use super::order::compare_undecided;
use crate::model::{AnnotatedRule, Finding, PackagePath, ResultKind, RuleLocation, RuleTable, Undecided};

/// Something that was not decided, and which rules that leaves open.
#[derive(Clone, Debug)]
pub(super) struct Doubt {
    pub(super) package: PackagePath,
    pub(super) rule: Arc<str>,
    /// None: every definition of the entry point.
    pub(super) definition: Option<RuleLocation>,
    pub(super) undecided: Undecided,
}

impl Doubt {
    /// Whether it leaves open what the rule has to say. A helper's code may be given by any rule of its package.
    pub(super) fn concerns(&self, rule: &AnnotatedRule) -> bool {
        let same_definition = || self.definition.as_ref().is_none_or(|at| *at == rule.location);
        self.package == rule.package
            && match ResultKind::of_rule(&rule.name) {
                Some(_) => self.rule == rule.name && same_definition(),
                None => true,
            }
    }

    /// Whether a result with this code may yet come.
    fn concerns_code(&self, code: &str, table: &RuleTable) -> bool {
        match table.get(code) {
            Some(rule) => self.concerns(rule),
            None => code.rsplit_once('.').is_some_and(|(package, _)| package == self.package.dotted()),
        }
    }
}

/// Drops results and successes that depend on a reported one; those that depend on what is in doubt become undecided.
pub(super) fn trim(judgement: &mut GroupJudgement, doubts: &[Doubt], table: &RuleTable) {
    let dependencies = Reported::of(judgement);
    let mut open = Vec::new();
    let mut keep = |finding: &Finding| {
        let names = depends_on(finding);
        if dependencies.explain(&names) {
            return false;
        }
        let concerned = doubts.iter().filter(|it| names.iter().any(|code| it.concerns_code(code, table)));
        // Whichever is told first, the same one is told.
        match concerned.min_by(|one, other| compare_undecided(&one.undecided, &other.undecided)) {
            None => true,
            Some(doubt) => {
                let rule = finding.code().unwrap_or(&doubt.undecided.rule).to_owned();
                open.push(Undecided { rule, ..doubt.undecided.clone() });
                false
            }
        }
    };
    judgement.violations.retain(&mut keep);
    judgement.warnings.retain(&mut keep);
    judgement.successes.retain(|finding| {
        let names = depends_on(finding);
        !dependencies.reports_any(&names)
            && !doubts.iter().any(|doubt| names.iter().any(|code| doubt.concerns_code(code, table)))
    });
    judgement.undecided.extend(open);
}

fn depends_on(finding: &Finding) -> Vec<&str> {
    match finding.metadata.get("depends_on") {
        Some(Value::Array(codes)) => codes.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The codes that are reported, each with the codes its results depend on; and those that stand by themselves.
struct Reported {
    edges: BTreeMap<String, BTreeSet<String>>,
    standing: BTreeSet<String>,
}

impl Reported {
    fn of(judgement: &GroupJudgement) -> Self {
        let results = || judgement.violations.iter().chain(&judgement.warnings);
        let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for finding in results() {
            let Some(code) = finding.code() else { continue };
            let names = depends_on(finding).into_iter().map(str::to_owned);
            edges.entry(code.to_owned()).or_default().extend(names);
        }
        let alone = |finding: &&Finding| !depends_on(finding).iter().any(|code| edges.contains_key(*code));
        let standing = results().filter(alone).filter_map(|it| it.code().map(str::to_owned)).collect();
        Self { edges, standing }
    }

    fn reports_any(&self, codes: &[&str]) -> bool {
        codes.iter().any(|code| self.edges.contains_key(*code))
    }

    /// Whether a result with these dependencies follows from one that stands. Rules that depend on each other in a circle
    /// must not hide each other.
    fn explain(&self, codes: &[&str]) -> bool {
        let mut seen = BTreeSet::new();
        let mut next: Vec<&str> = codes.to_vec();
        while let Some(code) = next.pop() {
            if self.standing.contains(code) {
                return true;
            }
            if seen.insert(code)
                && let Some(further) = self.edges.get(code)
            {
                next.extend(further.iter().map(String::as_str));
            }
        }
        false
    }
}
