//! JSON and YAML: every expected key and value is there; further keys only where they are ours. Every difference has
//! the path of its place, with the name or code of list items: `/components(one)/violations(a.b)/msg`.

use serde_json::Value;

use crate::compare::{fits, without_library_words};
use crate::difference::{Difference, align};

/// Keys that only our reports have, by the place of their object.
const OURS: [(&str, &[&str]); 3] = [
    ("", &["verdict", "failures", "policy-warnings", "run", "note"]),
    ("/summary/component_details()", &["verdict"]),
    (
        "/components()",
        &["verdict", "failure", "failures", "undecided", "checks", "lookups", "effective-time"],
    ),
];

/// Is it a JSON object or list?
pub(crate) fn is_json(text: &str) -> bool {
    serde_json::from_str(text).is_ok_and(|it: Value| it.is_object() || it.is_array())
}

/// How a document differs.
pub(crate) fn json(expected: &str, actual: &str) -> Vec<Difference> {
    match (serde_json::from_str(expected), serde_json::from_str(actual)) {
        (Ok(expected), Ok(actual)) => documents(expected, actual),
        (Err(error), _) | (_, Err(error)) => vec![Difference::more("", format!("no JSON: {error}"))],
    }
}

/// Placeholders stand in the expected YAML where only texts can.
pub(crate) fn yaml(expected: &str, actual: &str) -> Vec<Difference> {
    let mut expected = expected.to_owned();
    for placeholder in ["{version}", "{now}", "{time}"] {
        expected = expected.replace(placeholder, &format!("{placeholder:?}"));
    }
    let read = |text: &str| serde_saphyr::from_str::<Value>(text);
    match (read(&expected), read(actual)) {
        (Ok(expected), Ok(actual)) => documents(expected, actual),
        (Err(error), _) => vec![Difference::missing("", format!("the expected file is no YAML: {error}"))],
        (_, Err(error)) => vec![Difference::more("", format!("no YAML: {error}"))],
    }
}

/// Lines in any order; empty ones stand for components that were not evaluated.
pub(crate) fn json_lines(expected: &str, actual: &str) -> Vec<Difference> {
    let lines = |text: &str| {
        let mut lines: Vec<Value> = text
            .trim_end_matches('\n')
            .split('\n')
            .map(|line| serde_json::from_str(line).unwrap_or(Value::String(line.to_owned())))
            .collect();
        lines.sort_by_cached_key(ToString::to_string);
        lines
    };
    let mut found = Vec::new();
    list("#", &lines(expected), &lines(actual), &mut found);
    found
}

fn documents(mut expected: Value, mut actual: Value) -> Vec<Difference> {
    for document in [&mut expected, &mut actual] {
        for at in ["/components", "/summary/component_details"] {
            if let Some(Value::Array(components)) = document.pointer_mut(at) {
                // Ours stand in the snapshot's order.
                components.sort_by_key(|it| (it["name"].to_string(), it["containerImage"].to_string()));
            }
        }
    }
    let mut found = Vec::new();
    value("", &expected, &actual, &mut found);
    found
}

fn value(place: &str, expected: &Value, actual: &Value, found: &mut Vec<Difference>) {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            for (key, item) in expected {
                match actual.get(key) {
                    Some(other) => value(&format!("{place}/{key}"), item, other, found),
                    None => found.push(Difference::missing(&format!("{place}/{key}"), item)),
                }
            }
            for (key, item) in actual.iter().filter(|(key, _)| !expected.contains_key(*key)) {
                if !is_ours(place, key) {
                    found.push(Difference::more(&format!("{place}/{key}"), item));
                }
            }
        }
        (Value::Array(expected), Value::Array(actual)) => list(place, expected, actual, found),
        (Value::String(expected), Value::String(actual))
            if fits(&without_library_words(expected, &[]), &without_library_words(actual, &[])) => {}
        _ if expected == actual => {}
        _ => found.push(Difference::other(place, expected, actual)),
    }
}

