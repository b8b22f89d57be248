use super::*;

fn number(text: &str) -> Number {
    Number::from_text(text).unwrap()
}

#[test]
fn numbers_compare_by_value_whatever_their_spelling() {
    for (a, b) in [("1", "1.0"), ("1e3", "1000"), ("0", "-0.0"), ("100e-2", "1"), ("0.001", "1e-3")] {
        assert_eq!(number(a), number(b), "{a} {b}");
    }
    for (a, b) in [("1", "1.5"), ("-2", "-1"), ("-1e400", "1"), ("1e400", "1e401"), ("0", "1e-400")] {
        assert!(number(a) < number(b), "{a} {b}");
    }
}

#[test]
fn integers_are_recognised_in_every_spelling() {
    assert_eq!(number("1e3").as_i64(), Some(1000));
    assert_eq!(number("-9223372036854775808.0").as_i64(), Some(i64::MIN));
    assert_eq!(number("9223372036854775808").as_i64(), None);
    assert_eq!(number("1.5").as_i64(), None);
    assert_eq!(number("1e999999999999999999999").as_i64(), None);
}
