//! The table of cases: one line a case, `NAME same`, `NAME differs PART… | WHY` or `NAME not-yet | WHY`. The part
//! `exit=2` differs and is 2.

use std::collections::{BTreeMap, BTreeSet};

/// What is expected of a case.
pub(crate) enum Expectation {
    /// Every part is the same.
    Same,
    /// Exactly these parts differ.
    Differs(BTreeSet<String>),
    /// Something differs, and nobody has looked yet.
    NotYet,
}

pub(crate) struct Scope(BTreeMap<String, Expectation>);

impl Scope {
    pub(crate) fn read() -> Self {
        Self::parse(include_str!("scope.txt"))
    }

    fn parse(table: &str) -> Self {
        let mut cases = BTreeMap::new();
        for line in table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (what, why) = line.split_once('|').unwrap_or((line, ""));
            let mut words = what.split_whitespace();
            let name = words.next().expect("a name");
            let expectation = match words.next() {
                Some("same") => Expectation::Same,
                Some("differs") => Expectation::Differs(words.map(str::to_owned).collect()),
                Some("not-yet") => Expectation::NotYet,
                other => panic!("{name}: {other:?} is no expectation"),
            };
            assert_eq!(why.trim().is_empty(), matches!(expectation, Expectation::Same), "{name}: why");
            assert!(cases.insert(name.to_owned(), expectation).is_none(), "{name} stands there twice");
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

impl Expectation {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Differs(_) => "differs",
            Self::NotYet => "not yet",
        }
    }

    /// What is wrong with the parts that were found to differ.
    pub(crate) fn complaint(&self, case: &str, found: &BTreeMap<String, String>) -> Option<String> {
        let nothing = BTreeSet::new();
        let listed = match self {
            Self::NotYet if found.is_empty() => return Some(format!("{case}: is the same now, list it so")),
            Self::NotYet => return None,
            Self::Same => &nothing,
            Self::Differs(parts) => parts,
        };
        // The difference of an exit code ends with what it is.
        let as_listed = |(part, difference): &(&String, &String)| {
            let code = difference.rsplit('"').nth(1).unwrap_or("");
            if *part == "exit" { format!("exit={code}") } else { (*part).clone() }
        };
        let unlisted: Vec<_> = found.iter().filter(|it| !listed.contains(&as_listed(it))).collect();
        let there: BTreeSet<_> = found.iter().map(|it| as_listed(&it)).collect();
        let gone: Vec<_> = listed.iter().filter(|part| !there.contains(*part)).collect();
        if unlisted.is_empty() && gone.is_empty() {
            return None;
        }
        let shortened = |text: &str| text.chars().take(600).collect::<String>();
        let told =
            unlisted.iter().map(|(part, difference)| format!("\n    {part}: {}", shortened(difference)));
        let told: String = told.collect();
        let gone = if gone.is_empty() { String::new() } else { format!("\n    no longer differ: {gone:?}") };
        Some(format!("  {case}:{told}{gone}"))
    }
}

#[test]
fn a_listed_difference_that_is_gone_fails_and_so_does_one_that_is_not_listed() {
    let scope = Scope::parse("# x\na differs exit=2 | why\nb same\nc not-yet | why\n");
    let told = |code: &str| format!("expected \"1\", got \"{code}\"");
    let parts = |names: &[&str]| names.iter().map(|it| ((*it).to_owned(), told("2"))).collect();
    let complains = |case: &str, names: &[&str]| scope.of(case).complaint(case, &parts(names)).is_some();
    assert!(!complains("a", &["exit"]));
    assert!(complains("a", &[]));
    let other = BTreeMap::from([("exit".to_owned(), told("3"))]);
    assert!(scope.of("a").complaint("a", &other).is_some());
    assert!(complains("a", &["exit", "stdout.txt"]));
    assert!(!complains("b", &[]));
    assert!(complains("b", &["exit"]));
    assert!(!complains("c", &["exit"]));
    assert!(complains("c", &[]));
}
