//! From a plan to a job: policy, trust and transport are made here, before the first image is asked for.

use std::fmt::Display;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use super::super::VERSION;
use super::super::diagnostics::Diagnostic;
use super::super::plan::{Cache, EffectiveTime, Plan};
use super::super::transport;
use crate::builtins;
use crate::evaluate::CompiledGroup;
use crate::input::Text;
use crate::judge::{GroupCriteria, GroupJudge};
use crate::model::{Limits, PolicySpec};
use crate::policy::data::SigstoreOptions;
use crate::policy::group::{self, LoadOptions, LoadedGroup, PolicyError, PolicySet};
use crate::policy::spec::{self, Document, ReadPolicy, SpecError};
use crate::registry::Transport;
use crate::registry::cache::Store;
use crate::registry::http::{HttpSettings, RetryPolicy};
use crate::rego::engine::{CompileFailure, CompileOptions, PrintStatements};
use crate::rego::source::{Sources, Span};
use crate::report::{Detail, Format};
use crate::run::available::Shares;
use crate::run::events::Listener;
use crate::run::{self, Deadline, Group, Job, Keep, Metadata};
use crate::trust::{TransparencyLog, TrustPolicy};

type Faults = Vec<Diagnostic>;

pub(super) fn one(error: impl Display) -> Faults {
    vec![Diagnostic::new(error)]
}

/// Makes the job.
///
/// # Errors
/// Why the run cannot start.
pub(super) fn job(plan: &Plan, deadline: Deadline, listener: Listener) -> Result<Job, Faults> {
    let limits = Limits::default();
    let ReadPolicy { spec, warnings } = specification(plan, &limits)?;
    let trust = TrustPolicy::load(&spec, plan.transparency_log).map_err(one)?;
    let set = load(plan, &spec, &trust)?;
    let memory = plan.max_memory.unwrap_or_else(run::available::budget);
    let Shares { kept, lent } = Shares::of(memory);
    let (transport, source) = transport(plan, &limits, kept)?;
    for loaded in &set.groups {
        tracing::debug!(group = %loaded.label, rules = loaded.rules.annotated().count(), "policy compiled");
    }
    let groups = groups(plan, &set.spec, set.groups);
    tracing::debug!(components = plan.snapshot.components.len(), source, "the run begins");
    Ok(Job {
        snapshot: plan.snapshot.clone(),
        snapshot_name: String::new(),
        policy: set.spec,
        groups,
        trust,
        requested: plan.requested,
        transport,
        source,
        memory: lent,
        effective_time: match plan.effective_time {
            EffectiveTime::Now => run::EffectiveTime::At(plan.started),
            EffectiveTime::At(at) => run::EffectiveTime::At(at),
            EffectiveTime::Attestation => run::EffectiveTime::OfAttestation,
        },
        now: plan.started,
        workers: plan.workers.map_or_else(run::available::cores, NonZeroUsize::get),
        deadline,
        component_timeout: plan.component_timeout,
        keep: Keep {
            input: if wants(plan, Format::PolicyInput) { Text::Wanted } else { Text::Unwanted },
            statements: wants(plan, Format::Attestation),
            metadata: match plan.detail {
                Detail::Full => Metadata::Full,
                Detail::Brief => Metadata::Brief,
            },
        },
        limits,
        listener,
        version: VERSION.to_owned(),
        policy_warnings: warnings,
        previous: plan.previous.clone(),
    })
}

fn wants(plan: &Plan, format: Format) -> bool {
    plan.targets.iter().any(|it| it.format == format)
}

/// The policy as written, with what the command line changes in it.
fn specification(plan: &Plan, limits: &Limits) -> Result<ReadPolicy, Faults> {
    let document = Document { name: plan.policy.name.clone(), text: plan.policy.text.clone() };
    let json = crate::json::Limits {
        max_bytes: usize::try_from(limits.document_bytes).unwrap_or(usize::MAX),
        ..crate::json::Limits::default()
    };
    let mut read = spec::read(&document, json).map_err(|error| refused(&error))?;
    let overrides = spec::overrides::Overrides {
        public_key: plan.public_key.clone().unwrap_or_default(),
        rekor_url: plan.rekor_url.clone().unwrap_or_default(),
        ..spec::overrides::Overrides::default()
    };
    read.spec = spec::overrides::apply(read.spec, &overrides);
    read.spec = spec::extra_rule_data::apply(read.spec, &plan.extra_rule_data);
    Ok(read)
}

/// Points into the document.
fn refused(error: &SpecError) -> Faults {
    match error {
        SpecError::Unreadable { document, error } => {
            let what = "unable to parse the policy";
            vec![Diagnostic::refused(what, &document.name, document.text.as_bytes(), error)]
        }
        SpecError::Invalid { document, violations } => {
            let head =
                Diagnostic::new("policy configuration does not conform to the EnterpriseContractPolicy spec");
            let each = violations.iter().map(|it| {
                Diagnostic::new(it).within(
                    &document.name,
                    &document.text,
                    it.position.offset,
                    1,
                    it.message.clone(),
                )
            });
            std::iter::once(head).chain(each).collect()
        }
    }
}

