//! Policies in a folder, and the binary run there.

use std::fs;
use std::path::Path;

use regex::Regex;
use tempfile::TempDir;

#[path = "../end_to_end/binary.rs"]
mod binary;

/// A rule of each kind that matters to a tracer, and their tests: one fails, one is not ready.
pub(crate) const ALLOW: &str = r#"package allow

import rego.v1

allow if {
	some port in input.ports
	port > lowest
	even(port) == true
}

lowest := 1024

even(n) := n % 2 == 0

default deny := false

deny if {
	input.kind == "bad"
	not allow
	print("denied", input.kind)
}
"#;

pub(crate) const ALLOW_TEST: &str = r#"package allow_test

import rego.v1

import data.allow

test_even_ports if {
	allow.allow with input as {"ports": [80, 8080]}
}

test_denied if {
	trace("asks")
	allow.deny with input as {"kind": "bad", "ports": []}
}

test_wrong if {
	ports := [81, 8081]
	result := allow.allow with input.ports as ports
	result == true
}

todo_test_later if false
"#;

/// A folder with these files.
pub(crate) fn folder(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

/// The folder of the policies above.
pub(crate) fn allow() -> TempDir {
    folder(&[("p/allow.rego", ALLOW), ("p/allow_test.rego", ALLOW_TEST)])
}

/// Exit code and texts of a run, durations left out.
pub(crate) fn ec(folder: &Path, arguments: &str) -> String {
    let arguments: Vec<&str> = arguments.split(' ').collect();
    let answer = binary::ec(folder, &arguments);
    let duration = Regex::new(r"\b\d+(\.\d+)?(ns|µs|ms|s)\b").unwrap();
    let scrubbed = |text: &str| duration.replace_all(text, "TIME").into_owned();
    let mut text = format!("exit {}\n{}", answer.code.unwrap(), scrubbed(&answer.stdout));
    if !answer.stderr.is_empty() {
        text = text + "--- stderr\n" + &scrubbed(&answer.stderr);
    }
    text
}

/// Standard output as JSON.
pub(crate) fn json(folder: &Path, arguments: &str) -> serde_json::Value {
    let arguments: Vec<&str> = arguments.split(' ').collect();
    let answer = binary::ec(folder, &arguments);
    serde_json::from_str(&answer.stdout).unwrap_or_else(|error| panic!("{error}: {}", answer.stdout))
}
