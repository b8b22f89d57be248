//! Standard error: errors and warnings by what they are about; the format of a log line is another.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::difference::Difference;

/// What our warnings say where the expected line names nothing.
const WORDS: [(&str, &str); 2] = [
    ("Image signature check skipped", "skipped: image-signature"),
    ("Attestation signature check skipped", "skipped: attestation-signature"),
];

/// How it differs.
pub(crate) fn stderr(expected: &str, actual: &str) -> Vec<Difference> {
    let mut found: Vec<_> = error(expected, actual).into_iter().collect();
    let told = warnings(expected).into_iter().filter(|line| {
        let subjects = subjects(line);
        !actual.contains(line.as_str())
            && !WORDS.iter().any(|(theirs, ours)| line.starts_with(theirs) && actual.contains(ours))
            && !subjects.iter().any(|it| actual.contains(it.as_str()))
    });
    found.extend(told.map(|line| Difference::missing("log", line)));
    found
}

/// The messages of log lines that anybody sees, each once.
fn warnings(text: &str) -> BTreeSet<String> {
    static LINE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?m)^time=\S+ level=(?:warning|error) msg=("(?:[^"\\]|\\.)*"|\S+)(.*)$"#)
            .expect("pattern")
    });
    let message = |found: regex::Captures<'_>| {
        let (message, fields) = (&found[1], &found[2]);
        let message = serde_json::from_str(message).unwrap_or_else(|_| message.to_owned());
        message + fields
    };
    LINE.captures_iter(text).map(message).collect()
}

fn error(expected: &str, actual: &str) -> Option<Difference> {
    let errors = |text: &str| -> String {
        let from = text.find("Error: ").filter(|at| *at == 0 || text[..*at].ends_with('\n'));
        from.map(|at| text[at..].to_owned()).unwrap_or_default()
    };
    let (expected, actual) = (errors(expected), errors(actual));
    if expected.is_empty() != actual.is_empty() {
        return Some(Difference::other("error", format!("{expected:?}"), format!("{actual:?}")));
    }
    let wanted = subjects(&expected);
    let told =
        wanted.is_empty() || expected == actual || wanted.iter().any(|it| actual.contains(it.as_str()));
    (!told).then(|| Difference::other("error", format!("one of {wanted:?}"), format!("{actual:?}")))
}

/// What an error is about: quoted words, flags, paths and references.
fn subjects(error: &str) -> Vec<String> {
    // Which component noticed a broken policy is of no account: ours is checked before the first one.
    static NOTICED: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"error validating image \S+ of component \S+: ").expect("pattern"));
    let error = NOTICED.replace_all(error.trim_start_matches("Error: "), "");
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

#[test]
fn errors_are_compared_by_what_they_are_about() {
    let equal = |expected: &str, actual: &str| stderr(expected, actual).is_empty();
    assert!(equal("Error: open ./absent.json: no such file\n", "Error: ./absent.json cannot be read\n"));
    assert!(equal("Error: success criteria not met\n", "Error: success criteria not met\n"));
    assert!(!equal("Error: open ./absent.json\n", "Error: something else\n"));
    assert!(!equal("", "Error: x\n"));
    assert!(!equal("Error: x\n", ""));
}

#[test]
fn a_warning_that_nobody_tells_is_a_difference() {
    let warning = "time=\"{time}\" level=warning msg=\"Invalid \\\"date\\\" value \\\"some\\\"\"\n";
    assert_eq!(stderr(warning, "WARN date some\n"), []);
    let untold = stderr(warning, "");
    assert_eq!(untold, [Difference("log - Invalid \"date\" value \"some\"".to_owned())]);
    let skipped = "time=\"{time}\" level=warning msg=\"Image signature check skipped\"\n";
    assert_eq!(stderr(skipped, "WARN skipped: image-signature (x)\n"), []);
    assert_eq!(stderr("time=\"{time}\" level=info msg=x\n", ""), []);
}
