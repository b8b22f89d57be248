//! The one bridge from async to computing: a job goes to the pool, its answer comes back through a oneshot.
//!
//! A tokio worker never computes, a pool thread never waits. A panic ends the job, not the process.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use crate::model::{FailureKind, failure::StageError};

/// Stack of a pool thread in bytes: depth-limited recursion (128 levels of JSON, printing of values) fits
/// many times over.
const STACK_BYTES: usize = 8 << 20;

/// The computing side: a fixed number of threads.
pub struct Cpu {
    pool: rayon::ThreadPool,
}

/// The pool's threads could not be started.
#[derive(Debug, thiserror::Error)]
#[error("cannot start the computing threads: {0}")]
pub struct NoThreads(#[from] rayon::ThreadPoolBuildError);

impl Cpu {
    /// A pool of `threads` threads.
    ///
    /// # Errors
    /// [`NoThreads`] where the system gives none.
    pub fn new(threads: usize) -> Result<Self, NoThreads> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .stack_size(STACK_BYTES)
            .thread_name(|n| format!("ec-cpu-{n}"))
            .build()?;
        Ok(Self { pool })
    }

    /// Runs `job` on the pool and waits for it without blocking. Skipped if nobody waits any more when its
    /// turn comes.
    ///
    /// # Errors
    /// [`FailureKind::Panicked`] with the panic's message.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, StageError> {
        let (sender, receiver) = oneshot::channel();
        self.pool.spawn(move || {
            if sender.is_closed() {
                return;
            }
            // The receiver may have gone meanwhile; then nobody wants the answer.
            let _ = sender.send(caught(job));
        });
        receiver.await.unwrap_or_else(|_| Err(panicked("the computing threads are gone")))
    }
}

/// Runs `job`, turning a panic into a failure.
///
/// # Errors
/// [`FailureKind::Panicked`] with the panic's message.
pub(crate) fn caught<T>(job: impl FnOnce() -> T) -> Result<T, StageError> {
    catch_unwind(AssertUnwindSafe(job)).map_err(|payload| panicked(message_of(payload.as_ref())))
}

fn panicked(message: &str) -> StageError {
    StageError::new(FailureKind::Panicked, format!("internal error: {message}"))
}

fn message_of(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_failure_of_its_job_alone() {
        let cpu = Cpu::new(1).unwrap();
        let failure = cpu.run(|| panic!("boom {}", 1)).await.map(|(): ()| ()).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Panicked);
        assert_eq!(failure.message, "internal error: boom 1");
        assert_eq!(cpu.run(|| 2).await, Ok(2));
    }

    fn started<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> bool {
        future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())).is_pending()
    }

    #[tokio::test]
    async fn a_job_that_nobody_waits_for_is_skipped() {
        let cpu = Cpu::new(1).unwrap();
        let (hold, until) = std::sync::mpsc::channel::<()>();
        let blocker = cpu.run(move || until.recv().ok());
        let ran = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let noticed = std::sync::Arc::clone(&ran);
        let mut blocker = Box::pin(blocker);
        assert!(started(blocker.as_mut()));
        {
            let mut given_up =
                Box::pin(cpu.run(move || noticed.store(true, std::sync::atomic::Ordering::SeqCst)));
            assert!(started(given_up.as_mut()));
        }
        hold.send(()).unwrap();
        blocker.await.unwrap();
        cpu.run(|| ()).await.unwrap();
        assert!(!ran.load(std::sync::atomic::Ordering::SeqCst));
    }
}
