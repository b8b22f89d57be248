//! The rows of `docs/differences.md`, by section and topic, so that no difference is explained by a row that users
//! cannot read.

use std::collections::BTreeSet;

/// All rows, as `Section: topic`.
pub(crate) fn documented() -> BTreeSet<String> {
    rows(include_str!("../../docs/differences.md"))
}

fn rows(page: &str) -> BTreeSet<String> {
    let mut section = "";
    let mut rows = BTreeSet::new();
    for line in page.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            section = title.trim();
        }
        let topic = line.strip_prefix('|').and_then(|it| it.split('|').next()).unwrap_or_default().trim();
        if !topic.is_empty() && topic != "topic" && !topic.starts_with("---") {
            rows.insert(format!("{section}: {topic}"));
        }
    }
    rows
}

#[test]
fn a_row_has_the_name_of_its_section_and_topic() {
    let page = "## One\n| topic | ours |\n|---|---|\n| a b | c |\n| `d` | e |\n## Two\n| topic | ours |\n|---|---|\n| a b | f |\n";
    let expected = ["One: `d`", "One: a b", "Two: a b"].map(str::to_owned);
    assert_eq!(rows(page), BTreeSet::from(expected));
}
