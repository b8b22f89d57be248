//! The run's budget of memory. A component takes a lease for all that it will hold before it reads its first body; who
//! came first is served first, and nobody waits for more while holding something, so nobody waits for ever.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Bytes, of which no more than these are lent at any time.
pub(super) struct Admission {
    state: Mutex<State>,
}

struct State {
    /// All but what is kept for good.
    total: u64,
    free: u64,
    turns: u64,
    queue: BTreeMap<(Rank, u64), Waiting>,
}

struct Waiting {
    bytes: u64,
    sender: oneshot::Sender<Lease>,
}

/// Whose turn it is, before the order of asking.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Rank {
    /// Who gave everything back to begin again with more.
    Again,
    /// Everybody else.
    First,
}

/// Borrowed bytes, given back when dropped.
pub(super) struct Lease {
    admission: Arc<Admission>,
    bytes: AtomicU64,
}

/// More than there is; or the run is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Beyond;

impl Admission {
    pub(super) fn new(total: u64) -> Arc<Self> {
        let state = State { total, free: total, turns: 0, queue: BTreeMap::new() };
        Arc::new(Self { state: Mutex::new(state) })
    }

    /// All that can be lent.
    pub(super) fn total(&self) -> u64 {
        self.lock().total
    }

    /// Waits for so many bytes.
    ///
    /// # Errors
    /// [`Beyond`] where there are never so many.
    pub(super) async fn lease(self: &Arc<Self>, rank: Rank, bytes: u64) -> Result<Lease, Beyond> {
        // Dropped last, so that who waits behind somebody who gives up is seen to.
        let _leaving = Leaving(self);
        let (sender, receiver) = oneshot::channel();
        {
            let mut state = self.lock();
            let turn = state.turns;
            state.turns += 1;
            state.queue.insert((rank, turn), Waiting { bytes, sender });
        }
        self.serve();
        receiver.await.map_err(|_| Beyond)
    }

    /// Lends to those at the head of the queue as long as there is enough for the first.
    fn serve(self: &Arc<Self>) {
        let mut state = self.lock();
        while let Some((turn, waiting)) = state.queue.pop_first() {
            // Who never gets so many is told by the end of the channel.
            if waiting.sender.is_closed() || waiting.bytes > state.total {
                continue;
            }
            if waiting.bytes > state.free {
                state.queue.insert(turn, waiting);
                return;
            }
            let lease = Lease { admission: Arc::clone(self), bytes: AtomicU64::new(waiting.bytes) };
            state.free -= waiting.bytes;
            if let Err(mut lease) = waiting.sender.send(lease) {
                state.free += std::mem::take(lease.bytes.get_mut());
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Adds bytes that are free at this moment and that nobody waits for: who came first is not overtaken, and nobody
    /// waits while holding something.
    pub(super) fn grow(&self, more: u64) -> bool {
        let mut state = self.admission.lock();
        let waited_for = state.queue.values().any(|it| !it.sender.is_closed());
        if waited_for || more > state.free {
            return false;
        }
        state.free -= more;
        self.bytes.fetch_add(more, Ordering::Relaxed);
        true
    }

    /// Keeps so many of the bytes for the rest of the run: they are nobody's any more.
    pub(super) fn keep(&self, bytes: u64) {
        let mut state = self.admission.lock();
        let kept = bytes.min(self.bytes());
        state.total -= kept;
        self.bytes.fetch_sub(kept, Ordering::Relaxed);
        drop(state);
        self.admission.serve();
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Nothing is left of one that could not be handed over, and its lender is busy.
        let bytes = self.bytes();
        if bytes > 0 {
            self.admission.lock().free += bytes;
            self.admission.serve();
        }
    }
}

struct Leaving<'a>(&'a Arc<Admission>);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.serve();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn ready<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> Option<T> {
        match future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
            std::task::Poll::Ready(it) => Some(it),
            std::task::Poll::Pending => None,
        }
    }

    #[tokio::test]
    async fn who_came_first_is_served_first_and_who_begins_again_before_all() {
        let admission = Admission::new(10);
        let all = admission.lease(Rank::First, 10).await.unwrap();
        let mut large = Box::pin(admission.lease(Rank::First, 8));
        let mut small = Box::pin(admission.lease(Rank::First, 2));
        let mut again = Box::pin(admission.lease(Rank::Again, 9));
        assert!(ready(large.as_mut()).is_none() && ready(small.as_mut()).is_none());
        assert!(ready(again.as_mut()).is_none());
        drop(all);
        let again = ready(again.as_mut()).unwrap().unwrap();
        assert!(ready(large.as_mut()).is_none() && ready(small.as_mut()).is_none(), "nobody overtakes");
        drop(again);
        let large = ready(large.as_mut()).unwrap();
        assert!(ready(small.as_mut()).unwrap().is_ok() && large.is_ok());
    }

