//! The expressions answered by OPA that are one call of a builtin on constants.
//!
//! The whole language is tested elsewhere; this finds a wrong builtin without needing a machine.

use std::path::PathBuf;

use super::*;
use crate::rego::value::json::{self, Html};
use crate::rego::value::{Array, Number, Object, ReadLimits};

/// An expression of constants, calls, and references into `input`.
enum Expression {
    Constant(Value),
    Call(String, Vec<Expression>),
    Array(Vec<Expression>),
    Set(Vec<Expression>),
    Object(Vec<(Expression, Expression)>),
    Input(Vec<Value>),
}

/// Reads such expressions; nothing where it is another.
struct Reader<'a>(&'a str);

impl Reader<'_> {
    fn blanks(&mut self) {
        self.0 = self.0.trim_start();
    }

    fn eat(&mut self, token: &str) -> bool {
        self.blanks();
        let rest = self.0.strip_prefix(token);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn list(&mut self, end: &str) -> Option<Vec<Expression>> {
        let mut items = Vec::new();
        while !self.eat(end) {
            items.push(self.expression()?);
            if !self.eat(",") && !self.0.trim_start().starts_with(end) {
                return None;
            }
        }
        Some(items)
    }

    fn expression(&mut self) -> Option<Expression> {
        self.blanks();
        match self.0.chars().next()? {
            '"' => {
                let (value, read, _) =
                    json::read_prefix_counted(self.0.as_bytes(), &ReadLimits::default()).ok()?;
                self.0 = &self.0[read..];
                Some(Expression::Constant(value))
            }
            '`' => {
                let (text, rest) = self.0[1..].split_once('`')?;
                self.0 = rest;
                Some(Expression::Constant(text.into()))
            }
            '[' => {
                self.eat("[");
                self.list("]").map(Expression::Array)
            }
            '{' => {
                self.eat("{");
                self.braces()
            }
            '-' | '0'..='9' => {
                let end = self.0.find(|it: char| !it.is_ascii_alphanumeric() && !"+-.".contains(it));
                let (text, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
                self.0 = rest;
                Some(Expression::Constant(Number::from_text(text).ok()?.into()))
            }
            _ => self.name(),
        }
    }

    fn braces(&mut self) -> Option<Expression> {
        if self.eat("}") {
            return Some(Expression::Object(Vec::new()));
        }
        let (mut members, mut pairs) = (Vec::new(), Vec::new());
        loop {
            let first = self.expression()?;
            if self.eat(":") {
                pairs.push((first, self.expression()?));
            } else {
                members.push(first);
            }
            if self.eat("}") {
                break;
            }
            if !self.eat(",") {
                return None;
            }
        }
        match (members.is_empty(), pairs.is_empty()) {
            (true, false) => Some(Expression::Object(pairs)),
            (false, true) => Some(Expression::Set(members)),
            _ => None,
        }
    }

    fn name(&mut self) -> Option<Expression> {
        let end = self.0.find(|it: char| !it.is_ascii_alphanumeric() && it != '_' && it != '.');
        let (name, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest;
        match name {
            "true" => Some(Expression::Constant(true.into())),
            "false" => Some(Expression::Constant(false.into())),
            "null" => Some(Expression::Constant(Value::Null)),
            "set" if self.eat("()") => Some(Expression::Set(Vec::new())),
            _ if self.0.starts_with('(') => {
                self.eat("(");
                Some(Expression::Call(name.to_owned(), self.list(")")?))
            }
            _ => {
                let path = name.strip_prefix("input.")?;
                Some(Expression::Input(path.split('.').map(Value::from).collect()))
            }
        }
    }
}

/// What stands in the way of an answer.
#[derive(Debug)]
enum Stop {
    Undefined,
    Error(BuiltinError),
    /// A builtin that is not here.
    Skip,
}

fn evaluate(expression: &Expression, input: &Value) -> Result<Value, Stop> {
    let all =
        |items: &[Expression]| items.iter().map(|it| evaluate(it, input)).collect::<Result<Vec<_>, _>>();
    match expression {
        Expression::Constant(value) => Ok(value.clone()),
        Expression::Array(items) => Ok(Array::from(all(items)?).into()),
        Expression::Set(items) => Ok(Value::Set(all(items)?.into_iter().collect())),
        Expression::Object(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| Ok((evaluate(key, input)?, evaluate(value, input)?)));
            Ok(Value::Object(pairs.collect::<Result<Object, _>>()?))
        }
        Expression::Input(path) => input.get_path(path).cloned().ok_or(Stop::Undefined),
        Expression::Call(name, args) => {
            let builtin = find(name).ok_or(Stop::Skip)?;
            if decl::find(name).is_none_or(|it| it.ty.arity() != args.len()) {
                return Err(Stop::Skip);
            }
            let mut budget = Budget::new(1 << 30, 1 << 30);
            let (mut caches, mut sink) = (Caches::default(), ());
            let mut context = Context {
                now_ns: 1_700_000_000_000_000_000,
                seed: 1,
                budget: &mut budget,
                sink: &mut sink,
                caches: &mut caches,
            };
            builtin.call(&mut context, &all(args)?).map_err(Stop::Error)?.ok_or(Stop::Undefined)
        }
    }
}

fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("EC_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let found = root.join(path);
    if !found.exists() {
        println!("skipped: {path}: {} not found", found.display());
        return None;
    }
    Some(found)
}

/// What we answer, in the shape of the data.
fn answered(case: &Value) -> Option<(String, String)> {
    let query = case.get_str("query")?.as_str()?;
    if case.get_str("modules").is_some() {
        return None;
    }
    let mut reader = Reader(query.strip_prefix("x := ")?);
    let expression = reader.expression()?;
    reader.blanks();
    if !reader.0.is_empty() || !matches!(expression, Expression::Call(..)) {
        return None;
    }
    let input = case.get_str("input").cloned().unwrap_or_default();
    let result = match evaluate(&expression, &input) {
        Err(Stop::Skip) => return None,
        Ok(value) => (json::to_string(&value, Html::Plain), String::new()),
        Err(Stop::Undefined) => ("undefined".to_owned(), String::new()),
        Err(Stop::Error(error)) => ("undefined".to_owned(), format!("{}: {error}", error.code())),
    };
    Some(result)
}

fn wanted(case: &Value) -> Option<(String, String)> {
    let want = case.get_str("want")?;
    let strict = case.get_str("strict").and_then(|it| it.get_str("error"));
    let text =
        |error: &Value, key: &str| error.get_str(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let error = strict.map(|error| format!("{}: {}", text(error, "code"), text(error, "message")));
    let result = match want.get_str("result") {
        Some(bindings) => json::to_string(bindings.get(&0.into())?.get_str("x")?, Html::Plain),
        None if want.get_str("undefined").is_some() => "undefined".to_owned(),
        // What the compiler refuses never reaches a builtin.
        None => return None,
    };
    Some((result, error.unwrap_or_default()))
}

#[test]
fn calls_on_constants_have_the_answers_of_opa() {
    let Some(folder) = shared("conformance/expressions") else { return };
    let (mut passed, mut failures) = (0, Vec::new());
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    files.sort();
    for file in files {
        let group = json::read(&std::fs::read(&file).unwrap(), &ReadLimits::default()).unwrap();
        for case in group.get_str("cases").unwrap().as_array().unwrap() {
            let (Some(ours), Some(wanted)) = (answered(case), wanted(case)) else { continue };
            let note = case.get_str("note").unwrap().as_str().unwrap();
            let known = KNOWN_DIFFERENCES.iter().find(|(it, _)| note.starts_with(it));
            if ours == wanted {
                passed += 1;
                assert!(known.is_none(), "{note} is no difference any more");
            } else if known.is_none() {
                failures.push(format!("{note}\n  ours   {ours:?}\n  wanted {wanted:?}"));
            }
        }
    }
    println!("{passed} passed, {} failed", failures.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A value that holds another twice, and that one another, and so on: tiny, and endless to walk through.
fn doubled(levels: usize) -> Value {
    (0..levels).fold(Value::Null, |inner, _| vec![inner.clone(), inner].into())
}

/// Calls a builtin within a budget of so many steps and bytes.
fn call_within(limit: u64, builtin: Builtin, args: &[Value]) -> Result<Option<Value>, BuiltinError> {
    let mut budget = Budget::new(limit, limit);
    let (mut caches, mut sink) = (Caches::default(), ());
    let mut context =
        Context { now_ns: 0, seed: 0, budget: &mut budget, sink: &mut sink, caches: &mut caches };
    builtin.call(&mut context, args)
}

#[test]
fn what_would_take_too_much_ends_with_an_error_before_it_takes_it() {
    let long = Value::from("a".repeat(100_000));
    let many: Value = vec![long.clone(); 100].into();
    let vertices: Vec<Value> = (0..24).map(Value::from).collect();
    let edges: Value = vertices.clone().into();
    let graph = Value::Object(vertices.iter().map(|it| (it.clone(), edges.clone())).collect());
    let hundred = Value::Set((0..100).map(Value::from).collect());
    // Few bytes, but many blanks before each line.
    let deep =
        (0..500).fold(Value::Null, |inner, _| vec![Value::Null, inner, 1.into(), 2.into(), 3.into()].into());
    let calls: Vec<(&str, Vec<Value>)> = vec![
        ("numbers.range", vec![0.into(), 1_000_000_000_000_000_i64.into()]),
        ("numbers.range_step", vec![0.into(), (-1_000_000_000_000_000_i64).into(), 3.into()]),
        ("bits.lsh", vec![1.into(), 1_000_000_000_000_i64.into()]),
        (
            "sprintf",
            vec!["%*d%*d".into(), vec![Value::from(1_000_000), 1.into(), 1_000_000.into(), 1.into()].into()],
        ),
        ("sprintf", vec!["%v".into(), vec![doubled(40)].into()]),
        ("concat", vec![",".into(), many]),
        ("replace", vec![long.clone(), "a".into(), "b".repeat(1000).into()]),
        (
            "strings.replace_n",
            vec![Value::Object([("a", "b".repeat(1000))].into_iter().collect()), long.clone()],
        ),
        ("regex.replace", vec![long.clone(), "a".into(), "b".repeat(1000).into()]),
        ("split", vec![long, "".into()]),
        ("net.cidr_expand", vec!["10.0.0.0/8".into()]),
        ("graph.reachable_paths", vec![graph, vec![Value::from(0)].into()]),
        ("json.marshal", vec![doubled(40)]),
        ("yaml.marshal", vec![doubled(40)]),
        ("yaml.marshal", vec![deep]),
        (
            "json.marshal_with_options",
            vec![
                vec![Value::Null; 1000].into(),
                Value::Object([("prefix", "b".repeat(10_000))].into_iter().collect()),
            ],
        ),
        ("json.unmarshal", vec![format!("[{}1]", "1,".repeat(100_000)).into()]),
        ("internal.print", vec![vec![hundred; 5].into()]),
        ("units.parse", vec!["1e999999999".into()]),
        ("array.concat", vec![doubled(28), doubled(28)]),
    ];
    for (name, args) in calls {
        assert!(call_within(1_000_000, find(name).unwrap(), &args).is_err(), "{name}");
    }
}

#[test]
fn every_builtin_takes_any_kind_of_value_without_harm() {
    let kinds = [
        Value::Null,
        true.into(),
        (-1).into(),
        Value::Number(Number::from_text("1e400").unwrap()),
        "".into(),
        "a.b.c{".into(),
        Vec::new().into(),
        vec![Value::Null, "x".into()].into(),
        Value::Object(Object::new()),
        Value::Object([("a", 1)].into_iter().collect()),
        Value::Set([Value::from(1), "y".into()].into_iter().collect()),
    ];
    for declaration in decl::all() {
        let Some(builtin) = find(declaration.name) else { continue };
        for first in &kinds {
            for second in &kinds {
                let mut args = vec![first.clone(), second.clone(), first.clone(), second.clone()];
                args.truncate(declaration.ty.arity());
                if let Ok(Some(value)) = call_within(10_000_000, builtin, &args) {
                    assert_eq!(value.check_depth(), Ok(()), "{}", declaration.name);
                }
            }
        }
    }
}

/// Done by the compiler and the machine, which know what calls are about.
const BY_THE_MACHINE: [&str; 6] =
    ["assign", "eq", "print", "rego.metadata.chain", "rego.metadata.rule", "walk"];

#[test]
fn every_builtin_that_is_offered_is_there() {
    let mut missing: Vec<_> = decl::all()
        .filter(|it| it.is_offered() && find(it.name).is_none() && !BY_THE_MACHINE.contains(&it.name))
        .map(|it| it.name)
        .collect();
    missing.sort_unstable();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Cases that we answer differently, by the beginning of their names, and why.
const KNOWN_DIFFERENCES: &[(&str, &str)] = &[
    ("crypto/006", BYTES),
    ("crypto/012", BYTES),
    ("encoding/193", BYTES),
    ("encoding/196", BYTES),
    ("graph/021", "unsupported by decision: a path is shown once"),
    ("builtin-arguments/182", "error wording"),
    ("json-patch/039", "error wording"),
    ("jwt/164", "error wording"),
    ("jwt/172", "error wording"),
    ("strings/073", BYTES),
    ("yaml/135", "error wording"),
    ("yaml/136", "error wording"),
    ("yaml/147", "error wording"),
    ("yaml/158", "error wording"),
    ("yaml/185", "error wording"),
];

const BYTES: &str = "unsupported by decision: strings are valid UTF-8";
