//! A pipeline run of fifteen tasks, as Tekton Chains attests one of Konflux: tasks from bundles, each with the run's
//! annotations and labels, its parameters, results and the scripts of its steps. Texts are generated.

use serde_json::{Map, Value, json};

use super::attestation::{BUILDER, COMMIT, STARTED_ON, statement};
use super::{BUILT_ON, Image, Store, TestkitError};
use crate::model::{ImageRef, PinnedRef, Repository};

/// Name in the pipeline, name in its bundle, version of the bundle, steps, share of the scripts' bytes.
const TASKS: [(&str, &str, &str, usize, usize); 15] = [
    ("init", "init", "0.2", 1, 1),
    ("clone-repository", "git-clone", "0.1", 2, 4),
    ("prefetch-dependencies", "prefetch-dependencies", "0.2", 2, 6),
    ("build-container", "buildah", "0.4", 7, 18),
    ("build-image-index", "build-image-index", "0.1", 3, 4),
    ("build-source-image", "source-build", "0.2", 2, 4),
    ("deprecated-base-image-check", "deprecated-image-check", "0.5", 1, 6),
    ("clair-scan", "clair-scan", "0.2", 4, 8),
    ("sast-snyk-check", "sast-snyk-check", "0.3", 2, 7),
    ("clamav-scan", "clamav-scan", "0.2", 2, 6),
    ("sast-unicode-check", "sast-unicode-check", "0.1", 2, 5),
    ("rpms-signature-scan", "rpms-signature-scan", "0.2", 2, 2),
    ("push-dockerfile", "push-dockerfile", "0.1", 1, 2),
    ("apply-tags", "apply-tags", "0.1", 1, 2),
    ("show-summary", "summary", "0.2", 1, 1),
];

const SOURCE: &str = "https://git.example/team/app";

/// A pipeline run whose attestation is of a given size.
#[derive(Clone, Debug)]
pub struct PipelineRun {
    bundles: String,
    bytes: usize,
}

impl PipelineRun {
    /// A run whose task bundles stand below `bundles`, such as `registry.example/tasks`; 180 KB of statement.
    pub fn new(bundles: &str) -> Self {
        Self { bundles: bundles.to_owned(), bytes: 180_000 }
    }

    /// A statement of about so many bytes; what is not scripts takes 60 KB.
    #[must_use]
    pub fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// The provenance of SLSA v0.2 about the image; adds the bundles of the tasks to the store.
    pub(super) fn provenance(&self, store: &mut Store, image: &PinnedRef) -> Result<Value, TestkitError> {
        let mut bundles = Vec::with_capacity(TASKS.len());
        for (_, name, version, ..) in TASKS {
            let repository = Repository::parse(&format!("{}/task-{name}", self.bundles))?;
            bundles.push(Image::new().label("name", name).push(store, &repository, version));
        }
        let without_scripts = self.statement(image, &bundles, 0);
        let room = self.bytes.saturating_sub(without_scripts.to_string().len());
        Ok(self.statement(image, &bundles, room))
    }

    /// `script_bytes` are divided among the steps by the tasks' shares.
    fn statement(&self, image: &PinnedRef, bundles: &[PinnedRef], script_bytes: usize) -> Value {
        let shares: usize = TASKS.iter().map(|(.., share)| share).sum();
        let tasks = TASKS.iter().zip(bundles).map(|((name, bundled, version, steps, share), bundle)| {
            let parameters = parameters(image);
            let script_bytes = script_bytes * share / shares / steps;
            json!({
                "name": name,
                "status": "Succeeded",
                "startedOn": STARTED_ON,
                "finishedOn": BUILT_ON,
                "serviceAccountName": "build-pipeline",
                "ref": {"resolver": "bundles", "params": [
                    {"name": "name", "value": bundled},
                    {"name": "bundle", "value": pinned_tag(bundle, version)},
                    {"name": "kind", "value": "task"},
                ]},
                "invocation": {"configSource": {}, "parameters": parameters, "environment": environment(image, name)},
                "results": results(name, image),
                "steps": (0..*steps).map(|step| self.step(name, step, script_bytes)).collect::<Value>(),
            })
        });
        let predicate = json!({
            "builder": {"id": BUILDER},
            "buildType": "tekton.dev/v1/PipelineRun",
            "invocation": {"configSource": {}, "parameters": parameters(image), "environment": environment(image, "")},
            "buildConfig": {"tasks": tasks.collect::<Value>()},
            "metadata": {
                "buildStartedOn": STARTED_ON,
                "buildFinishedOn": BUILT_ON,
                "completeness": {"parameters": false, "environment": false, "materials": false},
                "reproducible": false,
            },
            "materials": self.materials(),
        });
        statement(image, "https://slsa.dev/provenance/v0.2", &predicate)
    }

