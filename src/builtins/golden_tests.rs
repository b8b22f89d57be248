//! The answers that the Go tool gave in the golden cases 501 to 503, asked one by one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::*;
use crate::registry::layout::Layout;
use crate::registry::once::Once;
use crate::rego::value::{ReadLimits, SetBuilder, json};

fn golden() -> Option<PathBuf> {
    let root = std::env::var("EC_SHARED")
        .map_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let golden = root.join("golden");
    if !golden.exists() {
        println!("skipped: the golden cases: {} not found", golden.display());
        return None;
    }
    Some(golden)
}

fn session(golden: &Path) -> Session {
    let layout = Layout::from_dirs(&[golden.join("registry")], &Limits::default()).unwrap();
    let transport = Once::new(Arc::new(layout), 4 << 20, 64 << 20);
    let image = pinned("registry.example/golden/app-clean:latest");
    Arc::new(Host::new(Arc::new(transport), Limits::default())).session(&image)
}

/// Any digest does: only the repository decides what is another one.
fn pinned(name: &str) -> PinnedRef {
    ImageRef::parse(name).unwrap().repository().pin(crate::model::Digest::of(b""))
}

/// What the case's results say: code and name to JSON, or `undefined`.
fn expected(golden: &Path, case: &str) -> BTreeMap<(String, String), String> {
    let report = std::fs::read(golden.join("cases").join(case).join("expected/report.json")).unwrap();
    let report: Json = serde_json::from_slice(&report).unwrap();
    let mut all = BTreeMap::new();
    for warning in report["components"][0]["warnings"].as_array().unwrap() {
        let (name, answer) = warning["msg"].as_str().unwrap().split_once(": ").unwrap();
        let code = warning["metadata"]["code"].as_str().unwrap().split_once('.').unwrap().1;
        all.insert((code.to_owned(), name.to_owned()), answer.to_owned());
    }
    all
}

fn data(golden: &Path, file: &str) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(golden.join("cases").join(file)).unwrap();
    let pair = |line: &str| {
        line.trim().split_once(": ").map(|(k, v)| (k.to_owned(), v.trim_matches('"').to_owned()))
    };
    text.lines().filter_map(pair).collect()
}

async fn ask(session: &mut Session, name: &str, args: Vec<Value>) -> String {
    let call = HostCall { name: Str::from(name), args };
    match session.answer(call).await.and_then(|work| work()) {
        Ok(Some(value)) => json::to_string(&value, json::Html::Plain),
        Ok(None) => "undefined".to_owned(),
        Err(error) => format!("failed: {error}"),
    }
}

/// As values: escapes and the order of keys do not count.
fn same(found: &str, expected: &str) -> bool {
    let read = |text: &str| json::read(text.as_bytes(), &ReadLimits::default()).ok();
    match (read(found), read(expected)) {
        (Some(found), Some(expected)) => found == expected,
        _ => found == expected,
    }
}

struct Compared {
    expected: BTreeMap<(String, String), String>,
    wrong: Vec<String>,
    right: usize,
}

impl Compared {
    fn new(expected: BTreeMap<(String, String), String>) -> Self {
        Self { expected, wrong: Vec::new(), right: 0 }
    }

    fn take(&mut self, code: &str, name: &str, found: &str) {
        let expected = self.expected.remove(&(code.to_owned(), name.to_owned()));
        match expected {
            Some(expected) if same(found, &expected) => self.right += 1,
            expected => self.wrong.push(format!("{code} {name}: {found}, expected {expected:?}")),
        }
    }
}

#[tokio::test]
async fn registries_are_read_as_in_golden_case_501() {
    let Some(golden) = golden() else { return };
    let mut compared = Compared::new(expected(&golden, "501-registry"));
    let digests = data(&golden, "501-registry/data/digests.yaml");
    let mut session = session(&golden);
    let repository = "registry.example/golden/app-clean";
    let image =
        format!("{repository}@sha256:4fea7581420fd3a60899bdb2aad81b05cdd294759c2d48e7661fb4eaa33fc007");
    let zeros = format!("{repository}@sha256:{}", "0".repeat(64));
    let refs = [
        ("digest", image.clone()),
        ("tag", format!("{repository}:latest")),
        ("artifact", format!("{repository}:sbom")),
        ("index", "registry.example/golden/app-index:latest".to_owned()),
        ("absent digest", zeros.clone()),
        ("absent tag", format!("{repository}:absent")),
        ("absent repository", format!("{repository}-absent:latest")),
        ("not a reference", "%%%".to_owned()),
        ("empty", String::new()),
    ];
    for code in ["image_manifest", "descriptor", "image_index", "image_tag_refs", "image_referrers"] {
        for (name, reference) in &refs {
            let found = ask(&mut session, &format!("ec.oci.{code}"), vec![reference.as_str().into()]).await;
            compared.take(code, name, &found);
        }
    }
    let mut blobs: Vec<(&str, String)> =
        digests.iter().map(|(name, digest)| (name.as_str(), format!("{repository}@{digest}"))).collect();
    blobs.extend([
        ("absent", zeros.clone()),
        ("a tag", refs[1].1.clone()),
        ("not a reference", "%%%".to_owned()),
    ]);
    for code in ["blob", "parsed_blob"] {
        for (name, reference) in &blobs {
            let found = ask(&mut session, &format!("ec.oci.{code}"), vec![reference.as_str().into()]).await;
            compared.take(code, name, &found);
        }
    }
    let set = |items: &[&str]| {
        let mut set = SetBuilder::new();
        for item in items {
            set.push(Value::from(*item));
        }
        vec![Value::Set(set.build())]
    };
    let some = set(&[&image, &refs[1].1, &zeros, "%%%"]);
    compared.take("image_manifests", "some", &ask(&mut session, "ec.oci.image_manifests", some).await);
    compared.take("image_manifests", "none", &ask(&mut session, "ec.oci.image_manifests", set(&[])).await);
    // Ours keeps numbers exact, on purpose.
    let exact = "parsed_blob number: [1,1.0,12345678901234567890,1e3]";
    compared.wrong.retain(|it| !it.starts_with(exact));
    assert_eq!(compared.wrong, [""; 0]);
    assert_eq!((compared.right, compared.expected.len()), (62, 0));
}

