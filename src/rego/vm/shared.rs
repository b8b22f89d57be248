//! Rules that are the same in every evaluation, computed once for all of them.
//!
//! They read neither the input, nor base data that differs, nor the host, clock or chance, and nobody watches them.
//! What they gave stands beneath the memos of each evaluation's lowest level, so what `with` replaces is computed anew.

use std::sync::Arc;

use super::call::Asked;
use super::frame::Dest;
use super::machine::Machine;
use super::memo::{Args, Key, Memo, Memos};
use super::outcome::{Answer, Step};
use super::overlay::ROOT;
use crate::rego::budget::Exceeded;
use crate::rego::error::RegoError;

/// What was computed. Cloning copies a pointer.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedMemos(Arc<Memos>);

impl SharedMemos {
    pub(super) fn entry(&self, key: &Key) -> Option<&(Key, Memo)> {
        self.0.entry(key)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Machine {
    /// Computes these groups, each under a budget like the machine's, until as much was spent as one of them holds.
    /// What a group fails with is remembered for all who read it; what there was no time for is left to them.
    pub(crate) fn compute_shared(mut self, groups: impl Iterator<Item = u32>) -> SharedMemos {
        let whole = self.around.budget.clone();
        let (mut steps, mut bytes) = (0_u64, 0_u64);
        for group in groups {
            self.around.budget = whole.clone();
            let Step::Done(answer) = self.start_group(group) else { break };
            steps = steps.saturating_add(self.around.budget.steps_spent());
            bytes = bytes.saturating_add(self.around.budget.bytes_spent());
            if let Answer::Error(error) = answer {
                if matches!(error.spent, Some(Exceeded::Deadline | Exceeded::Cancelled)) {
                    break;
                }
                self.remember_failure(group, error);
            }
            if !whole.covers(steps, bytes) {
                break;
            }
        }
        SharedMemos(Arc::new(std::mem::take(&mut self.root.memos)))
    }

    fn start_group(&mut self, group: u32) -> Step {
        self.reset();
        let asked = Asked { level: ROOT, dest: Dest::Asker, fail: 0 };
        let asked = self.ask_rule(group, asked);
        self.begin(asked)
    }

    fn remember_failure(&mut self, group: u32, error: RegoError) {
        let key = Key::new(self.program.groups[group as usize].unit, Args::new());
        self.root.memos.put(key, Memo::Failed(Box::new(error)));
    }
}