    fn step(&self, task: &str, step: usize, script_bytes: usize) -> Value {
        json!({
            "entryPoint": script(task, step, script_bytes),
            "arguments": null,
            "annotations": null,
            "environment": {"container": format!("{task}-{step}"), "image": self.runner(step)},
        })
    }

    /// The image that a step runs in.
    fn runner(&self, step: usize) -> String {
        format!("oci://{}/runner-{step}@sha256:{}", self.bundles, format!("{step:02x}").repeat(32))
    }

    fn materials(&self) -> Value {
        let runner = |step: usize| {
            let digest = format!("{step:02x}").repeat(32);
            json!({"uri": format!("oci://{}/runner-{step}", self.bundles), "digest": {"sha256": digest}})
        };
        let source = json!({"uri": format!("git+{SOURCE}.git"), "digest": {"sha1": COMMIT}});
        (0..7).map(runner).chain([source]).collect()
    }
}

/// `repository:tag@digest`, as pipelines name bundles.
fn pinned_tag(bundle: &PinnedRef, tag: &str) -> String {
    format!("{}:{tag}@{}", bundle.repository, bundle.digest)
}

fn parameters(image: &PinnedRef) -> Value {
    json!({
        "git-url": SOURCE,
        "revision": COMMIT,
        "output-image": format!("{}:{COMMIT}", image.repository),
        "dockerfile": "Containerfile",
        "path-context": ".",
        "hermetic": "true",
        "rebuild": "false",
        "skip-checks": "false",
        "build-source-image": "true",
        "prefetch-input": "",
        "image-expires-after": "",
        "platforms": ["linux/x86_64"],
    })
}

/// What Chains copies from the run to each of its tasks.
fn environment(image: &PinnedRef, task: &str) -> Value {
    let name = image.repository.path().rsplit('/').next().unwrap_or_default();
    let mut annotations = Map::new();
    for (key, value) in [
        ("build.appstudio.openshift.io/repo", format!("{SOURCE}?rev={COMMIT}")),
        ("build.appstudio.redhat.com/commit_sha", COMMIT.to_owned()),
        ("build.appstudio.redhat.com/target_branch", "main".to_owned()),
        ("pipelinesascode.tekton.dev/branch", "main".to_owned()),
        ("pipelinesascode.tekton.dev/check-run-id", "10000000001".to_owned()),
        ("pipelinesascode.tekton.dev/event-type", "push".to_owned()),
        ("pipelinesascode.tekton.dev/git-provider", "forge".to_owned()),
        ("pipelinesascode.tekton.dev/installation-id", "10000001".to_owned()),
        ("pipelinesascode.tekton.dev/log-url", format!("https://console.example/team/run/{name}-on-push")),
        ("pipelinesascode.tekton.dev/max-keep-runs", "3".to_owned()),
        (
            "pipelinesascode.tekton.dev/on-cel-expression",
            "event == \"push\" && branch == \"main\"".to_owned(),
        ),
        ("pipelinesascode.tekton.dev/original-prname", format!("{name}-on-push")),
        ("pipelinesascode.tekton.dev/pipeline", ".tekton/build.yaml".to_owned()),
        ("pipelinesascode.tekton.dev/repo-url", SOURCE.to_owned()),
        ("pipelinesascode.tekton.dev/repository", name.to_owned()),
        ("pipelinesascode.tekton.dev/sender", "robot".to_owned()),
        ("pipelinesascode.tekton.dev/sha", COMMIT.to_owned()),
        ("pipelinesascode.tekton.dev/sha-title", format!("A change of {name} that is worth a release")),
        ("pipelinesascode.tekton.dev/sha-url", format!("{SOURCE}/commit/{COMMIT}")),
        ("pipelinesascode.tekton.dev/source-branch", "refs/heads/main".to_owned()),
        ("pipelinesascode.tekton.dev/source-repo-url", SOURCE.to_owned()),
        ("pipelinesascode.tekton.dev/state", "started".to_owned()),
        ("results.tekton.dev/recordSummaryAnnotations", json!({"repo": name, "commit": COMMIT}).to_string()),
        ("tekton.dev/pipelines.minVersion", "0.12.1".to_owned()),
        ("tekton.dev/tags", "demo".to_owned()),
    ] {
        annotations.insert(key.to_owned(), value.into());
    }
    let mut labels = Map::new();
    for (key, value) in [
        ("app.kubernetes.io/managed-by", "pipelinesascode.tekton.dev"),
        ("app.kubernetes.io/version", "v0.31.0"),
        ("appstudio.openshift.io/application", "demo"),
        ("appstudio.openshift.io/component", name),
        ("pipelines.appstudio.openshift.io/type", "build"),
        ("pipelinesascode.tekton.dev/event-type", "push"),
        ("pipelinesascode.tekton.dev/repository", name),
        ("pipelinesascode.tekton.dev/sha", COMMIT),
        ("tekton.dev/memberOf", "tasks"),
        ("tekton.dev/pipelineRun", name),
        ("tekton.dev/pipelineTask", task),
    ] {
        labels.insert(key.to_owned(), value.into());
    }
    json!({"annotations": annotations, "labels": labels})
}

