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
