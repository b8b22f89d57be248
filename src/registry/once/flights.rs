//! Requests under way, and what came of earlier ones.

use std::collections::HashMap;
use std::hash::Hash;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

use crate::registry::{Cause, RegistryError};

type Outcome<V> = Result<V, RegistryError>;
type Flight<V> = Shared<BoxFuture<'static, Outcome<V>>>;

/// By key; a flight also by its bound, since who allows more must not get the error of who allows less.
pub(super) struct Flights<K, V: Clone>(Mutex<State<K, V>>);

struct State<K, V: Clone> {
    known: HashMap<K, Outcome<V>>,
    flying: HashMap<(K, u64), Flight<V>>,
}

impl<K, V: Clone> Default for Flights<K, V> {
    fn default() -> Self {
        Self(Mutex::new(State { known: HashMap::new(), flying: HashMap::new() }))
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Flights<K, V> {
    /// What came of an earlier request: an answer, or that there is none.
    pub(super) fn known(&self, key: &K) -> Option<Outcome<V>> {
        self.lock().known.get(key).cloned()
    }

    /// Notes an answer that was not asked for under this key.
    pub(super) fn keep(&self, key: K, value: &V) {
        self.lock().known.insert(key, Ok(value.clone()));
    }

    /// Joins the flight for the key, or starts it with `ask`; keeps its answer.
    pub(super) async fn fly(
        &self,
        key: &K,
        bound: u64,
        ask: impl Future<Output = Outcome<V>> + Send + 'static,
    ) -> Outcome<V> {
        let flight = self.join(key, bound, ask);
        let outcome = flight.clone().await;
        let mut state = self.land(key, bound, &flight);
        match outcome {
            Err(error) if !error.is_absent() => Err(error),
            // The first answer stays, so that a name means one thing for the whole run.
            outcome => state.known.entry(key.clone()).or_insert(outcome).clone(),
        }
    }

    /// The same, but only absence is kept.
    pub(super) async fn pass(
        &self,
        key: &K,
        bound: u64,
        ask: impl Future<Output = Outcome<V>> + Send + 'static,
    ) -> Outcome<V> {
        let flight = self.join(key, bound, ask);
        let outcome = flight.clone().await;
        let mut state = self.land(key, bound, &flight);
        if let Err(error) = &outcome
            && error.is_absent()
        {
            state.known.insert(key.clone(), Err(error.clone()));
        }
        outcome
    }

    fn join(&self, key: &K, bound: u64, ask: impl Future<Output = Outcome<V>> + Send + 'static) -> Flight<V> {
        let start = || {
            let caught = AssertUnwindSafe(ask).catch_unwind();
            // A defect in one flight must not spread to those who share it.
            let outcome =
                caught.map(|it| it.unwrap_or_else(|_| Err(RegistryError::new("", "", Cause::Cancelled))));
            outcome.boxed().shared()
        };
        self.lock().flying.entry((key.clone(), bound)).or_insert_with(start).clone()
    }

    /// Ends this flight, but no later one for the same key.
    fn land(&self, key: &K, bound: u64, flight: &Flight<V>) -> MutexGuard<'_, State<K, V>> {
        let mut state = self.lock();
        let key = (key.clone(), bound);
        if state.flying.get(&key).is_some_and(|it| it.ptr_eq(flight)) {
            state.flying.remove(&key);
        }
        state
    }

    fn lock(&self) -> MutexGuard<'_, State<K, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
