//! Strict JSON: what is read, what is refused, and where the fault is placed.

use serde::Deserialize;

use super::super::{Limits, ReadErrorKind, check};
use super::*;

fn refused(text: &str) -> ReadError {
    check(text.as_bytes(), Limits::default()).unwrap_err()
}

#[test]
fn every_kind_of_value_is_read() {
    let text = r#" {"a": [1, -0.5e+3, true, false, null, "\ud83d\ude00\n\/", {}, []], "b": {"a": 1}} "#;
    let read: serde_json::Value = from_slice(text.as_bytes(), Limits::default()).unwrap();
    assert_eq!(read, serde_json::from_str::<serde_json::Value>(text).unwrap());
}

#[test]
fn a_repeated_key_is_named_with_its_place() {
    let error = refused("{\"a\": 1,\n \"b\": {\"x\": 1, \"x\": 2}}");
    assert_eq!(error.to_string(), r#"the key "x" is repeated at line 2, column 16"#);
}

#[test]
fn escapes_do_not_hide_a_repeated_key() {
    assert_eq!(
        refused(r#"{"payload": 1, "\u0070ayload": 2}"#).kind,
        ReadErrorKind::DuplicateKey("payload".into())
    );
}

#[test]
fn the_same_key_in_sibling_objects_is_fine() {
    assert_eq!(check(br#"[{"a": 1}, {"a": {"a": 2}}]"#, Limits::default()), Ok(()));
}

#[test]
fn what_two_readers_could_read_differently_is_refused() {
    for (text, kind) in [
        ("\u{feff}{}", ReadErrorKind::ByteOrderMark),
        ("{} {}", ReadErrorKind::Trailing),
        ("{}\0", ReadErrorKind::Trailing),
        (r#""\ud800""#, ReadErrorKind::LoneSurrogate),
        (r#""\udc00\ud800""#, ReadErrorKind::LoneSurrogate),
        (r#""\ud800\u0041""#, ReadErrorKind::LoneSurrogate),
        (" \n", ReadErrorKind::Empty),
    ] {
        assert_eq!(refused(text).kind, kind, "{text:?}");
    }
    let invalid = check(b"{\"a\": \"\xff\"}", Limits::default()).unwrap_err();
    assert_eq!((invalid.kind, invalid.position.unwrap().offset), (ReadErrorKind::InvalidUtf8, 7));
}

#[test]
fn what_is_no_json_is_refused() {
    let texts = [
        "{",
        "[",
        "[1,]",
        "{\"a\" 1}",
        "{\"a\": 1,}",
        "{a: 1}",
        "'a'",
        "01",
        "-",
        "1.",
        ".5",
        "+1",
        "1e",
        "nul",
        "truex",
        "NaN",
        "\"",
        "\"\t\"",
        r#""\x""#,
        r#""\u12""#,
        "[1}",
        "{\"a\": 1]",
        "]",
        "//c\n1",
    ];
    for text in texts {
        assert!(matches!(refused(text).kind, ReadErrorKind::Syntax(_)), "{text:?}: {}", refused(text));
    }
}

#[test]
fn depth_and_size_are_bounded() {
    let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    assert_eq!(check(nested(120).as_bytes(), Limits::default()), Ok(()));
    assert_eq!(refused(&nested(121)).kind, ReadErrorKind::TooDeep(120));
    assert_eq!(refused(&"[".repeat(1_000_000)).kind, ReadErrorKind::TooDeep(120));
    let error = check(b"[1, 2, 3]", Limits::bytes(8)).unwrap_err();
    assert_eq!(error.to_string(), "the document has 9 bytes, more than the 8 allowed");
}

#[test]
fn a_field_of_another_type_is_placed() {
    #[derive(Debug, Deserialize)]
    struct Document {
        #[serde(rename = "size")]
        _size: u64,
    }
    let error =
        from_slice::<Document>("{\n \"ü\": 1, \"size\": \"x\"}".as_bytes(), Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), r#"invalid type: string "x", expected u64 at line 2, column 20"#);
    let error = from_slice::<Document>(b"{}", Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "missing field `size` at line 1, column 2");
}

#[test]
fn an_array_is_no_object_at_any_level() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Inner {
        name: String,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    enum Kind {
        Plain { name: String },
        Pair(u8, u8),
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Document {
        inner: Option<Inner>,
        list: Vec<Inner>,
        map: std::collections::BTreeMap<String, Inner>,
        kind: Kind,
        pair: (u8, u8),
        number: serde_json::Number,
    }
    let document = |inner: &str, list: &str, map: &str, kind: &str| {
        let text = format!(
            r#"{{"inner":{inner},"list":[{list}],"map":{{"k":{map}}},"kind":{kind},"pair":[1,2],"number":1.50,"x":[[]]}}"#
        );
        from_slice::<Document>(text.as_bytes(), Limits::default()).map_err(|error| error.to_string())
    };
    let (named, bare) = (r#"{"name":"n"}"#, r#"["n"]"#);
    let plain = r#"{"Plain":{"name":"n"}}"#;
    assert_eq!(document(named, named, named, plain).unwrap().number.as_str(), "1.50");
    assert!(document("null", named, named, r#"{"Pair":[1,2]}"#).unwrap().inner.is_none());
    for text in [
        document(bare, named, named, plain),
        document(named, bare, named, plain),
        document(named, named, bare, plain),
        document(named, named, named, r#"{"Plain":["n"]}"#),
    ] {
        let error = text.unwrap_err();
        assert!(error.contains("invalid type: sequence, expected an object at line 1, column "), "{error}");
    }
    assert!(from_slice::<Inner>(br#"["n"]"#, Limits::default()).is_err());
}
