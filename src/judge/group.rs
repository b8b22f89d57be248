//! The judgement of one source group over one subject.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::category::{Category, categorise};
use super::criteria::Applied;
use super::dependencies::{Doubt, trim};
use super::matching::Matchers;
use super::metadata::{complete, describe};
use super::selection::{Known, asks_for, intended, known, packages_of};
use super::unmatched::IncludeUse;
use super::{FilterType, GroupCriteria, Selection, Subject};
use crate::model::failure::StageError;
use crate::model::{
    AnnotatedRule, EntryOutcome, EntryPoint, FailureKind, Finding, RawResult, RawResults, ResultKind,
    RuleTable, Stage, Undecided,
};

/// Judges one source group; shared by all components of a run.
#[derive(Clone, Debug)]
pub struct GroupJudge {
    label: String,
    table: RuleTable,
    known: Vec<Known>,
    criteria: GroupCriteria,
    intentions: Vec<String>,
    /// Of the annotated rules, should they have nothing to say.
    successes: Vec<Arc<Finding>>,
}

/// What one source group says of one subject.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct GroupJudgement {
    /// They make the component fail.
    pub violations: Vec<Finding>,
    /// They do not.
    pub warnings: Vec<Finding>,
    /// Rules that found nothing to say.
    pub successes: Vec<Arc<Finding>>,
    /// What could not be decided, or depends on what could not.
    pub undecided: Vec<Undecided>,
    /// Which includes matched something.
    pub includes: IncludeUse,
    /// Oddities of results, for the log: unknown severities, dates that are none.
    pub notes: BTreeSet<String>,
}

/// `Pass` is the message of every success.
const PASS: &str = "Pass";

impl GroupJudge {
    /// The judge of a group. `label` names it in messages; `rule_data` is the group's `ruleData`, extra rule data
    /// included, of which `pipeline_intention` counts for [`FilterType::EcPolicy`].
    pub fn new(
        label: impl Into<String>,
        table: RuleTable,
        criteria: GroupCriteria,
        rule_data: Option<&serde_json::Map<String, Value>>,
    ) -> Self {
        let intentions = match rule_data.and_then(|data| data.get("pipeline_intention")) {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        let successes = table.annotated().map(|rule| Arc::new(success(rule))).collect();
        Self { label: label.into(), known: known(&table), table, criteria, intentions, successes }
    }

    /// The group's rules.
    pub fn table(&self) -> &RuleTable {
        &self.table
    }

    /// The packages to run for a subject at its effective time.
    pub fn select(&self, subject: &Subject<'_>, at: Timestamp) -> Selection {
        packages_of(self.asked_for(&self.criteria.applied(subject, at)))
    }

    /// Judges what the entry points of the selection said.
    pub fn judge(&self, subject: &Subject<'_>, at: Timestamp, raw: RawResults) -> GroupJudgement {
        let applied = self.criteria.applied(subject, at);
        let mut sitting = Sitting::new(self, &applied, at);
        for entry in raw.entries {
            sitting.asked.insert(entry.entry.clone());
            match entry.outcome {
                EntryOutcome::Evaluated { results, undecided } => {
                    for result in results {
                        sitting.result(entry.entry.kind, result);
                    }
                    for it in undecided {
                        sitting.doubt(&entry.entry, it.definition, it.reference, it.cause);
                    }
                }
                EntryOutcome::Excepted => {}
                EntryOutcome::Failed(cause) => sitting.doubt(&entry.entry, None, None, cause),
            }
        }
        sitting.finish()
    }

    fn asked_for(&self, applied: &Applied<'_>) -> impl Iterator<Item = &Known> {
        self.known.iter().filter(|rule| {
            let intended = match self.criteria.filter() {
                FilterType::IncludeExclude => true,
                FilterType::EcPolicy => intended(&rule.intention, &self.intentions),
            };
            intended && asks_for(&applied.unnamed, &rule.matchers)
        })
    }
}

/// The state while one subject is judged.
struct Sitting<'a> {
    judge: &'a GroupJudge,
    applied: &'a Applied<'a>,
    at: Timestamp,
    selection: Selection,
    /// For `ec-policy`: the codes that may speak.
    resolved: BTreeSet<&'a str>,
    asked: BTreeSet<EntryPoint>,
    doubts: Vec<Doubt>,
    out: GroupJudgement,
}

impl<'a> Sitting<'a> {
    fn new(judge: &'a GroupJudge, applied: &'a Applied<'a>, at: Timestamp) -> Self {
        let mut includes = IncludeUse::new(applied.expected.iter());
        let asked_for: Vec<&Known> = judge.asked_for(applied).collect();
        let mut resolved = BTreeSet::new();
        if judge.criteria.filter() == FilterType::EcPolicy {
            includes.expect_only(&applied.unnamed.include);
            for rule in &asked_for {
                includes.matched_by(&rule.matchers, None);
                resolved.insert(rule.code.as_str());
            }
        }
        let selection = packages_of(asked_for.into_iter());
        let out = GroupJudgement { includes, ..GroupJudgement::default() };
        Self { judge, applied, at, selection, resolved, asked: BTreeSet::new(), doubts: Vec::new(), out }
    }

