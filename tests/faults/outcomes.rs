//! Every component has exactly one outcome, whatever happens: faults of the registry, panics in the middle of a stage,
//! a deadline or a cancellation at any point, little memory, all at once.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, Once};
use std::time::Duration;

use bytes::Bytes;
use enterprise_contract::model::{
    ComponentId, ComponentReport, Digest, FailureKind, ImageRef, Outcome, PinnedRef, Repository, RunReport,
    Stage, Verdict,
};
use enterprise_contract::registry::{Answer, BlobId, Descriptor, Manifest, Traffic, Transport};
use enterprise_contract::run::events::Progress;
use enterprise_contract::run::{Canceller, Deadline, run};
use enterprise_contract::testkit::registry::{ReferrersApi, Rule};
use proptest::prelude::*;
use serde_json::Value;

use crate::bench::{Bench, entries, once};
use crate::expected::{FAULTS, Fault, Role};

/// What happens to a run.
#[derive(Clone, Debug)]
struct Turmoil {
    faults: Vec<Trouble>,
    /// The calls that panic: where stages ask, and where requests are shared.
    above: Vec<usize>,
    below: Vec<usize>,
    /// The call with which the run is cancelled.
    cancelled: Option<usize>,
    deadline: Option<Duration>,
    workers: usize,
    memory: u64,
}

/// A fault at a request of the clean run, after so many of them that went well.
#[derive(Clone, Debug)]
struct Trouble {
    at: usize,
    before: usize,
    fault: Fault,
    lasting: Lasting,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Lasting {
    Once,
    ForGood,
}

/// Nothing of this makes anything definite: what it hits is as it was, or undecided.
fn is_no_answer(fault: Fault) -> bool {
    !matches!(fault, Fault::Status(400 | 401 | 403 | 404 | 501) | Fault::Expired)
}

fn turmoil() -> impl Strategy<Value = Turmoil> {
    let faults: Vec<Fault> = FAULTS.into_iter().filter(|it| is_no_answer(*it)).collect();
    let lasting = prop::sample::select(vec![Lasting::Once, Lasting::ForGood]);
    let trouble = (any::<prop::sample::Index>(), 0_usize..2, prop::sample::select(faults), lasting).prop_map(
        |(at, before, fault, lasting)| Trouble { at: at.index(CLEAN.lines.len()), before, fault, lasting },
    );
    let calls = || prop::collection::vec(0_usize..120, 0..3);
    let deadline = prop::option::of((0_u64..20_000).prop_map(Duration::from_millis));
    let memory = prop::sample::select(vec![17 << 20, 40 << 20, 1 << 30]);
    (
        prop::collection::vec(trouble, 0..5),
        calls(),
        calls(),
        prop::option::weighted(0.3, 0_usize..120),
        deadline,
        1_usize..4,
        memory,
    )
        .prop_map(|(faults, above, below, cancelled, deadline, workers, memory)| Turmoil {
            faults,
            above,
            below,
            cancelled,
            deadline,
            workers,
            memory,
        })
}

/// A run without any trouble.
struct Clean {
    bench: Bench,
    entries: Vec<Value>,
    lines: Vec<String>,
}

static CLEAN: LazyLock<Clean> = LazyLock::new(|| {
    let mut bench = Bench::new(ReferrersApi::Missing);
    // Twins share what is asked for.
    bench.components.push(bench.components[0].clone());
    let mut other = bench.components[1].clone();
    "other".clone_into(&mut other.name);
    bench.components.insert(1, other);
    let ran = paused().block_on(bench.run(Vec::new()));
    assert!(ran.components.iter().all(|it| it["verdict"] == "pass"), "{:#?}", ran.components);
    let mut lines = ran.asked;
    lines.retain(|it| !it.contains("known"));
    lines.sort();
    lines.dedup();
    Clean { bench, entries: ran.components, lines }
});

fn paused() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

fn rule(trouble: &Trouble) -> Rule {
    let line = &CLEAN.lines[trouble.at];
    let role = Role::of(line, false);
    let base = || if role == Role::Token { Bench::token() } else { Bench::guard() };
    let mut steps = vec![base(); trouble.before];
    steps.push(trouble.fault.step(role));
    if trouble.lasting == Lasting::Once {
        steps.push(base());
    }
    Rule::exactly(line, steps)
}

/// Passes everything through, but for the calls that panic and the one that ends the run.
struct Planted {
    inner: Arc<dyn Transport>,
    calls: AtomicUsize,
    panics: Vec<usize>,
    cancels: Option<(usize, Arc<Canceller>)>,
}

impl Planted {
    fn new(inner: Arc<dyn Transport>, panics: &[usize]) -> Self {
        Self { inner, calls: AtomicUsize::new(0), panics: panics.to_vec(), cancels: None }
    }

