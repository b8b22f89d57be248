//! The joiner by itself: components at once, each failure under its own name.
#![cfg(feature = "testkit")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers are tests")]

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use enterprise_contract::builtins;
use enterprise_contract::evaluate::CompiledGroup;
use enterprise_contract::input::Text;
use enterprise_contract::judge::{FilterType, GroupCriteria, GroupJudge};
use enterprise_contract::model::policy_spec::SourceGroup;
use enterprise_contract::model::previous::PreviousEntry;
use enterprise_contract::model::{
    Component, ComponentId, FailureKind, ImageRef, Limits, Outcome, PinnedRef, PolicySpec, PreviousReport,
    Repository, RuleTable, RunReport, Snapshot, Stage, Verdict,
};
use enterprise_contract::registry::layout::Layout;
use enterprise_contract::registry::{Answer, BlobId, Descriptor, Manifest, Transport};
use enterprise_contract::rego::engine::{CompileOptions, Compiler};
use enterprise_contract::rego::value::Object;
use enterprise_contract::run::events::Progress;
use enterprise_contract::run::{Deadline, EffectiveTime, Group, Job, Keep, Metadata, run};
use enterprise_contract::testkit::{App, Scenario};
use enterprise_contract::trust::{PublicKey, TrustPolicy};
use enterprise_contract::verify::Requested;

const NAMES: [&str; 6] = ["one", "two", "three", "four", "five", "six"];

/// A layout that panics over the blobs of one repository, counts how many ask for a descriptor at once, and notes what
/// is asked for in which order.
struct Watched {
    layout: Layout,
    panics_at: &'static str,
    asking: AtomicUsize,
    most: AtomicUsize,
    tags: Mutex<Vec<String>>,
    blobs: Mutex<Vec<String>>,
    begun: Mutex<Vec<usize>>,
}

impl Progress for Watched {
    fn started(&self, _components: usize) {}
    fn component_started(&self, component: &ComponentId) {
        self.begun.lock().unwrap().push(component.index);
    }
    fn component_done(&self, _component: &ComponentId, _verdict: Verdict) {}
    fn finished(&self) {}
}

/// The component that a repository belongs to.
fn owner(repository: &Repository) -> String {
    repository.path().rsplit('/').next().unwrap().to_owned()
}

impl Transport for Watched {
    fn manifest<'a>(&'a self, reference: &'a ImageRef, cap: u64) -> Answer<'a, Manifest> {
        if let ImageRef::Tagged { repository, tag } = reference
            && &**tag == "latest"
        {
            self.tags.lock().unwrap().push(owner(repository));
        }
        self.layout.manifest(reference, cap)
    }

    fn head<'a>(&'a self, reference: &'a ImageRef) -> Answer<'a, Descriptor> {
        Box::pin(async move {
            let now = self.asking.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(50)).await;
            self.asking.fetch_sub(1, Ordering::SeqCst);
            self.layout.head(reference).await
        })
    }

    fn blob<'a>(
        &'a self,
        repository: &'a Repository,
        blob: &'a BlobId,
        cap: u64,
    ) -> Answer<'a, bytes::Bytes> {
        assert!(!repository.path().ends_with(self.panics_at), "planted");
        self.blobs.lock().unwrap().push(owner(repository));
        self.layout.blob(repository, blob, cap)
    }

    fn referrers<'a>(&'a self, subject: &'a PinnedRef, limit: usize) -> Answer<'a, Vec<Descriptor>> {
        self.layout.referrers(subject, limit)
    }
}

