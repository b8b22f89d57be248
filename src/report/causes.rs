//! Why components are undecided, one line a cause, so that one broken registry among two hundred components is seen
//! at a glance.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{Failure, FailureKind, RunReport, Stage, Verdict};

/// Causes told one by one; with heading and rest, the block stays within 20 lines.
const TOLD: usize = 15;

/// Components named for one cause.
const NAMED: usize = 5;

/// One cause and whom it hit.
struct Cause<'a> {
    first: &'a Failure,
    /// Other things that failed for the same reason.
    more_targets: usize,
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

/// Those that hit most components first; else in order of appearance.
fn causes(report: &RunReport) -> Vec<Cause<'_>> {
    let mut at: BTreeMap<(Stage, FailureKind, &str), usize> = BTreeMap::new();
    let mut causes: Vec<Cause<'_>> = Vec::new();
    for component in &report.components {
        for failure in component.outcome.failures() {
            let index = *at.entry((failure.stage, failure.kind, &failure.message)).or_insert_with(|| {
                causes.push(Cause { first: failure, more_targets: 0, components: Vec::new() });
                causes.len() - 1
            });
            let Some(cause) = causes.get_mut(index) else { continue };
            cause.more_targets += usize::from(failure.target != cause.first.target);
            if cause.components.last() != Some(&&*component.id.name) {
                cause.components.push(&component.id.name);
            }
        }
    }
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.components.len()));
    causes
}

impl Cause<'_> {
    fn line(&self) -> String {
        let failure = self.first;
        let target = match (&failure.target, self.more_targets) {
            (None, _) => String::new(),
            (Some(target), 0) => format!(" ({target})"),
            (Some(target), more) => format!(" ({target} and {more} more)"),
        };
        let again = if failure.retryable { "; trying again may help" } else { "" };
        let named = self.components.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        let rest = match self.components.len().checked_sub(NAMED) {
            Some(rest) if rest > 0 => format!(" and {rest} more"),
            _ => String::new(),
        };
        format!(
            "  {}, {}: {}{target}{again}: {named}{rest}",
            word(failure.stage),
            word(failure.kind),
            failure.message
        )
    }
}

/// The word that JSON has for it.
pub(super) fn word(of: impl Serialize) -> String {
    match serde_json::to_value(of) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

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
}