    #[tokio::test]
    async fn who_gives_up_holds_nobody_up() {
        let admission = Admission::new(10);
        let half = admission.lease(Rank::First, 5).await.unwrap();
        let mut large = Box::pin(admission.lease(Rank::First, 10));
        let mut small = Box::pin(admission.lease(Rank::First, 5));
        assert!(ready(large.as_mut()).is_none() && ready(small.as_mut()).is_none());
        drop(large);
        assert!(ready(small.as_mut()).is_some());
        drop((half, small));
        assert_eq!(admission.lock().free, 10);
    }

    #[tokio::test]
    async fn more_than_there_is_is_refused_at_once() {
        let admission = Admission::new(10);
        assert!(admission.lease(Rank::First, 11).await.is_err());
        assert_eq!(admission.lease(Rank::First, 10).await.unwrap().bytes(), 10);
    }

    #[tokio::test]
    async fn a_lease_grows_by_what_is_free_and_never_past_who_waits() {
        let admission = Admission::new(10);
        let lease = admission.lease(Rank::First, 4).await.unwrap();
        assert!(lease.grow(3) && !lease.grow(4));
        let mut waiting = Box::pin(admission.lease(Rank::First, 5));
        assert!(ready(waiting.as_mut()).is_none());
        assert!(!lease.grow(1), "three are free and somebody waits");
        drop(waiting);
        assert!(lease.grow(1), "who gave up does not count");
        assert_eq!((lease.bytes(), admission.lock().free), (8, 2));
        drop(lease);
        assert_eq!(admission.lock().free, 10);
    }

    #[tokio::test]
    async fn what_is_kept_is_nobodys_and_who_waits_for_more_than_the_rest_is_told() {
        let admission = Admission::new(10);
        let lease = admission.lease(Rank::First, 6).await.unwrap();
        let mut large = Box::pin(admission.lease(Rank::First, 9));
        let mut small = Box::pin(admission.lease(Rank::First, 4));
        assert!(ready(large.as_mut()).is_none() && ready(small.as_mut()).is_none());
        lease.keep(2);
        assert!(ready(large.as_mut()).unwrap().is_err());
        assert!(ready(small.as_mut()).unwrap().is_ok());
        drop((lease, small));
        assert_eq!((admission.total(), admission.lock().free), (8, 8));
        assert!(admission.lease(Rank::First, 9).await.is_err());
    }

    /// Bytes, by how much it wants to grow, when it comes, how long it holds, and when it gives up.
    type Visit = (u64, u64, u64, u64, Option<u64>);

    async fn visits(visits: Vec<Visit>) {
        let admission = Admission::new(100);
        let most = Arc::new(Mutex::new((0_u64, 0_u64)));
        let tasks: Vec<_> = visits
            .into_iter()
            .map(|(bytes, more, comes, holds, patience)| {
                let (admission, most) = (Arc::clone(&admission), Arc::clone(&most));
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(comes)).await;
                    let rank = if bytes % 7 == 0 { Rank::Again } else { Rank::First };
                    let visit = async {
                        let lease = admission.lease(rank, bytes).await;
                        let Ok(lease) = lease else { return };
                        let holds_more = |bytes: u64| {
                            let mut most = most.lock().unwrap();
                            most.0 += bytes;
                            most.1 = most.1.max(most.0);
                        };
                        holds_more(bytes);
                        tokio::time::sleep(Duration::from_millis(holds)).await;
                        if lease.grow(more) {
                            holds_more(more);
                        }
                        tokio::time::sleep(Duration::from_millis(holds)).await;
                        most.lock().unwrap().0 -= lease.bytes();
                    };
                    match patience {
                        // Only who waits gives up here: the count above knows nothing of the others.
                        Some(patience) => {
                            let waited = tokio::time::timeout(
                                Duration::from_millis(patience),
                                admission.lease(rank, bytes),
                            );
                            drop(waited.await);
                        }
                        None => visit.await,
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert!(most.lock().unwrap().1 <= 100);
        assert_eq!(admission.lock().free, 100);
        assert!(admission.lock().queue.is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn admission_never_exceeds_its_budget_and_always_drains(
            all in proptest::collection::vec(
                (1_u64..120, 0_u64..60, 0_u64..50, 0_u64..20, proptest::option::of(0_u64..30)), 1..40
            )
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap();
            runtime.block_on(visits(all));
        }
    }
}
