//! The cache on disk, by real processes: killed in the middle, and two at once.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use enterprise_contract::testkit::registry::{Registry, Rule, Step};
use serde_json::Value;

use crate::ends::{ec, finished, serving};
use crate::stage::{self, failing, good};

const CACHE: &str = "--cache-dir=cache";

/// How often each blob was asked for, without those who only ask whether it is there.
fn downloads(registry: &Registry) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in registry.asked().into_iter().filter(|it| it.starts_with("GET") && it.contains("/blobs/")) {
        *counts.entry(line).or_default() += 1;
    }
    counts
}

async fn verdict(folder: &Path, registry: &Registry) -> (Option<i32>, Value) {
    let answer = finished(ec(folder, registry, &[CACHE]).spawn().unwrap()).await;
    let report: Value = serde_json::from_str(&answer.stdout).unwrap_or_else(|_| panic!("{answer:?}"));
    (answer.code, report["run"]["from-cache"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_in_the_middle_leaves_nothing_that_harms_the_next() {
    let stage = stage::set([good("one"), good("two")]);
    let stalling = serving(stage.path(), vec![Rule::new("/v2/team/two/blobs/", [Step::Stall(9)])]).await;
    let mut child = ec(stage.path(), &stalling, &[CACHE]).spawn().unwrap();
    while !stalling.asked().iter().any(|it| it.contains("/team/two/blobs/")) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // A power failure may do worse: a file of the right name with half its bytes.
    let layout = std::fs::read_dir(stage.path().join("layout/blobs/sha256")).unwrap();
    for blob in layout.map(|it| it.unwrap()) {
        let bytes = std::fs::read(blob.path()).unwrap();
        let kept = stage.path().join("cache/blobs").join(blob.file_name());
        if !kept.exists() {
            std::fs::write(kept, &bytes[..bytes.len() / 2]).unwrap();
        }
    }
    let whole = serving(stage.path(), Vec::new()).await;
    assert_eq!(verdict(stage.path(), &whole).await.0, Some(0));
    let asked = downloads(&whole);
    let (code, taken) = verdict(stage.path(), &whole).await;
    assert_eq!(code, Some(0));
    assert_eq!(downloads(&whole), asked, "the second run reads no blob from the registry");
    assert!(taken.as_u64().unwrap() >= 6, "{taken}");
}

/// The report but for the key `run`, which is the last, and the time.
fn decided(report: &str) -> &str {
    report.rsplit_once(",\"run\":{\"source\":").unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_killed_at_any_point_leave_no_damage_and_no_half_report() {
    const FIXED: [&str; 2] = ["--effective-time=2025-06-01", "--allow-past-effective-time"];
    let stage = stage::set([good("one"), failing("two"), good("three")]);
    let registry = serving(stage.path(), Vec::new()).await;
    let run = |more: &[&str]| ec(stage.path(), &registry, &[&FIXED[..], more].concat()).spawn().unwrap();
    let clean = finished(run(&["--no-cache"])).await;
    assert_eq!(clean.code, Some(1), "{clean:?}");
    let requests = registry.asked().len();
    let mut killed = 0;
    for point in (0..requests).step_by(3) {
        let before = registry.asked().len();
        let mut child = run(&[CACHE, "--output=json=report.json"]);
        // The more is in the folder, the less is asked for: then it ends by itself.
        while registry.asked().len() < before + point && child.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        child.kill().unwrap();
        killed += usize::from(child.wait().unwrap().code().is_none());
        if let Ok(report) = std::fs::read_to_string(stage.path().join("report.json")) {
            assert_eq!(decided(&report), decided(&clean.stdout), "a report is there whole or not at all");
        }
    }
    assert!(killed > 3, "{killed} of {requests}");
    let after = finished(run(&[CACHE])).await;
    assert_eq!((after.code, decided(&after.stdout)), (Some(1), decided(&clean.stdout)));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_process_that_is_killed_brings_the_blob_itself() {
    let stage = stage::set([good("one")]);
    let stuck = Rule::new("GET /v2/team/one/blobs/", [Step::Stall(9), Step::Pass]);
    let registry = serving(stage.path(), vec![stuck]).await;
    let blobs = || registry.asked().iter().filter(|it| it.contains("/blobs/")).count();
    let mut killed = ec(stage.path(), &registry, &[CACHE]).spawn().unwrap();
    while blobs() < 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let waits = ec(stage.path(), &registry, &[CACHE]).spawn().unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    killed.kill().unwrap();
    killed.wait().unwrap();
    let answer = finished(waits).await;
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let downloads = downloads(&registry);
    let times = |count: usize| downloads.values().filter(|it| **it == count).count();
    assert!(times(2) > 0 && times(1) + times(2) == downloads.len(), "what was stuck, again: {downloads:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_with_one_cache_download_each_blob_once() {
    let stage = stage::set([good("one"), good("two"), good("three")]);
    let registry = serving(stage.path(), Vec::new()).await;
    let both = tokio::join!(verdict(stage.path(), &registry), verdict(stage.path(), &registry));
    assert_eq!((both.0.0, both.1.0), (Some(0), Some(0)));
    let downloads = downloads(&registry);
    assert!(downloads.len() >= 9 && downloads.values().all(|it| *it == 1), "{downloads:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_was_asked_for_must_work_and_the_usual_one_need_not() {
    let stage = stage::set([good("one")]);
    let registry = serving(stage.path(), Vec::new()).await;
    stage::write(stage.path(), "cache", "a file");
    let answer = finished(ec(stage.path(), &registry, &[CACHE]).spawn().unwrap()).await;
    assert_eq!(answer.code, Some(2));
    assert!(answer.stderr.contains("--cache-dir"), "{}", answer.stderr);
    stage::write(stage.path(), ".cache", "a file");
    let answer = finished(ec(stage.path(), &registry, &[]).spawn().unwrap()).await;
    assert_eq!(answer.code, Some(0), "{answer:?}");
}
