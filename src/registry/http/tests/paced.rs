//! The client over a registry in memory, by a clock that stands still: how often it asks, and when.

use std::sync::Arc;

use tokio::time::Instant;

use super::*;
use crate::testkit::registry::InMemory;

const BLOBS: &str = "blobs";

struct Paced {
    server: Arc<InMemory>,
    client: Http,
}

fn paced(rules: Vec<Rule>) -> Paced {
    paced_with(rules, RetryPolicy { jitter: 0.0, ..RetryPolicy::default() })
}

fn paced_with(rules: Vec<Rule>, retry: RetryPolicy) -> Paced {
    let server = Arc::new(InMemory::new(contents(ReferrersApi::Missing), rules));
    let settings = HttpSettings { retry, clock: || jiff::Timestamp::UNIX_EPOCH, ..HttpSettings::default() };
    let client = Http::over(server.clone(), settings, &|_| None).unwrap();
    Paced { server, client }
}

impl Paced {
    async fn blob(&self) -> Result<Bytes, RegistryError> {
        let repository = Repository::parse("registry.example/app").unwrap();
        self.client.blob(&repository, &super::blob(), 1 << 20).await
    }

    /// The error, and the virtual seconds that it took.
    async fn failure(&self) -> (RegistryError, u64) {
        let start = Instant::now();
        (self.blob().await.unwrap_err(), start.elapsed().as_secs())
    }
}

