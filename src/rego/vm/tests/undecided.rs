//! What a failed call of the host touches is undecided, never undefined and never a value.

use super::{Answer, ask, evaluation, policy, value};

/// Rules of which `p` is undecided.
const UNDECIDED: &[&str] = &[
    "p := host.get(\"bad\")",
    "p if host.get(\"bad\")",
    "p if not host.get(\"bad\")",
    "p if not not_there\nnot_there if host.get(\"bad\")",
    "p := [x | x := host.get(\"bad\")]",
    "p := {x | x := host.get(\"bad\")}",
    "p := {1: x | x := host.get(\"bad\")}",
    "p := count([x | some y in [1, \"bad\"]; x := host.get(y)])",
    "p if every x in [1, \"bad\"] { host.get(x) }",
    "default p := 1\np := 2 if host.get(\"bad\")",
    "p := 1 if host.get(\"bad\") else := 2",
    "p := 1 if false else := 2 if host.get(\"bad\") else := 3",
    "f(x) := host.get(x)\np := f(\"bad\")",
    "f(x) := 1 if host.get(x) else := 2\np := f(\"bad\")",
    "default f(_) := 1\nf(x) := 2 if host.get(x)\np := f(\"bad\")",
    "f(x) := 1 if host.get(x)\nf(x) := 2 if x == \"bad\"\np := f(\"bad\")",
    "q := host.get(\"bad\")\np := [q]",
    "q contains host.get(\"bad\")\np := count(q)",
    "q contains host.get(\"bad\")\nq contains 1\np if 1 in q",
    "q[x] := y if { some x in [1, 2]; y := host.get(\"bad\") }\np := q[1]",
    "q := host.get(\"bad\")\np := 1 if q\np := 2",
    "p := x if x := q with input as 1\nq := host.get(\"bad\")",
    "p := x if { x := q with host.get as 3; y := q }\nq := host.get(\"bad\")",
    "a.b := host.get(\"bad\")\na.c := 1\np := data.t.a",
    "a.b := host.get(\"bad\")\np := [v | some k; v := data.t.a[k]]",
    "p := object.get({}, \"a\", host.get(\"bad\"))",
    "p if { some x in [1, 2]; x == 2; host.get(\"bad\") }",
    "p := x if { some x in [\"bad\", 1]; host.get(x) }",
    "p := y if { x := 1; y := [z | z := [w | w := host.get(\"bad\")]] }",
];

#[test]
fn whatever_reads_something_undecided_is_undecided() {
    for rules in UNDECIDED {
        let policy = policy(rules);
        let mut evaluation = evaluation(&policy);
        let answer = ask(&mut evaluation, "p");
        let Answer::Undecided(undecided) = &answer else { panic!("{rules}\n{answer:?}") };
        let cause = &undecided.stopped[0].causes[0];
        assert_eq!((cause.failure.id, cause.function.as_str()), (7, "host.get"), "{rules}");
        assert!(policy.sources().snippet(cause.at).contains("host.get("), "{rules}");
        assert_eq!(ask(&mut evaluation, "p"), answer, "it is remembered: {rules}");
    }
}

/// Rules of which `p` has a value all the same, since nothing undecided was read or could matter.
const DECIDED: &[(&str, &str)] = &[
    ("p if { false; host.get(\"bad\") }", "undefined"),
    ("p if { input.none; host.get(\"bad\") }", "undefined"),
    ("p := 1 if true else := 2 if host.get(\"bad\")", "1"),
    ("p if host.get(\"bad\")\np if true", "true"),
    ("p if true\np if host.get(\"bad\")", "true"),
    ("f(x) if host.get(x)\nf(x) if x == \"bad\"\np := f(\"bad\")", "true"),
    ("p := x if x := q with q as 3\nq := host.get(\"bad\")", "3"),
    ("p := x if x := q with host.get as 3\nq := host.get(\"bad\")", "3"),
    ("q[x] := y if { some x in [1, \"bad\"]; y := host.get(x) }\np := q[1]", "2"),
    ("p := [1 | host.get(\"none\")]", "[]"),
    ("p if not host.get(\"none\")", "true"),
];

#[test]
fn what_does_not_read_it_is_decided() {
    for (rules, want) in DECIDED {
        let want = if *want == "undefined" { Answer::Undefined } else { Answer::Value(value(want)) };
        assert_eq!(ask(&mut evaluation(&policy(rules)), "p"), want, "{rules}");
    }
}

#[test]
fn the_other_definitions_of_a_rule_keep_their_results() {
    let rules = "deny contains \"one\"\ndeny contains x if x := host.get(\"bad\")\ndeny contains \"three\" if input.a";
    let policy = policy(rules);
    let Answer::Undecided(undecided) = ask(&mut evaluation(&policy), "deny") else { panic!() };
    assert_eq!(undecided.decided.unwrap().to_string(), r#"{"one", "three"}"#);
    let stopped: Vec<&str> = undecided.stopped.iter().map(|it| policy.sources().snippet(it.rule)).collect();
    assert_eq!(stopped, ["deny contains x if x := host.get(\"bad\")"]);
}

#[test]
fn results_found_before_a_definition_was_stopped_stay() {
    let rules = "deny contains x if { some x in [1, \"bad\", 2]; host.get(x) }";
    let Answer::Undecided(undecided) = ask(&mut evaluation(&policy(rules)), "deny") else { panic!() };
    assert_eq!(undecided.decided.unwrap().to_string(), "{1}");
}

#[test]
fn a_failure_is_no_error_and_leaves_other_entry_points_alone() {
    let policy = policy("p := host.get(\"bad\")\nq := 1");
    let mut evaluation = evaluation(&policy);
    assert!(matches!(ask(&mut evaluation, "p"), Answer::Undecided(_)));
    assert_eq!(ask(&mut evaluation, "q"), Answer::Value(value("1")));
}
