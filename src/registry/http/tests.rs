//! The client against a registry in process, faults included.

use std::time::{Duration, Instant};

use super::*;
use crate::model::FailureKind;
use crate::testkit::registry::{CA_PEM, Contents, ReferrersApi, Registry, Rule, Seen, Step, Tls};

mod paced;

const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = r#"{"schemaVersion":2,"config":{"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}}"#;

/// A registry with one image, `app:1`, and one blob.
fn contents(api: ReferrersApi) -> Contents {
    let mut contents = Contents::new(api);
    contents.manifest("registry.example/app:1", IMAGE, MANIFEST);
    contents.blob("0123456789");
    contents
}

fn blob() -> BlobId {
    BlobId { digest: Digest::of(b"0123456789"), size: Some(10) }
}

struct Bench {
    server: Registry,
    client: Http,
    _files: tempfile::TempDir,
}

/// A server with these faults, and a client for which every name leads to it over HTTPS.
async fn bench(rules: Vec<Rule>) -> Bench {
    bench_of(contents(ReferrersApi::Missing), rules, "{}").await
}

async fn bench_of(contents: Contents, rules: Vec<Rule>, docker_config: &str) -> Bench {
    let server = Registry::start(contents, rules, Tls::Offered).await.unwrap();
    let names = ["registry.example", "auth.registry.example", "storage.example", "evil.test"];
    let names = names.into_iter().map(|it| (it.to_owned(), server.address())).collect();
    let files = tempfile::tempdir().unwrap();
    std::fs::write(files.path().join("ca.pem"), CA_PEM).unwrap();
    std::fs::write(files.path().join("config.json"), docker_config).unwrap();
    let client = client(files.path(), names, &[]);
    Bench { server, client, _files: files }
}

fn client(
    files: &std::path::Path,
    names: HashMap<String, std::net::SocketAddr>,
    more: &[(&str, String)],
) -> Http {
    let variable = |name: &str| match name {
        "SSL_CERT_FILE" => Some(files.join("ca.pem").display().to_string()),
        "SSL_CERT_DIR" => Some("/nowhere".to_owned()),
        "DOCKER_CONFIG" => Some(files.display().to_string()),
        name => more.iter().find(|it| it.0 == name).map(|it| it.1.clone()),
    };
    let quick = |millis| Duration::from_millis(millis);
    let retry = RetryPolicy { base: quick(1), max_wait: quick(1), ..RetryPolicy::default() };
    let pace = Pace { connect: quick(2000), idle: quick(300), object: quick(3000), ..Pace::default() };
    Http::new(HttpSettings { retry, pace, names, ..HttpSettings::default() }, &variable).unwrap()
}

impl Bench {
    async fn manifest(&self) -> Result<Manifest, RegistryError> {
        self.client.manifest(&reference("registry.example/app:1"), 1 << 20).await
    }

    async fn blob(&self) -> Result<Bytes, RegistryError> {
        self.blob_of(&blob(), 1 << 20).await
    }

    async fn blob_of(&self, blob: &BlobId, cap: u64) -> Result<Bytes, RegistryError> {
        let repository = Repository::parse("registry.example/app").unwrap();
        self.client.blob(&repository, blob, cap).await
    }

    async fn referrers(&self, limit: usize) -> Result<Vec<Descriptor>, RegistryError> {
        self.client.referrers(&subject(), limit).await
    }

    fn shown(&self) -> Vec<(String, Option<String>)> {
        self.server.seen().into_iter().map(|it: Seen| (it.host, it.authorization)).collect()
    }
}

fn reference(text: &str) -> ImageRef {
    ImageRef::parse(text).unwrap()
}

fn subject() -> PinnedRef {
    Repository::parse("registry.example/app").unwrap().pin(Digest::of(MANIFEST.as_bytes()))
}

fn cause<T: std::fmt::Debug>(answer: Result<T, RegistryError>) -> Cause {
    answer.unwrap_err().cause
}

