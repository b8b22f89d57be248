//! A run in process, from a snapshot in a registry in memory to the entries of its report.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use enterprise_contract::builtins;
use enterprise_contract::evaluate::CompiledGroup;
use enterprise_contract::input::Text;
use enterprise_contract::judge::{FilterType, GroupCriteria, GroupJudge};
use enterprise_contract::model::outcome::MemoryFacts;
use enterprise_contract::model::policy_spec::SourceGroup;
use enterprise_contract::model::snapshot::GitSource;
use enterprise_contract::model::{Component, ImageRef, Limits, PolicySpec, RuleTable, RunReport, Snapshot};
use enterprise_contract::registry::Transport;
use enterprise_contract::registry::cache::{Cached, Store};
use enterprise_contract::registry::http::{Http, HttpSettings, RetryPolicy};
use enterprise_contract::registry::once::Once;
use enterprise_contract::rego::engine::{CompileOptions, Compiler};
use enterprise_contract::rego::value::Object;
use enterprise_contract::report::{Colour, Detail, Options, Shown, Successes, Target, render};
use enterprise_contract::run::events::Silent;
use enterprise_contract::run::{Deadline, EffectiveTime, Group, Job, Keep, Metadata, run};
use enterprise_contract::testkit::registry::{Contents, InMemory, ReferrersApi, Rule, Seen, Step};
use enterprise_contract::testkit::{App, Scenario};
use enterprise_contract::trust::{PublicKey, TrustPolicy};
use enterprise_contract::verify::Requested;
use serde_json::Value;

/// Of the components.
pub(crate) const NAMES: [&str; 3] = ["one", "two", "three"];

/// They look at everything that is read of an image, and ask for the tag of its base.
const RULES: &str = r#"package faults

deny contains {"msg": "no vendor", "code": "faults.vendor"} if not input.image.config.Labels.vendor

deny contains {"msg": "no parent", "code": "faults.parent"} if not input.image.parent.config

deny contains {"msg": "no base", "code": "faults.base"} if not ec.oci.image_manifest(base)

deny contains {"msg": "bad source", "code": "faults.source"} if input.image.source.git.url == "https://bad.example"

# A group that says nothing is undecided.
warn contains {"msg": "looked at", "code": "faults.looked"}

base := split(input.image.parent.ref, "@")[0]
"#;

/// What the registry wants to see, and whom it says that gives it.
pub(crate) const CHALLENGE: &str =
    r#"Bearer realm="https://auth.registry.example/token",service="registry.example""#;

/// A snapshot in a registry that wants tokens.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
    pub(crate) contents: Contents,
    pub(crate) components: Vec<Component>,
    pub(crate) workers: usize,
    /// Of the run.
    pub(crate) memory: u64,
    /// What the report wants.
    pub(crate) keep: Keep,
    /// A folder for blobs.
    pub(crate) cache: Option<PathBuf>,
    /// Further rules.
    pub(crate) rules: String,
    pub(crate) component_timeout: Option<Duration>,
}

/// What a run came to.
pub(crate) struct Ran {
    /// Entries of the JSON report.
    pub(crate) components: Vec<Value>,
    pub(crate) asked: Vec<String>,
    pub(crate) seen: Vec<Seen>,
    pub(crate) retries: u64,
    /// Of bodies, received.
    pub(crate) bytes: u64,
    pub(crate) memory: MemoryFacts,
    pub(crate) report: RunReport,
}

impl Bench {
    pub(crate) fn new(api: ReferrersApi) -> Self {
        Self::with(api, |_, app| app)
    }

