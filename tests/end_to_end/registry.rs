//! Over the network: the testkit's registry in this process, asked over HTTPS through a proxy, as `registry.example`.

use std::path::Path;

use enterprise_contract::testkit::registry::{Contents, ReferrersApi, Registry, Rule, Step, Tls};

use crate::binary::{Answer, command};
use crate::stage::{self, failing, good};

struct Asked {
    answer: Answer,
    requests: Vec<String>,
}

/// Validates the stage's snapshot against a registry that holds its layout.
async fn validate(folder: &Path, rules: Vec<Rule>, more: &[&str]) -> Asked {
    let contents = Contents::from_layout(&folder.join("layout"), ReferrersApi::Missing).expect("layout");
    let registry = Registry::start(contents, rules, Tls::Offered).await.expect("registry");
    let mut command = command(folder);
    command.args(["validate", "image", "--images=snapshot.yaml", "--policy=policy.yaml", "--ignore-rekor"]);
    command.args(["--retry-duration=1ms", "--retry-max-wait=1ms"]).args(more);
    command.env("HTTPS_PROXY", format!("http://{}", registry.address()));
    command.env("SSL_CERT_FILE", Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/tls/ca.pem"));
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("ended").expect("ec");
    Asked { answer: output.into(), requests: registry.asked() }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_network_gives_the_same_report_as_the_layout() {
    let stage = stage::set([good("one"), failing("two")]);
    let time = ["--effective-time=2025-06-01", "--allow-past-effective-time", "--output=json"];
    let Asked { answer, requests } = validate(stage.path(), vec![], &time).await;
    assert_eq!(answer.code, Some(1), "{answer:?}");
    let offline =
        [&time[..], &["--images=snapshot.yaml", "--policy=policy.yaml", "--ignore-rekor", "--layout=layout"]];
    let offline = crate::binary::ec(stage.path(), &[&["validate", "image"], &offline.concat()[..]].concat());
    let without_run = |text: &str| {
        let mut report: serde_json::Value = serde_json::from_str(text).expect("JSON");
        let run = report.as_object_mut().expect("report").remove("run").expect("run");
        (report.to_string(), run)
    };
    let (online, run) = without_run(&answer.stdout);
    assert_eq!(online, without_run(&offline.stdout).0);
    assert_eq!(run["source"], "registry");
    assert_eq!(run["requests"]["registry.example"], requests.len());
    let mut once = requests.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), requests.len(), "every object is asked for once: {requests:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_is_down_for_one_image_leaves_the_others_decided_and_says_try_again() {
    let stage = stage::set([good("one"), good("two")]);
    let down = vec![Rule::new("/v2/team/two/", [Step::status(503, "")])];
    let Asked { answer, .. } = validate(stage.path(), down, &["--output=json"]).await;
    assert_eq!(answer.code, Some(75), "{answer:?}");
    let report: serde_json::Value = serde_json::from_str(&answer.stdout).expect("JSON");
    let components = &report["components"];
    assert_eq!(
        (&components[0]["verdict"], &components[1]["verdict"]),
        (&"pass".into(), &"incomplete".into())
    );
    let failure = &components[1]["failure"];
    assert_eq!((&failure["kind"], &failure["retryable"]), (&"unavailable".into(), &true.into()));
    assert_eq!(failure["attempts"], 4, "one try and three more: {failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_passes_ends_in_a_report() {
    let stage = stage::set([good("one")]);
    let silent = vec![Rule::new("/v2/", [Step::Silence])];
    let Asked { answer, .. } = validate(stage.path(), silent, &["--timeout=300ms", "--output=json"]).await;
    assert_eq!(answer.code, Some(75), "{answer:?}");
    let report: serde_json::Value = serde_json::from_str(&answer.stdout).expect("JSON");
    assert_eq!(report["components"][0]["failure"]["kind"], "timed-out");
}
