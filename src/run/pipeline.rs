//! One component through the stages. Here, and nowhere else, a stage's error gets its stage's name; the component's
//! name it has already.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::available::Shares;
use super::course::Course;
use super::memory::{self, Memory, Needs};
use super::{EffectiveTime, Group, HEAP_FACTOR, Job, Rank, Shared, Stopwatch};
use crate::builtins::{self, Room as _, Session, Work};
use crate::evaluate::{self, Asking, Evaluating, Rest};
use crate::fetch::{Evidence, Footprint, Need};
use crate::input::{self, PolicyInput, Unread};
use crate::judge::{self, GroupJudgement, IncludeUse, Subject};
use crate::model::failure::StageError;
use crate::model::{
    Check, CheckState, ComponentId, ComponentReport, Failure, FailureKind, Judgement, Outcome, RawResults,
    Stage, Undecided,
};
use crate::rego::value::ReadLimits;
use crate::resolve::{Resolution, Resolved, Target};
use crate::verify::{Builtin, SignatureCheck, Verified, verify};

/// A component's report, and what it says of the groups' includes (empty where it was not evaluated).
pub(super) struct Done {
    pub(super) report: ComponentReport,
    pub(super) includes: Vec<IncludeUse>,
}

/// The report of a component of which nothing is known but that.
pub(super) fn failed(job: &Job, id: ComponentId, resolved: &Resolved, failure: Failure) -> Done {
    Done { report: blank(job, id, resolved, Outcome::Failed(failure)), includes: Vec::new() }
}

/// By digest if it was resolved, else as written.
pub(super) fn image(resolved: &Resolved) -> String {
    match &resolved.resolution {
        Resolution::Target(target) => target.pinned.to_string(),
        Resolution::Inaccessible { .. } | Resolution::Undecided(_) => {
            resolved.component.container_image.clone()
        }
    }
}

fn blank(job: &Job, id: ComponentId, resolved: &Resolved, outcome: Outcome) -> ComponentReport {
    ComponentReport {
        id,
        container_image: image(resolved),
        source: resolved.component.source.clone(),
        outcome,
        signatures: Vec::new(),
        attestations: Vec::new(),
        checks: Vec::new(),
        lookups: Vec::new(),
        effective_time: match job.effective_time {
            EffectiveTime::At(at) => at,
            EffectiveTime::OfAttestation => job.now,
        },
        policy_input: None,
        statements: Vec::new(),
    }
}

/// Validates one component.
pub(super) async fn component(
    shared: &Arc<Shared>,
    id: ComponentId,
    resolved: &Resolved,
    stage: &Course,
) -> Done {
    let job = &shared.job;
    let target = match &resolved.resolution {
        Resolution::Target(target) => target,
        Resolution::Inaccessible { message } => {
            let violations = vec![Builtin::ImageAccessible.violation(message)];
            let outcome = Outcome::Judged(Judgement { violations, ..Judgement::default() });
            return Done { report: blank(job, id, resolved, outcome), includes: Vec::new() };
        }
        Resolution::Undecided(error) => {
            return failed(job, id, resolved, error.clone().in_stage(Stage::Resolve, image(resolved)));
        }
    };
    let mut watch = Stopwatch::new(job.component_timeout);
    let mut wanted = 0;
    let mut restarts = 0;
    loop {
        let attempt = Attempt { shared, id: &id, resolved, target, stage, restarts, wanted };
        let (done, needs) = attempt.make(&mut watch).await;
        let granted = stage.memory().map_or(u64::MAX, |it| it.granted);
        let Some(needs) = needs.and_then(|it| it.next_lease(granted, restarts, shared.admission.total()))
        else {
            return done;
        };
        wanted = needs;
        restarts += 1;
        tracing::debug!(component = %id, granted, wanted, "begins again with a larger lease");
    }
}

/// What a component is given beyond its evidence: for its input, the evaluation, and small look-ups.
const ALLOWANCE: u64 = 16 << 20;

/// One try to validate a component with the memory that it is thought to need.
struct Attempt<'a> {
    shared: &'a Arc<Shared>,
    id: &'a ComponentId,
    resolved: &'a Resolved,
    target: &'a Target,
    stage: &'a Course,
    restarts: u32,
    /// The least that is asked for.
    wanted: u64,
}

