//! `--output policy-input`: the documents that the rules saw, one a line; an empty line for a component that was
//! not evaluated.

use crate::model::RunReport;

/// All documents, in the report's order.
pub(super) fn render(report: &RunReport) -> String {
    let inputs: Vec<&str> =
        report.components.iter().map(|component| component.policy_input.as_deref().unwrap_or("")).collect();
    inputs.join("\n")
}
