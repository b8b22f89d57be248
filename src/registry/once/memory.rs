//! Blobs by digest, manifests by reference, within a bound; what nobody has asked for the longest makes room.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

pub(super) struct Memory<K, V> {
    cap: u64,
    state: Mutex<State<K, V>>,
}

struct State<K, V> {
    things: HashMap<K, Kept<V>>,
    /// By when they were last asked for.
    order: BTreeMap<u64, K>,
    /// Counts what was asked for.
    clock: u64,
    bytes: u64,
    evicted: u64,
}

struct Kept<V> {
    thing: V,
    size: u64,
    asked: u64,
}

impl<K: Clone + Eq + Hash, V: Clone> Memory<K, V> {
    pub(super) fn new(cap: u64) -> Self {
        let (things, order) = (HashMap::new(), BTreeMap::new());
        Self { cap, state: Mutex::new(State { things, order, clock: 0, bytes: 0, evicted: 0 }) }
    }

    pub(super) fn get(&self, key: &K) -> Option<V> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).get(key)
    }

    /// What would take more than a quarter of the room is not worth it.
    pub(super) fn put(&self, key: K, thing: &V, size: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.get(&key).is_some() {
            return;
        }
        if size > self.cap / 4 {
            state.evicted += 1;
            return;
        }
        let asked = state.tick();
        state.order.insert(asked, key.clone());
        state.things.insert(key, Kept { thing: thing.clone(), size, asked });
        state.bytes += size;
        while state.bytes > self.cap {
            let Some((_, oldest)) = state.order.pop_first() else { break };
            let freed = state.things.remove(&oldest).map_or(0, |it| it.size);
            state.bytes = state.bytes.saturating_sub(freed);
            state.evicted += 1;
        }
    }

    /// Things that were read and are not kept any more, or never were.
    pub(super) fn evicted(&self) -> u64 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).evicted
    }
}

impl<K: Clone + Eq + Hash, V: Clone> State<K, V> {
    fn get(&mut self, key: &K) -> Option<V> {
        let now = self.tick();
        let kept = self.things.get_mut(key)?;
        self.order.remove(&kept.asked);
        self.order.insert(now, key.clone());
        kept.asked = now;
        Some(kept.thing.clone())
    }

    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::model::Digest;

    fn blob(fill: u8, size: usize) -> (Digest, Bytes) {
        let bytes = Bytes::from(vec![fill; size]);
        (Digest::of(&bytes), bytes)
    }

    #[test]
    fn what_was_not_asked_for_the_longest_makes_room_and_the_bound_holds() {
        let memory = Memory::new(100);
        let blobs: Vec<_> = (0..7).map(|it| blob(it, 20)).collect();
        for (digest, bytes) in &blobs {
            memory.put(*digest, bytes, 20);
            // The base image of all.
            assert!(memory.get(&blobs[0].0).is_some());
        }
        let kept: Vec<_> = blobs.iter().map(|(digest, _)| memory.get(digest).is_some()).collect();
        assert_eq!(kept, [true, false, false, true, true, true, true]);
        assert_eq!(memory.evicted(), 2);
    }

    #[test]
    fn what_would_crowd_out_the_others_is_not_kept() {
        let memory = Memory::new(100);
        let (digest, bytes) = blob(0, 26);
        memory.put(digest, &bytes, 26);
        assert_eq!(memory.get(&digest), None);
        assert_eq!(memory.evicted(), 1);
    }
}
