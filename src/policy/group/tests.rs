//! Source groups from folders and files: which are compiled, which are refused.

use super::*;

fn spec(sources: &serde_json::Value) -> PolicySpec {
    serde_json::from_value(serde_json::json!({ "sources": sources })).unwrap()
}

fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let path = folder.path().display().to_string();
    (folder, path)
}

fn refusal(spec: &PolicySpec) -> String {
    load(spec, &LoadOptions::default()).unwrap_err().to_string()
}

const RULES: &str = "package p\n\n# METADATA\n# custom:\n#   short_name: x\ndeny contains \"x\" if input.x\n";

#[test]
fn sources_are_pinned_and_loaded_once() {
    let (_kept, path) = folder(&[("rules/p.rego", RULES), ("data/a.yaml", "a: 1\n")]);
    let (rules, data) = (format!("{path}/rules"), format!("{path}/data"));
    let twice = serde_json::json!([{"policy": [rules, format!("file::{rules}/")], "data": [data, data]}]);
    let set = load(&spec(&twice), &LoadOptions::default()).unwrap();
    assert_eq!(set.spec.sources[0].policy, [format!("file::{rules}"), format!("file::{rules}/")]);
    assert_eq!(set.spec.sources[0].data, [format!("file::{data}"), format!("file::{data}")]);
    assert!(set.groups[0].rules.get("p.x").is_some());
}

#[test]
fn what_is_wrong_in_any_group_is_reported() {
    let (_kept, path) = folder(&[
        ("bad/p.rego", "package p\n\ndeny contains 3\n"),
        ("data/a.yaml", "[1]"),
        ("ok/p.rego", RULES),
    ]);
    let sources = serde_json::json!([
        {"policy": ["http://rules.example/x.rego", "oci::registry.example/p:latest", "./absent"]},
        {"policy": [format!("{path}/bad")]},
        {"policy": [format!("{path}/ok")], "data": [format!("{path}/data")]},
        {"name": "empty", "data": [format!("{path}/data")]},
    ]);
    let text = refusal(&spec(&sources)).replace(&path, "DIR");
    insta::assert_snapshot!(text, @r#"
    attempting to download from insecure source: http://rules.example/x.rego
    oci::registry.example/p:latest: OCI sources are not supported yet: use a file or a folder of this machine
    source file does not exist: ./absent
    the rule "deny contains 3" returns an unsupported value (number), at DIR/bad/p.rego:3: results are texts or objects with `msg`
    load documents: DIR/data/a.yaml: document must be of type object, found array
    empty names no policy source
    load documents: DIR/data/a.yaml: document must be of type object, found array
    "#);
}

#[test]
fn a_policy_without_groups_is_an_empty_set() {
    assert!(load(&PolicySpec::default(), &LoadOptions::default()).unwrap().groups.is_empty());
}

#[test]
fn released_policies_load() {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let shared = std::env::var_os("EC_SHARED").map_or_else(|| manifest.join("../shared"), PathBuf::from);
    let policy = shared.join("conformance/conforma-policy/policy");
    if !policy.is_dir() {
        println!("skipped: released policies: {} not found", policy.display());
        return;
    }
    let path = |name: &str| policy.join(name).display().to_string();
    let sources = serde_json::json!([{"policy": [path("release"), path("lib")]}]);
    let compile = CompileOptions { host: crate::builtins::declarations(), ..CompileOptions::default() };
    let set = load(&spec(&sources), &LoadOptions { compile, ..LoadOptions::default() }).unwrap();
    let table = &set.groups[0].rules;
    let nested = table.packages().into_iter().filter(|it| it.segments().len() > 1).map(ToString::to_string);
    assert_eq!(nested.collect::<Vec<_>>(), ["release.maven_repos"]);
    // As many as there are short names in the files that are no tests.
    assert_eq!((table.annotated().count(), table.unnamed().len()), (165, 0));
}
