//! YAML documents into types: what texts and free-form data mean, and where faults are placed.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Component {
    name: String,
    version: Option<String>,
    #[serde(default)]
    count: u32,
    #[serde(default)]
    strict: bool,
    #[serde(default)]
    kind: Kind,
    #[serde(default)]
    data: BTreeMap<String, serde_json::Value>,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Image,
    Index(u32),
}

fn read(text: &str) -> Result<Component, String> {
    from_slice(text.as_bytes(), Limits::default()).map_err(|error| error.to_string())
}

#[test]
fn a_field_of_text_keeps_the_text_that_was_written() {
    let component = read("name: y\nversion: 1.10\n").unwrap();
    assert_eq!((component.name.as_str(), component.version.as_deref()), ("y", Some("1.10")));
    assert_eq!(read("name: 0755\nversion: ~").unwrap().version, None);
}

#[test]
fn free_form_data_means_what_it_means_to_go() {
    let component = read("name: a\ndata: {a: yes, b: 0755, c: [1.5, ~], on: 'yes'}").unwrap();
    let data = serde_json::to_string(&component.data).unwrap();
    assert_eq!(data, r#"{"a":true,"b":493,"c":[1.5,null],"on":"yes"}"#);
}

#[test]
fn types_are_read_from_yaml_and_json_alike() {
    let yaml = read("name: a\ncount: 0x10\nstrict: on\nkind: {index: 3}").unwrap();
    let json = read(r#"{"name": "a", "count": 16, "strict": true, "kind": {"index": 3}}"#).unwrap();
    assert_eq!(yaml, json);
    assert_eq!(yaml.kind, Kind::Index(3));
    assert_eq!(read(r#"{"name": "\ud83d\ude00\/"}"#).unwrap().name, "😀/");
}

#[test]
fn faults_are_placed() {
    for (text, error) in [
        ("name: a\ncount: x", r#"expected u32, found the text "x" at line 2, column 8"#),
        (
            "name: a\ncout: 1",
            "unknown field `cout`, expected one of `name`, `version`, `count`, `strict`, `kind`, `data` at line 2, column 1",
        ),
        ("count: 1", "missing field `name` at line 1, column 1"),
        ("name: a\nname: b", r#"the key "name" is repeated at line 2, column 1"#),
        ("name: a\ndata:\n  x: {k: 1, k: 2}", r#"the key "k" is repeated at line 3, column 13"#),
        (r#"{"name": "a", "n\u0061me": "b"}"#, r#"the key "name" is repeated at line 1, column 15"#),
        ("name: a\n---\nname: b", "text after the document at line 3, column 1"),
        ("name: a\n  b: c", "mapping values are not allowed in this context at line 2, column 4"),
        ("[a]", "expected an object, found a list at line 1, column 1"),
        ("", "the document is empty"),
        ("# nothing", "the document is empty"),
    ] {
        assert_eq!(read(text).unwrap_err(), error, "{text}");
    }
}

#[test]
fn merge_keys_give_way_to_what_is_written() {
    let text = "base: &base {name: base, count: 1}\nmine:\n  <<: *base\n  name: mine\n";
    let read: BTreeMap<String, Component> = from_slice(text.as_bytes(), Limits::default()).unwrap();
    assert_eq!((read["mine"].name.as_str(), read["mine"].count), ("mine", 1));
}

#[test]
fn places_are_known_where_they_are_asked_for() {
    let read: Vec<Spanned<String>> = from_slice(b"- a\n-   y\n", Limits::default()).unwrap();
    assert_eq!((read[1].value.as_str(), read[1].position.line, read[1].position.column), ("y", 2, 5));
}

#[test]
fn an_empty_second_document_is_nothing() {
    assert_eq!(read("---\nname: a\n---\n").unwrap().name, "a");
}
