//! The only joiner: many components through the stages at once, each failure under its component's name.
//!
//! The report is built from the expanded snapshot's own list, in its order: no component can go missing and no answer
//! depends on who came first. tokio moves bytes, the [`cpu`] pool computes; a component in evaluation holds one of
//! `workers` places.

mod admission;
pub mod available;
mod course;
pub mod cpu;
mod deadline;
pub mod events;
mod held;
mod leased;
mod memory;
mod pipeline;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

use crate::evaluate::CompiledGroup;
use crate::input::{RunInput, Text};
use crate::judge::GroupJudge;
use crate::model::failure::StageError;
use crate::model::outcome::{MemoryFacts, MemoryUse, RunFacts};
use crate::model::{
    Component, ComponentId, ComponentReport, FailureKind, Limits, PolicySpec, PreviousReport, RunReport,
    Snapshot,
};
use crate::registry::Transport;
use crate::resolve::{Resolution, Resolved, resolve};
use crate::trust::TrustPolicy;
use crate::verify::Requested;
use admission::{Admission, Rank};
use course::Course;
use cpu::Cpu;
use deadline::Stopwatch;
pub use deadline::{Canceller, Deadline};
use events::Listener;
use held::Held;
use leased::HEAP_FACTOR;
use pipeline::Done;

/// Components whose evidence is read ahead of their evaluation, for each place in evaluation.
const FETCH_AHEAD: usize = 4;

/// Components whose names are resolved at once.
const RESOLVING: usize = 16;

/// The instant that dates are compared with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EffectiveTime {
    /// The same for all components.
    At(jiff::Timestamp),
    /// Of each component, when its latest verified attestation says that the build finished; the start of the run
    /// where none says so.
    OfAttestation,
}

/// A source group, ready to be evaluated and judged.
#[derive(Clone)]
pub struct Group {
    /// Its rules, compiled, and its data.
    pub rules: Arc<CompiledGroup>,
    /// Its criteria.
    pub judge: Arc<GroupJudge>,
}

/// What a report wants kept of each component.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Keep {
    /// The input document as text.
    pub input: Text,
    /// The decoded statements.
    pub statements: bool,
    /// Metadata of results.
    pub metadata: Metadata,
}

/// What a report tells of a result beside its message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Metadata {
    /// Everything, descriptions and solutions too.
    Full,
    /// What [`Finding::BRIEF`](crate::model::Finding::BRIEF) names.
    Brief,
}

/// Everything that a run needs, checked before it starts.
pub struct Job {
    /// As written, not yet expanded.
    pub snapshot: Snapshot,
    /// The value of `--snapshot`, else empty.
    pub snapshot_name: String,
    /// As evaluated.
    pub policy: PolicySpec,
    /// In the policy's order.
    pub groups: Vec<Group>,
    /// Who must have signed.
    pub trust: TrustPolicy,
    /// Which signature checks are made.
    pub requested: Requested,
    /// Where bytes come from.
    pub transport: Arc<dyn Transport>,
    /// `registry` or `layout`.
    pub source: &'static str,
    /// `--effective-time`
    pub effective_time: EffectiveTime,
    /// The start of the run; the only clock that rules see.
    pub now: jiff::Timestamp,
    /// Components in evaluation at once, at most.
    pub workers: usize,
    /// `--max-memory`: bytes that components may hold at once, evidence and evaluation together.
    pub memory: u64,
    /// When admission stops, and whether somebody asked to stop.
    pub deadline: Deadline,
    /// `--component-timeout`: for resolving a component, and again for all that follows.
    pub component_timeout: Option<Duration>,
    /// What the report wants.
    pub keep: Keep,
    /// Bounds on everything from outside.
    pub limits: Limits,
    /// Who is told.
    pub listener: Listener,
    /// Of the program.
    pub version: String,
    /// Warnings about the policy that are known before it runs.
    pub policy_warnings: Vec<String>,
    /// `--resume`: what it does not decide is admitted first, and the report says what is different.
    pub previous: Option<PreviousReport>,
}

/// What all components of a run share.
struct Shared {
    job: Job,
    input: RunInput,
    cpu: Cpu,
    evaluating: Semaphore,
    admission: Arc<Admission>,
    held: Held,
}

