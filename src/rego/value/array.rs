//! Arrays: shared values by position.

use std::sync::Arc;

use super::shared::Shared;
use super::{Extent, Value};

/// A shared array. Cloning copies a pointer.
#[derive(Clone)]
pub struct Array {
    items: Arc<Shared<Value>>,
    extent: Extent,
}

/// The items of an array in order.
pub type ArrayIter<'a> = std::slice::Iter<'a, Value>;

impl Array {
    /// The empty array.
    pub fn new() -> Self {
        Self::from(Vec::new())
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The item at a position, counted from 0.
    pub fn get(&self, index: usize) -> Option<&Value> {
        self.items.get(index)
    }

    /// The items in order.
    pub fn iter(&self) -> ArrayIter<'_> {
        self.items.iter()
    }

    /// Whether an item equals `value`. Looks at every item.
    pub fn contains(&self, value: &Value) -> bool {
        self.items.contains(value)
    }

    /// The items from `start` up to but not including `end`, both cut to the array.
    #[must_use]
    pub fn slice(&self, start: usize, end: usize) -> Self {
        let end = end.min(self.len());
        let start = start.min(end);
        if start == 0 && end == self.len() { self.clone() } else { self.items[start..end].to_vec().into() }
    }

    /// These items and then those of `other`.
    #[must_use]
    pub fn concat(&self, other: &Self) -> Self {
        if self.is_empty() {
            return other.clone();
        }
        if other.is_empty() {
            return self.clone();
        }
        self.iter().chain(other).cloned().collect()
    }

    /// These items and one more. Linear, unless nobody else holds this array.
    #[must_use]
    pub fn push(mut self, value: Value) -> Self {
        self.extent = self.extent.with(&value);
        Arc::make_mut(&mut self.items).push(value);
        self
    }

    /// The items as a vector of one's own, without a copy where nobody else holds this array.
    pub fn into_vec(self) -> Vec<Value> {
        Arc::unwrap_or_clone(self.items).into_items()
    }

    /// How deeply it nests: 1 for `[]`.
    pub fn depth(&self) -> u32 {
        self.extent.depth
    }

    pub(super) fn extent(&self) -> Extent {
        self.extent
    }

    /// Whether both are one piece of storage, which makes them equal without looking.
    pub fn same_storage(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.items, &other.items)
    }

    pub(super) fn storage(&self) -> usize {
        Arc::as_ptr(&self.items).addr()
    }

    pub(super) fn shared(&self) -> &Shared<Value> {
        &self.items
    }

    pub(super) fn as_slice(&self) -> &[Value] {
        &self.items
    }
}

impl Default for Array {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Vec<Value>> for Array {
    fn from(items: Vec<Value>) -> Self {
        let extent = Extent::around(&items);
        Self { items: Arc::new(items.into()), extent }
    }
}

impl FromIterator<Value> for Array {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        items.into_iter().collect::<Vec<_>>().into()
    }
}

impl<'a> IntoIterator for &'a Array {
    type Item = &'a Value;
    type IntoIter = ArrayIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