#[tokio::test]
async fn manifests_and_blobs_are_read_in_one_request_each() {
    let bench = bench(Vec::new()).await;
    let manifest = bench.manifest().await.unwrap();
    assert_eq!(manifest.digest, Digest::of(MANIFEST.as_bytes()));
    assert_eq!(bench.blob().await.unwrap(), "0123456789");
    let head = bench.client.head(&reference("registry.example/app:1")).await.unwrap();
    assert_eq!(head, manifest.descriptor());
    assert_eq!(bench.server.asked().len(), 3);
    assert!(bench.server.seen().iter().all(|it| it.scheme == "https" && it.authorization.is_none()));
    let traffic = bench.client.traffic();
    assert_eq!(traffic.requests.values().sum::<u64>(), 3);
    assert_eq!((traffic.retries, traffic.bytes), (0, MANIFEST.len() as u64 + 10));
}

#[tokio::test]
async fn what_is_not_there_is_absent_and_says_what_was_asked_for() {
    let bench = bench(Vec::new()).await;
    let error = bench.client.head(&reference("registry.example/app:2")).await.unwrap_err();
    assert!(error.is_absent());
    let expected = "HEAD https://registry.example/v2/app/manifests/2: unexpected status code 404 Not Found";
    assert_eq!((error.to_string().as_str(), error.attempts), (expected, 1));
    let other = BlobId { digest: Digest::of(b"other"), size: None };
    assert!(bench.blob_of(&other, 9).await.unwrap_err().is_absent());
}

#[tokio::test]
async fn threat_14_bytes_that_are_not_what_was_named_are_refused() {
    let bench = bench(vec![Rule::new("GET", [Step::Garble])]).await;
    assert!(matches!(cause(bench.blob().await), Cause::WrongDigest { .. }));
    assert!(matches!(cause(bench.manifest().await), Cause::WrongDigest { .. }));
    assert_eq!(bench.server.asked().len(), 2);
}

#[tokio::test]
async fn threat_14_a_stated_digest_must_be_that_of_the_bytes() {
    let sha512 = format!("sha512:{}", "0".repeat(128));
    let other = Digest::of(b"other").to_string();
    for stated in [other.as_str(), sha512.as_str(), "sha256:../../x"] {
        let with = Step::With(vec![("docker-content-digest".into(), stated.into())]);
        let bench = bench(vec![Rule::new("", [with])]).await;
        let pinned = ImageRef::Pinned(subject());
        assert!(bench.manifest().await.is_err(), "{stated}");
        assert!(bench.client.manifest(&pinned, 1 << 20).await.is_err(), "{stated}");
        assert!(bench.client.head(&pinned).await.is_err(), "{stated}");
    }
}

#[tokio::test]
async fn threat_14_other_content_under_a_digest_is_refused_even_if_the_header_agrees_with_it() {
    let body = MANIFEST.replace("\"size\":2", "\"size\":3");
    let headers =
        [("content-type", IMAGE.to_owned()), ("docker-content-digest", subject().digest.to_string())];
    let headers = headers.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let evil = Step::Answer { status: 200, headers, body: body.into_bytes() };
    let bench = bench(vec![Rule::new("manifests", [evil])]).await;
    let answer = bench.client.manifest(&ImageRef::Pinned(subject()), 1 << 20).await;
    assert!(matches!(cause(answer), Cause::WrongDigest { expected, .. } if expected == subject().digest));
}

#[tokio::test]
async fn threat_15_a_content_type_that_contradicts_the_document_is_refused() {
    let with = Step::With(vec![("content-type".into(), INDEX.into())]);
    let bench = bench(vec![Rule::new("manifests", [with])]).await;
    let error = bench.manifest().await.unwrap_err();
    assert_eq!(error.kind(), FailureKind::Malformed);
}

#[tokio::test]
async fn threat_01_a_body_beyond_the_cap_ends_the_reading_with_or_without_length() {
    for (step, size) in [(Step::Pass, Some(blob().size.unwrap())), (Step::Endless, None)] {
        let bench = bench(vec![Rule::new("blobs", [step])]).await;
        let unknown = BlobId { size: None, ..blob() };
        assert_eq!(cause(bench.blob_of(&unknown, 9).await), Cause::TooLarge { cap: 9, size });
        assert!(bench.client.traffic().bytes < 1 << 20);
    }
}