    fn called(&self) {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        if let Some((at, canceller)) = &self.cancels
            && *at == call
        {
            canceller.cancel();
        }
        assert!(!self.panics.contains(&call), "planted");
    }

    fn then<'a, T: 'a>(&'a self, answer: impl FnOnce() -> Answer<'a, T> + Send + 'a) -> Answer<'a, T> {
        Box::pin(async move {
            self.called();
            answer().await
        })
    }
}

impl Transport for Planted {
    fn manifest<'a>(&'a self, reference: &'a ImageRef, cap: u64) -> Answer<'a, Manifest> {
        self.then(move || self.inner.manifest(reference, cap))
    }

    fn head<'a>(&'a self, reference: &'a ImageRef) -> Answer<'a, Descriptor> {
        self.then(move || self.inner.head(reference))
    }

    fn blob<'a>(&'a self, repository: &'a Repository, blob: &'a BlobId, cap: u64) -> Answer<'a, Bytes> {
        self.then(move || self.inner.blob(repository, blob, cap))
    }

    fn has_blob<'a>(&'a self, repository: &'a Repository, digest: &'a Digest) -> Answer<'a, ()> {
        self.then(move || self.inner.has_blob(repository, digest))
    }

    fn referrers<'a>(&'a self, subject: &'a PinnedRef, limit: usize) -> Answer<'a, Vec<Descriptor>> {
        self.then(move || self.inner.referrers(subject, limit))
    }

    fn traffic(&self) -> Traffic {
        self.inner.traffic()
    }
}

/// All that was told.
#[derive(Default, Debug)]
struct Told {
    components: Vec<usize>,
    begun: Vec<usize>,
    done: Vec<(usize, Verdict)>,
    finished: usize,
}

#[derive(Default)]
struct Listening(Mutex<Told>);

impl Progress for Listening {
    fn started(&self, components: usize) {
        self.0.lock().unwrap().components.push(components);
    }

    fn component_started(&self, component: &ComponentId) {
        self.0.lock().unwrap().begun.push(component.index);
    }

    fn component_done(&self, component: &ComponentId, verdict: Verdict) {
        let mut told = self.0.lock().unwrap();
        assert_eq!(told.finished, 0, "{component} after the end");
        told.done.push((component.index, verdict));
    }

    fn finished(&self) {
        self.0.lock().unwrap().finished += 1;
    }
}

async fn ran(clean: &Clean, turmoil: &Turmoil) -> (RunReport, Told) {
    let (_server, wire) = clean.bench.wire(turmoil.faults.iter().map(rule).collect()).await;
    let (deadline, canceller) = Deadline::new(turmoil.deadline);
    let shared = once(Arc::new(Planted::new(wire, &turmoil.below)));
    let mut above = Planted::new(Arc::new(shared), &turmoil.above);
    above.cancels = turmoil.cancelled.map(|at| (at, Arc::new(canceller)));
    let listening = Arc::new(Listening::default());
    let mut job = clean.bench.job(Arc::new(above));
    job.deadline = deadline;
    job.workers = turmoil.workers;
    job.memory = turmoil.memory;
    job.listener = listening.clone();
    let report = run(job).await.unwrap();
    let told = std::mem::take(&mut *listening.0.lock().unwrap());
    (report, told)
}

