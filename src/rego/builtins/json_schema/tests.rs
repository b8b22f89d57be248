use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::json;

use super::*;
use crate::rego::budget::{Budget, Exceeded};
use crate::rego::value::{Set, Value};

fn value(text: &str) -> Value {
    json::read(text.as_bytes(), &ReadLimits::default()).unwrap()
}

fn compiled(schema: &Value) -> Result<Schema, String> {
    compile::compile(schema).map(link::link)
}

fn mismatches(schema: &str, document: &str) -> Vec<String> {
    let (schema, document) = (compiled(&value(schema)).unwrap(), value(document));
    let told = explain::explain(&schema, &document, &mut Budget::unlimited()).unwrap();
    let fits = fits::fits(&schema, &document, &mut Budget::unlimited()).unwrap();
    assert_eq!(fits, told.is_empty());
    told.iter().map(|it| format!("{}: {}: {it}", it.kind(), it.field)).collect()
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
    for schema in
        [r##"{"allOf": [{"$ref": "#"}]}"##, r##"{"$ref": "#"}"##, r##"{"not": {"not": {"$ref": "#"}}}"##]
    {
        let schema = compiled(&value(schema)).unwrap();
        let ended = fits::fits(&schema, &value("{}"), &mut Budget::unlimited());
        assert_eq!(ended, Err(Exceeded::Depth));
        let ended = explain::explain(&schema, &value("{}"), &mut Budget::unlimited());
        assert!(matches!(ended, Err(Exceeded::Depth)));
    }
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
        assert_eq!(compiled(&value(schema)).unwrap_err(), why, "{schema}");
    }
}

#[test]
fn a_key_that_is_no_string_counts_by_its_json_text() {
    let schema =
        r#"{"properties": {"1": {"type": "string"}}, "required": ["2"], "additionalProperties": false}"#;
    let schema = compiled(&value(schema)).unwrap();
    for (pairs, want) in [
        (vec![(1, "a"), (2, "b")], vec!["Additional property 2 is not allowed"]),
        (vec![(1, "a")], vec!["2 is required"]),
    ] {
        let document: crate::rego::value::Object = pairs.into_iter().collect();
        let document = Value::Object(document);
        let told = explain::explain(&schema, &document, &mut Budget::unlimited()).unwrap();
        assert_eq!(told.iter().map(ToString::to_string).collect::<Vec<_>>(), want);
        assert_eq!(fits::fits(&schema, &document, &mut Budget::unlimited()), Ok(false));
    }
}

