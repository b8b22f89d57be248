//! `--resume` believes nothing: whatever was done to the report that a run goes on from, it is refused before anything
//! is asked, or nothing changes but the order of the work and what is told of the differences.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use enterprise_contract::model::{ImageRef, Repository};
use enterprise_contract::testkit::{ImageIndex, Scenario};
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::{Answer, ec};
use crate::stage::{self, OF_STAGE, broken, failing, good};

/// A stage, its clean run, and the report of that.
struct Case {
    stage: TempDir,
    clean: Reports,
    report: Value,
}

/// What a run says that may not depend on an earlier one.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Reports {
    code: Option<i32>,
    json: String,
    summary: String,
    text: String,
}

/// An image for two architectures, between others.
fn with_an_index() -> TempDir {
    let scenario = Scenario::new("registry.example/team").with(good("one")).with(broken("two"));
    let mut built = scenario.build().expect("scenario");
    let repository = Repository::parse("registry.example/team/multi").expect("repository");
    let mut index = ImageIndex::new();
    for ((_, image), architecture) in built.components.iter().zip(["amd64", "arm64"]) {
        index = index.child(&built.store, image, architecture);
        built.store.name(&ImageRef::Pinned(repository.pin(image.digest)), image.digest);
    }
    let image = index.push(&mut built.store, &repository, "latest");
    built.components.insert(1, ("multi".to_owned(), image));
    stage::of(&built)
}

static CASES: LazyLock<[Case; 5]> = LazyLock::new(|| {
    [
        Case::of(stage::set([good("one"), good("two")])),
        Case::of(stage::set([good("one"), failing("two"), broken("three"), good("four")])),
        Case::of(stage::set([broken("one"), good("two"), good("three")])),
        Case::of(stage::set([failing("one")])),
        Case::of(with_an_index()),
    ]
});

impl Case {
    fn of(stage: TempDir) -> Self {
        let into = tempfile::tempdir().expect("folder");
        let answer = run(stage.path(), into.path(), &[]);
        let report = serde_json::from_str(&answer.stdout).expect("JSON");
        let clean = Reports::of(&answer, into.path());
        Self { stage, clean, report }
    }

    /// None where the report was refused.
    fn resumed(&self, edited: &[u8]) -> Option<Reports> {
        let into = tempfile::tempdir().expect("folder");
        let file = into.path().join("edited.json");
        fs::write(&file, edited).expect("written");
        let answer = run(self.stage.path(), into.path(), &[&format!("--resume={}", file.display())]);
        if answer.code == Some(2) {
            assert!(answer.stderr.contains("Error: --resume"), "{answer:?}");
            assert!(answer.stdout.is_empty() && !into.path().join("text").exists(), "{answer:?}");
            return None;
        }
        let report: Value = serde_json::from_str(&answer.stdout).expect("JSON");
        assert!(report["run"]["resumed"]["changes"].is_array(), "{report:#}");
        Some(Reports::of(&answer, into.path()))
    }
}

impl Reports {
    fn of(answer: &Answer, folder: &Path) -> Self {
        let read = |file: &str| fs::read_to_string(folder.join(file)).expect(file);
        // `run` is the last key.
        let (json, _) = answer.stdout.rsplit_once(",\"run\":{\"source\":\"layout\"").expect("run");
        Self {
            code: answer.code,
            json: json.to_owned(),
            summary: read("summary"),
            text: without_differences(&read("text")),
        }
    }
}

/// The block that says what is different.
fn without_differences(text: &str) -> String {
    let mut inside = false;
    let mut kept = String::new();
    for line in text.split_inclusive('\n') {
        inside = line.starts_with("Resumed: ") || (inside && line.starts_with("  "));
        kept.push_str(if inside { "" } else { line });
    }
    kept
}

fn run(folder: &Path, into: &Path, more: &[&str]) -> Answer {
    let target = |format: &str| format!("--output={format}={}", into.join(format).display());
    let (summary, text) = (target("summary"), target("text"));
    let usual =
        ["--effective-time=2025-06-01", "--allow-past-effective-time", "--output=json", &summary, &text];
    ec(folder, &[&OF_STAGE[..], &usual[..], more].concat())
}

