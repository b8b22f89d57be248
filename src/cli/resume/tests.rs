//! Reports that may be gone on from, and those that may not.

use std::path::Path;

use super::*;
use crate::model::Component;

fn snapshot() -> Snapshot {
    let component = |name: &str| Component {
        name: name.to_owned(),
        container_image: format!("registry.example/{name}:1"),
        source: None,
    };
    Snapshot { components: vec![component("one"), component("two")], ..Snapshot::default() }
}

fn report(name: &str, image: &str, verdict: &str) -> String {
    format!(
        r#"{{"success":true,"components":[{{"name":"{name}","containerImage":"{image}","source":{{}},"violations":[],"success":true,"verdict":"{verdict}"}}],"key":"","verdict":"pass"}}"#
    )
}

fn read_text(text: &[u8]) -> Result<PreviousReport, Diagnostic> {
    let file = tempfile::NamedTempFile::new().expect("file");
    std::fs::write(file.path(), text).expect("written");
    read(file.path().to_str().expect("text"), &snapshot())
}

/// The message without the name of the file.
fn refused(text: impl AsRef<[u8]>) -> String {
    let refused = read_text(text.as_ref()).expect_err("refused");
    let message = refused.message().to_owned();
    let (before, after) = message.split_once(": ").expect("the flag");
    assert_eq!(before, "--resume");
    let name = |text: &str| text.starts_with('/') && Path::new(text).components().count() > 1;
    let named = after.split(": ").any(name);
    assert!(named, "{message} names the file");
    after.split(": ").filter(|it| !name(it)).collect::<Vec<_>>().join(": ")
}

#[test]
fn a_report_is_read_in_both_formats_that_hold_all_of_it() {
    let image = "registry.example/one:1";
    let json = read_text(report("one", image, "incomplete").as_bytes()).expect("JSON");
    let yaml = format!(
        "components:\n- containerImage: {image}\n  name: one\n  verdict: incomplete\nverdict: pass\n"
    );
    let yaml = read_text(yaml.as_bytes()).expect("YAML");
    let order = |report: &PreviousReport| {
        report.order([("two", "registry.example/two:1"), ("one", image)].into_iter())
    };
    assert_eq!((order(&json), order(&yaml)), (vec![0, 1], vec![0, 1]));
    let decided = read_text(report("one", image, "fail").as_bytes()).expect("JSON");
    assert_eq!(order(&decided), [0, 1], "what the report does not have is undecided, too");
}

#[test]
fn what_is_no_report_is_refused_with_the_field_that_is_wrong() {
    for (text, complaint) in [
        (String::new(), "no report: the document is empty"),
        ("[]".to_owned(), "no report: expected an object, found a list at line 1, column 1"),
        ("{}".to_owned(), "no report: missing field `components` at line 1, column 2"),
        (report("one", "registry.example/one:1", "maybe"), "components[0].verdict: unknown variant `maybe`, expected one of `pass`, `incomplete`, `fail`"),
        (report("one", "Not An Image", "pass"), "components[0].containerImage: could not parse reference: Not An Image"),
        (report("three", "registry.example/three:1", "pass"), "components: none of them is in the snapshot"),
        (r#"{"components":null}"#.to_owned(), "components: none of them is in the snapshot"),
        (r#"{"components":[],"components":[]}"#.to_owned(), "no report: the key \"components\" is repeated"),
        (r#"{"components":[7]}"#.to_owned(), "no report: invalid type: integer `7`, expected a component of a report"),
        // Of `--output summary`.
        (
            r#"{"components":[{"name":"one","success":true,"verdict":"pass"}],"success":false}"#.to_owned(),
            "no report: missing field `containerImage` at line 1",
        ),
        // Of the Go tool.
        (
            r#"{"success":true,"components":[{"name":"one","containerImage":"registry.example/one:1","success":true}]}"#.to_owned(),
            "no report: missing field `verdict` at line 1",
        ),
        // Of `--output text`, `--output junit` and `--output appstudio`.
        ("Success: true\nResult: SUCCESS\nViolations: 0, Warnings: 0, Successes: 8\n".to_owned(), "no report: "),
        ("<?xml version=\"1.0\"?>\n<testsuites/>\n".to_owned(), "no report: "),
        (r#"{"timestamp":"1","namespace":"","successes":1,"result":"SUCCESS"}"#.to_owned(), "no report: missing field `components`"),
    ] {
        let message = refused(&text);
        assert!(message.starts_with(complaint), "{text}\n{message}");
    }
    let cut = report("one", "registry.example/one:1", "pass");
    assert!(refused(&cut[..cut.len() / 2]).starts_with("no report: "));
    assert!(refused([0xff, 0xfe, 0]).starts_with("no report: "));
}

#[test]
fn a_report_beyond_the_bound_and_one_that_is_not_there_are_refused() {
    let mut large = report("one", "registry.example/one:1", "pass").into_bytes();
    large.resize(REPORT_BYTES + 1, b' ');
    assert!(refused(large).contains("more than the 67108864 allowed"));
    let missing = read("/nowhere/report.json", &snapshot()).expect_err("refused");
    assert_eq!(missing.message(), "--resume: open /nowhere/report.json: no such file or directory");
    let folder = read("/", &snapshot()).expect_err("refused");
    assert_eq!(folder.message(), "--resume: open /: is a directory");
}

#[test]
fn names_that_nothing_tells_apart_are_refused() {
    let entry = r#"{"name":"one","containerImage":"registry.example/one:1","verdict":"pass"}"#;
    let message = refused(format!(r#"{{"components":[{entry},{entry}]}}"#));
    assert_eq!(message, "components[1].name: \"one\" stands there a second time");
}
