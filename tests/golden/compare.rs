//! What "equal" means for each kind of output; the README beside the cases has the rules.

use std::sync::LazyLock;

use regex::Regex;

use crate::difference::Difference;
use crate::{documents, stderr, text};

/// How a part differs from what is expected.
pub(crate) fn part(name: &str, expected: Option<&str>, actual: Option<&str>) -> Vec<Difference> {
    let (expected, actual) = match (expected, actual) {
        (Some(expected), Some(actual)) => (expected, actual),
        (Some(_), None) => return vec![Difference::missing("", "not written")],
        (None, Some(_)) => return vec![Difference::more("", "written")],
        (None, None) => return Vec::new(),
    };
    match name {
        "exit" => same(expected.trim(), actual.trim()),
        "stderr.txt" => stderr::stderr(expected, actual),
        "policy-input.json" => documents::json_lines(expected, actual),
        "attestations.jsonl" => same(expected, actual),
        "junit.xml" => text::junit(expected, actual),
        "report.yaml" => documents::yaml(expected, actual),
        _ if documents::is_json(expected) => documents::json(expected, actual),
        _ => text::text(expected, actual),
    }
}

/// What stands before the words of a library in a message of a built-in check.
const BEFORE_LIBRARY_WORDS: [&str; 6] = [
    "malformed attestation data: ",
    "no matching attestations: ",
    "no matching signatures: ",
    "unable to parse as SLSA v0.2: ",
    "unable to parse as SLSA v1: ",
    "Image URL is not accessible: ",
];

/// The text report wraps lines, so a blank may be a line break.
static PATTERNS: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    let pattern = |before: &str| {
        let words: Vec<_> = before.split_whitespace().map(regex::escape).collect();
        Regex::new(&(words.join(r"\s+") + r"\s+")).expect("pattern")
    };
    BEFORE_LIBRARY_WORDS.iter().map(|before| (*before, pattern(before))).collect()
});

/// A reimplementation need not use the same words: the case's code, subject and exit status say enough. They end
/// where one of `ends` stands, or with the text.
pub(crate) fn without_library_words(text: &str, ends: &[&str]) -> String {
    let mut out = text.to_owned();
    for (before, pattern) in &*PATTERNS {
        let mut done = String::new();
        let mut rest = out.as_str();
        while let Some(found) = pattern.find(rest) {
            done.push_str(&rest[..found.start()]);
            done.push_str(before);
            rest = &rest[found.end()..];
            rest = &rest[ends.iter().filter_map(|it| rest.find(it)).min().unwrap_or(rest.len())..];
        }
        out = done + rest;
    }
    out
}

fn same(expected: &str, actual: &str) -> Vec<Difference> {
    if fits(expected, actual) { Vec::new() } else { vec![Difference::other("", expected, actual)] }
}

/// Placeholders stand for any text without blanks or quotes but `{time}`, which may hold blanks.
const PLACEHOLDERS: [&str; 4] = ["{time}", "{now}", "{version}", "{tmp}"];

/// Does the text fit, with any text in the place of a placeholder?
pub(crate) fn fits(expected: &str, actual: &str) -> bool {
    let first = PLACEHOLDERS.iter().filter_map(|it| Some((expected.find(it)?, it.len()))).min();
    let Some((at, length)) = first else { return expected == actual };
    let Some(rest) = actual.strip_prefix(&expected[..at]) else { return false };
    let after = &expected[at + length..];
    rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| fits(after, &rest[at..]))
}

#[test]
fn a_placeholder_stands_for_any_text() {
    assert!(fits("a{time}c{version}", "abbc1.0"));
    assert!(fits("{now}", "2025-01-01T00:00:00Z"));
    assert!(!fits("a{time}c", "ab"));
    assert!(!fits("x", "y"));
}
