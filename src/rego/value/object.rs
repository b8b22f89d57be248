//! Objects: keys in order, which objects of one shape share, and a value for each.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::iter::Zip;
use std::slice::Iter;

use super::shared::{Slice, address};
use super::{Extent, Kind, Str, Value};

type Pair = (Value, Value);

/// Keys up to which a text is looked for one by one. Texts of another length are told apart without being read, which
/// a search by halves cannot do; the objects of documents are small.
const SCANNED: usize = 24;

/// A shared object. Cloning copies a pointer.
#[derive(Clone)]
pub struct Object(Slice<Header>);

/// What stands before the values, which are in the order of the keys.
struct Header {
    keys: Keys,
    extent: Extent,
}

/// Keys in order, each once. Cloning copies a pointer.
#[derive(Clone)]
pub(super) struct Keys(Slice<Extent>);

impl Keys {
    /// Of keys that are in order, each once.
    pub(super) fn from_sorted(keys: impl ExactSizeIterator<Item = Value>, extent: Extent) -> Self {
        Self(Slice::from_header_and_iter(extent, keys))
    }

    /// Of an object that has these keys and nothing under them.
    pub(super) fn extent(&self) -> Extent {
        self.0.header.header
    }

    pub(super) fn as_slice(&self) -> &[Value] {
        &self.0.slice
    }

    fn is(&self, other: &Self) -> bool {
        address(&self.0) == address(&other.0)
    }

    fn find(&self, key: &Value) -> Result<usize, usize> {
        self.as_slice().binary_search(key)
    }
}

/// One key was given two different values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key {key} has two different values")]
pub struct KeyConflict {
    /// The key.
    pub key: Value,
}

impl Object {
    /// The empty object.
    pub fn new() -> Self {
        Self::from_sorted(Vec::new())
    }

    fn from_sorted(mut pairs: Vec<Pair>) -> Self {
        let extent = Extent::around(pairs.iter().map(|(key, _)| key));
        let keys = Keys::from_sorted(pairs.iter_mut().map(|(key, _)| std::mem::take(key)), extent);
        let extent = pairs.iter().fold(extent, |sum, (_, value)| sum.with(value));
        Self::with_keys(keys, extent, pairs.into_iter().map(|(_, value)| value))
    }

    /// A value for each of the keys; the extent is that of the whole.
    pub(super) fn with_keys(
        keys: Keys,
        extent: Extent,
        values: impl ExactSizeIterator<Item = Value>,
    ) -> Self {
        debug_assert_eq!(keys.as_slice().len(), values.len());
        Self(Slice::from_header_and_iter(Header { keys, extent }, values))
    }

    fn keys_of(&self) -> &Keys {
        &self.0.header.header.keys
    }

    fn value_slice(&self) -> &[Value] {
        &self.0.slice
    }

    fn to_pairs(&self) -> Vec<Pair> {
        self.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// The number of pairs.
    pub fn len(&self) -> usize {
        self.value_slice().len()
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.value_slice().is_empty()
    }

    /// The value under a key.
    pub fn get(&self, key: &Value) -> Option<&Value> {
        if let Value::String(text) = key {
            return self.get_str(text);
        }
        self.keys_of().find(key).ok().map(|at| &self.value_slice()[at])
    }

    /// The value under a string key.
    pub fn get_str(&self, key: &str) -> Option<&Value> {
        let keys = self.keys_of().as_slice();
        let at = if keys.len() <= SCANNED {
            keys.iter().position(|it| matches!(it, Value::String(text) if text.as_bytes() == key.as_bytes()))
        } else {
            let found = keys.binary_search_by(|it| match it {
                Value::String(text) => text.as_bytes().cmp(key.as_bytes()),
                other => other.kind().cmp(&Kind::String),
            });
            found.ok()
        };
        at.and_then(|at| self.value_slice().get(at))
    }

    /// The key and value under a key; the key's spelling may differ (`1` and `1.0`).
    pub fn get_pair(&self, key: &Value) -> Option<(&Value, &Value)> {
        self.keys_of().find(key).ok().and_then(|at| self.at(at))
    }

    /// Whether there is such a key.
    pub fn contains_key(&self, key: &Value) -> bool {
        self.get(key).is_some()
    }

    /// The pair at a position in the order.
    pub fn at(&self, index: usize) -> Option<(&Value, &Value)> {
        self.keys_of().as_slice().get(index).zip(self.value_slice().get(index))
    }

    /// The pairs in order.
    pub fn iter(&self) -> ObjectIter<'_> {
        ObjectIter(self.keys_of().as_slice().iter().zip(self.value_slice()))
    }

