//! What registries, networks and signals may do to a run: who is hit is named, nobody else notices, nothing passes
//! that should not. In process all of it goes by a clock that stands still, without chance.
#![cfg(feature = "testkit")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

#[path = "faults/attribution.rs"]
mod attribution;
#[path = "faults/bench.rs"]
mod bench;
#[path = "end_to_end/binary.rs"]
#[allow(dead_code, reason = "shared with the end-to-end tests")]
mod binary;
#[path = "faults/cache.rs"]
mod cache;
#[path = "faults/client_stack.rs"]
mod client_stack;
#[path = "faults/cross_talk.rs"]
mod cross_talk;
#[path = "faults/ends.rs"]
mod ends;
#[path = "faults/expected.rs"]
mod expected;
#[path = "faults/matrix.rs"]
mod matrix;
#[path = "faults/memory.rs"]
mod memory;
#[path = "faults/outcomes.rs"]
mod outcomes;
#[path = "faults/resume.rs"]
mod resume;
#[path = "end_to_end/stage.rs"]
#[allow(dead_code, reason = "shared with the end-to-end tests")]
mod stage;
