//! The configuration of an image: the `config` object of its configuration blob, with the keys that the Go tool
//! shows to rules. Other keys are lost on purpose, empty ones are left out.
#![allow(clippy::zero_sized_map_values, reason = "the document maps names to empty objects")]

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// OCI image specification 1.1, "image configuration", property `config`, with Docker's additions.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[allow(clippy::struct_excessive_bools, reason = "the document's own shape")]
#[allow(missing_docs, reason = "the names are the document's own")]
pub struct ImageConfig {
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub attach_stderr: bool,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub attach_stdin: bool,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub attach_stdout: bool,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub cmd: Vec<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub healthcheck: Option<HealthConfig>,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub domainname: String,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub entrypoint: Vec<String>,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub env: Vec<String>,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub hostname: String,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub image: String,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub on_build: Vec<String>,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub open_stdin: bool,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub stdin_once: bool,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub tty: bool,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub user: String,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub volumes: BTreeMap<String, Nothing>,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub working_dir: String,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub exposed_ports: BTreeMap<String, Nothing>,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub args_escaped: bool,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub network_disabled: bool,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub mac_address: String,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub stop_signal: String,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub shell: Vec<String>,
}

/// How a container is probed; durations in nanoseconds.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[allow(missing_docs, reason = "the names are the document's own")]
pub struct HealthConfig {
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub test: Vec<String>,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub interval: i64,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub timeout: i64,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub start_period: i64,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    pub retries: i64,
}

/// An object whose content does not matter; written `{}`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Nothing {}

impl ImageConfig {
    /// Reads the configuration blob; a blob without `config` has the empty one.
    ///
    /// # Errors
    /// Says what is wrong with the document.
    pub fn read(blob: &[u8]) -> Result<Self, String> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Blob {
            config: Option<ImageConfig>,
        }
        super::manifest::read_strict::<Blob>(blob).map(|blob| blob.config.unwrap_or_default())
    }
}

/// `null` is what many writers put for an empty list or map.
pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_keys_survive_and_unknown_or_empty_ones_do_not() {
        let blob = br#"{"architecture":"amd64","config":{"Env":["A=b"],"Cmd":null,"User":"",
            "ExposedPorts":{"80/tcp":{}},"Invented":1,"Healthcheck":{"Test":["NONE"],"Retries":3}},"rootfs":{}}"#;
        let config = ImageConfig::read(blob).unwrap();
        assert_eq!(
            serde_json::to_string(&config).unwrap(),
            r#"{"Healthcheck":{"Test":["NONE"],"Retries":3},"Env":["A=b"],"ExposedPorts":{"80/tcp":{}}}"#
        );
    }

    #[test]
    fn a_blob_without_config_has_the_empty_one() {
        assert_eq!(ImageConfig::read(b"{}"), Ok(ImageConfig::default()));
        assert_eq!(ImageConfig::read(br#"{"config":null}"#), Ok(ImageConfig::default()));
    }

    #[test]
    fn wrong_types_are_an_error() {
        assert!(ImageConfig::read(br#"{"config":{"Env":"A=b"}}"#).is_err());
        assert!(ImageConfig::read(b"[]").is_err());
    }
}
