//! How many requests one host is sent at once: fewer when it says that they are too many, more again as it answers,
//! none at all while it asks to be left alone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// Requests to one host at once, at most: registries are known to answer 429 beyond a few dozen.
pub(super) const WIDEST: usize = 16;

/// The way to one host.
#[derive(Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    /// Somebody may enter.
    turn: Notify,
}

struct State {
    /// Requests at once, at most; at least 1.
    width: usize,
    under_way: usize,
    /// Answers since the width last changed.
    answered: usize,
    /// Grows when the way is narrowed, so that one burst of refusals narrows it once.
    narrowed: u64,
    opens: Option<Instant>,
}

impl Default for State {
    fn default() -> Self {
        Self { width: WIDEST, under_way: 0, answered: 0, narrowed: 0, opens: None }
    }
}

/// The right to send one request and read its answer; given back when dropped.
pub(super) struct Entered {
    gate: Arc<Gate>,
    /// As it was on entering.
    narrowed: u64,
}

impl Gate {
    /// Waits until the host may be asked.
    pub(super) async fn enter(self: &Arc<Self>) -> Entered {
        loop {
            let mut turn = std::pin::pin!(self.turn.notified());
            // Whoever leaves from here on tells us, so that no turn is missed between looking and waiting.
            turn.as_mut().enable();
            let opens = {
                let mut state = self.lock();
                match state.opens.filter(|at| *at > Instant::now()) {
                    None if state.under_way < state.width => {
                        state.under_way += 1;
                        return Entered { gate: Arc::clone(self), narrowed: state.narrowed };
                    }
                    opens => opens,
                }
            };
            match opens {
                Some(at) => sleep_until(at).await,
                None => turn.await,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entered {
    /// The host answered like one that can bear more.
    pub(super) fn answered(&self) {
        let mut state = self.gate.lock();
        state.answered += 1;
        if state.answered >= state.width && state.width < WIDEST {
            state.width += 1;
            state.answered = 0;
            self.gate.turn.notify_one();
        }
    }

    /// The host said that it is asked too much.
    pub(super) fn refused(&self) {
        let mut state = self.gate.lock();
        state.answered = 0;
        if state.narrowed == self.narrowed {
            state.width = (state.width / 2).max(1);
            state.narrowed += 1;
        }
    }

    /// The host asked to be left alone for so long.
    pub(super) fn pause(&self, pause: Duration) {
        let mut state = self.gate.lock();
        state.opens = state.opens.max(Instant::now().checked_add(pause));
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.gate.lock().under_way -= 1;
        self.gate.turn.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn width(gate: &Gate) -> usize {
        gate.lock().width
    }

    #[tokio::test]
    async fn a_burst_of_refusals_narrows_the_way_once_and_it_never_closes() {
        let gate = Arc::new(Gate::default());
        let mut burst = Vec::new();
        for _ in 0..4 {
            burst.push(gate.enter().await);
        }
        burst.iter().for_each(Entered::refused);
        assert_eq!(width(&gate), WIDEST / 2);
        burst.clear();
        for _ in 0..9 {
            gate.enter().await.refused();
        }
        assert_eq!(width(&gate), 1);
    }

    #[tokio::test]
    async fn the_way_grows_back_by_one_for_each_round_of_answers() {
        let gate = Arc::new(Gate::default());
        for _ in 0..9 {
            gate.enter().await.refused();
        }
        for answers in 1..=WIDEST * WIDEST {
            gate.enter().await.answered();
            match answers {
                1 | 2 => assert_eq!(width(&gate), 2),
                3 => assert_eq!(width(&gate), 3),
                _ => {}
            }
        }
        assert_eq!(width(&gate), WIDEST);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_are_under_way_than_the_way_is_wide_and_all_come_through() {
        let gate = Arc::new(Gate::default());
        for _ in 0..2 {
            gate.enter().await.refused();
        }
        let most = Arc::new(Mutex::new((0, 0)));
        let mut tasks = Vec::new();
        for _ in 0..40 {
            let (gate, most) = (Arc::clone(&gate), Arc::clone(&most));
            tasks.push(tokio::spawn(async move {
                let _entered = gate.enter().await;
                {
                    let mut most = most.lock().unwrap();
                    most.0 += 1;
                    most.1 = most.1.max(most.0);
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
                most.lock().unwrap().0 -= 1;
            }));
        }
        // Who gives up while waiting, or on the way, takes nobody's turn.
        tasks.remove(39).abort();
        tasks.remove(0).abort();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(most.lock().unwrap().1, WIDEST / 4);
        assert_eq!(gate.lock().under_way, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_asks_a_host_that_wants_to_be_left_alone() {
        let gate = Arc::new(Gate::default());
        let start = Instant::now();
        let (first, second) = (gate.enter().await, gate.enter().await);
        first.pause(Duration::from_secs(7));
        // A shorter wish does not cut the longer one.
        second.pause(Duration::from_secs(2));
        drop((first, second));
        drop(gate.enter().await);
        assert_eq!(start.elapsed().as_secs(), 7);
    }
}
