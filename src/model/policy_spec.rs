//! The policy specification, as written and as evaluated (`appstudio.redhat.com/v1alpha1`,
//! `EnterpriseContractPolicy.spec`). Unknown fields are refused where it is read.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `spec` of an `EnterpriseContractPolicy`, or the bare document.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PolicySpec {
    /// For people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// For people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Groups of rules and data, each evaluated on its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceGroup>,
    /// Global include and exclude, from before they stood in the sources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration: Option<GlobalConfiguration>,
    /// Transparency log.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub rekor_url: String,
    /// PEM text or a reference to a key.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub public_key: String,
    /// For keyless verification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
}

/// One group: rules and data that see each other.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SourceGroup {
    /// For people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Where rules come from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policy: Vec<String>,
    /// Where data comes from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<String>,
    /// `data.rule_data__configuration__`; an object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_data: Option<serde_json::Map<String, Value>>,
    /// Include and exclude.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<Criteria>,
    /// Include and exclude for a time, an image or a component.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volatile_config: Option<VolatileConfig>,
}

/// `config` of a source.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Criteria {
    /// Results to leave out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// Results to take.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
}

/// `configuration`, deprecated.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct GlobalConfiguration {
    /// As in [`Criteria`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// As in [`Criteria`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// Names of collections, without `@`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub collections: Vec<String>,
}

/// `volatileConfig` of a source.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct VolatileConfig {
    /// As in [`Criteria`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<VolatileCriteria>,
    /// As in [`Criteria`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<VolatileCriteria>,
}

/// An item that holds for a time, an image or some components only. Dates are texts here: what is malformed
/// decides differently for include and exclude, in `judge`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VolatileCriteria {
    /// The item.
    pub value: String,
    /// RFC 3339 or a date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_on: Option<String>,
    /// RFC 3339 or a date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_until: Option<String>,
    /// A digest; deprecated name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub image_ref: String,
    /// A digest.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub image_digest: String,
    /// A repository, fully qualified.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub image_url: String,
    /// Names of components.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub component_names: Vec<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reference: String,
}

/// Who must have signed, in keyless verification.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    /// Exact subject.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// Regular expression for the subject.
    #[serde(rename = "subjectRegExp", skip_serializing_if = "String::is_empty")]
    pub subject_reg_exp: String,
    /// Exact issuer.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub issuer: String,
    /// Regular expression for the issuer.
    #[serde(rename = "issuerRegExp", skip_serializing_if = "String::is_empty")]
    pub issuer_reg_exp: String,
}
