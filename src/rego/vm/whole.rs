//! A partial rule that is asked for key after key. Each look-up may walk through all that the rule is made of, so when
//! look-ups have cost as much as that may cost once, the rule is computed whole, within what was spent: together they
//! cost a small multiple of the cheaper way, whichever it is.
//!
//! It is an attempt, since the whole may fail where its keys do not: then it is forgotten, and look-ups go on.

use super::frame::Dest;
use super::machine::{Machine, Ran};
use super::memo::{Args, Key, Memo};
use super::overlay::{Level, ROOT};
use crate::rego::budget::Exceeded;
use crate::rego::engine::{Observe, Recall};
use crate::rego::error::RegoError;

/// Steps of look-ups after which the whole is tried first: what a small rule costs.
const FIRST_ATTEMPT_STEPS: u64 = 256;

/// Bytes that an attempt may take for each of its steps: most steps take none, making a pair a hundred or so.
const BYTES_PER_STEP: u64 = 256;

/// What look-ups by key in one rule have cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct LookUps {
    spent: u64,
    next_attempt: u64,
}

impl Default for LookUps {
    fn default() -> Self {
        Self { spent: 0, next_attempt: FIRST_ATTEMPT_STEPS }
    }
}

/// An attempt under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    /// Frames below it.
    frames: usize,
}

impl Machine {
    /// Begins to compute a rule whole if its look-ups have cost enough. The frame on top asks again afterwards.
    pub(super) fn attempt_whole(&mut self, group: u32, level: Level) -> Ran<bool> {
        let look_ups = self.overlay(level).memos.look_ups.get(&group).copied().unwrap_or_default();
        let asking = self.frame()?.level;
        let code = &self.program.groups[group as usize];
        // Without a memory the whole would be asked for again and again.
        if self.around.recall == Recall::Nothing {
            return Ok(false);
        }
        // Who watches statements, and the host behind a replaced function, shall see what was asked for and nothing else.
        let watched = self.program.observe == Observe::Statements;
        let unseen = code.unseen && !watched && !self.overlay(asking).replaces_functions();
        if !unseen || self.attempt.is_some() || look_ups.spent < look_ups.next_attempt {
            return Ok(false);
        }
        let key = Key::new(code.unit, Args::new());
        let unit = self.unit(key.unit)?;
        self.note_look_ups(group, level, |it| it.next_attempt = 2 * it.spent);
        self.attempt = Some(Attempt { frames: self.frames.len() });
        self.around.budget.lend(look_ups.spent, look_ups.spent.saturating_mul(BYTES_PER_STEP));
        // Ask once more.
        self.frame()?.pc -= 1;
        self.push(unit, Args::new(), asking, Some((level, key)), (Dest::Nowhere, 0))?;
        Ok(true)
    }

    /// Takes note of what a look-up cost.
    pub(super) fn note_look_up(&mut self, group: u32, level: Level, steps: u64) {
        self.note_look_ups(group, level, |it| it.spent = it.spent.saturating_add(steps));
    }

    fn note_look_ups(&mut self, group: u32, level: Level, change: impl FnOnce(&mut LookUps)) {
        let overlay = if level == ROOT { Some(&mut self.root) } else { self.overlays.get_mut(&level) };
        if let Some(overlay) = overlay {
            change(overlay.memos.look_ups.entry(group).or_default());
        }
    }

    /// A frame ended: perhaps it was the attempt's.
    pub(super) fn after_frame(&mut self) {
        if self.attempt.is_some_and(|it| it.frames == self.frames.len()) {
            self.attempt = None;
            self.around.budget.settle();
        }
    }

    /// Whether an error was the attempt's alone: then the frame that made the attempt is on top again.
    pub(super) fn give_up_attempt(&mut self, error: &RegoError) -> bool {
        let Some(Attempt { frames }) = self.attempt.take() else { return false };
        self.around.budget.settle();
        if matches!(error.spent, Some(Exceeded::Deadline | Exceeded::Cancelled)) {
            return false;
        }
        self.unwind(frames, error);
        true
    }

    /// Gives up all frames above so many. What they were computing remembers the error.
    pub(super) fn unwind(&mut self, frames: usize, error: &RegoError) {
        while self.frames.len() > frames {
            let Some(frame) = self.frames.pop() else { return };
            self.release(frame.bases);
            // A spent budget says nothing about the rules.
            if let (Some((level, key)), None) = (frame.key, error.spent) {
                self.put_memo(level, key, Memo::Failed(Box::new(error.clone())));
            }
        }
    }
}
