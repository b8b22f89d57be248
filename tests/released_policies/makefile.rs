//! What the Makefile of the policies runs: `test`, `coverage`, `opa-check`, `conventions-check`, `annotations-opa`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::binary::{Answer, ec};
use crate::policies;

const FILES: [&str; 3] = ["./example/data/rule_data.yml", "./policy", "checks"];

/// It asks for a verification that the policy's author expects to be refused, and `ec.sigstore.*` is not there yet.
const NOT_YET: [&str; 1] = ["data.lib.intoto_test.test_no_provenance_referrers"];

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn the_target_test_tells_of_each_test_what_opa_tells() {
    let Some(folder) = policies() else { return };
    let answer = ec(&folder, &[&["opa", "test"], &FILES[..], &["--verbose"]].concat());
    // One test fails with OPA as well.
    assert_eq!(answer.code, Some(2), "{}", answer.stderr);
    let told: BTreeMap<&str, bool> = answer
        .stdout
        .lines()
        .filter_map(|line| line.split_once(": "))
        .filter(|(name, _)| name.starts_with("data.") && !name.contains(' '))
        .map(|(name, verdict)| (name, verdict.starts_with("PASS")))
        .collect();
    let expected = json(&std::fs::read_to_string(folder.join("expected-tests.json")).expect("verdicts"));
    let mut differing = BTreeSet::new();
    for test in expected.as_array().expect("a list") {
        let name = format!("{}.{}", test["package"].as_str().unwrap(), test["name"].as_str().unwrap());
        if told.get(name.as_str()).copied() != test["pass"].as_bool() {
            differing.insert(name);
        }
    }
    assert_eq!(told.len(), 996);
    assert_eq!(differing.iter().map(String::as_str).collect::<Vec<_>>(), NOT_YET);
}

#[test]
fn the_target_coverage_counts_the_lines_that_opa_counts() {
    let Some(folder) = policies() else { return };
    // There is a report only where every test passes, and all those of this package do.
    let some = ["opa", "test", "--coverage", "--format", "json", "--run", r"data\.lib\.tekton_test"];
    let answer = ec(&folder, &[&some[..], &FILES].concat());
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    let report = json(&answer.stdout);
    // As OPA 1.15.2 has them for the same tests.
    let counts = ["covered_lines", "not_covered_lines"].map(|key| report[key].as_u64());
    assert_eq!(counts, [Some(1743), Some(6858)]);
    assert_eq!(report["files"].as_object().expect("files").len(), 168);
    assert!(report["files"]["policy/lib/tekton/task.rego"]["covered"].is_array(), "{}", report["files"]);

    // The Makefile hands the report to a policy.
    let input = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(input.path(), answer.stdout).expect("written");
    let input = input.path().to_str().expect("a name");
    let query = "count({file | some file, report in input.files; report.not_covered})";
    let counted = ec(&folder, &["opa", "eval", "--format", "pretty", "--input", input, query]);
    let open = report["files"].as_object().expect("files").values().filter(|it| it["not_covered"].is_array());
    assert_eq!(counted.stdout.trim(), open.count().to_string(), "{}", counted.stderr);
}

#[test]
fn the_target_opa_check_finds_nothing_even_when_strict() {
    let Some(folder) = policies() else { return };
    let Answer { code, stdout, stderr } =
        ec(&folder, &[&["opa", "check"], &FILES[..], &["--strict"]].concat());
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (Some(0), "", ""));
}

/// Asks the policy of conventions about the folder; what it complains of.
fn conventions(policies: &Path, folder: &Path) -> String {
    let inspected = ec(folder, &["opa", "inspect", ".", "-a", "-f", "json"]);
    assert_eq!(inspected.code, Some(0), "{}", inspected.stderr);
    let input = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(input.path(), inspected.stdout).expect("written");
    let input = input.path().to_str().expect("a name");
    let answer = ec(
        policies,
        &[
            "opa",
            "eval",
            "--data",
            "checks",
            "--data",
            "./policy/lib",
            "--input",
            input,
            "data.checks.violation[_]",
            "--format",
            "raw",
        ],
    );
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    answer.stdout
}

#[test]
fn the_target_conventions_check_finds_nothing() {
    let Some(folder) = policies() else { return };
    assert_eq!(conventions(&folder, &folder), "");
}

#[test]
fn the_target_conventions_check_finds_a_rule_without_its_annotations() {
    let Some(folder) = policies() else { return };
    let other = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(other.path().join("policy/release")).expect("made");
    let module = "package odd\n\nimport rego.v1\n\n# METADATA\n# title: Odd\ndeny contains \"odd\" if true\n";
    std::fs::write(other.path().join("policy/release/odd.rego"), module).expect("written");
    let found = conventions(&folder, other.path());
    assert!(found.contains("policy/release/odd.rego"), "{found:?}");
}

#[test]
fn the_target_annotations_opa_lists_every_annotation_with_its_place() {
    let Some(folder) = policies() else { return };
    let answer = ec(&folder, &["opa", "inspect", "--annotations", "--format", "json", "./policy"]);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    let info = json(&answer.stdout);
    let annotations = info["annotations"].as_array().expect("annotations");
    assert_eq!(annotations.len(), 256);
    for it in annotations {
        let location = &it["location"];
        let file = location["file"].as_str().expect("a file");
        let text = std::fs::read_to_string(folder.join(file)).expect("the file is there");
        let row = usize::try_from(location["row"].as_u64().expect("a row")).unwrap();
        let line = text.lines().nth(row - 1).expect("the row is there");
        let path: Vec<&str> = it["path"]
            .as_array()
            .expect("a path")
            .iter()
            .map(|step| step["value"].as_str().unwrap())
            .collect();
        let is_package = matches!(it["annotations"]["scope"].as_str(), Some("package" | "subpackages"));
        let wanted = if is_package {
            format!("package {}", path[1..].join("."))
        } else {
            (*path.last().unwrap()).into()
        };
        assert!(line.starts_with(&wanted), "{file}:{row}: {line}, {path:?}");
        let package = path[..if is_package { path.len() } else { path.len() - 1 }].join(".");
        let files = info["namespaces"][&package].as_array().expect("the package is listed");
        assert!(files.contains(&location["file"]), "{package}");
    }
}