fn list(place: &str, expected: &[Value], actual: &[Value], found: &mut Vec<Difference>) {
    let item = |it: &Value| format!("{place}({})", named(it).unwrap_or_default());
    let same = |one: &Value, other: &Value| {
        let mut found = Vec::new();
        value(&item(one), one, other, &mut found);
        found.is_empty()
    };
    let mut aligned = align(expected, actual, same);
    found.extend(aligned.moved.iter().map(|i| Difference::moved(&item(&expected[*i]))));
    let alone = aligned.missing.len() == 1 && aligned.more.len() == 1;
    for i in aligned.missing {
        let name = named(&expected[i]);
        let image = &expected[i]["containerImage"];
        let is_it = |j: &usize| {
            let same_image = image.is_string() && *image == actual[*j]["containerImage"];
            named(&actual[*j]) == name && (alone || name.is_some()) || (alone && same_image)
        };
        match aligned.more.iter().position(is_it) {
            Some(at) => value(&item(&expected[i]), &expected[i], &actual[aligned.more.remove(at)], found),
            None => found.push(Difference::missing(&item(&expected[i]), &expected[i])),
        }
    }
    found.extend(aligned.more.iter().map(|j| Difference::more(&item(&actual[*j]), &actual[*j])));
}

/// What an item of a list is called.
fn named(item: &Value) -> Option<String> {
    let text = |at: &str| item.pointer(at).and_then(Value::as_str).map(str::to_owned);
    text("/name").or_else(|| text("/metadata/code")).or_else(|| text("/image/ref"))
}

fn is_ours(place: &str, key: &str) -> bool {
    let without_names = |text: &str| -> String {
        let parts = text.split('(').enumerate().map(|(at, it)| match it.split_once(')') {
            Some((_, rest)) if at > 0 => format!("(){rest}"),
            _ => it.to_owned(),
        });
        parts.collect()
    };
    OURS.iter().any(|(at, keys)| *at == without_names(place) && keys.contains(&key))
}

#[cfg(test)]
fn lines(expected: &str, actual: &str) -> Vec<String> {
    json(expected, actual).into_iter().map(|it| it.0).collect()
}

#[test]
fn components_are_compared_by_name_and_all_else_in_order() {
    let expected = r#"{"components":[{"name":"a","l":[1,2]},{"name":"b"}]}"#;
    let same = r#"{"components":[{"name":"b","verdict":"pass"},{"name":"a","l":[1,2]}],"run":{}}"#;
    assert_eq!(lines(expected, same), Vec::<String>::new());
    for (other, told) in [
        (r#"{"components":[{"name":"b"},{"name":"a","l":[2,1]}]}"#, vec!["/components(a)/l() moved"]),
        (r#"{"components":[{"name":"b"},{"name":"a"}]}"#, vec!["/components(a)/l - [1,2]"]),
        (
            r#"{"components":[{"name":"b","more":1},{"name":"a","l":[1,3]}]}"#,
            vec!["/components(a)/l(): 2 -> 3", "/components(b)/more + 1"],
        ),
        (r#"{"components":[{"name":"a","l":[1,2]}]}"#, vec![r#"/components(b) - {"name":"b"}"#]),
        ("[]", vec![r#": {"components":[{"l":[1,2],"name":"a"},{"name":"b"}]} -> []"#]),
    ] {
        assert_eq!(lines(expected, other), told, "{other}");
    }
    assert_eq!(lines(expected, "{").len(), 1);
    assert!(!is_json("plain text") && !is_json("7") && is_json("{}"));
}

#[test]
fn no_difference_hides_behind_another() {
    let expected = r#"{"a":1,"b":2,"c":[{"metadata":{"code":"x"},"msg":"1"},{"metadata":{"code":"y"}}]}"#;
    let actual = r#"{"b":3,"c":[{"metadata":{"code":"x"},"msg":"2"},{"metadata":{"code":"z"}}],"d":4}"#;
    assert_eq!(
        lines(expected, actual),
        [
            "/a - 1",
            "/b: 2 -> 3",
            "/c(x)/msg: \"1\" -> \"2\"",
            "/c(y) - {\"metadata\":{\"code\":\"y\"}}",
            "/c(z) + {\"metadata\":{\"code\":\"z\"}}",
            "/d + 4"
        ]
    );
}

#[test]
fn yaml_is_compared_by_value() {
    assert_eq!(yaml("a: {version}\nb: 'x'\n", "b: x\na: \"1.0\"\nrun: 1\n"), []);
    assert_eq!(yaml("a: 1\n", "a: 2\n"), [Difference("/a: 1 -> 2".to_owned())]);
}

#[test]
fn numbers_are_compared_by_their_spelling() {
    assert_eq!(json_lines("{\"n\":1.0}\n", "{\"n\":1}\n"), [Difference("#()/n: 1.0 -> 1".to_owned())]);
    let short = json_lines("{\"n\":2}\n\n{\"n\":1}\n", "{\"n\":1}\n{\"n\":2}\n\n");
    assert_eq!(short, [Difference("#() - \"\"".to_owned())]);
}
