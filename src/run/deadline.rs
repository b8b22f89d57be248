//! When a run must end, and whether somebody asked it to: one signal for everything that waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::model::{FailureKind, failure::StageError};

/// A deadline and a cancellation, shared by the tasks of a run.
#[derive(Clone, Debug)]
pub struct Deadline {
    timeout: Option<(Instant, Duration)>,
    cancelled: watch::Receiver<bool>,
    flag: Arc<AtomicBool>,
}

/// Ends a run from outside.
#[derive(Debug)]
pub struct Canceller {
    sender: watch::Sender<bool>,
    flag: Arc<AtomicBool>,
}

impl Canceller {
    /// Ends the run: what is not decided stays undecided, and the report is written.
    pub fn cancel(&self) {
        self.flag.store(true, Ordering::Relaxed);
        // Nobody listens once the run is over.
        let _ = self.sender.send(true);
    }
}

impl Deadline {
    /// Counts from now; `None` is no deadline.
    pub fn new(timeout: Option<Duration>) -> (Self, Canceller) {
        let (sender, cancelled) = watch::channel(false);
        let flag = Arc::new(AtomicBool::new(false));
        let deadline = timeout.map(|timeout| (Instant::now() + timeout, timeout));
        (Self { timeout: deadline, cancelled, flag: Arc::clone(&flag) }, Canceller { sender, flag })
    }

    /// Set once the run is to end: evaluations look at it.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.flag)
    }

    /// The work's answer, or why it was given up.
    ///
    /// # Errors
    /// [`FailureKind::TimedOut`] or [`FailureKind::Cancelled`].
    pub async fn bound<T>(&self, work: impl Future<Output = T>) -> Result<T, StageError> {
        let mut cancelled = self.cancelled.clone();
        tokio::select! {
            biased;
            // A sender that is gone can no longer cancel.
            Ok(_) = cancelled.wait_for(|it| *it) => {
                Err(StageError::new(FailureKind::Cancelled, "the run was ended before this was decided"))
            }
            error = self.passed() => Err(error),
            answer = work => Ok(answer),
        }
    }

    async fn passed(&self) -> StageError {
        match self.timeout {
            None => std::future::pending().await,
            Some((at, timeout)) => {
                tokio::time::sleep_until(at).await;
                self.flag.store(true, Ordering::Relaxed);
                let seconds = timeout.as_secs_f64();
                let message =
                    format!("the run's deadline of {seconds} s passed before this was decided (--timeout)");
                StageError::new(FailureKind::TimedOut, message)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_that_is_not_done_in_time_is_given_up_and_evaluations_are_told() {
        let (deadline, _canceller) = Deadline::new(Some(Duration::from_secs(5)));
        let error = deadline.bound(std::future::pending::<()>()).await.unwrap_err();
        assert_eq!(error.kind, FailureKind::TimedOut);
        assert!(deadline.flag().load(Ordering::Relaxed));
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
