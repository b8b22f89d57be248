//! JSON text, written the way Go writes it; files of images, and those that are too large to be understood.

use super::Text;
use super::builder::Reader;
use super::text::{compact, escape_html};
use crate::model::FailureKind;
use crate::rego::value::ReadLimits;

#[test]
fn blanks_go_between_tokens_and_stay_in_strings() {
    let json = "{ \"a b\" :\n[1.0 ,\t1e-07, \" \\\" , \\\\\" , true ] }";
    assert_eq!(compact(json), r#"{"a b":[1.0,1e-07," \" , \\",true]}"#);
}

#[test]
fn what_a_browser_could_stumble_over_is_escaped_as_in_go() {
    assert_eq!(escape_html("\"<a>&\u{2028}é\\u003c\""), "\"\\u003ca\\u003e\\u0026\\u2028é\\u003c\"");
}

#[test]
fn a_file_that_is_neither_yaml_nor_json_is_left_out_and_one_beyond_a_limit_is_not() {
    let limits = ReadLimits { max_heap_bytes: 10_000, ..ReadLimits::default() };
    let mut reader = Reader::new(&limits, Text::Unwanted);
    assert!(reader.file(b"a: 1").unwrap().is_some());
    assert!(reader.file(b"a: [").unwrap().is_none());
    let large = format!("[{}]", "1,".repeat(10_000));
    assert_eq!(reader.file(large.as_bytes()).unwrap_err().kind, FailureKind::TooLarge);
}
