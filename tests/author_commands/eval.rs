//! `ec opa eval`

use super::policies::{ALLOW, ec, folder, json};

fn root() -> tempfile::TempDir {
    folder(&[("allow.rego", ALLOW), ("input.json", r#"{"ports": [80, 8080], "kind": "bad"}"#)])
}

#[test]
fn what_happened_stands_before_the_result() {
    let arguments = "opa eval -d allow.rego -i input.json --format pretty --explain full data.allow.allow";
    insta::assert_snapshot!(ec(root().path(), arguments), @r#"
    exit 0
    query:1           Enter data.allow.allow
    query:1           | Eval data.allow.allow
    query:1           | Index data.allow.allow (matched 1 rule, early exit)
    allow.rego:5      | Enter data.allow.allow
    allow.rego:6      | | Eval some port in input.ports
    allow.rego:7      | | Eval lowest
    allow.rego:7      | | Index data.allow.lowest (matched 1 rule, early exit)
    allow.rego:11     | | Enter data.allow.lowest
    allow.rego:11     | | | Eval true
    allow.rego:11     | | | Exit data.allow.lowest early
    allow.rego:7      | | Eval port > lowest
    allow.rego:7      | | Fail port > lowest
    allow.rego:7      | | Redo lowest
    allow.rego:6      | | Redo some port in input.ports
    allow.rego:7      | | Eval lowest
    allow.rego:7      | | Eval port > lowest
    allow.rego:8      | | Eval even(port)
    allow.rego:8      | | Index data.allow.even (matched 1 rule)
    allow.rego:13     | | Enter data.allow.even
    allow.rego:13     | | | Eval true
    allow.rego:13     | | | Eval n % 2
    allow.rego:13     | | | Eval n % 2 == 0
    allow.rego:13     | | | Exit data.allow.even
    allow.rego:13     | | | Redo n % 2 == 0
    allow.rego:13     | | | Redo n % 2
    allow.rego:13     | | | Redo true
    allow.rego:8      | | Eval even(port) == true
    allow.rego:5      | | Exit data.allow.allow early
    query:1           | Exit data.allow.allow
    query:1           | Redo data.allow.allow
    true
    "#);
}

#[test]
fn an_explanation_is_part_of_the_json() {
    let report = json(root().path(), "opa eval -d allow.rego -i input.json --explain fails data.allow.deny");
    let lines: Vec<String> = report["explanation"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| format!("{} {} {}", it["Op"], it["Node"], it["Location"]["row"]))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    "Enter" "data.allow.deny" 1
    "Enter" "data.allow.deny" 17
    "Enter" "not allow" 19
    "Enter" "data.allow.allow" 5
    "Fail" "port > lowest" 7
    "Fail" "not allow" 19
    "#);
}

#[test]
fn a_profile_counts_what_each_line_did() {
    let arguments =
        "opa eval -d allow.rego -i input.json --profile-sort line --profile-limit 3 data.allow.allow";
    let report = json(root().path(), arguments);
    let lines: Vec<String> = report["profile"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            format!("{}: {} {} {}", it["location"]["row"], it["num_eval"], it["num_redo"], it["num_gen_expr"])
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    13: 3 3 3
    11: 1 0 1
    8: 2 0 2
    "#);
    assert!(report["metrics"]["timer_rego_query_eval_ns"].as_u64().unwrap() > 0);
}

#[test]
fn several_evaluations_are_told_of_together() {
    let arguments = "opa eval -d allow.rego -i input.json --profile --count 3 data.allow.allow";
    let report = json(root().path(), arguments);
    assert_eq!(report["aggregated_metrics"]["timer_rego_query_eval_ns"]["count"], 3);
    assert!(report["aggregated_profile"][0]["total_time_ns_stats"]["max"].as_u64().unwrap() > 0);
    assert!(report.get("profile").is_none() && report.get("metrics").is_none());
}

#[test]
fn coverage_stands_under_the_result() {
    let arguments = "opa eval -d allow.rego -i input.json --coverage --format pretty data.allow.lowest";
    insta::assert_snapshot!(ec(root().path(), arguments), @r#"
    exit 0
    1024
    ┌──────────────────┬───────┐
    │ Overall Coverage │ 10.00 │
    └──────────────────┴───────┘
    "#);
}

#[test]
fn prints_go_to_standard_error() {
    let root = folder(&[("p.rego", "package p\n\nx if print(\"hello\")\n")]);
    insta::assert_snapshot!(ec(root.path(), "opa eval -d p.rego --format raw data.p.x"), @r#"
    exit 0
    true
    --- stderr
    hello
    "#);
}

#[test]
fn results_come_in_several_forms() {
    let root = root();
    assert_eq!(ec(root.path(), "opa eval --format raw x=[1,2][_]"), "exit 0\ntrue\ntrue\n");
    assert_eq!(ec(root.path(), "opa eval --format bindings x=1"), "exit 0\n{\n  \"x\": 1\n}\n");
    insta::assert_snapshot!(ec(root.path(), "opa eval --format pretty x=[1,2][i]"), @r#"
    exit 0
    ┌───┬───┐
    │ i │ x │
    ├───┼───┤
    │ 0 │ 1 │
    │ 1 │ 2 │
    └───┴───┘
    "#);
    insta::assert_snapshot!(ec(root.path(), "opa eval --format values x=[1,2][i]"), @r#"
    exit 0
    [
      true
    ]
    [
      true
    ]
    "#);
    insta::assert_snapshot!(ec(root.path(), "opa eval --format discard x=1"), @r#"
    exit 0
    {
      "result": "discarded"
    }
    "#);
}

#[test]
fn an_error_is_counted_and_goes_to_standard_error() {
    insta::assert_snapshot!(ec(root().path(), "opa eval --format pretty x+1"), @r#"
    exit 2
    --- stderr
    2 errors occurred:
    1:1: rego_unsafe_var_error: var _ is unsafe
    	x+1
    	^
    1:1: rego_unsafe_var_error: var x is unsafe
    	x+1
    	^
    "#);
}

#[test]
fn an_undefined_query_fails_where_that_is_asked_for() {
    let root = root();
    assert_eq!(ec(root.path(), "opa eval --fail data.nothing"), "exit 1\n{}\n");
    assert!(ec(root.path(), "opa eval --fail-defined true").starts_with("exit 1\n{\n"));
    assert!(ec(root.path(), "opa eval --fail true").starts_with("exit 0\n"));
}