impl Attempt<'_> {
    /// What it came to; and the lease that would have been enough, where this one was not.
    async fn make(&self, watch: &mut Stopwatch) -> (Done, Option<Needs>) {
        let Self { shared, id, resolved, target, stage, .. } = *self;
        let job = &shared.job;
        let failed = |error: StageError, stage| {
            failed(job, id.clone(), resolved, error.in_stage(stage, &target.pinned))
        };
        stage.enter(Stage::Fetch);
        let footprint = match watch.bound(footprint(job, target)).await {
            Ok(footprint) => footprint,
            Err(error) => return (failed(error.at(&target.pinned), Stage::Fetch), None),
        };
        let estimate = footprint.bytes().saturating_mul(HEAP_FACTOR).saturating_add(ALLOWANCE);
        let rank = if self.restarts > 0 { Rank::Again } else { Rank::First };
        let asked = estimate.max(self.wanted);
        let Ok(lease) = shared.admission.lease(rank, asked).await else {
            return (failed(beyond(shared, asked).at(&target.pinned), Stage::Fetch), None);
        };
        let memory = Memory::new(lease, footprint.bytes());
        let watched = stage.watch(&memory, id, self.restarts);
        let limits = memory.evidence_limits(&job.limits);
        let evidence = match watch.bound(footprint.read(&*job.transport, &limits)).await {
            Ok(evidence) => Arc::new(evidence),
            Err(error) => return (failed(error.at(&target.pinned), Stage::Fetch), None),
        };
        memory.evidence_took(&evidence, &limits, &job.limits);
        let Ok(_place) = shared.evaluating.acquire().await else {
            let error = StageError::new(FailureKind::Panicked, "internal error: evaluation was closed");
            return (failed(error, Stage::Fetch), None);
        };
        let mut report = blank(job, id.clone(), resolved, Outcome::Judged(Judgement::default()));
        let judging = judged(shared, resolved, target, &evidence, stage, &mut report, &memory);
        let judged = watch.bound(judging).await.unwrap_or_else(|error| Err(error.at(&target.pinned)));
        let needs = memory.needs();
        let (outcome, includes) = match (judged, needs) {
            (Ok((mut judgement, includes)), None) => {
                shared.held.settle(&mut judgement);
                (Outcome::Judged(judgement), includes)
            }
            (Err(error), None) => {
                stage.give_up();
                (Outcome::Failed(error.in_stage(stage.get(), &target.pinned)), Vec::new())
            }
            (_, Some(needs)) => {
                let error = beyond(shared, needs.0).at(&target.pinned);
                (Outcome::Failed(error.in_stage(stage.get(), &target.pinned)), Vec::new())
            }
        };
        report.outcome = outcome;
        drop(watched);
        if needs.is_none() {
            memory.keep(held_by(&report));
        }
        (Done { report, includes }, needs)
    }
}

/// What the report holds of a component's documents, until the run ends.
fn held_by(report: &ComponentReport) -> u64 {
    let input = report.policy_input.as_ref().map_or(0, String::len);
    let statements: usize = report.statements.iter().map(bytes::Bytes::len).sum();
    (input + statements) as u64
}

fn beyond(shared: &Shared, needs: u64) -> StageError {
    let total = shared.admission.total();
    // What the report keeps is needed as well.
    let enough = Shares::mebibytes_for(needs.saturating_add(shared.job.memory.saturating_sub(total)));
    let message = format!(
        "needs more memory than the {total} bytes that components have; --max-memory {enough}Mi may do"
    );
    StageError::new(FailureKind::TooLarge, message)
}

async fn footprint(job: &Job, target: &Target) -> Footprint {
    let mut needs = Need::all();
    if job.requested.image_signature == SignatureCheck::Skipped {
        needs.remove(&Need::Signatures);
    }
    if job.groups.is_empty() && job.keep.input == input::Text::Unwanted {
        // Nobody reads the input.
        needs =
            needs.difference(&BTreeSet::from([Need::Config, Need::Parent, Need::Files])).copied().collect();
    }
    Footprint::of(&*job.transport, &target.pinned, &target.manifest, &needs, &job.limits).await
}

