use std::path::Path;

use serde_json::{Value as Json, json};

use crate::cli::tests::read_words;
use crate::cli::{Command, opa};

const ANNOTATED: &str = "\
# METADATA
# title: Package
# scope: subpackages
# organizations: [Acme]
# authors:
# - Jane Doe <jane@example.com>
# related_resources:
# - https://example.com/a
# - ref: https://example.com/b
#   description: more
# schemas:
# - input: {type: object}
# - data.foo: schema.bar
# custom:
#   short: x
package an.notated

# METADATA
# description: A rule.
# entrypoint: true
p.q[x] := 1 if some x in [1]

r := startswith(input.x, \"a\")
";

fn run(folder: &Path, flags: &[&str]) -> Result<String, String> {
    let folder = folder.display().to_string();
    match read_words(&[&["opa", "inspect", folder.as_str()], flags].concat()) {
        Ok(Command::OpaInspect(plan)) => match opa::inspect::run(&plan) {
            Ok((text, 0)) => Ok(text.replace(&format!("{folder}/"), "")),
            Ok(other) => panic!("{other:?}"),
            Err(faults) => Err(crate::cli::diagnostics::messages(&faults)),
        },
        other => panic!("{other:?}"),
    }
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    folder
}

fn as_json(folder: &Path, flags: &[&str]) -> Json {
    let text = run(folder, &[&["--format", "json"], flags].concat()).expect("inspected");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn annotations_are_listed_with_path_and_place() {
    let folder = folder(&[("a.rego", ANNOTATED)]);
    let info = as_json(folder.path(), &["-a"]);
    assert_eq!(info["namespaces"], json!({"data.an.notated": ["a.rego"]}));
    let part = |kind: &str, value: &str| json!({"type": kind, "value": value});
    assert_eq!(
        info["annotations"][1],
        json!({
            "annotations": {"description": "A rule.", "entrypoint": true, "scope": "document"},
            "location": {"file": "a.rego", "row": 21, "col": 1},
            "path": [
                part("var", "data"), part("string", "an"), part("string", "notated"), part("string", "p"),
                part("string", "q"),
            ],
        })
    );
    assert_eq!(
        info["annotations"][0]["annotations"],
        json!({
            "scope": "subpackages",
            "title": "Package",
            "organizations": ["Acme"],
            "authors": [{"name": "Jane Doe", "email": "jane@example.com"}],
            "related_resources": [
                {"ref": "https://example.com/a"},
                {"ref": "https://example.com/b", "description": "more"},
            ],
            "schemas": [
                {"path": [part("var", "input")], "definition": {"type": "object"}},
                {
                    "path": [part("var", "data"), part("string", "foo")],
                    "schema": [part("var", "schema"), part("string", "bar")],
                },
            ],
            "custom": {"short": "x"},
        })
    );
    assert_eq!(as_json(folder.path(), &[]).get("annotations"), None);
}

#[test]
fn capabilities_name_the_builtins_with_their_types() {
    let folder = folder(&[("a.rego", "package a\n\np if data.b.f(startswith(input.x, \"a\"))\n")]);
    let capabilities = &as_json(folder.path(), &[])["capabilities"];
    assert_eq!(capabilities["features"], json!(["rego_v1"]));
    // What is evaluated before a call is unified with a variable.
    assert_eq!(capabilities["builtins"][0]["infix"], "=");
    assert_eq!(
        capabilities["builtins"][1],
        json!({
            "name": "startswith",
            "decl": {
                "type": "function",
                "args": [{"type": "string"}, {"type": "string"}],
                "result": {"type": "boolean"},
            },
        })
    );
}

#[test]
fn a_folder_is_a_bundle_with_its_data_and_manifest() {
    let folder = folder(&[
        (".manifest", "{\"revision\": \"r1\", \"roots\": [\"a\", \"sub\"]}"),
        ("a.rego", "package a\n"),
        (".hidden/b.rego", "package a.b\n"),
        ("sub/data.json", "{\"x\": 1}"),
        ("other.json", "nonsense"),
    ]);
    let info = as_json(folder.path(), &[]);
    assert_eq!(info["manifest"], json!({"revision": "r1", "roots": ["a", "sub"]}));
    assert_eq!(
        info["namespaces"],
        json!({"data.a": ["a.rego"], "data.a.b": [".hidden/b.rego"], "data.sub": ["sub/data.json"]})
    );
}

#[test]
fn people_see_tables_and_paragraphs() {
    let folder = folder(&[("a.rego", ANNOTATED), ("b.rego", "package an.notated\n")]);
    let text = run(folder.path(), &["-a"]).expect("inspected");
    // Cells are as wide as the temporary name was.
    let text: Vec<&str> = text.lines().filter(|line| !line.starts_with(['┌', '├', '└', '│'])).collect();
    insta::assert_snapshot!(text.join("\n"), @r#"
    NAMESPACES:
    ANNOTATIONS:
    Package
    =======

    Package:  an.notated
    Location: a.rego:16
    Scope: subpackages

    Organizations:
     Acme

    Authors:
     Jane Doe <jane@example.com>

    Schemas:
     input:    {"type":"object"}
     data.foo: schema.bar

    Related Resources:
     https://example.com/a
     https://example.com/b more

    Custom:
     short: "x"

    an.notated.p.q
    ==============

    A rule.

    Package:  an.notated
    Rule:     p.q[x]
    Location: a.rego:21
    Scope: document
    Entrypoint: true
    "#);
}

#[test]
fn what_cannot_be_read_or_compiled_is_told() {
    let broken = folder(&[("a.rego", "package a\n\np := nope\n"), ("sub/data.json", "{\"x\":")]);
    assert!(run(broken.path(), &[]).expect_err("refused").contains("data.json: "));
    std::fs::remove_file(broken.path().join("sub/data.json")).expect("gone");
    let error = run(broken.path(), &[]).expect_err("refused");
    assert!(error.ends_with("a.rego:3:6: rego_unsafe_var_error: var nope is unsafe"), "{error}");
    let packed = folder(&[("bundle.tar.gz", "")]);
    let error = run(&packed.path().join("bundle.tar.gz"), &[]).expect_err("refused");
    assert!(error.ends_with("bundle.tar.gz: neither a folder nor a .rego file"), "{error}");
}