/// Panics that are meant are not printed.
fn hush() {
    static HUSHED: Once = Once::new();
    HUSHED.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.payload_as_str() != Some("planted") {
                usual(panic);
            }
        }));
    });
}

/// The stages in which something panicked.
fn holds(turmoil: &Turmoil) -> Result<BTreeSet<Stage>, TestCaseError> {
    let clean = &*CLEAN;
    let (report, mut told) = paused().block_on(ran(clean, turmoil));
    let count = clean.bench.components.len();
    let names: Vec<_> = report.components.iter().map(|it| &*it.id.name).collect();
    let expected: Vec<_> = clean.bench.components.iter().map(|it| &*it.name).collect();
    prop_assert_eq!(names, expected, "one entry for each component, in the snapshot's order");
    prop_assert!(report.components.iter().enumerate().all(|(at, it)| it.id.index == at));

    prop_assert_eq!((&told.components[..], told.finished), (&[count][..], 1));
    told.done.sort_unstable();
    let verdicts: Vec<_> = report.components.iter().map(|it| it.outcome.verdict()).enumerate().collect();
    prop_assert_eq!(&told.done, &verdicts, "each is told to be done once, with the verdict of the report");
    let mut begun = told.begun.clone();
    begun.sort_unstable();
    begun.dedup();
    prop_assert_eq!(begun.len(), told.begun.len(), "each is begun once at most");

    let mut panicked = BTreeSet::new();
    for (entry, (component, as_it_was)) in
        entries(&report).iter().zip(report.components.iter().zip(&clean.entries))
    {
        if component.outcome.verdict() != Verdict::Incomplete {
            prop_assert_eq!(entry, as_it_was, "what is decided is as it was without trouble");
            continue;
        }
        let failures = component.outcome.failures();
        prop_assert!(!failures.is_empty());
        for failure in failures {
            if failure.kind == FailureKind::Panicked {
                panicked.insert(failure.stage);
            }
            prop_assert!(!failure.target.to_string().is_empty() && failure.attempts > 0, "{:?}", failure);
            prop_assert_eq!(failure.retryable, failure.kind.retryable());
        }
        if let Outcome::Failed(failure) = &component.outcome
            && failure.kind == FailureKind::Cancelled
        {
            prop_assert!(turmoil.cancelled.is_some(), "nobody cancelled: {:?}", failure);
        }
    }
    let had_a_lease = |it: &&ComponentReport| match &it.outcome {
        Outcome::Judged(_) => true,
        Outcome::Failed(failure) => failure.stage > Stage::Fetch,
    };
    let memory = report.run.memory.unwrap().components;
    prop_assert!(memory.len() >= report.components.iter().filter(had_a_lease).count(), "{:?}", memory);
    prop_assert!(memory.iter().all(|it| it.granted > 0 && it.used <= it.granted), "{:?}", memory);
    Ok(panicked)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_component_has_exactly_one_outcome(turmoil in turmoil()) {
        hush();
        holds(&turmoil)?;
    }
}

#[test]
fn a_panic_at_any_call_leaves_every_component_its_outcome() {
    hush();
    let calm = Turmoil {
        faults: vec![],
        above: vec![],
        below: vec![],
        cancelled: None,
        deadline: None,
        workers: 1,
        memory: 1 << 30,
    };
    let mut panicked = [BTreeSet::new(), BTreeSet::new()];
    for call in 0..70 {
        panicked[0].extend(holds(&Turmoil { above: vec![call], ..calm.clone() }).unwrap());
        panicked[1].extend(holds(&Turmoil { below: vec![call], ..calm.clone() }).unwrap());
        assert_eq!(holds(&Turmoil { cancelled: Some(call), ..calm.clone() }).unwrap(), BTreeSet::new());
    }
    let asking = BTreeSet::from([Stage::Resolve, Stage::Fetch, Stage::Evaluate]);
    assert_eq!(panicked, [asking.clone(), asking]);
}
