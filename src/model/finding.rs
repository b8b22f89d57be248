//! What is said of a component: results of rules, results of built-in checks, and what stayed undecided.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::Failure;

/// One violation, warning, success or exception.
///
/// Metadata keys are those of the rule's result and its annotations: `code`, `term`, `title`, … Numbers
/// keep the spelling of the source.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Finding {
    /// The message.
    pub msg: Arc<str>,
    /// Empty where the rule gave none. Results of many components have it in common.
    #[serde(skip_serializing_if = "is_empty")]
    pub metadata: Arc<BTreeMap<String, serde_json::Value>>,
}

fn is_empty(metadata: &Arc<BTreeMap<String, serde_json::Value>>) -> bool {
    metadata.is_empty()
}

impl Finding {
    /// What is told of the metadata without `--info`.
    pub const BRIEF: [&str; 3] = ["code", "effective_on", "term"];

    /// The metadata's `code`, where it is a text.
    pub fn code(&self) -> Option<&str> {
        self.metadata.get("code").and_then(serde_json::Value::as_str)
    }

    /// The metadata's `term`: one text or a list of texts; others are left out.
    pub fn terms(&self) -> Vec<&str> {
        match self.metadata.get("term") {
            Some(serde_json::Value::String(term)) => vec![term],
            Some(serde_json::Value::Array(terms)) => {
                terms.iter().filter_map(serde_json::Value::as_str).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// A rule, or a part of it, that could not be decided: listed, not counted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Undecided {
    /// The rule (`data.release.x.deny`) or the check (`builtin.image.signature_check`).
    pub rule: String,
    /// What was asked for when it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Why.
    pub failure: Failure,
}

/// The state of one of the built-in steps, so that nothing is skipped in silence.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Check {
    /// `image-signature`, `attestation-signature`, `attestation-syntax`, `image-config`, `parent-config`,
    /// `image-files`, `transparency-log`, `policy`.
    pub name: &'static str,
    /// What became of it.
    pub state: CheckState,
    /// Why it was skipped or is undecided; further notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Cow<'static, str>>,
}

/// See [`Check`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckState {
    /// It ran; its result stands among the findings.
    Done,
    /// Switched off, or without object.
    Skipped,
    /// It could not be decided.
    Undecided,
}

/// The results of one component, after include and exclude, dates and exceptions.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Judgement {
    /// They make the component fail.
    pub violations: Vec<Finding>,
    /// They do not.
    pub warnings: Vec<Finding>,
    /// Rules that found nothing to say; what is said of a rule is shared by all components.
    pub successes: Vec<Arc<Finding>>,
    /// What could not be decided.
    pub undecided: Vec<Undecided>,
}
