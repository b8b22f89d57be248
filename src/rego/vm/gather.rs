//! What solutions add up to: members of comprehensions, and of rules that several definitions add to.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::rego::compile::code::{CollectKind, LeafKind};
use crate::rego::value::{KeyConflict, ObjectBuilder, SetBuilder, Value};

/// The members of a comprehension so far.
#[derive(Debug)]
pub(super) enum Collector {
    Array(Vec<Value>),
    Set(SetBuilder),
    Object(ObjectBuilder),
}

impl Collector {
    pub(super) fn new(kind: CollectKind) -> Self {
        match kind {
            CollectKind::Array => Self::Array(Vec::new()),
            CollectKind::Set => Self::Set(SetBuilder::new()),
            CollectKind::Object => Self::Object(ObjectBuilder::new()),
        }
    }

    pub(super) fn push(&mut self, value: Value) {
        match self {
            Self::Array(items) => items.push(value),
            Self::Set(members) => members.push(value),
            Self::Object(_) => {}
        }
    }

    pub(super) fn push_pair(&mut self, key: Value, value: Value) {
        if let Self::Object(pairs) = self {
            pairs.push(key, value);
        }
    }

    pub(super) fn finish(self) -> Result<Value, KeyConflict> {
        Ok(match self {
            Self::Array(items) => items.into(),
            Self::Set(members) => members.build().into(),
            Self::Object(pairs) => pairs.build_without_conflict()?.into(),
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
