//! A snapshot whose components have large SBOMs, served on this machine, and whether what was said of it is right.

use std::path::Path;
use std::time::{Duration, Instant};

use enterprise_contract::testkit::registry::{Contents, Port, ReferrersApi, Tls};
use enterprise_contract::testkit::{App, Hostile, Sbom, SbomPlace, Scenario, Size};
use serde_json::Value;

use crate::binary;
use crate::confined::Confined;

const MIB: u64 = 1 << 20;

/// What the program takes beside what it counts: itself, its policies, its threads, the report, and what the allocator does not give back.
pub(crate) const PROGRAM: u64 = 64 * MIB;

/// Rules that read every package, of the attested SBOM or of the blob, and are not content with another component's.
const RULES: &str = r#"package load

import rego.v1

# METADATA
# custom:
#   short_name: complete
deny contains {"code": "load.complete", "msg": sprintf("%d SBOMs of %q", [count(_own), input.component_name])} if {
	count(_own) != 1
}

# METADATA
# custom:
#   short_name: distinct
deny contains {"code": "load.distinct", "msg": "packages are listed twice"} if {
	some sbom in _own
	count({it.SPDXID | some it in sbom.packages}) != count(sbom.packages)
}

# METADATA
# custom:
#   short_name: builder
deny contains {"code": "load.builder", "msg": sprintf("built by %s", [id])} if {
	id := _provenance.predicate.builder.id
	not startswith(id, "https://tekton.dev/")
}

_own contains sbom if {
	some sbom in array.concat(_blobs, _attested)
	sbom.name == input.component_name
	count(sbom.packages) > 0
}

_attested := [statement.predicate |
	some attestation in input.attestations
	statement := attestation.statement
	statement.predicateType == "https://spdx.dev/Document"
]

_blobs := [json.unmarshal(ec.oci.blob(result.value)) |
	some task in _provenance.predicate.buildConfig.tasks
	some result in task.results
	result.name == "SBOM_BLOB_URL"
]

_provenance := attestation.statement if {
	some attestation in input.attestations
	attestation.statement.predicateType == "https://slsa.dev/provenance/v0.2"
}
"#;

const POLICY: &str = "publicKey: cosign.pub\nsources:\n- policy:\n  - ./rules\n";

/// Where SBOMs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Blob,
    Attestation,
}

/// Components with SBOMs.
pub(crate) struct Load {
    components: usize,
    bytes: u64,
    place: Place,
    hostile: Option<(usize, Hostile)>,
    /// `--max-memory`; without it what the control group says.
    pub(crate) budget: Option<u64>,
    /// `--workers`
    workers: Option<usize>,
}

/// What came of it.
pub(crate) struct Ran {
    report: Value,
    stderr: String,
    code: Option<i32>,
    /// Of resident memory, in bytes.
    pub(crate) peak: u64,
    took: Duration,
}

impl Load {
    /// So many components with SBOMs of so many bytes in blobs. Every third one was built elsewhere.
    pub(crate) fn of(components: usize, bytes: u64) -> Self {
        Self { components, bytes, place: Place::Blob, hostile: None, budget: None, workers: None }
    }

    pub(crate) fn place(self, place: Place) -> Self {
        Self { place, ..self }
    }

    pub(crate) fn workers(self, workers: usize) -> Self {
        Self { workers: Some(workers), ..self }
    }

    /// The SBOM of one of them is made to hurt.
    pub(crate) fn hostile(self, at: usize, hostile: Hostile) -> Self {
        Self { hostile: Some((at, hostile)), ..self }
    }

    pub(crate) fn run(&self, confined: &Confined) -> Ran {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let port = runtime.block_on(Port::free()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let host = port.address().to_string();
        let contents = self.set(&host, folder.path());
        let _registry = runtime.block_on(async { port.serve(contents, Vec::new(), Tls::Refused) }).unwrap();
        let mut command = binary::command(folder.path());
        command.args(["validate", "image", "--images=snapshot.yaml", "--policy=policy.yaml"]);
        command.args(["--ignore-rekor", "--output=json", "--no-cache", "--effective-time=2025-06-01"]);
        command.arg("--allow-past-effective-time");
        command.args(self.budget.map(|it| format!("--max-memory={it}")));
        command.args(self.workers.map(|it| format!("--workers={it}")));
        let start = Instant::now();
        let (output, peak) = confined.run(command);
        let took = start.elapsed();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|why| {
            panic!("{why}: {:?}, {} MiB at its highest, {stderr}", output.status, peak >> 20)
        });
        Ran { report, stderr, code: output.status.code(), peak, took }
    }

