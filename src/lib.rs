//! Enterprise Contract policy evaluator.
//!
//! The product in one sentence, which is also the list of modules: a snapshot is [`resolve`]d into
//! images by digest, their evidence is [`fetch`]ed, [`verify`]'d, turned into an [`input`] document,
//! [`evaluate`]d against compiled policies ([`policy`], [`rego`], [`builtins`]), [`judge`]d and
//! [`report`]ed; [`run`] joins these for many components at once.

pub mod builtins;
pub mod cli;
pub mod evaluate;
pub mod fetch;
pub mod input;
pub mod json;
pub mod judge;
pub mod model;
pub mod policy;
pub mod registry;
pub mod rego;
pub mod report;
pub mod resolve;
pub mod run;
#[cfg(feature = "testkit")]
pub mod testkit;
pub mod trust;
pub mod verify;