fn results(task: &str, image: &PinnedRef) -> Value {
    let outcome = || {
        json!({
            "result": "SUCCESS", "timestamp": BUILT_ON, "note": format!("Task {task} completed."),
            "namespace": "default", "successes": 3, "failures": 0, "warnings": 0,
        })
        .to_string()
    };
    let counts = r#"{"critical":0,"high":0,"medium":0,"low":0,"unknown":0}"#;
    let results: Vec<(&str, String)> = match task {
        "init" => vec![("build", "true".to_owned())],
        "clone-repository" => vec![
            ("CHAINS-GIT_COMMIT", COMMIT.to_owned()),
            ("CHAINS-GIT_URL", SOURCE.to_owned()),
            ("commit", COMMIT.to_owned()),
            ("url", SOURCE.to_owned()),
        ],
        "build-container" => vec![
            ("IMAGE_DIGEST", image.digest.to_string()),
            ("IMAGE_URL", format!("{}:{COMMIT}", image.repository)),
            ("IMAGE_REF", image.to_string()),
        ],
        "clair-scan" => vec![
            (
                "SCAN_OUTPUT",
                format!(r#"{{"vulnerabilities":{counts},"unpatched_vulnerabilities":{counts}}}"#),
            ),
            ("TEST_OUTPUT", outcome()),
        ],
        "rpms-signature-scan" => vec![
            ("RPMS_DATA", r#"{"keys":{"199e2f91fd431d51":40,"unsigned":0}}"#.to_owned()),
            ("TEST_OUTPUT", outcome()),
        ],
        "deprecated-base-image-check" | "sast-snyk-check" | "clamav-scan" | "sast-unicode-check" => {
            vec![("TEST_OUTPUT", outcome())]
        }
        _ => Vec::new(),
    };
    results.into_iter().map(|(name, value)| json!({"name": name, "type": "string", "value": value})).collect()
}

/// Lines that need escapes in JSON as those of real scripts do.
fn script(task: &str, step: usize, bytes: usize) -> String {
    let mut script = "#!/bin/bash\nset -euo pipefail\n".to_owned();
    // What escapes add is counted, so that the statement has the size that was asked for.
    let mut written = script.len() + 2;
    for line in 0.. {
        let text = format!(
            "run_step \"{task}\" --step {step} --line {line} --input \"$INPUT_{line}\" | tee \"$LOG\"\n"
        );
        written += text.len() + 7;
        if written > bytes {
            break;
        }
        script.push_str(&text);
    }
    script
}

/// Writes into the provenance that the task which built the image has left its SBOM there.
pub(super) fn name_sbom(provenance: &mut Value, image: &PinnedRef, blob: &PinnedRef) {
    let built = json!({"name": "IMAGE_DIGEST", "type": "string", "value": image.digest.to_string()});
    let reference = ImageRef::Pinned(blob.clone()).to_string();
    let tasks = provenance["predicate"]["buildConfig"]["tasks"].as_array_mut();
    for task in tasks.into_iter().flatten() {
        if let Some(results) = task["results"].as_array_mut().filter(|it| it.contains(&built)) {
            results.push(json!({"name": "SBOM_BLOB_URL", "type": "string", "value": reference}));
        }
    }
}
