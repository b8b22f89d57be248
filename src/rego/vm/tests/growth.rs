//! Twice the input takes about twice the steps: a look-up by key costs no walk through all keys.

use super::{Answer, Budget, Evaluation, EvaluationInput, Object, Value, ask, policy};
use crate::rego::vm::Watcher;

/// Rules in which something is looked up by key in a loop over all keys. `n` is the size, `input.xs` are so many
/// texts, `input.by` is an object with them as keys.
const LOOK_UPS: &[&str] = &[
    "p := count([1 | some x in input.xs; input.by[x]])",
    "p := count([1 | some x in input.xs; x in s])\ns := {x | some x in input.xs}",
    "p := count([1 | some x in input.xs; s[x]])\ns := {x | some x in input.xs}",
    "p := count([1 | some x in input.xs; q[x]])\nq contains x if some x in input.xs",
    "p := count([1 | some x in input.xs; x in q])\nq contains x if some x in input.xs",
    "p := count([1 | some x in input.xs; q[x] > 0])\nq[x] := y if some x, y in input.by",
    "p := count([1 | some x in input.xs; q[x] > 0])\nq[x] := y if { some i; x := input.xs[i]; y := i + 1 }",
    "p := count([1 | some x in input.xs; q[x] > 0])\nq[x] := y if y := input.by[x]",
    "p := count([1 | some x in input.xs; q[x].y > 0])\nq[x].y := y if some x, y in input.by",
    "p := count([1 | some x in input.xs; 1 in q[x]])\nq[x] contains 1 if some x, y in input.by",
    "p := count([1 | some x in input.xs; q[[x, 1]]])\nq contains [x, 1] if some x in input.xs",
    "p := count([1 | some x in input.xs; f(x) > 0])\nf(x) := input.by[x]",
    "p := count([1 | some x in input.xs; f(input, x) > 0])\nf(y, x) := y.by[x]",
    "p := count([1 | some x in input.xs; f([input, [input]], x) > 0])\nf(y, x) := y[1][0].by[x]",
    "p := count([1 | some x in input.xs; f({\"in\": input}) > 0])\nf(y) := count(y.in.by)",
    "p := count([1 | some x in input.xs; object.get(input.by, x, 0) > 0])",
    "p := count([1 | some x in input.xs; q[x]; r[x]])\nq contains x if some x in r\nr contains x if some x in input.xs",
];

fn input(size: i64) -> EvaluationInput {
    let names = (0..size).map(|it| Value::from(format!("name {it}").as_str()));
    let by: Object = names.clone().zip(1_i64..).collect();
    let xs: Vec<Value> = names.collect();
    let input = [("xs", Value::from(xs)), ("by", by.into())].into_iter().collect::<Object>();
    let nothing = EvaluationInput::new(Object::new().into(), Budget::unlimited());
    EvaluationInput { input: Some(input.into()), ..nothing }
}

/// Hears of prints, and there are none.
struct Listener;

impl Watcher for Listener {}

fn steps(rules: &str, size: i64) -> u64 {
    let watcher: Option<Box<dyn Watcher>> = Some(Box::new(Listener));
    let heard = steps_of(rules, size, EvaluationInput { watcher, ..input(size) });
    assert_eq!(heard, steps_of(rules, size, input(size)), "who hears of prints costs nothing: {rules}");
    heard
}

fn steps_of(rules: &str, size: i64, input: EvaluationInput) -> u64 {
    let mut evaluation = Evaluation::new(&policy(rules), input);
    let answer = ask(&mut evaluation, "p");
    assert_eq!(answer, Answer::Value(Value::from(size)), "{rules}");
    evaluation.budget().steps_spent()
}

#[test]
fn look_ups_by_key_in_a_loop_are_not_quadratic() {
    for rules in LOOK_UPS {
        let (once, twice) = (steps(rules, 500), steps(rules, 1000));
        assert!(twice < 3 * once, "{once} {twice} {rules}");
    }
}

#[test]
fn one_look_up_does_not_compute_its_neighbours() {
    let rules = "p := q[\"name 0\"]\nq[x] := y if { some x, y in input.by; slow(y) }\n\
                 slow(y) if { every x in input.xs { x != y } }";
    let one = steps(&format!("{rules}\np := 1000 if q[\"name 1\"]").replace("p := q", "r := q"), 1000);
    assert!(one < 20_000, "{one}");
}

#[test]
fn a_rule_that_fails_as_a_whole_is_still_looked_up_by_key() {
    let rules = "p := count([1 | some x in input.xs; q[x] > 0])\n\
                 q[x] := y if { some i; x := input.xs[i]; y := i + 1 }\n\
                 q[\"twice\"] := 1\nq[\"twice\"] := 2\nr := q[\"twice\"]";
    let policy = policy(rules);
    let mut evaluation = Evaluation::new(&policy, input(100));
    assert_eq!(ask(&mut evaluation, "p"), Answer::Value(Value::from(100_i64)));
    assert!(matches!(ask(&mut evaluation, "r"), Answer::Error(_)));
    assert!(matches!(ask(&mut evaluation, "q"), Answer::Error(_)));
}

#[test]
fn an_attempt_takes_no_more_of_the_budget_than_look_ups_did() {
    // The whole is far larger than what is looked up.
    let rules = "p := count([1 | some x in input.xs; q[[x, x]]])\n\
                 q contains [x, y] if { some x in input.xs; some y in input.xs; some z in input.xs; z != x }";
    let policy = policy(rules);
    let evaluate = |budget| {
        let mut evaluation = Evaluation::new(&policy, EvaluationInput { budget, ..input(30) });
        (ask(&mut evaluation, "p"), evaluation.budget().steps_spent())
    };
    let (answer, spent) = evaluate(Budget::unlimited());
    assert_eq!(answer, Answer::Value(Value::from(30_i64)));
    assert_eq!(evaluate(Budget::new(spent, u64::MAX)).0, answer);
    assert!(matches!(evaluate(Budget::new(spent / 2, u64::MAX)).0, Answer::Error(_)));
}
