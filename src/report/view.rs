//! A component as reports show it: results in the judge's order, with only the metadata that was asked for.

use std::borrow::Cow;
use std::sync::Arc;

use super::options::{Detail, Options, Successes};
use crate::model::{ComponentReport, Finding, Outcome, RunReport, Undecided, Verdict};

/// One component, ready to be printed.
pub(super) struct View<'a> {
    pub(super) component: &'a ComponentReport,
    pub(super) verdict: Verdict,
    pub(super) violations: Vec<Cow<'a, Finding>>,
    pub(super) warnings: Vec<Cow<'a, Finding>>,
    /// Empty where they are only counted.
    pub(super) successes: Vec<Cow<'a, Finding>>,
    /// Of all, listed or not.
    pub(super) success_count: usize,
    pub(super) undecided: &'a [Undecided],
}

/// All components, in the report's order.
pub(super) fn views(report: &RunReport, options: Options) -> Vec<View<'_>> {
    report.components.iter().map(|component| view(component, options)).collect()
}

fn view(component: &ComponentReport, options: Options) -> View<'_> {
    let verdict = component.outcome.verdict();
    let Outcome::Judged(judged) = &component.outcome else {
        return View {
            component,
            verdict,
            violations: Vec::new(),
            warnings: Vec::new(),
            successes: Vec::new(),
            success_count: 0,
            undecided: &[],
        };
    };
    View {
        component,
        verdict,
        violations: shown(&judged.violations, options.detail),
        warnings: shown(&judged.warnings, options.detail),
        successes: match options.successes {
            Successes::Listed => {
                judged.successes.iter().map(|finding| told(finding, options.detail)).collect()
            }
            Successes::Counted => Vec::new(),
        },
        success_count: judged.successes.len(),
        undecided: &judged.undecided,
    }
}

fn shown(findings: &[Finding], detail: Detail) -> Vec<Cow<'_, Finding>> {
    findings.iter().map(|finding| told(finding, detail)).collect()
}

fn told(finding: &Finding, detail: Detail) -> Cow<'_, Finding> {
    let is_brief = finding.metadata.keys().all(|key| Finding::BRIEF.contains(&key.as_str()));
    if detail == Detail::Full || is_brief {
        return Cow::Borrowed(finding);
    }
    let metadata = finding.metadata.iter().filter(|(key, _)| Finding::BRIEF.contains(&key.as_str()));
    Cow::Owned(Finding {
        msg: finding.msg.clone(),
        metadata: Arc::new(metadata.map(|(key, value)| (key.clone(), value.clone())).collect()),
    })
}

/// Sums over all components.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) violations: usize,
    pub(super) warnings: usize,
    pub(super) successes: usize,
}

impl Totals {
    pub(super) fn of(report: &RunReport) -> Self {
        let mut totals = Self::default();
        for component in &report.components {
            if let Outcome::Judged(judged) = &component.outcome {
                totals.violations += judged.violations.len();
                totals.warnings += judged.warnings.len();
                totals.successes += judged.successes.len();
            }
        }
        totals
    }

    /// The word for a report with these sums; nothing is said of what is undecided but "incomplete".
    pub(super) fn word(self, verdict: Verdict) -> Word {
        match verdict {
            Verdict::Fail => Word::Failure,
            Verdict::Incomplete => Word::Incomplete,
            Verdict::Pass if self.warnings > 0 => Word::Warning,
            Verdict::Pass if self.successes == 0 => Word::Skipped,
            Verdict::Pass => Word::Success,
        }
    }
}

/// The result in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Success,
    Warning,
    Failure,
    Skipped,
    Incomplete,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;

    fn finding(msg: &str, metadata: &[(&str, Value)]) -> Finding {
        let metadata: BTreeMap<_, _> =
            metadata.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        Finding { msg: msg.into(), metadata: Arc::new(metadata) }
    }

    #[test]
    fn without_info_only_code_date_and_term_are_told() {
        let findings = [finding("m", &[("code", "a.b".into()), ("title", "T".into()), ("extra", 1.into())])];
        let told = shown(&findings, Detail::Brief);
        assert_eq!(told[0].metadata.keys().collect::<Vec<_>>(), ["code"]);
    }
}