#[tokio::test]
async fn files_in_archives_are_read_as_in_golden_case_502() {
    let Some(golden) = golden() else { return };
    let mut compared = Compared::new(expected(&golden, "502-registry-files"));
    let digests = data(&golden, "502-registry-files/data/digests.yaml");
    let paths = std::fs::read(golden.join("cases/502-registry-files/data/paths.json")).unwrap();
    let paths: Json = serde_json::from_slice(&paths).unwrap();
    let mut session = session(&golden);
    let list = |items: &Json| {
        let items = items.as_array().unwrap().iter().map(|it| Value::from(it.as_str().unwrap()));
        Value::from(items.collect::<Vec<_>>())
    };
    let archive = format!("registry.example/golden/app-clean@{}", digests["archive"]);
    let olm = format!("registry.example/golden/app-olm@{}", digests["olm"]);
    for (name, wanted) in paths["wanted"].as_object().unwrap() {
        let found = ask(&mut session, "ec.oci.blob_files", vec![archive.as_str().into(), list(wanted)]).await;
        compared.take("blob_files", name, &found);
    }
    for (name, folders) in paths["folders"].as_object().unwrap() {
        let found = ask(&mut session, "ec.oci.image_files", vec![olm.as_str().into(), list(folders)]).await;
        compared.take("image_files", name, &found);
    }
    let one = Value::from(vec![Value::from("a.yaml")]);
    let zeros = format!("registry.example/golden/app-clean@sha256:{}", "0".repeat(64));
    let absent = ask(&mut session, "ec.oci.blob_files", vec![zeros.as_str().into(), one.clone()]).await;
    compared.take("blob_files", "absent", &absent);
    let tag =
        vec!["registry.example/golden/app-olm:latest".into(), Value::from(vec![Value::from("manifests")])];
    compared.take("image_files", "tag", &ask(&mut session, "ec.oci.image_files", tag).await);
    let text = format!("registry.example/golden/app-clean@{}", digests["text"]);
    assert_eq!(ask(&mut session, "ec.oci.blob_files", vec![text.as_str().into(), one]).await, "undefined");
    assert_eq!(compared.wrong, [""; 0]);
    assert_eq!((compared.right, compared.expected.len()), (15, 0));
}

#[test]
fn package_urls_are_read_as_in_golden_case_503() {
    let Some(golden) = golden() else { return };
    let case = golden.join("cases/503-purls");
    let report: Json =
        serde_json::from_slice(&std::fs::read(case.join("expected/report.json")).unwrap()).unwrap();
    let list: Json = serde_json::from_slice(&std::fs::read(case.join("data/purls.json")).unwrap()).unwrap();
    let mut answers = BTreeMap::new();
    for warning in report["components"][0]["warnings"].as_array().unwrap() {
        if warning["metadata"]["code"] == "purls.purl" {
            let (text, message) =
                (warning["metadata"]["term"].as_str().unwrap(), warning["msg"].as_str().unwrap());
            answers.insert(text.to_owned(), message[text.len() + 1..].to_owned());
        }
    }
    let mut wrong = Vec::new();
    let all = list["list"].as_array().unwrap();
    for text in all.iter().map(|it| it.as_str().unwrap()) {
        let (valid, shown) = answers[text].split_once(' ').unwrap();
        let parsed = purl::parse(text).map(|it| json::to_string(&it, json::Html::Plain));
        let found = parsed.unwrap_or_else(|| "undefined".to_owned());
        if format!("[{}]", purl::is_valid(text)) != valid || !same(&found, shown) {
            wrong.push(format!("{text}: {found}, expected {valid} {shown}"));
        }
    }
    assert_eq!(wrong, [""; 0]);
    assert_eq!(all.len(), 56);
}