#[test]
fn objects_with_the_same_keys_are_each_looked_at() {
    let schema = r#"{"items": {"required": ["a"], "additionalProperties": {"type": "string"},
        "properties": {"a": {"type": "integer"}, "c": {"properties": {"a": {"type": "null"}}, "required": ["b"]}}}}"#;
    for (document, faults) in [
        (r#"[{"a":1,"b":"x"},{"a":2,"b":"y"},{"b":"z","a":3}]"#, 0),
        (r#"[{"a":1,"b":"x"},{"a":"2","b":"y"},{"a":3,"b":4}]"#, 2),
        (r#"[{"b":"x"},{"b":"y"},{"a":1}]"#, 2),
        // One list of keys under two sets of rules.
        (r#"[{"a":1,"b":"x","c":{"a":null,"b":1}},{"a":null,"b":"x","c":{"a":null,"b":1}}]"#, 1),
        (r#"[{"a":1,"b":"x","c":{"a":1,"b":1,"c":1}},{"a":1,"b":"x","c":{"a":null,"b":1,"c":1}}]"#, 1),
    ] {
        assert_eq!(mismatches(schema, document).len(), faults, "{document}");
    }
    // More lists of keys than are known at once.
    let odd: Vec<String> = (0..600).map(|it| format!("{{\"a\":{it},\"k{it}\":\"x\"}}")).collect();
    assert_eq!(mismatches(schema, &format!("[{}]", odd.join(","))), [""; 0]);
    assert_eq!(mismatches(schema, &format!("[{},{{\"a\":1,\"k7\":7}}]", odd.join(","))).len(), 1);
}

#[test]
fn of_many_names_the_allowed_ones_are_known() {
    let names: Vec<String> = (0..40).map(|it| format!("name-{it}")).collect();
    let schema = json!({"enum": names, "uniqueItems": true}).to_string();
    assert_eq!(mismatches(&schema, r#""name-39""#), [""; 0]);
    assert_eq!(mismatches(&schema, r#""name-40""#).len(), 1);
    let items = json!({"items": {"type": "string"}, "uniqueItems": true}).to_string();
    let twice: Vec<&String> = names.iter().chain(&names[3..4]).collect();
    assert_eq!(mismatches(&items, &json!(names).to_string()), [""; 0]);
    assert_eq!(
        mismatches(&items, &json!(twice).to_string()),
        ["unique: (Root): array items[3,40] must be unique"]
    );
}

/// Few names and small numbers, so that schemas and documents have to do with each other.
fn documents() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|it| json!(it)),
        (-2..5_i64).prop_map(|it| json!(it)),
        Just(json!(1.5)),
        "[ab]{0,3}".prop_map(|it| json!(it)),
        Just(json!("2024-02-29")),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..12).prop_map(|it| json!(it)),
            prop::collection::btree_map("[abc]", inner, 0..4).prop_map(|it| json!(it)),
        ]
    })
}

fn schemas() -> impl Strategy<Value = serde_json::Value> {
    let types = prop::sample::subsequence(schema::TYPES.to_vec(), 1..4);
    let leaf = prop_oneof![
        any::<bool>().prop_map(|it| json!(it)),
        Just(json!({})),
        types.prop_map(|it| json!({"type": it})),
        prop::collection::btree_set("[ab]{0,3}", 1..12).prop_map(|it| json!({"enum": it})),
        documents().prop_map(|it| json!({"const": it})),
        (0..3_u8, 0..3_u8).prop_map(|(a, b)| json!({"minLength": a, "maxLength": a + b})),
        (0..3_u8, 0..3_u8)
            .prop_map(|(a, b)| json!({"minimum": a, "exclusiveMaximum": a + b, "multipleOf": 2})),
        (0..3_u8, 0..3_u8).prop_map(|(a, b)| json!({"minProperties": a, "maxProperties": a + b})),
        (0..3_u8, 0..9_u8).prop_map(|(a, b)| json!({"minItems": a, "maxItems": a + b, "uniqueItems": true})),
        prop::collection::btree_set("[abc]", 0..3).prop_map(|it| json!({"required": it})),
        Just(json!({"dependencies": {"a": ["b"]}})),
        Just(json!({"format": "date"})),
        "[xyz]".prop_map(|it| json!({"$ref": format!("#/definitions/{it}")})),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let list = || prop::collection::vec(inner.clone(), 1..4);
        let object = (
            prop::collection::btree_map("[abc]", inner.clone(), 0..3),
            prop::collection::btree_set("[abc]", 0..3),
            inner.clone(),
        );
        prop_oneof![
            list().prop_map(|it| json!({"anyOf": it})),
            list().prop_map(|it| json!({"oneOf": it})),
            list().prop_map(|it| json!({"allOf": it})),
            inner.clone().prop_map(|it| json!({"not": it})),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| json!({"if": a, "then": b, "else": c})),
            inner.clone().prop_map(|it| json!({"items": it})),
            (list(), inner.clone()).prop_map(|(a, b)| json!({"items": a, "additionalItems": additional(b)})),
            inner.clone().prop_map(|it| json!({"contains": it})),
            inner.clone().prop_map(|it| json!({"propertyNames": it})),
            inner.clone().prop_map(|it| json!({"patternProperties": {"^[ab]": it}})),
            inner.clone().prop_map(|it| json!({"dependencies": {"c": it}})),
            object.clone().prop_map(|(a, b, c)| {
                json!({"type": "object", "properties": a, "required": b, "additionalProperties": additional(c)})
            }),
            (object, list()).prop_map(|((a, b, _), c)| json!({"properties": a, "required": b, "anyOf": c})),
        ]
    })
}

/// An empty one says nothing, so nothing else is allowed in its place.
fn additional(schema: serde_json::Value) -> serde_json::Value {
    if schema == json!({}) { json!(false) } else { schema }
}

/// The schema with definitions, of which some refer to each other.
fn whole_schemas() -> impl Strategy<Value = serde_json::Value> {
    (schemas(), schemas(), schemas(), schemas()).prop_map(|(root, x, y, z)| {
        json!({"allOf": [root.clone()], "anyOf": [root], "definitions": {"x": x, "y": y, "z": z}})
    })
}

/// The document with sets in place of its arrays.
fn with_sets(document: &Value) -> Value {
    match document {
        Value::Array(items) => Value::Set(items.iter().map(with_sets).collect::<Set>()),
        Value::Object(pairs) => {
            Value::Object(pairs.iter().map(|(key, value)| (key.clone(), with_sets(value))).collect())
        }
        other => other.clone(),
    }
}

/// Stack of the threads that evaluate, in bytes: a circle is followed to the limit on it.
const WORKER_STACK: usize = 8 << 20;

#[test]
fn who_fits_has_no_faults_and_who_does_not_has_some() {
    let made = |(schema, document): (serde_json::Value, serde_json::Value)| {
        let Ok(schema) = compiled(&value(&schema.to_string())) else { return Ok(()) };
        let document = value(&document.to_string());
        for document in [with_sets(&document), document] {
            let mut budget = Budget::new(1_000_000, 1_000_000);
            let fits = fits::fits(&schema, &document, &mut budget);
            match (fits, explain::explain(&schema, &document, &mut budget)) {
                (Ok(fits), Ok(told)) => prop_assert_eq!(fits, told.is_empty()),
                // It goes in circles: whoever looks at all of it notices, whoever sees enough before may not.
                (_, Err(_)) => {}
                (Err(error), Ok(_)) => prop_assert!(false, "{}", error),
            }
        }
        Ok(())
    };
    let run = move || {
        let mut runner = TestRunner::new(ProptestConfig::with_cases(500));
        runner.run(&(whole_schemas(), documents()), made)
    };
    let ran = std::thread::Builder::new().stack_size(WORKER_STACK).spawn(run).unwrap().join();
    ran.unwrap().unwrap();
}
