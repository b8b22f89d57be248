//! The policy specification, as written and as evaluated (`appstudio.redhat.com/v1alpha1`,
//! `EnterpriseContractPolicy.spec`). Unknown fields are refused where it is read.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Digest;
use super::instant::rfc3339_or_date;

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
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
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

/// What a [`VolatileCriteria`] means: an item, when it holds, and for what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Volatile<'a> {
    /// The item.
    pub value: &'a str,
    /// It holds from then on.
    pub from: Option<Timestamp>,
    /// It holds until then, that instant included.
    pub until: Option<Timestamp>,
    /// What it holds for.
    pub scope: Scope<'a>,
}

/// What a volatile item holds for. Of several selectors the first of `imageRef`, `imageUrl`, `imageDigest`,
/// `componentNames` counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope<'a> {
    /// Everything.
    Global,
    /// The image with this digest.
    Digest(Digest),
    /// Images of this repository, fully qualified.
    Repository(&'a str),
    /// Components of these names.
    Components(&'a [String]),
}

/// Why a volatile item means nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("volatile criterion {value:?}: {field} {text:?} is not {expected}")]
pub struct BadVolatile {
    /// The item.
    pub value: String,
    /// The field at fault.
    pub field: &'static str,
    /// What it holds.
    pub text: String,
    /// What it should hold.
    pub expected: &'static str,
}

impl VolatileCriteria {
    /// Reads dates and selector. Nothing is applied of an item that cannot be read.
    ///
    /// # Errors
    /// [`BadVolatile`] names the field: a date that is none, a digest that is none, an `imageUrl` that is not a
    /// repository alone.
    pub fn read(&self) -> Result<Volatile<'_>, BadVolatile> {
        let date = |field, text: &Option<String>| match text.as_deref() {
            None | Some("") => Ok(None),
            Some(text) => rfc3339_or_date(text)
                .map(Some)
                .ok_or_else(|| self.bad(field, text, "a date (RFC 3339 or YYYY-MM-DD)")),
        };
        Ok(Volatile {
            value: &self.value,
            from: date("effectiveOn", &self.effective_on)?,
            until: date("effectiveUntil", &self.effective_until)?,
            scope: self.scope()?,
        })
    }

    fn scope(&self) -> Result<Scope<'_>, BadVolatile> {
        if !self.image_ref.is_empty() {
            self.digest("imageRef", &self.image_ref)
        } else if !self.image_url.is_empty() {
            if is_repository(&self.image_url) {
                Ok(Scope::Repository(&self.image_url))
            } else {
                let expected = "a repository with its registry, without tag and digest";
                Err(self.bad("imageUrl", &self.image_url, expected))
            }
        } else if !self.image_digest.is_empty() {
            self.digest("imageDigest", &self.image_digest)
        } else if !self.component_names.is_empty() {
            Ok(Scope::Components(&self.component_names))
        } else {
            Ok(Scope::Global)
        }
    }

    fn digest(&self, field: &'static str, text: &str) -> Result<Scope<'_>, BadVolatile> {
        let digest = Digest::parse(text);
        digest.map(Scope::Digest).map_err(|_| self.bad(field, text, "a digest (sha256:<64 hex>)"))
    }

    fn bad(&self, field: &'static str, text: &str, expected: &'static str) -> BadVolatile {
        BadVolatile { value: self.value.clone(), field, text: text.to_owned(), expected }
    }
}

/// `registry/path`: what cannot equal any repository's name would never match, in silence.
fn is_repository(text: &str) -> bool {
    let Some((registry, path)) = text.split_once('/') else { return false };
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'))
    };
    let host =
        |byte| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b':' | b'[' | b']');
    !registry.is_empty() && registry.bytes().all(host) && path.split('/').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(set: impl FnOnce(&mut VolatileCriteria)) -> VolatileCriteria {
        let mut item = VolatileCriteria { value: "x".to_owned(), ..VolatileCriteria::default() };
        set(&mut item);
        item
    }

    #[test]
    fn an_item_without_selector_is_global() {
        assert_eq!(item(|_| {}).read().unwrap().scope, Scope::Global);
    }

    #[test]
    fn the_deprecated_image_ref_wins_over_url_digest_and_names() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let mut several = item(|it| {
            it.image_ref = digest.clone();
            it.image_url = "registry.example/a".to_owned();
            it.component_names = vec!["one".to_owned()];
        });
        assert_eq!(several.read().unwrap().scope, Scope::Digest(Digest::parse(&digest).unwrap()));
        several.image_ref.clear();
        assert_eq!(several.read().unwrap().scope, Scope::Repository("registry.example/a"));
    }

    #[test]
    fn what_is_malformed_is_named() {
        let bad = |set: fn(&mut VolatileCriteria)| item(set).read().unwrap_err().to_string();
        insta::assert_snapshot!(bad(|it| it.effective_on = Some("some day".to_owned())), @r#"volatile criterion "x": effectiveOn "some day" is not a date (RFC 3339 or YYYY-MM-DD)"#);
        insta::assert_snapshot!(bad(|it| it.image_digest = "abc".to_owned()), @r#"volatile criterion "x": imageDigest "abc" is not a digest (sha256:<64 hex>)"#);
        insta::assert_snapshot!(bad(|it| it.image_url = "registry.example/a:latest".to_owned()), @r#"volatile criterion "x": imageUrl "registry.example/a:latest" is not a repository with its registry, without tag and digest"#);
    }
}
