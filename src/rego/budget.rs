//! What one evaluation may spend: steps, bytes, time.
//!
//! Everything that loops or that makes output in proportion to a number draws on the budget *before* it does so. What
//! is spent never comes back: the bytes are those allocated in the whole evaluation, not those held at once.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Steps between two looks at the clock and the cancellation flag. A step is some tens of nanoseconds, so a deadline is
/// noticed within a fraction of a millisecond.
const STEPS_BETWEEN_CHECKS: u64 = 4096;

/// What the clock of a budget says: nanoseconds since a start of its own, never going back.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// How much one evaluation may spend.
#[derive(Clone)]
pub struct Budget {
    steps: Purse,
    bytes: Purse,
    deadline: Option<Deadline>,
    cancelled: Option<Arc<AtomicBool>>,
    steps_to_check: u64,
}

#[derive(Clone, Copy, Debug)]
struct Purse {
    limit: u64,
    left: u64,
    /// Held back from what is tried, see [`Budget::lend`].
    aside: u64,
}

#[derive(Clone)]
struct Deadline {
    clock: Clock,
    at: u64,
}

/// The budget is spent; the evaluation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exceeded {
    /// More steps than allowed.
    #[error("the evaluation took more than {0} steps")]
    Steps(u64),
    /// More bytes than allowed.
    #[error("the evaluation allocated more than {0} bytes")]
    Bytes(u64),
    /// More calls open at once than allowed.
    #[error("the evaluation nests deeper than {0} calls")]
    Calls(usize),
    /// The deadline passed.
    #[error("the evaluation did not end before its deadline")]
    Deadline,
    /// Somebody asked it to stop.
    #[error("the evaluation was cancelled")]
    Cancelled,
    /// A value nests deeper, or has more parts, than values may.
    #[error("{}", super::value::TooDeep)]
    Depth,
}

impl From<super::value::TooDeep> for Exceeded {
    fn from(_: super::value::TooDeep) -> Self {
        Self::Depth
    }
}

impl Purse {
    const fn of(limit: u64) -> Self {
        Self { limit, left: limit, aside: 0 }
    }

    fn take(&mut self, amount: u64) -> Result<(), u64> {
        self.left = self.left.checked_sub(amount).ok_or(self.limit)?;
        Ok(())
    }

    fn spent(&self) -> u64 {
        self.limit - self.left - self.aside
    }

    fn lend(&mut self, amount: u64) {
        let lent = self.left.min(amount);
        self.aside += self.left - lent;
        self.left = lent;
    }

    fn settle(&mut self) {
        self.left += std::mem::take(&mut self.aside);
    }
}

impl Budget {
    /// So many steps and bytes, without a deadline.
    pub const fn new(steps: u64, bytes: u64) -> Self {
        Self {
            steps: Purse::of(steps),
            bytes: Purse::of(bytes),
            deadline: None,
            cancelled: None,
            steps_to_check: STEPS_BETWEEN_CHECKS,
        }
    }

    /// No bound at all: for tests and for what the user's own machine runs at their request.
    pub const fn unlimited() -> Self {
        Self::new(u64::MAX, u64::MAX)
    }

    /// The same, ending when `clock` says `at` nanoseconds.
    #[must_use]
    pub fn with_deadline(mut self, clock: Clock, at: u64) -> Self {
        self.deadline = Some(Deadline { clock, at });
        self
    }

    /// The same, ending when the flag is set.
    #[must_use]
    pub fn with_cancellation(mut self, flag: Arc<AtomicBool>) -> Self {
        self.cancelled = Some(flag);
        self
    }

    /// Draws steps: one for each turn of a loop, for each item looked at.
    ///
    /// # Errors
    /// [`Exceeded`], by steps, deadline or cancellation.
    #[inline]
    pub fn steps(&mut self, count: u64) -> Result<(), Exceeded> {
        self.steps.take(count).map_err(Exceeded::Steps)?;
        match self.steps_to_check.checked_sub(count) {
            Some(left) => {
                self.steps_to_check = left;
                Ok(())
            }
            None => self.check(),
        }
    }

    /// Draws bytes, before they are allocated.
    ///
    /// # Errors
    /// [`Exceeded::Bytes`].
    #[inline]
    pub fn bytes(&mut self, count: u64) -> Result<(), Exceeded> {
        self.bytes.take(count).map_err(Exceeded::Bytes)
    }

