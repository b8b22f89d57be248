//! Every builtin against operands of wrong types, empty ones and huge ones.
//!
//! A call ends, soon, in a value, in undefined, in an error of the builtin, or in one of the budget; it never panics. The
//! table is made from the declarations, so that a new builtin is tested before anybody thinks of it.

use std::time::{Duration, Instant};

use super::*;
use crate::rego::types::Type;
use crate::rego::value::{MAX_DEPTH, Number, Object};

/// Steps and bytes of a call: little enough that a call that draws on it ends in a fraction of a second.
const BUDGET: u64 = 1 << 22;

/// What a call may take without optimisation, on a machine that does much else.
const SOON: Duration = Duration::from_secs(20);

fn number(text: &str) -> Value {
    Number::from_text(text).unwrap().into()
}

fn nested(levels: u32, wrap: fn(Value) -> Value) -> Value {
    (0..levels).fold(Value::Null, |inner, _| wrap(inner))
}

/// One of each kind, and what no builtin expects.
fn kinds() -> Vec<Value> {
    vec![
        Value::Null,
        true.into(),
        0.into(),
        (-1).into(),
        number("1.5"),
        "".into(),
        "a.b/c:{$[(%\\\u{0}é".into(),
        Vec::new().into(),
        vec![Value::Null, "x".into(), 1.into()].into(),
        Value::Object(Object::new()),
        Value::Object([("a", Value::Null)].into_iter().collect()),
        Value::Object([(Value::from(1), Value::from(1))].into_iter().collect()),
        Value::Set(Vec::new().into_iter().collect()),
        Value::Set([Value::from(1), "y".into()].into_iter().collect()),
    ]
}

fn huge() -> Vec<Value> {
    let long = "a".repeat(1 << 20);
    let items: Vec<Value> = (0..100_000).map(Value::from).collect();
    let texts: Vec<Value> = (0..100_000).map(|it| it.to_string().into()).collect();
    vec![
        number("1e400"),
        number("-1e400"),
        number("1e-400"),
        number(&"9".repeat(300)),
        i64::MAX.into(),
        i64::MIN.into(),
        long.into(),
        "[{(\"".repeat(1 << 18).into(),
        "%9999999d{{1 | 2.3.4-5+6/7 \n".repeat(1 << 15).into(),
        items.clone().into(),
        texts.clone().into(),
        Value::Set(items.iter().cloned().collect()),
        Value::Object(texts.iter().map(|it| (it.clone(), items[0].clone())).collect()),
        nested(MAX_DEPTH - 1, |inner| vec![inner].into()),
        nested(MAX_DEPTH - 1, |inner| Value::Object([("a", inner)].into_iter().collect())),
        // Tiny, and endless to walk through.
        nested(27, |inner| vec![inner.clone(), inner].into()),
    ]
}

/// A value that an argument of a type takes, and with which a builtin comes to its work.
fn fitting(ty: &Type) -> Value {
    let printed = ty.to_string();
    match printed.as_str() {
        "number" => 2.into(),
        "boolean" => true.into(),
        "null" => Value::Null,
        it if it.starts_with("array") => vec![Value::from("a")].into(),
        it if it.starts_with("set") => Value::Set([Value::from("a")].into_iter().collect()),
        it if it.starts_with("object") => Value::Object([("a", "b")].into_iter().collect()),
        it if it.starts_with("any<array") => vec![Value::from("a")].into(),
        _ => "a".into(),
    }
}

/// Calls a builtin and holds what it gives against the bounds of all values. Tells of calls that do not end soon.
fn call(builtin: Builtin, args: &[Value], slow: &mut Vec<String>) {
    let mut budget = Budget::new(BUDGET, BUDGET);
    let (mut caches, mut sink) = (Caches::default(), ());
    let mut context =
        Context { now_ns: 0, seed: 0, budget: &mut budget, sink: &mut sink, caches: &mut caches };
    let start = Instant::now();
    if let Ok(Some(value)) = builtin.call(&mut context, args) {
        assert_eq!(value.check_depth(), Ok(()), "{}", builtin.name());
    }
    if start.elapsed() > SOON {
        let kinds: Vec<_> = args.iter().map(|it| (it.type_name(), it.parts())).collect();
        slow.push(format!("{} took {:?} on {kinds:?}", builtin.name(), start.elapsed()));
    }
}

/// All builtins with what their arguments take.
fn builtins() -> Vec<(Builtin, Vec<Value>)> {
    let mut all: Vec<_> = decl::all()
        .filter_map(|it| Some((find(it.name)?, it.ty.args.iter().map(fitting).collect())))
        .collect();
    all.sort_by_key(|it: &(Builtin, Vec<Value>)| it.0.name());
    all
}

#[test]
fn wrong_types_and_empty_values_do_no_harm() {
    let (kinds, mut slow) = (kinds(), Vec::new());
    for (builtin, fitting) in builtins() {
        for position in 0..fitting.len() {
            for kind in &kinds {
                let mut args = fitting.clone();
                args[position] = kind.clone();
                call(builtin, &args, &mut slow);
                args.fill(kind.clone());
                call(builtin, &args, &mut slow);
            }
        }
    }
    assert!(slow.is_empty(), "{slow:#?}");
}

#[test]
fn huge_values_end_soon() {
    let (huge, mut slow) = (huge(), Vec::new());
    for (builtin, fitting) in builtins() {
        for position in 0..fitting.len() {
            for value in &huge {
                let mut args = fitting.clone();
                args[position] = value.clone();
                call(builtin, &args, &mut slow);
            }
        }
        for value in &huge {
            call(builtin, &vec![value.clone(); fitting.len()], &mut slow);
        }
    }
    assert!(slow.is_empty(), "{slow:#?}");
}
