//! Every fault at every request of a clean run, for a component at the beginning and one at the end of the snapshot.

use std::collections::BTreeMap;

use enterprise_contract::testkit::registry::{ReferrersApi, Rule, Step};
use serde_json::Value;

use crate::bench::{Bench, NAMES, Ran};
use crate::expected::{FAULTS, Fault, Outcome, Role, expected};

/// A request of the clean run: what it says, and which one of those that say the same.
struct Point {
    line: String,
    before: usize,
    role: Role,
}

struct Matrix {
    bench: Bench,
    clean: Ran,
    victim: usize,
    points: Vec<Point>,
    wrong: Vec<String>,
}

impl Matrix {
    async fn of(victim: usize, api: ReferrersApi) -> Self {
        let bench = Bench::new(api);
        let clean = bench.run(Vec::new()).await;
        assert!(clean.components.iter().all(|it| it["verdict"] == "pass"), "{:#?}", clean.components);
        assert_eq!(clean.retries, 0);
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        let mut points = Vec::new();
        for line in clean.asked.iter().filter(|it| is_of(it, NAMES[victim])) {
            let before = seen.entry(line).or_default();
            let role = Role::of(line, api == ReferrersApi::Offered);
            points.push(Point { line: line.clone(), before: *before, role });
            *before += 1;
        }
        Self { bench, clean, victim, points, wrong: Vec::new() }
    }

    async fn walk(&mut self) -> usize {
        let mut runs = 0;
        for point in std::mem::take(&mut self.points) {
            for fault in FAULTS {
                self.stays(&point, fault).await;
                runs += 1;
                if expected(point.role, fault).1 > 1 {
                    self.passes(&point, fault).await;
                    runs += 1;
                }
            }
        }
        runs
    }

    fn rule(point: &Point, fault: impl IntoIterator<Item = Step>) -> Vec<Rule> {
        let base = if point.role == Role::Token { Bench::token() } else { Bench::guard() };
        let steps: Vec<Step> = std::iter::repeat_n(base, point.before).chain(fault).collect();
        vec![Rule::exactly(&point.line, steps)]
    }

    /// The fault is there from this request on.
    async fn stays(&mut self, point: &Point, fault: Fault) {
        let ran = self.bench.run(Self::rule(point, [fault.step(point.role)])).await;
        let (outcome, times) = expected(point.role, fault);
        let entry = &ran.components[self.victim];
        let what = format!("{fault:?} stays at {:?} {}, turn {}", point.role, point.line, point.before);
        self.neighbours(&what, &ran);
        let asked = count(&ran, &point.line) - point.before as u64;
        // A token is asked for again where the one that was guessed to be needed was not given for good.
        let twice = point.role == Role::Token && times == 1;
        if asked != times && !(twice && asked == 2) {
            self.wrong.push(format!("{what}: asked {asked} times, not {times}"));
        }
        if let Err(why) = self.is(entry, &outcome, &point.line, times) {
            self.wrong.push(format!("{what}: {why}"));
        }
        if ran
            .seen
            .iter()
            .any(|it| it.host != "auth.registry.example" && shows_password(it.authorization.as_deref()))
        {
            self.wrong.push(format!("{what}: the password was shown to others"));
        }
        if ran.seen.iter().any(|it| it.host == "evil.test" && it.authorization.is_some()) {
            self.wrong.push(format!("{what}: something was shown to somebody else"));
        }
    }

    /// The fault is there for this request only.
    async fn passes(&mut self, point: &Point, fault: Fault) {
        let base = if point.role == Role::Token { Bench::token() } else { Bench::guard() };
        let ran = self.bench.run(Self::rule(point, [fault.step(point.role), base])).await;
        let what = format!("{fault:?} passes at {:?} {}, turn {}", point.role, point.line, point.before);
        self.neighbours(&what, &ran);
        if ran.components != self.clean.components {
            self.wrong.push(format!("{what}: {}", ran.components[self.victim]));
        }
        let (_, times) = expected(point.role, fault);
        let retries = u64::from(times == 4);
        let asked = count(&ran, &point.line);
        if ran.retries != retries || asked != count(&self.clean, &point.line) + 1 {
            self.wrong.push(format!("{what}: {} retries, asked {asked} times", ran.retries));
        }
    }

    fn neighbours(&mut self, what: &str, ran: &Ran) {
        for (at, (entry, clean)) in ran.components.iter().zip(&self.clean.components).enumerate() {
            if at != self.victim && entry != clean {
                self.wrong.push(format!("{what}: changed its neighbour {}: {entry}", NAMES[at]));
            }
        }
    }

    fn is(&self, entry: &Value, outcome: &Outcome, line: &str, times: u64) -> Result<(), String> {
        let clean = &self.clean.components[self.victim];
        let holds = match outcome {
            Outcome::Same => entry == clean,
            Outcome::Violation(code) => {
                let codes = entry["violations"].as_array().into_iter().flatten();
                let mut codes = codes.filter_map(|it| it["metadata"]["code"].as_str());
                entry["verdict"] == "fail" && codes.any(|it| it.starts_with(code))
            }
            Outcome::Incomplete { stage, kind } => {
                let failure = &entry["failure"];
                let path = line.split_once(' ').map_or("", |it| it.1);
                let told = failure["target"].as_str().unwrap_or_default();
                let token = path.starts_with("/token");
                let attempts = if times == 4 { 4 } else { 1 };
                entry["verdict"] == "incomplete"
                    && (token || failure["stage"] == *stage)
                    && failure["kind"] == *kind
                    && failure["attempts"] == attempts
                    && (token || told.ends_with(path))
                    && failure["message"].as_str().is_some_and(|it| !token || it.contains("no token from"))
            }
        };
        if holds { Ok(()) } else { Err(format!("not {outcome:?}: {entry}")) }
    }
}

fn is_of(line: &str, name: &str) -> bool {
    [format!("/{name}/"), format!("%2F{name}%3A")].iter().any(|it| line.contains(it.as_str()))
}

fn shows_password(authorization: Option<&str>) -> bool {
    authorization.is_some_and(|it| it.starts_with("Basic"))
}

fn count(ran: &Ran, line: &str) -> u64 {
    ran.asked.iter().filter(|it| *it == line).count() as u64
}

async fn walk(victim: usize, api: ReferrersApi) {
    let mut matrix = Matrix::of(victim, api).await;
    let points = matrix.points.len();
    assert!(points >= 12, "{:#?}", matrix.clean.asked);
    let runs = matrix.walk().await;
    assert!(matrix.wrong.is_empty(), "{} of {runs}:\n{}", matrix.wrong.len(), matrix.wrong.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn threat_42_every_fault_at_every_request_of_the_first_component() {
    walk(0, ReferrersApi::Offered).await;
}

#[tokio::test(start_paused = true)]
async fn threat_42_every_fault_at_every_request_of_the_last_component() {
    walk(2, ReferrersApi::Missing).await;
}
