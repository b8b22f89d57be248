//! The own engine and `regorus` on what both claim to run: the language's core, over expressions that OPA answered and
//! over small expressions made by chance. Where they differ on the former stands in a list, checked both ways.
#![cfg(feature = "regorus")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use enterprise_contract::evaluate::second::Second;
use enterprise_contract::rego::budget::Budget;
use enterprise_contract::rego::engine::{CompileOptions, Compiler, Evaluation, EvaluationInput, Policy};
use enterprise_contract::rego::value::{Object, ReadLimits, Value, json};
use enterprise_contract::rego::vm::{Answer, Step};
use proptest::prelude::*;

/// The groups of the language's core and of the builtins that both have. The others are about messages, and about
/// builtins that regorus is built without.
const GROUPS: [&str; 12] = [
    "arrays",
    "bits",
    "comprehensions",
    "every-some-in",
    "negation",
    "numbers",
    "objects",
    "rules",
    "sets",
    "sorting",
    "strings",
    "with",
];

/// Steps that an expression of the suite needs at most, by far.
const STEPS: u64 = 10_000_000;

fn shared() -> PathBuf {
    std::env::var_os("EC_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from)
}

fn spelled(value: &Value) -> String {
    json::to_string(value, json::Html::Plain)
}

/// The solutions' variables, sorted.
fn own(policy: &Policy, input: Option<Value>, data: Value, query: &str) -> Result<Vec<String>, String> {
    let prepared = policy.prepare_query(query).map_err(|failure| failure.errors.to_string())?;
    let input = EvaluationInput { input, ..EvaluationInput::new(data, Budget::new(STEPS, STEPS * 100)) };
    let Step::Done(answer) = Evaluation::new(policy, input).start_query(&prepared) else { panic!("waits") };
    let Answer::Results(solutions) = answer else { return Err(format!("{answer:?}")) };
    let bindings = solutions.iter().map(|solution| {
        let pairs = solution.bindings.iter().map(|(name, value)| (name.as_ref(), value.clone()));
        spelled(&pairs.collect::<Object>().into())
    });
    Ok(sorted(bindings.collect()))
}

fn other(policy: &Policy, input: Option<&Value>, data: &Value, query: &str) -> Result<Vec<String>, String> {
    let mut second = Second::new(policy, &[], input, data);
    let solutions = second.query(query).map_err(|error| error.message)?;
    Ok(sorted(solutions.iter().map(spelled).collect()))
}

fn sorted(mut all: Vec<String>) -> Vec<String> {
    all.sort();
    all
}

fn compiled(modules: &[(String, String)]) -> Option<Policy> {
    let mut compiler = Compiler::new(CompileOptions::default());
    for (name, text) in modules {
        compiler.add_module(name, text);
    }
    compiler.compile().ok().map(|it| it.policy)
}

/// Why they differ, as far as that can be told from outside.
fn difference(own: &[String], other: &Result<Vec<String>, String>) -> Option<&'static str> {
    match other {
        Ok(other) if own == other => None,
        Ok(other) if own.len() != other.len() => Some("another number of solutions"),
        Ok(_) => Some("another value, or another spelling of it"),
        Err(_) => Some("regorus refuses it"),
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(str::to_owned)
}

/// Name and difference of each case that the own engine answers with a result, and how many those are.
fn compare(folder: &Path) -> (usize, BTreeMap<String, &'static str>) {
    let (mut compared, mut found) = (0, BTreeMap::new());
    for group in GROUPS {
        let bytes = fs::read(folder.join(format!("{group}.json"))).expect("a group");
        let cases = json::read(&bytes, &ReadLimits::default()).expect("JSON");
        for case in cases.get_str("cases").and_then(Value::as_array).expect("cases") {
            let modules = case.get_str("modules").and_then(Value::as_object).into_iter().flatten();
            let modules: Vec<_> =
                modules.map(|(name, it)| (text(Some(name)).unwrap(), text(Some(it)).unwrap())).collect();
            let Some(policy) = compiled(&modules) else { continue };
            let input = case.get_str("input").cloned();
            let data = case.get_str("data").cloned().unwrap_or_else(|| Object::new().into());
            let query = text(case.get_str("query")).expect("a query");
            let Ok(expected) = own(&policy, input.clone(), data.clone(), &query) else { continue };
            compared += 1;
            let got = other(&policy, input.as_ref(), &data, &query);
            if let Some(difference) = difference(&expected, &got) {
                found.insert(text(case.get_str("note")).expect("a note"), difference);
            }
        }
    }
    (compared, found)
}

#[test]
fn both_engines_answer_the_expressions_alike_but_for_those_listed() {
    let folder = shared().join("conformance/expressions");
    if !folder.is_dir() {
        println!("skipped: engines: {} not found", folder.display());
        return;
    }
    let (compared, found) = compare(&folder);
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engines/known_differences.txt");
    let found: Vec<String> = found.iter().map(|(note, why)| format!("{note}: {why}")).collect();
    let listed = fs::read_to_string(&list).unwrap();
    let listed: Vec<&str> = listed.lines().filter(|line| !line.starts_with('#')).collect();
    let new: Vec<_> = found.iter().filter(|line| !listed.contains(&line.as_str())).collect();
    let gone: Vec<_> = listed.iter().filter(|line| found.iter().all(|it| it != *line)).collect();
    println!("{compared} compared, {} differ", found.len());
    assert!(new.is_empty() && gone.is_empty(), "not listed: {new:#?}\nlisted, and alike: {gone:#?}");
}

fn number() -> impl Strategy<Value = String> {
    (-20_i32..20).prop_map(|it| if it < 0 { format!("({it})") } else { it.to_string() })
}

/// Whole numbers: on them the two claim the same arithmetic.
fn arithmetic() -> impl Strategy<Value = String> {
    number().prop_recursive(3, 12, 2, |inner| {
        let operator = prop_oneof![Just("+"), Just("-"), Just("*")];
        (inner.clone(), operator, inner).prop_map(|(a, operator, b)| format!("({a} {operator} {b})"))
    })
}

fn list(of: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(of, 1..5)
}

fn set() -> impl Strategy<Value = String> {
    let literal = list(arithmetic()).prop_map(|items| format!("{{{}}}", items.join(", ")));
    literal.boxed().prop_recursive(2, 8, 2, |inner| {
        let operator = prop_oneof![Just("|"), Just("&"), Just("-")];
        (inner.clone(), operator, inner).prop_map(|(a, operator, b)| format!("({a} {operator} {b})"))
    })
}

fn expression() -> impl Strategy<Value = String> {
    let comparison = prop_oneof![Just("<"), Just("<="), Just("=="), Just("!="), Just(">"), Just(">=")];
    let items = list(arithmetic()).prop_map(|items| format!("[{}]", items.join(", "))).boxed();
    prop_oneof![
        arithmetic(),
        set(),
        items.clone(),
        set().prop_map(|it| format!("count({it})")),
        items.clone().prop_map(|it| format!("sum({it})")),
        items.clone().prop_map(|it| format!("sort({it})")),
        (items.clone(), comparison.clone(), number()).prop_map(|(items, comparison, bound)| format!(
            "[x | some x in {items}; x {comparison} {bound}]"
        )),
        (set(), comparison.clone(), number()).prop_map(|(items, comparison, bound)| format!(
            "{{y | some x in {items}; x {comparison} {bound}; y := x * 2}}"
        )),
        (items.clone(), arithmetic()).prop_map(|(items, it)| format!("[{it} in {items}, {it} in {{1, 2}}]")),
        (arithmetic(), comparison, arithmetic())
            .prop_map(|(a, comparison, b)| format!("[{a} {comparison} {b}]")),
        (items, number()).prop_map(|(items, key)| format!(
            "{{sprintf(\"%d\", [k]): v | some k, v in {items}; k != {key}}}"
        )),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_engines_answer_small_expressions_alike(it in expression()) {
        let policy = compiled(&[("t.rego".to_owned(), format!("package t\n\nimport rego.v1\n\np := {it}\n"))])
            .expect("an expression");
        let data = Value::from(Object::new());
        let expected = own(&policy, None, data.clone(), "x = data.t.p");
        prop_assert_eq!(other(&policy, None, &data, "x = data.t.p"), expected, "{}", it);
    }
}
