//! Ends of runs by the real binary and the real clock: signals and deadlines leave a report and 75.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use enterprise_contract::testkit::registry::{Contents, ReferrersApi, Registry, Rule, Step, Tls};
use serde_json::Value;

use crate::binary::{Answer, command};
use crate::stage::{self, good};

/// A registry that holds the stage's layout.
pub(crate) async fn serving(folder: &Path, rules: Vec<Rule>) -> Registry {
    let contents = Contents::from_layout(&folder.join("layout"), ReferrersApi::Missing).unwrap();
    Registry::start(contents, rules, Tls::Offered).await.unwrap()
}

/// One that says nothing of the component `two`.
async fn half_silent(folder: &Path) -> Registry {
    serving(folder, vec![Rule::new("/v2/team/two/", [Step::Silence])]).await
}

pub(crate) fn ec(folder: &Path, registry: &Registry, more: &[&str]) -> Command {
    let mut command = command(folder);
    command.args(["validate", "image", "--images=snapshot.yaml", "--policy=policy.yaml", "--ignore-rekor"]);
    command.args(["--output=json"]).args(more).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env("HTTPS_PROXY", format!("http://{}", registry.address()));
    command.env("SSL_CERT_FILE", Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/tls/ca.pem"));
    command
}

pub(crate) async fn finished(child: std::process::Child) -> Answer {
    tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap().unwrap().into()
}

fn failure(answer: &Answer, at: usize) -> Value {
    let report: Value = serde_json::from_str(&answer.stdout).unwrap_or_else(|_| panic!("{answer:?}"));
    assert_eq!(report["components"].as_array().unwrap().len(), 2);
    report["components"][at]["failure"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_the_run_like_a_deadline_with_a_report() {
    for signal in ["-TERM", "-INT"] {
        let stage = stage::set([good("one"), good("two")]);
        let registry = half_silent(stage.path()).await;
        let child = ec(stage.path(), &registry, &[]).spawn().unwrap();
        while !registry.asked().iter().any(|it| it.contains("/team/two/")) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let answer = finished(child).await;
        assert_eq!(answer.code, Some(75), "{signal}: {answer:?}");
        let failure = failure(&answer, 1);
        assert_eq!((&failure["kind"], &failure["retryable"]), (&"cancelled".into(), &true.into()));
        assert!(answer.stderr.contains("told to stop"), "{}", answer.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_of_a_run_with_a_deadline_is_there_before_the_deadline() {
    let stage = stage::set([good("one"), good("two")]);
    let registry = half_silent(stage.path()).await;
    let start = std::time::Instant::now();
    let child = ec(stage.path(), &registry, &["--timeout=20s", "--component-timeout=3s"]).spawn().unwrap();
    let answer = finished(child).await;
    assert!(start.elapsed() < Duration::from_secs(20), "{answer:?}");
    assert_eq!(answer.code, Some(75), "{answer:?}");
    assert_eq!(failure(&answer, 0), Value::Null, "{answer:?}");
    assert_eq!(failure(&answer, 1)["kind"], "timed-out");
}
