//! What went wrong, where, and whether trying again may help: typed, so that retries, verdicts, exit
//! codes and reports agree.

use std::fmt;

use serde::Serialize;

/// The stage of the pipeline that failed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Snapshot entry to digest, index children.
    Resolve,
    /// Reading of signatures, attestations, configuration.
    Fetch,
    /// Signature and statement checks.
    Verify,
    /// Making of the input document.
    Input,
    /// Running the policies.
    Evaluate,
    /// Include, exclude, dates.
    Judge,
    /// Printing.
    Report,
}

/// As in reports.
impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "resolve",
            Self::Fetch => "fetch",
            Self::Verify => "verify",
            Self::Input => "input",
            Self::Evaluate => "evaluate",
            Self::Judge => "judge",
            Self::Report => "report",
        })
    }
}

/// Why; closed, since it decides what happens next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// Network trouble, 408, 429, 5xx: another try may help.
    Unavailable,
    /// 401 or 403.
    Unauthorised,
    /// Named by digest, or required, and definitely not there.
    NotFound,
    /// Not what it claims to be: digest, syntax, types.
    Malformed,
    /// Beyond a limit in bytes or counts.
    TooLarge,
    /// Trust material is missing or refused.
    Untrusted,
    /// A run-time error of a policy.
    PolicyError,
    /// A deadline passed.
    TimedOut,
    /// A defect of ours, caught.
    Panicked,
    /// The run was ended from outside.
    Cancelled,
}

/// As in reports.
impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unavailable => "unavailable",
            Self::Unauthorised => "unauthorised",
            Self::NotFound => "not-found",
            Self::Malformed => "malformed",
            Self::TooLarge => "too-large",
            Self::Untrusted => "untrusted",
            Self::PolicyError => "policy-error",
            Self::TimedOut => "timed-out",
            Self::Panicked => "panicked",
            Self::Cancelled => "cancelled",
        })
    }
}

impl FailureKind {
    /// May another run, with nothing changed but the world, decide it?
    pub fn retryable(self) -> bool {
        match self {
            Self::Unavailable | Self::TimedOut | Self::Cancelled => true,
            Self::Unauthorised
            | Self::NotFound
            | Self::Malformed
            | Self::TooLarge
            | Self::Untrusted
            | Self::PolicyError
            | Self::Panicked => false,
        }
    }
}

/// What was asked for or run when it failed. In reports it is one text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FailureTarget {
    /// Something that a host holds, or should hold.
    Object {
        /// With port where it has one.
        host: Box<str>,
        /// Method and address.
        object: Box<str>,
    },
    /// A rule.
    Rule {
        /// File, line and column.
        location: Box<str>,
    },
    /// An image or a document, by its name.
    Named(Box<str>),
}

impl fmt::Display for FailureTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object { object: text, .. } | Self::Rule { location: text } | Self::Named(text) => {
                f.write_str(text)
            }
        }
    }
}

impl Serialize for FailureTarget {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A stage's error, before `run` says whose it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct StageError {
    /// Why.
    pub kind: FailureKind,
    /// In words, one line, without secrets.
    pub message: String,
    /// Host and object, or rule and location, if known.
    pub target: Option<FailureTarget>,
    /// How often it was tried.
    pub attempts: u32,
}

impl StageError {
    /// An error at the first try, without a target.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), target: None, attempts: 1 }
    }

    /// Names what was asked for.
    #[must_use]
    #[allow(clippy::needless_pass_by_value)] // texts and references alike
    pub fn at(mut self, target: impl ToString) -> Self {
        self.target = Some(FailureTarget::Named(target.to_string().into()));
        self
    }

    /// Says where in the policy's sources it happened.
    #[must_use]
    pub fn in_rule(mut self, location: impl Into<Box<str>>) -> Self {
        self.target = Some(FailureTarget::Rule { location: location.into() });
        self
    }

    /// Attaches the stage: in `run`, for a component, and where a check or a rule stays undecided for itself. `over` is
    /// what was worked on, an image or a rule; it is the target where nobody closer to the trouble named one.
    #[allow(clippy::needless_pass_by_value)] // texts and references alike
    pub fn in_stage(self, stage: Stage, over: impl ToString) -> Failure {
        let Self { kind, message, target, attempts } = self;
        let target = target.unwrap_or_else(|| FailureTarget::Named(over.to_string().into()));
        Failure { stage, kind, message, target, attempts, retryable: kind.retryable() }
    }
}

/// What the report says of an undecided component.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Failure {
    /// Where.
    pub stage: Stage,
    /// Why.
    pub kind: FailureKind,
    /// In words.
    pub message: String,
    /// Host and object, or rule and location, or the image.
    pub target: FailureTarget,
    /// How often it was tried.
    pub attempts: u32,
    /// May trying again help?
    pub retryable: bool,
}

impl Failure {
    /// The message without the name of the target, which many messages begin with: the same for all that one cause hit.
    pub fn cause(&self) -> &str {
        let target = self.target.to_string();
        let rest = self.message.strip_prefix(&target).and_then(|it| it.strip_prefix(": "));
        rest.unwrap_or(&self.message)
    }

    /// Who could not give it, if that is known.
    pub fn host(&self) -> Option<&str> {
        match &self.target {
            FailureTarget::Object { host, .. } => Some(host),
            FailureTarget::Rule { .. } | FailureTarget::Named(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    fn is_one_word<T: fmt::Display + Serialize>(all: impl IntoIterator<Item = T>) {
        for it in all {
            assert_eq!(serde_json::to_value(&it).expect("JSON"), it.to_string());
        }
    }

    #[test]
    fn logs_and_reports_have_the_same_words() {
        use FailureKind as Kind;
        is_one_word([Stage::Resolve, Stage::Fetch, Stage::Verify, Stage::Input, Stage::Evaluate]);
        is_one_word([Stage::Judge, Stage::Report]);
        is_one_word([Kind::Unavailable, Kind::Unauthorised, Kind::NotFound, Kind::Malformed, Kind::TooLarge]);
        is_one_word([Kind::Untrusted, Kind::PolicyError, Kind::TimedOut, Kind::Panicked, Kind::Cancelled]);
        is_one_word([Verdict::Pass, Verdict::Incomplete, Verdict::Fail]);
    }
}