    /// Components that are changed, by their place.
    pub(crate) fn with(api: ReferrersApi, change: impl Fn(usize, App) -> App) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = |(at, name): (usize, &&str)| {
            change(at, App::named(name).on_base(&format!("registry.example/base/{name}")))
        };
        let apps = NAMES.iter().enumerate().map(app);
        let scenario = apps.fold(Scenario::new("registry.example/team"), Scenario::with);
        let built = scenario.build().unwrap();
        built.write(folder.path()).unwrap();
        let config = r#"{"auths":{"registry.example":{"auth":"dXNlcjpjYW5hcnk="}}}"#;
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        let contents = Contents::from_layout(&folder.path().join("layout"), api).unwrap();
        let component =
            |(name, image): &(String, _)| component(name, &format!("{image}"), "https://good.example");
        let components = built.components.iter().map(component).collect();
        Self {
            folder,
            contents,
            components,
            workers: 2,
            memory: 1 << 30,
            keep: Keep { input: Text::Unwanted, statements: false, metadata: Metadata::Full },
            cache: None,
            rules: String::new(),
            component_timeout: None,
        }
    }

    /// What every request is answered with that no fault hits.
    pub(crate) fn guard() -> Step {
        Step::Guarded { authorization: "Bearer t0k3n".into(), challenge: CHALLENGE.into() }
    }

    pub(crate) fn token() -> Step {
        Step::status(200, r#"{"token":"t0k3n"}"#)
    }

    pub(crate) async fn run(&self, faults: Vec<Rule>) -> Ran {
        let (server, wire) = self.wire(faults).await;
        let report = run(self.job(Arc::new(once(wire)))).await.unwrap();
        Ran {
            components: entries(&report),
            asked: server.asked(),
            seen: server.seen(),
            retries: report.run.retries,
            bytes: report.run.bytes,
            memory: report.run.memory.clone().unwrap(),
            report,
        }
    }

    /// The registry with faults, and how it is asked.
    pub(crate) async fn wire(&self, faults: Vec<Rule>) -> (Arc<InMemory>, Arc<dyn Transport>) {
        let mut rules = faults;
        rules.push(Rule::new("/token", [Self::token()]).at("auth.registry.example"));
        rules.push(Rule::new("/v2/", [Self::guard()]).at("registry.example"));
        let server = Arc::new(InMemory::new(self.contents.clone(), rules));
        let retry = RetryPolicy { jitter: 0.0, ..RetryPolicy::default() };
        let settings = HttpSettings { retry, ..HttpSettings::default() };
        let docker = self.folder.path().display().to_string();
        let variable = |name: &str| (name == "DOCKER_CONFIG").then(|| docker.clone());
        let http = Http::over(server.clone(), settings, &variable).unwrap();
        // The registry is known to ask for tokens, so that what is asked first does not depend on who comes first.
        let known = ImageRef::parse("registry.example/known/to:ask").unwrap();
        assert!(http.head(&known).await.unwrap_err().is_absent());
        let http: Arc<dyn Transport> = Arc::new(http);
        let transport = match &self.cache {
            Some(folder) => Arc::new(Cached::new(http, Store::open(folder, 1 << 30).unwrap())),
            None => http,
        };
        (server, transport)
    }

    pub(crate) fn job(&self, transport: Arc<dyn Transport>) -> Job {
        let key = std::fs::read_to_string(self.folder.path().join("cosign.pub")).unwrap();
        Job {
            snapshot: Snapshot { components: self.components.clone(), ..Snapshot::default() },
            snapshot_name: String::new(),
            policy: PolicySpec::default(),
            groups: vec![group(&self.rules)],
            trust: TrustPolicy::key_without_log(PublicKey::from_pem(&key).unwrap()),
            requested: Requested::default(),
            transport,
            source: "registry",
            memory: self.memory,
            effective_time: EffectiveTime::At(jiff::Timestamp::UNIX_EPOCH),
            now: jiff::Timestamp::UNIX_EPOCH,
            workers: self.workers,
            deadline: Deadline::new(None).0,
            component_timeout: self.component_timeout,
            keep: self.keep,
            limits: Limits::default(),
            listener: Arc::new(Silent),
            version: String::new(),
            policy_warnings: Vec::new(),
            previous: None,
        }
    }
}

/// Each object is asked for once.
pub(crate) fn once(transport: Arc<dyn Transport>) -> Once {
    Once::new(transport, 4 << 20, 1 << 20)
}

/// Those of the JSON report, with everything.
pub(crate) fn entries(report: &RunReport) -> Vec<Value> {
    let options = Options { successes: Successes::Listed, detail: Detail::Full, colour: Colour::Never };
    let target = Target::parse("json", Shown::default()).unwrap();
    let mut json: Value = serde_json::from_slice(&render(report, options, &target)).unwrap();
    let Value::Array(components) = json["components"].take() else { panic!("no components") };
    components
}

pub(crate) fn component(name: &str, image: &str, url: &str) -> Component {
    let source = GitSource { url: url.to_owned(), ..GitSource::default() };
    Component { name: name.to_owned(), container_image: image.to_owned(), source: Some(source) }
}

fn group(more: &str) -> Group {
    let mut compiler =
        Compiler::new(CompileOptions { host: builtins::declarations(), ..CompileOptions::default() });
    compiler.add_module("faults.rego", format!("{RULES}\n{more}"));
    let rules = CompiledGroup::new(compiler.compile().unwrap(), Object::new().into());
    let criteria = GroupCriteria::new(&SourceGroup::default(), None, FilterType::IncludeExclude);
    let judge = GroupJudge::new("faults", RuleTable::default(), criteria, None);
    Group { rules: Arc::new(rules), judge: Arc::new(judge) }
}
