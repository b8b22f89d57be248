//! `json.filter`, `json.remove`, `json.patch`: parts of documents named by paths.
//!
//! A path is text with `/` between its keys (`~1` stands for `/`, `~0` for `~`), or an array of keys.

mod patch;

use std::collections::BTreeMap;

use super::operand::{self, answer, items, object};
use super::{Builtin, BuiltinError, Context};
use crate::rego::value::{Array, MAX_DEPTH, ObjectBuilder, Set, Value};

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin::new("json.filter", |context, args| {
        let (value, paths) = (Value::Object(object(args, 1)?.clone()), paths(context, args)?);
        answer(kept(context, &value, &paths)?)
    }),
    Builtin::new("json.remove", |context, args| {
        let (value, paths) = (Value::Object(object(args, 1)?.clone()), paths(context, args)?);
        removed(context, &value, Some(&paths))
    }),
    Builtin::new("json.patch", patch::patch),
];

/// Paths put together: what has the same beginning is one branch.
enum Paths {
    /// A path ends here.
    End,
    Branches(BTreeMap<Value, Paths>),
}

/// The keys of one path.
fn keys(path: &Value) -> Result<Vec<Value>, BuiltinError> {
    match path {
        Value::String(text) if text.is_empty() => Ok(Vec::new()),
        Value::String(text) => {
            let text = text.trim_start_matches('/');
            Ok(text.split('/').map(|key| Value::from(key.replace("~1", "/").replace("~0", "~"))).collect())
        }
        Value::Array(keys) => Ok(keys.iter().cloned().collect()),
        other => Err(operand::error(
            2,
            &format!(
                "must be one of {{set, array}} containing string paths or array of path segments but got {}",
                other.type_name()
            ),
        )),
    }
}

fn paths(context: &mut Context<'_>, args: &[Value]) -> Result<Paths, BuiltinError> {
    let mut root = BTreeMap::new();
    for path in items(args, 2, ["set", "array"])? {
        let mut keys = keys(path)?;
        context.draw(4 * keys.len() + 1)?;
        // No value is deeper, so what is beyond names nothing.
        let whole = keys.len() <= MAX_DEPTH as usize;
        keys.truncate(MAX_DEPTH as usize);
        insert(&mut root, keys, whole);
    }
    Ok(Paths::Branches(root))
}

fn insert(root: &mut BTreeMap<Value, Paths>, keys: Vec<Value>, whole: bool) {
    let mut branches = root;
    let count = keys.len();
    for (index, key) in keys.into_iter().enumerate() {
        if whole && index + 1 == count {
            branches.insert(key, Paths::End);
            return;
        }
        match branches.entry(key).or_insert_with(|| Paths::Branches(BTreeMap::new())) {
            // A shorter path names all of it.
            Paths::End => return,
            Paths::Branches(inner) => branches = inner,
        }
    }
}

impl Paths {
    fn get(&self, key: &Value) -> Option<&Self> {
        match self {
            Self::End => None,
            Self::Branches(branches) => branches.get(key),
        }
    }
}

/// Items of arrays are named by the text of their position.
fn position(index: usize) -> Value {
    Value::from(index.to_string())
}

/// What the paths name, and what leads there.
fn kept(context: &mut Context<'_>, value: &Value, paths: &Paths) -> Result<Value, BuiltinError> {
    if matches!(paths, Paths::End) {
        return Ok(value.clone());
    }
    context.draw(value.count().unwrap_or(0))?;
    Ok(match value {
        Value::Object(pairs) => {
            let mut out = ObjectBuilder::new();
            for (key, value) in pairs {
                if let Some(inner) = paths.get(key) {
                    out.push(key.clone(), kept(context, value, inner)?);
                }
            }
            out.build_last_wins().into()
        }
        Value::Array(items) => {
            let mut out = Vec::new();
            for (index, item) in items.iter().enumerate() {
                if let Some(inner) = paths.get(&position(index)) {
                    out.push(kept(context, item, inner)?);
                }
            }
            Array::from(out).into()
        }
        Value::Set(members) => {
            let mut out = Vec::new();
            for member in members {
                if let Some(inner) = paths.get(member) {
                    out.push(kept(context, member, inner)?);
                }
            }
            out.into_iter().collect::<Set>().into()
        }
        scalar => scalar.clone(),
    })
}

/// What is left without what the paths name; nothing where that is all of it.
fn removed(
    context: &mut Context<'_>,
    value: &Value,
    paths: Option<&Paths>,
) -> Result<Option<Value>, BuiltinError> {
    let paths = match paths {
        None => return Ok(Some(value.clone())),
        Some(Paths::End) => return Ok(None),
        Some(paths) => paths,
    };
    context.draw(value.count().unwrap_or(0))?;
    Ok(Some(match value {
        Value::Object(pairs) => {
            let mut out = ObjectBuilder::new();
            for (key, value) in pairs {
                if let Some(rest) = removed(context, value, paths.get(key))? {
                    out.push(key.clone(), rest);
                }
            }
            out.build_last_wins().into()
        }
        Value::Array(items) => {
            let mut out = Vec::new();
            for (index, item) in items.iter().enumerate() {
                out.extend(removed(context, item, paths.get(&position(index)))?);
            }
            Array::from(out).into()
        }
        Value::Set(members) => {
            let mut out = Vec::new();
            for member in members {
                out.extend(removed(context, member, paths.get(member))?);
            }
            out.into_iter().collect::<Set>().into()
        }
        scalar => scalar.clone(),
    }))
}
