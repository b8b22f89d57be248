//! Manifests and indexes: what is read, and what is refused because two readers would differ.

use super::*;

const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn read(text: &str, served_as: &str) -> Result<Manifest, String> {
    Manifest::read(Bytes::copy_from_slice(text.replace("EMPTY", EMPTY).as_bytes()), served_as)
}

const IMAGE: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
    "config":{"mediaType":"c","digest":"EMPTY","size":0},"layers":[{"digest":"EMPTY","size":7,"urls":null}]}"#;

#[test]
fn an_image_is_read_with_its_layers() {
    let manifest = read(IMAGE, "application/vnd.oci.image.manifest.v1+json; charset=utf-8").unwrap();
    let image = manifest.as_image().unwrap();
    assert_eq!(manifest.digest, Digest::of(&manifest.bytes));
    assert_eq!((image.layers.len(), image.layers[0].size), (1, 7));
    assert!(image.subject.is_none());
}

#[test]
fn a_type_that_is_not_a_manifests_leaves_the_word_to_the_document() {
    assert_eq!(read(IMAGE, "application/json").unwrap().media_type, MediaType::OciManifest);
    assert_eq!(read(r#"{"manifests":[]}"#, "").unwrap().media_type, MediaType::OciIndex);
}

#[test]
fn threat_15_a_document_with_manifests_and_layers_is_refused() {
    for text in [
        r#"{"schemaVersion":2,"manifests":[],"layers":[]}"#,
        r#"{"schemaVersion":2,"manifests":[],"config":{"digest":"EMPTY"}}"#,
    ] {
        for served_as in MediaType::ALL {
            assert!(read(text, served_as.as_str()).unwrap_err().contains("both"), "{text}");
        }
    }
}

#[test]
fn threat_15_a_media_type_that_contradicts_the_content_type_is_refused() {
    for served_as in [MediaType::OciIndex, MediaType::DockerManifest, MediaType::DockerList] {
        assert!(read(IMAGE, served_as.as_str()).unwrap_err().contains("served as"));
    }
    let index = r#"{"schemaVersion":2,"manifests":[]}"#;
    assert!(read(index, MediaType::OciManifest.as_str()).unwrap_err().contains("an index"));
    let untyped = r#"{"schemaVersion":2,"config":{"digest":"EMPTY"}}"#;
    assert!(read(untyped, MediaType::OciIndex.as_str()).unwrap_err().contains("an image"));
}

#[test]
fn other_formats_are_refused() {
    for text in [
        r#"{"schemaVersion":1,"fsLayers":[],"history":[]}"#,
        r#"{"mediaType":"application/vnd.oci.artifact.manifest.v1+json","blobs":[]}"#,
        r#"{"schemaVersion":2,"layers":[]}"#,
        "[]",
        "",
    ] {
        assert!(read(text, "").is_err(), "{text}");
    }
}

#[test]
fn threat_14_a_descriptor_with_a_malformed_digest_is_refused() {
    for digest in ["sha256:../../x", "sha512:00", "", "sha256:E3B0"] {
        let text = format!(r#"{{"schemaVersion":2,"manifests":[{{"digest":"{digest}","size":1}}]}}"#);
        assert!(read(&text, "").is_err(), "{digest}");
    }
}

#[test]
fn a_negative_or_fractional_size_is_refused() {
    for size in ["-1", "1.5", "1e400", "18446744073709551616", "\"1\""] {
        let text = format!(r#"{{"manifests":[{{"digest":"EMPTY","size":{size}}}]}}"#);
        assert!(read(&text, "").is_err(), "{size}");
    }
}

#[test]
fn an_index_stands_for_its_first_child_that_runs_on_linux_amd64_or_does_not_say() {
    let child = |platform: &str, size: u32| format!(r#"{{"digest":"EMPTY","size":{size}{platform}}}"#);
    let arm = child(r#","platform":{"os":"linux","architecture":"arm64"}"#, 1);
    let amd = child(r#","platform":{"os":"linux","architecture":"amd64"}"#, 2);
    let silent = child("", 3);
    let pick = |children: &[&String]| {
        let children: Vec<_> = children.iter().map(|it| it.as_str()).collect();
        let manifest = read(&format!(r#"{{"manifests":[{}]}}"#, children.join(",")), "").unwrap();
        manifest.as_index().unwrap().linux_amd64().map(|it| it.size)
    };
    assert_eq!(pick(&[&arm, &amd, &silent]), Some(2));
    assert_eq!(pick(&[&arm, &silent, &amd]), Some(3));
    assert_eq!(pick(&[&arm]), None);
}

#[test]
fn threat_27_repeated_keys_are_refused_at_every_level_also_where_escapes_hide_them() {
    for text in [
        r#"{"manifests":[],"manifests":[]}"#,
        r#"{"manifests":[{"digest":"EMPTY","digest":"EMPTY"}]}"#,
        r#"{"manifests":[],"annotations":{"a":"1","\u0061":"2"}}"#,
        r#"{"manifests":[],"unknown":{"a":1,"a":1}}"#,
    ] {
        assert!(read(text, "").is_err(), "{text}");
    }
}

#[test]
fn threat_29_what_two_readers_could_read_differently_is_refused() {
    for bytes in [
        &b"{\"manifests\":[]} {}"[..],
        b"\xef\xbb\xbf{\"manifests\":[]}",
        b"{\"manifests\":[]}\0",
        b"{\"manifests\":[],\"annotations\":{\"a\":\"\xff\"}}",
        b"{\"manifests\":[],\"annotations\":{\"a\":\"\\ud800\"}}",
        b"{\"manifests\":[],} // end",
    ] {
        assert!(Manifest::read(Bytes::from_static(bytes), "").is_err());
    }
}

#[test]
fn threat_29_an_array_is_no_object_at_any_level() {
    for text in [
        r#"[2,"","",null,null,[],{},null]"#,
        r#"{"config":["c","EMPTY",0],"layers":[]}"#,
        r#"{"config":{"digest":"EMPTY"},"layers":[["c","EMPTY",0]]}"#,
        r#"{"manifests":[["m","EMPTY",0]]}"#,
        r#"{"manifests":[{"digest":"EMPTY","platform":["amd64","linux"]}]}"#,
        r#"{"manifests":[],"subject":["m","EMPTY",0]}"#,
    ] {
        let refused = read(text, "").unwrap_err();
        assert!(refused.contains("expected an object"), "{text}: {refused}");
    }
}

#[test]
fn threat_28_a_key_in_another_case_is_another_key() {
    let manifest = read(r#"{"manifests":[],"Manifests":[{"digest":"EMPTY","size":1}]}"#, "").unwrap();
    assert!(manifest.as_index().unwrap().manifests.is_empty());
}

#[test]
fn threat_05_deep_nesting_is_an_error() {
    let text = format!(r#"{{"manifests":[],"x":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(read(&text, "").is_err());
}
