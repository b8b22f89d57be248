<<<<<<< HEAD
//! Blobs by digest, within a bound; what nobody has asked for the longest makes room.

use std::collections::{BTreeMap, HashMap};
=======
//! Blobs by digest, manifests by reference, within a bound; the oldest make room.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
>>>>>>> b1edc22 (Manifests, lists of referrers and annotations of bundles are held within bounds, since no lease counts them)
use std::sync::{Mutex, PoisonError};

pub(super) struct Memory<K, V> {
    cap: u64,
    state: Mutex<State<K, V>>,
}

<<<<<<< HEAD
#[derive(Default)]
struct State {
    blobs: HashMap<Digest, Kept>,
    /// By when they were last asked for.
    order: BTreeMap<u64, Digest>,
    /// Counts what was asked for.
    clock: u64,
=======
struct State<K, V> {
    things: HashMap<K, (V, u64)>,
    order: VecDeque<K>,
>>>>>>> b1edc22 (Manifests, lists of referrers and annotations of bundles are held within bounds, since no lease counts them)
    bytes: u64,
    evicted: u64,
}

struct Kept {
    bytes: Bytes,
    asked: u64,
}

impl<K: Clone + Eq + Hash, V: Clone> Memory<K, V> {
    pub(super) fn new(cap: u64) -> Self {
        let state = State { things: HashMap::new(), order: VecDeque::new(), bytes: 0 };
        Self { cap, state: Mutex::new(state) }
    }

<<<<<<< HEAD
    pub(super) fn get(&self, digest: &Digest) -> Option<Bytes> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).get(digest)
=======
    pub(super) fn get(&self, key: &K) -> Option<V> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.things.get(key).map(|(it, _)| it.clone())
>>>>>>> b1edc22 (Manifests, lists of referrers and annotations of bundles are held within bounds, since no lease counts them)
    }

    /// What would take more than a quarter of the room is not worth it.
    pub(super) fn put(&self, key: K, thing: &V, size: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
<<<<<<< HEAD
        if state.get(&digest).is_some() {
            return;
        }
        if size > self.cap / 4 {
            state.evicted += 1;
            return;
        }
        let asked = state.tick();
        state.order.insert(asked, digest);
        state.blobs.insert(digest, Kept { bytes: bytes.clone(), asked });
        state.bytes += size;
        while state.bytes > self.cap {
            let Some((_, oldest)) = state.order.pop_first() else { break };
            let freed = state.blobs.remove(&oldest).map_or(0, |it| it.bytes.len() as u64);
=======
        if size > self.cap / 4 || state.things.insert(key.clone(), (thing.clone(), size)).is_some() {
            return;
        }
        state.order.push_back(key);
        state.bytes += size;
        while state.bytes > self.cap {
            let Some(oldest) = state.order.pop_front() else { break };
            let freed = state.things.remove(&oldest).map_or(0, |(_, size)| size);
>>>>>>> b1edc22 (Manifests, lists of referrers and annotations of bundles are held within bounds, since no lease counts them)
            state.bytes = state.bytes.saturating_sub(freed);
            state.evicted += 1;
        }
    }

    /// Blobs that were read and are not kept any more, or never were.
    pub(super) fn evicted(&self) -> u64 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).evicted
    }
}

impl State {
    fn get(&mut self, digest: &Digest) -> Option<Bytes> {
        let now = self.tick();
        let kept = self.blobs.get_mut(digest)?;
        self.order.remove(&kept.asked);
        self.order.insert(now, *digest);
        kept.asked = now;
        Some(kept.bytes.clone())
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
<<<<<<< HEAD
            memory.put(*digest, bytes);
            // The base image of all.
            assert!(memory.get(&blobs[0].0).is_some());
=======
            memory.put(*digest, bytes, 20);
>>>>>>> b1edc22 (Manifests, lists of referrers and annotations of bundles are held within bounds, since no lease counts them)
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
