//! The built-in checks as reports name them: code, title, description.
//!
//! Include and exclude of a policy do not touch them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::model::Finding;

/// A check that is made whatever the policy says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Builtin {
    /// The image is there.
    ImageAccessible,
    /// Somebody trusted signed the image.
    ImageSignature,
    /// Somebody trusted attested how it was made.
    AttestationSignature,
    /// Provenances have the shape that rules rely on.
    AttestationSyntax,
}

impl Builtin {
    /// The result code.
    pub fn code(self) -> &'static str {
        match self {
            Self::ImageAccessible => "builtin.image.accessible",
            Self::ImageSignature => "builtin.image.signature_check",
            Self::AttestationSignature => "builtin.attestation.signature_check",
            Self::AttestationSyntax => "builtin.attestation.syntax_check",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::ImageAccessible => "Image URL is accessible",
            Self::ImageSignature => "Image signature check passed",
            Self::AttestationSignature => "Attestation signature check passed",
            Self::AttestationSyntax => "Attestation syntax check passed",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::ImageAccessible => "The image URL is available and accessible.",
            Self::ImageSignature => "The image signature matches available signing materials.",
            Self::AttestationSignature => "The attestation signature matches available signing materials.",
            Self::AttestationSyntax => "The attestation has correct syntax.",
        }
    }

    /// It failed.
    pub fn violation(self, msg: &str) -> Finding {
        let text = |it: &str| Value::String(it.to_owned());
        let metadata = BTreeMap::from([
            ("code".to_owned(), text(self.code())),
            ("title".to_owned(), text(self.title())),
            ("description".to_owned(), text(self.description())),
        ]);
        Finding { msg: msg.into(), metadata: Arc::new(metadata) }
    }

    /// It passed.
    pub fn success(self) -> Finding {
        self.violation("Pass")
    }
}
