//! The table of cases. A line that begins a case: `NAME same`, `NAME differs` or `NAME not-yet | WHY`. Below a case
//! that differs, indented, why and what: `ROW | PATTERN`, the row of `docs/differences.md` as `Section: topic`, the
//! pattern with `*` for any text.
//!
//! Every difference of a case must fit a pattern, and every pattern a difference.

use std::collections::{BTreeMap, BTreeSet};

use crate::rows;

/// What is expected of a case.
pub(crate) enum Expectation {
    /// Everything is the same.
    Same,
    /// What differs fits these patterns.
    Differs(Vec<String>),
    /// Something differs, and nobody has looked yet.
    NotYet,
}

pub(crate) struct Scope(BTreeMap<String, Expectation>);

impl Scope {
    pub(crate) fn read() -> Self {
        Self::parse(include_str!("scope.txt"), &rows::documented())
    }

    fn parse(table: &str, rows: &BTreeSet<String>) -> Self {
        let mut cases = BTreeMap::new();
        let mut last = String::new();
        for line in table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(explained) = line.strip_prefix("  ") {
                let (row, pattern) = explained.split_once(" | ").expect("ROW | PATTERN");
                assert!(rows.contains(row), "{last}: docs/differences.md has no row {row:?}");
                let Some(Expectation::Differs(patterns)) = cases.get_mut(&last) else {
                    panic!("{last}: only a case that differs has rows")
                };
                patterns.push(pattern.to_owned());
                continue;
            }
            let (what, why) = line.split_once('|').unwrap_or((line, ""));
            let (name, word) = what.trim().split_once(' ').expect("NAME WORD");
            let expectation = match word {
                "same" => Expectation::Same,
                "differs" => Expectation::Differs(Vec::new()),
                "not-yet" => Expectation::NotYet,
                other => panic!("{name}: {other:?} is no expectation"),
            };
            assert_eq!(why.trim().is_empty(), !matches!(expectation, Expectation::NotYet), "{name}: why");
            assert!(cases.insert(name.to_owned(), expectation).is_none(), "{name} stands there twice");
            name.clone_into(&mut last);
        }
        Self(cases)
    }

    /// No case without a line, no line without a case.
    pub(crate) fn names_exactly(&self, cases: &[&str]) {
        let listed: BTreeSet<&str> = self.0.keys().map(String::as_str).collect();
        let there: BTreeSet<&str> = cases.iter().copied().collect();
        assert_eq!(listed, there);
    }

    pub(crate) fn of(&self, case: &str) -> &Expectation {
        self.0.get(case).unwrap_or(&Expectation::Same)
    }
}

/// Characters of a difference that a complaint shows; a value may be a whole document.
const SHOWN: usize = 400;

impl Expectation {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Differs(_) => "differs",
            Self::NotYet => "not yet",
        }
    }

    /// What is wrong with the differences that were found.
    pub(crate) fn complaint(&self, case: &str, found: &BTreeSet<String>) -> Option<String> {
        let patterns: &[String] = match self {
            Self::NotYet if found.is_empty() => return Some(format!("{case}: is the same now, list it so")),
            Self::NotYet => return None,
            Self::Same => &[],
            Self::Differs(patterns) if patterns.is_empty() => {
                return Some(format!("  {case}: nothing is explained of {} differences", found.len()));
            }
            Self::Differs(patterns) => patterns,
        };
        let unexplained = found.iter().filter(|line| !patterns.iter().any(|it| matches(it, line)));
        let gone = patterns.iter().filter(|it| !found.iter().any(|line| matches(it, line)));
        let shown = |line: &String| line.chars().take(SHOWN).collect::<String>();
        let lines: Vec<_> = unexplained
            .map(|line| format!("\n    {}", shown(line)))
            .chain(gone.map(|it| format!("\n    no longer there: {it}")))
            .collect();
        (!lines.is_empty()).then(|| format!("  {case}:{}", lines.concat()))
    }
}

/// Does the line fit the pattern, in which `*` stands for any text?
fn matches(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[test]
fn a_star_stands_for_any_text() {
    for (pattern, line) in
        [("a", "a"), ("a*", "abc"), ("*c", "abc"), ("a*c*e", "abcde"), ("*", ""), ("a*a", "aa")]
    {
        assert!(matches(pattern, line), "{pattern} {line}");
    }
    for (pattern, line) in [("a", "ab"), ("a*", "ba"), ("*c", "cb"), ("a*c*e", "abde"), ("a*a", "a")] {
        assert!(!matches(pattern, line), "{pattern} {line}");
    }
}

#[test]
fn a_difference_that_is_gone_fails_and_so_does_one_that_is_not_explained() {
    let rows = BTreeSet::from(["One: row".to_owned()]);
    let table = "# x\na differs\n  One: row | exit: 1 -> 2\n  One: row | report.json /a*\nb same\nc not-yet | why\nd differs\n";
    let scope = Scope::parse(table, &rows);
    let complains = |case: &str, lines: &[&str]| {
        scope.of(case).complaint(case, &lines.iter().map(|it| (*it).to_owned()).collect()).is_some()
    };
    assert!(!complains("a", &["exit: 1 -> 2", "report.json /a/b - 1", "report.json /a/c + 1"]));
    assert!(complains("a", &["exit: 1 -> 2"]), "gone");
    assert!(complains("a", &["exit: 1 -> 3", "report.json /a/b - 1"]), "another");
    assert!(complains("a", &["exit: 1 -> 2", "report.json /a/b - 1", "report.json /b - 1"]), "more");
    assert!(!complains("b", &[]));
    assert!(complains("b", &["exit: 1 -> 2"]));
    assert!(!complains("c", &["exit: 1 -> 2"]));
    assert!(complains("c", &[]));
    assert!(complains("d", &["exit: 1 -> 2"]), "listed without a reason");
}

#[test]
#[should_panic(expected = "has no row")]
fn a_row_that_users_cannot_read_explains_nothing() {
    Scope::parse("a differs\n  Two: row | *\n", &BTreeSet::new());
}