/// Something that is done to a report. Places are counted round and round.
#[derive(Clone, Debug)]
enum Edit {
    Verdict(usize, &'static str),
    Success,
    DropResults(usize),
    AddViolation(usize),
    SwapImages(usize, usize),
    OtherDigest(usize, char),
    OtherRepository(usize),
    Reverse,
    Remove(usize),
    Add(String, &'static str),
    Rename(usize, String),
    Repeat(usize),
    Garbage(usize, &'static str, Value),
    Cut(usize),
    Flip(usize),
}

impl Edit {
    /// It is still a report of this snapshot.
    fn is_harmless(&self) -> bool {
        match self {
            Self::Verdict(..)
            | Self::Success
            | Self::DropResults(_)
            | Self::AddViolation(_)
            | Self::SwapImages(..)
            | Self::OtherDigest(..)
            | Self::OtherRepository(_)
            | Self::Reverse => true,
            Self::Remove(_)
            | Self::Add(..)
            | Self::Rename(..)
            | Self::Repeat(_)
            | Self::Garbage(..)
            | Self::Cut(_)
            | Self::Flip(_) => false,
        }
    }

    fn made(&self, report: &mut Value) {
        if *self == Self::Success {
            report["success"] = json!(true);
            report["verdict"] = json!("pass");
            return;
        }
        let Some(components) = report["components"].as_array_mut().filter(|it| !it.is_empty()) else {
            return;
        };
        let count = components.len();
        let image = |digest: &str| format!("registry.example/team/other@sha256:{}", digest.repeat(64));
        match self {
            Self::Verdict(at, word) => components[at % count]["verdict"] = json!(word),
            Self::DropResults(at) => {
                let component = components[at % count].as_object_mut().expect("object");
                component.retain(|key, _| ["name", "containerImage", "verdict"].contains(&key.as_str()));
                component.insert("success".to_owned(), json!(true));
            }
            Self::AddViolation(at) => components[at % count]["violations"] = json!([{"msg": "made up"}]),
            Self::SwapImages(one, other) => {
                let [one, other] = [one % count, other % count];
                let image = components[one]["containerImage"].clone();
                components[one]["containerImage"] = components[other]["containerImage"].clone();
                components[other]["containerImage"] = image;
            }
            Self::OtherDigest(at, letter) => {
                let component = &mut components[at % count];
                let image = component["containerImage"].as_str().unwrap_or_default().to_owned();
                let repository = image.split('@').next().expect("repository");
                let digest = letter.to_string().repeat(64);
                component["containerImage"] = json!(format!("{repository}@sha256:{digest}"));
            }
            Self::OtherRepository(at) => components[at % count]["containerImage"] = json!(image("a")),
            Self::Reverse => components.reverse(),
            Self::Remove(at) => drop(components.remove(at % count)),
            Self::Add(name, word) => {
                components.insert(0, json!({"name": name, "containerImage": image("b"), "verdict": word}));
            }
            Self::Rename(at, name) => components[at % count]["name"] = json!(name),
            Self::Repeat(at) => components.push(components[at % count].clone()),
            Self::Garbage(at, key, value) => components[at % count][key] = value.clone(),
            Self::Success | Self::Cut(_) | Self::Flip(_) => {}
        }
    }

    /// What is done to the text.
    fn marred(&self, text: &mut Vec<u8>) {
        match self {
            Self::Cut(at) => text.truncate(at % text.len().max(1)),
            Self::Flip(at) => {
                let at = at % text.len().max(1);
                text.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1);
            }
            _ => {}
        }
    }
}

impl PartialEq for Edit {
    fn eq(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = || 0_usize..8;
    let word = || prop::sample::select(vec!["pass", "fail", "incomplete"]);
    let name = || prop::sample::select(vec!["one", "two", "three", "", "other", "\u{1b}[2J::error::"]);
    let garbage =
        prop::sample::select(vec![json!(null), json!(7), json!("maybe"), json!([]), json!({"x": []})]);
    let key =
        prop::sample::select(vec!["name", "containerImage", "verdict", "success", "violations", "more"]);
    prop_oneof![
        4 => (at(), word()).prop_map(|(at, word)| Edit::Verdict(at, word)),
        2 => Just(Edit::Success),
        2 => at().prop_map(Edit::DropResults),
        1 => at().prop_map(Edit::AddViolation),
        1 => (at(), at()).prop_map(|(one, other)| Edit::SwapImages(one, other)),
        1 => (at(), prop::char::range('a', 'f')).prop_map(|(at, letter)| Edit::OtherDigest(at, letter)),
        1 => at().prop_map(Edit::OtherRepository),
        1 => Just(Edit::Reverse),
        1 => at().prop_map(Edit::Remove),
        1 => (name(), word()).prop_map(|(name, word)| Edit::Add(name.to_owned(), word)),
        1 => (at(), name()).prop_map(|(at, name)| Edit::Rename(at, name.to_owned())),
        1 => at().prop_map(Edit::Repeat),
        1 => (at(), key, garbage).prop_map(|(at, key, value)| Edit::Garbage(at, key, value)),
        1 => (0_usize..4096).prop_map(Edit::Cut),
        1 => (0_usize..4096).prop_map(Edit::Flip),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_verdict_and_no_exit_code_moves_whatever_the_report_says(
        case in 0_usize..5,
        edits in prop::collection::vec(edit(), 1..6),
    ) {
        let case = &CASES[case];
        let mut report = case.report.clone();
        for edit in &edits {
            edit.made(&mut report);
        }
        let mut text = report.to_string().into_bytes();
        for edit in &edits {
            edit.marred(&mut text);
        }
        match case.resumed(&text) {
            Some(reports) => prop_assert_eq!(&reports, &case.clean),
            None => prop_assert!(!edits.iter().all(Edit::is_harmless), "refused"),
        }
    }
}

#[test]
fn a_report_that_says_pass_of_everything_makes_nothing_pass() {
    let case = &CASES[1];
    let mut report = case.report.clone();
    let edits =
        (0..4).flat_map(|at| [Edit::Verdict(at, "pass"), Edit::DropResults(at)]).chain([Edit::Success]);
    edits.for_each(|it| it.made(&mut report));
    assert_eq!(case.clean.code, Some(1));
    assert_eq!(case.resumed(report.to_string().as_bytes()).as_ref(), Some(&case.clean));
}

#[test]
fn children_of_an_index_are_the_same_when_their_names_are() {
    let case = &CASES[4];
    let told = |report: &Value| {
        let into = tempfile::tempdir().expect("folder");
        let file = into.path().join("report.json");
        fs::write(&file, report.to_string()).expect("written");
        let answer = run(case.stage.path(), into.path(), &[&format!("--resume={}", file.display())]);
        let report: Value = serde_json::from_str(&answer.stdout).expect("JSON");
        report["run"]["resumed"].clone()
    };
    let mut report = case.report.clone();
    let verdicts: Vec<_> =
        report["components"].as_array().expect("list").iter().map(|it| it["verdict"].clone()).collect();
    assert_eq!(verdicts, ["pass", "fail", "fail", "fail", "incomplete"]);
    let as_it_was = json!([{"name": "two", "change": "was-undecided", "now": "incomplete"}]);
    assert_eq!((&told(&report)["changes"], &told(&report)["unchanged"]), (&as_it_was, &json!(4)));

    let child = report["components"].as_array_mut().expect("list").remove(2);
    let name = child["name"].as_str().expect("text");
    assert!(name.starts_with("multi-sha256:") && name.ends_with("-amd64"), "{name}");
    let changes = json!([
        {"name": name, "change": "new", "now": "fail"},
        {"name": "two", "change": "was-undecided", "now": "incomplete"},
    ]);
    assert_eq!(told(&report)["changes"], changes);
}
