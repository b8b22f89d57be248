//! Memory: what does not fit waits, grows, begins again with more, or is said to be too large; the others do not notice.

use enterprise_contract::input::Text;
use enterprise_contract::model::Digest;
use enterprise_contract::run::Keep;
use enterprise_contract::testkit::registry::ReferrersApi;
use serde_json::{Value, json};

use crate::bench::{Bench, NAMES};

const MIB: u64 = 1 << 20;

/// Blobs, and the names that they go by.
fn with_blobs(sizes: &[usize]) -> (Bench, Vec<Digest>) {
    let mut bench = Bench::new(ReferrersApi::Missing);
    let blobs = sizes.iter().enumerate().map(|(at, size)| vec![b'a' + u8::try_from(at).unwrap(); *size]);
    let digests = blobs.map(|blob| {
        let digest = Digest::of(&blob);
        bench.contents.blob(blob);
        digest
    });
    let digests = digests.collect();
    (bench, digests)
}

/// A rule that fires for a component unless it can read a blob, or whatever else it asks of one.
fn rule(name: &str, function: &str, digest: &Digest) -> String {
    let reference = format!("registry.example/team/{name}@{digest}");
    let call = format!(r#"{function}("{reference}")"#);
    format!(
        r#"deny contains {{"msg": "no blob", "code": "faults.blob"}} if {{
    input.component_name == "{name}"
    not {call}
}}
"#
    )
}

/// A component asks for a blob of so many bytes.
fn asking(at: usize, bytes: usize) -> Bench {
    let (mut bench, digests) = with_blobs(&[bytes]);
    bench.rules = rule(NAMES[at], "ec.oci.blob", &digests[0]);
    bench
}

fn failure(entry: &Value) -> (&str, &str) {
    let text = |key: &str| entry["failure"][key].as_str().unwrap_or_default();
    (text("kind"), text("message"))
}

fn blobs(asked: &[String], digest: &Digest) -> usize {
    let name = digest.to_string();
    asked.iter().filter(|it| it.starts_with("GET ") && it.contains(&name)).count()
}

#[tokio::test]
async fn a_late_look_up_that_does_not_fit_gets_a_larger_lease_where_memory_is_free() {
    let (mut bench, digests) = with_blobs(&[4 << 20]);
    bench.rules = rule(NAMES[1], "ec.oci.blob", &digests[0]);
    let ran = bench.run(Vec::new()).await;
    assert!(ran.components.iter().all(|it| it["verdict"] == "pass"), "{:#?}", ran.components);
    assert!(ran.memory.components.iter().all(|it| it.restarts == 0), "{:?}", ran.memory);
    let use_of = &ran.memory.components[1];
    assert!(
        use_of.granted > 32 * MIB && use_of.used > 8 * MIB && use_of.used <= use_of.granted,
        "{use_of:?}"
    );
    let other = &ran.memory.components[0];
    assert!(other.granted < 17 * MIB && other.used > 0 && other.used < other.granted, "{other:?}");
    // The head of the first answer says how large it is; no body was read for that.
    assert_eq!(blobs(&ran.asked, &digests[0]), 2);
}

#[tokio::test]
async fn where_it_is_not_free_components_begin_again_with_what_they_need() {
    let (mut bench, digests) = with_blobs(&[4 << 20, (4 << 20) + 1, (4 << 20) + 2]);
    let rules = NAMES.iter().zip(&digests).map(|(name, it)| rule(name, "ec.oci.blob", it));
    bench.rules = rules.collect();
    let plenty = bench.run(Vec::new()).await;
    assert!(plenty.components.iter().all(|it| it["verdict"] == "pass"), "{:#?}", plenty.components);
    // Two of them can begin, none of them has enough beside the other, and the third waits.
    bench.memory = plenty.memory.components.iter().map(|it| it.granted).max().unwrap();
    let ran = bench.run(Vec::new()).await;
    assert_eq!(ran.components, plenty.components);
    let restarts: Vec<u32> = ran.memory.components.iter().map(|it| it.restarts).collect();
    assert!(restarts.iter().any(|it| *it > 0) && restarts.iter().all(|it| *it <= 1), "{restarts:?}");
    assert!(ran.bytes < 13 * MIB, "no body was read twice: {}", ran.bytes);
}

