use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Semaphore;

use super::*;
use crate::registry::memory::Memory as Fixture;

/// Answers only when the gate opens, and counts what was asked.
struct Gated {
    inner: Fixture,
    gate: Semaphore,
    asked: AtomicUsize,
}

impl Gated {
    fn new(inner: Fixture, open: usize) -> Arc<Self> {
        Arc::new(Self { inner, gate: Semaphore::new(open), asked: AtomicUsize::new(0) })
    }

    async fn pass(&self) {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.gate.acquire().await.unwrap().forget();
    }
}

impl Transport for Gated {
    fn manifest<'a>(&'a self, reference: &'a ImageRef, cap: u64) -> Answer<'a, Manifest> {
        Box::pin(async move {
            self.pass().await;
            self.inner.manifest(reference, cap).await
        })
    }

    fn head<'a>(&'a self, reference: &'a ImageRef) -> Answer<'a, Descriptor> {
        Box::pin(async move {
            self.pass().await;
            self.inner.head(reference).await
        })
    }

    fn blob<'a>(&'a self, repository: &'a Repository, blob: &'a BlobId, cap: u64) -> Answer<'a, Bytes> {
        Box::pin(async move {
            self.pass().await;
            self.inner.blob(repository, blob, cap).await
        })
    }

    fn referrers<'a>(&'a self, subject: &'a PinnedRef, limit: usize) -> Answer<'a, Vec<Descriptor>> {
        Box::pin(async move {
            self.pass().await;
            self.inner.referrers(subject, limit).await
        })
    }
}

const PLENTY: usize = 1000;

fn once(inner: Fixture, open: usize) -> (Once, Arc<Gated>) {
    let gated = Gated::new(inner, open);
    (Once::new(gated.clone(), 1 << 20, 1 << 20), gated)
}

fn reference(text: &str) -> ImageRef {
    ImageRef::parse(text).unwrap()
}

fn image() -> (Fixture, PinnedRef) {
    let mut inner = Fixture::default();
    let image = inner.put_image("r.example/app:1", "{}", &[], "");
    (inner, image)
}

fn asked(gated: &Gated) -> usize {
    gated.asked.load(Ordering::SeqCst)
}

#[tokio::test]
async fn threat_13_a_tag_and_its_digest_are_one_request_whatever_is_asked_of_them() {
    let (inner, image) = image();
    let (once, gated) = once(inner, PLENTY);
    let (tag, pinned) = (reference("r.example/app:1"), ImageRef::Pinned(image));
    let head = once.head(&tag).await.unwrap();
    let manifest = once.manifest(&tag, 1 << 20).await.unwrap();
    assert_eq!(once.manifest(&pinned, 1 << 20).await.unwrap(), manifest);
    assert_eq!(once.head(&pinned).await.unwrap(), head);
    assert_eq!(head, manifest.descriptor());
    assert_eq!(asked(&gated), 1);
}

#[tokio::test]
async fn who_asks_meanwhile_waits_for_the_same_answer() {
    let (inner, _) = image();
    let (once, gated) = once(inner, 0);
    let tag = reference("r.example/app:1");
    let (a, b, ()) = tokio::join!(once.manifest(&tag, 1 << 20), once.manifest(&tag, 1 << 20), async {
        tokio::task::yield_now().await;
        gated.gate.add_permits(1);
    });
    assert_eq!(a.unwrap(), b.unwrap());
    assert_eq!(asked(&gated), 1);
}

#[tokio::test]
async fn who_gives_up_disturbs_nobody() {
    let (inner, _) = image();
    let (once, gated) = once(inner, 0);
    let tag = reference("r.example/app:1");
    let (impatient, patient) = (once.clone(), once.clone());
    let first = tokio::spawn({
        let tag = tag.clone();
        async move { impatient.manifest(&tag, 1 << 20).await }
    });
    tokio::task::yield_now().await;
    let second = tokio::spawn(async move { patient.manifest(&tag, 1 << 20).await });
    tokio::task::yield_now().await;
    first.abort();
    assert!(first.await.is_err());
    gated.gate.add_permits(1);
    assert!(second.await.unwrap().is_ok());
    assert_eq!(asked(&gated), 1);
}

#[tokio::test]
async fn absence_is_kept_and_errors_are_not() {
    let (mut inner, _) = image();
    inner.fail("r.example/app:broken", Cause::Connection("reset".into()));
    let (once, gated) = once(inner, PLENTY);
    for _ in 0..2 {
        assert!(once.manifest(&reference("r.example/app:none"), 9).await.unwrap_err().is_absent());
    }
    assert!(once.head(&reference("r.example/app:none")).await.unwrap_err().is_absent());
    assert_eq!(asked(&gated), 1);
    for _ in 0..2 {
        assert!(!once.manifest(&reference("r.example/app:broken"), 9).await.unwrap_err().is_absent());
    }
    assert_eq!(asked(&gated), 3);
}

#[tokio::test]
async fn blobs_are_shared_by_digest_and_absence_only_within_a_repository() {
    let mut inner = Fixture::default();
    let blob = BlobId::from(&inner.put_blob("x", b"content"));
    let none = BlobId { digest: Digest::of(b"none"), size: None };
    let (once, gated) = once(inner, PLENTY);
    let (first, second) =
        (Repository::parse("r.example/one").unwrap(), Repository::parse("r.example/two").unwrap());
    for repository in [&first, &second, &first] {
        assert_eq!(once.blob(repository, &blob, 99).await.unwrap(), "content");
    }
    assert_eq!(asked(&gated), 1);
    for repository in [&first, &first, &second] {
        assert!(once.blob(repository, &none, 99).await.unwrap_err().is_absent());
    }
    assert_eq!(asked(&gated), 3);
}

