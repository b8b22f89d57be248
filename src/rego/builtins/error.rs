//! Why a builtin has no answer.

use super::documents::json_message;
use crate::rego::budget::Exceeded;
use crate::rego::error::ErrorCode;
use crate::rego::value::json::JsonError;
use crate::rego::value::{NumberError, TooDeep};

/// A builtin's error. All but the last make an expression undefined, unless builtin errors are strict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuiltinError {
    /// An argument of a type that the builtin does not take.
    #[error("{0}")]
    Type(String),
    /// Anything else that OPA calls an error of a builtin.
    #[error("{0}")]
    Failed(String),
    /// A text that is no JSON. Policies ask of many texts whether they are, and read no message.
    #[error("{}{}{}", .builtin, if .builtin.is_empty() { "" } else { ": " }, json_message(.error))]
    NoJson {
        /// The name of the builtin, once it is known.
        builtin: &'static str,
        /// Why not.
        error: Box<JsonError>,
    },
    /// The evaluation's budget is spent. Ends the evaluation, strict or not.
    #[error(transparent)]
    Exceeded(#[from] Exceeded),
}

impl BuiltinError {
    /// OPA's code of the error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Type(_) => ErrorCode::EvalType,
            Self::Failed(_) | Self::NoJson { .. } => ErrorCode::EvalBuiltin,
            Self::Exceeded(_) => ErrorCode::EvalCancel,
        }
    }

    /// The error with the name of the builtin in front.
    pub(super) fn of(self, name: &'static str) -> Self {
        match self {
            Self::Type(message) => Self::Type(format!("{name}: {message}")),
            Self::Failed(message) => Self::Failed(format!("{name}: {message}")),
            Self::NoJson { error, .. } => Self::NoJson { builtin: name, error },
            exceeded @ Self::Exceeded(_) => exceeded,
        }
    }
}

impl From<TooDeep> for BuiltinError {
    fn from(error: TooDeep) -> Self {
        Self::Exceeded(error.into())
    }
}

impl From<NumberError> for BuiltinError {
    fn from(error: NumberError) -> Self {
        Self::Failed(error.to_string())
    }
}
