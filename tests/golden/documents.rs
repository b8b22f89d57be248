//! JSON and YAML: every expected key and value is there; further keys only where they are ours.

use serde_json::Value;

use crate::compare::{fits, without_library_words};

/// Keys that only our reports have, by the place of their object.
const OURS: [(&str, &[&str]); 3] = [
    ("", &["verdict", "failures", "policy-warnings", "run", "note"]),
    ("/summary/component_details/*", &["verdict"]),
    (
        "/components/*",
        &["verdict", "failure", "failures", "undecided", "checks", "lookups", "effective-time"],
    ),
];

/// Is it a JSON object or list?
pub(crate) fn is_json(text: &str) -> bool {
    serde_json::from_str(text).is_ok_and(|it: Value| it.is_object() || it.is_array())
}

/// How a document differs.
pub(crate) fn json(expected: &str, actual: &str) -> Option<String> {
    match (serde_json::from_str(expected), serde_json::from_str(actual)) {
        (Ok(expected), Ok(actual)) => value("", &expected, &actual),
        (Err(error), _) | (_, Err(error)) => Some(format!("no JSON: {error}")),
    }
}

/// Lines in any order; empty ones stand for components that were not evaluated.
pub(crate) fn json_lines(expected: &str, actual: &str) -> Option<String> {
    let lines = |text: &str| {
        let mut lines: Vec<Value> = text
            .trim_end_matches('\n')
            .split('\n')
            .map(|line| serde_json::from_str(line).unwrap_or(Value::String(line.to_owned())))
            .collect();
        lines.sort_by_cached_key(ToString::to_string);
        lines
    };
    let (expected, actual) = (lines(expected), lines(actual));
    if expected.len() != actual.len() {
        return Some(format!("expected {} lines, got {}", expected.len(), actual.len()));
    }
    expected.iter().zip(&actual).find_map(|(expected, actual)| value("#", expected, actual))
}

/// Placeholders stand in the expected YAML where only texts can.
pub(crate) fn yaml(expected: &str, actual: &str) -> Option<String> {
    let mut expected = expected.to_owned();
    for placeholder in ["{version}", "{now}", "{time}"] {
        expected = expected.replace(placeholder, &format!("{placeholder:?}"));
    }
    let read = |text: &str| serde_saphyr::from_str::<Value>(text);
    match (read(&expected), read(actual)) {
        (Ok(expected), Ok(actual)) => value("", &expected, &actual),
        (Err(error), _) => Some(format!("the expected file is no YAML: {error}")),
        (_, Err(error)) => Some(format!("no YAML: {error}")),
    }
}

fn value(place: &str, expected: &Value, actual: &Value) -> Option<String> {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            let missing = expected.keys().find(|key| !actual.contains_key(*key));
            if let Some(key) = missing {
                return Some(format!("{place}/{key} is missing"));
            }
            let more = actual.keys().find(|key| !expected.contains_key(*key) && !is_ours(place, key));
            if let Some(key) = more {
                return Some(format!("{place}/{key} is not expected: {}", actual[key]));
            }
            expected
                .iter()
                .find_map(|(key, expected)| value(&format!("{place}/{key}"), expected, &actual[key]))
        }
        (Value::Array(expected), Value::Array(actual)) => list(place, expected, actual),
        (Value::String(expected), Value::String(actual))
            if fits(&without_library_words(expected, &[]), &without_library_words(actual, &[])) =>
        {
            None
        }
        _ if expected == actual => None,
        _ => Some(format!("{place}: expected {expected}, got {actual}")),
    }
}

fn list(place: &str, expected: &[Value], actual: &[Value]) -> Option<String> {
    if expected.len() != actual.len() {
        return Some(format!("{place}: expected {} items, got {}", expected.len(), actual.len()));
    }
    let by_name = |items: &[Value]| {
        let mut items = items.to_vec();
        if place == "/components" {
            items.sort_by_key(|it| (it["name"].to_string(), it["containerImage"].to_string()));
        }
        items
    };
    let (expected, actual) = (by_name(expected), by_name(actual));
    expected.iter().zip(&actual).find_map(|(expected, actual)| {
        let name = expected["name"].as_str().map(|name| format!(" ({name})")).unwrap_or_default();
        value(&format!("{place}/*"), expected, actual).map(|difference| difference + &name)
    })
}

fn is_ours(place: &str, key: &str) -> bool {
    OURS.iter().any(|(at, keys)| *at == place && keys.contains(&key))
}

#[test]
fn components_are_compared_by_name_and_all_else_in_order() {
    let expected = r#"{"components":[{"name":"a","l":[1,2]},{"name":"b"}]}"#;
    let same = r#"{"components":[{"name":"b","verdict":"pass"},{"name":"a","l":[1,2]}],"run":{}}"#;
    assert_eq!(json(expected, same), None);
    for other in [
        r#"{"components":[{"name":"b"},{"name":"a","l":[2,1]}]}"#,
        r#"{"components":[{"name":"b"},{"name":"a"}]}"#,
        r#"{"components":[{"name":"b","more":1},{"name":"a","l":[1,2]}]}"#,
        r#"{"components":[{"name":"a","l":[1,2]}]}"#,
        "[]",
        "{",
    ] {
        assert!(json(expected, other).is_some(), "{other}");
    }
    assert!(!is_json("plain text") && !is_json("7") && is_json("{}"));
}

#[test]
fn yaml_is_compared_by_value() {
    assert_eq!(yaml("a: {version}\nb: 'x'\n", "b: x\na: \"1.0\"\nrun: 1\n"), None);
    assert!(yaml("a: 1\n", "a: 2\n").is_some());
}

#[test]
fn numbers_are_compared_by_their_spelling() {
    assert!(json_lines("{\"n\":1.0}\n", "{\"n\":1}\n").is_some());
    assert_eq!(
        json_lines("{\"n\":2}\n\n{\"n\":1}\n", "{\"n\":1}\n{\"n\":2}\n\n"),
        Some("expected 3 lines, got 2".to_owned())
    );
}
