//! Requests under way, and what came of earlier ones.

use std::collections::HashMap;
use std::hash::Hash;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

use crate::model::{Digest, ImageRef, PinnedRef, Repository};
use crate::registry::{Cause, RegistryError, blob_object, manifest_object};

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

/// What is asked for, by a name that tells it to people.
pub(super) trait Key: Clone + Eq + Hash + Send + 'static {
    /// Who is asked, and for what.
    fn told(&self) -> (&str, String);
}

impl Key for ImageRef {
    fn told(&self) -> (&str, String) {
        (self.repository().registry(), manifest_object("GET", self))
    }
}

impl Key for PinnedRef {
    fn told(&self) -> (&str, String) {
        (self.repository.registry(), manifest_object("GET", &ImageRef::Pinned(self.clone())))
    }
}

impl Key for (Repository, Digest) {
    fn told(&self) -> (&str, String) {
        (self.0.registry(), blob_object(&self.0, &self.1))
    }
}

fn panicked(key: &impl Key) -> RegistryError {
    let (host, object) = key.told();
    RegistryError::new(host, object, Cause::Panicked)
}

impl<K: Key, V: Clone> Flights<K, V> {
    /// What came of an earlier request: an answer, or that there is none.
    pub(super) fn known(&self, key: &K) -> Option<Outcome<V>> {
        self.lock().known.get(key).cloned()
    }

    /// Joins the flight for the key, or starts it with `ask`; keeps its answer.
    pub(super) async fn fly(
        &self,
        key: &K,
        bound: u64,
        ask: impl Future<Output = Outcome<V>> + Send + 'static,
    ) -> Outcome<V> {
        // Left only when the answer is known, or somebody might ask again in between.
        let seat = self.seat(key, bound, ask);
        let outcome = match seat.outcome().await {
            Err(error) if !error.is_absent() => Err(error),
            // The first answer stays, so that a name means one thing for the whole run.
            outcome => self.lock().known.entry(key.clone()).or_insert(outcome).clone(),
        };
        drop(seat);
        outcome
    }

    /// The same, but only absence is kept.
    pub(super) async fn pass(
        &self,
        key: &K,
        bound: u64,
        ask: impl Future<Output = Outcome<V>> + Send + 'static,
    ) -> Outcome<V> {
        let seat = self.seat(key, bound, ask);
        let outcome = seat.outcome().await;
        if let Err(error) = &outcome
            && error.is_absent()
        {
            self.lock().known.insert(key.clone(), Err(error.clone()));
        }
        drop(seat);
        outcome
    }

    fn seat(
        &self,
        key: &K,
        bound: u64,
        ask: impl Future<Output = Outcome<V>> + Send + 'static,
    ) -> Seat<'_, K, V> {
        let flight = self.join(key, bound, ask);
        Seat { flights: self, key: (key.clone(), bound), flight: Some(flight) }
    }

    fn join(&self, key: &K, bound: u64, ask: impl Future<Output = Outcome<V>> + Send + 'static) -> Flight<V> {
        let start = || {
            let caught = AssertUnwindSafe(ask).catch_unwind();
            // A defect in one flight must not spread to those who share it.
            let key = key.clone();
            let outcome = caught.map(move |it| it.unwrap_or_else(|_| Err(panicked(&key))));
            outcome.boxed().shared()
        };
        self.lock().flying.entry((key.clone(), bound)).or_insert_with(start).clone()
    }

    fn lock(&self) -> MutexGuard<'_, State<K, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits for a flight. A flight ends with its answer, or when the last one who waited has left: what
/// nobody waits for moves no byte and must not hold a place at its host.
struct Seat<'a, K: Eq + Hash, V: Clone> {
    flights: &'a Flights<K, V>,
    key: (K, u64),
    /// There until this is dropped.
    flight: Option<Flight<V>>,
}

impl<K: Key, V: Clone> Seat<'_, K, V> {
    async fn outcome(&self) -> Outcome<V> {
        match &self.flight {
            Some(flight) => flight.clone().await,
            None => Err(panicked(&self.key.0)),
        }
    }
}

impl<K: Eq + Hash, V: Clone> Drop for Seat<'_, K, V> {
    fn drop(&mut self) {
        let Some(flight) = self.flight.take() else { return };
        let mut state = self.flights.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A later flight for the same key is not ours to end.
        if !state.flying.get(&self.key).is_some_and(|it| it.ptr_eq(&flight)) {
            return;
        }
        let landed = flight.peek().is_some();
        drop(flight);
        let alone = || state.flying.get(&self.key).and_then(Shared::strong_count) == Some(1);
        if landed || alone() {
            let ended = state.flying.remove(&self.key);
            drop(state);
            // What it was doing is given up outside the lock.
            drop(ended);
        }
    }
}
