use std::path::Path;

use super::*;
use crate::cli::{Command, opa, tests::read_words};

const BROKEN: &str = "package broken\n\ndeny contains 1 if startswith(5, \"a\")\n\ndeny contains 2 if {\n\tx := {\"a\": 1}\n\tx.b\n}\n";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }
    folder
}

fn verdict(folder: &Path, flags: &[&str], stderr: Terminal) -> Verdict {
    let folder = folder.display().to_string();
    let words = [&["opa", "check", folder.as_str()], flags].concat();
    match read_words(&words) {
        Ok(Command::OpaCheck(plan)) => opa::check::run(&plan, stderr),
        other => panic!("{other:?}"),
    }
}

/// What standard error is told, with the folder's name left out.
fn told(folder: &tempfile::TempDir, flags: &[&str]) -> String {
    match verdict(folder.path(), flags, Terminal::No) {
        Verdict::Accepted => String::new(),
        Verdict::Refused(text) => text.replace(&format!("{}/", folder.path().display()), ""),
        Verdict::Shown(faults) => panic!("{faults:?}"),
    }
}

#[test]
fn nothing_is_said_of_what_is_right() {
    let folder = folder(&[("a.rego", "package a\n\np := 1\n"), ("data.json", "{\"a\": "), ("b.txt", "?")]);
    assert_eq!(told(&folder, &["--strict"]), "");
}

