//! The folder and the registry that the program finds, and what it must make of them.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use enterprise_contract::testkit::registry::{Port, ReferrersApi, Registry, Tls, Traffic};
use enterprise_contract::testkit::{Built, Scenario, Size, Store};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::options::{Cache, Options};
use crate::{Run, floor, measured};

/// Requests and bytes by path.
pub(crate) type Asked = BTreeMap<String, Traffic>;

/// Codes of the violations of every component under the example data, which trusts other bundles and asks for more than
/// the pipeline does.
const VIOLATIONS: &[&str] = &[
    "cve.cve_results_found",
    "hermetic_task.hermetic",
    "labels.required_labels",
    "slsa_build_scripted_build.image_built_by_trusted_task",
    "slsa_source_correlated.expected_source_code_reference",
    "source_image.exists",
    "tasks.required_untrusted_task_found",
    "trusted_task.trusted",
];

/// The folder of the policies, if it is there.
pub(crate) fn policies() -> Option<PathBuf> {
    let shared = std::env::var_os("EC_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let folder = shared.join("conformance/conforma-policy");
    let found = folder.canonicalize().ok();
    if found.is_none() {
        println!("skipped: runs over the released policies: {} not found", folder.display());
    }
    found
}

/// Everything is there but the program.
pub(crate) struct Stage {
    folder: TempDir,
    registry: Registry,
    runtime: tokio::runtime::Runtime,
    components: Built,
    /// Of caches: each run has a folder of its own, or that of the run before.
    caches: Cell<usize>,
}

impl Stage {
    /// A snapshot of so many components, of which runs may take fewer.
    pub(crate) fn set(policies: &Path, components: usize, options: &Options) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let _inside = runtime.enter();
        let port = runtime.block_on(Port::free()).expect("a port");
        let sbom = (options.sbom)(Size::Bytes(options.sbom_bytes)).in_place(options.place);
        let scenario = Scenario::from_pipelines(&port.address().to_string(), components, &sbom);
        let built = scenario.build().expect("a scenario");
        let registry = port.serve(built.store.contents(ReferrersApi::Offered), Vec::new(), Tls::Refused);
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("cosign.pub"), built.public_key()).expect("written");
        let policy = json!({
            "publicKey": "cosign.pub",
            "sources": [{
                "policy": [policies.join("policy/lib"), policies.join("policy/release")],
                "data": [policies.join("example/data")],
                "config": {"include": ["@redhat"]},
            }],
        });
        fs::write(folder.path().join("policy.yaml"), policy.to_string()).expect("written");
        let components = Built { store: Store::new(), components: built.components };
        let registry = registry.expect("a registry");
        Self { folder, registry, runtime, components, caches: Cell::new(0) }
    }

    /// What is measured, in a line.
    pub(crate) fn described(&self) -> String {
        let version = if cfg!(debug_assertions) { "NOT OPTIMISED" } else { "optimised" };
        format!(
            "ec ({version}), registry http://{}, {}",
            self.registry.address(),
            self.folder.path().display()
        )
    }

    /// Validates the first of the components.
    pub(crate) fn run(
        &self,
        components: usize,
        workers: Option<usize>,
        cache: Cache,
        options: &Options,
    ) -> Run {
        let all = &self.components.components;
        let some = Built { store: Store::new(), components: all[..components].to_vec() };
        fs::write(self.folder.path().join("snapshot.yaml"), some.snapshot()).expect("written");
        let mut arguments: Vec<String> = [
            "validate",
            "image",
            "--images=snapshot.yaml",
            "--policy=policy.yaml",
            "--ignore-rekor",
            "--effective-time=2025-06-01",
            "--allow-past-effective-time",
            "--output=json=report.json",
        ]
        .map(str::to_owned)
        .into();
        arguments.extend(workers.map(|it| format!("--workers={it}")));
        if cache == Cache::Cold {
            self.caches.set(self.caches.get() + 1);
        }
        arguments.push(match cache {
            Cache::Off => "--no-cache".to_owned(),
            Cache::Cold | Cache::Warm => format!("--cache-dir=cache-{}", self.caches.get()),
        });
        arguments.extend(options.more.iter().cloned());
        self.registry.take_traffic();
        if options.keep {
            println!("cd {}; ec {}", self.folder.path().display(), arguments.join(" "));
            std::io::stdin().read_line(&mut String::new()).expect("a line");
            self.registry.take_traffic();
        }
        let ec = Path::new(env!("CARGO_BIN_EXE_ec"));
        let measured = measured::run(ec, &arguments, self.folder.path());
        let asked = self.registry.take_traffic();
        let report = fs::read(self.folder.path().join("report.json")).expect("a report");
        check(&report, components, measured.code, &asked);
        Run { measured, asked, report_bytes: report.len() }
    }

    /// Reads the same again, and nothing else.
    pub(crate) fn floor(&self, asked: &Asked, threads: usize) -> measured::Measured {
        let _inside = self.runtime.enter();
        let found: Vec<&str> =
            asked.iter().filter(|(_, it)| it.bytes > 0).map(|(path, _)| path.as_str()).collect();
        fs::write(self.folder.path().join("paths"), found.join("\n")).expect("written");
        let arguments = [
            floor::FLOOR.to_owned(),
            self.registry.address().to_string(),
            threads.to_string(),
            "paths".to_owned(),
        ];
        let measured =
            measured::run(&std::env::current_exe().expect("the bench"), &arguments, self.folder.path());
        assert_eq!(measured.code, 0);
        measured
    }
}

/// Every component is decided, and as expected; nothing was asked for twice that the program still had.
fn check(report: &[u8], components: usize, code: i32, asked: &Asked) {
    let report: Value = serde_json::from_slice(report).expect("JSON");
    let listed = report["components"].as_array().expect("components");
    assert_eq!(listed.len(), components);
    for component in listed {
        assert_eq!(component["verdict"], "fail", "{component:#}");
        let violations = component["violations"].as_array().expect("violations");
        let mut codes: Vec<_> = violations.iter().filter_map(|it| it["metadata"]["code"].as_str()).collect();
        codes.dedup();
        assert_eq!(codes, VIOLATIONS, "{:#}", component["violations"]);
    }
    assert_eq!(code, 1);
    let twice: Vec<_> = asked.iter().filter(|(_, it)| it.requests > 1).collect();
    let evicted = report["run"]["evicted"].as_u64().unwrap_or_default();
    let again: usize = twice.iter().map(|(_, it)| it.requests - 1).sum();
    assert!(again as u64 <= evicted, "{evicted} were evicted, asked for more than once: {twice:#?}");
}
