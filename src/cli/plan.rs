//! What a command line means: everything checked, nothing left to interpret further down.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use super::colour::ColourChoice;
use super::exit::Strictness;
use super::logging::LogSettings;
use super::policy_argument::PolicyDocument;
use crate::evaluate::Engine;
use crate::judge::FilterType;
use crate::model::{PreviousReport, Snapshot};
use crate::report::{Detail, Successes, Target};
use crate::trust::TransparencyLog;
use crate::verify::Requested;

/// `ec validate image`
#[derive(Clone, Debug)]
pub struct Plan {
    /// What to validate, before image indexes are expanded.
    pub snapshot: Snapshot,
    /// `--resume`: the report of an earlier run.
    pub previous: Option<PreviousReport>,
    /// The policy's text, still to be read.
    pub policy: PolicyDocument,
    /// `--engine`
    pub engine: Engine,
    /// `--public-key`, as given: overrides the policy's.
    pub public_key: Option<String>,
    /// `--rekor-url`: overrides the policy's.
    pub rekor_url: Option<String>,
    /// `--ignore-rekor`
    pub transparency_log: TransparencyLog,
    /// `--skip-image-sig-check`, `--skip-att-sig-check`
    pub requested: Requested,
    /// `--extra-rule-data`: keys and texts, for every source group.
    pub extra_rule_data: Vec<(String, String)>,
    /// `--effective-time`
    pub effective_time: EffectiveTime,
    /// `--filter-type`
    pub filter: FilterType,
    /// `--strict`
    pub strictness: Strictness,
    /// `--show-successes`
    pub successes: Successes,
    /// `--info`
    pub detail: Detail,
    /// Where reports go, in the order given; never empty.
    pub targets: Vec<Target>,
    /// `--layout`: image layouts that answer in place of the network; empty means the network.
    pub layouts: Vec<PathBuf>,
    /// `--cache-dir`, `--no-cache`
    pub cache: Cache,
    /// `--workers`; none means what the machine allows.
    pub workers: Option<NonZeroUsize>,
    /// `--max-memory` in bytes; none means what the machine allows.
    pub max_memory: Option<u64>,
    /// `--timeout`; none means no deadline.
    pub timeout: Option<Duration>,
    /// `--component-timeout`; none means no deadline.
    pub component_timeout: Option<Duration>,
    /// `--retry-*`
    pub retry: Retry,
    /// `--retry-budget`: tries beyond the first of all requests together; none means what the snapshot's size asks for.
    pub retry_budget: Option<u64>,
    /// The clock when the command line was read.
    pub started: Timestamp,
    /// Logs, colour, progress.
    pub console: ConsoleSettings,
    /// What is odd but no mistake, to be logged as warnings.
    pub notes: Vec<String>,
}

/// Where blobs are kept between runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cache {
    /// `--no-cache`, or there is no folder of the user.
    Off,
    /// In the user's folder; a run goes on without it where it cannot be used.
    OfUser(PathBuf),
    /// `--cache-dir`
    At(PathBuf),
}

/// The instant that dates of rules are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EffectiveTime {
    /// When the run starts.
    Now,
    /// A fixed one.
    At(Timestamp),
    /// For each component the time of its own verified attestations.
    Attestation,
}

/// How requests are tried again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// Tries beyond the first.
    pub tries: u32,
    /// Before the second try.
    pub base: Duration,
    /// Between two tries, at most.
    pub max_wait: Duration,
    /// By which the wait grows; at least 1.
    pub factor: f64,
    /// Share of a wait that is left to chance, 0 to 1.
    pub jitter: f64,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            tries: 3,
            base: Duration::from_secs(1),
            max_wait: Duration::from_secs(3),
            factor: 2.0,
            jitter: 0.1,
        }
    }
}

/// What every command shows of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsoleSettings {
    /// Level and place of log lines.
    pub log: LogSettings,
    /// Whether to colour.
    pub colour: ColourChoice,
}
