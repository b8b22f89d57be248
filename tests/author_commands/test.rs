//! `ec opa test`

use super::policies::{ALLOW, allow, ec, folder, json};

#[test]
fn tests_that_did_not_pass_are_listed() {
    insta::assert_snapshot!(ec(allow().path(), "opa test p"), @r#"
    exit 2
    p/allow_test.rego:16:
    data.allow_test.test_wrong: FAIL (TIME)
    p/allow_test.rego:22:
    data.allow_test.todo_test_later: SKIPPED
    --------------------------------------------------------------------------------
    PASS: 2/4
    FAIL: 1/4
    SKIPPED: 1/4
    "#);
}

#[test]
fn skipped_tests_fail_the_run_unless_told_otherwise() {
    let root = allow();
    assert!(ec(root.path(), "opa test p --run later").starts_with("exit 2\n"));
    assert!(ec(root.path(), "opa test p --run later -z").starts_with("exit 0\n"));
}

#[test]
fn a_failure_is_explained_by_what_failed_on_the_way() {
    insta::assert_snapshot!(ec(allow().path(), "opa test p --run wrong --explain fails"), @r#"
    exit 2
    FAILURES
    --------------------------------------------------------------------------------
    data.allow_test.test_wrong: FAIL (TIME)

      p/allow_test.rego:16     Enter data.allow_test.test_wrong
      p/allow.rego:5           | Enter data.allow.allow
      p/allow.rego:7           | | Fail port > lowest
      p/allow.rego:8           | | Fail even(port) == true
      p/allow_test.rego:18     | Fail result := allow.allow with input.ports as ports

    SUMMARY
    --------------------------------------------------------------------------------
    p/allow_test.rego:16:
    data.allow_test.test_wrong: FAIL (TIME)
    --------------------------------------------------------------------------------
    FAIL: 1/1
    "#);
}

#[test]
fn a_full_explanation_has_every_step() {
    insta::assert_snapshot!(ec(allow().path(), "opa test p --run wrong --explain full"), @r#"
    exit 2
    FAILURES
    --------------------------------------------------------------------------------
    data.allow_test.test_wrong: FAIL (TIME)

      p/allow_test.rego:16     Enter data.allow_test.test_wrong
      p/allow_test.rego:17     | Eval ports := [81, 8081]
      p/allow_test.rego:18     | Eval result := allow.allow with input.ports as ports
      p/allow_test.rego:18     | Index data.allow.allow (matched 1 rule, early exit)
      p/allow.rego:5           | Enter data.allow.allow
      p/allow.rego:6           | | Eval some port in input.ports
      p/allow.rego:7           | | Eval lowest
      p/allow.rego:7           | | Index data.allow.lowest (matched 1 rule, early exit)
      p/allow.rego:11          | | Enter data.allow.lowest
      p/allow.rego:11          | | | Eval true
      p/allow.rego:11          | | | Exit data.allow.lowest early
      p/allow.rego:7           | | Eval port > lowest
      p/allow.rego:7           | | Fail port > lowest
      p/allow.rego:7           | | Redo lowest
      p/allow.rego:6           | | Redo some port in input.ports
      p/allow.rego:7           | | Eval lowest
      p/allow.rego:7           | | Eval port > lowest
      p/allow.rego:8           | | Eval even(port)
      p/allow.rego:8           | | Index data.allow.even (matched 1 rule)
      p/allow.rego:13          | | Enter data.allow.even
      p/allow.rego:13          | | | Eval true
      p/allow.rego:13          | | | Eval n % 2
      p/allow.rego:13          | | | Eval n % 2 == 0
      p/allow.rego:13          | | | Exit data.allow.even
      p/allow.rego:13          | | | Redo n % 2 == 0
      p/allow.rego:13          | | | Redo n % 2
      p/allow.rego:13          | | | Redo true
      p/allow.rego:8           | | Eval even(port) == true
      p/allow.rego:8           | | Fail even(port) == true
      p/allow.rego:8           | | Redo even(port)
      p/allow.rego:7           | | Redo port > lowest
      p/allow.rego:7           | | Redo lowest
      p/allow.rego:6           | | Redo some port in input.ports
      p/allow_test.rego:18     | Fail result := allow.allow with input.ports as ports
      p/allow_test.rego:17     | Redo ports := [81, 8081]

    SUMMARY
    --------------------------------------------------------------------------------
    p/allow_test.rego:16:
    data.allow_test.test_wrong: FAIL (TIME)
    --------------------------------------------------------------------------------
    FAIL: 1/1
    "#);
}

#[test]
fn notes_are_shown_behind_what_led_to_them() {
    let text = ALLOW.replace("not allow\n", "trace(\"almost\")\n\tallow\n");
    let root = folder(&[
        ("p/allow.rego", &text),
        ("p/t_test.rego", "package t\n\ntest_x if data.allow.deny with input.kind as \"bad\"\n"),
    ]);
    insta::assert_snapshot!(ec(root.path(), "opa test p --explain notes"), @r#"
    exit 2
    FAILURES
    --------------------------------------------------------------------------------
    data.t.test_x: FAIL (TIME)

      p/t_test.rego:3     Enter data.t.test_x
      p/allow.rego:17     | Enter data.allow.deny
      p/allow.rego:19     | | Note "almost"

    SUMMARY
    --------------------------------------------------------------------------------
    p/t_test.rego:3:
    data.t.test_x: FAIL (TIME)
    --------------------------------------------------------------------------------
    FAIL: 1/1
    "#);
}

#[test]
fn values_stand_under_the_variables_of_the_statement_that_failed() {
    let text =
        "package v\n\ntest_x if {\n\ta := [1, 2]\n\tb := \"x\"\n\tcount(a) == count([c | c := b])\n}\n";
    let root = folder(&[("v_test.rego", text)]);
    insta::assert_snapshot!(ec(root.path(), "opa test v_test.rego --var-values"), @r#"
    exit 2
    FAILURES
    --------------------------------------------------------------------------------
    data.v.test_x: FAIL (TIME)

      v_test.rego:6:
        	count(a) == count([c | c := b])
        	      |
        	      [1, 2]

    SUMMARY
    --------------------------------------------------------------------------------
    v_test.rego:3:
    data.v.test_x: FAIL (TIME)
    --------------------------------------------------------------------------------
    FAIL: 1/1
    "#);
}

#[test]
fn what_tests_print_is_listed_with_them() {
    insta::assert_snapshot!(ec(allow().path(), "opa test p --verbose --run denied"), @r#"
    exit 0
    p/allow_test.rego:11:
    data.allow_test.test_denied: PASS (TIME)

      denied bad

    --------------------------------------------------------------------------------
    PASS: 1/1
    "#);
}

#[test]
fn lines_that_no_test_reaches_are_not_covered() {
    insta::assert_snapshot!(ec(allow().path(), "opa test p --coverage --run even"), @r#"
    exit 0
    {
      "files": {
        "p/allow.rego": {
          "covered": [
            {
              "start": {
                "row": 5
              },
              "end": {
                "row": 8
              }
            },
            {
              "start": {
                "row": 11
              },
              "end": {
                "row": 11
              }
            },
            {
              "start": {
                "row": 13
              },
              "end": {
                "row": 13
              }
            }
          ],
          "not_covered": [
            {
              "start": {
                "row": 15
              },
              "end": {
                "row": 15
              }
            },
            {
              "start": {
                "row": 17
              },
              "end": {
                "row": 20
              }
            }
          ],
          "covered_lines": 6,
          "not_covered_lines": 5,
          "coverage": 54.54545454545455
        },
        "p/allow_test.rego": {
          "covered": [
            {
              "start": {
                "row": 7
              },
              "end": {
                "row": 8
              }
            }
          ],
          "not_covered": [
            {
              "start": {
                "row": 11
              },
              "end": {
                "row": 13
              }
            },
            {
              "start": {
                "row": 16
              },
              "end": {
                "row": 19
              }
            },
            {
              "start": {
                "row": 22
              },
              "end": {
                "row": 22
              }
            }
          ],
          "covered_lines": 2,
          "not_covered_lines": 8,
          "coverage": 20
        }
      },
      "covered_lines": 8,
      "not_covered_lines": 13,
      "coverage": 38.095238095238095
    }
    "#);
}

#[test]
fn too_little_coverage_is_told_and_ends_with_2() {
    let root = allow();
    insta::assert_snapshot!(ec(root.path(), "opa test p --threshold 90 --run even --verbose"), @r#"
    exit 2
    --- stderr
    Code coverage threshold not met: got 38.10 instead of 90.00
    Lines not covered:
    	p/allow.rego:15
    	p/allow.rego:17-20
    	p/allow_test.rego:11-13
    	p/allow_test.rego:16-19
    	p/allow_test.rego:22
    "#);
    assert!(ec(root.path(), "opa test p --threshold 10 --run even").starts_with("exit 0\n{\n"));
}

#[test]
fn there_is_no_coverage_as_long_as_a_test_fails() {
    insta::assert_snapshot!(ec(allow().path(), "opa test p --coverage --run wrong"), @r#"
    exit 1
    --- stderr
    data.allow_test.test_wrong: FAIL (TIME)
    "#);
}

#[test]
fn a_definition_that_cannot_hold_is_not_entered() {
    let policy = "package i\n\np := 1 if {\n\tinput.kind == \"a\"\n\tinput.x\n}\n\np := 2 if {\n\tinput.kind == \"b\"\n}\n\ntest_b if p == 2 with input as {\"kind\": \"b\"}\n";
    let root = folder(&[("i_test.rego", policy)]);
    let report = json(root.path(), "opa test i_test.rego -c");
    let missing = &report["files"]["i_test.rego"]["not_covered"];
    assert_eq!(*missing, serde_json::json!([{"start": {"row": 3}, "end": {"row": 5}}]));
}

#[test]
fn the_order_of_results_does_not_depend_on_how_many_run_at_once() {
    let root = allow();
    assert_eq!(ec(root.path(), "opa test p -v --parallel 4"), ec(root.path(), "opa test p -v --parallel 1"));
}

#[test]
fn cases_of_a_test_are_counted_and_those_without_an_answer_fail() {
    let text = "package c\n\ntest_double[name] if {\n\tsome name, case in {\"one\": [1, 2], \"two\": [2, 5]}\n\tcase[0] * 2 == case[1]\n}\n";
    let root = folder(&[("c_test.rego", text)]);
    insta::assert_snapshot!(ec(root.path(), "opa test c_test.rego"), @r#"
    exit 2
    c_test.rego:3:
    data.c.test_double: FAIL (TIME)
      one: PASS
      two: FAIL
    --------------------------------------------------------------------------------
    PASS: 1/2
    FAIL: 1/2
    "#);
    let results = json(root.path(), "opa test c_test.rego --format json");
    assert_eq!(results[0]["sub_results"]["two"], serde_json::json!({"name": "two", "fail": true}));
}

#[test]
fn junit_has_a_suite_for_each_package() {
    insta::assert_snapshot!(ec(allow().path(), "opa test p --format junit").replace(|c: char| c.is_ascii_digit(), "0"), @r#"
    exit 0
    <?xml version="0.0" encoding="UTF-0"?>
    <testsuites tests="0" failures="0" errors="0" skipped="0" time="0.000000">
      <testsuite name="data.allow_test" tests="0" failures="0" errors="0" skipped="0" time="0.000000">
        <testcase name="test_even_ports" classname="data.allow_test" file="p/allow_test.rego" line="0" time="0.000000">
        </testcase>
        <testcase name="test_denied" classname="data.allow_test" file="p/allow_test.rego" line="00" time="0.000000">
          <system-out>denied bad
    </system-out>
        </testcase>
        <testcase name="test_wrong" classname="data.allow_test" file="p/allow_test.rego" line="00" time="0.000000">
          <failure message="the test is not true"/>
        </testcase>
        <testcase name="todo_test_later" classname="data.allow_test" file="p/allow_test.rego" line="00" time="0.000000">
          <skipped/>
        </testcase>
      </testsuite>
    </testsuites>
    "#);
}

#[test]
fn names_that_are_ignored_are_not_loaded() {
    let root = folder(&[("p/a_test.rego", "package a\n\ntest_a if true\n"), ("p/broken/x.rego", "package")]);
    assert!(ec(root.path(), "opa test p").starts_with("exit 1\n"));
    insta::assert_snapshot!(ec(root.path(), "opa test p --ignore brok*"), @r#"
    exit 0
    PASS: 1/1
    "#);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let root = allow();
    insta::assert_snapshot!(ec(root.path(), "opa test p --format gobench --threshold 101 --explain why --sort size"), @r#"
    exit 2
    --- stderr
    Error: cannot use output format gobench without running benchmarks (--bench)
    Error: "why" is no explanation
      help: fails, full, notes or debug
    Error: Code coverage threshold must be between 0 and 100
    Error: "size" is no order
      help: none or duration
    "#);
    assert!(ec(root.path(), "opa test p --watch").contains("unknown flag: --watch"));
    insta::assert_snapshot!(ec(root.path(), "opa test p --run nothing --fail-on-empty"), @r#"
    exit 1
    --- stderr
    no tests were run
    "#);
}