#[tokio::test]
async fn small_blobs_stay_however_many_large_ones_go_by() {
    let mut inner = Fixture::default();
    let config = BlobId::from(&inner.put_blob("x", b"configuration"));
    let large: Vec<_> =
        (0..20).map(|fill| BlobId::from(&inner.put_blob("x", &vec![fill; 150_000]))).collect();
    let (once, gated) = once(inner, PLENTY);
    let repository = Repository::parse("r.example/one").unwrap();
    for blob in [config].iter().chain(&large).chain([&config]) {
        once.blob(&repository, blob, 1 << 20).await.unwrap();
    }
    assert_eq!(asked(&gated), 21);
    assert_eq!(once.traffic().evicted, Some(15));
}

#[tokio::test]
async fn each_who_asks_has_a_bound_of_his_own() {
    let mut inner = Fixture::default();
    let blob = BlobId::from(&inner.put_blob("x", b"content"));
    let (once, _) = once(inner, PLENTY);
    let repository = Repository::parse("r.example/one").unwrap();
    let (small, large) = tokio::join!(once.blob(&repository, &blob, 3), once.blob(&repository, &blob, 99));
    assert_eq!(small.unwrap_err().cause, Cause::TooLarge { cap: 3, size: Some(7) });
    assert_eq!(large.unwrap(), "content");
    let kept = once.blob(&repository, &blob, 3).await.unwrap_err();
    assert_eq!(kept.cause, Cause::TooLarge { cap: 3, size: Some(7) });
    let liar = BlobId { size: Some(8), ..blob };
    let error = once.blob(&repository, &liar, 99).await.unwrap_err();
    assert_eq!(error.cause, Cause::WrongSize { expected: 8, found: 7 });
}

#[tokio::test]
async fn referrers_are_asked_once() {
    let (inner, image) = image();
    let (once, gated) = once(inner, PLENTY);
    for _ in 0..2 {
        assert_eq!(once.referrers(&image, 9).await.unwrap(), []);
    }
    assert_eq!(asked(&gated), 1);
}

#[tokio::test]
async fn threat_02_manifests_are_kept_within_a_bound_and_names_keep_their_meaning() {
    let mut inner = Fixture::default();
    let filler = "x".repeat(1 << 20);
    let names: Vec<_> = (0..12).map(|it| format!("r.example/app:{it}")).collect();
    for name in &names {
        inner.put_image(name, "{}", &[], &format!(r#","annotations":{{"filler":"{name}{filler}"}}"#));
    }
    let (once, gated) = once(inner, PLENTY);
    let first = once.manifest(&reference(&names[0]), 4 << 20).await.unwrap();
    for name in &names {
        once.manifest(&reference(name), 4 << 20).await.unwrap();
    }
    let before = asked(&gated);
    assert_eq!(before, 12);
    // It made room for the others: it is asked for again, by what the name was found to mean.
    assert_eq!(once.manifest(&reference(&names[0]), 4 << 20).await.unwrap(), first);
    assert_eq!(once.head(&reference(&names[0])).await.unwrap(), first.descriptor());
    assert_eq!(asked(&gated), before + 1);
    assert!(gated.inner.log().last().unwrap().contains("@sha256:"));
}

/// Panics when asked.
struct Defect;

impl Transport for Defect {
    fn manifest<'a>(&'a self, _: &'a ImageRef, _: u64) -> Answer<'a, Manifest> {
        Box::pin(async { panic!("a defect") })
    }
    fn head<'a>(&'a self, _: &'a ImageRef) -> Answer<'a, Descriptor> {
        Box::pin(async { panic!("a defect") })
    }
    fn blob<'a>(&'a self, _: &'a Repository, _: &'a BlobId, _: u64) -> Answer<'a, Bytes> {
        Box::pin(async { panic!("a defect") })
    }
    fn referrers<'a>(&'a self, _: &'a PinnedRef, _: usize) -> Answer<'a, Vec<Descriptor>> {
        Box::pin(async { panic!("a defect") })
    }
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_given_up_and_asked_anew_later() {
    let (inner, _) = image();
    let (once, gated) = once(inner, 0);
    let tag = reference("r.example/app:1");
    let mut waiting = Vec::new();
    for _ in 0..2 {
        let (once, tag) = (once.clone(), tag.clone());
        waiting.push(tokio::spawn(async move { once.manifest(&tag, 1 << 20).await }));
    }
    tokio::task::yield_now().await;
    for task in waiting {
        task.abort();
        assert!(task.await.is_err());
    }
    // The gate has no place left for what was given up.
    gated.gate.add_permits(1);
    assert!(once.manifest(&tag, 1 << 20).await.is_ok());
    assert_eq!((asked(&gated), gated.gate.available_permits()), (2, 0));
}

#[tokio::test]
async fn threat_43_a_panic_in_a_shared_request_is_an_error_for_all_who_wait() {
    let once = Once::new(Arc::new(Defect), 1 << 20, 1 << 20);
    let tag = reference("r.example/app:1");
    let (a, b) = tokio::join!(once.manifest(&tag, 9), once.manifest(&tag, 9));
    let error = a.unwrap_err();
    let object = "GET https://r.example/v2/app/manifests/1";
    assert_eq!((&error.cause, &*error.host, &*error.object), (&Cause::Panicked, "r.example", object));
    assert_eq!(b.unwrap_err(), error);
}
