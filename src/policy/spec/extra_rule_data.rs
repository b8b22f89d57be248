//! `--extra-rule-data key=value`: rule data for every source group.

use serde_json::Value;

use crate::model::PolicySpec;

/// Puts keys and texts into the rule data of every source group; what was there under the same key goes. The texts are not
/// parsed, whatever they look like.
#[must_use]
pub fn apply(mut spec: PolicySpec, pairs: &[(String, String)]) -> PolicySpec {
    if !pairs.is_empty() {
        for group in &mut spec.sources {
            let data = group.rule_data.get_or_insert_default();
            for (key, value) in pairs {
                data.insert(key.clone(), Value::String(value.clone()));
            }
        }
    }
    spec
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_402_values_are_texts_and_win_over_the_policys() {
        let spec = serde_json::json!({"sources": [{"ruleData": {"kept": 1, "replaced": {"a": 1}}}, {}]});
        let pairs = [("replaced", "text"), ("json", "[1]"), ("empty", "")];
        let pairs = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let spec = apply(serde_json::from_value(spec).unwrap(), &pairs);
        let data = |index: usize| serde_json::to_string(&spec.sources[index].rule_data).unwrap();
        assert_eq!(data(0), r#"{"empty":"","json":"[1]","kept":1,"replaced":"text"}"#);
        assert_eq!(data(1), r#"{"empty":"","json":"[1]","replaced":"text"}"#);
    }

    #[test]
    fn nothing_given_changes_nothing() {
        let spec = PolicySpec {
            sources: vec![crate::model::policy_spec::SourceGroup::default()],
            ..PolicySpec::default()
        };
        assert_eq!(apply(spec.clone(), &[]), spec);
    }
}
