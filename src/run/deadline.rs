//! When a run must end, whether somebody asked it to, and how long one component may take.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use crate::model::{FailureKind, failure::StageError};

/// The share of the run's time that is kept for writing the report: one of so many.
const KEPT_SHARE: u32 = 20;

/// What is kept is not longer than this: the largest report takes less.
const KEPT_AT_MOST: Duration = Duration::from_secs(5);

/// A deadline and a cancellation, shared by the tasks of a run.
#[derive(Clone, Debug)]
pub struct Deadline {
    times: Option<Times>,
    cancelled: watch::Receiver<bool>,
}

#[derive(Clone, Copy, Debug)]
struct Times {
    timeout: Duration,
    /// No component begins after this: it would be given up before it is decided.
    closing: Instant,
    /// What is not decided by then is given up.
    end: Instant,
}

/// Ends a run from outside.
#[derive(Debug)]
pub struct Canceller {
    sender: watch::Sender<bool>,
}

impl Canceller {
    /// Ends the run: what is not decided stays undecided, and the report is written.
    pub fn cancel(&self) {
        // Nobody listens once the run is over.
        let _ = self.sender.send(true);
    }
}

impl Deadline {
    /// Counts from now; `None` is no deadline. Work ends a little earlier, so that the report is there in time.
    pub fn new(timeout: Option<Duration>) -> (Self, Canceller) {
        let (sender, cancelled) = watch::channel(false);
        let now = Instant::now();
        let times = timeout.and_then(|timeout| {
            let kept = (timeout / KEPT_SHARE).min(KEPT_AT_MOST);
            let end = now.checked_add(timeout.saturating_sub(kept))?;
            // As long again: less than that decides no component.
            let closing = end.checked_sub(kept).unwrap_or(now);
            Some(Times { timeout, closing, end })
        });
        (Self { times, cancelled }, Canceller { sender })
    }

    /// The work's answer, or why it was given up.
    ///
    /// # Errors
    /// [`FailureKind::TimedOut`] or [`FailureKind::Cancelled`].
    pub async fn bound<T>(&self, work: impl Future<Output = T>) -> Result<T, StageError> {
        self.until(self.times.map(|it| it.end), work).await
    }

    /// The same for the admission of components, which stops earlier.
    ///
    /// # Errors
    /// [`FailureKind::TimedOut`] or [`FailureKind::Cancelled`].
    pub async fn admit<T>(&self, turn: impl Future<Output = T>) -> Result<T, StageError> {
        self.until(self.times.map(|it| it.closing), turn).await
    }

    async fn until<T>(&self, end: Option<Instant>, work: impl Future<Output = T>) -> Result<T, StageError> {
        let mut cancelled = self.cancelled.clone();
        let passed = async {
            match end {
                Some(end) => sleep_until(end).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            // A sender that is gone can no longer cancel.
            Ok(_) = cancelled.wait_for(|it| *it) => {
                Err(StageError::new(FailureKind::Cancelled, "the run was ended before this was decided"))
            }
            () = passed => {
                let seconds = self.times.map_or(0.0, |it| it.timeout.as_secs_f64());
                let message =
                    format!("the run's deadline of {seconds} s came before this was decided (--timeout)");
                Err(StageError::new(FailureKind::TimedOut, message))
            }
            answer = work => Ok(answer),
        }
    }
}

/// The time of one component; while it waits for others it stands still.
#[derive(Debug)]
pub(super) struct Stopwatch {
    limit: Option<Duration>,
    used: Duration,
}

impl Stopwatch {
    /// `None` is no bound.
    pub(super) fn new(limit: Option<Duration>) -> Self {
        Self { limit, used: Duration::ZERO }
    }

    /// The work's answer, or that the component's time is over.
    ///
    /// # Errors
    /// [`FailureKind::TimedOut`].
    pub(super) async fn bound<T>(&mut self, work: impl Future<Output = T>) -> Result<T, StageError> {
        let Some(limit) = self.limit else { return Ok(work.await) };
        let start = Instant::now();
        let answer = timeout(limit.saturating_sub(self.used), work).await;
        self.used += start.elapsed();
        answer.map_err(|_| {
            let seconds = limit.as_secs_f64();
            let message = format!("not decided within the {seconds} s of a component (--component-timeout)");
            StageError::new(FailureKind::TimedOut, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_that_is_not_done_in_time_is_given_up_with_time_left_for_the_report() {
        for (timeout, admitted, worked) in
            [(100_000, 90_000, 95_000), (600_000, 590_000, 595_000), (300, 270, 285)]
        {
            let start = Instant::now();
            let (deadline, _canceller) = Deadline::new(Some(Duration::from_millis(timeout)));
            let closed = deadline.admit(std::future::pending::<()>()).await.unwrap_err();
            assert_eq!(start.elapsed().as_millis(), admitted);
            assert_eq!(deadline.bound(async { 1 }).await, Ok(1), "what runs goes on");
            let ended = deadline.bound(std::future::pending::<()>()).await.unwrap_err();
            assert_eq!(start.elapsed().as_millis(), worked);
            assert_eq!((closed.kind, ended.kind), (FailureKind::TimedOut, FailureKind::TimedOut));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_component_is_not_charged_for_waiting() {
        let second = || tokio::time::sleep(Duration::from_secs(1));
        let mut watch = Stopwatch::new(Some(Duration::from_millis(2500)));
        for _ in 0..2 {
            watch.bound(second()).await.unwrap();
            tokio::time::sleep(Duration::from_hours(1)).await;
        }
        let start = Instant::now();
        let error = watch.bound(second()).await.unwrap_err();
        assert_eq!((error.kind, start.elapsed().as_millis()), (FailureKind::TimedOut, 500));
    }

    #[tokio::test]
    async fn a_cancelled_run_decides_nothing_more() {
        let (deadline, canceller) = Deadline::new(None);
        assert_eq!(deadline.bound(async { 1 }).await, Ok(1));
        canceller.cancel();
        let error = deadline.bound(async { 1 }).await.unwrap_err();
        assert_eq!(error.kind, FailureKind::Cancelled);
    }
}
