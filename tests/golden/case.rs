//! One case: how it is run, and which parts of its answer differ.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::compare;

/// The folder `golden`, if it is there.
pub(crate) fn root() -> Option<PathBuf> {
    let shared = std::env::var_os("EC_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let golden = shared.join("golden");
    if golden.join("cases").is_dir() {
        return Some(golden);
    }
    println!("skipped: answers of the Go tool: {} not found", golden.display());
    None
}

pub(crate) struct Case {
    pub(crate) name: String,
    root: PathBuf,
    args: Vec<String>,
    env: BTreeMap<String, String>,
    expected: Answer,
}

#[derive(Deserialize)]
struct CommandFile {
    args: Vec<String>,
    env: BTreeMap<String, String>,
}

/// An answer by its parts: `exit`, `stdout.txt`, `stderr.txt`, and the files that were written.
type Answer = BTreeMap<String, Vec<u8>>;

impl Case {
    /// All cases, by name.
    pub(crate) fn all(root: &Path) -> Vec<Self> {
        let mut cases: Vec<_> = std::fs::read_dir(root.join("cases"))
            .expect("cases")
            .map(|entry| Self::read(root, &entry.expect("case").path()))
            .collect();
        cases.sort_by(|a, b| a.name.cmp(&b.name));
        cases
    }

    fn read(root: &Path, folder: &Path) -> Self {
        let command = std::fs::read(folder.join("command.json")).expect("command.json");
        let CommandFile { args, env } = serde_json::from_slice(&command).expect("command.json");
        let name = folder.file_name().expect("name").to_string_lossy().into_owned();
        Self { name, root: root.to_owned(), args, env, expected: files(&folder.join("expected")) }
    }

    /// Everything that differs, each line with the name of its part.
    pub(crate) fn differences(&self) -> BTreeSet<String> {
        let actual = self.run();
        let parts: BTreeSet<_> = self.expected.keys().chain(actual.keys()).collect();
        let text = |answer: &Answer, part: &String| {
            answer.get(part).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        };
        let lines = parts.into_iter().flat_map(|part| {
            let found =
                compare::part(part, text(&self.expected, part).as_deref(), text(&actual, part).as_deref());
            found.into_iter().map(move |it| {
                format!("{part}{}{}", if it.0.starts_with(':') { "" } else { " " }, it.0.trim())
            })
        });
        lines.collect()
    }

    fn run(&self) -> Answer {
        let out = tempfile::tempdir().expect("output folder");
        let home = tempfile::tempdir().expect("home");
        let fill = |text: &str| text.replace("{golden}", ".").replace("{out}", &out.path().to_string_lossy());
        let mut command = Command::new(env!("CARGO_BIN_EXE_ec"));
        command.args(self.args.iter().map(|arg| fill(arg)));
        if self.args.starts_with(&["validate".to_owned(), "image".to_owned()]) {
            command.args(["--layout", "./registry"]);
        }
        command.current_dir(&self.root).stdin(Stdio::null()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs([("HOME", home.path()), ("DOCKER_CONFIG", home.path()), ("TMPDIR", home.path())]);
        command.envs([("TZ", "UTC"), ("SIGSTORE_REKOR_PUBLIC_KEY", "./keys/rekor.pub")]);
        command.envs(self.env.iter().map(|(name, value)| (name, fill(value))));
        let output = command.output().expect("the binary runs");
        let mut answer = files(out.path());
        let exit = output.status.code().map_or_else(|| output.status.to_string(), |code| code.to_string());
        answer.insert("exit".to_owned(), exit.into_bytes());
        answer.insert("stderr.txt".to_owned(), output.stderr);
        if !output.stdout.is_empty() {
            answer.insert("stdout.txt".to_owned(), output.stdout);
        }
        let path = out.path().to_string_lossy().into_owned();
        for bytes in answer.values_mut() {
            *bytes = String::from_utf8_lossy(bytes).replace(&path, "{out}").into_bytes();
        }
        answer
    }
}

/// The files of a folder; sub-folders do not count.
fn files(folder: &Path) -> Answer {
    std::fs::read_dir(folder)
        .expect("folder")
        .map(|entry| entry.expect("entry"))
        .filter(|entry| entry.path().is_file())
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, std::fs::read(entry.path()).expect("file"))
        })
        .collect()
}
