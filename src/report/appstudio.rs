//! `--output appstudio` (alias `hacbs`): the `TEST_OUTPUT` result of a Tekton task. It is read by machines that
//! know `SUCCESS`, `WARNING`, `FAILURE`, `SKIPPED` and `ERROR`; `ERROR` is everything that is not decided.

use jiff::Timestamp;
use serde::Serialize;

use super::view::{Totals, Word};
use super::{causes, go_json, sanitise};
use crate::model::RunReport;

/// Bytes of the encoded note. A task's results share 4 KiB, and this is one of them.
const NOTE: usize = 1024;

#[derive(Serialize)]
struct TestOutput {
    timestamp: String,
    namespace: &'static str,
    successes: usize,
    failures: usize,
    warnings: usize,
    result: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
}

/// The result of a run that ended.
pub(super) fn render(report: &RunReport) -> String {
    let totals = Totals::of(report);
    let (result, note) = match totals.word(report.verdict()) {
        Word::Success => ("SUCCESS", String::new()),
        Word::Warning => ("WARNING", String::new()),
        Word::Failure => ("FAILURE", String::new()),
        Word::Skipped => ("SKIPPED", String::new()),
        Word::Incomplete => ("ERROR", cut(&causes::sentence(report))),
    };
    go_json::to_string(&TestOutput {
        timestamp: report.created.as_second().to_string(),
        namespace: "",
        successes: totals.successes,
        failures: totals.violations,
        warnings: totals.warnings,
        result,
        note,
    })
}

/// The result of a run that never began, with the reason; it ends in a newline.
pub fn could_not_start(reason: &str, at: Timestamp) -> Vec<u8> {
    let mut text = go_json::to_string(&TestOutput {
        timestamp: at.as_second().to_string(),
        namespace: "",
        successes: 0,
        failures: 0,
        warnings: 0,
        result: "ERROR",
        note: cut(reason),
    });
    text.push('\n');
    text.into_bytes()
}

/// One line whose JSON spelling stays within [`NOTE`].
fn cut(text: &str) -> String {
    let mut note = sanitise::line(text);
    let mut shortened = false;
    while go_json::to_string(&note).len() - 2 + if shortened { "…".len() } else { 0 } > NOTE {
        // What is too long by far is first cut to what could fit at best.
        let keep = note.floor_char_boundary((note.len() - 1).min(NOTE));
        note.truncate(keep);
        shortened = true;
    }
    if shortened {
        note.push('…');
    }
    note
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn what_is_undecided_is_an_error_with_a_note() {
        let report = sample::undecided_everywhere(2, |_| "connection refused".to_owned());
        insta::assert_snapshot!(
            render(&report),
            @r#"{"timestamp":"0","namespace":"","successes":0,"failures":0,"warnings":0,"result":"ERROR","note":"2 of 2 components undecided. fetch, unavailable: connection refused (registry.example); trying again may help: c0, c1"}"#
        );
    }

    #[test]
    fn a_run_that_could_not_start_is_an_error_too() {
        let bytes = could_not_start("policy.yaml: unknown field \"x\"\nmore", Timestamp::UNIX_EPOCH);
        insta::assert_snapshot!(
            String::from_utf8(bytes).expect("text"),
            @r#"{"timestamp":"0","namespace":"","successes":0,"failures":0,"warnings":0,"result":"ERROR","note":"policy.yaml: unknown field \"x\"\\nmore"}"#
        );
    }

    #[test]
    fn a_note_is_never_longer_than_a_kibibyte_however_it_is_spelled() {
        for text in
            ["x".repeat(5000), "<".repeat(5000), "é".repeat(5000), "\u{1b}".repeat(3000), "\"".repeat(1025)]
        {
            let encoded = go_json::to_string(&cut(&text)).len() - 2;
            assert!((1000..=NOTE).contains(&encoded), "{encoded}");
        }
    }
}
