use std::fmt::Write;

use super::super::MAX_DEPTH;
use super::*;

fn yaml(text: &str) -> Result<String, YamlErrorKind> {
    read(text.as_bytes(), &ReadLimits::default()).map(|it| it.to_string()).map_err(|it| it.kind)
}

#[test]
fn documents_have_the_answers_of_go() {
    for (text, value) in [
        ("", "null"),
        ("a: 1\nb: [yes, 'yes', 0x1f]", r#"{"a": 1, "b": [true, "yes", 31]}"#),
        ("yes: 1\n1: 2\n1.5: 3", r#"{"1": 2, "1.5": 3, "true": 1}"#),
        ("a: 1\na: 2", r#"{"a": 2}"#),
        ("a\n---\nb", r#""a""#),
        ("a: &x {k: 1}\nb:\n  <<: *x\n  l: 2", r#"{"a": {"k": 1}, "b": {"k": 1, "l": 2}}"#),
        (
            "a: &x {k: 1}\nb: &y {k: 2, m: 3}\nc:\n  <<: [*x, *y]\n  k: 9",
            r#"{"a": {"k": 1}, "b": {"k": 2, "m": 3}, "c": {"k": 9, "m": 3}}"#,
        ),
        ("!!int \"1\"", "1"),
        ("!!str 1", r#""1""#),
        ("!!binary aGVsbG8=", r#""hello""#),
        ("!!python/object:x 5", r#""5""#),
        ("2024-01-02", r#""2024-01-02""#),
        ("1e3", "1000"),
        ("1e21", "1e+21"),
        ("{\"a\": [1, {\"b\": null}]}", r#"{"a": [1, {"b": null}]}"#),
    ] {
        assert_eq!(yaml(text).as_deref(), Ok(value), "{text}");
    }
}

#[test]
fn what_go_refuses_is_refused() {
    assert_eq!(yaml(".nan"), Err(YamlErrorKind::NotFinite("NaN")));
    assert_eq!(yaml("~: 1"), Err(YamlErrorKind::Key));
    assert_eq!(yaml("[a]: 1"), Err(YamlErrorKind::Key));
    assert_eq!(yaml("%YAML 1.2\n---\na"), Err(YamlErrorKind::Version));
    assert_eq!(yaml(r#""\ud83d\ude00""#), Err(YamlErrorKind::Surrogate));
    assert_eq!(yaml("&a [*a]"), Err(YamlErrorKind::SelfReference));
    assert!(matches!(yaml("!!int x"), Err(YamlErrorKind::Tag { .. })));
    for text in ["a: *nope", "a:\n\tb: 1", "[", "`", "{a: b"] {
        assert!(matches!(yaml(text), Err(YamlErrorKind::Syntax(_))), "{text}");
    }
}

#[test]
fn an_alias_bomb_is_refused_before_it_unfolds() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(text, "a{level}: &a{level} [{aliases}]").unwrap();
    }
    assert_eq!(yaml(&text), Err(YamlErrorKind::TooManyAliases));
}

#[test]
fn depth_is_bounded_also_through_aliases() {
    let deep = "[".repeat(100_000);
    assert!(yaml(&deep).is_err());
    let mut text = "a0: &a0 []\n".to_owned();
    for level in 1..600 {
        writeln!(text, "a{level}: &a{level} [*a{}]", level - 1).unwrap();
    }
    assert_eq!(yaml(&text), Err(YamlErrorKind::TooDeep(MAX_DEPTH)));
}

#[test]
fn keys_that_no_order_can_hold_are_written_all_the_same() {
    let keys: Vec<String> = (0..4096).map(|it: u32| format!("{it:x}")).chain(["01".to_owned()]).collect();
    let value: Value =
        keys.iter().map(|it| (it.as_str(), Value::Null)).collect::<super::super::Object>().into();
    assert_eq!(read(to_string(&value).as_bytes(), &ReadLimits::default()), Ok(value));
}

#[test]
fn what_has_no_room_is_not_written() {
    let value: Value = vec![Value::from("a b"), Value::Null].into();
    let text = to_string(&value);
    assert_eq!(to_string_within(&value, text.len()).as_ref(), Some(&text));
    assert_eq!(to_string_within(&value, text.len() - 1), None);
}

#[test]
fn text_of_several_lines_stands_behind_its_dash_or_key() {
    for value in [r#"["a\nb\n", "\nc"]"#, r#"{"k": ["a\nb"], "l": "\n d\n", "m": {"n": "x\ny"}}"#] {
        let value = super::super::json::read(value.as_bytes(), &ReadLimits::default()).unwrap();
        assert_eq!(read(to_string(&value).as_bytes(), &ReadLimits::default()), Ok(value));
    }
    assert_eq!(to_string(&vec![Value::from("a\nb\n")].into()), "- |\n  a\n  b\n");
}
