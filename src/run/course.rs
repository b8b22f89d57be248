//! What is seen of a component's way from outside its task: the stage it is in, how long each took, what memory it had.
//! It is there also where the task was given up in the middle, or ended in a panic.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::memory::Memory;
use crate::model::outcome::MemoryUse;
use crate::model::{ComponentId, Stage};

/// The way of one component, shared by those who look at it.
#[derive(Clone, Default)]
pub(super) struct Course {
    stage: Arc<AtomicU8>,
    given_up: Arc<AtomicBool>,
    noted: Arc<Mutex<Noted>>,
}

#[derive(Default)]
struct Noted {
    times: Times,
    memory: Option<MemoryUse>,
}

const STAGES: [Stage; 6] =
    [Stage::Resolve, Stage::Fetch, Stage::Verify, Stage::Input, Stage::Evaluate, Stage::Judge];

impl Course {
    pub(super) fn enter(&self, stage: Stage) {
        let index = STAGES.iter().position(|it| *it == stage).unwrap_or_default();
        self.stage.store(u8::try_from(index).unwrap_or_default(), Ordering::Relaxed);
        self.noted().times.enter(stage);
    }

    pub(super) fn get(&self) -> Stage {
        STAGES.get(usize::from(self.stage.load(Ordering::Relaxed))).copied().unwrap_or(Stage::Resolve)
    }

    /// Nobody waits for the component any more: its evaluation on the computing threads may stop.
    pub(super) fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    /// Whether it was given up, for the evaluation to look at.
    pub(super) fn given_up(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.given_up)
    }

    /// Notes what is used of a lease when it is over, however it ends.
    pub(super) fn watch<'a>(&'a self, memory: &'a Memory, id: &'a ComponentId, restarts: u32) -> Watch<'a> {
        Watch { course: self, memory, id, restarts }
    }

    /// Of the last lease; none where there was none.
    pub(super) fn memory(&self) -> Option<MemoryUse> {
        self.noted().memory.clone()
    }

    /// How long each stage took, once all are over.
    pub(super) fn times(&self) -> Times {
        let mut noted = self.noted();
        noted.times.leave();
        noted.times.clone()
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Held as long as the lease.
pub(super) struct Watch<'a> {
    course: &'a Course,
    memory: &'a Memory,
    id: &'a ComponentId,
    restarts: u32,
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let (granted, used) = (self.memory.granted(), self.memory.used());
        let of = MemoryUse { name: self.id.name.to_string(), granted, used, restarts: self.restarts };
        self.course.noted().memory = Some(of);
    }
}

/// Stages in the order in which they were first entered. Waiting counts: for memory and for a place in evaluation to the
/// stage that waits, which is `fetch`.
#[derive(Clone, Debug, Default)]
pub(super) struct Times {
    now: Option<(Stage, Instant)>,
    spent: Vec<(Stage, Duration)>,
}

impl Times {
    /// Leaves one stage and is in another.
    pub(super) fn enter(&mut self, stage: Stage) {
        self.leave();
        self.now = Some((stage, Instant::now()));
    }

    /// The last stage is over.
    pub(super) fn leave(&mut self) {
        let Some((stage, since)) = self.now.take() else { return };
        match self.spent.iter_mut().find(|(it, _)| *it == stage) {
            Some((_, spent)) => *spent += since.elapsed(),
            None => self.spent.push((stage, since.elapsed())),
        }
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (stage, spent)) in self.spent.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{stage} {} ms", spent.as_millis())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_stage_that_is_entered_again_is_told_once() {
        let mut times = Times::default();
        for (stage, milliseconds) in [
            (Stage::Fetch, 30),
            (Stage::Evaluate, 5),
            (Stage::Judge, 1),
            (Stage::Evaluate, 7),
            (Stage::Fetch, 1),
        ] {
            times.enter(stage);
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        }
        times.leave();
        tokio::time::sleep(Duration::from_millis(100)).await;
        times.leave();
        assert_eq!(times.to_string(), "fetch 31 ms, evaluate 12 ms, judge 1 ms");
        assert_eq!(Times::default().to_string(), "");
    }
}
