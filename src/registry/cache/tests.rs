use std::fs;
use std::time::SystemTime;

use super::*;
use crate::registry::Cause;
use crate::registry::memory::Memory;

const ROOM: u64 = 1000;

struct Bench {
    folder: tempfile::TempDir,
    registry: Arc<Memory>,
}

fn bench(contents: &[&[u8]]) -> Bench {
    let mut registry = Memory::default();
    for content in contents {
        registry.put_blob("application/octet-stream", content);
    }
    Bench { folder: tempfile::tempdir().unwrap(), registry: Arc::new(registry) }
}

impl Bench {
    /// Another run, or another process.
    fn run(&self) -> Cached {
        Cached::new(self.registry.clone(), Store::open(self.folder.path(), ROOM).unwrap())
    }

    /// Blobs that the registry was asked for.
    fn asked(&self) -> usize {
        self.registry.log().len()
    }

    fn file(&self, content: &[u8]) -> std::path::PathBuf {
        self.folder.path().join("blobs").join(Digest::of(content).hex())
    }
}

fn repository() -> Repository {
    Repository::parse("r.example/app").unwrap()
}

fn named(content: &[u8]) -> BlobId {
    BlobId { digest: Digest::of(content), size: Some(content.len() as u64) }
}

#[tokio::test]
async fn what_one_run_read_the_next_one_does_not_ask_for() {
    let bench = bench(&[b"sbom"]);
    for run in 0..3 {
        let cached = bench.run();
        assert_eq!(cached.blob(&repository(), &named(b"sbom"), 99).await.unwrap(), "sbom");
        assert_eq!(cached.traffic().from_cache, Some(u64::from(run > 0)));
    }
    assert_eq!(bench.asked(), 1);
}

#[tokio::test]
async fn what_is_damaged_on_disk_is_asked_for_again() {
    let bench = bench(&[b"sbom"]);
    for damage in [&b"SBOM"[..], b"sb", b"", b"sbom and more"] {
        fs::create_dir_all(bench.folder.path().join("blobs")).unwrap();
        fs::write(bench.file(b"sbom"), damage).unwrap();
        let before = bench.asked();
        assert_eq!(bench.run().blob(&repository(), &named(b"sbom"), 99).await.unwrap(), "sbom");
        assert_eq!(bench.asked(), before + 1);
        assert_eq!(fs::read(bench.file(b"sbom")).unwrap(), b"sbom");
    }
}

#[tokio::test]
async fn absence_and_errors_are_never_kept() {
    let bench = bench(&[]);
    for _ in 0..2 {
        let error = bench.run().blob(&repository(), &named(b"none"), 99).await.unwrap_err();
        assert_eq!(error.cause, Cause::Absent);
    }
    assert_eq!(bench.asked(), 2);
    assert_eq!(fs::read_dir(bench.folder.path().join("blobs")).unwrap().count(), 0);
}

/// Says of no blob that it is there, and has all of them.
struct Deleted(Arc<Memory>);

impl Transport for Deleted {
    fn manifest<'a>(&'a self, reference: &'a ImageRef, cap: u64) -> Answer<'a, Manifest> {
        self.0.manifest(reference, cap)
    }

    fn head<'a>(&'a self, reference: &'a ImageRef) -> Answer<'a, Descriptor> {
        self.0.head(reference)
    }

    fn blob<'a>(&'a self, repository: &'a Repository, blob: &'a BlobId, cap: u64) -> Answer<'a, Bytes> {
        self.0.blob(repository, blob, cap)
    }

    fn has_blob<'a>(&'a self, repository: &'a Repository, _digest: &'a Digest) -> Answer<'a, ()> {
        Box::pin(async { Err(RegistryError::new(repository.registry(), "HEAD", Cause::Absent)) })
    }

    fn referrers<'a>(&'a self, subject: &'a PinnedRef, limit: usize) -> Answer<'a, Vec<Descriptor>> {
        self.0.referrers(subject, limit)
    }
}

#[tokio::test]
async fn a_blob_that_only_a_rule_names_must_still_be_there() {
    let bench = bench(&[b"sbom"]);
    let by_rule = BlobId { size: None, ..named(b"sbom") };
    let cached = Cached::new(
        Arc::new(Deleted(bench.registry.clone())),
        Store::open(bench.folder.path(), ROOM).unwrap(),
    );
    assert!(cached.blob(&repository(), &named(b"sbom"), 99).await.is_ok());
    assert!(cached.blob(&repository(), &named(b"sbom"), 99).await.is_ok());
    assert!(cached.blob(&repository(), &by_rule, 99).await.unwrap_err().is_absent());
}

#[tokio::test]
async fn a_cap_holds_for_what_is_kept_too() {
    let bench = bench(&[b"sbom"]);
    bench.run().blob(&repository(), &named(b"sbom"), 99).await.unwrap();
    let by_rule = BlobId { size: None, ..named(b"sbom") };
    let error = bench.run().blob(&repository(), &by_rule, 3).await.unwrap_err();
    assert_eq!(error.cause, Cause::TooLarge { cap: 3, size: Some(4) });
    assert_eq!(bench.asked(), 1);
    fs::write(bench.file(b"sbom"), b"SBOM").unwrap();
    assert!(bench.run().blob(&repository(), &by_rule, 3).await.is_err());
    assert_eq!(bench.asked(), 2, "the size of what is damaged is no size");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_at_the_same_time_shares_one_download() {
    let bench = bench(&[b"sbom"]);
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let run = bench.run();
        tasks.push(tokio::spawn(async move { run.blob(&repository(), &named(b"sbom"), 99).await }));
    }
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap(), "sbom");
    }
    assert_eq!(bench.asked(), 1);
}

#[test]
fn the_room_is_bounded_and_what_was_used_last_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), ROOM).unwrap();
    let blobs: Vec<Vec<u8>> = (0..12).map(|it| vec![it; 100]).collect();
    for (at, blob) in blobs.iter().enumerate() {
        store.put(&Digest::of(blob), blob).unwrap();
        let file =
            fs::File::options().append(true).open(folder.path().join("blobs").join(Digest::of(blob).hex()));
        file.unwrap().set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(at as u64)).unwrap();
        // The first one is used all the time.
        assert!(store.get(&Digest::of(&blobs[0]), 999).is_some());
    }
    let kept: Vec<usize> = (0..12).filter(|at| store.get(&Digest::of(&blobs[*at]), 999).is_some()).collect();
    let bytes: u64 = kept.len() as u64 * 100;
    assert!(bytes <= ROOM && kept.contains(&0) && kept.contains(&11) && !kept.contains(&1), "{kept:?}");
    store.put(&Digest::of(&[0; 251]), &[0; 251]).unwrap();
    assert!(store.get(&Digest::of(&[0; 251]), 999).is_none(), "too large a share");
}

#[test]
fn a_folder_that_cannot_be_used_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    assert!(Store::open(&folder.path().join("file"), ROOM).is_err());
}

#[test]
fn unfinished_files_of_killed_processes_go_when_they_are_old() {
    let folder = tempfile::tempdir().unwrap();
    Store::open(folder.path(), ROOM).unwrap();
    let (old, young) = (folder.path().join("new/old.1.0"), folder.path().join("new/young.1.0"));
    for file in [&old, &young] {
        fs::write(file, "half").unwrap();
    }
    fs::File::options().append(true).open(&old).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    Store::open(folder.path(), ROOM).unwrap();
    assert!(!old.exists() && young.exists());
}
