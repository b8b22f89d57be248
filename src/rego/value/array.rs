//! Arrays: shared values by position.

use super::shared::{Slice, address};
use super::{Extent, Value};

/// A shared array. Cloning copies a pointer.
#[derive(Clone)]
pub struct Array(Slice<Extent>);

/// The items of an array in order.
pub type ArrayIter<'a> = std::slice::Iter<'a, Value>;

impl Array {
    /// The empty array.
    pub fn new() -> Self {
        Self::from(Vec::new())
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    /// The item at a position, counted from 0.
    pub fn get(&self, index: usize) -> Option<&Value> {
        self.as_slice().get(index)
    }

    /// The items in order.
    pub fn iter(&self) -> ArrayIter<'_> {
        self.as_slice().iter()
    }

    /// Whether an item equals `value`. Looks at every item.
    pub fn contains(&self, value: &Value) -> bool {
        self.as_slice().contains(value)
    }

    /// The items from `start` up to but not including `end`, both cut to the array.
    #[must_use]
    pub fn slice(&self, start: usize, end: usize) -> Self {
        let end = end.min(self.len());
        let start = start.min(end);
        if start == 0 && end == self.len() {
            self.clone()
        } else {
            self.as_slice()[start..end].iter().cloned().collect()
        }
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

    /// These items and one more. Linear.
    #[must_use]
    pub fn push(&self, value: Value) -> Self {
        self.iter().cloned().chain([value]).collect()
    }

    /// The items as a vector of one's own.
    pub fn to_vec(&self) -> Vec<Value> {
        self.as_slice().to_vec()
    }

    /// How deeply it nests: 1 for `[]`.
    pub fn depth(&self) -> u32 {
        self.extent().depth
    }

    pub(super) fn extent(&self) -> Extent {
        self.0.header.header
    }

    /// Whether both are one piece of storage, which makes them equal without looking.
    pub fn same_storage(&self, other: &Self) -> bool {
        self.storage() == other.storage()
    }

    pub(super) fn storage(&self) -> usize {
        address(&self.0)
    }

    pub(super) fn as_slice(&self) -> &[Value] {
        &self.0.slice
    }

    /// Of values whose extent is known.
    pub(super) fn with_extent(extent: Extent, items: impl ExactSizeIterator<Item = Value>) -> Self {
        Self(Slice::from_header_and_iter(extent, items))
    }
}

impl Default for Array {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Vec<Value>> for Array {
    fn from(items: Vec<Value>) -> Self {
        Self::with_extent(Extent::around(&items), items.into_iter())
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
