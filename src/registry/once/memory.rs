//! Blobs by digest, within a bound; the oldest make room.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use crate::model::Digest;

pub(super) struct Memory {
    cap: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    blobs: HashMap<Digest, Bytes>,
    order: VecDeque<Digest>,
    bytes: u64,
}

impl Memory {
    pub(super) fn new(cap: u64) -> Self {
        Self { cap, state: Mutex::default() }
    }

    pub(super) fn get(&self, digest: &Digest) -> Option<Bytes> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).blobs.get(digest).cloned()
    }

    /// A blob that would take more than a quarter of the room is not worth it.
    pub(super) fn put(&self, digest: Digest, bytes: &Bytes) {
        let size = bytes.len() as u64;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if size > self.cap / 4 || state.blobs.insert(digest, bytes.clone()).is_some() {
            return;
        }
        state.order.push_back(digest);
        state.bytes += size;
        while state.bytes > self.cap {
            let Some(oldest) = state.order.pop_front() else { break };
            let freed = state.blobs.remove(&oldest).map_or(0, |it| it.len() as u64);
            state.bytes = state.bytes.saturating_sub(freed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(fill: u8, size: usize) -> (Digest, Bytes) {
        let bytes = Bytes::from(vec![fill; size]);
        (Digest::of(&bytes), bytes)
    }

    #[test]
    fn the_oldest_make_room_and_the_bound_holds() {
        let memory = Memory::new(100);
        let blobs: Vec<_> = (0..6).map(|it| blob(it, 20)).collect();
        for (digest, bytes) in &blobs {
            memory.put(*digest, bytes);
        }
        let kept: Vec<_> = blobs.iter().map(|(digest, _)| memory.get(digest).is_some()).collect();
        assert_eq!(kept, [false, true, true, true, true, true]);
    }

    #[test]
    fn what_would_crowd_out_the_others_is_not_kept() {
        let memory = Memory::new(100);
        let (digest, bytes) = blob(0, 26);
        memory.put(digest, &bytes);
        assert_eq!(memory.get(&digest), None);
    }
}