/// From evidence to judgement; what is known on the way goes into the report at once.
async fn judged(
    shared: &Arc<Shared>,
    resolved: &Resolved,
    target: &Target,
    evidence: &Arc<Evidence>,
    stage: &Course,
    report: &mut ComponentReport,
    memory: &Arc<Memory>,
) -> Result<(Judgement, Vec<IncludeUse>), StageError> {
    let job = &shared.job;
    stage.enter(Stage::Verify);
    let (all, of) = (Arc::clone(shared), Arc::clone(evidence));
    let room = Arc::clone(memory);
    let verifying = move || {
        let verified = verify(&of, &all.job.trust, all.job.requested, &all.job.limits);
        room.take(verified.statements().iter().map(|it| it.bytes().len() as u64).sum());
        verified
    };
    let verified = Arc::new(shared.cpu.run(verifying).await?);
    report.checks = verified.checks();
    report.signatures = verified.listed_signatures().to_vec();
    report.attestations = verified.listed_attestations();
    if job.keep.statements {
        report.statements = verified.statements().iter().map(|it| it.bytes().clone()).collect();
    }
    if job.effective_time == EffectiveTime::OfAttestation {
        report.effective_time = verified.attestation_time().unwrap_or(job.now);
    }
    let builtin = of_builtin_checks(&verified);
    if verified.facts().is_none() {
        report.checks.push(if verified.undecided().is_empty() {
            policy_check(CheckState::Skipped, "no attestation was accepted")
        } else {
            policy_check(CheckState::Undecided, "a signature check is undecided")
        });
        return Ok((builtin, Vec::new()));
    }
    report.checks.extend(input::checks(evidence));
    if job.groups.is_empty() {
        report.checks.push(policy_check(CheckState::Skipped, "no sources"));
        if job.keep.input == input::Text::Wanted {
            stage.enter(Stage::Input);
            let input = build_input(shared, resolved, evidence, &verified, memory).await?;
            report.policy_input = Arc::into_inner(input).and_then(PolicyInput::into_text);
        }
        return Ok((builtin, Vec::new()));
    }
    stage.enter(Stage::Input);
    let input = build_input(shared, resolved, evidence, &verified, memory).await?;
    stage.enter(Stage::Evaluate);
    let mut asks = Asks { session: memory::session(job, memory, &target.pinned), memory };
    let mut groups = Vec::new();
    for group in &job.groups {
        groups.push(judge_group(shared, group, &input, target, report, &mut asks, stage).await?);
    }
    report.lookups = asks.session.refused();
    report.policy_input = Arc::into_inner(input).and_then(PolicyInput::into_text);
    report.checks.push(Check { name: "policy", state: CheckState::Done, why: None });
    Ok(joined(builtin, groups, evidence, job))
}

/// What the rules of a component ask, and the memory that answers draw on.
struct Asks<'a> {
    session: Session,
    memory: &'a Arc<Memory>,
}

fn policy_check(state: CheckState, why: &'static str) -> Check {
    Check { name: "policy", state, why: Some(why.into()) }
}

fn of_builtin_checks(verified: &Verified) -> Judgement {
    let mut builtin = Judgement {
        violations: verified.violations(),
        warnings: Vec::new(),
        successes: verified.successes().into_iter().map(Arc::new).collect(),
        undecided: verified.undecided(),
    };
    judge::order::sort_judgement(&mut builtin);
    builtin
}

async fn build_input(
    shared: &Arc<Shared>,
    resolved: &Resolved,
    evidence: &Arc<Evidence>,
    verified: &Arc<Verified>,
    memory: &Arc<Memory>,
) -> Result<Arc<PolicyInput>, StageError> {
    let (all, evidence, verified) = (Arc::clone(shared), Arc::clone(evidence), Arc::clone(verified));
    let (component, memory) = (resolved.component.clone(), Arc::clone(memory));
    let build = move || {
        let facts = verified
            .facts()
            .ok_or_else(|| StageError::new(FailureKind::Panicked, "internal error: facts are gone"))?;
        let is_too_large = |it: &StageError| it.kind == FailureKind::TooLarge;
        let input = builtins::fitted(&*memory, all.job.limits.input_heap_bytes, is_too_large, |allowed| {
            let limits = ReadLimits { max_heap_bytes: allowed, ..ReadLimits::default() };
            PolicyInput::build(&all.input, &component, facts, &evidence, all.job.keep.input, &limits)
        })?;
        memory.take(input.heap_bytes().saturating_add(input.text().map_or(0, |it| it.len() as u64)));
        Ok(Arc::new(input))
    };
    shared.cpu.run(build).await?
}

/// Evaluates a group, answering what its rules ask of the registry, and judges what they say.
async fn judge_group(
    shared: &Arc<Shared>,
    group: &Group,
    input: &Arc<PolicyInput>,
    target: &Target,
    report: &ComponentReport,
    asks: &mut Asks<'_>,
    stage: &Course,
) -> Result<GroupJudgement, StageError> {
    stage.enter(Stage::Evaluate);
    let raw = evaluate_group(shared, group, input, target, report, asks, stage).await?;
    stage.enter(Stage::Judge);
    let (group, pinned, at) = (group.clone(), target.pinned.clone(), report.effective_time);
    let name = Arc::clone(&report.id.name);
    let job = move || {
        let repository = pinned.repository.to_string();
        group.judge.judge(&subject(&repository, &pinned, &name), at, raw)
    };
    let judgement = shared.cpu.run(job).await?;
    for note in &judgement.notes {
        tracing::warn!(component = %report.id, "{note}");
    }
    Ok(judgement)
}

