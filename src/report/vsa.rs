//! `--output vsa`: the predicate of a verification summary for the whole snapshot, unsigned. What is incomplete has
//! not passed.

use std::collections::HashSet;

use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::go_json;
use super::options::Options;
use super::view::{Totals, View, views};
use crate::model::{PolicySpec, RunReport, Verdict};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Predicate<'a> {
    policy: &'a PolicySpec,
    image_refs: Vec<&'a str>,
    timestamp: String,
    status: &'static str,
    verifier: &'static str,
    summary: Summary<'a>,
}

#[derive(Serialize)]
struct Summary<'a> {
    snapshot: &'a str,
    components: usize,
    success: bool,
    key: &'a str,
    ec_version: &'a str,
    component_details: Vec<Component<'a>>,
    #[serde(rename = "Violations")]
    violations: usize,
    #[serde(rename = "Warnings")]
    warnings: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Component<'a> {
    name: &'a str,
    container_image: &'a str,
    success: bool,
    violations: usize,
    warnings: usize,
    /// Of the listed ones.
    successes: usize,
    verdict: Verdict,
}

/// One line.
pub(super) fn render(report: &RunReport, options: Options) -> String {
    let totals = Totals::of(report);
    let mut seen = HashSet::new();
    let images = report.components.iter().map(|component| &*component.container_image);
    go_json::to_string(&Predicate {
        policy: &report.policy,
        image_refs: images.filter(|image| seen.insert(*image)).collect(),
        timestamp: strtime::format("%Y-%m-%dT%H:%M:%SZ", &report.created.to_zoned(TimeZone::UTC))
            .unwrap_or_default(),
        status: if report.success() { "passed" } else { "failed" },
        verifier: "conforma",
        summary: Summary {
            snapshot: &report.snapshot,
            components: report.components.len(),
            success: report.success(),
            key: &report.key,
            ec_version: &report.version,
            component_details: views(report, options).iter().map(component).collect(),
            violations: totals.violations,
            warnings: totals.warnings,
        },
    })
}

fn component<'a>(view: &View<'a>) -> Component<'a> {
    Component {
        name: &view.component.id.name,
        container_image: &view.component.container_image,
        success: view.verdict == Verdict::Pass,
        violations: view.violations.len(),
        warnings: view.warnings.len(),
        successes: view.successes.len(),
        verdict: view.verdict,
    }
}
