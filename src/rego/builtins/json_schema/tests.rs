use super::*;
use crate::rego::budget::Budget;

fn value(text: &str) -> Value {
    json::read(text.as_bytes(), &ReadLimits::default()).unwrap()
}

fn mismatches(schema: &str, document: &str) -> Vec<String> {
    let schema = compile::compile(&value(schema)).unwrap();
    let all = validate::validate(&schema, &value(document), &mut Budget::unlimited()).unwrap();
    all.into_iter().map(|it| format!("{}: {}: {}", it.kind, it.field, it.description)).collect()
}

#[test]
fn each_mismatch_is_named_with_its_place() {
    let schema = r##"{"type": "object", "required": ["a"], "additionalProperties": false,
        "properties": {"a": {"type": "integer"}, "list": {"items": {"$ref": "#/definitions/item"}}},
        "definitions": {"item": {"required": ["id"], "properties": {"id": {"minimum": 1}}}}}"##;
    assert_eq!(mismatches(schema, r#"{"a": 1, "list": [{"id": 2}]}"#), [""; 0]);
    assert_eq!(
        mismatches(schema, r#"{"list": [{"id": 0}, {}], "z": 1}"#),
        [
            "required: (Root): a is required",
            "additional_property_not_allowed: (Root): Additional property z is not allowed",
            "number_gte: list.0.id: Must be greater than or equal to 1",
            "required: list.1: id is required",
        ]
    );
}

#[test]
fn of_several_alternatives_the_one_that_came_farthest_is_explained() {
    let schema = r#"{"anyOf": [{"type": "string"}, {"required": ["a", "b"]}]}"#;
    assert_eq!(
        mismatches(schema, r#"{"a": 1}"#),
        [
            "number_any_of: (Root): Must validate at least one schema (anyOf)",
            "required: (Root): b is required",
        ]
    );
}

#[test]
fn the_pattern_of_a_string_is_not_asked() {
    let schema = r#"{"properties": {"a": {"type": "string", "pattern": "^t"}, "b": {"pattern": "("}}}"#;
    assert_eq!(mismatches(schema, r#"{"a": "x", "b": "y"}"#), [""; 0]);
}

#[test]
fn a_part_with_a_name_is_a_document_of_its_own() {
    let schema = r##"{"$id": "http://example/main.json", "properties": {"a": {"$ref": "part.json#/definitions/x"}},
        "definitions": {"part": {"$id": "http://example/part.json",
            "definitions": {"x": {"items": {"$ref": "#/definitions/y"}}, "y": {"type": "integer"}}}}}"##;
    assert_eq!(mismatches(schema, r#"{"a": [1]}"#), [""; 0]);
    let wrong = ["invalid_type: a.0: Invalid type. Expected: integer, given: string"];
    assert_eq!(mismatches(schema, r#"{"a": ["x"]}"#), wrong);
}

#[test]
fn a_schema_that_goes_in_circles_ends_in_an_error() {
    let schema = compile::compile(&value(r##"{"allOf": [{"$ref": "#"}]}"##)).unwrap();
    let ended = validate::validate(&schema, &value("{}"), &mut Budget::unlimited());
    assert!(matches!(ended, Err(BuiltinError::Exceeded(_))));
}

#[test]
fn what_is_no_schema_says_why() {
    for (schema, why) in [
        (r#"{"type": 1}"#, "Invalid type. Expected: type, given: string/Array Of Strings"),
        (r#"{"enum": "x"}"#, "enum must be of an array"),
        (r#"{"required": ["a", "a"]}"#, "required items must be unique"),
        (r#"{"oneOf": 1}"#, "oneOf must be of an array"),
        (r#"{"exclusiveMaximum": true}"#, "exclusiveMaximum cannot be used without maximum"),
        (r#"{"$ref": "other.json"}"#, "remote reference loading disabled: other.json"),
        (r#"{"patternProperties": {"(": {}}}"#, "Invalid regex pattern '('"),
        (r#"{"pattern": 1}"#, "Invalid type. Expected: string, given: pattern"),
    ] {
        assert_eq!(compile::compile(&value(schema)).unwrap_err(), why, "{schema}");
    }
}