#[tokio::test]
async fn what_needs_more_than_there_is_is_too_large_and_says_what_would_do() {
    let clean = Bench::new(ReferrersApi::Missing).run(Vec::new()).await.components;
    let mut bench = asking(2, 4 << 20);
    let needed = bench.run(Vec::new()).await.memory.components[2].granted;
    bench.memory = 30 * MIB;
    let ran = bench.run(Vec::new()).await;
    assert_eq!(ran.components[..2], clean[..2]);
    let (kind, message) = failure(&ran.components[2]);
    assert_eq!(kind, "too-large", "{message}");
    // A quarter of the budget, 8 MiB at most, is for blobs that somebody may ask for again.
    let advised = (needed / 3 * 4).min(needed + 8 * MIB).div_ceil(MIB);
    assert!(message.contains("31457280 bytes that components have"), "{message}");
    assert!(message.contains(&format!("--max-memory {advised}Mi may do")), "{message}");
    assert_eq!(ran.components[2]["verdict"], "incomplete");
    bench.memory = needed;
    assert_eq!(bench.run(Vec::new()).await.components[2]["verdict"], "pass", "what was said would do does");
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
    // The last try had all memory for itself.
    assert_eq!(ran.memory.components[0].granted, 30 * MIB);
    assert!(ran.memory.components[0].used <= 30 * MIB);
}

/// What is parsed of a look-up, and what an evaluation makes, are held to the lease like what is read.
#[tokio::test]
async fn hostile_look_ups_and_evaluations_begin_again_alone_and_fit_or_are_too_large() {
    let clean = Bench::new(ReferrersApi::Missing).run(Vec::new()).await.components;
    let mut bench = Bench::new(ReferrersApi::Missing);
    let blob = format!("[{}{{}}]", "{},".repeat(400_000)).into_bytes();
    let digest = Digest::of(&blob);
    bench.contents.blob(blob);
    let parse = rule(NAMES[1], "ec.oci.parsed_blob", &digest);
    let make = format!(
        r#"deny contains {{"msg": "short", "code": "faults.short"}} if {{
    input.component_name == "{}"
    count([sprintf("%d%080d", [x, x]) | some x in numbers.range(1, 200000)]) < 10
}}"#,
        NAMES[1]
    );
    for rules in [parse, make] {
        bench.rules = rules;
        bench.memory = 1 << 30;
        let fits = bench.run(Vec::new()).await;
        assert_eq!(fits.components[1]["verdict"], "pass", "{}", fits.components[1]);
        let used = fits.memory.components[1].used;
        assert!(used > 20 * MIB, "{:?}", fits.memory.components[1]);
        bench.memory = 20 * MIB;
        let ran = bench.run(Vec::new()).await;
        assert_eq!(failure(&ran.components[1]).0, "too-large", "{}", ran.components[1]);
        assert_eq!(ran.memory.components[1].granted, 20 * MIB, "it ran alone");
        assert_eq!((&ran.components[0], &ran.components[2]), (&clean[0], &clean[2]));
    }
}

#[tokio::test]
async fn several_large_look_ups_cost_a_few_tries_and_no_second_download() {
    let (mut bench, digests) = with_blobs(&[1 << 20, 2 << 20, 3 << 20]);
    let folder = tempfile::tempdir().unwrap();
    bench.cache = Some(folder.path().to_owned());
    let rules = NAMES.iter().flat_map(|name| digests.iter().map(move |it| rule(name, "ec.oci.blob", it)));
    bench.rules = rules.collect();
    bench.memory = 60 * MIB;
    let ran = bench.run(Vec::new()).await;
    assert!(ran.components.iter().all(|it| it["verdict"] == "pass"), "{:#?}", ran.components);
    assert!(ran.memory.components.iter().all(|it| it.restarts <= 3), "{:?}", ran.memory);
    assert!(ran.bytes < 7 * MIB, "{}", ran.bytes);
}

#[tokio::test]
async fn what_the_report_keeps_is_nobodys_any_more() {
    let (mut bench, _) = with_blobs(&[]);
    bench.keep = Keep { input: Text::Wanted, statements: true, ..bench.keep };
    bench.workers = 1;
    let plenty = bench.run(Vec::new()).await;
    assert!(plenty.components.iter().all(|it| it["verdict"] == "pass"), "{:#?}", plenty.components);
    // Enough for each by itself, and for the last one only if nothing were kept of the others.
    bench.memory = plenty.memory.components.iter().map(|it| it.granted).max().unwrap();
    let ran = bench.run(Vec::new()).await;
    let large = ran.components.iter().filter(|it| failure(it).0 == "too-large").count();
    assert!((1..3).contains(&large), "{:#?}", ran.components);
}
