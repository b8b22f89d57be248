//! `--extra-rule-data key=value`: rule data for every source group.

use serde_json::Value;

use super::argument::{ArgumentError, resolve_value};
use crate::model::PolicySpec;

/// Rule data from the command line, by key.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ExtraRuleData(Vec<(String, String)>);

/// Why extra rule data is refused.
#[derive(Debug, thiserror::Error)]
pub enum ExtraRuleDataError {
    /// Some have no `=`; positions from 0.
    #[error("{}", .0.iter().map(|index| format!("incorrect syntax for --extra-rule-data {index}")).collect::<Vec<_>>().join("\n"))]
    Syntax(Vec<usize>),
    /// A value names a file that cannot be read, or something that is not offered.
    #[error("unable to load data from extraRuleData: {0}")]
    Value(#[from] ArgumentError),
}

impl ExtraRuleData {
    /// Reads the values of the option, in order. A value that names a `.json`, `.yaml` or `.yml` file stands for its text.
    ///
    /// # Errors
    /// [`ExtraRuleDataError`].
    pub fn read(items: &[String], max_bytes: u64) -> Result<Self, ExtraRuleDataError> {
        let pairs: Vec<Option<(&str, &str)>> = items.iter().map(|item| item.split_once('=')).collect();
        let wrong: Vec<usize> =
            pairs.iter().enumerate().filter(|(_, pair)| pair.is_none()).map(|(index, _)| index).collect();
        if !wrong.is_empty() {
            return Err(ExtraRuleDataError::Syntax(wrong));
        }
        let mut read = Vec::new();
        for (key, value) in pairs.into_iter().flatten() {
            read.push((key.to_owned(), resolve_value(value, max_bytes)?));
        }
        Ok(Self(read))
    }

    /// Puts the data into the rule data of every source group, as texts; what was there under the same key goes.
    #[must_use]
    pub fn apply(&self, mut spec: PolicySpec) -> PolicySpec {
        if !self.0.is_empty() {
            for group in &mut spec.sources {
                let data = group.rule_data.get_or_insert_default();
                for (key, value) in &self.0 {
                    data.insert(key.clone(), Value::String(value.clone()));
                }
            }
        }
        spec
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(items: &[&str]) -> Result<ExtraRuleData, ExtraRuleDataError> {
        let items: Vec<String> = items.iter().map(|item| (*item).to_owned()).collect();
        ExtraRuleData::read(&items, 1 << 20)
    }

    #[test]
    fn golden_402_values_are_texts_and_files_stand_for_their_text() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("extra.yaml");
        std::fs::write(&file, "from: a file\n").unwrap();
        let file = format!("file={}", file.display());
        let items =
            ["new=value", "replaced=text", "equals=a=b", "empty=", "json=[1]", &file, "one=1", "two=2"];
        let spec: PolicySpec = serde_json::from_value(
            serde_json::json!({"sources": [{"ruleData": {"kept": 1, "replaced": {"a": 1}}}, {}]}),
        )
        .unwrap();
        let spec = read(&items).unwrap().apply(spec);
        let data = |index: usize| serde_json::to_string(&spec.sources[index].rule_data).unwrap();
        assert_eq!(
            data(0),
            r#"{"empty":"","equals":"a=b","file":"from: a file\n","json":"[1]","kept":1,"new":"value","one":"1","replaced":"text","two":"2"}"#
        );
        assert!(data(1).starts_with(r#"{"empty":"","equals":"a=b""#));
    }

    #[test]
    fn golden_403_every_item_without_equals_sign_is_named() {
        let error = read(&["novalue", "a=b", "other"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "incorrect syntax for --extra-rule-data 0\nincorrect syntax for --extra-rule-data 2"
        );
    }

    #[test]
    fn a_value_that_names_an_absent_file_is_refused() {
        assert!(matches!(read(&["a=./absent.yaml"]), Err(ExtraRuleDataError::Value(_))));
        assert!(matches!(read(&["a=https://x.example/a.yaml"]), Err(ExtraRuleDataError::Value(_))));
    }
}