#[tokio::test]
async fn threat_01_a_length_that_lies_is_seen_both_ways() {
    for (size, length) in [(10, "5"), (5, "10"), (20, "10"), (10, "20")] {
        let with = Step::With(vec![("content-length".into(), length.into())]);
        let bench = bench(vec![Rule::new("blobs", [with])]).await;
        let lie = BlobId { size: Some(size), ..blob() };
        assert!(bench.blob_of(&lie, 1 << 20).await.is_err(), "{size} {length}");
    }
    let bench = bench(Vec::new()).await;
    let error = cause(bench.blob_of(&BlobId { size: Some(4), ..blob() }, 1 << 20).await);
    assert_eq!(error, Cause::WrongSize { expected: 4, found: 10 });
    let error = cause(bench.blob_of(&BlobId { size: Some(40), ..blob() }, 1 << 20).await);
    assert_eq!(error, Cause::WrongSize { expected: 40, found: 10 });
}

#[tokio::test]
async fn threat_01_error_bodies_are_read_in_part() {
    let flood = Step::status(500, &" ".repeat(8 << 20));
    let bench = bench(vec![Rule::new("manifests", [flood])]).await;
    assert!(matches!(cause(bench.manifest().await), Cause::Unavailable { status: 500, .. }));
    assert!(bench.client.traffic().bytes < 4 * (1 << 20));
}

#[tokio::test]
async fn threat_06_a_server_that_stalls_or_drips_is_left_by_a_real_clock() {
    for step in [Step::Silence, Step::Stall(3), Step::Drip(Duration::from_secs(1))] {
        let mut bench = bench(vec![Rule::new("blobs", [step.clone()])]).await;
        bench.client.retry.retries = 0;
        let start = Instant::now();
        assert_eq!(bench.blob().await.unwrap_err().kind(), FailureKind::TimedOut, "{step:?}");
        assert!(start.elapsed() < Duration::from_secs(5));
    }
    let mut bench = bench(vec![Rule::new("blobs", [Step::Drip(Duration::from_millis(200))])]).await;
    (bench.client.retry.retries, bench.client.net.pace.object) = (0, Duration::from_millis(900));
    let error = cause(bench.blob().await);
    assert!(matches!(&error, Cause::TimedOut(text) if text.starts_with("not complete")), "{error}");
}

