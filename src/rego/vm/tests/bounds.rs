//! Every loop ends with the budget, and depth is no danger.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::{Answer, Budget, Evaluation, answer, ask, evaluation, input, policy, value};
use crate::rego::error::ErrorCode;

/// Loops far longer than the budget.
const LOOPS: &[&str] = &[
    "n := numbers.range(1, 300)\np if { some x in n; some y in n; some z in n; x + y + z == 0 }",
    "n := numbers.range(1, 300)\np := [1 | some x in n; some y in n; some z in n]",
    "n := numbers.range(1, 300)\np := {[x, y, z] | some x in n; some y in n; some z in n}",
    "n := numbers.range(1, 300)\np := {[x, y, z]: 1 | some x in n; some y in n; some z in n}",
    "n := numbers.range(1, 300)\np if { every x in n { every y in n { every z in n { x + y + z > 0 } } } }",
    "n := numbers.range(1, 300)\np if { not q }\nq if { n[_] + n[_] + n[_] == 0 }",
    "n := numbers.range(1, 300)\np contains [x, y, z] if { some x in n; some y in n; some z in n }",
    "n := numbers.range(1, 300)\np[x][y][z] := 1 if { some x in n; some y in n; some z in n }",
    "n := numbers.range(1, 300)\nf(x, y) := x + y\np if { some x in n; some y in n; some z in n; f(x, f(y, z)) == 0 }",
    "n := numbers.range(1, 300)\nq := input\np if { some x in n; some y in n; some z in n; q == 0 with input as x }",
    "n := numbers.range(1, 300)\np if { some x in n; walk(n, [_, y]); walk(n, [_, z]); y == z; x < 0 }",
];

#[test]
fn every_loop_ends_when_the_steps_are_spent() {
    for rules in LOOPS {
        let mut evaluation = Evaluation::new(&policy(rules), input(Budget::new(50_000, u64::MAX)));
        let Answer::Error(error) = ask(&mut evaluation, "p") else { panic!("{rules}") };
        assert_eq!((error.code, error.message.contains("steps")), (ErrorCode::EvalCancel, true), "{rules}");
        assert!(evaluation.budget().steps_spent() <= 50_000);
    }
}

/// What makes more than the budget's bytes.
const GROWTH: &[&str] = &[
    "n := numbers.range(1, 300)\np := [[x, y] | some x in n; some y in n]",
    "n := numbers.range(1, 300)\np contains [x, y] if { some x in n; some y in n }",
    "n := numbers.range(1, 300)\nf(x, y) := x + y\np := count([1 | some x in n; some y in n; f(x, y) == 0])",
    "n := numbers.range(1, 300)\nq := input\np := count([1 | some x in n; some y in n; q == 0 with input as [x, y]])",
    "p := numbers.range(1, 300000)",
];

#[test]
fn everything_that_grows_ends_when_the_bytes_are_spent() {
    for rules in GROWTH {
        let mut evaluation = Evaluation::new(&policy(rules), input(Budget::new(u64::MAX, 200_000)));
        let Answer::Error(error) = ask(&mut evaluation, "p") else { panic!("{rules}") };
        assert_eq!((error.code, error.message.contains("bytes")), (ErrorCode::EvalCancel, true), "{rules}");
    }
}

#[test]
fn an_evaluation_can_be_cancelled() {
    let flag = Arc::new(AtomicBool::new(true));
    let budget = Budget::unlimited().with_cancellation(flag);
    let mut evaluation = Evaluation::new(&policy(LOOPS[0]), input(budget));
    let Answer::Error(error) = ask(&mut evaluation, "p") else { panic!() };
    assert_eq!(error.code, ErrorCode::EvalCancel);
}

#[test]
fn a_spent_budget_is_not_remembered_as_the_rules_error() {
    let policy = policy("q := count([1 | some x in numbers.range(1, 100); x > 0])\np := q");
    let mut evaluation = Evaluation::new(&policy, input(Budget::new(50, u64::MAX)));
    assert!(matches!(ask(&mut evaluation, "p"), Answer::Error(_)));
    *evaluation.budget_mut() = Budget::unlimited();
    assert_eq!(ask(&mut evaluation, "p"), Answer::Value(value("100")));
}

#[test]
fn a_chain_of_ten_thousand_functions_is_no_danger() {
    let mut rules = String::new();
    for index in 0..10_000 {
        let _ = writeln!(rules, "f{index}(x) := f{}(x)", index + 1);
    }
    rules += "f10000(x) := x\np := f0(5)";
    assert_eq!(answer(&rules, "p"), Answer::Value(value("5")));
}

#[test]
fn a_chain_of_ten_thousand_rules_is_no_danger() {
    let mut rules = String::new();
    for index in 0..10_000 {
        let _ = writeln!(rules, "r{index} if not r{}", index + 1);
    }
    rules += "r10000 if true\np if r0";
    assert_eq!(answer(&rules, "p"), Answer::Value(value("true")));
}

#[test]
fn a_value_that_nests_too_deeply_is_an_error() {
    let mut rules = "v0 := 1\n".to_owned();
    for index in 0..600 {
        let _ = writeln!(rules, "v{} := [v{index}]", index + 1);
    }
    rules += "p := v600";
    let Answer::Error(error) = ask(&mut evaluation(&policy(&rules)), "p") else { panic!() };
    assert_eq!(error.code, ErrorCode::EvalCancel);
}
