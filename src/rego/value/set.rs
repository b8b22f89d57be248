//! Sets: shared values, sorted and each once.

use std::cmp::Ordering;

use super::shared::{Slice, address};
use super::{Extent, Value};

/// A shared set. Cloning copies a pointer. Members stand in order.
#[derive(Clone)]
pub struct Set(Slice<Extent>);

/// The members of a set in order.
pub type SetIter<'a> = std::slice::Iter<'a, Value>;

impl Set {
    /// The empty set.
    pub fn new() -> Self {
        Self::from_sorted(Vec::new())
    }

    fn from_sorted(members: Vec<Value>) -> Self {
        Self(Slice::from_header_and_iter(Extent::around(&members), members.into_iter()))
    }

    /// The number of members.
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    /// The member that equals `value`; its spelling may differ (`1` and `1.0`).
    pub fn get(&self, value: &Value) -> Option<&Value> {
        self.as_slice().binary_search(value).ok().map(|at| &self.as_slice()[at])
    }

    /// Whether `value` is a member.
    pub fn contains(&self, value: &Value) -> bool {
        self.get(value).is_some()
    }

    /// The member at a position in the order.
    pub fn at(&self, index: usize) -> Option<&Value> {
        self.as_slice().get(index)
    }

    /// The members in order.
    pub fn iter(&self) -> SetIter<'_> {
        self.as_slice().iter()
    }

    /// This set and one more member; an equal member that was there stays. Linear: collect many with [`SetBuilder`].
    #[must_use]
    pub fn with(&self, value: Value) -> Self {
        let Err(at) = self.as_slice().binary_search(&value) else { return self.clone() };
        let mut members = self.as_slice().to_vec();
        members.insert(at, value);
        Self::from_sorted(members)
    }

    /// This set but one member.
    #[must_use]
    pub fn without(&self, value: &Value) -> Self {
        let Ok(at) = self.as_slice().binary_search(value) else { return self.clone() };
        let mut members = self.as_slice().to_vec();
        members.remove(at);
        Self::from_sorted(members)
    }

    /// What is in either; where both have an equal member, this set's.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        if self.same_storage(other) || other.is_empty() {
            return self.clone();
        }
        if self.is_empty() {
            return other.clone();
        }
        self.merge(other, Keep { left: true, both: true, right: true })
    }

    /// What is in both, as spelled here.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        if self.same_storage(other) {
            return self.clone();
        }
        self.merge(other, Keep { left: false, both: true, right: false })
    }

    /// What is here and not in `other`.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        if other.is_empty() {
            return self.clone();
        }
        self.merge(other, Keep { left: true, both: false, right: false })
    }

    /// Whether every member is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.same_storage(other) || self.len() <= other.len() && self.iter().all(|it| other.contains(it))
    }

    fn merge(&self, other: &Self, keep: Keep) -> Self {
        let (mut left, mut right) = (self.iter().peekable(), other.iter().peekable());
        let mut members = Vec::with_capacity(self.len() + if keep.right { other.len() } else { 0 });
        while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
            let order = a.cmp(b);
            let (taken, kept) = match order {
                Ordering::Less => (*a, keep.left),
                Ordering::Equal => (*a, keep.both),
                Ordering::Greater => (*b, keep.right),
            };
            if kept {
                members.push(taken.clone());
            }
            if order.is_le() {
                left.next();
            }
            if order.is_ge() {
                right.next();
            }
        }
        members.extend(left.filter(|_| keep.left).cloned());
        members.extend(right.filter(|_| keep.right).cloned());
        Self::from_sorted(members)
    }

    /// How deeply it nests: 1 for `set()`.
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
}

/// Which members a merge keeps.
#[derive(Clone, Copy)]
struct Keep {
    left: bool,
    both: bool,
    right: bool,
}

impl Default for Set {
    fn default() -> Self {
        Self::new()
    }
}

impl FromIterator<Value> for Set {
    fn from_iter<I: IntoIterator<Item = Value>>(members: I) -> Self {
        SetBuilder { members: members.into_iter().collect() }.build()
    }
}

impl<'a> IntoIterator for &'a Set {
    type Item = &'a Value;
    type IntoIter = SetIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Collects members and sorts them once.
#[derive(Debug, Default)]
pub struct SetBuilder {
    members: Vec<Value>,
}

impl SetBuilder {
    /// Nothing collected yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing collected yet, room for `capacity` members.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { members: Vec::with_capacity(capacity) }
    }

    /// Collects a member. Of equal ones the first stays.
    pub fn push(&mut self, value: Value) {
        self.members.push(value);
    }

    /// The number collected so far, equal ones included.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether nothing was collected.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The set of what was collected.
    pub fn build(self) -> Set {
        let mut members = self.members;
        if !members.is_sorted_by(|a, b| a < b) {
            members.sort();
            members.dedup_by(|later, earlier| *later == *earlier);
        }
        Set::from_sorted(members)
    }
}