fn load(plan: &Plan, spec: &PolicySpec, trust: &TrustPolicy) -> Result<PolicySet, Faults> {
    let options = LoadOptions {
        sigstore: SigstoreOptions {
            ignore_rekor: plan.transparency_log == TransparencyLog::Ignored,
            public_key: trust.key_pem().to_owned(),
            rekor_url: spec.rekor_url.clone(),
            ..SigstoreOptions::default()
        },
        compile: CompileOptions {
            host: builtins::declarations(),
            print: PrintStatements::Remove,
            ..CompileOptions::default()
        },
        home: std::env::var_os("HOME").map(PathBuf::from),
        ..LoadOptions::default()
    };
    group::load(spec, &options).map_err(|errors| errors.0.iter().flat_map(of_policy).collect())
}

fn of_policy(error: &PolicyError) -> Faults {
    match error {
        PolicyError::Compile(failure) => pointed(failure),
        PolicyError::Rules { faults, sources } => {
            faults.0.iter().map(|fault| at(sources, fault.span(), fault, "this rule")).collect()
        }
        other => one(other),
    }
}

/// Errors of modules, each with its place in the module.
pub(in super::super) fn pointed(failure: &CompileFailure) -> Faults {
    let each = failure.errors.0.iter().map(|error| match error.span {
        Some(span) => at(&failure.sources, span, error, &error.message),
        None => Diagnostic::new(error),
    });
    each.collect()
}

fn at(sources: &Sources, span: Span, error: &dyn Display, label: &str) -> Diagnostic {
    let (name, place) = (sources.name(span), sources.position(span));
    let diagnostic = Diagnostic::new(format_args!("{name}:{}:{}: {error}", place.row, place.col));
    match sources.get(span.source) {
        Some(source) => {
            let length = (span.end - span.start) as usize;
            diagnostic.within(name, source.text(), span.start as usize, length, label)
        }
        None => diagnostic,
    }
}

fn groups(plan: &Plan, spec: &PolicySpec, loaded: Vec<LoadedGroup>) -> Vec<Group> {
    let deprecated = spec.configuration.as_ref();
    let group = |(loaded, group): (LoadedGroup, _)| Group {
        rules: Arc::new(CompiledGroup::new(loaded.compiled, loaded.data).with_engine(plan.engine)),
        judge: Arc::new(GroupJudge::new(
            loaded.label,
            loaded.rules,
            GroupCriteria::new(group, deprecated, plan.filter),
            group.rule_data.as_ref(),
        )),
    };
    loaded.into_iter().zip(&spec.sources).map(group).collect()
}

/// Layouts answer in place of the network; nothing else is asked then.
fn transport(plan: &Plan, limits: &Limits, kept: u64) -> Result<(Arc<dyn Transport>, &'static str), Faults> {
    if plan.layouts.is_empty() {
        let settings = HttpSettings { limits: limits.clone(), retry: retry(plan), ..HttpSettings::default() };
        return Ok((transport::network(settings, store(plan)?, kept).map_err(one)?, "registry"));
    }
    let layouts = transport::layouts(&plan.layouts, limits, kept);
    Ok((layouts.map_err(|error| one(format_args!("--layout: {error}")))?, "layout"))
}

/// Bytes of blobs on disk: SBOMs and attestations of a few thousand images.
const CACHE_BYTES: u64 = 2 << 30;

/// A folder that was asked for must work; the usual one need not.
fn store(plan: &Plan) -> Result<Option<Store>, Faults> {
    match &plan.cache {
        Cache::Off => Ok(None),
        Cache::At(folder) => Store::open(folder, CACHE_BYTES)
            .map(Some)
            .map_err(|error| one(format_args!("--cache-dir: {} cannot be used: {error}", folder.display()))),
        Cache::OfUser(folder) => {
            let store = Store::open(folder, CACHE_BYTES);
            Ok(store.inspect_err(|error| tracing::debug!("no cache in {}: {error}", folder.display())).ok())
        }
    }
}

/// Tries beyond the first for each component: it asks for about as many objects.
const RETRIES_PER_COMPONENT: u64 = 10;

/// Tries beyond the first that the smallest run has.
const FEWEST_RETRIES: u64 = 100;

fn retry(plan: &Plan) -> RetryPolicy {
    let usual = RetryPolicy::default();
    let components = u64::try_from(plan.snapshot.components.len()).unwrap_or(u64::MAX);
    let budget = components.saturating_mul(RETRIES_PER_COMPONENT).max(FEWEST_RETRIES);
    // Processes that start together must not ask again together.
    let started = plan.started.as_nanosecond().unsigned_abs();
    let seed = u64::try_from(started & u128::from(u64::MAX)).unwrap_or_default();
    RetryPolicy {
        retries: plan.retry.tries,
        base: plan.retry.base,
        factor: plan.retry.factor,
        jitter: plan.retry.jitter,
        max_wait: plan.retry.max_wait,
        max_retry_after: usual.max_retry_after.max(plan.retry.max_wait),
        budget: plan.retry_budget.unwrap_or(budget),
        seed: seed ^ u64::from(std::process::id()),
    }
}
