//! The binary as pipelines run it: a snapshot of the testkit in an image layout, a policy of a few rules, a scrubbed
//! environment; exit codes, reports and the steps of the Konflux task that read them.
#![cfg(feature = "testkit")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test")]

#[path = "end_to_end/binary.rs"]
mod binary;
#[path = "end_to_end/konflux.rs"]
mod konflux;
#[path = "end_to_end/logs.rs"]
mod logs;
#[path = "end_to_end/pipelines.rs"]
mod pipelines;
#[path = "end_to_end/readme.rs"]
mod readme;
#[path = "end_to_end/registry.rs"]
mod registry;
#[path = "end_to_end/registry_server.rs"]
mod registry_server;
#[path = "end_to_end/reports.rs"]
mod reports;
#[path = "end_to_end/resume.rs"]
mod resume;
#[path = "end_to_end/secrets.rs"]
mod secrets;
#[path = "end_to_end/stage.rs"]
mod stage;
#[path = "end_to_end/undecided.rs"]
mod undecided;
