//! `--output summary`: counts, and the first message of each code.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::options::Options;
use super::view::{View, views};
use super::{go_json, go_value};
use crate::model::{Failure, Finding, RunReport, Verdict};

#[derive(Serialize)]
struct Summary<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    snapshot: &'a str,
    components: Option<Vec<Component<'a>>>,
    /// Never true, whatever the verdict: readers know this field so. Ours is `verdict`.
    success: bool,
    key: &'a str,
    verdict: Verdict,
}

#[derive(Serialize)]
struct Component<'a> {
    name: &'a str,
    success: bool,
    violations: BTreeMap<String, Vec<String>>,
    warnings: BTreeMap<String, Vec<String>>,
    successes: BTreeMap<String, Vec<String>>,
    total_violations: usize,
    total_warnings: usize,
    total_successes: usize,
    verdict: Verdict,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failures: Vec<&'a Failure>,
}

/// One line.
pub(super) fn render(report: &RunReport, options: Options) -> String {
    let components: Vec<_> = views(report, options).iter().map(component).collect();
    go_json::to_string(&Summary {
        snapshot: &report.snapshot,
        components: (!components.is_empty()).then_some(components),
        success: false,
        key: &report.key,
        verdict: report.verdict(),
    })
}

fn component<'a>(view: &View<'a>) -> Component<'a> {
    Component {
        name: &view.component.id.name,
        success: view.verdict == Verdict::Pass,
        violations: condensed(&view.violations),
        warnings: condensed(&view.warnings),
        successes: condensed(&view.successes),
        total_violations: view.violations.len(),
        total_warnings: view.warnings.len(),
        total_successes: view.success_count,
        verdict: view.verdict,
        failures: view.component.outcome.failures(),
    }
}

/// By code; what has no code is counted only.
fn condensed(findings: &[Cow<'_, Finding>]) -> BTreeMap<String, Vec<String>> {
    let mut by_code: BTreeMap<String, (String, usize)> = BTreeMap::new();
    for finding in findings {
        let Some(code) = finding.metadata.get("code") else { continue };
        let code = match code {
            Value::String(code) => code.clone(),
            other => go_value::plain(other),
        };
        by_code.entry(code).or_insert_with(|| (finding.msg.to_string(), 0)).1 += 1;
    }
    let lines = |code: &str, (first, count): (String, usize)| match count {
        1 => vec![first],
        _ => vec![first, format!("There are {} more {} messages", count - 1, go_value::quoted(code))],
    };
    by_code
        .into_iter()
        .map(|(code, told)| {
            let told = lines(&code, told);
            (code, told)
        })
        .collect()
}
