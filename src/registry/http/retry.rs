//! When a request is made again, and how long to wait before it.

use std::sync::atomic::{AtomicU64, Ordering};
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
    /// Tries beyond the first of all requests of a run together: where everything fails, a run must not last for as
    /// long as its requests one after the other.
    pub budget: u64,
    /// Where chance comes from: processes with different seeds spread their tries, and the same seed always gives
    /// the same waits, whatever is asked at the same time.
    pub seed: u64,
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
            budget: 1000,
            seed: 0,
        }
    }
}

impl RetryPolicy {
    /// How long to wait after try number `attempt` (from 1) ended with `cause`; nothing where no further try is made.
    /// `chance` is between -1 and 1.
    pub(super) fn wait(&self, attempt: u32, cause: &Cause, chance: f64) -> Option<Duration> {
        if attempt > self.retries || !cause.is_tried_again() {
            return None;
        }
        if let Some(asked) = cause.retry_after() {
            return (asked <= self.max_retry_after).then_some(asked);
        }
        let doublings = i32::try_from(attempt - 1).unwrap_or(i32::MAX);
        let seconds = self.base.as_secs_f64() * self.factor.powi(doublings) * (1.0 + self.jitter * chance);
        let capped = seconds.min(self.max_wait.as_secs_f64());
        Some(Duration::try_from_secs_f64(capped).unwrap_or(self.max_wait))
    }
}

/// What a run has left to try again with.
#[derive(Debug)]
pub(super) struct Budget(AtomicU64);

impl Budget {
    pub(super) fn new(tries: u64) -> Self {
        Self(AtomicU64::new(tries))
    }

    /// One try; none where the budget is spent.
    fn take(&self) -> bool {
        let left = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if left == Ok(1) {
            tracing::warn!("no more requests are tried again: the retry budget of the run is spent");
        }
        left.is_ok()
    }
}

/// Makes a request for `object` until it succeeds, fails for good, or was tried often enough. Returns the number of
/// tries too.
pub(super) async fn retrying<T, F: Future<Output = Result<T, Cause>>>(
    policy: &RetryPolicy,
    budget: &Budget,
    object: &str,
    mut request: impl FnMut() -> F,
) -> (Result<T, Cause>, u32) {
    let mut attempt = 1;
    loop {
        let answer = request().await;
        let wait = match &answer {
            Ok(_) => None,
            Err(cause) => policy.wait(attempt, cause, chance(policy.seed, object, attempt)),
        };
        let Some(wait) = wait.filter(|_| budget.take()) else { return (answer, attempt) };
        tracing::debug!(object, attempt, ?wait, cause = %answer.err().map_or_else(String::new, |it| it.to_string()), "tried again");
        tokio::time::sleep(wait).await;
        attempt += 1;
    }
}

/// Between -1 and 1, from the bits of all three (FNV-1a, and the last steps of `MurmurHash3`: both in the public domain).
fn chance(seed: u64, object: &str, attempt: u32) -> f64 {
    let bytes = object.bytes().chain(attempt.to_le_bytes());
    let mut bits = bytes.fold(seed ^ 0xcbf2_9ce4_8422_2325, |bits, byte| {
        (bits ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    bits = (bits ^ (bits >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits = (bits ^ (bits >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    bits ^= bits >> 33;
    let top = u32::try_from(bits >> 32).unwrap_or(u32::MAX);
    f64::from(top) / f64::from(u32::MAX) * 2.0 - 1.0
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
        let budget = Budget::new(policy.budget);
        let mut causes = causes.into_iter();
        let request = || std::future::ready(causes.next().map_or(Ok(()), Err));
        let (answer, attempts) = retrying(policy, &budget, "GET x", request).await;
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
            Cause::TooLarge { cap: 1, size: None },
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

    #[test]
    fn the_same_seed_gives_the_same_waits_and_another_seed_others() {
        let waits = |seed| (1..=20).map(|it| chance(seed, "GET x", it).to_bits()).collect::<Vec<_>>();
        assert_eq!(waits(7), waits(7));
        assert_ne!(waits(7), waits(8));
        assert_ne!(chance(7, "GET x", 1).to_bits(), chance(7, "GET y", 1).to_bits());
    }

    #[test]
    fn chance_is_spread_evenly_and_stays_within_its_bounds() {
        let chances: Vec<f64> = (0..4000).map(|it| chance(1, &format!("GET blobs/sha256:{it}"), 1)).collect();
        assert!(chances.iter().all(|it| (-1.0..=1.0).contains(it)));
        for eighth in 0..8 {
            let from = -1.0 + 0.25 * f64::from(eighth);
            let within = chances.iter().filter(|it| (from..from + 0.25).contains(*it)).count();
            assert!((400..=600).contains(&within), "{within} from {from}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_spent_budget_ends_all_further_tries_at_once() {
        let budget = Budget::new(4);
        let mut all = Vec::new();
        for _ in 0..3 {
            let down = || std::future::ready(Err::<(), _>(unavailable(None)));
            all.push(retrying(&exact(), &budget, "GET x", down).await.1);
        }
        assert_eq!(all, [4, 2, 1]);
    }
}
