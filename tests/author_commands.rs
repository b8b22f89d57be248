//! The commands of policy authors, run as they are, over small policies in folders of their own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test")]

#[path = "author_commands/eval.rs"]
mod eval;
#[path = "author_commands/measuring.rs"]
mod measuring;
#[path = "author_commands/policies.rs"]
mod policies;
#[path = "author_commands/test.rs"]
mod test;
