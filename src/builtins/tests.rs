use super::*;
use crate::registry::memory::{INDEX, Memory};
use crate::registry::{Cause, TokenExchange};
use crate::rego::types::parse_fn;
use crate::rego::value::SetBuilder;
use crate::rego::value::json;

const REPOSITORY: &str = "registry.example/app";

fn session(memory: Memory) -> Session {
    let image = ImageRef::parse(REPOSITORY).unwrap().repository().pin(crate::model::Digest::of(b""));
    Arc::new(Host::new(Arc::new(memory), Limits::default())).session(&image)
}

async fn ask(session: &mut Session, name: &str, args: Vec<Value>) -> Reply {
    session.answer(HostCall { name: Str::from(name), args }).await.and_then(|work| work())
}

fn shown(reply: &Reply) -> String {
    match reply {
        Ok(Some(value)) => json::to_string(value, json::Html::Plain),
        Ok(None) => "undefined".to_owned(),
        Err(error) => format!("{:?}: {}", error.kind, error.message),
    }
}

#[test]
fn every_declaration_is_a_type_that_the_checker_reads() {
    let all = declarations();
    assert_eq!(all.len(), 14);
    for function in all {
        assert!(parse_fn(&function.declaration).is_some(), "{}: {}", function.name, function.declaration);
    }
}

#[tokio::test]
async fn a_blob_is_its_text_unless_it_is_compressed() {
    let mut memory = Memory::default();
    let text = memory.put_blob("text/plain", b"spam & eggs");
    let zipped = memory.put_blob("application/gzip", &[0x1f, 0x8b, 8, 0]);
    let mut session = session(memory);
    let at = |digest| vec![Value::from(format!("{REPOSITORY}@{digest}"))];
    assert_eq!(shown(&ask(&mut session, "ec.oci.blob", at(text.digest)).await), "\"spam & eggs\"");
    assert_eq!(shown(&ask(&mut session, "ec.oci.blob", at(zipped.digest)).await), "undefined");
    assert_eq!(shown(&ask(&mut session, "ec.oci.blob", vec![Value::from(REPOSITORY)]).await), "undefined");
}

#[tokio::test]
async fn numbers_in_a_parsed_blob_keep_their_spelling() {
    let mut memory = Memory::default();
    let blob = memory.put_blob("application/json", b"[1, 1.0, 12345678901234567890]");
    let mut session = session(memory);
    let reply =
        ask(&mut session, "ec.oci.parsed_blob", vec![format!("{REPOSITORY}@{}", blob.digest).into()]).await;
    assert_eq!(shown(&reply), "[1,1.0,12345678901234567890]");
}

#[tokio::test]
async fn what_is_not_there_is_undefined_and_what_nobody_knows_stops_the_rule() {
    let mut memory = Memory::default();
    let image = memory.put_manifest(
        "registry.example/app:latest",
        INDEX,
        &format!(r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[]}}"#),
    );
    let reference = vec![Value::from(image.to_string())];
    let mut session = session(memory);
    assert_eq!(shown(&ask(&mut session, "ec.oci.image_manifest", reference.clone()).await), "undefined");
    assert_eq!(shown(&ask(&mut session, "ec.oci.image_tag_refs", reference).await), "[]");
    let absent = vec![Value::from("registry.example/other:1")];
    assert_eq!(shown(&ask(&mut session, "ec.oci.descriptor", absent).await), "undefined");
    let sigstore = ask(&mut session, "ec.sigstore.verify_image", Vec::new()).await;
    assert_eq!(sigstore.unwrap_err().kind, FailureKind::Untrusted);
}

#[tokio::test]
async fn another_repository_that_refuses_is_undefined_and_listed_and_ones_own_stops_the_rule() {
    let denied = |token| Cause::Denied { status: 403, token, code: String::new() };
    let mut memory = Memory::default();
    let good = memory.put_image("registry.example/other:good", "{}", &[], "");
    memory.fail("registry.example/other:secret", denied(TokenExchange::Done));
    memory.fail("registry.example/other:unknown", denied(TokenExchange::NotDone));
    memory.fail("registry.example/app:secret", denied(TokenExchange::Done));
    let mut session = session(memory);
    let manifest = "ec.oci.image_manifest";
    assert_eq!(
        shown(&ask(&mut session, manifest, vec!["registry.example/other:secret".into()]).await),
        "undefined"
    );
    assert_eq!(session.refused(), ["registry.example/other:secret"]);
    for stops in ["registry.example/other:unknown", "registry.example/app:secret"] {
        let reply = ask(&mut session, manifest, vec![stops.into()]).await;
        assert_eq!(reply.unwrap_err().kind, FailureKind::Unauthorised, "{stops}");
    }
    let mut set = SetBuilder::new();
    for member in [&good.to_string(), "registry.example/other:secret", "registry.example/other:none", "%"] {
        set.push(Value::from(member));
    }
    let reply =
        ask(&mut session, "ec.oci.image_manifests", vec![Value::Set(set.build())]).await.unwrap().unwrap();
    assert_eq!(reply.as_object().unwrap().keys().collect::<Vec<_>>(), [&Value::from(good.to_string())]);
    assert_eq!(session.refused(), ["registry.example/other:secret"]);
}

#[test]
fn a_package_url_is_normalised_by_its_type() {
    let mut read = serde_json::Map::new();
    for text in ["pkg:npm/@Scope/Name@1.0.0", "pkg:pypi/Django_Extra@1", "pkg:huggingface/Distil@ABC"] {
        let value = purl::parse(text).unwrap();
        let value = json::to_string(&value, json::Html::Plain);
        read.insert(text.to_owned(), serde_json::from_str(&value).unwrap());
    }
    assert_eq!(read["pkg:npm/@Scope/Name@1.0.0"]["namespace"], "@scope");
    assert_eq!(read["pkg:npm/@Scope/Name@1.0.0"]["name"], "name");
    assert_eq!(read["pkg:pypi/Django_Extra@1"]["name"], "django-extra");
    assert_eq!(read["pkg:huggingface/Distil@ABC"]["version"], "abc");
}

#[test]
fn what_is_no_package_url_is_refused() {
    for bad in [
        "",
        "npm/x@1",
        "pkg:",
        "pkg:npm/",
        "pkg:npm/@1",
        "pkg:1type/x",
        "pkg:ty pe/x",
        "pkg:generic/%zz@1",
        "pkg:generic/x?1a=2",
        "pkg:generic/x?A=1&a=2",
        "pkg:generic/x#a/../b",
        "pkg:swift/y@1",
        "pkg:cran/A3",
    ] {
        assert!(!purl::is_valid(bad), "{bad}");
    }
    for good in ["pkg:generic/open ssl@1", "PKG:npm/x@1", "pkg://generic/x@1", "pkg:generic/x?b=2&c="] {
        assert!(purl::is_valid(good), "{good}");
    }
}
