//! Types: what terms can be, found without evaluating them.

use crate::rego::types::Type;

use super::tree::{Kind, Term};

/// The type of a literal as OPA prints it; `???` where it takes more than a look.
pub(crate) fn of_constant(term: &Term) -> String {
    match &term.kind {
        Kind::Scalar(value) => Type::of(value).to_string(),
        _ => "???".to_owned(),
    }
}