#[tokio::test]
async fn threat_42_transient_faults_recover_with_exactly_one_more_request() {
    for fault in [
        Step::Reset,
        Step::Cut(3),
        Step::Stall(3),
        Step::status(408, ""),
        Step::status(429, r#"{"errors":[{"code":"TOOMANYREQUESTS"}]}"#),
        Step::header(429, "retry-after", "0"),
        Step::status(500, ""),
        Step::status(502, "\u{fffd}"),
        Step::status(503, ""),
        Step::status(504, "<html>"),
    ] {
        let bench = bench(vec![Rule::new("blobs", [fault.clone(), Step::Pass])]).await;
        assert_eq!(bench.blob().await.unwrap(), "0123456789", "{fault:?}");
        assert_eq!(bench.server.asked().len(), 2, "{fault:?}");
        assert_eq!(bench.client.traffic().retries, 1);
    }
}

#[tokio::test]
async fn threat_42_a_fault_that_stays_keeps_its_kind_and_is_never_absence() {
    for (fault, kind) in [
        (Step::status(429, ""), FailureKind::Unavailable),
        (Step::status(503, ""), FailureKind::Unavailable),
        (Step::Reset, FailureKind::Unavailable),
        (Step::status(401, ""), FailureKind::Unauthorised),
        (Step::status(403, ""), FailureKind::Unauthorised),
        (Step::status(418, ""), FailureKind::Malformed),
        (Step::status(200, "not json"), FailureKind::Malformed),
        (Step::status(204, ""), FailureKind::Malformed),
    ] {
        let bench = bench(vec![Rule::new("", [fault.clone()])]).await;
        assert_eq!(bench.manifest().await.unwrap_err().kind(), kind, "{fault:?}");
        assert!(bench.referrers(9).await.is_err(), "{fault:?}");
    }
}

#[tokio::test]
async fn threat_36_the_message_of_a_registry_is_reduced_to_its_code() {
    let echo = r#"{"errors":[{"code":"DENIED","message":"you sent Bearer canary"}]}"#;
    let bench = bench(vec![Rule::new("", [Step::status(403, echo)])]).await;
    let shown = format!("{:?}", bench.manifest().await.unwrap_err());
    assert!(shown.contains("DENIED") && !shown.contains("canary"), "{shown}");
    assert_eq!(error_code(br#"{"errors":[{"code":"\u001b[31mDENIED"}]}"#), "");
}

const CONFIG: &str = r#"{"auths":{"registry.example":{"auth":"dXNlcjpjYW5hcnk="}}}"#;
const BASIC: &str = "Basic dXNlcjpjYW5hcnk=";

fn guarded(realm: &str) -> Vec<Rule> {
    let challenge = format!(r#"Bearer realm="{realm}",service="registry.example""#);
    let guard = Step::Guarded { authorization: "Bearer t0k3n".into(), challenge };
    vec![Rule::new("/token", [Step::status(200, r#"{"token":"t0k3n"}"#)]), Rule::new("/v2/", [guard])]
}

#[tokio::test]
async fn a_token_is_fetched_once_for_a_repository_whoever_asks_at_the_same_time() {
    let rules = guarded("https://auth.registry.example/token");
    let bench = bench_of(contents(ReferrersApi::Missing), rules, CONFIG).await;
    let (a, b, c) = tokio::join!(bench.manifest(), bench.blob(), bench.manifest());
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    let seen = bench.server.seen();
    let tokens: Vec<_> = seen.iter().filter(|it| it.path.starts_with("/token")).collect();
    assert_eq!(tokens.len(), 1);
    assert_eq!(tokens[0].authorization.as_deref(), Some(BASIC));
    assert_eq!(tokens[0].path, "/token?scope=repository%3Aapp%3Apull&service=registry.example");
    let before = bench.server.asked().len();
    bench.blob().await.unwrap();
    assert_eq!(bench.server.asked().len(), before + 1);
    // Name and password went to the realm only.
    assert!(
        seen.iter().all(|it| it.path.starts_with("/token") || it.authorization.as_deref() != Some(BASIC))
    );
}

#[tokio::test]
async fn a_token_that_is_no_longer_taken_is_fetched_again() {
    let mut rules = guarded("https://registry.example/token");
    rules[0] = Rule::new(
        "/token",
        [Step::status(200, r#"{"access_token":"old"}"#), Step::status(200, r#"{"token":"t0k3n"}"#)],
    );
    let bench = bench_of(contents(ReferrersApi::Missing), rules, CONFIG).await;
    let first = bench.manifest().await.unwrap_err();
    assert!(first.is_denied_after_token(), "{first}");
    assert!(bench.manifest().await.is_ok());
}

#[tokio::test]
async fn basic_credentials_are_shown_when_asked_for() {
    let guard = Step::Guarded { authorization: BASIC.into(), challenge: r#"Basic realm="x""#.into() };
    let bench = bench_of(contents(ReferrersApi::Missing), vec![Rule::new("/v2/", [guard])], CONFIG).await;
    assert!(bench.manifest().await.is_ok());
    assert_eq!(bench.shown()[0].1, None);
}

#[tokio::test]
async fn an_identity_token_is_sent_as_a_form_to_the_realm() {
    let config = r#"{"auths":{"registry.example":{"identitytoken":"refresh me"}}}"#;
    let rules = guarded("https://registry.example/token");
    let bench = bench_of(contents(ReferrersApi::Missing), rules, config).await;
    assert!(bench.manifest().await.is_ok());
    let seen = bench.server.seen();
    let form = seen.iter().find(|it| it.method == "POST").unwrap();
    assert!(form.body.contains("grant_type=refresh_token") && form.body.contains("refresh_token=refresh+me"));
    assert_eq!(form.authorization, None);
}

#[tokio::test]
async fn threat_31_a_foreign_realm_gets_no_credentials() {
    let bench = bench_of(contents(ReferrersApi::Missing), guarded("https://evil.test/token"), CONFIG).await;
    let answer = bench.manifest().await;
    // The certificate of the test does not name the foreign host: even the anonymous request stops there.
    assert!(answer.is_err());
    assert!(bench.shown().iter().all(|(_, authorization)| authorization.as_deref() != Some(BASIC)));
}

#[tokio::test]
async fn threat_31_a_realm_that_redirects_is_not_followed() {
    let mut rules = guarded("https://registry.example/token");
    rules[0] = Rule::new("/token", [Step::header(302, "location", "https://evil.test/steal")]);
    let bench = bench_of(contents(ReferrersApi::Missing), rules, CONFIG).await;
    let cause = cause(bench.manifest().await);
    assert!(
        matches!(&cause, Cause::Realm { cause, .. } if matches!(**cause, Cause::Forbidden(_))),
        "{cause}"
    );
    assert!(!bench.server.asked().iter().any(|it| it.contains("steal")));
}

#[tokio::test]
async fn threat_31_a_realm_inside_is_refused_before_it_is_asked() {
    for realm in ["https://127.0.0.1/token", "http://registry.example/token", "https://169.254.169.254/token"]
    {
        let bench = bench_of(contents(ReferrersApi::Missing), guarded(realm), CONFIG).await;
        let error = bench.manifest().await.unwrap_err();
        assert!(matches!(error.cause, Cause::Forbidden(_)), "{error}");
        assert_eq!(bench.server.asked().len(), 1);
    }
}

#[tokio::test]
async fn threat_32_a_redirect_to_another_host_is_followed_without_authorization() {
    let mut rules = guarded("https://registry.example/token");
    let moved = format!("https://auth.registry.example/v2/app/blobs/{}", blob().digest);
    rules.insert(0, Rule::new("blobs", [Step::header(307, "location", &moved)]).at("registry.example"));
    rules.insert(1, Rule::new("blobs", [Step::Pass]).at("auth.registry.example"));
    rules.insert(
        0,
        Rule::new(
            "manifests",
            [Step::Guarded {
                authorization: "Bearer t0k3n".into(),
                challenge: r#"Bearer realm="https://registry.example/token""#.into(),
            }],
        ),
    );
    let bench = bench_of(contents(ReferrersApi::Missing), rules, CONFIG).await;
    bench.manifest().await.unwrap();
    assert_eq!(bench.blob().await.unwrap(), "0123456789");
    let seen = bench.server.seen();
    let storage = seen.iter().find(|it| it.host == "auth.registry.example").unwrap();
    assert_eq!(storage.authorization, None);
    let own = seen.iter().find(|it| it.path.contains("blobs") && it.host == "registry.example").unwrap();
    assert_eq!(own.authorization.as_deref(), Some("Bearer t0k3n"));
}

#[tokio::test]
async fn threat_32_redirects_that_lead_astray_are_not_followed() {
    for location in [
        "http://registry.example/x",
        "https://127.0.0.1/x",
        "https://169.254.169.254/x",
        "https://user:secret@registry.example/x",
        "https://registry.example/v2/app/blobs/loop",
    ] {
        let bench = bench(vec![Rule::new("blobs", [Step::header(302, "location", location)])]).await;
        assert!(matches!(cause(bench.blob().await), Cause::Forbidden(_)), "{location}");
        assert!(bench.server.asked().len() <= 6);
    }
}

#[tokio::test]
async fn threat_33_urls_of_a_descriptor_are_never_fetched() {
    let bench = bench(Vec::new()).await;
    let mut layer = Descriptor::new("x", Digest::of(b"elsewhere"), 9);
    layer.urls.push("https://auth.registry.example/foreign".into());
    assert!(bench.blob_of(&BlobId::from(&layer), 99).await.unwrap_err().is_absent());
    assert!(bench.server.seen().iter().all(|it| it.host == "registry.example"));
}

#[tokio::test]
async fn referrers_come_from_the_api_or_from_the_fallback_tag() {
    let subject = subject();
    let own = MANIFEST.replace('}', "").replace("\"size\":2", "\"size\":2}");
    let own = format!(r#"{own},"subject":{{"digest":"{}","size":1}}}}"#, subject.digest);
    for api in [ReferrersApi::Offered, ReferrersApi::Missing] {
        let mut contents = contents(api);
        let digest = contents.manifest("registry.example/app:referrer", IMAGE, own.clone()).unwrap();
        let list = format!(
            r#"{{"manifests":[{{"mediaType":"{IMAGE}","digest":"{digest}","size":{}}}]}}"#,
            own.len()
        );
        if api == ReferrersApi::Missing {
            contents.manifest(&subject.attached("").to_string(), INDEX, list);
        }
        let bench = bench_of(contents, Vec::new(), "{}").await;
        let found = bench.referrers(9).await.unwrap();
        assert_eq!(found.iter().map(|it| it.digest).collect::<Vec<_>>(), [digest], "{api:?}");
        assert!(matches!(cause(bench.referrers(0).await), Cause::TooMany { .. }));
    }
    assert_eq!(bench(Vec::new()).await.referrers(9).await.unwrap(), []);
}

#[tokio::test]
async fn threat_42_the_fallback_tag_decides_only_where_there_is_no_api() {
    for status in [400, 404, 405, 406, 501] {
        let mut bench = bench(vec![Rule::new("referrers", [Step::status(status, "")])]).await;
        bench.client.retry.retries = 0;
        assert_eq!(bench.referrers(9).await.unwrap(), [], "{status}");
        let mut throttled = self::bench(vec![
            Rule::new("referrers", [Step::status(status, "")]),
            Rule::new("manifests/sha256-", [Step::status(429, "")]),
        ])
        .await;
        throttled.client.retry.retries = 0;
        assert!(throttled.referrers(9).await.is_err(), "{status}");
    }
    for status in [401, 403, 429, 500, 503] {
        let mut bench = bench(vec![Rule::new("referrers", [Step::status(status, "")])]).await;
        bench.client.retry.retries = 0;
        assert!(bench.referrers(9).await.is_err(), "{status}");
    }
}

#[tokio::test]
async fn threat_02_pages_of_referrers_are_bounded() {
    let next = format!("</v2/app/referrers/{}?page=again>; rel=\"next\"", subject().digest);
    let headers =
        [("content-type", INDEX), ("link", next.as_str())].map(|(a, b)| (a.to_owned(), b.to_owned()));
    let page = Step::Answer { status: 200, headers: headers.to_vec(), body: br#"{"manifests":[]}"#.to_vec() };
    let bench = bench(vec![Rule::new("referrers", [page])]).await;
    assert!(matches!(cause(bench.referrers(9).await), Cause::TooMany { things: "pages of referrers", .. }));
    assert_eq!(bench.server.asked().len(), 100);
}

#[tokio::test]
async fn threat_02_all_pages_of_referrers_together_are_as_large_as_one_manifest_at_most() {
    let next = format!("</v2/app/referrers/{}?page=again>; rel=\"next\"", subject().digest);
    let headers =
        [("content-type", INDEX), ("link", next.as_str())].map(|(a, b)| (a.to_owned(), b.to_owned()));
    let body = format!(r#"{{"manifests":[],"annotations":{{"a":"{}"}}}}"#, "x".repeat(1 << 20));
    let page = Step::Answer { status: 200, headers: headers.to_vec(), body: body.into_bytes() };
    let bench = bench(vec![Rule::new("referrers", [page])]).await;
    assert!(matches!(cause(bench.referrers(9).await), Cause::TooLarge { .. }));
    assert_eq!(bench.server.asked().len(), 4);
}

#[tokio::test]
async fn plain_http_is_spoken_to_this_machine_where_https_is_not() {
    for (tls, scheme) in [(Tls::Refused, "http"), (Tls::Offered, "https")] {
        let server = Registry::start(contents(ReferrersApi::Missing), Vec::new(), tls).await.unwrap();
        let files = tempfile::tempdir().unwrap();
        std::fs::write(files.path().join("ca.pem"), CA_PEM).unwrap();
        let client = client(files.path(), HashMap::new(), &[]);
        let name = format!("localhost:{}/app:1", server.address().port());
        assert!(client.manifest(&reference(&name), 1 << 20).await.is_ok());
        assert!(client.manifest(&reference(&name), 1 << 20).await.is_ok());
        assert!(server.seen().iter().all(|it| it.scheme == scheme));
        assert_eq!(server.asked().len(), 2);
    }
}

#[tokio::test]
async fn plain_http_is_never_spoken_to_others_nor_after_a_certificate_error() {
    let server = Registry::start(contents(ReferrersApi::Missing), Vec::new(), Tls::Refused).await.unwrap();
    let files = tempfile::tempdir().unwrap();
    std::fs::write(files.path().join("ca.pem"), CA_PEM).unwrap();
    let names = HashMap::from([("registry.example".to_owned(), server.address())]);
    let answer =
        client(files.path(), names, &[]).manifest(&reference("registry.example/app:1"), 1 << 20).await;
    assert_eq!(answer.unwrap_err().kind(), FailureKind::Unavailable);
    assert!(server.seen().is_empty());
    let server = Registry::start(contents(ReferrersApi::Missing), Vec::new(), Tls::Offered).await.unwrap();
    let names = HashMap::from([("other.local".to_owned(), server.address())]);
    let answer = client(files.path(), names, &[]).manifest(&reference("other.local/app:1"), 1 << 20).await;
    let error = answer.unwrap_err();
    assert!(matches!(error.cause, Cause::Certificate(_)), "{error}");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn credentials_over_plain_http_stay_on_this_machine() {
    let guard = Step::Guarded { authorization: BASIC.into(), challenge: r#"Basic realm="x""#.into() };
    let server =
        Registry::start(contents(ReferrersApi::Missing), vec![Rule::new("/v2/", [guard])], Tls::Refused);
    let server = server.await.unwrap();
    let port = server.address().port();
    let files = tempfile::tempdir().unwrap();
    std::fs::write(files.path().join("ca.pem"), CA_PEM).unwrap();
    let auth = r#"{"auth":"dXNlcjpjYW5hcnk="}"#;
    let config = format!(r#"{{"auths":{{"localhost:{port}":{auth},"registry.local":{auth}}}}}"#);
    std::fs::write(files.path().join("config.json"), config).unwrap();
    let names = HashMap::from([("registry.local".to_owned(), server.address())]);
    let client = client(files.path(), names, &[]);
    assert!(client.manifest(&reference(&format!("localhost:{port}/app:1")), 1 << 20).await.is_ok());
    let before = server.seen().len();
    let answer = client.manifest(&reference("registry.local/app:1"), 1 << 20).await;
    assert_eq!(answer.unwrap_err().kind(), FailureKind::Unauthorised);
    assert!(server.seen()[before..].iter().all(|it| it.authorization.is_none()));
}

#[tokio::test]
async fn threat_37_the_proxy_of_the_environment_is_used() {
    let server = Registry::start(contents(ReferrersApi::Missing), Vec::new(), Tls::Offered).await.unwrap();
    let files = tempfile::tempdir().unwrap();
    std::fs::write(files.path().join("ca.pem"), CA_PEM).unwrap();
    let proxy = [("HTTPS_PROXY", format!("http://{}", server.address()))];
    let client = client(files.path(), HashMap::new(), &proxy);
    assert!(client.manifest(&reference("registry.example/app:1"), 1 << 20).await.is_ok());
    let seen = server.seen();
    assert_eq!((seen[0].method.as_str(), seen[0].path.as_str()), ("CONNECT", "registry.example:443"));
    assert_eq!((seen[1].scheme, seen[1].host.as_str()), ("https", "registry.example"));
}

#[tokio::test]
async fn link_local_addresses_are_never_asked() {
    let bench = bench(Vec::new()).await;
    for name in ["169.254.169.254/app:1", "[fe80::1]/app:1", "0xa9fea9fe:443/app:1"] {
        let answer = bench.client.manifest(&reference(name), 1 << 20).await;
        assert!(matches!(cause(answer), Cause::Forbidden(_)), "{name}");
    }
}
