use std::fs;
use std::path::Path;

use super::*;
use crate::model::FailureKind;
use crate::model::failure::StageError;

const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A layout in the making: blobs by content, names by descriptor.
struct Draft {
    dir: tempfile::TempDir,
    entries: Vec<String>,
}

impl Draft {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        fs::create_dir_all(dir.path().join("blobs/sha256")).unwrap();
        Self { dir, entries: Vec::new() }
    }

    fn blob(&self, content: &str) -> Digest {
        let digest = Digest::of(content.as_bytes());
        fs::write(self.path(&digest), content).unwrap();
        digest
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.dir.path().join("blobs/sha256").join(digest.hex())
    }

    fn name(&mut self, name: &str, media_type: &str, digest: &Digest, size: usize) {
        self.entries.push(format!(
            r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{size},
                "annotations":{{"org.opencontainers.image.ref.name":"{name}"}}}}"#
        ));
    }

    fn manifest(&mut self, name: &str, media_type: &str, text: &str) -> Digest {
        let digest = self.blob(text);
        self.name(name, media_type, &digest, text.len());
        digest
    }

    /// An image whose bytes differ by `mark`.
    fn image(&mut self, name: &str, mark: &str) -> Digest {
        self.manifest(name, IMAGE, &image(mark, ""))
    }

    fn open(&self) -> Result<Layout, LayoutError> {
        let index = format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, self.entries.join(","));
        fs::write(self.dir.path().join("index.json"), index).unwrap();
        Layout::from_dirs(&[self.dir.path().to_owned()], &Limits::default())
    }
}

fn image(mark: &str, more: &str) -> String {
    let config = Digest::of(b"{}");
    format!(
        r#"{{"schemaVersion":2,"config":{{"digest":"{config}","size":2}},"annotations":{{"mark":"{mark}"}}{more}}}"#
    )
}

fn reference(text: &str) -> ImageRef {
    ImageRef::parse(text).unwrap()
}

fn pinned(repository: &str, digest: Digest) -> PinnedRef {
    Repository::parse(repository).unwrap().pin(digest)
}

async fn cause(layout: &Layout, name: &str) -> Cause {
    layout.manifest(&reference(name), 1 << 20).await.unwrap_err().cause
}

#[tokio::test]
async fn a_name_leads_to_its_manifest_by_tag_and_by_digest() {
    let mut draft = Draft::new();
    let digest = draft.image("r.example/app:1", "a");
    let layout = draft.open().unwrap();
    let by_tag = layout.manifest(&reference("r.example/app:1"), 1 << 20).await.unwrap();
    let by_digest = ImageRef::Pinned(pinned("r.example/app", digest));
    assert_eq!(layout.manifest(&by_digest, 1 << 20).await.unwrap(), by_tag);
    assert_eq!(layout.head(&by_digest).await.unwrap(), by_tag.descriptor());
}

#[tokio::test]
async fn an_unknown_name_is_absent_on_a_known_host_and_unknown_elsewhere() {
    let mut draft = Draft::new();
    draft.image("r.example/app:1", "a");
    let layout = draft.open().unwrap();
    assert_eq!(cause(&layout, "r.example/app:2").await, Cause::Absent);
    assert_eq!(cause(&layout, "r.example/other:1").await, Cause::Absent);
    assert_eq!(cause(&layout, "elsewhere.example/app:1").await, Cause::NotInLayout);
    let blob = BlobId { digest: Digest::of(b"none"), size: None };
    let elsewhere = Repository::parse("elsewhere.example/app").unwrap();
    assert_eq!(layout.blob(&elsewhere, &blob, 9).await.unwrap_err().cause, Cause::NotInLayout);
    let subject = pinned("elsewhere.example/app", Digest::of(b"x"));
    assert_eq!(layout.referrers(&subject, 9).await.unwrap_err().cause, Cause::NotInLayout);
}

