//! Maps and sets of the analysis. Nearly all are small and keyed by names or numbers of variables, so that hashing would
//! take longer than looking; the hash is keyed by chance, so that no policy can make names collide on purpose.

use foldhash::quality::RandomState;

pub(super) type HashMap<K, V> = std::collections::HashMap<K, V, RandomState>;
pub(super) type HashSet<T> = std::collections::HashSet<T, RandomState>;
