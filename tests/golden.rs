//! The answers of the Go tool, as data outside this repository, against the binary.
//!
//! `golden/scope.txt` says of every case whether the answer must be the same, what must differ in it and by which row
//! of `docs/differences.md`, or that it is not in scope yet. It is checked both ways: what differs without being
//! explained fails, and so does an explained difference that is gone.
//!
//! `EC_GOLDEN=134 cargo test --features testkit --test golden` looks at the cases whose name begins so and shows
//! every difference.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test")]

#[path = "golden/case.rs"]
mod case;
#[path = "golden/compare.rs"]
mod compare;
#[path = "golden/difference.rs"]
mod difference;
#[path = "golden/documents.rs"]
mod documents;
#[path = "golden/rows.rs"]
mod rows;
#[path = "golden/scope.rs"]
mod scope;
#[path = "golden/stderr.rs"]
mod stderr;
#[path = "golden/text.rs"]
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use case::Case;
use scope::{Expectation, Scope};

/// Processes at once; each uses several threads of its own.
const AT_ONCE: usize = 4;

#[test]
fn the_answers_are_the_golden_ones_but_for_what_is_listed() {
    let Some(root) = case::root() else { return };
    let scope = Scope::read();
    let all = Case::all(&root);
    let chosen = std::env::var("EC_GOLDEN").ok();
    if chosen.is_none() {
        scope.names_exactly(&all.iter().map(|case| case.name.as_str()).collect::<Vec<_>>());
    }
    let cases: Vec<_> =
        all.into_iter().filter(|case| chosen.as_ref().is_none_or(|it| case.name.starts_with(it))).collect();
    let found = run_all(&cases);
    let mut complaints = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (case, lines) in cases.iter().zip(&found) {
        let expectation = scope.of(&case.name);
        *counts.entry(expectation.word()).or_default() += 1;
        complaints.extend(expectation.complaint(&case.name, lines));
        if chosen.is_some() {
            print_differences(case, lines, expectation);
        }
    }
    println!("golden cases: {counts:?}");
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

fn print_differences(case: &Case, lines: &BTreeSet<String>, expectation: &Expectation) {
    println!("== {} ({})", case.name, expectation.word());
    for line in lines {
        println!("{line}");
    }
}

/// For each case everything that differs.
fn run_all(cases: &[Case]) -> Vec<BTreeSet<String>> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(vec![BTreeSet::new(); cases.len()]);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(index) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).filter(|it| *it < cases.len())
                {
                    let lines = cases[index].differences();
                    found.lock().unwrap()[index] = lines;
                }
            });
        }
    });
    found.into_inner().unwrap()
}
