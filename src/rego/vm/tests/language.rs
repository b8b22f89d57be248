//! Corners of the language that the conformance data do not reach.

use super::{Answer, answer, value};

/// Rules, and what `p` is.
const CORNERS: &[(&str, &str)] = &[
    // A partial rule with keys of its own takes in the rules below it, but no default.
    ("q[x] := 1 if some x in [\"a\"]\ndefault q.b := 2\nq.b := 3 if input.none\np := q", r#"{"a": 1}"#),
    ("q[x] := 1 if some x in [\"a\"]\ndefault q.b := 2\nq.b := 3 if input.a\np := q", r#"{"a": 1, "b": 3}"#),
    ("q[x] := 1 if some x in [\"a\"]\ndefault q.b := 2\np := [1 | q.b]", "[]"),
    ("default q.b := 2\nq.b := 3 if input.none\np := q", r#"{"b": 2}"#),
    // Objects are unified key by key; a key that is only known when it is evaluated may be any.
    ("p := [a, b] if { {input.k: 1, \"z\": a} = {\"k\": 1, \"z\": b}; b = 5 }", "[5, 5]"),
    ("p := [a, b] if { {input.k: 1, \"z\": a} = {\"n\": 1, \"z\": b}; b = 5 }", "undefined"),
    ("p := [a, b] if { x := input.k; {x: a, \"z\": 1} = {\"z\": b, x: 2} }", "[2, 1]"),
    (
        "p := [a, b] if { some x in input.keys; {x: 1, \"l\": a, \"m\": b} = {\"k\": 1, \"l\": 2, \"m\": 3} }",
        "[2, 3]",
    ),
    // Of equal keys the first stays, with the last value.
    ("p := [x | some x, _ in {1: 2, 1.0: 3}]", "[1]"),
];

#[test]
fn corners_of_the_language_answer_as_opa_does() {
    for (rules, want) in CORNERS {
        let want = if *want == "undefined" { Answer::Undefined } else { Answer::Value(value(want)) };
        assert_eq!(answer(rules, "p"), want, "{rules}");
    }
}
