//! Measures an evaluation by doing it again and again, and shows the figures as Go's benchmarks do.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::statistics::Statistics;

/// How long one measurement goes on, as in Go.
const LENGTH: Duration = Duration::from_secs(1);

/// At most so many samples are kept; of a faster evaluation the rest is only counted.
const MAX_SAMPLES: usize = 1 << 20;

/// What was measured.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    /// How often it was done.
    pub(super) rounds: u64,
    pub(super) total: Duration,
    /// Bytes that the evaluations drew from their budgets.
    pub(super) bytes: u64,
    pub(super) statistics: Statistics,
}

/// Does it until a second is over, once beforehand without counting. Each time it says how many bytes it drew.
pub(super) fn measure<E>(mut once: impl FnMut() -> Result<u64, E>) -> Result<Measured, E> {
    once()?;
    let mut samples = Vec::new();
    let (mut rounds, mut total, mut bytes) = (0, Duration::ZERO, 0_u64);
    while total < LENGTH {
        let started = Instant::now();
        let drawn = once()?;
        let took = started.elapsed();
        rounds += 1;
        total += took;
        bytes = bytes.saturating_add(drawn);
        if samples.len() < MAX_SAMPLES {
            samples.push(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
        }
    }
    Ok(Measured { rounds, total, bytes, statistics: Statistics::of(samples) })
}

impl Measured {
    #[allow(clippy::cast_precision_loss, reason = "a second has 10^9 nanoseconds")]
    pub(super) fn ns_per_round(&self) -> f64 {
        self.total.as_nanos() as f64 / self.rounds as f64
    }

    pub(super) fn bytes_per_round(&self) -> u64 {
        self.bytes / self.rounds.max(1)
    }

    /// How often, how long each time in nanoseconds, and what else is known; tabs between them.
    pub(super) fn line(&self, extra: &[(String, f64)], memory: Memory) -> String {
        let mut line = format!("{:8}\t{} ns/op", self.rounds, figure(self.ns_per_round()));
        for (name, value) in extra {
            let _ = write!(line, "\t{} {name}", figure(*value));
        }
        if memory == Memory::Shown {
            let _ = write!(line, "\t{:8} B/op", self.bytes_per_round());
        }
        line
    }
}

/// Whether the bytes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// They are.
    Shown,
    /// They are not.
    Hidden,
}

/// Ten places before the point, and three digits of small numbers.
pub(super) fn figure(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || size >= 99.95 {
        format!("{value:10.0}")
    } else if size >= 9.995 {
        format!("{value:12.1}")
    } else if size >= 0.9995 {
        format!("{value:13.2}")
    } else if size >= 0.099_95 {
        format!("{value:14.3}")
    } else {
        format!("{value:15.4}")
    }
}
