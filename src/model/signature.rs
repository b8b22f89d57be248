//! What reports and rules see of a signature.

use std::collections::BTreeMap;

use serde::Serialize;

/// One signature of an image or of an attestation. Only those that verified stand here, unless the user switched the
/// check off (`--skip-att-sig-check`), which the component's checks then say.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct EntitySignature {
    /// Key id of the envelope, or subject key id of the certificate; may be empty.
    pub keyid: String,
    /// Base64, as found.
    pub sig: String,
    /// PEM of the leaf, keyless only.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub certificate: String,
    /// PEM of the other certificates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<String>,
    /// Facts about the certificate.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// What the report lists of a verified attestation.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AttestationSummary {
    /// The constant that reports have always borne here, whatever the statement's own type.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub statement_type: String,
    /// `predicateType`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub predicate_type: String,
    /// `buildType` of a SLSA predicate.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub predicate_build_type: String,
    /// The signatures that verified.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<EntitySignature>,
}