fn watched(folder: &Path, panics_at: &'static str) -> Arc<Watched> {
    let scenario = NAMES
        .iter()
        .map(|name| App::named(name))
        .fold(Scenario::new("registry.example/team"), Scenario::with);
    scenario.build().unwrap().write(folder).unwrap();
    let layout = Layout::from_dirs(&[folder.join("layout")], &Limits::default()).unwrap();
    let (asking, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (tags, blobs, begun) = (Mutex::default(), Mutex::default(), Mutex::default());
    Arc::new(Watched { layout, panics_at, asking, most, tags, blobs, begun })
}

/// A rule that asks for the image's own descriptor.
fn asking() -> Group {
    let mut compiler =
        Compiler::new(CompileOptions { host: builtins::declarations(), ..CompileOptions::default() });
    let text = "package asks\n\nwarn contains \"there\" if ec.oci.descriptor(input.image.ref)\n";
    compiler.add_module("asks.rego", text);
    let rules = CompiledGroup::new(compiler.compile().unwrap(), Object::new().into());
    let criteria = GroupCriteria::new(&SourceGroup::default(), None, FilterType::IncludeExclude);
    let judge = GroupJudge::new("asks", RuleTable::default(), criteria, None);
    Group { rules: Arc::new(rules), judge: Arc::new(judge) }
}

fn snapshot() -> Snapshot {
    let component = |name: &&str| Component {
        name: (*name).to_owned(),
        container_image: format!("registry.example/team/{name}:latest"),
        source: None,
    };
    Snapshot { components: NAMES.iter().map(component).collect(), ..Snapshot::default() }
}

async fn report(folder: &Path, watched: &Arc<Watched>, workers: usize, groups: Vec<Group>) -> RunReport {
    run(job(folder, watched, workers, groups)).await.unwrap()
}

fn job(folder: &Path, watched: &Arc<Watched>, workers: usize, groups: Vec<Group>) -> Job {
    let key = std::fs::read_to_string(folder.join("cosign.pub")).unwrap();
    let transport: Arc<dyn Transport> = watched.clone();
    let (deadline, _canceller) = Deadline::new(None);
    Job {
        snapshot: snapshot(),
        snapshot_name: String::new(),
        policy: PolicySpec::default(),
        groups,
        trust: TrustPolicy::key_without_log(PublicKey::from_pem(&key).unwrap()),
        requested: Requested::default(),
        transport,
        source: "layout",
        memory: 1 << 30,
        effective_time: EffectiveTime::At(jiff::Timestamp::UNIX_EPOCH),
        now: jiff::Timestamp::UNIX_EPOCH,
        workers,
        deadline,
        component_timeout: None,
        keep: Keep { input: Text::Unwanted, statements: false, metadata: Metadata::Full },
        limits: Limits::default(),
        listener: watched.clone(),
        version: String::new(),
        policy_warnings: Vec::new(),
        previous: None,
    }
}

/// A report of some of the components.
fn previous(verdicts: &[(usize, Verdict)]) -> PreviousReport {
    let snapshot = snapshot();
    let entry = |(at, verdict): &(usize, Verdict)| PreviousEntry {
        name: snapshot.components[*at].name.clone(),
        image: ImageRef::parse(&snapshot.components[*at].container_image).unwrap(),
        verdict: *verdict,
    };
    PreviousReport::of("f".to_owned(), verdicts.iter().map(entry).collect(), &snapshot).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_43_a_panic_is_the_failure_of_its_component_alone() {
    let folder = tempfile::tempdir().unwrap();
    let watched = watched(folder.path(), "three");
    let report = report(folder.path(), &watched, 2, Vec::new()).await;
    assert_eq!(report.verdict(), Verdict::Incomplete);
    for (name, component) in NAMES.iter().zip(&report.components) {
        assert_eq!(&*component.id.name, *name);
        match &component.outcome {
            Outcome::Failed(failure) => {
                assert_eq!(*name, "three");
                assert_eq!((failure.stage, failure.kind), (Stage::Fetch, FailureKind::Panicked));
            }
            Outcome::Judged(_) => {
                assert_ne!(*name, "three");
                assert_eq!(component.outcome.verdict(), Verdict::Pass, "{component:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_components_are_in_evaluation_as_there_are_workers() {
    for workers in [1, 2, 4] {
        let folder = tempfile::tempdir().unwrap();
        let watched = watched(folder.path(), "nobody");
        let report = report(folder.path(), &watched, workers, vec![asking()]).await;
        assert_eq!(watched.most.load(Ordering::SeqCst), workers);
        assert_eq!(report.components.len(), NAMES.len());
        assert!(report.components.iter().all(|it| it.outcome.failure().is_none()), "{report:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_report_leaves_undecided_is_resolved_and_begun_first() {
    use Verdict::{Fail, Incomplete, Pass};
    for (verdicts, order) in [
        (
            vec![(0, Pass), (1, Fail), (2, Pass), (3, Pass), (4, Incomplete), (5, Incomplete)],
            [4, 5, 0, 1, 2, 3],
        ),
        // The report does not have the others.
        (vec![(2, Fail), (1, Incomplete), (0, Pass)], [1, 3, 4, 5, 0, 2]),
        (vec![(0, Incomplete)], [0, 1, 2, 3, 4, 5]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let watched = watched(folder.path(), "nobody");
        let mut job = job(folder.path(), &watched, 1, vec![asking()]);
        job.previous = Some(previous(&verdicts));
        let report = run(job).await.unwrap();
        let names: Vec<_> = report.components.iter().map(|it| &*it.id.name).collect();
        assert_eq!(names, NAMES, "the report keeps the order of the snapshot");
        assert_eq!(*watched.tags.lock().unwrap(), order.map(|at| NAMES[at]));
        assert_eq!(*watched.begun.lock().unwrap(), order);
        // Four are read ahead for one that is evaluated; the others begin when one of them is done.
        let blobs = watched.blobs.lock().unwrap();
        let of_the_first = blobs.iter().take_while(|it| **it != NAMES[order[4]] && **it != NAMES[order[5]]);
        assert!(of_the_first.count() > 0, "{blobs:?}");
    }
}
