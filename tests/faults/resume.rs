//! Going on from a report by the real binary: bytes come from the folder by digest, all else is asked again, and what is
//! different is told.

use std::fs;

use enterprise_contract::testkit::registry::{Registry, Rule, Step};
use serde_json::{Value, json};

use crate::ends::{ec, finished, serving};
use crate::stage::{self, good};

const CACHE: &str = "--cache-dir=cache";

fn count(registry: &Registry, parts: &[&str]) -> usize {
    registry.asked().iter().filter(|it| parts.iter().all(|part| it.contains(part))).count()
}

/// The exit code, the report's `run.resumed`, standard error, the text report.
async fn resumed(
    folder: &std::path::Path,
    registry: &Registry,
    more: &[&str],
) -> (Option<i32>, Value, String, String) {
    let arguments = [&["--output=text=text", "--verbose", "--resume=report.json"], more].concat();
    let answer = finished(ec(folder, registry, &arguments).spawn().unwrap()).await;
    let report: Value = serde_json::from_str(&answer.stdout).unwrap_or_else(|_| panic!("{answer:?}"));
    let text = fs::read_to_string(folder.join("text")).unwrap();
    (answer.code, report["run"]["resumed"].clone(), answer.stderr, text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_stopped_is_gone_on_from_and_says_what_is_different() {
    let stage = stage::set([good("one"), good("two"), good("three")]);
    let down = vec![Rule::new("/v2/team/two/blobs/", [Step::status(403, "")])];
    let down = [down, vec![Rule::new("/v2/team/three/", [Step::status(503, "")])]].concat();
    let registry = serving(stage.path(), down).await;
    let more = [CACHE, "--retry-max-retry=0", "--output=json=report.json"];
    let answer = finished(ec(stage.path(), &registry, &more).spawn().unwrap()).await;
    assert_eq!(answer.code, Some(3), "{answer:?}");

    // Still down, but for one of them.
    let registry = serving(stage.path(), vec![Rule::new("/v2/team/three/", [Step::status(503, "")])]).await;
    let more = [CACHE, "--retry-max-retry=0", "--output=yaml=again.yaml"];
    let (code, told, stderr, text) = resumed(stage.path(), &registry, &more).await;
    let changes = json!([
        {"name": "two", "change": "was-undecided", "now": "pass"},
        {"name": "three", "change": "was-undecided", "now": "incomplete"},
    ]);
    assert_eq!((code, &told["changes"], &told["unchanged"]), (Some(75), &changes, &json!(1)));
    let block = "Resumed: from report.json; 1 decided as before\n  was undecided, now pass: two\n  still undecided: three\n";
    assert!(text.contains(block), "{text}");
    let line = "Resumed: from report.json; 1 decided as before; was undecided, now pass: two; still undecided: three";
    assert_eq!(stderr.lines().filter(|it| it.contains(line)).count(), 1, "{stderr}");
    assert!(
        stderr.contains("with --resume again.yaml the next run begins with what is undecided"),
        "{stderr}"
    );

    // One is asked for again as ever, but its bytes are here.
    assert_eq!(count(&registry, &["GET", "/team/one/blobs/"]), 0, "{:#?}", registry.asked());
    for part in ["/team/one/manifests/sha256:", ".sig", ".att", "/team/one/referrers/"] {
        assert!(count(&registry, &["/team/one/", part]) > 0, "{part}: {:#?}", registry.asked());
    }

    // And on from the report in the other format, with all of it there.
    let registry = serving(stage.path(), Vec::new()).await;
    let (code, told, ..) = resumed(stage.path(), &registry, &[CACHE, "--resume=again.yaml"]).await;
    let changes = json!([{"name": "three", "change": "was-undecided", "now": "pass"}]);
    assert_eq!((code, &told["changes"], &told["report"]), (Some(0), &changes, &json!("again.yaml")));
}

#[tokio::test(flavor = "multi_thread")]
async fn going_on_needs_no_cache_and_a_report_may_be_replaced_by_the_next() {
    let stage = stage::set([good("one"), good("two")]);
    let down = vec![Rule::new("/v2/team/two/", [Step::status(503, "")])];
    let registry = serving(stage.path(), down).await;
    let more = ["--no-cache", "--retry-max-retry=0", "--output=json=report.json"];
    let answer = finished(ec(stage.path(), &registry, &more).spawn().unwrap()).await;
    assert_eq!(answer.code, Some(75), "{answer:?}");
    assert!(answer.stderr.contains("with --resume report.json the next run begins"), "{answer:?}");

    let registry = serving(stage.path(), Vec::new()).await;
    let more = ["--no-cache", "--output=json=report.json"];
    let (code, told, ..) = resumed(stage.path(), &registry, &more).await;
    let changes = json!([{"name": "two", "change": "was-undecided", "now": "pass"}]);
    assert_eq!((code, &told["changes"]), (Some(0), &changes));
    assert!(count(&registry, &["GET", "/team/one/blobs/"]) > 0, "nothing is kept without a cache");

    let (code, told, ..) = resumed(stage.path(), &registry, &["--no-cache"]).await;
    assert_eq!((code, &told["changes"], &told["unchanged"]), (Some(0), &json!([]), &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_cannot_be_gone_on_from_is_refused_before_anything_is_asked() {
    let stage = stage::set([good("one")]);
    let registry = serving(stage.path(), Vec::new()).await;
    for (text, complaint) in [
        ("components:\n- name: one\n", "report.json: missing field `containerImage` at line 2, column 3"),
        (
            "components:\n- {name: else, containerImage: \"registry.example/team/else:1\", verdict: pass}\n",
            "report.json: components: none of them is in the snapshot",
        ),
    ] {
        stage::write(stage.path(), "report.json", text);
        let more = ["--resume=report.json", "--output=appstudio=result"];
        let answer = finished(ec(stage.path(), &registry, &more).spawn().unwrap()).await;
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""), "{answer:?}");
        assert!(answer.stderr.contains(complaint), "{}", answer.stderr);
        assert_eq!(registry.asked(), [""; 0]);
        assert!(fs::read_to_string(stage.path().join("result")).unwrap().contains("ERROR"));
    }
}
