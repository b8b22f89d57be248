//! What is the same in every evaluation is computed once, and nobody can tell but by the time it takes.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::remembering::{MIXED, REPLACED};
use super::{
    Answer, Budget, Evaluation, EvaluationInput, Policy, Str, ask, evaluation, input, path, policy, value,
};
use crate::rego::engine::Shared;
use crate::rego::error::ErrorCode;
use crate::rego::value::Value;

/// Base data of these tests; `d.own` differs by evaluation.
const DATA: &str = r#"{"d": {"all": [1, 2, 3], "own": 1}}"#;

fn differing() -> Vec<Vec<Str>> {
    vec![["d", "own"].map(Str::from).to_vec()]
}

fn share_within(policy: &Policy, names: &[&str], budget: Budget) -> Shared {
    let asked: Vec<_> = names.iter().map(|name| path(name)).collect();
    policy.share(&asked, &value(DATA), &differing(), budget)
}

fn with_shared(policy: &Policy, shared: &Shared) -> Evaluation {
    let budget = Budget::new(1_000_000, 1 << 24);
    let data = value(&DATA.replace("\"own\": 1", "\"own\": 2"));
    Evaluation::new(policy, EvaluationInput { data, shared: shared.clone(), ..input(budget) })
}

fn shared_and_not(rules: &str, name: &str) -> (Answer, Answer) {
    let policy = policy(rules);
    let shared = share_within(&policy, &[name], Budget::unlimited());
    (ask(&mut with_shared(&policy, &shared), name), ask(&mut with_shared(&policy, &Shared::default()), name))
}

/// How many steps asking for `p` takes where everything that can be is shared.
fn steps(rules: &str) -> u64 {
    let policy = policy(rules);
    let shared = share_within(&policy, &["p"], Budget::unlimited());
    let mut evaluation = with_shared(&policy, &shared);
    let _ = ask(&mut evaluation, "p");
    evaluation.budget().steps_spent()
}

/// A rule that takes more than a thousand steps.
const SLOW: &str = "slow := count([1 | some x in numbers.range(1, 500); x > 0])\n";

#[test]
fn a_rule_that_reads_nothing_of_its_own_is_evaluated_once_for_all() {
    for rules in [
        "p := slow + input.xs[0]",
        "p := f(input.xs[0])\nf(x) := x + slow",
        "p := [slow, data.d.own]",
        "p := [q.a, input.a]\nq.a := slow",
        "p := [q.a, input.a]\nq[x] := slow if some x in [\"a\"]",
        "p := [x | some x in q; input.a]\nq contains slow",
        "p := [count(data.d.all), slow, input.a]",
        "p := [slow, x] if x := slow with input.a as 1",
    ] {
        let spent = steps(&format!("{SLOW}{rules}"));
        assert!(spent < 200, "{spent} {rules}");
    }
}

#[test]
fn what_may_differ_is_not_shared() {
    for changing in [
        "input.a == \"x\"",
        "data.d.own == 2",
        "count(data.d) == 2",
        "time.now_ns() >= 0",
        "rand.intn(\"a\", 5) >= 0",
        "host.get(1) == 2",
        "trace(\"seen\")",
        "f(1)",
        "not input.none",
    ] {
        let rules = format!(
            "{SLOW}f(x) if input.a\np := q + slow\nq := count([1 | {changing}; some x in numbers.range(1, 500); x > 0])"
        );
        let spent = steps(&rules);
        assert!(spent > 1000, "{spent} {changing}");
        let (shared, own) = shared_and_not(&rules, "p");
        assert_eq!(shared, own, "{changing}");
        assert_eq!(own, Answer::Value(value("1000")), "{changing}");
    }
}

#[test]
fn sharing_changes_no_answer() {
    for (rules, _) in REPLACED {
        let (shared, own) = shared_and_not(rules, "p");
        assert_eq!(shared, own, "{rules}");
    }
    let policy = policy(MIXED);
    let names = ["a", "b", "c", "d", "e", "h", "i", "j", "k", "l", "m", "n", "o"];
    let shared = share_within(&policy, &names, Budget::unlimited());
    let mut evaluation = with_shared(&policy, &shared);
    for name in names {
        assert_eq!(
            ask(&mut evaluation, name),
            ask(&mut with_shared(&policy, &Shared::default()), name),
            "{name}"
        );
    }
}

