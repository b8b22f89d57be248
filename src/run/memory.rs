//! What one component holds of its lease, and whether that was enough.
//!
//! A lease grows in place where the bytes are free and nobody waits for them. Else the component gives all of it back and
//! begins again with more: nobody waits while holding something.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Job;
use super::admission::Lease;
use super::leased::Leased;
use crate::builtins::{Host, Room, Session};
use crate::evaluate::Spent;
use crate::fetch::Evidence;
use crate::model::{FailureKind, Limits, PinnedRef};

/// By how much the next lease is larger where nobody knows the size of what did not fit.
const GROWTH: u64 = 4;

/// How often a component begins again because it needs more memory than it was given.
const RESTARTS: u32 = 3;

/// The lease of one attempt, as it is used up.
pub(super) struct Memory {
    lease: Lease,
    /// Evidence, the input document, and answers that rules asked for.
    held: AtomicU64,
    /// What the evaluation that is under way has allocated.
    evaluating: AtomicU64,
    /// The most that both came to.
    most: AtomicU64,
    needs: AtomicU64,
}

/// The lease that would have been enough.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Needs(pub(super) u64);

impl Needs {
    /// What is asked for next; nothing where more would not help. What was needed is known, and perhaps not all of it: the
    /// second time it is at least twice as much, the last time all that there is, so that the component runs alone.
    pub(super) fn next_lease(self, granted: u64, restarts: u32, total: u64) -> Option<u64> {
        if granted >= total {
            return None;
        }
        match restarts {
            0 => Some(self.0.min(total)),
            it if it + 1 < RESTARTS => Some(self.0.max(granted.saturating_mul(2)).min(total)),
            it if it < RESTARTS => Some(total),
            _ => None,
        }
    }
}

impl Memory {
    /// `bodies` bytes of evidence are held already.
    pub(super) fn new(lease: Lease, bodies: u64) -> Arc<Self> {
        let memory = Self {
            lease,
            held: AtomicU64::new(0),
            evaluating: AtomicU64::new(0),
            most: AtomicU64::new(0),
            needs: AtomicU64::new(0),
        };
        memory.take(bodies);
        Arc::new(memory)
    }

    /// Bytes lent.
    pub(super) fn granted(&self) -> u64 {
        self.lease.bytes()
    }

    /// The most that was taken at once.
    pub(super) fn used(&self) -> u64 {
        self.most.load(Ordering::Relaxed)
    }

    /// The lease that would have been enough, if this one was not.
    pub(super) fn needs(&self) -> Option<Needs> {
        Some(Needs(self.needs.load(Ordering::Relaxed))).filter(|it| it.0 > 0)
    }

    /// Makes sure that so many bytes can be taken; else notes that they are needed.
    pub(super) fn makes_room(&self, bytes: u64) -> bool {
        let missing = bytes.saturating_sub(self.left());
        if missing == 0 || self.lease.grow(missing) {
            return true;
        }
        self.needs.fetch_max(self.granted().saturating_add(missing), Ordering::Relaxed);
        false
    }

    /// Files may be kept of images as far as the lease goes.
    pub(super) fn evidence_limits(&self, limits: &Limits) -> Limits {
        Limits { document_bytes: limits.document_bytes.min(self.left()), ..limits.clone() }
    }

    /// Counts the files that were kept, or notes that the lease was too small for them.
    pub(super) fn evidence_took(&self, evidence: &Evidence, allowed: &Limits, limits: &Limits) {
        let files = evidence.files.present().into_iter().flatten();
        self.take(files.map(|(path, file)| (path.len() + file.len()) as u64).sum());
        let too_large = evidence.files.undecided().is_some_and(|it| it.kind == FailureKind::TooLarge);
        if too_large && allowed.document_bytes < limits.document_bytes {
            self.lacks();
        }
    }

    /// What an evaluation has allocated so far; nothing is left of an earlier one.
    pub(super) fn evaluating(&self, bytes: u64) {
        self.evaluating.store(bytes, Ordering::Relaxed);
        self.note();
    }

    /// An evaluation ended, and all that its rules asked for is gone; `held` was there before.
    pub(super) fn evaluated(&self, spent: Spent, held: u64) {
        self.evaluating(spent.bytes);
        if spent.cut_short {
            self.lacks();
        }
        self.evaluating(0);
        self.held.store(held, Ordering::Relaxed);
    }

    /// What is held but for the evaluation.
    pub(super) fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// Leaves to the report what it holds of the component until the run ends.
    pub(super) fn keep(&self, bytes: u64) {
        self.lease.keep(bytes);
    }