    /// The keys in order.
    pub fn keys(&self) -> Iter<'_, Value> {
        self.keys_of().as_slice().iter()
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> Iter<'_, Value> {
        self.value_slice().iter()
    }

    /// This object with a value under a key, replacing what was there. Linear: collect many with [`ObjectBuilder`].
    #[must_use]
    pub fn with(&self, key: Value, value: Value) -> Self {
        match self.keys_of().find(&key) {
            Ok(at) => {
                let mut values = self.value_slice().to_vec();
                values[at] = value;
                let extent = values.iter().fold(self.keys_of().extent(), Extent::with);
                Self::with_keys(self.keys_of().clone(), extent, values.into_iter())
            }
            Err(at) => {
                let mut pairs = self.to_pairs();
                pairs.insert(at, (key, value));
                Self::from_sorted(pairs)
            }
        }
    }

    /// This object but one key.
    #[must_use]
    pub fn without(&self, key: &Value) -> Self {
        let Ok(at) = self.keys_of().find(key) else { return self.clone() };
        let mut pairs = self.to_pairs();
        pairs.remove(at);
        Self::from_sorted(pairs)
    }

    /// The pairs of both. Where both have a key, `resolve` makes the value from this one's and the other's.
    #[must_use]
    pub fn merge_with(&self, other: &Self, mut resolve: impl FnMut(&Value, &Value) -> Value) -> Self {
        if other.is_empty() {
            return self.clone();
        }
        if self.is_empty() {
            return other.clone();
        }
        let own = |(key, value): (&Value, &Value)| (key.clone(), value.clone());
        let (mut left, mut right) = (self.iter().peekable(), other.iter().peekable());
        let mut pairs = Vec::with_capacity(self.len() + other.len());
        while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
            let order = a.0.cmp(b.0);
            pairs.push(match order {
                Ordering::Less => own(*a),
                Ordering::Equal => (a.0.clone(), resolve(a.1, b.1)),
                Ordering::Greater => own(*b),
            });
            if order.is_le() {
                left.next();
            }
            if order.is_ge() {
                right.next();
            }
        }
        pairs.extend(left.map(own));
        pairs.extend(right.map(own));
        Self::from_sorted(pairs)
    }

    /// The pairs whose key or value passes, without sorting again.
    #[must_use]
    pub fn filter(&self, mut keep: impl FnMut(&Value, &Value) -> bool) -> Self {
        let kept = self.iter().filter(|(key, value)| keep(key, value));
        Self::from_sorted(kept.map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    /// How deeply it nests: 1 for `{}`.
    pub fn depth(&self) -> u32 {
        self.extent().depth
    }

    pub(super) fn extent(&self) -> Extent {
        self.0.header.header.extent
    }

    /// Whether both are one piece of storage, which makes them equal without looking.
    pub fn same_storage(&self, other: &Self) -> bool {
        self.storage() == other.storage()
    }

    pub(super) fn storage(&self) -> usize {
        address(&self.0)
    }

    /// Where its keys stand in memory: as long as it is held, an object with the same number has the same keys.
    pub(crate) fn shape(&self) -> usize {
        address(&self.keys_of().0)
    }
}

impl Default for Object {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        let (keys, others) = (self.keys_of(), other.keys_of());
        self.same_storage(other)
            || (keys.is(others) || keys.as_slice() == others.as_slice())
                && self.value_slice() == other.value_slice()
    }
}

impl Eq for Object {}

impl Ord for Object {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.same_storage(other) { Ordering::Equal } else { self.iter().cmp(other.iter()) }
    }
}

impl PartialOrd for Object {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Object {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.keys_of().as_slice().hash(state);
        self.value_slice().iter().for_each(|value| value.hash(state));
    }
}

/// Of pairs with equal keys the last one stays.
impl<K: Into<Value>, V: Into<Value>> FromIterator<(K, V)> for Object {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        ObjectBuilder { pairs: pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect() }
            .build_last_wins()
    }
}

impl<'a> IntoIterator for &'a Object {
    type Item = (&'a Value, &'a Value);
    type IntoIter = ObjectIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The pairs of an object in the order of their keys.
#[derive(Clone, Debug)]
pub struct ObjectIter<'a>(Zip<Iter<'a, Value>, Iter<'a, Value>>);

impl<'a> Iterator for ObjectIter<'a> {
    type Item = (&'a Value, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for ObjectIter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back()
    }
}

impl ExactSizeIterator for ObjectIter<'_> {}

/// Collects pairs and sorts them once.
#[derive(Debug, Default)]
pub struct ObjectBuilder {
    pairs: Vec<Pair>,
}

impl ObjectBuilder {
    /// Nothing collected yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing collected yet, room for `capacity` pairs.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { pairs: Vec::with_capacity(capacity) }
    }

    /// Collects a pair.
    pub fn push(&mut self, key: Value, value: Value) {
        self.pairs.push((key, value));
    }

    /// Collects a pair with a string key.
    pub fn push_str(&mut self, key: impl Into<Str>, value: impl Into<Value>) {
        self.pairs.push((Value::String(key.into()), value.into()));
    }

    /// The number collected so far, equal keys included.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether nothing was collected.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The object; of equal keys the first stays, with the last value. For JSON read as data.
    pub fn build_last_wins(self) -> Object {
        let mut pairs = self.pairs;
        if !strictly_sorted(&pairs) {
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            pairs.dedup_by(|later, earlier| {
                let equal = later.0 == earlier.0;
                if equal {
                    std::mem::swap(&mut later.1, &mut earlier.1);
                }
                equal
            });
        }
        Object::from_sorted(pairs)
    }

    /// The object, if no key was given two different values. For rules and comprehensions.
    ///
    /// # Errors
    /// [`KeyConflict`] names the first such key in their order.
    pub fn build_without_conflict(self) -> Result<Object, KeyConflict> {
        let mut pairs = self.pairs;
        if !strictly_sorted(&pairs) {
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            if let Some(at) = pairs.windows(2).position(|two| two[0].0 == two[1].0 && two[0].1 != two[1].1) {
                return Err(KeyConflict { key: pairs.swap_remove(at).0 });
            }
            pairs.dedup_by(|later, earlier| later.0 == earlier.0);
        }
        Ok(Object::from_sorted(pairs))
    }
}

fn strictly_sorted(pairs: &[Pair]) -> bool {
    pairs.is_sorted_by(|a, b| a.0 < b.0)
}
