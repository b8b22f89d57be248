//! The first command of the README does what the README says.

use std::path::Path;

use crate::binary::command;

#[test]
fn the_demo_has_one_that_passes_five_that_fail_and_one_that_is_incomplete() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(project.join("README.md")).expect("README.md");
    let line =
        readme.lines().find_map(|line| line.strip_prefix("cargo run -- ")).expect("the demo's command");
    let home = tempfile::tempdir().expect("home");
    let mut ec = command(home.path());
    ec.current_dir(project).args(line.split_whitespace()).args(["--output", "json"]);
    let output = ec.output().expect("ec");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let count = |verdict: &str| {
        report["components"].as_array().expect("list").iter().filter(|it| it["verdict"] == verdict).count()
    };
    assert_eq!((count("pass"), count("fail"), count("incomplete")), (1, 5, 1));
}
