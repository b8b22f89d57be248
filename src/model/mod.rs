//! The nouns of the product, without IO: everything that two stages exchange.
//!
//! Nothing here reads a clock, a file or the environment. Constructors check; what exists is valid.

pub mod digest;
pub mod failure;
pub mod finding;
pub mod instant;
pub mod limits;
pub mod outcome;
pub mod policy_spec;
pub mod previous;
pub mod raw;
pub mod reference;
pub mod rule;
pub mod signature;
pub mod snapshot;

pub use digest::Digest;
pub use failure::{Failure, FailureKind, FailureTarget, Stage};
pub use finding::{Check, CheckState, Finding, Judgement, Undecided};
pub use limits::Limits;
pub use outcome::{ComponentReport, Outcome, RunReport, Verdict};
pub use policy_spec::PolicySpec;
pub use previous::PreviousReport;
pub use raw::{EntryOutcome, EntryPoint, RawEntry, RawResult, RawResults, RawUndecided};
pub use reference::{ImageRef, PinnedRef, Repository};
pub use rule::{AnnotatedRule, PackagePath, ResultKind, RuleLocation, RuleTable, UnnamedRule};
pub use signature::{AttestationSummary, EntitySignature};
pub use snapshot::{Component, ComponentId, GitSource, Snapshot};