#[tokio::test(start_paused = true)]
async fn threat_42_every_status_is_asked_as_often_as_the_table_says() {
    for status in 100..=599 {
        let paced = paced(vec![Rule::new("", [Step::status(status, "")])]);
        let answer = paced.blob().await;
        let class = status::class(status);
        let asked = if class.is_tried_again() { 4 } else { 1 };
        assert_eq!(paced.server.asked().len(), asked as usize, "{status}");
        let error = answer.unwrap_err();
        let traffic = paced.client.traffic();
        assert_eq!((error.attempts, traffic.retries), (asked, u64::from(asked - 1)), "{status}");
        assert_eq!(error.is_absent(), status == 404, "{status}");
        let kind = match class {
            Class::Absent => FailureKind::NotFound,
            Class::Denied => FailureKind::Unauthorised,
            Class::Throttled | Class::Unavailable => FailureKind::Unavailable,
            // A redirect to nowhere, an empty answer, and what no registry says.
            Class::Redirect | Class::Answer | Class::Refused => FailureKind::Malformed,
        };
        assert_eq!(error.kind(), kind, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn waits_grow_to_their_cap_and_a_host_may_name_its_own() {
    for (step, seconds) in [
        (Step::status(500, ""), 1 + 2 + 3),
        (Step::Reset, 1 + 2 + 3),
        (Step::Cut(3), 1 + 2 + 3),
        (Step::header(503, "retry-after", "7"), 3 * 7),
        (Step::header(500, "retry-after", "7"), 3 * 7),
        (Step::header(429, "retry-after", "Thu, 01 Jan 1970 00:00:20 GMT"), 3 * 20),
        (Step::header(429, "ratelimit-reset", "5"), 3 * 5),
        (Step::header(429, "retry-after", "30"), 3 * 30),
        (Step::header(429, "retry-after", "31"), 0),
    ] {
        let (_, took) = paced(vec![Rule::new("", [step.clone()])]).failure().await;
        assert_eq!(took, seconds, "{step:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_budget_of_a_run_bounds_all_its_requests_together() {
    let policy = RetryPolicy { budget: 4, ..RetryPolicy::default() };
    let paced = paced_with(vec![Rule::new("", [Step::status(503, "")])], policy);
    let mut attempts = Vec::new();
    for _ in 0..3 {
        attempts.push(paced.failure().await.0.attempts);
    }
    assert_eq!(attempts, [4, 2, 1]);
    let traffic = paced.client.traffic();
    assert_eq!((traffic.retries, traffic.retry_budget), (4, Some(4)));
}

#[tokio::test(start_paused = true)]
async fn a_host_that_wants_to_be_left_alone_is_left_alone_by_all() {
    let rules = vec![
        Rule::new(BLOBS, [Step::header(429, "retry-after", "9"), Step::Pass]),
        Rule::new("manifests", [Step::Pass]),
    ];
    let paced = paced(rules);
    let start = Instant::now();
    let other = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        paced.client.manifest(&reference("registry.example/app:1"), 1 << 20).await.unwrap();
        start.elapsed().as_secs()
    };
    let (blob, other) = tokio::join!(paced.blob(), other);
    assert_eq!((blob.unwrap(), other), (Bytes::from("0123456789"), 9));
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_is_used_up_delays_the_next_request_and_costs_no_try() {
    let last = [("ratelimit-remaining", "0"), ("ratelimit-reset", "12")];
    let last = Step::With(last.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec());
    let paced = paced(vec![Rule::new(BLOBS, [last, Step::Pass])]);
    let start = Instant::now();
    for seconds in [0, 12, 12] {
        paced.blob().await.unwrap();
        assert_eq!(start.elapsed().as_secs(), seconds);
    }
    assert_eq!(paced.client.traffic().retries, 0);
}

/// One byte before each limit would have passed without one.
#[tokio::test(start_paused = true)]
async fn threat_06_every_form_of_dawdling_ends_when_it_should() {
    for (step, seconds, said) in [
        // Neither head nor handshake: connecting and idling together.
        (Step::Silence, 40, "no answer"),
        (Step::Stall(0), 30, "stopped half-way"),
        (Step::Stall(3), 30, "stopped half-way"),
        (Step::Drip(Duration::from_secs(29)), 30, "slower than"),
        (Step::Drip(Duration::from_secs(31)), 30, "stopped half-way"),
    ] {
        let paced = paced_with(
            vec![Rule::new("", [step.clone()])],
            RetryPolicy { retries: 0, ..RetryPolicy::default() },
        );
        let (error, took) = paced.failure().await;
        assert_eq!((error.kind(), took), (FailureKind::TimedOut, seconds), "{step:?}");
        assert!(error.to_string().contains(said), "{step:?}: {error}");
    }
}

fn large(bytes: usize) -> (Contents, BlobId) {
    let mut contents = contents(ReferrersApi::Missing);
    let bytes = vec![b'x'; bytes];
    let id = BlobId { digest: Digest::of(&bytes), size: Some(bytes.len() as u64) };
    contents.blob(bytes);
    (contents, id)
}

#[tokio::test(start_paused = true)]
async fn threat_06_a_slow_host_that_keeps_the_rate_is_waited_for() {
    // 2,000 and 500 bytes a second.
    for (pause, done) in [(Duration::from_micros(500), true), (Duration::from_millis(2), false)] {
        let (contents, id) = large(100_000);
        let server = Arc::new(InMemory::new(contents, vec![Rule::new("", [Step::Drip(pause)])]));
        let settings = HttpSettings {
            retry: RetryPolicy { retries: 0, ..RetryPolicy::default() },
            // Virtual clocks tick in whole milliseconds; the window is longer than that by far.
            pace: Pace { bytes_per_second: 700, ..Pace::default() },
            ..HttpSettings::default()
        };
        let client = Http::over(server, settings, &|_| None).unwrap();
        let repository = Repository::parse("registry.example/app").unwrap();
        let answer = client.blob(&repository, &id, 1 << 20).await;
        assert_eq!(answer.is_ok(), done, "{pause:?} {:?}", answer.err());
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_expires_in_the_middle_is_renewed_once_for_all() {
    let challenge = r#"Bearer realm="https://auth.registry.example/token""#;
    let guard =
        |token: &str| Step::Guarded { authorization: format!("Bearer {token}"), challenge: challenge.into() };
    let tokens = ["old", "new"].map(|it| Step::status(200, &format!(r#"{{"token":"{it}"}}"#)));
    let paced = paced(vec![
        Rule::new("/token", tokens),
        // The first request, its second try, and then the token is over.
        Rule::new(BLOBS, [guard("old"), guard("old"), guard("new")]),
    ]);
    paced.blob().await.unwrap();
    let all = futures_util::future::join_all((0..8).map(|_| paced.blob())).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    let asked = paced.server.asked();
    assert_eq!(asked.iter().filter(|it| it.contains("/token")).count(), 2, "{asked:#?}");
    assert_eq!(paced.client.traffic().retries, 0, "a renewal is no retry");
}

#[tokio::test(start_paused = true)]
async fn threat_42_what_a_realm_has_not_is_never_absence() {
    for (status, kind, tries) in [
        (404, FailureKind::Malformed, 1),
        (401, FailureKind::Unauthorised, 1),
        (403, FailureKind::Unauthorised, 1),
        (503, FailureKind::Unavailable, 4),
        (200, FailureKind::Malformed, 1),
    ] {
        let mut rules = guarded("https://auth.registry.example/token");
        rules[0] = Rule::new("/token", [Step::status(status, "")]);
        let paced = paced(rules);
        let manifest = paced.client.manifest(&reference("registry.example/app:1"), 1 << 20).await;
        let error = manifest.unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts, error.is_absent()),
            (kind, tries, false),
            "{status}: {error}"
        );
        assert!(!error.is_denied_after_token(), "{status}");
        assert!(error.to_string().contains("no token from auth.registry.example"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_says_429_to_many_is_asked_by_fewer() {
    let throttled = std::iter::repeat_n(Step::status(429, ""), 16).chain([Step::Pass]);
    let paced = paced(vec![Rule::new(BLOBS, throttled.collect::<Vec<_>>())]);
    let all = futures_util::future::join_all((0..40).map(|_| paced.blob())).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert_eq!(paced.client.traffic().retries, 16);
}
