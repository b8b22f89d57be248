//! Why a registry did not give what was asked for. What is definitely not there is kept apart from what could
//! not be found out, since the first may be a verdict and the second never is.

use std::time::Duration;

use crate::model::failure::StageError;
use crate::model::{Digest, FailureKind, FailureTarget};

/// A failed request, after all tries.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{object}: {cause}")]
pub struct RegistryError {
    /// Host, with port where it has one.
    pub host: Box<str>,
    /// What was asked for: method and address, without query and credentials.
    pub object: Box<str>,
    /// How often; at least 1.
    pub attempts: u32,
    /// Why.
    pub cause: Cause,
}

/// Why; closed, since verdicts depend on it. No variant carries text of a registry beyond its error code.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Cause {
    /// 404: there is no such thing.
    #[error("unexpected status code 404 Not Found")]
    Absent,
    /// 401 or 403.
    #[error("status {status}, access denied{}", note(.code))]
    Denied {
        /// 401 or 403.
        status: u16,
        /// What came before it.
        token: TokenExchange,
        /// The registry's error code, `[A-Z_]` only.
        code: String,
    },
    /// 408, 429, 5xx after all tries.
    #[error("status {status}{}", note(.code))]
    Unavailable {
        /// The last answer.
        status: u16,
        /// How long the registry asked to wait.
        retry_after: Option<Duration>,
        /// The registry's error code.
        code: String,
    },
    /// Any other status.
    #[error("unexpected status {status}{}", note(.code))]
    Refused {
        /// The answer.
        status: u16,
        /// The registry's error code.
        code: String,
    },
    /// No connection, or it broke.
    #[error("{0}")]
    Connection(String),
    /// The server is not who it should be.
    #[error("certificate refused: {0}")]
    Certificate(String),
    /// Too slow: no byte for too long, or not done in time.
    #[error("no answer in time: {0}")]
    TimedOut(String),
    /// Not what it claims to be.
    #[error("{0}")]
    Malformed(String),
    /// The bytes are not those that were named.
    #[error("digest is {found}, expected {expected}")]
    WrongDigest {
        /// The one asked for.
        expected: Digest,
        /// That of the bytes.
        found: Digest,
    },
    /// The length is not the one that was named.
    #[error("size is {found} bytes, expected {expected}")]
    WrongSize {
        /// The one asked for.
        expected: u64,
        /// That of the bytes; a lower bound where reading stopped.
        found: u64,
    },
    /// Beyond a bound in bytes.
    #[error("larger than {cap} bytes")]
    TooLarge {
        /// The bound.
        cap: u64,
        /// In bytes, as its holder states it before it is read.
        size: Option<u64>,
    },
    /// Beyond a bound in counts.
    #[error("more than {cap} {things}")]
    TooMany {
        /// The bound.
        cap: usize,
        /// Of what.
        things: &'static str,
    },
    /// A redirect, realm or link that must not be followed.
    #[error("{0}")]
    Forbidden(String),
    /// What the user gave us to show to the registry cannot be used.
    #[error("credentials: {0}")]
    Credentials(String),
    /// The registry sent us for a token, and there we got none.
    #[error("no token from {host}: {cause}")]
    Realm {
        /// The realm's, with port where it has one.
        host: Box<str>,
        /// Why.
        cause: Box<Cause>,
    },
    /// Offline, on a host that no layout knows.
    #[error("not in the layout")]
    NotInLayout,
    /// A defect of ours, caught.
    #[error("internal error: the request ended")]
    Panicked,
}

/// What happened before a registry said 401 or 403.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenExchange {
    /// The registry (or its realm) had given a token: its no is an answer about this repository.
    Done,
    /// There was none, or it failed: nothing is known.
    NotDone,
}

fn note(code: &str) -> String {
    if code.is_empty() { String::new() } else { format!(" ({code})") }
}

impl RegistryError {
    /// An error at the first try.
    pub fn new(host: impl Into<Box<str>>, object: impl Into<Box<str>>, cause: Cause) -> Self {
        Self { host: host.into(), object: object.into(), attempts: 1, cause }
    }

    /// Is it definitely not there?
    pub fn is_absent(&self) -> bool {
        self.cause == Cause::Absent
    }

    /// Did the registry refuse after it had accepted who we are?
    pub fn is_denied_after_token(&self) -> bool {
        matches!(self.cause, Cause::Denied { token: TokenExchange::Done, .. })
    }

    /// The kind that verdicts and exit codes are made of.
    pub fn kind(&self) -> FailureKind {
        self.cause.kind()
    }
}

impl Cause {
    fn kind(&self) -> FailureKind {
        match self {
            Self::Absent | Self::NotInLayout => FailureKind::NotFound,
            Self::Denied { .. } | Self::Credentials(_) => FailureKind::Unauthorised,
            Self::Unavailable { .. } | Self::Connection(_) => FailureKind::Unavailable,
            Self::Certificate(_) => FailureKind::Untrusted,
            Self::TimedOut(_) => FailureKind::TimedOut,
            Self::TooLarge { .. } | Self::TooMany { .. } => FailureKind::TooLarge,
            Self::Panicked => FailureKind::Panicked,
            // A realm that is not there, or asks for a token itself, is not what the registry says it is.
            Self::Realm { cause, .. } => match cause.kind() {
                FailureKind::NotFound => FailureKind::Malformed,
                kind => kind,
            },
            Self::Refused { .. }
            | Self::Malformed(_)
            | Self::WrongDigest { .. }
            | Self::WrongSize { .. }
            | Self::Forbidden(_) => FailureKind::Malformed,
        }
    }

    /// May the same request succeed a little later?
    pub fn is_tried_again(&self) -> bool {
        match self {
            Self::Unavailable { .. } | Self::Connection(_) | Self::TimedOut(_) => true,
            Self::Realm { cause, .. } => cause.is_tried_again(),
            Self::Absent
            | Self::Denied { .. }
            | Self::Refused { .. }
            | Self::Certificate(_)
            | Self::Malformed(_)
            | Self::WrongDigest { .. }
            | Self::WrongSize { .. }
            | Self::TooLarge { .. }
            | Self::TooMany { .. }
            | Self::Forbidden(_)
            | Self::Credentials(_)
            | Self::NotInLayout
            | Self::Panicked => false,
        }
    }

    /// How long the host asked to wait before that.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } => *retry_after,
            Self::Realm { cause, .. } => cause.retry_after(),
            _ => None,
        }
    }
}

impl From<RegistryError> for StageError {
    fn from(error: RegistryError) -> Self {
        let kind = error.kind();
        let message = error.to_string();
        let target = FailureTarget::Object { host: error.host, object: error.object };
        Self { kind, message, target: Some(target), attempts: error.attempts }
    }
}
