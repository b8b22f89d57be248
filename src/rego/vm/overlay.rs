//! What `with` replaces, level over level.

use std::sync::Arc;

use super::memo::Memos;
use crate::rego::compile::code::{CallTarget, Replacement, WithSpec};
use crate::rego::compile::reads::GroupSet;
use crate::rego::hir::{Callee, WithTarget};
use crate::rego::value::{Object, Str, Value};

/// The number of a level. Numbers are not used twice in an evaluation.
pub(super) type Level = u64;

/// The level where nothing is replaced.
pub(super) const ROOT: Level = 0;

/// What holds on one level, and what was computed there.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    pub(super) parent: Level,
    pub(super) input: Option<Value>,
    pub(super) data: Value,
    /// Paths below `data` where rules are replaced, of this level and those beneath it.
    targets: Arc<Vec<Vec<Str>>>,
    mocks: Vec<(WithTarget, Mock)>,
    /// Groups whose value may differ from the parent level's.
    affected: Arc<GroupSet>,
    /// Groups that the replaced functions of this level and those beneath it reach: what those functions read is
    /// not known when the policy is compiled, so these are computed anew on every level above.
    by_function: Arc<GroupSet>,
    inherited: Arc<GroupSet>,
    /// The same level without replaced functions, where their replacements run.
    pub(super) unmocked: Option<Level>,
    pub(super) memos: Memos,
}

/// What stands for a function.
#[derive(Clone, Debug)]
pub(super) enum Mock {
    Value(Value),
    Function(CallTarget),
}

impl Overlay {
    pub(super) fn root(input: Option<Value>, data: Value) -> Self {
        Self { input, data, ..Self::default() }
    }

    /// A level over this one, which has the number `parent`.
    pub(super) fn replace(
        &self,
        parent: Level,
        with: &WithSpec,
        mut values: impl Iterator<Item = Value>,
    ) -> Self {
        let mut next = self.over(parent);
        next.mocks.clone_from(&self.mocks);
        next.affected = Arc::clone(&with.affected);
        if !with.by_function.is_empty() {
            next.by_function = Arc::new(self.by_function.union(&with.by_function));
        }
        for (target, replacement) in &with.replacements {
            let mock = match replacement {
                Replacement::Function(callee) => Mock::Function(callee.clone()),
                Replacement::Value => Mock::Value(values.next().unwrap_or_default()),
            };
            next.put(target, mock);
        }
        next
    }

    /// Bytes that [`Overlay::replace`] allocates: every object on the way to what is replaced is copied.
    pub(super) fn bytes_to_replace(&self, with: &WithSpec) -> u64 {
        let own =
            size_of::<Self>() + size_of_val(self.targets.as_slice()) + size_of_val(self.mocks.as_slice());
        let documents = with.replacements.iter().map(|(target, _)| match target {
            WithTarget::Input(path) => self.input.as_ref().map_or(0, |input| bytes_on_the_way(input, path)),
            WithTarget::Data(path) => bytes_on_the_way(&self.data, path),
            WithTarget::Function(_) | WithTarget::Builtin(_) => size_of::<(WithTarget, Mock)>() as u64,
        });
        own as u64 + documents.sum::<u64>()
    }

    fn put(&mut self, target: &WithTarget, mock: Mock) {
        match (target, mock) {
            (WithTarget::Input(path), Mock::Value(value)) => {
                self.input = Some(put_at(self.input.take(), path, value));
            }
            (WithTarget::Data(path), Mock::Value(value)) => {
                self.data = put_at(Some(std::mem::take(&mut self.data)), path, value);
                Arc::make_mut(&mut self.targets).push(path.clone());
            }
            (_, mock) => self.mocks.push((target.clone(), mock)),
        }
    }

    /// A level over this one on which functions are what they are.
    pub(super) fn without_mocks(&self, parent: Level) -> Self {
        Self { affected: Arc::clone(&self.by_function), ..self.over(parent) }
    }

    fn over(&self, parent: Level) -> Self {
        Self {
            parent,
            input: self.input.clone(),
            data: self.data.clone(),
            targets: Arc::clone(&self.targets),
            by_function: Arc::clone(&self.by_function),
            inherited: Arc::clone(&self.by_function),
            ..Self::default()
        }
    }

    /// Whether a group's value may differ from that on the parent level.
    pub(super) fn affects(&self, group: u32) -> bool {
        self.affected.contains(group) || self.inherited.contains(group)
    }

    /// Whether base data stands for the rules at a path below `data`.
    pub(super) fn covers(&self, path: &[Str]) -> bool {
        self.targets.iter().any(|target| path.starts_with(target))
    }

    pub(super) fn replaces_functions(&self) -> bool {
        !self.mocks.is_empty()
    }

    /// What stands for a function.
    pub(super) fn mock(&self, callee: &Callee) -> Option<&Mock> {
        let found = self.mocks.iter().rev().find(|(target, _)| match (target, callee) {
            (WithTarget::Function(a), Callee::Function(b)) => a == b,
            (WithTarget::Builtin(a), Callee::Builtin(b) | Callee::Host(b)) => a == b,
            _ => false,
        });
        found.map(|(_, mock)| mock)
    }
}

fn bytes_on_the_way(document: &Value, path: &[Str]) -> u64 {
    let mut at = Some(document);
    let levels = path.iter().map(|step| {
        let copied = at.map_or(0, Value::shallow_bytes);
        at = at.and_then(|value| value.get_str(step));
        copied + (2 * size_of::<Value>()) as u64
    });
    levels.sum()
}

/// A document with a value at a path. What is no object on the way there gives way to one.
fn put_at(document: Option<Value>, path: &[Str], value: Value) -> Value {
    let Some((first, rest)) = path.split_first() else { return value };
    let object = match document {
        Some(Value::Object(object)) => object,
        _ => Object::new(),
    };
    let inner = object.get_str(first).cloned();
    object.with(Value::String(first.clone()), put_at(inner, rest, value)).into()
}

/// What base data has at a path.
pub(super) fn base_at<'a>(data: &'a Value, path: &[Str]) -> Option<&'a Value> {
    path.iter().try_fold(data, |value, step| value.get_str(step))
}
