//! Snapshot entries to targets, asked of a registry in memory.

use super::*;
use crate::model::GitSource;
use crate::registry::Cause;
use crate::registry::memory::{INDEX, Memory};

fn component(name: &str, image: &str) -> Component {
    Component { name: name.into(), container_image: image.into(), source: None }
}

async fn resolved(registry: &Memory, components: &[Component]) -> Vec<Resolved> {
    resolve(registry, components, &Limits::default()).await
}

fn pinned(it: &Resolved) -> String {
    match &it.resolution {
        Resolution::Target(target) => target.pinned.to_string(),
        other => panic!("{other:?}"),
    }
}

fn undecided(it: &Resolved) -> &StageError {
    match &it.resolution {
        Resolution::Undecided(error) => error,
        other => panic!("{other:?}"),
    }
}

/// An index of two images: one that says its platform, one that does not.
fn index(registry: &mut Memory, name: &str) -> (PinnedRef, PinnedRef, PinnedRef) {
    let amd = registry.put_image("r.example/app:amd", r#"{"a":1}"#, &[], "");
    let other = registry.put_image("r.example/app:other", r#"{"a":2}"#, &[], "");
    let text = format!(
        r#"{{"schemaVersion":2,"manifests":[
            {{"digest":"{}","size":1,"platform":{{"architecture":"amd64","os":"linux"}}}},
            {{"digest":"{}","size":1}}]}}"#,
        amd.digest, other.digest
    );
    (registry.put_manifest(name, INDEX, &text), amd, other)
}

#[tokio::test]
async fn a_tag_becomes_a_digest_and_the_repository_is_written_in_full() {
    let mut registry = Memory::default();
    let image = registry.put_image("docker.io/app:1", "{}", &[], "");
    let found = resolved(&registry, &[component("a", "app:1")]).await;
    assert_eq!(pinned(&found[0]), image.to_string());
    assert!(image.to_string().starts_with("index.docker.io/library/app@sha256:"));
    assert_eq!(found[0].component.container_image, "app:1");
}

#[tokio::test]
async fn children_of_an_index_follow_it_with_its_source() {
    let mut registry = Memory::default();
    let (list, amd, other) = index(&mut registry, "r.example/app:1");
    let plain = registry.put_image("r.example/last:1", "{}", &[], "");
    let source = Some(GitSource { url: "https://git.example/x".into(), ..GitSource::default() });
    let parent = Component { source: source.clone(), ..component("app", "r.example/app:1") };
    let found = resolved(&registry, &[parent, component("last", "r.example/last:1")]).await;
    let names: Vec<_> = found.iter().map(|it| it.component.name.as_str()).collect();
    let (amd_name, other_name) =
        (format!("app-{}-amd64", amd.digest), format!("app-{}-noarch-1", other.digest));
    assert_eq!(names, ["app", &amd_name, &other_name, "last"]);
    let images: Vec<_> = found.iter().map(pinned).collect();
    assert_eq!(images, [&list, &amd, &other, &plain].map(ToString::to_string));
    assert_eq!(found[1].component.container_image, amd.to_string());
    assert_eq!(found[2].component.source, source);
}

#[tokio::test]
async fn threat_13_each_tag_is_asked_once_and_everything_else_goes_by_digest() {
    let mut registry = Memory::default();
    index(&mut registry, "r.example/app:1");
    resolved(&registry, &[component("app", "r.example/app:1")]).await;
    let log = registry.log();
    assert_eq!(log.iter().filter(|it| !it.contains('@')).collect::<Vec<_>>(), ["GET r.example/app:1"]);
    assert_eq!(log.len(), 3);
}

#[tokio::test]
async fn an_image_that_is_definitely_not_there_is_a_result() {
    let registry = Memory::default();
    let found = resolved(&registry, &[component("a", "r.example/nowhere:1")]).await;
    let Resolution::Inaccessible { message } = &found[0].resolution else { panic!("{found:?}") };
    assert_eq!(
        message,
        "Image URL is not accessible: HEAD r.example/nowhere:1: unexpected status code 404 Not Found (HEAD \
         responses have no body, use GET for details)"
    );
}

#[tokio::test]
async fn everything_else_that_goes_wrong_leaves_the_component_undecided_and_its_neighbours_alone() {
    let mut registry = Memory::default();
    registry.put_image("r.example/good:1", "{}", &[], "");
    registry.put_image("r.example/bad:1", "{}", &[], "");
    let components = [component("bad", "r.example/bad:1"), component("good", "r.example/good:1")];
    for (cause, kind) in [
        (Cause::Connection("reset".into()), FailureKind::Unavailable),
        (Cause::TimedOut("idle".into()), FailureKind::TimedOut),
        (Cause::TooLarge { cap: 1, size: None }, FailureKind::TooLarge),
        (Cause::Malformed("x".into()), FailureKind::Malformed),
        (Cause::NotInLayout, FailureKind::NotFound),
    ] {
        registry.fail("r.example/bad:1", cause);
        let found = resolved(&registry, &components).await;
        assert_eq!(undecided(&found[0]).kind, kind);
        assert!(matches!(found[1].resolution, Resolution::Target(_)));
    }
}

#[tokio::test]
async fn a_reference_that_cannot_be_read_is_malformed_and_nothing_is_asked() {
    let registry = Memory::default();
    let found = resolved(&registry, &[component("a", "r.example/UPPER:x y")]).await;
    assert_eq!(undecided(&found[0]).kind, FailureKind::Malformed);
    assert!(undecided(&found[0]).message.starts_with("could not parse reference: r.example/UPPER:x y"));
    assert!(registry.log().is_empty());
}

#[tokio::test]
async fn threat_02_an_index_with_too_many_children_is_undecided_not_cut() {
    let mut registry = Memory::default();
    index(&mut registry, "r.example/app:1");
    let limits = Limits { index_children: 1, ..Limits::default() };
    let found = resolve(&registry, &[component("app", "r.example/app:1")], &limits).await;
    assert_eq!(found.len(), 1);
    assert_eq!(undecided(&found[0]).kind, FailureKind::TooLarge);
}

#[tokio::test]
async fn a_child_that_is_missing_does_not_touch_its_parent() {
    let mut registry = Memory::default();
    let (_, amd, _) = index(&mut registry, "r.example/app:1");
    registry.fail(&amd.to_string(), Cause::Absent);
    let found = resolved(&registry, &[component("app", "r.example/app:1")]).await;
    assert!(matches!(found[0].resolution, Resolution::Target(_)));
    assert!(matches!(found[1].resolution, Resolution::Inaccessible { .. }));
}