fn subject<'a>(repository: &'a str, pinned: &crate::model::PinnedRef, component: &'a str) -> Subject<'a> {
    Subject { image: Some(judge::Image { repository, digest: pinned.digest }), component }
}

async fn evaluate_group(
    shared: &Arc<Shared>,
    group: &Group,
    input: &Arc<PolicyInput>,
    target: &Target,
    report: &ComponentReport,
    asks: &mut Asks<'_>,
    stage: &Course,
) -> Result<RawResults, StageError> {
    let (all, of, input) = (Arc::clone(shared), group.clone(), Arc::clone(input));
    let (cancelled, memory) = (stage.given_up(), Arc::clone(asks.memory));
    let (pinned, at, id) = (target.pinned.clone(), report.effective_time, report.id.clone());
    let start = move || {
        let repository = pinned.repository.to_string();
        let selection = of.judge.select(&subject(&repository, &pinned, &id.name), at);
        let run = evaluate::Run {
            input: input.value().clone(),
            effective_time: at,
            now: all.job.now,
            seed: seed(&id, &pinned),
            cancelled,
            room: memory.left(),
        };
        at_once(of.rules.start(run, |entry| selection.contains(entry)))
    };
    let held = asks.memory.held();
    let mut evaluating = shared.cpu.run(start).await?;
    loop {
        match evaluating {
            Evaluating::Done(raw, spent) => {
                asks.memory.evaluated(spent, held);
                return Ok(raw);
            }
            Evaluating::Asks(Asking { call, rest }) => {
                asks.memory.evaluating(rest.bytes_spent());
                let answer = asks.session.answer(call).await;
                let memory = Arc::clone(asks.memory);
                evaluating = shared.cpu.run(move || resume(rest, answer, &memory)).await?;
            }
        }
    }
}

/// Does what is left of an answer, and goes on, unless all of it begins again with a larger lease.
fn resume(mut rest: Box<Rest>, answer: Result<Work, StageError>, memory: &Memory) -> Evaluating {
    let reply = answer.and_then(|work| work());
    if memory.needs().is_some() {
        return rest.end();
    }
    rest.allow(memory.left());
    at_once(rest.resume(reply))
}

/// Answers what needs nothing from outside without leaving the thread.
fn at_once(mut state: Evaluating) -> Evaluating {
    loop {
        match state {
            Evaluating::Asks(Asking { call, rest }) => match builtins::at_once(&call) {
                Some(reply) => state = rest.resume(reply),
                None => return Evaluating::Asks(Asking { call, rest }),
            },
            done @ Evaluating::Done(..) => return done,
        }
    }
}

/// Chance is the same in every run: from the component's place and the image's digest.
fn seed(id: &ComponentId, pinned: &crate::model::PinnedRef) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&pinned.digest.bytes()[..8]);
    u64::from_le_bytes(bytes) ^ id.index as u64
}

/// Built-in checks and groups together, and the optional parts of the input that could not be read.
fn joined(
    builtin: Judgement,
    groups: Vec<GroupJudgement>,
    evidence: &Evidence,
    job: &Job,
) -> (Judgement, Vec<IncludeUse>) {
    let includes = groups.iter().map(|it| it.includes.clone()).collect();
    let unread = input::unread(evidence);
    let groups = groups.into_iter().zip(&job.groups).map(|(judged, group)| doubted(judged, group, &unread));
    let mut all = judge::join(groups);
    all.violations.extend(builtin.violations);
    all.successes.extend(builtin.successes);
    all.undecided.extend(builtin.undecided);
    for unread in &unread {
        if job.groups.iter().any(|group| may_read(group, unread)) {
            all.undecided.push(because_of(unread, format!("input.{}", unread.part.path().join("."))));
        }
    }
    judge::order::sort_judgement(&mut all);
    (all, includes)
}

fn may_read(group: &Group, unread: &Unread) -> bool {
    group.rules.may_read_input(&unread.part.path())
}

fn because_of(unread: &Unread, rule: String) -> Undecided {
    let reference = unread.why.target.as_ref().map(ToString::to_string);
    let failure = unread.why.clone().in_stage(Stage::Fetch, &rule);
    Undecided { rule, reference, failure }
}

/// What rules said that may have read a part of the input which only seemed to be missing: listed, not counted.
fn doubted(mut judged: GroupJudgement, group: &Group, unread: &[Unread]) -> GroupJudgement {
    let Some(cause) = unread.iter().find(|it| may_read(group, it)) else { return judged };
    for violation in std::mem::take(&mut judged.violations) {
        let rule = violation.code().unwrap_or(&violation.msg).to_owned();
        judged.undecided.push(because_of(cause, rule));
    }
    judged.warnings.clear();
    judged.successes.clear();
    judged
}
