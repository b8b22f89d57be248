//! Objects: look-ups with a default, merging, keeping and removing keys.

use super::operand::{Answer, answer, array, at, item_error, object, type_error};
use super::{Builtin, BuiltinError, Context};
use crate::rego::value::{Array, Object, Set, Value};

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin::new("object.get", get),
    Builtin::new("object.keys", keys),
    Builtin::new("object.union", union),
    Builtin::new("object.union_n", union_n),
    Builtin::new("object.remove", remove),
    Builtin::new("object.filter", filter),
    Builtin::new("object.subset", subset),
];

/// The value under a key, or under a path where the key is an array; else the default.
fn get(_: &mut Context<'_>, args: &[Value]) -> Answer {
    let object = object(args, 1)?;
    let found = match at(args, 2) {
        Value::Array(path) => at(args, 1).get_path(path),
        key => object.get(key),
    };
    answer(found.unwrap_or(at(args, 3)).clone())
}

fn keys(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let object = object(args, 1)?;
    context.draw(object.len())?;
    answer(object.keys().cloned().collect::<Set>())
}

fn union(context: &mut Context<'_>, args: &[Value]) -> Answer {
    answer(merged(context, object(args, 1)?, object(args, 2)?)?)
}

/// The pairs of both; objects under one key are merged too, otherwise the second wins.
fn merged(context: &mut Context<'_>, a: &Object, b: &Object) -> Result<Object, BuiltinError> {
    if a.same_storage(b) {
        return Ok(a.clone());
    }
    context.draw(2 * (a.len() + b.len()))?;
    let mut spent = Ok(());
    let result = a.merge_with(b, |old, new| match (old, new) {
        (Value::Object(old), Value::Object(new)) if spent.is_ok() => match merged(context, old, new) {
            Ok(object) => Value::Object(object),
            Err(error) => {
                spent = Err(error);
                Value::Null
            }
        },
        _ => new.clone(),
    });
    spent.map(|()| result)
}

fn union_n(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let objects = array(args, 1)?;
    let mut result = Object::new();
    for value in objects {
        let Value::Object(object) = value else { return Err(item_error(1, at(args, 1), &["object"], value)) };
        result = merged(context, &result, object)?;
    }
    answer(result)
}

/// Keys given as an array, a set or the keys of an object.
fn wanted_keys(args: &[Value]) -> Result<Set, BuiltinError> {
    match at(args, 2) {
        Value::Array(items) => Ok(items.iter().cloned().collect()),
        Value::Set(members) => Ok(members.clone()),
        Value::Object(pairs) => Ok(pairs.keys().cloned().collect()),
        other => Err(type_error(2, &["object", "set", "array"], other)),
    }
}

fn remove(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let object = object(args, 1)?;
    let keys = wanted_keys(args)?;
    context.draw(object.len() + keys.len())?;
    answer(object.filter(|key, _| !keys.contains(key)))
}

fn filter(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let object = object(args, 1)?;
    let keys = wanted_keys(args)?;
    context.draw(object.len() + keys.len())?;
    answer(object.filter(|key, _| keys.contains(key)))
}

/// Whether the second is part of the first: keys and values deeply, members of sets, a run of an array's items.
fn subset(context: &mut Context<'_>, args: &[Value]) -> Answer {
    answer(match (at(args, 1), at(args, 2)) {
        (Value::Object(sup), Value::Object(sub)) => holds_object(context, sup, sub)?,
        (Value::Set(sup), Value::Set(sub)) => {
            context.budget.steps(sub.len() as u64)?;
            sub.is_subset(sup)
        }
        (Value::Array(sup), Value::Array(sub)) => holds_run(context, sup, sub)?,
        (Value::Array(sup), Value::Set(sub)) => {
            context.draw(sup.len())?;
            sub.is_subset(&sup.iter().cloned().collect())
        }
        _ => {
            let message = "both arguments object.subset must be of the same type or array and set";
            return Err(BuiltinError::Type(message.to_owned()));
        }
    })
}

fn holds(context: &mut Context<'_>, sup: &Value, sub: &Value) -> Result<bool, BuiltinError> {
    match (sup, sub) {
        (Value::Object(sup), Value::Object(sub)) => holds_object(context, sup, sub),
        (Value::Set(sup), Value::Set(sub)) => {
            context.budget.steps(sub.len() as u64)?;
            Ok(sub.is_subset(sup))
        }
        (Value::Array(sup), Value::Array(sub)) => holds_run(context, sup, sub),
        _ => Ok(sup == sub),
    }
}

fn holds_object(context: &mut Context<'_>, sup: &Object, sub: &Object) -> Result<bool, BuiltinError> {
    context.budget.steps(sub.len() as u64)?;
    for (key, value) in sub {
        let Some(other) = sup.get(key) else { return Ok(false) };
        if !holds(context, other, value)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn holds_run(context: &mut Context<'_>, sup: &Array, sub: &Array) -> Result<bool, BuiltinError> {
    for start in 0..=sup.len().saturating_sub(sub.len()) {
        let mut equal = sub.len() <= sup.len();
        for (index, wanted) in sub.iter().enumerate() {
            context.budget.steps(1)?;
            equal = equal && sup.get(start + index) == Some(wanted);
            if !equal {
                break;
            }
        }
        if equal {
            return Ok(true);
        }
    }
    Ok(false)
}