    fn set(&self, host: &str, folder: &Path) -> Contents {
        let place = match self.place {
            Place::Blob => SbomPlace::Blob,
            Place::Attestation => SbomPlace::Attestation,
        };
        let bytes = usize::try_from(self.bytes).unwrap();
        let good = Sbom::spdx(Size::Bytes(bytes)).in_place(place);
        let mut scenario = Scenario::new(&format!("{host}/team"));
        for index in 0..self.components {
            let sbom = match self.hostile {
                Some((at, hostile)) if at == index => Sbom::hostile(hostile, bytes).in_place(place),
                _ => good.clone(),
            };
            let mut app = App::from_pipeline(host, &format!("app-{index}")).with_sbom(sbom);
            if is_from_elsewhere(index) {
                app = app.provenance(|it| it["predicate"]["builder"]["id"] = "https://laptop.example".into());
            }
            scenario = scenario.with(app);
        }
        let built = scenario.build().unwrap();
        std::fs::write(folder.join("snapshot.yaml"), built.snapshot()).unwrap();
        std::fs::write(folder.join("cosign.pub"), built.public_key()).unwrap();
        std::fs::create_dir(folder.join("rules")).unwrap();
        std::fs::write(folder.join("rules/load.rego"), RULES).unwrap();
        std::fs::write(folder.join("policy.yaml"), POLICY).unwrap();
        built.store.contents(ReferrersApi::Missing)
    }
}

fn is_from_elsewhere(index: usize) -> bool {
    index % 3 == 1
}

impl Ran {
    /// Every component is decided as it should be; a hostile one is named, and no pass.
    pub(crate) fn is_right(&self, load: &Load) {
        let components = self.report["components"].as_array().unwrap();
        assert_eq!(components.len(), load.components);
        for (index, entry) in components.iter().enumerate() {
            assert_eq!(entry["name"], format!("app-{index}"));
            let shown = || format!("{index}: {}\n{}", brief(entry), self.stderr);
            if load.hostile.is_some_and(|(at, _)| at == index) {
                assert_ne!(entry["verdict"], "pass", "{}", shown());
                continue;
            }
            let expected = if is_from_elsewhere(index) { "fail" } else { "pass" };
            assert_eq!(entry["verdict"], expected, "{}", shown());
            let violations = entry["violations"].as_array().map_or(0, Vec::len);
            assert_eq!(violations, usize::from(is_from_elsewhere(index)), "{}", shown());
        }
        assert_eq!(self.code, Some(1));
    }

    pub(crate) fn memory(&self) -> &Value {
        &self.report["run"]["memory"]
    }

    fn all(&self, key: &str) -> Vec<u64> {
        let components = self.memory()["components"].as_array().unwrap();
        components.iter().map(|it| it[key].as_u64().unwrap()).collect()
    }

    pub(crate) fn most_used(&self) -> u64 {
        self.all("used").into_iter().max().unwrap()
    }

    pub(crate) fn most_granted(&self) -> u64 {
        self.all("granted").into_iter().max().unwrap()
    }

    /// What a person may want to know of it.
    pub(crate) fn tell(&self, what: &str) {
        let restarts: u64 = self.all("restarts").into_iter().sum();
        println!(
            "{what}: {:.1} s, peak {} MiB, budget of components {} MiB, granted at most {} MiB, used at most {} MiB, begun \
             again {restarts} times, requests {}, bytes {} MiB",
            self.took.as_secs_f64(),
            self.peak / MIB,
            self.memory()["budget"].as_u64().unwrap_or_default() / MIB,
            self.most_granted() / MIB,
            self.most_used() / MIB,
            self.report["run"]["requests"],
            self.report["run"]["bytes"].as_u64().unwrap_or_default() / MIB,
        );
        for entry in self.report["components"].as_array().into_iter().flatten() {
            if entry["verdict"] == "incomplete" {
                println!("   {}", brief(entry));
            }
        }
    }
}

fn brief(entry: &Value) -> String {
    let violations: Vec<&Value> =
        entry["violations"].as_array().into_iter().flatten().map(|it| &it["msg"]).collect();
    format!(
        "{} {} {:?} {} {}",
        entry["name"], entry["verdict"], violations, entry["failure"], entry["undecided"]
    )
}
