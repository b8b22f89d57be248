//! `--output summary-markdown`: five rows for a pull request.

use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use super::view::Totals;
use crate::model::{RunReport, Verdict};

const PASS: &str = ":white_check_mark:";
const FAIL: &str = ":x:";

/// The table.
pub(super) fn render(report: &RunReport) -> String {
    let Totals { violations, warnings, successes } = Totals::of(report);
    let icon = |good: bool| if good { PASS } else { FAIL };
    let time =
        strtime::format("%Y-%m-%d %H:%M:%S", &report.created.to_zoned(TimeZone::UTC)).unwrap_or_default();
    let word = if report.verdict() == Verdict::Incomplete { "incomplete" } else { "" };
    format!(
        "| Field     | Value |Status|\n\
         |-----------|-------|-------|\n\
         | Time | {time} |  |\n\
         | Successes | {successes} | {} |\n\
         | Failures | {violations} | {} |\n\
         | Warnings | {warnings} | {} |\n\
         | Result | {word} | {} |\n",
        icon(successes >= 1 && violations == 0),
        icon(violations == 0),
        icon(warnings == 0),
        icon(report.success()),
    )
}