/// The run could not begin its work.
#[derive(Debug, thiserror::Error)]
pub enum CannotRun {
    /// No threads.
    #[error(transparent)]
    Threads(#[from] cpu::NoThreads),
    /// The parts of the input that all components share are too large.
    #[error("the snapshot or the policy is too large for an input document: {0}")]
    Input(StageError),
}

/// Validates every component of the job's snapshot.
///
/// # Errors
/// [`CannotRun`]; everything that happens to a component stands in the report instead.
pub async fn run(mut job: Job) -> Result<RunReport, CannotRun> {
    // More threads would compute nothing sooner, and each keeps something of the memory that it has freed.
    let cpu = Cpu::new(job.workers.min(available::cores()))?;
    let resolved = resolve_all(&job).await;
    job.snapshot.components = resolved.iter().map(|it| it.component.clone()).collect();
    let input = RunInput::new(&job.snapshot, &job.policy).map_err(CannotRun::Input)?;
    job.listener.started(resolved.len());
    let evaluating = Semaphore::new(job.workers);
    let admission = Admission::new(job.memory);
    let held = Held::new(job.keep.metadata, job.groups.len());
    let shared = Arc::new(Shared { job, input, cpu, evaluating, admission, held });
    let (components, memory) = all(&shared, resolved).await;
    shared.job.listener.finished();
    Ok(report(&shared, components, memory))
}

/// In which order components are begun; it is the snapshot's where no earlier report says otherwise.
fn order<'a>(job: &Job, components: impl ExactSizeIterator<Item = &'a Component>) -> Vec<usize> {
    match &job.previous {
        Some(previous) => previous.order(components.map(|it| (&*it.name, &*it.container_image))),
        None => (0..components.len()).collect(),
    }
}

/// What each component of the snapshot leads to, in the snapshot's order, whoever was asked for first.
async fn resolve_all(job: &Job) -> Vec<Resolved> {
    let components = &job.snapshot.components;
    let order = order(job, components.iter());
    let asked = order.into_iter().filter_map(|at| Some((at, components.get(at)?)));
    let families = futures_util::stream::iter(asked)
        .map(|(at, component)| async move { (at, family(job, component).await) })
        .buffered(RESOLVING);
    let mut families: Vec<_> = families.collect().await;
    families.sort_by_key(|(at, _)| *at);
    families.into_iter().flat_map(|(_, family)| family).collect()
}

/// A component that is not resolved, in time or at all, stays undecided under its name in the snapshot.
async fn family(job: &Job, component: &Component) -> Vec<Resolved> {
    let resolving = resolve(&*job.transport, std::slice::from_ref(component), &job.limits);
    let resolving = AssertUnwindSafe(resolving).catch_unwind();
    let mut watch = Stopwatch::new(job.component_timeout);
    let error = match job.deadline.bound(watch.bound(resolving)).await {
        Ok(Ok(Ok(family))) => return family,
        Ok(Ok(Err(_))) => StageError::new(FailureKind::Panicked, "internal error: resolving ended"),
        Ok(Err(error)) | Err(error) => error,
    };
    let error = error.at(&component.container_image);
    vec![Resolved { component: component.clone(), resolution: Resolution::Undecided(error) }]
}

/// Every component in a task of its own, so that a panic ends nothing else; at most some of them at once. Places are
/// given out here, one by one, so that who is to be first is first.
async fn all(shared: &Arc<Shared>, resolved: Vec<Resolved>) -> (Vec<ComponentReport>, Vec<MemoryUse>) {
    let ahead = Arc::new(Semaphore::new(shared.job.workers.saturating_mul(FETCH_AHEAD)));
    let mut begun = FuturesUnordered::new();
    let mut ended = Vec::with_capacity(resolved.len());
    let order = order(&shared.job, resolved.iter().map(|it| &it.component));
    let mut waiting: Vec<_> = resolved.into_iter().map(Some).collect();
    for index in order {
        let Some(resolved) = waiting.get_mut(index).and_then(Option::take) else { continue };
        let id = ComponentId { index, name: resolved.component.name.as_str().into() };
        let (resolved, stage) = (Arc::new(resolved), Course::default());
        let place = place(shared, &ahead).await;
        if place.is_ok() {
            shared.job.listener.component_started(&id);
        }
        let work = one(Arc::clone(shared), place, id.clone(), Arc::clone(&resolved), stage.clone());
        begun.push(watched(shared, tokio::spawn(work), id, resolved, stage));
        // What the task held is given back now, not when all are done.
        while let Some(Some(it)) = begun.next().now_or_never() {
            ended.push(it);
        }
    }
    ended.extend(begun.collect::<Vec<_>>().await);
    ended.sort_by_key(|(it, _): &(ComponentReport, _)| it.id.index);
    let (components, memory): (Vec<_>, Vec<_>) = ended.into_iter().unzip();
    (components, memory.into_iter().flatten().collect())
}

