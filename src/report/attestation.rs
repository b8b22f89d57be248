//! `--output attestation`: the verified statements, byte for byte, one a line.

use crate::model::RunReport;

/// All statements of all components.
pub(super) fn render(report: &RunReport) -> Vec<u8> {
    let statements: Vec<&[u8]> =
        report.components.iter().flat_map(|component| &component.statements).map(AsRef::as_ref).collect();
    statements.join(&b'\n')
}
