//! Frames: a unit that runs, and where its result goes.

use std::sync::Arc;

use super::gather::Tree;
use super::memo::Key;
use super::outcome::Stopped;
use super::overlay::Level;
use crate::rego::compile::code::{Label, Reg, Unit};
use crate::rego::value::Value;

/// Where the parts of a frame begin on the machine's stacks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bases {
    pub(super) regs: usize,
    pub(super) iters: usize,
    pub(super) collectors: usize,
    pub(super) cursors: usize,
    pub(super) slots: usize,
}

/// Where a result goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Dest {
    Reg(Reg),
    Cursor(u32),
    /// To whoever asked the machine.
    Asker,
    /// To nobody: it is remembered, and the frame below asks again.
    Nowhere,
}

/// A place that a reference through the tree has come to.
#[derive(Clone, Debug)]
pub(super) enum Cursor {
    Value(Value),
    /// A place of rules, and the base document there.
    Tree {
        node: u32,
        base: Option<Value>,
    },
}

/// What solutions have made so far.
#[derive(Debug)]
pub(super) enum Result {
    Nothing,
    Single(Value),
    Tree(Tree),
}

/// A unit that runs.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) unit: Arc<Unit>,
    /// Where it goes on.
    pub(super) pc: Label,
    pub(super) bases: Bases,
    /// The replacements that hold now, and those that held when it began.
    pub(super) level: Level,
    pub(super) entry_level: Level,
    /// What its result is remembered as, and on which level.
    pub(super) key: Option<(Level, Key)>,
    /// Where its result goes in the frame below, and where that goes on if there is none.
    pub(super) dest: Dest,
    pub(super) fail: Label,
    /// Steps that had been spent when it began.
    pub(super) started: u64,
    /// The definition that runs, and where to go on if it is stopped.
    pub(super) definition: u32,
    pub(super) on_stop: Label,
    pub(super) produced: bool,
    pub(super) result: Result,
    pub(super) stopped: Vec<Stopped>,
}