    /// Notes that more is needed, nobody knows how much.
    pub(super) fn lacks(&self) {
        self.needs.fetch_max(self.granted().saturating_mul(GROWTH), Ordering::Relaxed);
    }

    fn note(&self) {
        let now = self.held().saturating_add(self.evaluating.load(Ordering::Relaxed));
        self.most.fetch_max(now, Ordering::Relaxed);
    }
}

impl Room for Memory {
    fn left(&self) -> u64 {
        let taken = self.held().saturating_add(self.evaluating.load(Ordering::Relaxed));
        self.granted().saturating_sub(taken)
    }

    fn take(&self, bytes: u64) {
        // It cannot fail: the closure always gives a value.
        let _ = self
            .held
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| Some(held.saturating_add(bytes)));
        self.note();
    }

    fn grows(&self) -> bool {
        // Twice as much each time, so that what is tried again costs no more than the last try.
        if self.lease.grow(self.granted()) {
            return true;
        }
        self.lacks();
        false
    }
}

/// Questions whose answers draw on the lease.
pub(super) fn session(job: &Job, memory: &Arc<Memory>, image: &PinnedRef) -> Session {
    let leased = Leased::new(Arc::clone(&job.transport), Arc::clone(memory));
    let room: Arc<dyn Room> = Arc::<Memory>::clone(memory);
    Arc::new(Host::new(Arc::new(leased), job.limits.clone()).within(room)).session(image)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::admission::{Admission, Rank};
    use super::*;

    async fn memory(admission: &Arc<Admission>, granted: u64) -> Arc<Memory> {
        Memory::new(admission.lease(Rank::First, granted).await.unwrap(), 0)
    }

    #[tokio::test]
    async fn what_is_free_and_wanted_by_nobody_is_added_to_the_lease() {
        let admission = Admission::new(100);
        let memory = memory(&admission, 10).await;
        memory.take(4);
        assert!(memory.makes_room(6) && memory.makes_room(50));
        assert_eq!((memory.granted(), memory.left(), memory.needs()), (54, 50, None));
        assert!(!memory.makes_room(97));
        assert_eq!(memory.needs(), Some(Needs(101)), "beyond all that there is");
    }

    #[tokio::test]
    async fn who_waits_is_not_overtaken() {
        let admission = Admission::new(100);
        let memory = memory(&admission, 10).await;
        let waiting = tokio::spawn({
            let admission = Arc::clone(&admission);
            async move { admission.lease(Rank::First, 95).await.map(|it| it.bytes()) }
        });
        tokio::task::yield_now().await;
        assert!(!memory.makes_room(11) && !memory.grows());
        assert_eq!(memory.needs(), Some(Needs(40)));
        drop(memory);
        assert_eq!(waiting.await.unwrap(), Ok(95));
    }

    #[tokio::test]
    async fn an_evaluation_gives_back_what_it_took_and_the_most_is_remembered() {
        let admission = Admission::new(100);
        let memory = memory(&admission, 100).await;
        memory.take(10);
        let held = memory.held();
        memory.evaluating(30);
        memory.take(20);
        memory.evaluated(Spent { bytes: 50, cut_short: false }, held);
        assert_eq!((memory.used(), memory.left(), memory.needs()), (80, 90, None));
        memory.evaluated(Spent { bytes: 90, cut_short: true }, held);
        assert_eq!(memory.needs(), Some(Needs(400)));
    }

    #[test]
    fn the_first_try_again_has_what_was_needed_the_last_one_everything() {
        let next = |needs, granted, restarts| Needs(needs).next_lease(granted, restarts, 1000);
        assert_eq!(next(150, 100, 0), Some(150));
        assert_eq!(next(160, 150, 1), Some(300), "or many small steps would use up all tries");
        assert_eq!(next(310, 300, 2), Some(1000));
        assert_eq!(next(1100, 1000, 3), None);
        assert_eq!(next(1100, 100, 0), Some(1000), "an estimate may be too high");
        assert_eq!(next(1100, 1000, 0), None, "it ran alone already");
    }

    proptest! {
        #[test]
        fn who_ends_too_large_has_run_alone(needs in proptest::collection::vec(1_u64..5000, 0..6), first in 1_u64..1000) {
            let (mut granted, mut restarts) = (first, 0);
            for more in needs {
                if let Some(next) = Needs(granted + more).next_lease(granted, restarts, 1000) {
                    prop_assert!(next > granted && next <= 1000);
                    granted = next;
                } else {
                    prop_assert_eq!(granted, 1000);
                }
                restarts += 1;
            }
        }
    }
}
