//! References as people write them, and those that could lead elsewhere.

use super::*;
use BadReferenceReason as Reason;

const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn shown(text: &str) -> String {
    ImageRef::parse(&text.replace("HEX", HEX)).map(|it| it.to_string().replace(HEX, "HEX")).unwrap()
}

fn reason(text: &str) -> Reason {
    ImageRef::parse(&text.replace("HEX", HEX)).unwrap_err().reason
}

#[test]
fn a_reference_without_registry_belongs_to_docker_hub() {
    assert_eq!(shown("nginx"), "index.docker.io/library/nginx:latest");
    assert_eq!(shown("docker.io/nginx:1"), "index.docker.io/library/nginx:1");
    assert_eq!(shown("org/app"), "index.docker.io/org/app:latest");
    // Without a dot or a colon it is no host.
    assert_eq!(shown("localhost/app"), "index.docker.io/localhost/app:latest");
}

#[test]
fn a_host_is_told_by_its_dot_or_colon() {
    assert_eq!(shown("registry.example/app"), "registry.example/app:latest");
    assert_eq!(shown("localhost:5000/a/b:x"), "localhost:5000/a/b:x");
    assert_eq!(shown("[::1]:5000/ab"), "[::1]:5000/ab:latest");
    assert_eq!(shown("QUAY.io/ab"), "QUAY.io/ab:latest");
}

#[test]
fn beside_a_digest_a_tag_means_nothing() {
    assert_eq!(shown("registry.example/app:1@sha256:HEX"), "registry.example/app@sha256:HEX");
    assert_eq!(shown("registry.example:1/app@sha256:HEX"), "registry.example:1/app@sha256:HEX");
}

#[test]
fn attached_tags_are_built_from_the_digest() {
    let ImageRef::Pinned(image) = ImageRef::parse(&format!("r.example/app@sha256:{HEX}")).unwrap() else {
        panic!("a digest")
    };
    assert_eq!(image.attached(".sig").to_string(), format!("r.example/app:sha256-{HEX}.sig"));
}

#[test]
fn every_fault_has_its_reason() {
    for (text, wanted) in [
        ("", Reason::NoRepository),
        ("a", Reason::RepositoryLength),
        ("registry.example/a", Reason::RepositoryLength),
        ("registry.example/", Reason::RepositoryLength),
        ("registry.example/UPPER", Reason::RepositoryCharacter),
        ("registry.example/UPPER:x y", Reason::TagCharacter),
        ("registry.example/ap:", Reason::TagLength),
        ("registry.example/UPPER/x@sha256:12", Reason::Digest),
        ("registry.example/app@sha512:HEX", Reason::Digest),
        ("registry.example/app@sha256:HEX@sha256:HEX", Reason::Digest),
        ("registry.example/app:x y@sha256:HEX", Reason::RepositoryCharacter),
        ("registry..example/app", Reason::Registry),
        ("registry.example:port/app", Reason::Registry),
        ("registry.example:0/app", Reason::Registry),
        ("registry.example:70000/app", Reason::Registry),
        ("[::1/app:x", Reason::Registry),
        ("%%%", Reason::RepositoryCharacter),
    ] {
        assert_eq!(reason(text), wanted, "{text}");
    }
}

#[test]
fn threat_14_a_reference_cannot_lead_elsewhere() {
    for text in [
        "registry.example/../v2/app",
        "registry.example/app/..",
        "registry.example/app//x",
        "registry.example//app",
        "registry.example/app/",
        "registry.example/app?x=1",
        "registry.example/app#x",
        "registry.example/app%2f..",
        "registry.example/app:..",
        "registry.example/app:../x",
        "user:secret@registry.example/app",
        "user@registry.example/app",
        "registry.example\\@evil.example/app",
        "registry.example?/app",
        "registry.example#/app",
        "registry.exam%70le/app",
        "régistry.example/app",
        "registry.example/äpp",
        "registry.example/app\u{202e}",
        "registry.example/app\n",
        " registry.example/app",
        "https://registry.example/app",
        "registry.example/app@sha256:../../HEX",
        "registry.example/app@sha256:HEX/../x",
    ] {
        assert!(ImageRef::parse(&text.replace("HEX", HEX)).is_err(), "{text}");
    }
}

#[test]
fn a_text_of_any_length_is_refused_at_once_and_quoted_in_part() {
    let error = ImageRef::parse(&"a/".repeat(5_000_000)).unwrap_err();
    assert_eq!(error.reason, Reason::TooLong);
    assert!(error.to_string().len() < 3000);
}

proptest::proptest! {
    #[test]
    fn what_was_read_is_read_again_as_itself(text in "[a-z0-9.:/@_-]{1,40}") {
        if let Ok(reference) = ImageRef::parse(&text) {
            proptest::prop_assert_eq!(ImageRef::parse(&reference.to_string()), Ok(reference));
        }
    }
}
