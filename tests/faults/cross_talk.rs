//! What one component is or does never shows in another's entry.

use std::time::Duration;

use enterprise_contract::testkit::registry::{ReferrersApi, Rule, Step};
use serde_json::Value;

use crate::bench::{Bench, component};

/// The entries by name and source, whatever their order.
fn sorted(mut entries: Vec<Value>) -> Vec<String> {
    let mut texts: Vec<String> = entries.drain(..).map(|it| it.to_string()).collect();
    texts.sort();
    texts
}

#[tokio::test(start_paused = true)]
async fn threat_44_twins_of_one_image_and_name_have_verdicts_of_their_own_in_any_order_with_any_workers() {
    let mut bench = Bench::new(ReferrersApi::Missing);
    let image = bench.components[0].container_image.clone();
    bench.components.insert(1, component("one", &image, "https://bad.example"));
    let first = bench.run(Vec::new()).await.components;
    let verdicts: Vec<_> = first.iter().map(|it| it["verdict"].as_str().unwrap_or_default()).collect();
    assert_eq!(verdicts, ["pass", "fail", "pass", "pass"]);
    let expected = sorted(first.clone());
    for turn in 0..bench.components.len() {
        bench.components.rotate_left(1);
        bench.workers = turn + 1;
        let mut again = bench.run(Vec::new()).await.components;
        assert_eq!(sorted(again.clone()), expected);
        again.rotate_right((turn + 1) % 4);
        assert_eq!(again, first, "in the order of the snapshot");
    }
}

/// By a real clock: one that stands still would jump to the deadline while the others compute.
#[tokio::test]
async fn components_that_are_too_slow_end_by_their_own_deadline_and_the_others_do_not_notice() {
    let mut bench = Bench::new(ReferrersApi::Missing);
    let clean = bench.run(Vec::new()).await.components;
    bench.component_timeout = Some(Duration::from_secs(3));
    let hex = bench.components[1].container_image.rsplit(':').next().unwrap().to_owned();
    let silent = |part: &str| Rule::new(part, [Step::Silence]);
    let silent = vec![silent("/v2/team/one/manifests/sha256:"), silent(&format!("sha256-{hex}.att"))];
    let ran = bench.run(silent).await;
    assert_eq!(ran.components[2], clean[2]);
    for (at, stage) in [(0, "resolve"), (1, "fetch")] {
        let failure = &ran.components[at]["failure"];
        assert_eq!((&failure["kind"], &failure["stage"]), (&"timed-out".into(), &stage.into()), "{failure}");
        assert!(failure["message"].as_str().unwrap().contains("--component-timeout"), "{failure}");
        assert_eq!(failure["target"], bench.components[at].container_image.as_str(), "{failure}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_decides_nothing_changes_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(ReferrersApi::Offered);
    let expected = bench.run(Vec::new()).await.components;
    // The second time with the cache the first one left.
    for (workers, memory, cached) in
        [(1, 1 << 30, false), (4, 20 << 20, false), (2, 1 << 40, true), (3, 40 << 20, true)]
    {
        bench.workers = workers;
        bench.memory = memory;
        bench.cache = cached.then(|| folder.path().to_owned());
        for late in ["/team/one/", "/team/three/", ".att", "/base/two/"] {
            // Whoever is late also fails once.
            let rule = Rule::new(late, [Step::Reset, Bench::guard()]);
            let ran = bench.run(vec![rule]).await;
            assert_eq!(ran.components, expected, "{workers} {memory} {cached} {late}");
            assert_eq!(ran.retries, 1);
        }
    }
}
