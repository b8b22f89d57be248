//! Two hundred components and trouble of every kind: the text report opens with the causes on one screen, what it leaves
//! out is counted, and every undecided part has a failure with all that there is to say.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use enterprise_contract::report::{Colour, Detail, Options, Shown, Successes, Target, render};
use enterprise_contract::testkit::registry::{ReferrersApi, Rule, Step};
use serde_json::Value;

use crate::bench::{Bench, NAMES, Ran, component};

/// Of the run; three of them are in a registry that works.
const COMPONENTS: usize = 200;

/// Registries that do not, each in its own way or in that of some others.
const HOSTS: usize = 26;

fn trouble(host: usize) -> Step {
    match host % 9 {
        0 => Step::status(503, ""),
        1 => Step::status(403, ""),
        2 => Step::status(429, ""),
        3 => Step::Reset,
        4 => Step::Silence,
        5 => Step::typed("application/vnd.oci.image.manifest.v1+json", b"{\"a\": 1, \"a\": 2}"),
        6 => Step::typed("text/html", b"<html>"),
        7 => Step::status(502, ""),
        _ => Step::status(418, ""),
    }
}

async fn troubled() -> Ran {
    let mut bench = Bench::new(ReferrersApi::Missing);
    let host = |at: usize| format!("r{}.example", at % HOSTS);
    for at in NAMES.len()..COMPONENTS {
        let image = format!("{}/team/c{at}:latest", host(at));
        bench.components.push(component(&format!("c{at}"), &image, "https://good.example"));
    }
    let mut rules: Vec<_> = (0..HOSTS).map(|at| Rule::new("/v2/", [trouble(at)]).at(&host(at))).collect();
    // One of the good ones loses its base, which a rule asks for, and one its evidence.
    rules.push(Rule::new("/v2/base/one/manifests/latest", [Step::status(500, "")]));
    rules.push(Rule::new("/v2/team/two/blobs/", [Step::Garble]));
    bench.run(rules).await
}

fn text(ran: &Ran) -> String {
    let options = Options { successes: Successes::Counted, detail: Detail::Brief, colour: Colour::Never };
    let target = Target::parse("text", Shown::default()).unwrap();
    String::from_utf8(render(&ran.report, options, &target)).unwrap()
}

/// Stage, kind and host of a target.
type Key = (String, String, String);

/// Every failure in the JSON report, with the component's name; each is complete.
fn failures(components: &[Value]) -> Vec<(Key, String)> {
    let mut all = Vec::new();
    for entry in components {
        let parts = entry["undecided"].as_array().into_iter().flatten().map(|it| &it["failure"]);
        let own = entry.get("failure").filter(|_| entry["undecided"].is_null());
        for failure in parts.chain(own) {
            let text = |key: &str| failure[key].as_str().filter(|it| !it.is_empty()).map(str::to_owned);
            let (Some(stage), Some(kind), Some(_), Some(target)) =
                (text("stage"), text("kind"), text("message"), text("target"))
            else {
                panic!("{failure:#}");
            };
            assert!(
                failure["attempts"].as_u64() >= Some(1) && failure["retryable"].is_boolean(),
                "{failure}"
            );
            let host = target.split('/').nth(2).unwrap_or_default().to_owned();
            let name = entry["name"].as_str().unwrap().to_owned();
            assert!(entry["containerImage"].as_str().is_some_and(|it| it.contains("/team/")), "{entry}");
            all.push(((stage, kind, host), name));
        }
    }
    all
}

/// How many components a line names or counts.
fn counted(line: &str) -> usize {
    let (_, named) = line.rsplit_once(": ").unwrap();
    let (named, more) = named.split_once(" and ").unwrap_or((named, "0 more"));
    named.split(", ").count() + more.strip_suffix(" more").unwrap().parse::<usize>().unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_causes_of_two_hundred_components_fit_a_screen_and_nothing_is_lost() {
    let start = tokio::time::Instant::now();
    let ran = troubled().await;
    let text = text(&ran);
    let undecided = COMPONENTS - 1;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..2], ["Success: false", "Result: INCOMPLETE"]);
    assert_eq!(lines[3], format!("Undecided: {undecided} of {COMPONENTS} components"));
    let end = 4 + lines[4..].iter().take_while(|it| it.starts_with("  ")).count();
    assert!(end <= 20, "{end} lines:\n{text}");

    let all = failures(&ran.components);
    let causes: BTreeSet<&Key> = all.iter().map(|(key, _)| key).collect();
    assert!(causes.len() > 20, "{causes:#?}");
    let kinds: BTreeSet<&str> = causes.iter().map(|(_, kind, _)| kind.as_str()).collect();
    assert!(kinds.is_superset(&BTreeSet::from(["malformed", "timed-out", "unauthorised", "unavailable"])));
    let names: BTreeSet<&str> = all.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names.len(), undecided, "every undecided component has a failure in JSON");

    // What is told and what is counted is all there is.
    let (told, rest) = (&lines[4..end - 1], lines[end - 1]);
    let (more, hit) = rest.trim().strip_prefix("… and ").unwrap().split_once(" more causes (").unwrap();
    assert_eq!(told.len() + more.parse::<usize>().unwrap(), causes.len(), "{text}");
    let hit: usize = hit.split(' ').next().unwrap().parse().unwrap();
    let told: usize = told.iter().map(|it| counted(it)).sum();
    let by_cause: BTreeSet<_> = all.iter().collect();
    assert_eq!(told + hit, by_cause.len(), "{text}");

    let counts = ran.report.failure_counts();
    let counts: u64 = counts.values().flat_map(BTreeMap::values).sum();
    assert_eq!(counts, all.len() as u64, "the counts of the report are those of its entries");
    assert!(start.elapsed() < Duration::from_hours(2), "{:?}", start.elapsed());
}
