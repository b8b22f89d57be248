//! Results are remembered for what they depend on, and for nothing else.

use super::{Answer, ask, evaluation, policy, value};
use crate::rego::error::ErrorCode;

/// Rules in which `with` changes what was computed before, and must not change what comes after.
pub(super) const REPLACED: &[(&str, &str)] = &[
    ("q := input.a\np := [q, x, q] if x := q with input.a as 1", r#"["x", 1, "x"]"#),
    (
        "f(x) := [x, input.a]\np := [f(1), x, f(1)] if x := f(1) with input.a as 2",
        r#"[[1, "x"], [1, 2], [1, "x"]]"#,
    ),
    ("q := r\nr := 1\np := [q, x, q] if x := q with r as 2", "[1, 2, 1]"),
    ("q := r + 1\nr := s\ns := 1\np := [x, q] if x := q with s as 5", "[6, 2]"),
    (
        "q := data.d.e\np := [x, y] if { x := q with data.d as {\"e\": 1}; y := q with data.d.e as 2 }",
        "[1, 2]",
    ),
    ("q := count([1, 2])\np := [x, q] if x := q with count as 9", "[9, 2]"),
    (
        "f(x) := x\ng(x) := x + input.n\nq := f(1)\np := [x, y] if { x := q with f as g with input.n as 1; \
      y := q with f as g with input.n as 2 }",
        "[2, 3]",
    ),
    // The replacement reads the input, the function that it stands for does not.
    (
        "f(x) := x\ng(x) := x + input.n\nq := f(1)\nr := [q, v] if v := q with input.n as 10\n\
      p := v if v := r with f as g with input.n as 1",
        "[2, 11]",
    ),
    // Inside a replacement functions are what they are.
    ("f(x) := count(x) + 1\np := v if v := count([1, 2]) with count as f", "3"),
    (
        "f(x) := count(x) + 1\nq := count([1])\nr := [q, count([1])]\np := [v, r] if v := r with count as f",
        "[[2, 2], [1, 1]]",
    ),
    (
        "q contains x if some x in input.xs\np := [q[1], x, y] if { x := q with input.xs as [7]; y := q[2] }",
        "[1, [7], 2]",
    ),
    (
        "q[x] := input.a if some x in input.xs\np := [v, w] if { v := q[1] with input.a as 1; w := q[1] }",
        r#"[1, "x"]"#,
    ),
    (
        "q := [x | some x in input.xs]\np := [x | some y in [[8], [9]]; some x in q with input.xs as y]",
        "[8, 9]",
    ),
    (
        "q := [x | some x in input.xs]\np := [[x, z] | some x in q with input.xs as [8, 9]; z := q[0]]",
        "[[8, 1], [9, 1]]",
    ),
    ("q := input.a\np := v if { v := [x | x := q with input.a as 2] with input.a as 1 }", "[2]"),
    (
        "a.b := 1\na.c := 2\np := [v, data.t.a] if v := data.t.a with data.t.a.b as 5",
        r#"[{"b": 5, "c": 2}, {"b": 1, "c": 2}]"#,
    ),
    (
        "q := time.now_ns()\np := [v, w] if { v := q with time.now_ns as 5; w := q with time.now_ns as 6 }",
        "[5, 6]",
    ),
    ("q if not input.b\np := [v, w] if { v := [1 | q]; w := [1 | q with input.b as true] }", "[[1], []]"),
];

#[test]
fn replacements_reach_exactly_what_depends_on_them() {
    for (rules, want) in REPLACED {
        let answer = ask(&mut evaluation(&policy(rules)), "p");
        let Answer::Value(got) = &answer else { panic!("{rules}\n{answer:?}") };
        assert_eq!(
            got.to_string().replace(['{', '}'], ""),
            value(want).to_string().replace(['{', '}'], "").replace("[7]", "7"),
            "{rules}"
        );
    }
}

/// Rules whose answers are of every kind.
pub(super) const MIXED: &str = r#"
a := b + 1
b := count([x | some x in input.xs])
c := host.get("bad")
d := c
e := 1 if { some x in input.xs; x > 0 }
e := 2 if b > 0
f(x) := [x, g(x)]
g(x) := x * b
h := f(1)
i := [f(1), f(2), c]
j := v if v := h with input.xs as [1]
k contains x if some x in h
k contains host.get("bad")
l := x if { some x in k; x > 5 }
m if not l
n := e
default o := 3
o := 4 if c
"#;

#[test]
fn the_order_of_entry_points_changes_no_answer() {
    let policy = policy(MIXED);
    let names: Vec<String> = "abcdehijklmno".chars().map(String::from).collect();
    let alone: Vec<Answer> = names.iter().map(|name| ask(&mut evaluation(&policy), name)).collect();
    for turn in 0..names.len() {
        for reversed in [false, true] {
            let mut order: Vec<usize> = (0..names.len()).collect();
            order.rotate_left(turn);
            if reversed {
                order.reverse();
            }
            let mut together = evaluation(&policy);
            for index in order {
                assert_eq!(ask(&mut together, &names[index]), alone[index], "{}", names[index]);
            }
        }
    }
}

#[test]
fn a_run_time_error_ends_its_entry_point_only_and_is_remembered() {
    let policy = policy("bad := 1\nbad := 2 if input.a\np := [bad]\nq := 1");
    let mut evaluation = evaluation(&policy);
    let first = ask(&mut evaluation, "p");
    let Answer::Error(error) = &first else { panic!("{first:?}") };
    assert_eq!(error.code, ErrorCode::EvalConflict);
    assert_eq!(ask(&mut evaluation, "q"), Answer::Value(value("1")));
    assert_eq!(ask(&mut evaluation, "p"), first);
    assert_eq!(ask(&mut evaluation, "bad"), first);
}

#[test]
fn a_key_is_looked_up_without_its_neighbours_conflicts() {
    let policy = policy("q[x] := y if { some y, x in [\"a\", \"b\", \"b\"] }\np := q.a\nr := q.b");
    let mut evaluation = evaluation(&policy);
    assert_eq!(ask(&mut evaluation, "p"), Answer::Value(value("0")));
    assert!(matches!(ask(&mut evaluation, "r"), Answer::Error(_)));
    assert!(matches!(ask(&mut evaluation, "q"), Answer::Error(_)));
    assert_eq!(ask(&mut evaluation, "p"), Answer::Value(value("0")));
}

#[test]
fn what_is_in_a_rule_is_asked_for_by_a_longer_path() {
    let policy = policy("p := {\"a\": {\"b\": 1}}");
    let mut evaluation = evaluation(&policy);
    let path = ["t", "p", "a", "b"].map(super::Str::from);
    assert_eq!(evaluation.start_rule(&path), super::Step::Done(Answer::Value(value("1"))));
    assert_eq!(evaluation.start_rule(&path[..3]), super::Step::Done(Answer::Value(value(r#"{"b": 1}"#))));
    let none = ["t", "p", "x"].map(super::Str::from);
    assert_eq!(evaluation.start_rule(&none), super::Step::Done(Answer::Undefined));
}