#[tokio::test]
async fn a_digest_of_one_repository_is_not_found_in_another() {
    let mut draft = Draft::new();
    let digest = draft.image("r.example/app:1", "a");
    draft.image("r.example/other:1", "b");
    let layout = draft.open().unwrap();
    let elsewhere = ImageRef::Pinned(pinned("r.example/other", digest));
    assert!(layout.manifest(&elsewhere, 1 << 20).await.unwrap_err().is_absent());
}

#[tokio::test]
async fn children_of_an_index_need_no_name_even_below_another_index() {
    let mut draft = Draft::new();
    let leaf = draft.blob(&image("leaf", ""));
    let list = |digest: &Digest, media_type: &str, size: usize| {
        format!(
            r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"{media_type}","digest":"{digest}","size":{size}}}]}}"#
        )
    };
    let inner = list(&leaf, IMAGE, image("leaf", "").len());
    let inner_digest = draft.blob(&inner);
    draft.manifest("r.example/app:1", INDEX, &list(&inner_digest, INDEX, inner.len()));
    let layout = draft.open().unwrap();
    let found = layout.manifest(&ImageRef::Pinned(pinned("r.example/app", leaf)), 1 << 20).await;
    assert_eq!(found.unwrap().digest, leaf);
}

#[tokio::test]
async fn a_named_manifest_that_is_missing_is_a_broken_store_not_an_absent_image() {
    let mut draft = Draft::new();
    let digest = draft.image("r.example/app:1", "a");
    fs::remove_file(draft.path(&digest)).unwrap();
    let layout = draft.open().unwrap();
    let error = layout.manifest(&reference("r.example/app:1"), 1 << 20).await.unwrap_err();
    assert!(!error.is_absent(), "{error}");
    assert_eq!(StageError::from(error).kind, FailureKind::Malformed);
}

#[tokio::test]
async fn threat_14_a_blob_that_is_not_what_its_name_says_is_refused() {
    let mut draft = Draft::new();
    let digest = draft.image("r.example/app:1", "a");
    fs::write(draft.path(&digest), image("b", "")).unwrap();
    let layout = draft.open().unwrap();
    let found = Digest::of(image("b", "").as_bytes());
    assert_eq!(cause(&layout, "r.example/app:1").await, Cause::WrongDigest { expected: digest, found });
    fs::write(draft.path(&digest), "short").unwrap();
    assert!(matches!(cause(&layout, "r.example/app:1").await, Cause::WrongSize { found: 5, .. }));
}

#[tokio::test]
async fn the_cap_bounds_manifests_and_blobs() {
    let mut draft = Draft::new();
    draft.image("r.example/app:1", "a");
    let digest = draft.blob("0123456789");
    let layout = draft.open().unwrap();
    let repository = Repository::parse("r.example/app").unwrap();
    let blob = BlobId { digest, size: None };
    assert_eq!(layout.blob(&repository, &blob, 10).await.unwrap(), "0123456789");
    assert_eq!(
        layout.blob(&repository, &blob, 9).await.unwrap_err().cause,
        Cause::TooLarge { cap: 9, size: Some(10) }
    );
    let error = layout.manifest(&reference("r.example/app:1"), 9).await.unwrap_err();
    assert!(matches!(error.cause, Cause::TooLarge { cap: 9, .. }));
}