    /// Looks at the clock and the cancellation flag at once.
    ///
    /// # Errors
    /// [`Exceeded::Deadline`] or [`Exceeded::Cancelled`].
    pub fn check(&mut self) -> Result<(), Exceeded> {
        self.steps_to_check = STEPS_BETWEEN_CHECKS;
        if self.cancelled.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed)) {
            return Err(Exceeded::Cancelled);
        }
        if self.deadline.as_ref().is_some_and(|deadline| (deadline.clock)() >= deadline.at) {
            return Err(Exceeded::Deadline);
        }
        Ok(())
    }

    /// Moves the deadline: time spent waiting for the host does not count.
    pub fn extend_deadline(&mut self, nanoseconds: u64) {
        if let Some(deadline) = &mut self.deadline {
            deadline.at = deadline.at.saturating_add(nanoseconds);
        }
    }

    /// Sets how many bytes may still be spent. What was spent stays spent.
    pub fn set_bytes_left(&mut self, left: u64) {
        self.bytes.limit = (self.bytes.limit - self.bytes.left).saturating_add(left);
        self.bytes.left = left;
    }

    /// Lets no more than this be spent until [`Budget::settle`].
    pub(crate) fn lend(&mut self, steps: u64, bytes: u64) {
        self.steps.lend(steps);
        self.bytes.lend(bytes);
    }

    /// Ends what [`Budget::lend`] began. What was spent in between stays spent.
    pub(crate) fn settle(&mut self) {
        self.steps.settle();
        self.bytes.settle();
    }

    /// Whether this would be enough for what was spent elsewhere.
    pub(crate) fn covers(&self, steps: u64, bytes: u64) -> bool {
        steps < self.steps.limit && bytes < self.bytes.limit
    }

    /// Steps spent so far.
    pub fn steps_spent(&self) -> u64 {
        self.steps.spent()
    }

    /// Bytes spent so far.
    pub fn bytes_spent(&self) -> u64 {
        self.bytes.spent()
    }

    /// Bytes that may still be spent.
    pub fn bytes_left(&self) -> u64 {
        self.bytes.left
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let deadline = self.deadline.as_ref().map(|it| it.at);
        f.debug_struct("Budget")
            .field("steps", &self.steps)
            .field("bytes", &self.bytes)
            .field("deadline", &deadline)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;

    #[test]
    fn what_is_spent_does_not_come_back() {
        let mut budget = Budget::new(10, 100);
        assert_eq!(budget.steps(10), Ok(()));
        assert_eq!(budget.steps(1), Err(Exceeded::Steps(10)));
        assert_eq!(budget.bytes(101), Err(Exceeded::Bytes(100)));
        assert_eq!(budget.bytes(100), Ok(()));
        assert_eq!((budget.steps_spent(), budget.bytes_left()), (10, 0));
    }

    #[test]
    fn what_is_left_can_be_set_and_what_was_spent_stays() {
        let mut budget = Budget::new(10, 100);
        budget.bytes(60).unwrap();
        budget.set_bytes_left(10);
        assert_eq!((budget.bytes_spent(), budget.bytes(11)), (60, Err(Exceeded::Bytes(70))));
        budget.set_bytes_left(u64::MAX - 60);
        assert_eq!((budget.bytes_spent(), budget.bytes(1 << 40)), (60, Ok(())));
    }

    #[test]
    fn no_more_is_spent_than_was_lent_and_the_rest_comes_back() {
        let mut budget = Budget::new(100, 100);
        budget.lend(10, 20);
        assert_eq!((budget.steps(8), budget.bytes(20)), (Ok(()), Ok(())));
        assert!(budget.steps(3).is_err() && budget.bytes(1).is_err());
        assert_eq!((budget.steps_spent(), budget.bytes_spent()), (8, 20));
        budget.settle();
        assert_eq!((budget.steps(92), budget.bytes_left()), (Ok(()), 80));
        assert!(budget.steps(1).is_err());
    }

    #[test]
    fn a_deadline_is_noticed_while_stepping_and_can_be_extended() {
        let now = Arc::new(AtomicU64::new(0));
        let seen = now.clone();
        let clock: Clock = Arc::new(move || seen.load(Ordering::Relaxed));
        let mut budget = Budget::unlimited().with_deadline(clock, 50);
        now.store(60, Ordering::Relaxed);
        let steps = (0..=STEPS_BETWEEN_CHECKS).find(|_| budget.steps(1).is_err());
        assert_eq!(steps, Some(STEPS_BETWEEN_CHECKS));
        budget.extend_deadline(20);
        assert_eq!(budget.check(), Ok(()));
        now.store(70, Ordering::Relaxed);
        assert_eq!(budget.check(), Err(Exceeded::Deadline));
    }

    #[test]
    fn cancellation_ends_an_evaluation() {
        let flag = Arc::new(AtomicBool::new(false));
        let mut budget = Budget::unlimited().with_cancellation(flag.clone());
        assert_eq!(budget.steps(2 * STEPS_BETWEEN_CHECKS), Ok(()));
        flag.store(true, Ordering::Relaxed);
        assert_eq!(budget.steps(2 * STEPS_BETWEEN_CHECKS), Err(Exceeded::Cancelled));
    }
}
