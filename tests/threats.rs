//! `docs/threats.md` names every test of a threat, and no other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// Names `threat_NN_…` behind `before`.
fn names(text: &str, before: &str) -> BTreeSet<String> {
    let name = |rest: &str| -> String {
        rest.chars().take_while(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_').collect()
    };
    let starts = text.split(before).skip(1).map(name);
    starts
        .filter(|it| it.starts_with("threat_") && it.as_bytes().get(7).is_some_and(u8::is_ascii_digit))
        .collect()
}

#[test]
fn the_page_names_every_test_of_a_threat_and_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    sources(&root.join("tests"), &mut files);
    let in_code: BTreeSet<String> =
        files.iter().flat_map(|it| names(&std::fs::read_to_string(it).unwrap(), "fn ")).collect();
    let on_page = names(&std::fs::read_to_string(root.join("docs/threats.md")).unwrap(), "`");
    assert_eq!(
        on_page.difference(&in_code).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "named, but not there"
    );
    assert_eq!(
        in_code.difference(&on_page).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "there, but not named"
    );
}
