//! Against a registry server that is not ours, at the loopback address in `EC_REGISTRY`: what is pushed to it gives
//! the same verdicts as the layout that it came from.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::binary::ec;
use crate::stage::{self, failing, good};

const FIXED: [&str; 3] = ["--effective-time=2025-06-01", "--allow-past-effective-time", "--output=json"];

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("file")).expect("JSON")
}

/// Every blob that a manifest names, then the manifests themselves, children before their indexes.
async fn push(layout: &Path, registry: &str) {
    let client = reqwest::Client::builder().no_proxy().build().expect("client");
    let mut manifests = json(&layout.join("index.json"))["manifests"].as_array().expect("list").clone();
    manifests.sort_by_key(|it| it["mediaType"].as_str().is_some_and(|it| it.contains("index")));
    let mut pushed = BTreeSet::new();
    for entry in &manifests {
        let name = entry["annotations"]["org.opencontainers.image.ref.name"].as_str().expect("name");
        let (_, name) = name.split_once('/').expect("host");
        let digest = entry["digest"].as_str().expect("digest");
        let (repository, tag) = match name.split_once('@') {
            Some((repository, digest)) => (repository, digest),
            None => name.rsplit_once(':').expect("tag"),
        };
        let bytes = blob(layout, digest);
        let manifest: Value = serde_json::from_slice(&bytes).expect("manifest");
        let layers = manifest["layers"].as_array().into_iter().flatten();
        for part in layers.chain(manifest.get("config")) {
            let digest = part["digest"].as_str().expect("digest");
            if pushed.insert(format!("{repository} {digest}")) {
                push_blob(&client, registry, repository, digest, blob(layout, digest)).await;
            }
        }
        let url = format!("http://{registry}/v2/{repository}/manifests/{tag}");
        let kind = entry["mediaType"].as_str().expect("type").to_owned();
        let answer = client.put(url).header("Content-Type", kind).body(bytes).send().await.expect("answer");
        assert_eq!(answer.status(), 201, "{name}");
    }
}

async fn push_blob(client: &reqwest::Client, registry: &str, repository: &str, digest: &str, bytes: Vec<u8>) {
    let start = client.post(format!("http://{registry}/v2/{repository}/blobs/uploads/"));
    let started = start.send().await.expect("answer");
    let place = started.headers()["Location"].to_str().expect("text").to_owned();
    let place = if place.starts_with('/') { format!("http://{registry}{place}") } else { place };
    let sign = if place.contains('?') { '&' } else { '?' };
    let put = client.put(format!("{place}{sign}digest={digest}")).body(bytes);
    assert_eq!(put.send().await.expect("answer").status(), 201, "{digest}");
}

fn blob(layout: &Path, digest: &str) -> Vec<u8> {
    fs::read(layout.join("blobs").join(digest.replace(':', "/"))).expect("blob")
}

fn verdicts(report: &str) -> Vec<(Value, Value, usize)> {
    let report: Value = serde_json::from_str(report).expect("JSON");
    let components = report["components"].as_array().expect("components");
    let count = |it: &Value| it["violations"].as_array().map_or(0, Vec::len);
    components.iter().map(|it| (it["name"].clone(), it["verdict"].clone(), count(it))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn registry_server_gives_the_verdicts_of_the_layout() {
    let Ok(registry) = std::env::var("EC_REGISTRY") else {
        println!("skipped: a registry server: EC_REGISTRY is not set (.ci/run starts one)");
        return;
    };
    let stage = stage::set([good("one"), failing("two"), good("three")]);
    let validate = ["validate", "image", "--policy=policy.yaml", "--ignore-rekor"];
    let offline = ["--images=snapshot.yaml", "--layout=layout"];
    let offline = ec(stage.path(), &[&validate[..], &offline[..], &FIXED[..]].concat());
    push(&stage.path().join("layout"), &registry).await;
    let snapshot = fs::read_to_string(stage.path().join("snapshot.yaml")).expect("snapshot");
    stage::write(stage.path(), "pushed.yaml", &snapshot.replace("registry.example", &registry));
    let online = ["--images=pushed.yaml"];
    let online = ec(stage.path(), &[&validate[..], &online[..], &FIXED[..]].concat());
    assert_eq!(online.code, Some(1), "{online:?}");
    assert_eq!(verdicts(&online.stdout), verdicts(&offline.stdout), "{online:?}");
}
