//! What one evaluation may spend. Beyond it, the component is undecided; its neighbours notice nothing.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use crate::rego::budget::{Budget, Clock};
use crate::rego::value::Value;

/// What one evaluation may spend, all entry points together. What all components share is evaluated under the same
/// bounds, once.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Steps: turns of loops, items looked at. Some tens of nanoseconds each.
    pub steps: u64,
    /// Bytes that may be allocated, whether they are held or not.
    pub bytes: u64,
    /// Bytes more for each part of the input: a scalar, a key, a collection.
    pub bytes_per_part: u64,
    /// Time, waiting for the outside left out.
    pub time: Duration,
}

/// Steps: some hundred times what the largest known input needs; some minutes of one core. Bytes: the released policies
/// take 2 MB on a typical image and some 2 KB for each package of a bill of materials, which has some forty parts
/// (`benches/engine.rs`). Time: as long as the Go tool gives a whole run by default; steps end earlier unless a machine is overloaded.
impl Default for Bounds {
    fn default() -> Self {
        Self { steps: 10_000_000_000, bytes: 1 << 30, bytes_per_part: 1 << 10, time: Duration::from_mins(5) }
    }
}

impl Bounds {
    /// Bytes that an evaluation over this input may allocate.
    pub(super) fn bytes_for(&self, input: &Value) -> u64 {
        self.bytes.saturating_add(u64::from(input.parts()).saturating_mul(self.bytes_per_part))
    }

    /// The budget of an evaluation over this input, from now on.
    pub(super) fn budget(&self, input: &Value, clock: &Clock, cancelled: &Arc<AtomicBool>) -> Budget {
        let bytes = self.bytes_for(input);
        let time = u64::try_from(self.time.as_nanos()).unwrap_or(u64::MAX);
        Budget::new(self.steps, bytes)
            .with_deadline(Arc::clone(clock), clock().saturating_add(time))
            .with_cancellation(Arc::clone(cancelled))
    }
}

/// Nanoseconds since now.
pub(super) fn clock() -> Clock {
    let start = Instant::now();
    Arc::new(move || u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX))
}
