//! What was computed before, with undefined, undecided and error kept apart.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock};

use foldhash::quality::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use smallvec::SmallVec;

use super::outcome::{Cause, Undecided};
use super::whole::LookUps;
use crate::rego::error::RegoError;
use crate::rego::value::Value;

/// Parts up to which an argument is known by what it is; a larger one is known by its storage. To compare two SBOMs
/// costs more than most functions do, and the same one is asked about again and again.
const COMPARED_PARTS: u32 = 16;

/// Arguments of a call: most have one or two.
pub(super) type Args = SmallVec<[Value; 2]>;

/// What a unit was computed for. Two keys are equal only if the arguments are; a function may be computed again for a
/// copy of a large argument.
#[derive(Clone, Debug)]
pub(super) struct Key {
    hash: u64,
    /// Which unit of the policy.
    pub(super) unit: u32,
    /// The arguments of a function, the key of a partial rule.
    pub(super) args: Args,
}

/// Differs from process to process, so that nobody can choose arguments that collide.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::default);

impl Key {
    pub(super) fn new(unit: u32, args: Args) -> Self {
        let mut state = HASHER.build_hasher();
        unit.hash(&mut state);
        for arg in &args {
            match arg.storage() {
                Some(storage) if arg.parts() > COMPARED_PARTS => storage.hash(&mut state),
                _ => arg.hash(&mut state),
            }
        }
        Self { hash: state.finish(), unit, args }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        let alike = |(a, b): (&Value, &Value)| match (a.storage(), b.storage()) {
            (Some(one), Some(two)) if a.parts().max(b.parts()) > COMPARED_PARTS => one == two,
            _ => a == b,
        };
        self.hash == other.hash
            && self.unit == other.unit
            && self.args.len() == other.args.len()
            && self.args.iter().zip(&other.args).all(alike)
    }
}

/// What came out.
#[derive(Clone, Debug)]
pub(super) enum Memo {
    Value(Value),
    Undefined,
    Undecided(Arc<Undecided>),
    Failed(Box<RegoError>),
}

/// The memos of one level of replacements.
#[derive(Debug, Default)]
pub(super) struct Memos {
    /// Where each is, by the hash that its key brings along.
    places: HashTable<u32>,
    all: Pieces<(Key, Memo)>,
    /// By group: how its look-ups by key went.
    pub(super) look_ups: HashMap<u32, LookUps>,
}

impl Memos {
    /// What is remembered for a key, with the key as it was when it was put there.
    pub(super) fn entry(&self, key: &Key) -> Option<&(Key, Memo)> {
        let place =
            self.places.find(key.hash, |place| self.all.get(*place).is_some_and(|it| it.0 == *key))?;
        self.all.get(*place)
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn put(&mut self, key: Key, memo: Memo) {
        let Self { places, all, .. } = self;
        let is_same = |place: &u32| all.get(*place).is_some_and(|it| it.0 == key);
        let rehash = |place: &u32| all.get(*place).map_or(0, |it| it.0.hash);
        match places.entry(key.hash, is_same, rehash) {
            Entry::Occupied(known) => {
                if let Some(known) = all.get_mut(*known.get()) {
                    known.1 = memo;
                }
            }
            Entry::Vacant(place) => {
                place.insert(all.len());
                all.push((key, memo));
            }
        }
    }
}

/// Things that stay where they were put: a list would be there twice each time that it grows.
#[derive(Debug)]
struct Pieces<T>(Vec<Vec<T>>);

impl<T> Default for Pieces<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Pieces<T> {
    /// Things in a piece; only the first one may be smaller.
    const LENGTH: usize = 256;

    fn push(&mut self, thing: T) {
        if self.0.last().is_none_or(|it| it.len() == Self::LENGTH) {
            let room = if self.0.is_empty() { 0 } else { Self::LENGTH };
            self.0.push(Vec::with_capacity(room));
        }
        if let Some(last) = self.0.last_mut() {
            last.push(thing);
        }
    }

    /// The place of the next one.
    fn len(&self) -> u32 {
        let before = self.0.len().saturating_sub(1) * Self::LENGTH;
        u32::try_from(before + self.0.last().map_or(0, Vec::len)).unwrap_or(u32::MAX)
    }

    fn get_mut(&mut self, place: u32) -> Option<&mut T> {
        let place = place as usize;
        self.0.get_mut(place / Self::LENGTH)?.get_mut(place % Self::LENGTH)
    }

    fn get(&self, place: u32) -> Option<&T> {
        let place = place as usize;
        self.0.get(place / Self::LENGTH)?.get(place % Self::LENGTH)
    }
}

/// Causes that one stopped definition lists at most: a summary for people, not an index.
const MAX_CAUSES: usize = 32;

/// All causes behind something undecided, each once.
pub(super) fn causes(undecided: &Undecided) -> Arc<[Cause]> {
    if let [only] = undecided.stopped.as_slice() {
        return Arc::clone(&only.causes);
    }
    let mut all: Vec<Cause> = Vec::new();
    for cause in undecided.stopped.iter().flat_map(|stopped| stopped.causes.iter()) {
        if all.len() < MAX_CAUSES && !all.contains(cause) {
            all.push(cause.clone());
        }
    }
    all.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: i64) -> Key {
        Key::new(7, Args::from_iter([Value::from(number)]))
    }

    fn found(memos: &Memos, number: i64) -> Option<&Value> {
        match memos.entry(&key(number)) {
            Some((_, Memo::Value(value))) => Some(value),
            _ => None,
        }
    }

    #[test]
    fn each_of_many_is_found_where_it_was_put_and_the_last_one_for_a_key_holds() {
        let mut memos = Memos::default();
        for number in 0..1_000 {
            memos.put(key(number), Memo::Value(number.into()));
        }
        for number in (0..1_000).step_by(7) {
            memos.put(key(number), Memo::Value((-number).into()));
        }
        assert_eq!(memos.len(), 1_000);
        for number in 0..1_000 {
            let expected = if number % 7 == 0 { -number } else { number };
            assert_eq!(found(&memos, number), Some(&Value::from(expected)));
        }
        assert_eq!(found(&memos, 1_000), None);
    }
}
