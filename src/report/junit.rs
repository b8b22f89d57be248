//! `--output junit`: one suite a component, one test case a result. What is undecided is an `error`.

use std::fmt::Write as _;

use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::go_value;
use super::options::Options;
use super::view::{View, views};
use super::xml::{attribute, legal_text};
use crate::model::{Failure, Finding, Outcome, RunReport, Verdict};

#[derive(Default, Clone, Copy)]
struct Counts {
    tests: usize,
    errors: usize,
    failures: usize,
    skipped: usize,
}

/// The document, in one line and without a declaration.
pub(super) fn render(report: &RunReport, options: Options) -> String {
    let time =
        strtime::format("%Y-%m-%dT%H:%M:%SZ", &report.created.to_zoned(TimeZone::UTC)).unwrap_or_default();
    let mut sum = Counts::default();
    let mut suites = String::new();
    for view in views(report, options) {
        let counts = counts(&view);
        sum.tests += counts.tests;
        sum.errors += counts.errors;
        sum.failures += counts.failures;
        sum.skipped += counts.skipped;
        suite(&mut suites, report, &view, counts, &time);
    }
    let mut out = String::from("<testsuites");
    for (name, count) in
        [("tests", sum.tests), ("errors", sum.errors), ("failures", sum.failures), ("skipped", sum.skipped)]
    {
        if count > 0 {
            attribute(&mut out, name, &count.to_string());
        }
    }
    out + ">" + &suites + "</testsuites>"
}

fn counts(view: &View<'_>) -> Counts {
    let errors = view.component.outcome.failures().len();
    let (failures, skipped) = (view.violations.len(), view.warnings.len());
    Counts { tests: view.successes.len() + failures + skipped + errors, errors, failures, skipped }
}

fn suite(out: &mut String, report: &RunReport, view: &View<'_>, counts: Counts, time: &str) {
    let component = view.component;
    out.push_str("<testsuite");
    attribute(out, "name", &format!("{} ({})", component.id.name, component.container_image));
    attribute(out, "tests", &counts.tests.to_string());
    attribute(out, "failures", &counts.failures.to_string());
    attribute(out, "errors", &counts.errors.to_string());
    attribute(out, "id", "0");
    if counts.skipped > 0 {
        attribute(out, "skipped", &counts.skipped.to_string());
    }
    attribute(out, "time", "");
    attribute(out, "timestamp", time);
    out.push_str("><properties>");
    for (name, value) in properties(report, view) {
        out.push_str("<property");
        attribute(out, "name", &name);
        attribute(out, "value", &value);
        out.push_str("></property>");
    }
    out.push_str("</properties>");
    for finding in &view.successes {
        test_case(out, &title(finding), None);
    }
    for finding in &view.violations {
        test_case(out, &title(finding), Some(("failure", &finding.msg)));
    }
    for finding in &view.warnings {
        test_case(out, &title(finding), Some(("skipped", &finding.msg)));
    }
    errors(out, &component.outcome);
    out.push_str("</testsuite>");
}

fn properties(report: &RunReport, view: &View<'_>) -> Vec<(String, String)> {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let success = view.verdict == Verdict::Pass;
    let mut properties = vec![
        pair("image", &view.component.container_image),
        pair("key", &report.key),
        pair("success", if success { "true" } else { "false" }),
    ];
    for signature in &view.component.signatures {
        properties.push(pair("keyId", &signature.keyid));
        properties.push(pair("signature", &signature.sig));
        let metadata = signature.metadata.iter();
        properties.extend(metadata.map(|(key, value)| (format!("metadata.{key}"), value.clone())));
    }
    properties
}

fn errors(out: &mut String, outcome: &Outcome) {
    let told = |failure: &Failure| format!("{} ({})", failure.message, failure.target);
    match outcome {
        Outcome::Failed(failure) => {
            let title = format!("{}: {}", failure.stage, failure.message);
            test_case(out, &title, Some(("error", &told(failure))));
        }
        Outcome::Judged(judged) => {
            for undecided in &judged.undecided {
                let title = format!("{}: {}", undecided.rule, undecided.failure.message);
                test_case(out, &title, Some(("error", &told(&undecided.failure))));
            }
        }
    }
}

/// `code: message [key=value, …]`
fn title(finding: &Finding) -> String {
    let mut told: Vec<_> = finding
        .metadata
        .iter()
        .filter(|(key, _)| *key != "code")
        .map(|(key, value)| format!("{key}={}", go_value::plain(value)))
        .collect();
    told.sort();
    let mut title = match finding.metadata.get("code") {
        Some(Value::String(code)) => format!("{code}: "),
        _ => String::new(),
    };
    title.push_str(&finding.msg);
    if !told.is_empty() {
        let _ = write!(title, " [{}]", told.join(", "));
    }
    title
}

fn test_case(out: &mut String, title: &str, result: Option<(&str, &str)>) {
    out.push_str("<testcase");
    attribute(out, "name", title);
    attribute(out, "classname", title);
    out.push('>');
    if let Some((element, message)) = result {
        out.push('<');
        out.push_str(element);
        attribute(out, "message", message);
        out.push_str("><![CDATA[");
        out.push_str(&legal_text(message).replace("]]>", "]]]]><![CDATA[>"));
        let _ = write!(out, "]]></{element}>");
    }
    out.push_str("</testcase>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threat_46_what_xml_forbids_is_replaced_and_cdata_cannot_be_left() {
        let mut out = String::new();
        test_case(&mut out, "a\u{0}<'\">", Some(("failure", "x\u{1b}]]><evil/>")));
        insta::assert_snapshot!(
            out,
            @r#"<testcase name="a�&lt;&#39;&#34;&gt;" classname="a�&lt;&#39;&#34;&gt;"><failure message="x�]]&gt;&lt;evil/&gt;"><![CDATA[x�]]]]><![CDATA[><evil/>]]></failure></testcase>"#
        );
    }
}
