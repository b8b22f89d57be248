//! The Rego engine against what OPA answers: the public compliance suite, expressions answered by OPA 1.15.2, and the
//! unit tests of the released policies. Cases that we do not match stand in `rego/known_differences`, with a reason; a
//! listed case that passes fails the test, as an unlisted one that fails does.
//!
//! `EC_CONFORMANCE_LOG=FILE` writes every mismatch in full to files beside it. `EC_CONFORMANCE_UPDATE=1` rewrites the
//! lists: what passes goes, what fails is added as `not yet`, to be given its reason by hand.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

#[path = "rego/case.rs"]
mod case;
#[path = "rego/differences.rs"]
mod differences;
#[path = "rego/expressions.rs"]
mod expressions;
#[path = "rego/policy.rs"]
mod policy;
#[path = "rego/suite.rs"]
mod suite;
#[path = "rego/used.rs"]
mod used;

use std::path::PathBuf;

/// Where the conformance data is, if it is there.
fn shared(part: &str) -> Option<PathBuf> {
    let root = std::env::var_os("EC_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = root.join("conformance").join(part);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: conformance/{part}: {} not found", path.display());
    None
}

#[test]
fn the_compliance_suite_answers_as_opa_does() {
    if let Some(folder) = shared("opa") {
        differences::check("opa", suite::run(&folder));
    }
}

#[test]
fn expressions_answer_as_opa_does() {
    if let Some(folder) = shared("expressions") {
        differences::check("expressions", expressions::run(&folder));
    }
}

#[test]
fn the_released_policies_pass_the_tests_that_they_pass_with_opa() {
    if let Some(folder) = shared("conforma-policy") {
        differences::check("policy", policy::run(&folder));
    }
}

#[test]
fn no_difference_touches_what_the_released_policies_use() {
    let (Some(policies), Some(opa), Some(asked)) =
        (shared("conforma-policy"), shared("opa"), shared("expressions"))
    else {
        return;
    };
    let used = used::by_policies(&policies);
    assert!(used.functions.contains("json.match_schema") && used.constructs.contains("every"));
    let listed = differences::listed;
    let touching = suite::touching(&opa, &listed("opa"), &used).into_iter().chain(expressions::touching(
        &asked,
        &listed("expressions"),
        &used,
    ));
    differences::check_explained(&touching.collect());
    assert!(listed("policy").is_empty(), "their own tests are what they use");
}
