//! Reports for people, and `JUnit`: the same lines. Every line that differs is one difference, with the first line of
//! its paragraph.

use regex::Regex;

use crate::compare::{fits, without_library_words};
use crate::difference::{Difference, align};

/// The same lines. Of several components the blocks come in any order.
pub(crate) fn text(expected: &str, actual: &str) -> Vec<Difference> {
    // A line separator could forge a line of the report, so ours spells it out.
    let expected = expected.replace('\u{2028}', "\\u2028");
    let expected = if expected == "development" { "{version}".to_owned() } else { expected };
    let plain = |text: &str| without_library_words(text, &["\n  Title:", "\n\n"]);
    let (mut expected, mut actual) = (blocks(&plain(&expected)), blocks(&plain(&without_ours(actual))));
    if expected.iter().any(|block| block.starts_with("Components:")) {
        expected.sort();
        actual.sort();
    }
    compare(&expected, &actual, |it| it.lines().map(str::to_owned).collect())
}

/// Suites in any order; the rest as it is, element by element.
pub(crate) fn junit(expected: &str, actual: &str) -> Vec<Difference> {
    // Character data repeats the attribute beside it.
    let characters = Regex::new(r"(?s)<!\[CDATA\[.*?\]\]>").expect("pattern");
    let plain =
        |text: &str| without_library_words(&characters.replace_all(text, ""), &["\"", " [description="]);
    let suites = |text: &str| {
        let text = text.trim_end().trim_end_matches("</testsuites>");
        let mut suites: Vec<_> = text.split("<testsuite ").map(|it| it.trim().to_owned()).collect();
        suites.sort();
        suites
    };
    let elements = |suite: &str| -> Vec<String> {
        suite.split('<').map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect()
    };
    compare(&suites(&plain(expected)), &suites(&plain(actual)), elements)
}

fn compare(expected: &[String], actual: &[String], lines: fn(&str) -> Vec<String>) -> Vec<Difference> {
    let head = |block: &str| lines(block).into_iter().next().unwrap_or_default();
    let place = |block: &str| format!("[{}{}]", subject(&head(block)), image(block));
    let mut aligned = align(expected, actual, |one, other| fits(one, other));
    let mut found: Vec<_> = aligned.moved.iter().map(|i| Difference::moved(&place(&expected[*i]))).collect();
    for i in aligned.missing {
        let one = &expected[i];
        // The paragraph about the same is the one that begins the same way.
        let first = head(one);
        let is_it = |j: &usize| subject(&first) == subject(&head(&actual[*j]));
        let other = aligned.more.iter().position(is_it).map(|at| aligned.more.remove(at));
        line_by_line(
            &place(one),
            &lines(one),
            &other.map(|j| lines(&actual[j])).unwrap_or_default(),
            &mut found,
        );
    }
    for j in aligned.more {
        line_by_line(&place(&actual[j]), &[], &lines(&actual[j]), &mut found);
    }
    found
}

/// What the head of a paragraph is about, whatever is counted or decided there.
fn subject(head: &str) -> &str {
    match head {
        _ if head.starts_with("Success: ") || head.starts_with("testsuites ") => &head[..8],
        _ if head.starts_with("name=\"") => head.split(['(', '@']).next().unwrap_or(head).trim_end(),
        _ => head,
    }
}

/// The image that a paragraph names, by the last word of its repository.
fn image(block: &str) -> String {
    let reference = block.split("ImageRef: ").nth(1).unwrap_or_default();
    let repository = reference.split(['@', '\n']).next().unwrap_or_default();
    repository.rsplit('/').next().filter(|it| !it.is_empty()).map(|it| format!(" @ {it}")).unwrap_or_default()
}

fn line_by_line(place: &str, expected: &[String], actual: &[String], found: &mut Vec<Difference>) {
    let aligned = align(expected, actual, |one, other| fits(one, other));
    found
        .extend(aligned.moved.iter().map(|i| Difference::moved(&format!("{place} {}", expected[*i].trim()))));
    found.extend(aligned.missing.iter().map(|i| Difference::missing(place, expected[*i].trim())));
    found.extend(aligned.more.iter().map(|j| Difference::more(place, actual[*j].trim())));
}

/// Paragraphs; a heading that stands right before the first entry is one of its own.
fn blocks(text: &str) -> Vec<String> {
    let text = text
        .trim_end()
        .replace("\nResults:\n", "\nResults:\n\n")
        .replace("\nComponents:\n", "\nComponents:\n\n");
    let blocks = text.split("\n\n").map(|block| block.trim_matches('\n').to_owned());
    blocks.filter(|it| !it.is_empty()).collect()
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
fn blocks_of_several_components_come_in_any_order_and_ours_are_left_out() {
    let expected =
        "Success: true\nResult: SUCCESS\n\nComponents:\n- Name: a\n\n- Name: b\n\nResults:\nx 1\n\nx 2\n\n";
    let actual = "Success: true\nResult: SUCCESS\nSkipped: y\nUndecided: 1\n  cause\n\nComponents:\n- Name: b\n\n- Name: a\n\nResults:\nx 2\n\nx 1\n\n";
    assert_eq!(text(expected, actual), []);
    let told = |found: Vec<Difference>| found.into_iter().map(|it| it.0).collect::<Vec<_>>();
    assert_eq!(told(text(expected, &actual.replace("x 1", "x 3"))), ["[x 1] - x 1", "[x 3] + x 3"]);
    let one = |order: &str| format!("Success: true\nComponent: a\n\nResults:\n{order}\n\n");
    let moved = told(text(&one("x 1\n\nx 2"), &one("x 2\n\nx 1")));
    assert_eq!(moved, ["[x 1] moved"], "one component keeps its order");
}

#[test]
fn suites_come_in_any_order_and_every_element_that_differs_is_told() {
    let suites = |a: &str, b: &str| format!("<testsuites>{a}{b}</testsuites>");
    let suite = |name: &str, case: &str| {
        format!("<testsuite name=\"{name}\"><testcase name=\"{case}\"></testcase></testsuite>")
    };
    assert_eq!(
        junit(&suites(&suite("a", "1"), &suite("b", "1")), &suites(&suite("b", "1"), &suite("a", "1"))),
        []
    );
    let found = junit(&suite("a", "1"), &suite("a", "2"));
    let told: Vec<_> = found.into_iter().map(|it| it.0).collect();
    assert_eq!(told, ["[name=\"a\">] - testcase name=\"1\">", "[name=\"a\">] + testcase name=\"2\">"]);
}
