//! Objects: shared pairs, sorted by key.

use std::cmp::Ordering;
use std::sync::Arc;

use super::shared::Shared;
use super::{Extent, Str, Value};

type Pair = (Value, Value);

/// Pairs up to which a text is looked for one by one. Texts of another length are told apart without being read, which
/// a search by halves cannot do; the objects of documents are small.
const SCANNED: usize = 24;

/// A shared object. Cloning copies a pointer. Pairs stand in the order of their keys.
#[derive(Clone)]
pub struct Object {
    pairs: Arc<Shared<Pair>>,
    extent: Extent,
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

    fn from_sorted(pairs: Vec<Pair>) -> Self {
        let extent = Extent::around(pairs.iter().flat_map(|(key, value)| [key, value]));
        Self { pairs: Arc::new(pairs.into()), extent }
    }

    /// The number of pairs.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    fn find(&self, key: &Value) -> Result<usize, usize> {
        self.pairs.binary_search_by(|(it, _)| it.cmp(key))
    }

    /// The value under a key.
    pub fn get(&self, key: &Value) -> Option<&Value> {
        if let Value::String(text) = key {
            return self.get_str(text);
        }
        self.find(key).ok().map(|at| &self.pairs[at].1)
    }

    /// The value under a string key.
    pub fn get_str(&self, key: &str) -> Option<&Value> {
        if self.pairs.len() <= SCANNED {
            let is_key = |it: &Value| matches!(it, Value::String(text) if text.as_str() == key);
            return self.pairs.iter().find(|(it, _)| is_key(it)).map(|(_, value)| value);
        }
        let at = self.pairs.binary_search_by(|(it, _)| match it {
            Value::String(text) => text.as_str().cmp(key),
            other => other.kind().cmp(&super::Kind::String),
        });
        at.ok().map(|at| &self.pairs[at].1)
    }

    /// The key and value under a key; the key's spelling may differ (`1` and `1.0`).
    pub fn get_pair(&self, key: &Value) -> Option<(&Value, &Value)> {
        self.find(key).ok().and_then(|at| self.at(at))
    }

    /// Whether there is such a key.
    pub fn contains_key(&self, key: &Value) -> bool {
        self.find(key).is_ok()
    }

    /// The pair at a position in the order.
    pub fn at(&self, index: usize) -> Option<(&Value, &Value)> {
        self.pairs.get(index).map(|(key, value)| (key, value))
    }

    /// The pairs in order.
    pub fn iter(&self) -> ObjectIter<'_> {
        ObjectIter(self.pairs.iter())
    }

    /// The keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator {
        self.pairs.iter().map(|(key, _)| key)
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator {
        self.pairs.iter().map(|(_, value)| value)
    }

    /// This object with a value under a key, replacing what was there. Linear in the worst case: collect many with
    /// [`ObjectBuilder`].
    #[must_use]
    pub fn with(mut self, key: Value, value: Value) -> Self {
        // A value that is replaced stays in the count: too much is safe.
        self.extent = self.extent.with(&key).with(&value);
        let found = self.find(&key);
        let pairs = Arc::make_mut(&mut self.pairs);
        match found {
            Ok(at) => pairs[at].1 = value,
            Err(at) => pairs.insert(at, (key, value)),
        }
        self
    }

    /// This object but one key.
    #[must_use]
    pub fn without(self, key: &Value) -> Self {
        let Ok(at) = self.find(key) else { return self };
        let mut pairs = Arc::unwrap_or_clone(self.pairs).into_items();
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
        let (mut left, mut right) = (self.pairs.iter().peekable(), other.pairs.iter().peekable());
        let mut pairs = Vec::with_capacity(self.len() + other.len());
        while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
            let order = a.0.cmp(&b.0);
            pairs.push(match order {
                Ordering::Less => (*a).clone(),
                Ordering::Equal => (a.0.clone(), resolve(&a.1, &b.1)),
                Ordering::Greater => (*b).clone(),
            });
            if order.is_le() {
                left.next();
            }
            if order.is_ge() {
                right.next();
            }
        }
        pairs.extend(left.cloned());
        pairs.extend(right.cloned());
        Self::from_sorted(pairs)
    }

    /// The pairs whose key or value passes, without sorting again.
    #[must_use]
    pub fn filter(&self, mut keep: impl FnMut(&Value, &Value) -> bool) -> Self {
        Self::from_sorted(self.pairs.iter().filter(|(k, v)| keep(k, v)).cloned().collect())
    }

    /// How deeply it nests: 1 for `{}`.
    pub fn depth(&self) -> u32 {
        self.extent.depth
    }

    pub(super) fn extent(&self) -> Extent {
        self.extent
    }

    /// Whether both are one piece of storage, which makes them equal without looking.
    pub fn same_storage(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.pairs, &other.pairs)
    }

    pub(super) fn storage(&self) -> usize {
        Arc::as_ptr(&self.pairs).addr()
    }

    pub(super) fn shared(&self) -> &Shared<Pair> {
        &self.pairs
    }

    pub(super) fn as_slice(&self) -> &[Pair] {
        &self.pairs
    }
}

impl Default for Object {
    fn default() -> Self {
        Self::new()
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
pub struct ObjectIter<'a>(std::slice::Iter<'a, Pair>);

impl<'a> Iterator for ObjectIter<'a> {
    type Item = (&'a Value, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, value)| (key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for ObjectIter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(|(key, value)| (key, value))
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
        pairs.shrink_to_fit();
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
