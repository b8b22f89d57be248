//! What was computed before, with undefined, undecided and error kept apart.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};
use std::sync::{Arc, LazyLock};

use foldhash::quality::RandomState;
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

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
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

impl Eq for Key {}

/// A key brings its hash along: it is looked for on a level and in what is shared, and then put where it was not.
#[derive(Default)]
struct Brought(u64);

impl Hasher for Brought {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
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
    all: HashMap<Key, Memo, BuildHasherDefault<Brought>>,
    /// By group: how its look-ups by key went.
    pub(super) look_ups: HashMap<u32, LookUps>,
}

impl Memos {
    /// What is remembered for a key, with the key as it was when it was put there.
    pub(super) fn entry(&self, key: &Key) -> Option<(&Key, &Memo)> {
        self.all.get_key_value(key)
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn put(&mut self, key: Key, memo: Memo) {
        self.all.insert(key, memo);
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
