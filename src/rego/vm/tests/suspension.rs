//! Waiting for the host changes no answer.

use super::{Answer, Step, ask, evaluation, host, path, policy, value};

/// Rules that ask the host in every kind of place. `GET` is the host's function or one of the policy that does the same.
const PLACES: &[&str] = &[
    "p := GET(2)",
    "p := GET(GET(1)) + GET(3)",
    "p := [y | some x in input.xs; y := GET(x)]",
    "p := {GET(x) | some x in input.xs}",
    "p := {x: GET(x) | some x in input.xs; GET(x) > 2}",
    "p := [y | some x in input.xs; y := [z | some w in input.xs; z := GET(w) + GET(x)]]",
    "p if not GET(1) == 3",
    "p if not GET(1) == 2",
    "p if every x in input.xs { GET(x) > 1 }",
    "p if every x in input.xs { GET(x) > 2 }",
    "p if { some x in input.xs; not GET(x) > 2; GET(x) == 2 }",
    "f(x) := GET(x) + 1\np := [f(x) | some x in input.xs]",
    "f(x) := 1 if GET(x) > 5 else := GET(x) if GET(x) > 2 else := 0\np := [f(x) | some x in input.xs]",
    "p contains GET(x) if some x in input.xs\n p contains 9 if GET(1) == 2",
    "q[x] := GET(x) if some x in input.xs\np := [q[2], q]",
    "q := GET(input.a)\np := [x, y] if { x := q with input.a as 3; y := q }",
    "q contains GET(x) if some x in input.xs\np := [x | some y in [4, 5]; some x in q with input.xs as [y, y + 1]]",
    "default p := 1\np := 2 if GET(\"none\")",
    "p := object.get({\"a\": GET(4)}, \"a\", 0)",
    "q := GET(1)\nr := q + GET(2)\ns := q + r\np := data.t.s",
    "a.b := GET(1)\na.c := GET(2)\np := [v | some k; v := data.t.a[k]]",
    "q if GET(true)\np := v if v := data.t.q with data.t.r as GET(1)\nr := 1",
];

fn with_get(rules: &str, get: &str) -> String {
    rules.replace("GET", get)
}

/// What the test's host does, in Rego.
const LOCAL: &str = "\nlocal(x) := object.get({\"a\": 2 * x}, \"a\", 0) if is_number(x)\nlocal(x) := x if { not is_number(x); x != \"none\" }\n";

#[test]
fn a_call_that_waits_answers_like_one_that_does_not() {
    for place in PLACES {
        let waiting = ask(&mut evaluation(&policy(&with_get(place, "host.get"))), "p");
        let at_once = ask(&mut evaluation(&policy(&(with_get(place, "local") + LOCAL))), "p");
        assert_eq!(waiting, at_once, "{place}");
    }
}

#[test]
fn an_evaluation_that_waits_can_move_to_another_thread() {
    for place in PLACES {
        let policy = policy(&with_get(place, "host.get"));
        let mut here = evaluation(&policy);
        let here_answer = ask(&mut here, "p");
        let mut moving = evaluation(&policy);
        let mut step = moving.start_rule(&path("p"));
        let answer = loop {
            match step {
                Step::Done(answer) => break answer,
                Step::Pending(call) => {
                    let moved = std::thread::spawn(move || {
                        let step = moving.resume(host(&call));
                        (moving, step)
                    });
                    (moving, step) = moved.join().unwrap();
                }
            }
        };
        assert_eq!(answer, here_answer, "{place}");
    }
}

#[test]
fn the_host_is_asked_once_for_the_same_arguments() {
    let policy = policy("p := host.get(1) + host.get(1)\nq := host.get(1)\nr := host.get(1.0)");
    let mut evaluation = evaluation(&policy);
    let mut asked = 0;
    for name in ["p", "q", "r"] {
        let mut step = evaluation.start_rule(&path(name));
        while let Step::Pending(call) = step {
            asked += 1;
            step = evaluation.resume(host(&call));
        }
        assert!(matches!(step, Step::Done(Answer::Value(_))), "{step:?}");
    }
    assert_eq!(asked, 1);
}

#[test]
fn an_answer_that_nobody_waits_for_is_an_error_and_harms_nothing() {
    let policy = policy("p := 1");
    let mut evaluation = evaluation(&policy);
    let step = evaluation.resume(super::HostAnswer::Undefined);
    assert!(matches!(step, Step::Done(Answer::Error(_))));
    assert_eq!(ask(&mut evaluation, "p"), Answer::Value(value("1")));
}

#[test]
fn another_entry_point_may_begin_while_one_waits() {
    let policy = policy("p := host.get(1)\nq := host.get(2)");
    let mut evaluation = evaluation(&policy);
    assert!(matches!(evaluation.start_rule(&path("p")), Step::Pending(_)));
    assert_eq!(ask(&mut evaluation, "q"), Answer::Value(value("4")));
    assert_eq!(ask(&mut evaluation, "p"), Answer::Value(value("2")));
}
