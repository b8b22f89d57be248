//! What solutions add up to: members of comprehensions, and of rules that several definitions add to.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::rego::compile::code::{CollectKind, LeafKind};
use crate::rego::value::{KeyConflict, ObjectBuilder, SetBuilder, Value};

/// The members of a comprehension so far.
#[derive(Debug)]
pub(super) struct Collector {
    members: Members,
    /// How many were collected, and for how many there is room.
    len: usize,
    room: usize,
}

#[derive(Debug)]
enum Members {
    Array(Vec<Value>),
    Set(SetBuilder),
    Object(ObjectBuilder),
}

impl Collector {
    pub(super) fn new(kind: CollectKind) -> Self {
        let members = match kind {
            CollectKind::Array => Members::Array(Vec::new()),
            CollectKind::Set => Members::Set(SetBuilder::new()),
            CollectKind::Object => Members::Object(ObjectBuilder::new()),
        };
        Self { members, len: 0, room: 0 }
    }

    /// Counts one more member. Gives the bytes that are allocated for it: vectors double.
    pub(super) fn grow_by_one(&mut self) -> u64 {
        self.len += 1;
        if self.len <= self.room {
            return 0;
        }
        self.room = (2 * self.room).max(4);
        let unit = if let Members::Object(_) = self.members { 2 } else { 1 } * size_of::<Value>();
        (self.room * unit) as u64
    }

    pub(super) fn push(&mut self, value: Value) {
        match &mut self.members {
            Members::Array(items) => items.push(value),
            Members::Set(members) => members.push(value),
            Members::Object(_) => {}
        }
    }

    pub(super) fn push_pair(&mut self, key: Value, value: Value) {
        if let Members::Object(pairs) = &mut self.members {
            pairs.push(key, value);
        }
    }

    pub(super) fn finish(self) -> Result<Value, KeyConflict> {
        Ok(match self.members {
            Members::Array(items) => items.into(),
            Members::Set(members) => members.build().into(),
            Members::Object(pairs) => pairs.build_without_conflict()?.into(),
        })
    }
}

/// The value of a partial rule so far. It is as deep as the rule's reference is long.
#[derive(Debug)]
pub(super) enum Tree {
    Leaf(Value),
    Set(Vec<Value>),
    Object(BTreeMap<Value, Tree>),
}

/// Two definitions gave one key different values.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Conflict;

impl Tree {
    fn of(leaf: Value, kind: LeafKind) -> Self {
        match kind {
            LeafKind::Value => Self::Leaf(leaf),
            LeafKind::Member => Self::Set(vec![leaf]),
        }
    }

    /// Adds a leaf under some keys; `tree` is `None` at first.
    pub(super) fn insert(
        tree: &mut Option<Self>,
        keys: impl Iterator<Item = Value>,
        leaf: Value,
        kind: LeafKind,
    ) -> Result<(), Conflict> {
        let mut keys = keys.peekable();
        let top = match tree {
            Some(top) => top,
            None if keys.peek().is_none() => {
                *tree = Some(Self::of(leaf, kind));
                return Ok(());
            }
            None => tree.insert(Self::Object(BTreeMap::new())),
        };
        let mut at = top;
        while let Some(key) = keys.next() {
            let Self::Object(pairs) = at else { return Err(Conflict) };
            match pairs.entry(key) {
                Entry::Occupied(found) => at = found.into_mut(),
                Entry::Vacant(free) if keys.peek().is_none() => {
                    free.insert(Self::of(leaf, kind));
                    return Ok(());
                }
                Entry::Vacant(free) => at = free.insert(Self::Object(BTreeMap::new())),
            }
        }
        at.add(leaf, kind)
    }

    fn add(&mut self, leaf: Value, kind: LeafKind) -> Result<(), Conflict> {
        match (self, kind) {
            (Self::Leaf(there), LeafKind::Value) if *there == leaf => Ok(()),
            (Self::Set(members), LeafKind::Member) => {
                members.push(leaf);
                Ok(())
            }
            _ => Err(Conflict),
        }
    }

    pub(super) fn finish(self) -> Value {
        match self {
            Self::Leaf(value) => value,
            Self::Set(members) => {
                let mut set = SetBuilder::with_capacity(members.len());
                for member in members {
                    set.push(member);
                }
                set.build().into()
            }
            Self::Object(pairs) => {
                let mut object = ObjectBuilder::with_capacity(pairs.len());
                for (key, tree) in pairs {
                    object.push(key, tree.finish());
                }
                object.build_last_wins().into()
            }
        }
    }
}