/// Rules that give the same in every evaluation, and what `with` makes of them.
const UNDER_WITH: &[(&str, &str)] = &[
    ("q := data.d.all[0]\np := [q, x, q] if x := q with data.d.all as [7]", "[1, 7, 1]"),
    ("q := r\nr := 1\np := [q, x, q] if x := q with r as 7", "[1, 7, 1]"),
    ("q := count(data.d.all)\np := [q, x, q] if x := q with count as 7", "[3, 7, 3]"),
    ("f(x) := x\nq := f(1)\np := [q, x, q] if x := q with f as 7", "[1, 7, 1]"),
    ("f(x) := x\ng(x) := x + 6\nq := f(1)\np := [q, x, q] if x := q with f as g", "[1, 7, 1]"),
    ("q contains x if some x in data.d.all\np := [1 | q[7] with data.d.all as [7]]", "[1]"),
    ("q[x] := 1 if some x in data.d.all\np := [1 | q[7] with data.d.all as [7]]", "[1]"),
    ("a.b := data.d.all[0]\np := x if x := data.t.a with data.d.all as [7]", r#"{"b": 7}"#),
    (
        "q[x] := 1 if some x in [\"a\"]\nq.b := data.d.all[0]\np := x if x := q with data.d.all as [7]",
        r#"{"a": 1, "b": 7}"#,
    ),
];

#[test]
fn what_a_replaced_path_reaches_is_not_taken_from_what_is_shared() {
    for (rules, want) in UNDER_WITH {
        let (shared, own) = shared_and_not(rules, "p");
        assert_eq!((shared, own), (Answer::Value(value(want)), Answer::Value(value(want))), "{rules}");
    }
}

const ONE_FAILS: &str = "bad := 1\nbad := 2 if data.d.all\nbad_part[\"x\"] := bad\n\
                         p := [bad, input.a]\nq := [bad_part, input.a]\nr := input.a\ns := [1 | input.none; bad]";

#[test]
fn an_error_in_a_shared_rule_ends_the_entry_points_that_read_it_for_all_alike() {
    let policy = policy(ONE_FAILS);
    let shared = share_within(&policy, &["p", "q", "r", "s"], Budget::unlimited());
    for _ in 0..2 {
        let mut evaluation = with_shared(&policy, &shared);
        for name in ["p", "q"] {
            let Answer::Error(error) = ask(&mut evaluation, name) else { panic!("{name}") };
            assert_eq!(error.code, ErrorCode::EvalConflict);
        }
        assert_eq!(ask(&mut evaluation, "r"), Answer::Value(value("\"x\"")));
        assert_eq!(ask(&mut evaluation, "s"), Answer::Value(value("[]")), "it does not read it");
    }
}

const ONE_IS_ENDLESS: &str = "n := numbers.range(1, 1000)\n\
    endless := count([1 | some x in n; some y in n; x + y == 0])\n\
    p := [endless, input.a]\nq := [n[0], input.a]\nr := [1 | input.none; endless]";

#[test]
fn a_shared_rule_has_a_budget_of_its_own() {
    let policy = policy(ONE_IS_ENDLESS);
    let shared = share_within(&policy, &["p", "q", "r"], Budget::new(50_000, u64::MAX));
    let mut evaluation = with_shared(&policy, &shared);
    let Answer::Error(error) = ask(&mut evaluation, "p") else { panic!() };
    assert_eq!((error.code, error.spent.is_some()), (ErrorCode::EvalCancel, true));
    assert!(evaluation.budget().steps_spent() < 100, "nobody tries again");
    assert_eq!(ask(&mut evaluation, "q"), Answer::Value(value("[1, \"x\"]")));
    assert_eq!(ask(&mut evaluation, "r"), Answer::Value(value("[]")));
}

#[test]
fn what_there_was_no_time_to_share_is_left_to_each_evaluation() {
    let policy = policy("slow := count(numbers.range(1, 5000))\np := slow + input.xs[0]");
    let ended = Budget::unlimited().with_cancellation(Arc::new(AtomicBool::new(true)));
    let shared = share_within(&policy, &["p"], ended);
    assert!(shared.is_empty());
    assert_eq!(ask(&mut with_shared(&policy, &shared), "p"), Answer::Value(value("5001")));
}

#[test]
fn only_what_the_entry_points_need_is_shared() {
    let policy = policy(&format!("{SLOW}q := slow\np := input.a"));
    assert!(share_within(&policy, &["p"], Budget::unlimited()).is_empty());
    assert_eq!(share_within(&policy, &["q"], Budget::unlimited()).len(), 2);
}

#[test]
fn entry_points_of_one_evaluation_share_their_results() {
    let rules =
        "slow := count([1 | some x in numbers.range(1, 500); x != input.a])\np := slow + 1\nq := slow + 2";
    let mut evaluation = evaluation(&policy(rules));
    assert_eq!(ask(&mut evaluation, "p"), Answer::Value(Value::from(501_i64)));
    let before = evaluation.budget().steps_spent();
    assert_eq!(ask(&mut evaluation, "q"), Answer::Value(Value::from(502_i64)));
    assert!(evaluation.budget().steps_spent() - before < 20);
}

#[test]
fn a_function_is_computed_once_for_each_frame_of_replacements() {
    let rules = "f(x) := count([1 | some y in numbers.range(1, 500); y != object.get(input, \"n\", 0)])\n\
                 p := [f(1), f(1), f(1)]\n\
                 q := [x | some i in [1, 2, 1, 2]; x := f(1) with input.n as i]\n\
                 r := [x, y] if { x := [f(1), f(1)] with input.n as 1; y := f(1) }";
    let policy = policy(rules);
    let spent = |name| {
        let mut evaluation = evaluation(&policy);
        let answer = ask(&mut evaluation, name);
        (answer, evaluation.budget().steps_spent())
    };
    let (p, once) = spent("p");
    assert_eq!(p, Answer::Value(value("[500, 500, 500]")));
    let (q, four) = spent("q");
    assert_eq!(q, Answer::Value(value("[499, 499, 499, 499]")));
    let (r, two) = spent("r");
    assert_eq!(r, Answer::Value(value("[[499, 499], 500]")));
    assert!(3 * once < four && four < 5 * once, "{once} {four}");
    assert!(3 * once < 2 * two && two < 3 * once, "{once} {two}");
}