#[test]
fn errors_are_told_as_opa_tells_them() {
    let folder = folder(&[("sub/broken.rego", BROKEN)]);
    insta::assert_snapshot!(told(&folder, &[]), @r#"
    2 errors occurred:
    sub/broken.rego:3: rego_type_error: startswith: invalid argument(s)
    	have: (number, string)
    	want: (string, string, boolean)
    sub/broken.rego:7: rego_type_error: undefined ref: x.b
    	x.b
    	  ^
    	  have: "b"
    	  want (one of): ["a"]
    "#);
}

#[test]
fn json_has_codes_places_and_details() {
    let folder = folder(&[("broken.rego", BROKEN)]);
    let all: Json = serde_json::from_str(&told(&folder, &["-f", "json"])).expect("JSON");
    assert_eq!(
        all["errors"][1],
        json!({
            "message": "undefined ref: x.b",
            "code": "rego_type_error",
            "location": {"file": "broken.rego", "row": 7, "col": 2},
            "details": {
                "ref": [{"type": "var", "value": "x"}, {"type": "string", "value": "b"}],
                "pos": 1, "want": {"type": "string"}, "oneOf": ["a"],
            },
        })
    );
    assert_eq!(
        all["errors"][0]["details"],
        json!({
            "have": [{"type": "number"}, {"type": "string"}],
            "want": {"args": [{"type": "string"}, {"type": "string"}, {"type": "boolean"}]},
        })
    );
}

#[test]
fn as_long_as_a_file_cannot_be_read_nothing_else_is_told() {
    let folder = folder(&[("a.rego", "package a\n\np if {\n"), ("b.rego", BROKEN), ("c.rego", "pckage c\n")]);
    let missing = folder.path().join("nope.rego").display().to_string();
    insta::assert_snapshot!(told(&folder, &[&missing]), @r"
    4 errors occurred during loading:
    stat nope.rego: no such file or directory
    a.rego:4: rego_parse_error: unexpected eof token
    	p if {
    	     ^
    c.rego:1: rego_parse_error: package expected
    c.rego:1: rego_parse_error: var cannot be used for rule name
    ");
    let json: Json = serde_json::from_str(&told(&folder, &["--format=json", &missing])).expect("JSON");
    assert_eq!(json["errors"][0], json!({"message": "stat nope.rego: no such file or directory"}));
    assert_eq!(json["errors"][1]["details"], json!({"line": "p if {", "idx": 5}));
}

#[test]
fn strict_refuses_what_is_unused_or_shadowed() {
    for (text, want) in [
        ("import data.b\n", "rego_compile_error: import data.b unused"),
        ("p if {\n\ty := 2\n\ttrue\n}\n", "rego_compile_error: assigned var y unused"),
        ("f(x) := 1\n", "rego_compile_error: unused argument x. (hint: use _ (wildcard variable) instead)"),
    ] {
        let folder = folder(&[("a.rego", &format!("package a\n\n{text}"))]);
        assert_eq!(told(&folder, &[]), "", "{text}");
        assert!(told(&folder, &["-S"]).ends_with(&format!("{want}\n")), "{text}");
    }
    let shadowed = folder(&[("a.rego", "package a\n\nimport data.x\nimport data.y as x\n\np := x\n")]);
    assert_eq!(
        told(&shadowed, &["-S"]),
        "1 error occurred: a.rego:4: rego_compile_error: import must not shadow import data.x\n"
    );
}

#[test]
fn so_many_errors_are_told_as_were_asked_for() {
    let rules: Vec<String> = (0..12).map(|number| format!("p{number} := nope{number}")).collect();
    let folder = folder(&[("a.rego", &format!("package a\n\n{}\n", rules.join("\n")))]);
    let lines = |flags: &[&str]| told(&folder, flags).lines().count() - 1;
    assert_eq!((lines(&[]), lines(&["-m", "3"]), lines(&["--max-errors=0"])), (11, 4, 12));
    assert!(told(&folder, &["-m", "3"]).ends_with("\nrego_compile_error: error limit reached\n"));
}

#[test]
fn ignored_names_are_not_read() {
    let folder =
        folder(&[("a.rego", "package a\n"), (".git/b.rego", "nonsense"), ("skip/c.rego", "nonsense")]);
    assert_eq!(told(&folder, &["--ignore=.*,skip"]), "");
    let text = told(&folder, &["--ignore", ".*"]);
    assert!(text.contains("skip/c.rego:1: ") && !text.contains(".git"), "{text}");
}

#[test]
fn schemas_are_a_file_or_a_folder() {
    let module =
        "package a\n\n# METADATA\n# schemas:\n# - input: schema.sub.foo\np if input.b\n\nq if input.c\n";
    let schema = "{\"properties\": {\"a\": {\"type\": \"string\"}}}";
    let folder = folder(&[("p/a.rego", module), ("s/sub/foo.json", schema)]);
    let path = |name: &str| folder.path().join(name).display().to_string();
    let rows = |schema: &str| {
        let text = told(&folder, &["--schema", &path(schema)]);
        let places = text.lines().filter_map(|it| it.split_once("a.rego:")?.1.split_once(": "));
        places.map(|(row, message)| format!("{row} {message}")).collect::<Vec<_>>()
    };
    assert_eq!(rows("s"), ["6 rego_type_error: undefined ref: input.b"]);
    assert_eq!(
        rows("s/sub/foo.json"),
        [
            "6 rego_type_error: undefined schema: schema.sub.foo",
            "6 rego_type_error: undefined ref: input.b",
            "8 rego_type_error: undefined ref: input.c",
        ]
    );
}

#[test]
fn a_person_at_a_terminal_sees_the_lines() {
    let folder = folder(&[("broken.rego", BROKEN)]);
    let Verdict::Shown(faults) = verdict(folder.path(), &[], Terminal::Yes) else { panic!("not shown") };
    assert_eq!(faults.len(), 2);
    let shown = crate::cli::diagnostics::render(&faults, &miette::GraphicalTheme::unicode_nocolor());
    assert!(shown.contains(&format!("{}:7:2", "broken.rego")) && shown.contains("7 │"), "{shown}");
}

#[test]
fn what_is_no_format_or_flag_is_refused() {
    let refused = |words: &[&str]| crate::cli::tests::complaints(words);
    assert_eq!(refused(&["opa", "check"]), "specify at least one file or folder");
    assert_eq!(refused(&["opa", "check", "x", "-f", "yaml"]), "\"yaml\" is not a format of ec opa check");
    assert_eq!(refused(&["opa", "check", "x", "--bundle"]), "unknown flag: --bundle");
    assert_eq!(refused(&["opa", "inspect", "a", "b"]), "specify exactly one file or folder");
}
