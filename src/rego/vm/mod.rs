//! The machine that runs compiled policies. It never recurses on the native stack, and stops for the host.
//!
//! Read [`machine`] first (frames, calls, results), then [`execute`] (instructions). [`overlay`] is `with`, [`memo`]
//! what is remembered, [`shared`] what is remembered for all evaluations, [`whole`] when
//! a partial rule is computed whole for the sake of its keys, [`gather`] what solutions add up to, [`outcome`] what the asker sees.

mod call;
mod execute;
mod frame;
mod gather;
mod iterate;
mod machine;
mod memo;
mod outcome;
mod overlay;
mod shared;
mod tree;
mod watch;
mod whole;

pub(crate) use machine::{Machine, Surroundings};
pub use outcome::{Answer, Cause, Solution, Step, Stopped, Undecided, Watcher};
pub(crate) use shared::SharedMemos;

#[cfg(test)]
mod tests;
