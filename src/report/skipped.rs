//! Which checks somebody switched off: told in the text report and once more when the process ends.

use super::sanitise;
use crate::model::{CheckState, RunReport};

/// The checks that a user can switch off; the others are skipped only where they have no object.
const SWITCHED: [&str; 4] = ["image-signature", "attestation-signature", "transparency-log", "policy"];

/// One line a check, with the reason of the first component that it was skipped for.
pub fn checks(report: &RunReport) -> Vec<String> {
    let skipped = |name: &str| {
        let mut checks = report.components.iter().flat_map(|component| &component.checks);
        let check = checks.find(|check| check.name == name && check.state == CheckState::Skipped)?;
        let why = check.why.as_deref().map(|why| format!(" ({})", sanitise::line(why)));
        Some(format!("{name}{}", why.unwrap_or_default()))
    };
    SWITCHED.iter().filter_map(|name| skipped(name)).collect()
}
