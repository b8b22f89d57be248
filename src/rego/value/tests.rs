use super::json::{Html, JsonErrorKind};
use super::*;

fn read(text: &str) -> Value {
    json::read(text.as_bytes(), &ReadLimits::default()).unwrap()
}

#[test]
fn kinds_sort_as_opa_sorts_them() {
    let sorted = [
        Value::Null,
        Value::from(false),
        Value::from(true),
        Value::from(0),
        Value::from(""),
        read("[]"),
        read("{}"),
        Value::Set(Set::new()),
    ];
    assert!(sorted.is_sorted_by(|a, b| a < b));
}

#[test]
fn objects_compare_pair_by_pair() {
    assert!(read(r#"{"a": 2, "b": 0}"#) > read(r#"{"a": 1, "c": 0}"#));
    assert!(read(r#"{"a": 9}"#) < read(r#"{"b": 0}"#));
}

#[test]
fn of_repeated_keys_the_last_value_wins() {
    assert_eq!(read(r#"{"b": 0, "a": 1, "a": 2, "a": 3}"#).to_string(), r#"{"a": 3, "b": 0}"#);
}

#[test]
fn numbers_leave_through_serde_as_they_were_written() {
    let text = r#"{"a":[1.0,1e3,-0,12345678901234567890123,0.1,-7,0],"b":{"c":"<"}}"#;
    assert_eq!(serde_json::to_string(&read(text)).unwrap(), text);
    assert_eq!(serde_json::to_value(read("[1, 0, 2.5]")).unwrap(), serde_json::json!([1, 0, 2.5]));
}

#[test]
fn json_is_written_as_go_writes_it() {
    let value = read(r#"{"b": "<\u2028\u0001\n\/é>", "a": [], "c": {}}"#);
    assert_eq!(json::to_string(&value, Html::Plain), "{\"a\":[],\"b\":\"<\\u2028\\u0001\\n/é>\",\"c\":{}}");
    assert_eq!(json::to_string(&read(r#""<&>""#), Html::Escaped), r#""\u003c\u0026\u003e""#);
    let indented = json::to_string_indented(&read(r#"{"a": [1, []], "b": {}}"#), Html::Plain, ">", "  ");
    assert_eq!(indented, "{\n>  \"a\": [\n>    1,\n>    []\n>  ],\n>  \"b\": {}\n>}");
}

#[test]
fn keys_and_sets_that_json_lacks_have_a_form_in_it() {
    let set: Set = [Value::from(2), Value::from(1), Value::from(2)].into_iter().collect();
    let object =
        Object::default().with(Value::Set(set.clone()), Value::Set(set)).with(Value::Null, Value::from(true));
    assert_eq!(json::to_string(&object.clone().into(), Html::Plain), r#"{"[1,2]":[1,2],"null":true}"#);
    assert_eq!(object.to_string(), "{null: true, {1, 2}: {1, 2}}");
}

#[test]
fn what_is_no_json_is_refused_with_its_place() {
    for (text, error) in [
        ("", "unexpected end of JSON input at line 1, column 1"),
        (
            "{\"a\": 1,\n  b}",
            "invalid character 'b' looking for beginning of object key string at line 2, column 3",
        ),
        ("[1,]", "invalid character ']' looking for beginning of value at line 1, column 4"),
        ("01", "invalid character '1' after top-level value at line 1, column 2"),
        ("1 2", "invalid character '2' after top-level value at line 1, column 3"),
        ("-x", "invalid character 'x' in numeric literal at line 1, column 2"),
        ("1.", "unexpected end of JSON input at line 1, column 3"),
        ("\"a\tb\"", r"invalid character '\t' in string literal at line 1, column 3"),
        (r#""\x""#, "invalid character 'x' in string escape code at line 1, column 3"),
        (r#""\u12g4""#, r"invalid character 'g' in \u hexadecimal character escape at line 1, column 6"),
        ("nul", "unexpected end of JSON input at line 1, column 4"),
    ] {
        let refused = json::read(text.as_bytes(), &ReadLimits::default()).unwrap_err();
        assert_eq!(refused.to_string(), error, "{text:?}");
    }
}

#[test]
fn reading_is_bounded_in_depth_and_memory() {
    let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    let limits = ReadLimits::default();
    assert_eq!(json::read(deep(512).as_bytes(), &limits).unwrap().depth(), MAX_DEPTH);
    let error = json::read(deep(513).as_bytes(), &limits).unwrap_err();
    assert_eq!(error.kind, JsonErrorKind::TooDeep(MAX_DEPTH));
    assert!(json::read("[".repeat(1_000_000).as_bytes(), &limits).is_err());

    let limits = ReadLimits { max_heap_bytes: 1 << 20, ..limits };
    let bomb = format!("[{}{{}}]", "{},".repeat(20_000));
    assert_eq!(json::read(bomb.as_bytes(), &limits).unwrap_err().kind, JsonErrorKind::TooLarge(1 << 20));
    assert_eq!(
        json::read(b" ".repeat(2 << 20).as_slice(), &limits).unwrap_err().kind,
        JsonErrorKind::TooLarge(1 << 20)
    );
    let digits = "1".repeat(1_000_000);
    assert_eq!(json::read(digits.as_bytes(), &limits).unwrap_err().kind, JsonErrorKind::LongNumber);
}

#[test]
fn objects_of_a_document_share_their_keys_and_keep_their_own_values() {
    let shown = |text: &str| read(text).to_string();
    // In order; the other way round; one more; one less; none; written in another way.
    assert_eq!(
        shown(
            r#"[{"a":1,"b":2},{"b":3,"a":4},{"b":5,"a":6},{"a":7,"b":8,"c":9},{"b":0},{},{"\u0061":1,"b":2}]"#
        ),
        r#"[{"a": 1, "b": 2}, {"a": 4, "b": 3}, {"a": 6, "b": 5}, {"a": 7, "b": 8, "c": 9}, {"b": 0}, {}, {"a": 1, "b": 2}]"#
    );
    // Of a repeated key the last value stays, each time, and however it is written.
    let repeated = r#"{"b":1,"a":2,"\u0062":3,"b":4,"a":5}"#;
    assert_eq!(shown(&format!("[{repeated},{repeated}]")), r#"[{"a": 5, "b": 4}, {"a": 5, "b": 4}]"#);
    // A key that begins like the one that is expected.
    assert_eq!(
        shown(r#"[{"a":{"a":1}},{"a":{"ab":1}},{"ab":2}]"#),
        r#"[{"a": {"a": 1}}, {"a": {"ab": 1}}, {"ab": 2}]"#
    );
}

#[test]
fn a_text_in_memory_is_read_where_it_is_and_what_is_in_it_again() {
    let outer = Str::from(r#"{"a": "[\"plain\"]", "ä": "{\"k\": \"ö\"}", "b": [1, "c"]}"#);
    let (value, _) = json::read_text_counted(&outer, &ReadLimits::default()).unwrap();
    assert_eq!(value, read(&outer));
    // Without escapes it stands in the outer text.
    let outer = Str::from(r#"["[1, {}]"]"#);
    let (value, _) = json::read_text_counted(&outer, &ReadLimits::default()).unwrap();
    let Some(Value::String(inner)) = value.get(&Value::from(0)) else { panic!("a text") };
    let (inner, heap) = json::read_text_counted(inner, &ReadLimits::default()).unwrap();
    assert_eq!((inner.to_string(), heap < 1000), ("[1, {}]".to_owned(), true));
    let refused = json::read_text_counted(&"[1] x".into(), &ReadLimits::default()).unwrap_err();
    assert_eq!(
        (refused.offset, refused.to_string()),
        (4, json::read(b"[1] x", &ReadLimits::default()).unwrap_err().to_string())
    );
}

#[test]
fn an_object_of_many_keys_is_read_like_one_of_few() {
    for keys in [63, 64, 65, 66, 200] {
        let pairs = (0..keys).rev().map(|it| format!("\"k{it:03}\":{it}"));
        let text = format!("{{{},\"k001\":-1}}", pairs.collect::<Vec<_>>().join(","));
        let Value::Object(object) = read(&text) else { panic!("an object") };
        assert_eq!(object.len(), keys, "{text}");
        assert!(object.keys().is_sorted());
        assert_eq!(object.get_str("k001"), Some(&Value::from(-1)));
        assert_eq!(object.get_str(&format!("k{:03}", keys - 1)), Some(&Value::from(keys - 1)));
        assert_eq!(object, object.iter().map(|(key, value)| (key.clone(), value.clone())).collect());
    }
}

#[test]
fn the_deepest_value_is_compared_hashed_printed_and_dropped_on_a_small_stack() {
    let work = || {
        let nest = || (0..=MAX_DEPTH).fold(Value::Null, |inner, _| vec![inner].into());
        let (a, b) = (nest(), nest());
        assert!(a == b && a.check_depth().is_err());
        let hashed: std::collections::HashSet<_> = [a.clone(), b].into_iter().collect();
        assert_eq!((hashed.len(), a.to_string().len()), (1, 2 * 513 + 4));
        assert_eq!(json::to_string(&a, Html::Plain).len(), 2 * 513 + 4);
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(work).unwrap().join().unwrap();
}

#[test]
fn a_value_knows_what_it_takes_to_walk_through_it() {
    let doubled = (0..40).fold(Value::Null, |inner, _| vec![inner.clone(), inner].into());
    assert_eq!((doubled.parts(), doubled.check_depth()), (u32::MAX, Err(TooDeep)));
    assert_eq!(read(r#"{"a": [1, 2], "b": null}"#).parts(), 1 + 2 + 3 + 1);
}

#[test]
fn strings_print_as_go_quotes_them() {
    assert_eq!(Value::from("a\"\\\n\u{7f}é\u{0}").to_string(), r#""a\"\\\n\x7fé\x00""#);
}

mod laws {
    use std::cmp::Ordering;
    use std::hash::{BuildHasher, RandomState};

    use proptest::prelude::*;

    use super::*;

    fn scalar() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-3_i64..3).prop_map(Value::from),
            "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,2})?(e[+-]?[0-2])?"
                .prop_map(|it| Number::from_text(&it).unwrap().into()),
            "[ab<é\"]{0,2}".prop_map(Value::from),
        ]
    }

    fn value() -> impl Strategy<Value = Value> {
        scalar().prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(inner.clone(), 0..4)
                    .prop_map(|it| Value::Set(it.into_iter().collect())),
                prop::collection::vec((inner.clone(), inner), 0..4)
                    .prop_map(|it| Value::Object(it.into_iter().collect())),
            ]
        })
    }

    /// OPA's order, spelled out: kinds first, then numbers by value, strings by bytes, arrays and sets item by item and
    /// then by length, objects by their keys with their values.
    fn documented(a: &Value, b: &Value) -> Ordering {
        let rank = |it: &Value| {
            let kinds = ["null", "boolean", "number", "string", "array", "object", "set"];
            kinds.iter().position(|kind| *kind == it.type_name())
        };
        let item_by_item = |a: Vec<&Value>, b: Vec<&Value>| {
            let first = a.iter().zip(&b).map(|(a, b)| documented(a, b)).find(|it| it.is_ne());
            first.unwrap_or(a.len().cmp(&b.len()))
        };
        rank(a).cmp(&rank(b)).then_with(|| match (a, b) {
            (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
            // No number of these tests is beyond what a float tells apart.
            (Value::Number(a), Value::Number(b)) => a.as_f64().partial_cmp(&b.as_f64()).unwrap(),
            (Value::String(a), Value::String(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Value::Array(a), Value::Array(b)) => item_by_item(a.iter().collect(), b.iter().collect()),
            (Value::Set(a), Value::Set(b)) => item_by_item(a.iter().collect(), b.iter().collect()),
            (Value::Object(a), Value::Object(b)) => {
                let flat = |it: &Object| it.iter().flat_map(|(key, value)| [key, value]).cloned().collect();
                let (a, b): (Vec<Value>, Vec<Value>) = (flat(a), flat(b));
                item_by_item(a.iter().collect(), b.iter().collect())
            }
            _ => Ordering::Equal,
        })
    }

    fn set() -> impl Strategy<Value = Set> {
        prop::collection::vec(scalar(), 0..8).prop_map(|it| it.into_iter().collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_order_is_total_and_agrees_with_equality_and_hash(a in value(), b in value(), c in value()) {
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            prop_assert_eq!(a == b, a.cmp(&b).is_eq());
            if a <= b && b <= c {
                prop_assert!(a <= c);
            }
            if a == b {
                let hasher = RandomState::new();
                prop_assert_eq!(hasher.hash_one(&a), hasher.hash_one(&b));
            }
        }

        #[test]
        fn the_order_is_the_one_that_opa_documents(a in value(), b in value()) {
            prop_assert_eq!(a.cmp(&b), documented(&a, &b), "{} and {}", a, b);
        }

        #[test]
        fn json_reads_back_as_it_was_written(a in value()) {
            let text = json::to_string(&a, Html::Escaped);
            let again = read(&text);
            prop_assert_eq!(json::to_string(&again, Html::Escaped), text.clone());
            let indented = json::to_string_indented(&a, Html::Plain, "", " ");
            prop_assert_eq!(read(&indented), again);
        }

        #[test]
        fn sets_obey_the_laws_of_sets(a in set(), b in set(), x in scalar()) {
            prop_assert_eq!(a.union(&b), b.union(&a));
            prop_assert_eq!(a.intersection(&b), b.intersection(&a));
            prop_assert_eq!(a.difference(&b).union(&a.intersection(&b)), a.clone());
            prop_assert!(a.intersection(&b).is_subset(&a) && a.is_subset(&a.union(&b)));
            prop_assert!(a.clone().with(x.clone()).contains(&x) && !a.without(&x).contains(&x));
        }

        #[test]
        fn objects_find_what_was_put_in(pairs in prop::collection::vec((scalar(), value()), 0..8), x in scalar()) {
            let object: Object = pairs.iter().cloned().collect();
            for (key, _) in &pairs {
                let last = pairs.iter().rev().find(|(it, _)| it == key).map(|(_, value)| value);
                prop_assert_eq!(object.get(key), last);
            }
            prop_assert!(object.keys().is_sorted_by(|a, b| a < b));
            prop_assert_eq!(object.clone().with(x.clone(), Value::Null).without(&x), object.without(&x));
        }

        #[test]
        fn sums_and_products_of_integers_are_exact(a in any::<i32>(), b in any::<i32>()) {
            let (x, y) = (Number::from(a), Number::from(b));
            let (a, b) = (i64::from(a), i64::from(b));
            prop_assert_eq!(x.add(&y).unwrap().as_i64(), Some(a + b));
            prop_assert_eq!(x.mul(&y).unwrap().as_i64(), Some(a * b));
            prop_assert_eq!(x.sub(&y).unwrap().add(&y).unwrap(), x.clone());
            if b != 0 {
                let quotient = x.sub(&x.rem(&y).unwrap()).unwrap().div(&y).unwrap();
                prop_assert_eq!(quotient.as_i64(), Some(a / b));
            }
        }
    }
}
