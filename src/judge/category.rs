//! Violation or warning: by the kind of the rule, the severity that the result gives itself, and its date.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use crate::model::instant::rfc3339;
use crate::model::{Finding, ResultKind};

/// What a result counts as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Category {
    Violation,
    Warning,
}

/// The category of a result of a rule of this kind. A failure of the future becomes a warning that says when it will fail.
pub(super) fn categorise(
    finding: &mut Finding,
    kind: ResultKind,
    at: Timestamp,
    notes: &mut BTreeSet<String>,
) -> Category {
    match (kind, severity(finding, notes)) {
        (ResultKind::Warning, Some(Severity::Failure)) => Category::Violation,
        (ResultKind::Warning, _) | (ResultKind::Failure, Some(Severity::Warning)) => Category::Warning,
        (ResultKind::Failure, _) => match future(finding, at) {
            Some(date) => {
                let msg = finding.msg.strip_suffix('.').unwrap_or(&finding.msg);
                finding.msg = format!("{msg}. This will become a failure starting on {date}").into();
                Category::Warning
            }
            None => Category::Violation,
        },
    }
}

enum Severity {
    Failure,
    Warning,
}

fn severity(finding: &Finding, notes: &mut BTreeSet<String>) -> Option<Severity> {
    match finding.metadata.get("severity")? {
        Value::String(word) if word == "failure" => Some(Severity::Failure),
        Value::String(word) if word == "warning" => Some(Severity::Warning),
        other => {
            notes.insert(format!("Ignoring unexpected \"severity\" value {other}"));
            None
        }
    }
}

/// The result's date, if it is not yet past. A text that is no date holds nothing off.
fn future(finding: &Finding, at: Timestamp) -> Option<String> {
    let date = finding.metadata.get("effective_on")?.as_str()?;
    (rfc3339(date)? >= at).then(|| date.to_owned())
}
