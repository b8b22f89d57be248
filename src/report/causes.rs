//! Why components are undecided, one line a cause, so that one broken registry among two hundred components is seen
//! at a glance.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{ComponentId, Failure, FailureKind, FailureTarget, RunReport, Stage, Verdict};

/// Causes told one by one; with heading and rest, the block stays within 20 lines.
const TOLD: usize = 15;

/// Components named for one cause.
const NAMED: usize = 5;

/// One cause and whom it hit.
struct Cause<'a> {
    first: &'a Failure,
    /// All that failed for the same reason.
    targets: BTreeSet<&'a FailureTarget>,
    /// How it was told; digests apart, it is the same.
    told: BTreeSet<&'a str>,
    /// At most.
    attempts: u32,
    components: Vec<&'a ComponentId>,
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
    if let Some(rest) = causes.get(TOLD..).filter(|rest| !rest.is_empty()) {
        let hit: BTreeSet<usize> =
            rest.iter().flat_map(|cause| &cause.components).map(|it| it.index).collect();
        let (causes, hit) = (rest.len(), hit.len());
        let line = format!("  … and {causes} more causes ({hit} components); all stand in the JSON report");
        lines.push(line);
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

/// What failures of one cause have in common: stage, kind, host and words.
type Alike<'a> = (Stage, FailureKind, Option<&'a str>, Cow<'a, str>);

/// Those that hit most components first; else in order of appearance. The same trouble of one host is one cause,
/// whatever was asked of it.
fn causes(report: &RunReport) -> Vec<Cause<'_>> {
    let mut at: BTreeMap<Alike<'_>, usize> = BTreeMap::new();
    let mut causes: Vec<Cause<'_>> = Vec::new();
    for component in &report.components {
        for failure in component.outcome.failures() {
            let key = (failure.stage, failure.kind, failure.host(), without_digests(failure.cause()));
            let index = *at.entry(key).or_insert_with(|| {
                causes.push(Cause::new(failure));
                causes.len() - 1
            });
            let Some(cause) = causes.get_mut(index) else { continue };
            cause.targets.insert(&failure.target);
            cause.told.insert(failure.cause());
            cause.attempts = cause.attempts.max(failure.attempts);
            if cause.components.last() != Some(&&component.id) {
                cause.components.push(&component.id);
            }
        }
    }
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.components.len()));
    causes
}

impl<'a> Cause<'a> {
    fn new(first: &'a Failure) -> Self {
        Self { first, targets: BTreeSet::new(), told: BTreeSet::new(), attempts: 0, components: Vec::new() }
    }

    fn line(&self) -> String {
        let failure = self.first;
        let target = match (failure.host(), self.targets.len()) {
            (Some(host), objects @ 2..) => format!(" ({objects} objects at {host})"),
            (None, others @ 2..) => format!(" ({} and {} more)", failure.target, others - 1),
            (_, _) => format!(" ({})", failure.target),
        };
        let tries = if self.attempts > 1 { format!("; {} tries", self.attempts) } else { String::new() };
        let again = if failure.retryable { "; trying again may help" } else { "" };
        let components: Vec<_> = self.components.iter().map(|it| &*it.name).collect();
        let named = named(&components);
        let Failure { stage, kind, .. } = failure;
        let cause = match self.told.len() {
            0 | 1 => Cow::Borrowed(failure.cause()),
            _ => without_digests(failure.cause()),
        };
        format!("  {stage}, {kind}: {cause}{target}{tries}{again}: {named}")
    }
}

/// Hexadecimal digits of a digest (SHA-256).
const DIGITS: usize = 64;

/// Objects that arrive with other bytes than their digests say are one trouble, whatever the digests are.
fn without_digests(cause: &str) -> Cow<'_, str> {
    const NAME: &str = "sha256:";
    let mut out = String::new();
    let mut rest = cause;
    while let Some(at) = rest.find(NAME) {
        let (before, after) = rest.split_at(at + NAME.len());
        out.push_str(before);
        let digits = after.bytes().take(DIGITS).take_while(u8::is_ascii_hexdigit).count();
        rest = after.get(digits..).unwrap_or_default();
        if digits == DIGITS {
            out.push('…');
        } else {
            out.push_str(&after[..digits]);
        }
    }
    if out.is_empty() {
        return Cow::Borrowed(cause);
    }
    out.push_str(rest);
    Cow::Owned(out)
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
    fn two_hundred_causes_take_less_than_twenty_lines_and_the_rest_is_counted() {
        let report = sample::undecided_everywhere(200, |index| format!("failed with {index}"));
        let lines = lines(&report);
        assert!(lines.len() < 20);
        assert_eq!(
            lines.last().map(String::as_str),
            Some("  … and 185 more causes (185 components); all stand in the JSON report")
        );
    }

    #[test]
    fn a_host_that_garbles_everything_is_one_cause_whatever_the_digests() {
        let digest = |index: usize| format!("sha256:{index:064}");
        let report = sample::undecided_everywhere(3, |index| {
            format!("digest is {}, expected {} or sha256:12", digest(index), digest(index + 1))
        });
        insta::assert_snapshot!(lines(&report).join("\n"), @"
        Undecided: 3 of 3 components
          fetch, unavailable: digest is sha256:…, expected sha256:… or sha256:12 (registry.example); trying again may help: c0, c1, c2
        ");
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
            sample::component(index, Outcome::Failed(error.in_stage(Stage::Fetch, "c")))
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