    fn result(&mut self, kind: ResultKind, raw: RawResult) {
        let mut finding = Finding { msg: raw.msg.into(), metadata: Arc::new(raw.metadata) };
        complete(&mut finding, &self.judge.table, self.at, &mut self.out.notes);
        if !self.admits(&finding) {
            return;
        }
        match categorise(&mut finding, kind, self.at, &mut self.out.notes) {
            Category::Violation => self.out.violations.push(finding),
            Category::Warning => self.out.warnings.push(finding),
        }
    }

    /// Whether include and exclude let a result stand. For want of a code nothing can be said against it.
    fn admits(&mut self, finding: &Finding) -> bool {
        match (self.judge.criteria.filter(), finding.code()) {
            (filter, None) => filter == FilterType::IncludeExclude,
            (FilterType::EcPolicy, Some(code)) => self.resolved.contains(code),
            (FilterType::IncludeExclude, Some(code)) => {
                self.weigh(&Matchers::new(code, collections(finding), finding.terms()))
            }
        }
    }

    fn weigh(&mut self, matchers: &Matchers) -> bool {
        let admitted = self.applied.full.admit(matchers);
        // What was left out has been met by the items for this subject only.
        let met_by = if admitted { None } else { Some(self.applied.full.include.as_slice()) };
        self.out.includes.matched_by(matchers, met_by);
        admitted
    }

    fn doubt(
        &mut self,
        entry: &EntryPoint,
        definition: Option<crate::model::RuleLocation>,
        reference: Option<String>,
        cause: StageError,
    ) {
        let mut rule = entry.to_string();
        if let Some(known) = self.judge.table.annotated().find(|it| {
            it.package == entry.package
                && it.name == entry.rule
                && definition.as_ref().is_some_and(|at| *at == it.location)
        }) {
            rule = format!("{rule} ({})", known.code);
        }
        let over = reference.clone().unwrap_or_else(|| entry.to_string());
        self.doubts.push(Doubt {
            package: entry.package.clone(),
            rule: entry.rule.clone(),
            definition,
            undecided: Undecided { rule, reference, failure: cause.in_stage(Stage::Evaluate, over) },
        });
    }

    fn finish(mut self) -> GroupJudgement {
        self.successes();
        if !self.doubts.is_empty() {
            self.out.includes.leave_open();
        }
        let counted = self.out.violations.len() + self.out.warnings.len() + self.out.successes.len();
        if counted == 0 && self.doubts.is_empty() {
            self.out.undecided.push(self.nothing_evaluated());
        }
        trim(&mut self.out, &self.doubts, &self.judge.table);
        self.out.undecided.extend(self.doubts.into_iter().map(|doubt| doubt.undecided));
        for violation in &mut self.out.violations {
            hint_at_exclusion(violation);
        }
        self.out
    }

    fn successes(&mut self) {
        let reported: BTreeSet<String> = self
            .out
            .violations
            .iter()
            .chain(&self.out.warnings)
            .filter_map(|finding| finding.code().map(str::to_owned))
            .collect();
        // All by code, the annotated rules first.
        let rules = self.judge.table.annotated().zip(&self.judge.known).zip(&self.judge.successes);
        for ((rule, known), success) in rules {
            let open = self.doubts.iter().any(|doubt| doubt.concerns(rule));
            if reported.contains(&rule.code) || open || !self.ran(rule) {
                continue;
            }
            let admitted = match self.judge.criteria.filter() {
                FilterType::EcPolicy => self.resolved.contains(rule.code.as_str()),
                FilterType::IncludeExclude => self.weigh(&known.matchers),
            };
            if admitted {
                self.out.successes.push(Arc::clone(success));
            }
        }
    }

    /// A rule that was not asked has not succeeded. Annotated helpers are listed with their package.
    fn ran(&self, rule: &AnnotatedRule) -> bool {
        self.selection.contains_package(&rule.package)
            && EntryPoint::new(rule.package.clone(), rule.name.clone())
                .is_none_or(|entry| self.asked.contains(&entry))
    }

    fn nothing_evaluated(&self) -> Undecided {
        let message = "no successes, warnings, or failures, check input";
        let cause = StageError::new(FailureKind::PolicyError, message);
        Undecided {
            rule: "policy".to_owned(),
            reference: None,
            failure: cause.in_stage(Stage::Judge, &self.judge.label),
        }
    }
}

fn success(rule: &AnnotatedRule) -> Finding {
    let mut metadata = BTreeMap::from([("code".to_owned(), Value::from(rule.code.as_str()))]);
    describe(rule, |key, value| {
        metadata.insert(key.to_owned(), value);
    });
    Finding { msg: PASS.into(), metadata: Arc::new(metadata) }
}

fn collections(finding: &Finding) -> Vec<&str> {
    match finding.metadata.get("collections") {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Tells in the description what to exclude where the violation is not wanted.
fn hint_at_exclusion(violation: &mut Finding) {
    let (Some(code), Some(description)) =
        (violation.code(), violation.metadata.get("description").and_then(Value::as_str))
    else {
        return;
    };
    let terms = violation.terms();
    let items: Vec<String> =
        terms.iter().filter(|term| !term.is_empty()).map(|term| format!("\"{code}:{term}\"")).collect();
    let what = match items.as_slice() {
        [] => format!("\"{code}\""),
        [one] => one.clone(),
        many => format!("one or more of {}", many.join(", ")),
    };
    let description = description.strip_suffix('.').unwrap_or(description);
    let hint = format!(
        "{description}. To exclude this rule add {what} to the `exclude` section of the policy configuration."
    );
    Arc::make_mut(&mut violation.metadata).insert("description".to_owned(), Value::String(hint));
}
