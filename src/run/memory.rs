//! What one component holds of its lease, and whether that was enough.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Job;
use super::leased::{GROWTH, Leased};
use crate::builtins::{Host, Session};
use crate::model::failure::StageError;
use crate::model::{FailureKind, Limits, PinnedRef};
use crate::rego::value::ReadLimits;

/// The lease of one attempt, as it is used up.
pub(super) struct Memory {
    granted: u64,
    leased: Arc<Leased>,
    /// The lease that the input would have needed; nothing as long as this one is enough.
    needs: AtomicU64,
}

impl Memory {
    /// `bodies` bytes of evidence are held already.
    pub(super) fn new(job: &Job, granted: u64, bodies: u64) -> Self {
        let left = granted.saturating_sub(bodies);
        let leased = Arc::new(Leased::new(Arc::clone(&job.transport), granted, left));
        Self { granted, leased, needs: AtomicU64::new(0) }
    }

    /// The input document may take what is left, and never more than any input may.
    pub(super) fn input_limits(&self, limits: &Limits) -> ReadLimits {
        let max_heap_bytes = limits.input_heap_bytes.min(self.leased.left());
        ReadLimits { max_heap_bytes, ..ReadLimits::default() }
    }

    /// Notes what came of the input, `heap` bytes or an error.
    pub(super) fn input_took(&self, limits: &Limits, heap: Result<u64, &StageError>) {
        match heap {
            Ok(heap) => self.leased.take(heap),
            // More memory helps only where it was the lease that stopped it.
            Err(error)
                if error.kind == FailureKind::TooLarge && self.leased.left() < limits.input_heap_bytes =>
            {
                self.needs.store(self.granted.saturating_mul(GROWTH), Ordering::Relaxed);
            }
            Err(_) => {}
        }
    }

    /// Questions whose answers draw on what is left.
    pub(super) fn session(&self, limits: &Limits, image: &PinnedRef) -> Session {
        let parsed_bytes = limits.parsed_bytes.min(self.leased.left());
        let limits = Limits { parsed_bytes, ..limits.clone() };
        Arc::new(Host::new(Arc::clone(&self.leased) as _, limits)).session(image)
    }

    /// The lease that would have been enough, if this one was not.
    pub(super) fn needs(&self) -> Option<u64> {
        let input = Some(self.needs.load(Ordering::Relaxed)).filter(|it| *it > 0);
        input.max(self.leased.needs())
    }

    /// What was taken so far, look-ups with all that is made of them.
    pub(super) fn used(&self) -> u64 {
        self.granted.saturating_sub(self.leased.left())
    }
}
