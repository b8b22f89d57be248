//! The machine that runs compiled policies. It never recurses on the native stack, and stops for the host.

mod outcome;

pub use outcome::{Answer, Cause, Solution, Step, Stopped, Undecided, Watcher};
