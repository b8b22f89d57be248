//! Why a signature check failed, in the words of reports.

use super::attestations::Refused;

/// Reasons for layers that did not count, in the order of the layers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PassedOver(Vec<String>);

/// So many reasons stand in a message; of the others only the number.
const REASONS: usize = 10;

/// Characters of one reason: they quote what somebody else wrote, which may be megabytes.
const REASON: usize = 512;

fn bounded(why: &str) -> String {
    match why.char_indices().nth(REASON) {
        Some((end, _)) => format!("{}…", &why[..end]),
        None => why.to_owned(),
    }
}

impl PassedOver {
    pub(super) fn push(&mut self, why: &str) {
        self.0.push(bounded(why));
    }

    /// Did all layers count?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One reason a layer.
    pub fn reasons(&self) -> &[String] {
        &self.0
    }

    fn joined(&self) -> String {
        let mut shown: Vec<_> = self.0.iter().take(REASONS).cloned().collect();
        if self.0.len() > REASONS {
            shown.push(format!("and {} more", self.0.len() - REASONS));
        }
        shown.join("\n ")
    }
}

/// A check that failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejection {
    /// For the report.
    pub message: String,
    /// What was looked at.
    pub passed_over: PassedOver,
}

const NO_MATCHING_SIGNATURE: &str = "No image signatures found matching the given public key. \
     Verify the correct public key was provided, and a signature was created.";

const NO_MATCHING_ATTESTATION: &str = "No image attestations found matching the given public key. \
     Verify the correct public key was provided, and one or more attestations were created.";

const ATTESTATION_FAILED: &str = "Image attestation check failed";

impl Rejection {
    pub(super) fn no_signature(passed_over: PassedOver) -> Self {
        let message = if passed_over.is_empty() {
            "Image signature check failed: no signatures found".to_owned()
        } else {
            format!("{NO_MATCHING_SIGNATURE} Error: no matching signatures: {}", passed_over.joined())
        };
        Self { message, passed_over }
    }

    pub(super) fn attestations(refused: Refused) -> Self {
        let (message, passed_over) = match refused {
            Refused::NoneMatches(passed_over) => {
                let why = passed_over.joined();
                (format!("{NO_MATCHING_ATTESTATION} Error: no matching attestations: {why}"), passed_over)
            }
            Refused::Unusable(why) => {
                (format!("{ATTESTATION_FAILED}: {}", bounded(&why)), PassedOver::default())
            }
        };
        Self { message, passed_over }
    }

    /// With `--skip-att-sig-check`.
    pub(super) fn unverified_attestations(refused: Refused) -> Self {
        let (why, passed_over) = match refused {
            Refused::NoneMatches(passed_over) => {
                (format!("no matching attestations: {}", passed_over.joined()), passed_over)
            }
            Refused::Unusable(why) => (bounded(&why), PassedOver::default()),
        };
        let message =
            format!("{ATTESTATION_FAILED}: failed to fetch attestations (signature check skipped): {why}");
        Self { message, passed_over }
    }
}