#[tokio::test]
async fn referrers_are_found_by_the_fallback_tag_and_by_their_subject() {
    let mut draft = Draft::new();
    let app = draft.image("r.example/app:1", "a");
    let subject = format!(r#","subject":{{"digest":"{app}","size":1}}"#);
    let untyped = image("listed", &subject);
    let listed = draft.manifest("r.example/app:x", IMAGE, &untyped);
    let typed = image("unlisted", &format!(r#"{subject},"artifactType":"t""#));
    let unlisted = draft.manifest("r.example/app:y", IMAGE, &typed);
    draft.manifest(
        &format!("r.example/app:sha256-{}", app.hex()),
        INDEX,
        &format!(
            r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"{IMAGE}","digest":"{listed}","size":{}}}]}}"#,
            untyped.len()
        ),
    );
    let layout = draft.open().unwrap();
    let found = layout.referrers(&pinned("r.example/app", app), 9).await.unwrap();
    assert_eq!(found.iter().map(|it| it.digest).collect::<Vec<_>>(), [listed, unlisted]);
    assert_eq!((found[1].artifact_type.as_str(), found[1].annotations["mark"].as_str()), ("t", "unlisted"));
    assert_eq!(layout.referrers(&pinned("r.example/app", unlisted), 9).await.unwrap(), []);
    let many = layout.referrers(&pinned("r.example/app", app), 1).await.unwrap_err();
    assert_eq!(many.cause, Cause::TooMany { cap: 1, things: "referrers" });
}

#[test]
fn one_name_with_two_digests_is_refused_also_across_layouts() {
    let mut first = Draft::new();
    first.image("r.example/app:1", "a");
    first.open().unwrap();
    let mut second = Draft::new();
    second.image("r.example/app:1", "b");
    second.open().unwrap();
    let both = [first.dir.path().to_owned(), second.dir.path().to_owned()];
    assert!(matches!(
        Layout::from_dirs(&both, &Limits::default()),
        Err(LayoutError::TwoDigests { name, .. }) if name == "r.example/app:1"
    ));
    let mut liar = Draft::new();
    let other = Digest::of(b"other");
    liar.image(&format!("r.example/app@{other}"), "a");
    assert!(matches!(liar.open(), Err(LayoutError::TwoDigests { first, .. }) if first == other));
}

#[test]
fn a_name_without_its_host_is_refused() {
    for name in ["latest", "app:1", "org/app:1", "r.example/UPPER:1", "r.example/../app:1"] {
        let mut draft = Draft::new();
        draft.image(name, "a");
        assert!(matches!(draft.open(), Err(LayoutError::BadName { .. })), "{name}");
    }
}

#[test]
fn a_folder_that_is_no_layout_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let open = |dir: &Path| Layout::from_dirs(&[dir.to_owned()], &Limits::default());
    assert!(
        matches!(open(dir.path()), Err(LayoutError::Unreadable { path, .. }) if path.ends_with("oci-layout"))
    );
    fs::write(dir.path().join("oci-layout"), r#"{"imageLayoutVersion":"2.0.0"}"#).unwrap();
    assert!(matches!(open(dir.path()), Err(LayoutError::Malformed { .. })));
    fs::write(dir.path().join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    fs::write(dir.path().join("index.json"), "{").unwrap();
    assert!(
        matches!(open(dir.path()), Err(LayoutError::Malformed { path, .. }) if path.ends_with("index.json"))
    );
}

#[tokio::test]
async fn the_golden_layout_answers_for_all_its_names() {
    let root = std::env::var("EC_SHARED")
        .map_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let dir = root.join("golden/registry");
    if !dir.exists() {
        println!("skipped: the golden layout: {} not found", dir.display());
        return;
    }
    let layout = Layout::from_dirs(std::slice::from_ref(&dir), &Limits::default()).unwrap();
    let index: serde_json::Value =
        serde_json::from_slice(&fs::read(dir.join("index.json")).unwrap()).unwrap();
    let entries = index["manifests"].as_array().unwrap();
    assert!(entries.len() > 80, "{}", entries.len());
    for entry in entries {
        let name = entry["annotations"]["org.opencontainers.image.ref.name"].as_str().unwrap();
        let manifest = layout.manifest(&reference(name), 4 << 20).await.unwrap();
        assert_eq!(manifest.digest.to_string(), entry["digest"].as_str().unwrap(), "{name}");
        let repository = reference(name).repository().clone();
        let image = manifest.as_image();
        for layer in image.into_iter().flat_map(|it| &it.layers) {
            layout.blob(&repository, &BlobId::from(layer), 1 << 20).await.unwrap();
        }
    }
}
