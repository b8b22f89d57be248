//! When a request is made again, and how long to wait before it.

use std::time::Duration;

use crate::registry::Cause;

/// Exponential back-off with a cap; the `--retry-*` flags of the command line.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Tries beyond the first.
    pub retries: u32,
    /// The first wait.
    pub base: Duration,
    /// What each further wait is multiplied by.
    pub factor: f64,
    /// The share of a wait that chance may add or take away, 0 to 1.
    pub jitter: f64,
    /// No wait of our own is longer.
    pub max_wait: Duration,
    /// No wait that a registry asks for is longer; beyond it we give up at once.
    pub max_retry_after: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            retries: 3,
            base: Duration::from_secs(1),
            factor: 2.0,
            jitter: 0.1,
            max_wait: Duration::from_secs(3),
            max_retry_after: Duration::from_secs(30),
        }
    }
}

impl RetryPolicy {
    /// How long to wait after try number `attempt` (from 1) ended with `cause`; nothing where no further try is made.
    /// `chance` is between -1 and 1.
    pub(super) fn wait(&self, attempt: u32, cause: &Cause, chance: f64) -> Option<Duration> {
        if attempt > self.retries {
            return None;
        }
        let asked = match cause {
            Cause::Unavailable { retry_after, .. } => *retry_after,
            Cause::Connection(_) | Cause::TimedOut(_) => None,
            _ => return None,
        };
        if let Some(asked) = asked {
            return (asked <= self.max_retry_after).then_some(asked);
        }
        let doublings = i32::try_from(attempt - 1).unwrap_or(i32::MAX);
        let seconds = self.base.as_secs_f64() * self.factor.powi(doublings) * (1.0 + self.jitter * chance);
        let capped = seconds.min(self.max_wait.as_secs_f64());
        Some(Duration::try_from_secs_f64(capped).unwrap_or(self.max_wait))
    }
}

/// Makes a request until it succeeds, fails for good, or was tried often enough. Returns the number of tries too.
pub(super) async fn retrying<T, F: Future<Output = Result<T, Cause>>>(
    policy: &RetryPolicy,
    mut request: impl FnMut() -> F,
) -> (Result<T, Cause>, u32) {
    let mut attempt = 1;
    loop {
        let answer = request().await;
        let wait = match &answer {
            Ok(_) => None,
            Err(cause) => policy.wait(attempt, cause, chance()),
        };
        let Some(wait) = wait else { return (answer, attempt) };
        tokio::time::sleep(wait).await;
        attempt += 1;
    }
}

/// Between -1 and 1. Spreads the tries of many processes; decides nothing.
fn chance() -> f64 {
    let mut bytes = [0; 2];
    if aws_lc_rs::rand::fill(&mut bytes).is_err() {
        return 0.0;
    }
    f64::from(u16::from_le_bytes(bytes)) / f64::from(u16::MAX) * 2.0 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unavailable(retry_after: Option<u64>) -> Cause {
        Cause::Unavailable {
            status: 503,
            retry_after: retry_after.map(Duration::from_secs),
            code: String::new(),
        }
    }

    async fn run(policy: &RetryPolicy, causes: Vec<Cause>) -> (Result<(), Cause>, u32, Duration) {
        let start = tokio::time::Instant::now();
        let mut causes = causes.into_iter();
        let (answer, attempts) =
            retrying(policy, || std::future::ready(causes.next().map_or(Ok(()), Err))).await;
        (answer, attempts, start.elapsed())
    }

    fn exact() -> RetryPolicy {
        RetryPolicy { jitter: 0.0, ..RetryPolicy::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn waits_double_up_to_the_cap() {
        let (answer, attempts, waited) = run(&exact(), vec![unavailable(None); 3]).await;
        assert_eq!((answer, attempts, waited.as_secs()), (Ok(()), 4, 1 + 2 + 3));
    }

    #[tokio::test(start_paused = true)]
    async fn threat_42_a_failure_that_stays_is_reported_after_the_last_try() {
        let (answer, attempts, _) = run(&exact(), vec![unavailable(None); 9]).await;
        assert_eq!((answer, attempts), (Err(unavailable(None)), 4));
    }

    #[tokio::test(start_paused = true)]
    async fn threat_42_retry_after_is_honoured_and_capped() {
        let (answer, attempts, waited) = run(&exact(), vec![unavailable(Some(7))]).await;
        assert_eq!((answer, attempts, waited.as_secs()), (Ok(()), 2, 7));
        let (answer, attempts, waited) = run(&exact(), vec![unavailable(Some(3600))]).await;
        assert_eq!((answer, attempts, waited.as_secs()), (Err(unavailable(Some(3600))), 1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn what_will_not_change_is_not_asked_again() {
        for cause in [
            Cause::Absent,
            Cause::Malformed(String::new()),
            Cause::TooLarge { cap: 1 },
            Cause::Certificate(String::new()),
            Cause::Refused { status: 418, code: String::new() },
        ] {
            let (answer, attempts, _) = run(&exact(), vec![cause.clone()]).await;
            assert_eq!((answer, attempts), (Err(cause), 1));
        }
    }

    #[test]
    fn chance_moves_a_wait_by_its_share_and_never_beyond_the_cap() {
        let policy = RetryPolicy::default();
        let wait = |attempt, chance| policy.wait(attempt, &unavailable(None), chance).unwrap().as_millis();
        assert_eq!((wait(1, -1.0), wait(1, 1.0), wait(3, 1.0)), (900, 1100, 3000));
    }
}
