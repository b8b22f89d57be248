//! What "equal" means for each kind of output; the README beside the cases has the rules.

use std::sync::LazyLock;

use regex::Regex;

use crate::documents;

/// How a part differs from what is expected; none if it does not.
pub(crate) fn part(name: &str, expected: Option<String>, actual: Option<String>) -> Option<String> {
    let (expected, actual) = match (expected, actual) {
        (Some(expected), Some(actual)) => (expected, actual),
        (Some(_), None) => return Some("was not written".to_owned()),
        (None, Some(_)) => return Some("was written, but should not".to_owned()),
        (None, None) => return None,
    };
    match name {
        "exit" => same(expected.trim(), actual.trim()),
        "stderr.txt" => stderr(&expected, &actual),
        "policy-input.json" => documents::json_lines(&expected, &actual),
        "attestations.jsonl" => same(&expected, &actual),
        "junit.xml" => junit(&expected, &actual),
        "report.yaml" => documents::yaml(&expected, &actual),
        _ if documents::is_json(&expected) => documents::json(&expected, &actual),
        _ => text(&expected, &actual),
    }
}

/// What stands before the words of a library in a message of a built-in check.
const BEFORE_LIBRARY_WORDS: [&str; 5] = [
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

fn same(expected: &str, actual: &str) -> Option<String> {
    (!fits(expected, actual)).then(|| format!("expected {expected:?}, got {actual:?}"))
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

/// Errors by what they are about; log lines are another format.
fn stderr(expected: &str, actual: &str) -> Option<String> {
    let errors = |text: &str| -> String {
        let from = text.find("Error: ").filter(|at| *at == 0 || text[..*at].ends_with('\n'));
        from.map(|at| text[at..].to_owned()).unwrap_or_default()
    };
    let (expected, actual) = (errors(expected), errors(actual));
    if expected.is_empty() != actual.is_empty() {
        return Some(format!("expected {expected:?}, got {actual:?}"));
    }
    let wanted = subjects(&expected);
    let told =
        wanted.is_empty() || expected == actual || wanted.iter().any(|it| actual.contains(it.as_str()));
    (!told).then(|| format!("expected one of {wanted:?} in {actual:?}"))
}

/// What an error is about: quoted words, flags, paths and references.
fn subjects(error: &str) -> Vec<String> {
    // Which component noticed a broken policy is of no account: ours is checked before the first one.
    let noticed = Regex::new(r"error validating image \S+ of component \S+: ").expect("pattern");
    let error = noticed.replace_all(error.trim_start_matches("Error: "), "");
    if error.starts_with("success criteria not met") {
        return vec!["success criteria not met".to_owned()];
    }
    // Of quoted code the first word is enough.
    let inside = |quote: char| {
        let inside = error.split(quote).skip(1).step_by(2);
        inside.filter_map(|it| it.split_whitespace().next()).map(str::to_owned).collect::<Vec<_>>()
    };
    let quoted = [inside('"'), inside('\''), inside('`')].concat();
    let words =
        error.split([' ', '\n', ',', ';', '"', '\'', '(', ')']).map(|it| it.trim_end_matches([':', '.']));
    // Of a path in a temporary folder the file's name is enough.
    let named = words
        .filter(|it| it.contains('/') || it.starts_with("--"))
        .map(|it| if it.starts_with("{tmp}") { it.rsplit('/').next().unwrap_or(it) } else { it }.to_owned());
    quoted.into_iter().chain(named).filter(|it| it.len() > 2).collect()
}

/// Suites in any order; the rest as it is.
fn junit(expected: &str, actual: &str) -> Option<String> {
    // Character data repeats the attribute beside it.
    let characters = Regex::new(r"(?s)<!\[CDATA\[.*?\]\]>").expect("pattern");
    let plain =
        |text: &str| without_library_words(&characters.replace_all(text, ""), &["\"", " [description="]);
    let (expected, actual) = (&plain(expected), &plain(actual));
    let suites = |text: &str| {
        let mut suites: Vec<_> = text.trim_end().split("<testsuite ").map(str::to_owned).collect();
        for suite in &mut suites {
            if let Some(rest) = suite.strip_suffix("</testsuites>") {
                *suite = rest.to_owned();
            }
        }
        suites.sort();
        suites
    };
    let (expected, actual) = (suites(expected), suites(actual));
    if expected.len() != actual.len() {
        return Some(format!("expected {} suites, got {}", expected.len() - 1, actual.len() - 1));
    }
    expected.iter().zip(&actual).find_map(|(expected, actual)| same(expected, actual))
}

/// The same lines. Of several components the blocks come in any order.
fn text(expected: &str, actual: &str) -> Option<String> {
    // A line separator could forge a line of the report, so ours spells it out.
    let expected = expected.replace('\u{2028}', "\\u2028");
    let expected = if expected == "development" { "{version}".to_owned() } else { expected };
    let plain = |text: &str| without_library_words(text, &["\n  Title:", "\n\n"]);
    let (expected, actual) = (plain(&expected), plain(&without_ours(actual)));
    let (mut expected, mut actual) = (blocks(&expected), blocks(&actual));
    if expected.iter().any(|block| block.starts_with("Components:")) {
        expected.sort();
        actual.sort();
    }
    if expected.len() == actual.len()
        && expected.iter().zip(&actual).all(|(expected, actual)| fits(expected, actual))
    {
        return None;
    }
    let missing: Vec<_> = expected.iter().filter(|it| !actual.iter().any(|other| fits(it, other))).collect();
    let more: Vec<_> = actual.iter().filter(|it| !expected.iter().any(|other| fits(other, it))).collect();
    Some(format!("missing {missing:#?}, not expected {more:#?}"))
}

/// Paragraphs; a heading that stands right before the first entry is one of its own.
fn blocks(text: &str) -> Vec<String> {
    let text = text
        .trim_end()
        .replace("\nResults:\n", "\nResults:\n\n")
        .replace("\nComponents:\n", "\nComponents:\n\n");
    text.split("\n\n").map(|block| block.trim_matches('\n').to_owned()).filter(|it| !it.is_empty()).collect()
}

/// Without the lines that only our report has, between the counts and the first component.
fn without_ours(text: &str) -> String {
    let mut lines = Vec::new();
    let mut in_header = true;
    for line in text.split('\n') {
        in_header &= !(line.is_empty() || line.starts_with("Component: "));
        let ours =
            ["Undecided: ", "Skipped: ", "Policy warning: ", "  "].iter().any(|it| line.starts_with(it));
        if !(in_header && ours) {
            lines.push(line);
        }
    }
    lines.join("\n")
}

#[test]
fn a_placeholder_stands_for_any_text() {
    assert!(fits("a{time}c{version}", "abbc1.0"));
    assert!(fits("{now}", "2025-01-01T00:00:00Z"));
    assert!(!fits("a{time}c", "ab"));
    assert!(!fits("x", "y"));
}

#[test]
fn errors_are_compared_by_what_they_are_about() {
    assert_eq!(
        stderr("Error: open ./absent.json: no such file\n", "Error: ./absent.json cannot be read\n"),
        None
    );
    assert_eq!(stderr("time=x level=warning\n", "WARN y\n"), None);
    assert_eq!(stderr("Error: success criteria not met\n", "Error: success criteria not met\n"), None);
    assert!(stderr("Error: open ./absent.json\n", "Error: something else\n").is_some());
    assert!(stderr("", "Error: x\n").is_some());
    assert!(stderr("Error: x\n", "").is_some());
}

#[test]
fn blocks_of_several_components_come_in_any_order_and_ours_are_left_out() {
    let expected =
        "Success: true\nResult: SUCCESS\n\nComponents:\n- Name: a\n\n- Name: b\n\nResults:\nx 1\n\nx 2\n\n";
    let actual = "Success: true\nResult: SUCCESS\nSkipped: y\nUndecided: 1\n  cause\n\nComponents:\n- Name: b\n\n- Name: a\n\nResults:\nx 2\n\nx 1\n\n";
    assert_eq!(text(expected, actual), None);
    assert!(text(expected, &actual.replace("x 1", "x 3")).is_some());
    let one = |order: &str| format!("Success: true\nComponent: a\n\nResults:\n{order}\n\n");
    assert!(text(&one("x 1\n\nx 2"), &one("x 2\n\nx 1")).is_some(), "one component keeps its order");
}
