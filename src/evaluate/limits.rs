//! What one evaluation may spend. Beyond it, the component is undecided; its neighbours notice nothing.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use crate::rego::budget::{Budget, Clock};
use crate::rego::value::Value;

/// Steps of one evaluation, all entry points together: some hundred times what the largest known input needs, and some
/// minutes of one core.
const STEPS: u64 = 10_000_000_000;

/// Bytes that one evaluation may allocate besides its share of the input, all entry points together; not those held at
/// once. The released policies take some 30 MiB on a typical image.
const BYTES: u64 = 1 << 30;

/// Bytes that it may allocate for each part of the input (a scalar, a key, a collection). The released policies take
/// about a kilobyte for each package of a bill of materials, which has a dozen parts.
const BYTES_PER_PART: u64 = 1 << 10;

/// Time of one evaluation, waiting for the outside left out: as long as the Go tool gives a whole run by default. Steps
/// end earlier, unless a machine is overloaded.
const TIME: Duration = Duration::from_mins(5);

/// Nanoseconds since now.
pub(super) fn clock() -> Clock {
    let start = Instant::now();
    Arc::new(move || u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX))
}

/// The budget of an evaluation over this input, from now on.
pub(super) fn budget(input: &Value, clock: &Clock, cancelled: &Arc<AtomicBool>) -> Budget {
    let bytes = BYTES.saturating_add(u64::from(input.parts()).saturating_mul(BYTES_PER_PART));
    let time = u64::try_from(TIME.as_nanos()).unwrap_or(u64::MAX);
    Budget::new(STEPS, bytes)
        .with_deadline(Arc::clone(clock), clock().saturating_add(time))
        .with_cancellation(Arc::clone(cancelled))
}
