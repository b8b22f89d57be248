//! `ec opa bench` and `ec opa test --bench`: shapes, never figures.

use super::policies::{allow, ec, json};

#[test]
fn a_measurement_says_how_often_and_how_long() {
    let root = allow();
    let report = json(root.path(), "opa bench -d p --format json 1+1");
    let rounds = report["N"].as_u64().unwrap();
    assert!(rounds > 1 && report["T"].as_u64().unwrap() >= 1_000_000_000);
    assert_eq!(report["Extra"]["histogram_timer_rego_query_eval_ns_count"], rounds);
}

#[test]
fn a_measurement_is_a_line_for_tools_of_go() {
    let text = ec(allow().path(), "opa bench -d p --format gobench --metrics=false --benchmem=false 1+1");
    let line = regex::Regex::new(r"^exit 0\nBenchmarkOPAEval\t +\d+\t +[\d.]+ ns/op\n$").unwrap();
    assert!(line.is_match(&text), "{text}");
}

#[test]
fn an_undefined_query_is_not_measured() {
    insta::assert_snapshot!(ec(allow().path(), "opa bench data.nothing"), @r#"
    exit 1
    --- stderr
    1 error occurred: undefined result
    "#);
    assert!(ec(allow().path(), "opa bench --fail=false data.nothing").starts_with("exit 0\n"));
}

#[test]
fn tests_that_pass_are_measured_and_others_fail() {
    let text = ec(allow().path(), "opa test p --bench --format gobench --benchmem=false --run even|wrong");
    let shape = regex::Regex::new(r"\t *\d+\t +[\d.]+ ns/op").unwrap();
    insta::assert_snapshot!(shape.replace_all(&text, " FIGURES"), @r#"
    exit 2
    BenchmarkDataAllowTestTestEvenPorts FIGURES
    p/allow_test.rego:16:
    data.allow_test.test_wrong: FAIL (TIME)
    --------------------------------------------------------------------------------
    PASS: 1/2
    FAIL: 1/2
    "#);
}
