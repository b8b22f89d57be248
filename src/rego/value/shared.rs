//! Storage that values share, with the hash of what is in it: made when it is first asked for, so that a large argument
//! of a function is walked through once and not at each call.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::ops::{Deref, DerefMut};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Items and their hash.
pub(super) struct Shared<T> {
    items: Vec<T>,
    /// 0 where it is not known.
    hash: AtomicU64,
}

/// Differs from process to process, so that nobody can choose keys that collide.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

impl<T> Shared<T> {
    pub(super) fn into_items(self) -> Vec<T> {
        self.items
    }
}

impl<T> From<Vec<T>> for Shared<T> {
    fn from(items: Vec<T>) -> Self {
        Self { items, hash: AtomicU64::new(0) }
    }
}

impl<T: Clone> Clone for Shared<T> {
    fn clone(&self) -> Self {
        self.items.clone().into()
    }
}

impl<T> Deref for Shared<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.items
    }
}

impl<T> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        *self.hash.get_mut() = 0;
        &mut self.items
    }
}

impl<T: Hash> Hash for Shared<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut hash = self.hash.load(Ordering::Relaxed);
        if hash == 0 {
            hash = HASHER.hash_one(self.items.as_slice()).max(1);
            self.hash.store(hash, Ordering::Relaxed);
        }
        state.write_u64(hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn hash(of: &Shared<u32>) -> u64 {
        HASHER.hash_one(of)
    }

    #[test]
    fn equal_items_have_equal_hashes_and_a_change_is_noticed() {
        let mut one = Arc::new(Shared::from(vec![1, 2]));
        let before = hash(&one);
        assert_eq!(before, hash(&Shared::from(vec![1, 2])));
        Arc::make_mut(&mut one).push(3);
        assert_eq!(hash(&one), hash(&Shared::from(vec![1, 2, 3])));
        assert_ne!(hash(&one), before);
        let other = Arc::clone(&one);
        Arc::make_mut(&mut one).push(4);
        assert_eq!(hash(&other), hash(&Shared::from(vec![1, 2, 3])));
        assert_eq!(hash(&one), hash(&Shared::from(vec![1, 2, 3, 4])));
    }
}
