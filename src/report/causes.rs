//! Why components are undecided, one line a cause, so that one broken registry among two hundred components is seen
//! at a glance.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Failure, FailureKind, FailureTarget, RunReport, Stage, Verdict};

/// Causes told one by one; with heading and rest, the block stays within 20 lines.
const TOLD: usize = 15;

/// Components named for one cause.
const NAMED: usize = 5;

/// One cause and whom it hit.
struct Cause<'a> {
    first: &'a Failure,
    /// All that failed for the same reason.
    targets: BTreeSet<&'a FailureTarget>,
    /// At most.
    attempts: u32,
    components: Vec<&'a str>,
}

/// The block of lines, not indented, nothing sanitised yet; empty where everything was decided.
pub(super) fn lines(report: &RunReport) -> Vec<String> {
    let touched = report.components.iter().filter(|it| !it.outcome.failures().is_empty()).count();
    if touched == 0 {
        return Vec::new();
    }
    let causes = causes(report);
    let mut lines = vec![format!("Undecided: {touched} of {} components", report.components.len())];
    lines.extend(causes.iter().take(TOLD).map(Cause::line));
    if let Some(rest) = causes.len().checked_sub(TOLD).filter(|rest| *rest > 0) {
        lines.push(format!("  … and {rest} more causes; every one stands in the JSON report"));
    }
    lines
}

/// Within the result `note`: what matters, in one sentence.
pub(super) fn sentence(report: &RunReport) -> String {
    let incomplete =
        report.components.iter().filter(|it| it.outcome.verdict() == Verdict::Incomplete).count();
    let causes = causes(report);
    let told: Vec<_> = causes.iter().map(|cause| cause.line().trim_start().to_owned()).collect();
    format!("{incomplete} of {} components undecided. {}", report.components.len(), told.join(". "))
}

/// Those that hit most components first; else in order of appearance. The same trouble of one host is one cause,
/// whatever was asked of it.
fn causes(report: &RunReport) -> Vec<Cause<'_>> {
    let mut at: BTreeMap<(Stage, FailureKind, Option<&str>, &str), usize> = BTreeMap::new();
    let mut causes: Vec<Cause<'_>> = Vec::new();
    for component in &report.components {
        for failure in component.outcome.failures() {
            let key = (failure.stage, failure.kind, failure.host(), failure.cause());
            let index = *at.entry(key).or_insert_with(|| {
                causes.push(Cause::new(failure));
                causes.len() - 1
            });
            let Some(cause) = causes.get_mut(index) else { continue };
            cause.targets.extend(&failure.target);
            cause.attempts = cause.attempts.max(failure.attempts);
            if cause.components.last() != Some(&&*component.id.name) {
                cause.components.push(&component.id.name);
            }
        }
    }
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.components.len()));
    causes
}

impl<'a> Cause<'a> {
    fn new(first: &'a Failure) -> Self {
        Self { first, targets: BTreeSet::new(), attempts: 0, components: Vec::new() }
    }

    fn line(&self) -> String {
        let failure = self.first;
        let target = match (&failure.target, failure.host(), self.targets.len()) {
            (None, _, _) => String::new(),
            (Some(_), Some(host), objects @ 2..) => format!(" ({objects} objects at {host})"),
            (Some(target), None, others @ 2..) => format!(" ({target} and {} more)", others - 1),
            (Some(target), _, _) => format!(" ({target})"),
        };
        let tries = if self.attempts > 1 { format!("; {} tries", self.attempts) } else { String::new() };
        let again = if failure.retryable { "; trying again may help" } else { "" };
        let named = named(&self.components);
        let Failure { stage, kind, .. } = failure;
        format!("  {stage}, {kind}: {}{target}{tries}{again}: {named}", failure.cause())
    }
}

/// The first of some components, and how many more there are.
pub(super) fn named(components: &[&str]) -> String {
    let named = components.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match components.len().checked_sub(NAMED) {
        Some(rest) if rest > 0 => format!("{named} and {rest} more"),
        _ => named,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::model::Outcome;
    use crate::model::failure::StageError;

    #[test]
    fn two_hundred_components_with_one_cause_take_two_lines() {
        let report = sample::undecided_everywhere(200, |_| "connection refused".to_owned());
        let lines = lines(&report);
        assert_eq!(lines.len(), 2);
        insta::assert_snapshot!(lines.join("\n"), @"
        Undecided: 200 of 200 components
          fetch, unavailable: connection refused (registry.example); trying again may help: c0, c1, c2, c3, c4 and 195 more
        ");
    }

    #[test]
    fn two_hundred_causes_take_less_than_twenty_lines() {
        let report = sample::undecided_everywhere(200, |index| format!("failed with {index}"));
        assert!(lines(&report).len() < 20);
    }

    #[test]
    fn one_host_that_is_down_is_one_cause_whatever_was_asked_of_it() {
        let failed = |index: usize, host: &str| {
            let object = format!("GET https://{host}/v2/team/c{index}/manifests/latest");
            let target = FailureTarget::Object { host: host.into(), object: object.as_str().into() };
            let message = format!("{object}: status 503");
            let error = StageError {
                target: Some(target),
                attempts: 4,
                ..StageError::new(FailureKind::Unavailable, message)
            };
            sample::component(index, Outcome::Failed(error.in_stage(Stage::Fetch)))
        };
        let mut components: Vec<_> = (0..200).map(|it| failed(it, "registry.example")).collect();
        components.push(failed(200, "other.example"));
        insta::assert_snapshot!(lines(&sample::report(components)).join("\n"), @"
        Undecided: 201 of 201 components
          fetch, unavailable: status 503 (200 objects at registry.example); 4 tries; trying again may help: c0, c1, c2, c3, c4 and 195 more
          fetch, unavailable: status 503 (GET https://other.example/v2/team/c200/manifests/latest); 4 tries; trying again may help: c200
        ");
    }
}
