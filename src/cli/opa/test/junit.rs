//! The results of tests as `JUnit` XML: one suite a package, one test case a test.

use std::fmt::Write as _;

use super::super::load::Loaded;
use super::run::Ran;
use crate::rego::testing::Verdict;
use crate::report::xml::{attribute, character_data};

/// The document.
pub(super) fn render(loaded: &Loaded, ran: &[Ran]) -> String {
    let mut packages: Vec<&str> = ran.iter().map(|it| it.test.package.as_str()).collect();
    packages.sort_unstable();
    packages.dedup();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    totals(&mut out, ran.iter());
    out.push_str(">\n");
    for package in packages {
        let tests = || ran.iter().filter(|it| it.test.package == package);
        out.push_str("  <testsuite");
        attribute(&mut out, "name", package);
        totals(&mut out, tests());
        out.push_str(">\n");
        tests().for_each(|it| case(&mut out, loaded, it));
        out.push_str("  </testsuite>\n");
    }
    out + "</testsuites>\n"
}

fn totals<'a>(out: &mut String, ran: impl Iterator<Item = &'a Ran> + Clone) {
    let count = |wanted: fn(&Verdict) -> bool| ran.clone().filter(|it| wanted(&it.verdict)).count();
    let all = [
        ("tests", ran.clone().count()),
        ("failures", count(|it| *it == Verdict::Failed)),
        ("errors", count(|it| matches!(it, Verdict::Error(_) | Verdict::Undecided(_)))),
        ("skipped", count(|it| *it == Verdict::Skipped)),
    ];
    for (name, number) in all {
        attribute(out, name, &number.to_string());
    }
    let time: f64 = ran.map(|it| it.duration.as_secs_f64()).sum();
    attribute(out, "time", &format!("{time:.6}"));
}

fn case(out: &mut String, loaded: &Loaded, it: &Ran) {
    let sources = loaded.policy.sources();
    out.push_str("    <testcase");
    attribute(out, "name", &it.test.name);
    attribute(out, "classname", &it.test.package);
    attribute(out, "file", sources.name(it.test.span));
    attribute(out, "line", &sources.position(it.test.span).row.to_string());
    attribute(out, "time", &format!("{:.6}", it.duration.as_secs_f64()));
    out.push_str(">\n");
    let (element, message) = match &it.verdict {
        Verdict::Passed => ("", String::new()),
        Verdict::Failed => ("failure", failed_cases(it)),
        Verdict::Skipped => ("skipped", String::new()),
        Verdict::Error(error) => ("error", error.opa_text(sources)),
        Verdict::Undecided(why) => ("error", why.clone()),
    };
    if !element.is_empty() {
        let _ = write!(out, "      <{element}");
        if !message.is_empty() {
            attribute(out, "message", &message);
        }
        out.push_str("/>\n");
    }
    if !it.output.is_empty() {
        let _ = writeln!(out, "      <system-out>{}</system-out>", character_data(&it.output));
    }
    out.push_str("    </testcase>\n");
}

fn failed_cases(it: &Ran) -> String {
    let failed: Vec<&str> =
        it.cases.iter().filter(|case| !case.passed).map(|case| case.name.as_str()).collect();
    if failed.is_empty() { "the test is not true".to_owned() } else { failed.join("; ") }
}
