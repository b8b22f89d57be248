//! The machine, asked through the engine's front door.

mod bounds;
mod growth;
mod language;
mod remembering;
mod sharing;
mod suspension;
mod undecided;

use crate::rego::budget::Budget;
use crate::rego::engine::{CompileOptions, Compiler, Evaluation, EvaluationInput, Policy};
use crate::rego::host::{HostAnswer, HostCall, HostFailure, HostFunction};
use crate::rego::value::{Object, ReadLimits, Str, Value, json};
use crate::rego::vm::{Answer, Step};

/// Steps that no small test needs.
const STEPS: u64 = 1_000_000;

/// A module of package `t`, with the host function `host.get` of any argument.
fn policy(rules: &str) -> Policy {
    let host = vec![HostFunction { name: "host.get".into(), declaration: "(any) => any".into() }];
    let mut compiler = Compiler::new(CompileOptions { host, ..CompileOptions::default() });
    compiler.add_module("t.rego", format!("package t\n{rules}"));
    compiler.compile().unwrap_or_else(|error| panic!("{rules}\n{error}")).policy
}

fn path(name: &str) -> Vec<Str> {
    ["t", name].map(Str::from).to_vec()
}

fn value(text: &str) -> Value {
    json::read(text.as_bytes(), &ReadLimits::default()).unwrap()
}

fn input(budget: Budget) -> EvaluationInput {
    EvaluationInput {
        input: Some(value(r#"{"xs": [1, 2, 3], "a": "x", "k": "k", "j": "j", "keys": ["k", "o"]}"#)),
        ..EvaluationInput::new(Object::new().into(), budget)
    }
}

fn evaluation(policy: &Policy) -> Evaluation {
    Evaluation::new(policy, input(Budget::new(STEPS, 1 << 24)))
}

/// The host of the tests: fails for `"bad"`, is undefined for `"none"`, else doubles numbers and echoes the rest.
fn host(call: &HostCall) -> HostAnswer {
    match call.args.first() {
        Some(Value::String(text)) if text.as_str() == "bad" => {
            HostAnswer::Failed(HostFailure { id: 7, message: "no network".to_owned() })
        }
        Some(Value::String(text)) if text.as_str() == "none" => HostAnswer::Undefined,
        Some(number) if number.as_i64().is_some() => {
            HostAnswer::Value(Value::from(2 * number.as_i64().unwrap()))
        }
        Some(other) => HostAnswer::Value(other.clone()),
        None => HostAnswer::Undefined,
    }
}

fn ask(evaluation: &mut Evaluation, name: &str) -> Answer {
    let mut step = evaluation.start_rule(&path(name));
    loop {
        match step {
            Step::Done(answer) => return answer,
            Step::Pending(call) => step = evaluation.resume(host(&call)),
        }
    }
}

fn answer(rules: &str, name: &str) -> Answer {
    ask(&mut evaluation(&policy(rules)), name)
}
