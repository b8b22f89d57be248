//! Memory: what does not fit waits, begins again with more, or is said to be too large; the others do not notice.

use enterprise_contract::model::Digest;
use enterprise_contract::testkit::registry::ReferrersApi;
use serde_json::{Value, json};

use crate::bench::{Bench, NAMES};

const MIB: u64 = 1 << 20;

/// A component asks for a blob of so many bytes.
fn asking(at: usize, bytes: usize) -> Bench {
    let mut bench = Bench::new(ReferrersApi::Missing);
    let blob = vec![b'x'; bytes];
    let digest = Digest::of(&blob);
    bench.contents.blob(blob);
    let name = NAMES[at];
    bench.rules = format!(
        r#"deny contains {{"msg": "no blob", "code": "faults.blob"}} if {{
    input.component_name == "{name}"
    not ec.oci.blob("registry.example/team/{name}@{digest}")
}}"#
    );
    bench
}

fn failure(entry: &Value) -> (&str, &str) {
    let text = |key: &str| entry["failure"][key].as_str().unwrap_or_default();
    (text("kind"), text("message"))
}

#[tokio::test]
async fn a_late_look_up_that_does_not_fit_begins_again_with_a_larger_lease() {
    let mut bench = asking(1, 4 << 20);
    let ran = bench.run(Vec::new()).await;
    assert!(ran.components.iter().all(|it| it["verdict"] == "pass"), "{:#?}", ran.components);
    let restarts: Vec<u32> = ran.memory.components.iter().map(|it| it.restarts).collect();
    assert_eq!(restarts, [0, 1, 0]);
    let use_of = &ran.memory.components[1];
    assert!(use_of.used > 32 * MIB && use_of.used <= use_of.granted, "{use_of:?}");
    let other = &ran.memory.components[0];
    assert!(other.granted < 17 * MIB && other.used > 0 && other.used < other.granted, "{other:?}");
    // With all memory for one at a time nothing changes but the time.
    bench.memory = use_of.granted;
    assert_eq!(bench.run(Vec::new()).await.components, ran.components);
}

#[tokio::test]
async fn what_needs_more_than_there_is_is_too_large_and_says_what_would_do() {
    let clean = Bench::new(ReferrersApi::Missing).run(Vec::new()).await.components;
    let mut bench = asking(2, 4 << 20);
    bench.memory = 30 * MIB;
    let ran = bench.run(Vec::new()).await;
    assert_eq!(ran.components[..2], clean[..2]);
    let (kind, message) = failure(&ran.components[2]);
    assert_eq!(kind, "too-large", "{message}");
    assert!(message.contains("31457280 bytes of --max-memory"), "{message}");
    assert_eq!(ran.components[2]["verdict"], "incomplete");
    assert_eq!(ran.memory.components[2].granted, 30 * MIB);
}

#[tokio::test]
async fn a_hostile_document_is_stopped_at_its_lease_and_its_neighbours_do_not_notice() {
    let clean = Bench::new(ReferrersApi::Missing).run(Vec::new()).await.components;
    let hostile = |it: &mut Value| it["predicate"]["junk"] = json!(vec![json!({}); 420_000]);
    let mut bench =
        Bench::with(ReferrersApi::Missing, |at, app| if at == 0 { app.provenance(hostile) } else { app });
    bench.memory = 30 * MIB;
    let ran = bench.run(Vec::new()).await;
    assert_eq!(ran.components[1..], clean[1..]);
    assert_eq!(failure(&ran.components[0]).0, "too-large", "{}", ran.components[0]["failure"]);
    assert!(ran.memory.components[0].restarts <= 3);
}
