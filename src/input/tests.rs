//! JSON text, written the way Go writes it.

use super::text::{compact, escape_html};

#[test]
fn blanks_go_between_tokens_and_stay_in_strings() {
    let json = "{ \"a b\" :\n[1.0 ,\t1e-07, \" \\\" , \\\\\" , true ] }";
    assert_eq!(compact(json), r#"{"a b":[1.0,1e-07," \" , \\",true]}"#);
}

#[test]
fn what_a_browser_could_stumble_over_is_escaped_as_in_go() {
    assert_eq!(escape_html("\"<a>&\u{2028}é\\u003c\""), "\"\\u003ca\\u003e\\u0026\\u2028é\\u003c\"");
}