/// What came of a component's task; it has a report however the task ended.
async fn watched(
    shared: &Shared,
    task: JoinHandle<ComponentReport>,
    id: ComponentId,
    resolved: Arc<Resolved>,
    stage: Course,
) -> (ComponentReport, Option<MemoryUse>) {
    let report = task.await.unwrap_or_else(|_| {
        let error = StageError::new(FailureKind::Panicked, "internal error: the component's task ended");
        let error = error.in_stage(stage.get(), pipeline::image(&resolved));
        settled(shared, pipeline::failed(&shared.job, id, &resolved, error), &stage)
    });
    (report, stage.memory())
}

/// Waits for a place among those whose evidence is read.
async fn place(shared: &Shared, ahead: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, StageError> {
    let closed = |_| StageError::new(FailureKind::Panicked, "internal error: admission was closed");
    shared.job.deadline.admit(Arc::clone(ahead).acquire_owned()).await?.map_err(closed)
}

async fn one(
    shared: Arc<Shared>,
    place: Result<OwnedSemaphorePermit, StageError>,
    id: ComponentId,
    resolved: Arc<Resolved>,
    stage: Course,
) -> ComponentReport {
    let done = Box::pin(decided(&shared, place, id, &resolved, &stage)).await;
    settled(&shared, done, &stage)
}

/// Notes what the run is to know of a component, and tells it in a line: what it came to, and what that took.
fn settled(shared: &Shared, done: Done, stage: &Course) -> ComponentReport {
    let Done { report, includes } = done;
    shared.held.met(includes);
    let verdict = report.outcome.verdict();
    let memory = stage.memory();
    let memory = memory.as_ref();
    tracing::debug!(
        component = %report.id,
        %verdict,
        granted = memory.map(|it| it.granted),
        used = memory.map(|it| it.used),
        restarts = memory.map(|it| it.restarts),
        times = %stage.times(),
        "component done"
    );
    shared.job.listener.component_done(&report.id, verdict);
    report
}

/// The component's outcome, or that it was given up.
async fn decided(
    shared: &Arc<Shared>,
    place: Result<OwnedSemaphorePermit, StageError>,
    id: ComponentId,
    resolved: &Resolved,
    stage: &Course,
) -> Done {
    let error = match place {
        Ok(_place) => {
            let work = Box::pin(pipeline::component(shared, id.clone(), resolved, stage));
            match shared.job.deadline.bound(work).await {
                Ok(done) => return done,
                Err(error) => {
                    stage.give_up();
                    error
                }
            }
        }
        Err(error) => error,
    };
    pipeline::failed(&shared.job, id, resolved, error.in_stage(stage.get(), pipeline::image(resolved)))
}

fn report(shared: &Shared, components: Vec<ComponentReport>, memory: Vec<MemoryUse>) -> RunReport {
    let job = &shared.job;
    let mut policy_warnings = job.policy_warnings.clone();
    policy_warnings.extend(shared.held.unmatched());
    let traffic = job.transport.traffic();
    let resumed = job.previous.as_ref().map(|it| it.differences(&components));
    RunReport {
        components,
        snapshot: job.snapshot_name.clone(),
        key: job.trust.key_pem().to_owned(),
        policy: job.policy.clone(),
        version: job.version.clone(),
        effective_time: match job.effective_time {
            EffectiveTime::At(at) => at,
            EffectiveTime::OfAttestation => job.now,
        },
        created: jiff::Timestamp::now(),
        policy_warnings,
        run: RunFacts {
            source: job.source.to_owned(),
            requests: traffic.requests,
            retries: traffic.retries,
            retry_budget: traffic.retry_budget,
            bytes: traffic.bytes,
            from_cache: traffic.from_cache,
            evicted: traffic.evicted.filter(|it| *it > 0),
            workers: job.workers,
            memory: Some(MemoryFacts { budget: job.memory, components: memory }),
            resumed,
        },
    }
}
