//! The crate `regorus` as it is, without anything that would make up for what it lacks. The own engine has compiled the
//! policies before, so what that refuses never comes here; what `regorus` cannot run is an error of the entry point.
//!
//! It has no suspension: a function of the host that is not answered yet ends the evaluation with an error, and when the
//! answer is there the rule is evaluated again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use regorus::utils::limits::ExecutionTimerConfig;

use super::engine::Evaluates;
use crate::rego::engine::Policy;
use crate::rego::error::{ErrorCode, RegoError};
use crate::rego::host::{HostAnswer, HostCall, HostFailure, HostFunction};
use crate::rego::source::{SourceId, Span};
use crate::rego::value::{ObjectBuilder, ReadLimits, SetBuilder, Str, Value, json};
use crate::rego::vm::{Answer, Cause, Step, Stopped, Undecided};

/// Values that nest deeper are refused: `regorus` walks them by recursion.
const MAX_DEPTH: u32 = 128;

/// Time of one rule, as the own engine has for all: it is looked at between steps, never within a builtin.
const TIME: Duration = Duration::from_mins(5);

/// Steps between two looks at the clock.
const STEPS_BETWEEN_CHECKS: NonZeroU32 = NonZeroU32::new(1024).unwrap();

/// An evaluation by `regorus`.
pub struct Second {
    /// Or why it cannot evaluate anything.
    engine: Result<regorus::Engine, RegoError>,
    asked: Arc<Mutex<Asked>>,
    rule: String,
}

/// What rules asked of the host.
#[derive(Default)]
struct Asked {
    answers: HashMap<(Str, Vec<Value>), HostAnswer>,
    open: Option<HostCall>,
    failed: Option<(Str, HostFailure)>,
}

fn cannot(what: &dyn std::fmt::Display) -> RegoError {
    RegoError::new(ErrorCode::EvalBuiltin, format!("regorus: {what}"), None)
}

impl Second {
    /// Over a policy that the own engine has compiled, with these functions of the host.
    pub fn new(policy: &Policy, host: &[HostFunction], input: Option<&Value>, data: &Value) -> Self {
        let asked = Arc::new(Mutex::new(Asked::default()));
        let engine = prepared(policy, host, input, data, &asked);
        Self { engine, asked, rule: String::new() }
    }

    /// The variables of each solution of a query, as an object.
    ///
    /// # Errors
    /// What `regorus` says.
    pub fn query(&mut self, query: &str) -> Result<Vec<Value>, RegoError> {
        let results =
            self.run(|engine| engine.eval_query(query.to_owned(), false).map_err(|error| cannot(&error)))?;
        results.result.iter().filter_map(|it| back(&it.bindings).transpose()).collect()
    }

    /// Some expressions make it panic: that ends it, and nothing else.
    fn run<T>(
        &mut self,
        ask: impl FnOnce(&mut regorus::Engine) -> Result<T, RegoError>,
    ) -> Result<T, RegoError> {
        let engine = self.engine.as_mut().map_err(|error| error.clone())?;
        catch_unwind(AssertUnwindSafe(|| ask(engine))).unwrap_or_else(|_| {
            let error = cannot(&"it panicked");
            self.engine = Err(error.clone());
            Err(error)
        })
    }

    fn evaluate(&mut self) -> Step {
        let rule = self.rule.clone();
        let result = self.run(|engine| engine.eval_rule(rule).map_err(|error| cannot(&error)));
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        // Whatever it made of a question without an answer is worth nothing.
        if let Some((function, failure)) = asked.failed.take() {
            asked.open = None;
            return Step::Done(undecided(function, failure));
        }
        if let Some(call) = asked.open.clone() {
            return Step::Pending(call);
        }
        Step::Done(match result.and_then(|value| back(&value)) {
            Ok(Some(value)) => Answer::Value(value),
            Ok(None) => Answer::Undefined,
            Err(error) => Answer::Error(error),
        })
    }
}

fn undecided(function: Str, failure: HostFailure) -> Answer {
    let at = Span::whole_file(SourceId(0));
    let stopped = Stopped { rule: at, causes: [Cause { function, failure, at }].into() };
    Answer::Undecided(Undecided { decided: None, stopped: vec![stopped] })
}

impl Evaluates for Second {
    fn start_rule(&mut self, path: &[Str]) -> Step {
        self.rule = path.iter().fold("data".to_owned(), |path, step| path + "." + step);
        self.evaluate()
    }

    fn resume(&mut self, answer: HostAnswer) -> Step {
        {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(HostCall { name, args }) = asked.open.take() {
                asked.answers.insert((name, args), answer);
            }
        }
        self.evaluate()
    }

    /// Its clock runs for one attempt, which never waits.
    fn waited(&mut self, _: u64) {}

    /// It does not count.
    fn bytes_spent(&self) -> u64 {
        0
    }

    fn allow_bytes(&mut self, _: u64) {}
}

fn prepared(
    policy: &Policy,
    host: &[HostFunction],
    input: Option<&Value>,
    data: &Value,
    asked: &Arc<Mutex<Asked>>,
) -> Result<regorus::Engine, RegoError> {
    let mut engine = regorus::Engine::new();
    engine.set_strict_builtin_errors(false);
    engine.set_execution_timer_config(ExecutionTimerConfig {
        limit: TIME,
        check_interval: STEPS_BETWEEN_CHECKS,
    });
    for source in policy.sources().iter() {
        let (name, text) = (source.name().to_owned(), source.text().to_string());
        engine.add_policy(name, text).map_err(|error| cannot(&error))?;
    }
    engine.add_data(there(data)?).map_err(|error| cannot(&error))?;
    if let Some(input) = input {
        engine.set_input(there(input)?);
    }
    for function in host {
        let (name, asked) = (function.name.clone(), Arc::clone(asked));
        let extension = move |args: Vec<regorus::Value>| {
            let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
            match asked.answer(&name, &args) {
                Some(value) => Ok(value),
                // An error of any text: why it is one stands in `asked`.
                None => regorus::Value::from_json_str(""),
            }
        };
        engine
            .add_extension(function.name.to_string(), arity(&function.declaration), Box::new(extension))
            .map_err(|error| cannot(&error))?;
    }
    Ok(engine)
}

impl Asked {
    fn answer(&mut self, name: &Str, args: &[regorus::Value]) -> Option<regorus::Value> {
        let args: Vec<Value> = args.iter().map(back).collect::<Result<Option<_>, _>>().ok()??;
        let call = (name.clone(), args);
        match self.answers.get(&call) {
            Some(HostAnswer::Value(value)) => there(value).ok(),
            Some(HostAnswer::Undefined) => Some(regorus::Value::Undefined),
            Some(HostAnswer::Failed(failure)) => {
                self.failed = Some((call.0, failure.clone()));
                None
            }
            None => {
                self.open = Some(HostCall { name: call.0, args: call.1 });
                None
            }
        }
    }
}

/// How many arguments a declaration like `(string, object[string: any]) => any` has.
fn arity(declaration: &str) -> u8 {
    let (mut depth, mut commas, mut is_empty) = (0_u32, 0_u8, true);
    for it in declaration.chars() {
        match it {
            '(' | '[' | '<' | '{' => depth += 1,
            ')' if depth == 1 => break,
            ')' | ']' | '>' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 1 => commas = commas.saturating_add(1),
            it if !it.is_whitespace() => is_empty = false,
            _ => {}
        }
    }
    if is_empty { 0 } else { commas.saturating_add(1) }
}

/// A value as `regorus` has it.
fn there(value: &Value) -> Result<regorus::Value, RegoError> {
    if value.depth() > MAX_DEPTH {
        return Err(cannot(&format_args!("a value nests deeper than {MAX_DEPTH}")));
    }
    Ok(match value {
        Value::Null => regorus::Value::Null,
        Value::Bool(it) => regorus::Value::from(*it),
        Value::Number(it) => {
            regorus::Value::from_numeric_string(&it.to_string()).map_err(|error| cannot(&error))?
        }
        Value::String(it) => regorus::Value::from(it.as_str()),
        Value::Array(items) => regorus::Value::from(items.iter().map(there).collect::<Result<Vec<_>, _>>()?),
        Value::Set(members) => {
            regorus::Value::from(members.iter().map(there).collect::<Result<BTreeSet<_>, _>>()?)
        }
        Value::Object(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| Ok((there(key)?, there(value)?)));
            regorus::Value::from(pairs.collect::<Result<BTreeMap<_, _>, RegoError>>()?)
        }
    })
}

/// A value of `regorus` as we have it; nothing for undefined. It is as deep as what rules make, which the caller's
/// bounds limit.
fn back(value: &regorus::Value) -> Result<Option<Value>, RegoError> {
    let inner = |value: &regorus::Value| back(value)?.ok_or_else(|| cannot(&"undefined within a value"));
    Ok(Some(match value {
        regorus::Value::Undefined => return Ok(None),
        regorus::Value::Null => Value::Null,
        regorus::Value::Bool(it) => Value::Bool(*it),
        regorus::Value::String(it) => Value::String(Str::from(it.as_ref())),
        regorus::Value::Number(_) => {
            let text = value.to_json_str().map_err(|error| cannot(&error))?;
            json::read(text.as_bytes(), &ReadLimits::default()).map_err(|error| cannot(&error))?
        }
        regorus::Value::Array(items) => Value::from(items.iter().map(inner).collect::<Result<Vec<_>, _>>()?),
        regorus::Value::Set(members) => {
            let mut set = SetBuilder::new();
            for member in members.iter() {
                set.push(inner(member)?);
            }
            Value::Set(set.build())
        }
        regorus::Value::Object(pairs) => {
            let mut object = ObjectBuilder::new();
            for (key, value) in pairs.iter() {
                object.push(inner(key)?, inner(value)?);
            }
            Value::Object(object.build_last_wins())
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rego::engine::{CompileOptions, Compiler};
    use crate::rego::value::Object;

    fn second(text: &str, host: &[HostFunction]) -> Second {
        let mut compiler = Compiler::new(CompileOptions { host: host.to_vec(), ..CompileOptions::default() });
        compiler.add_module("t.rego", text);
        Second::new(&compiler.compile().unwrap().policy, host, None, &Object::new().into())
    }

    fn path() -> Vec<Str> {
        vec![Str::from("t"), Str::from("p")]
    }

    #[test]
    fn a_question_to_the_host_is_asked_once_and_the_rule_goes_on_with_the_answer() {
        let host = [HostFunction { name: "ec.x".into(), declaration: "(string) => any".into() }];
        let mut second = second("package t\n\np := [ec.x(\"a\"), ec.x(\"a\")]\n", &host);
        let Step::Pending(call) = second.start_rule(&path()) else { panic!("does not ask") };
        assert_eq!((call.name.as_str(), call.args), ("ec.x", vec![Value::from("a")]));
        let step = second.resume(HostAnswer::Value(Value::from(7_i64)));
        assert_eq!(
            step,
            Step::Done(Answer::Value(Value::from(vec![Value::from(7_i64), Value::from(7_i64)])))
        );
    }

    #[test]
    fn what_the_host_cannot_find_out_is_undecided_and_never_a_pass() {
        let host = [HostFunction { name: "ec.x".into(), declaration: "(string) => any".into() }];
        let mut second = second("package t\n\np contains 1 if not ec.x(\"a\")\n", &host);
        let Step::Pending(_) = second.start_rule(&path()) else { panic!("does not ask") };
        let step = second.resume(HostAnswer::Failed(HostFailure { id: 0, message: "down".into() }));
        assert!(matches!(step, Step::Done(Answer::Undecided(_))), "{step:?}");
    }

    #[test]
    fn what_it_cannot_run_is_an_error() {
        let mut second = second("package t\n\np := x if x := rego.metadata.rule()\n", &[]);
        let Step::Done(Answer::Error(error)) = second.start_rule(&path()) else { panic!("runs") };
        assert!(error.message.starts_with("regorus: "), "{error}");
    }

    #[test]
    fn a_panic_is_an_error_of_the_entry_point() {
        let mut second = second("package t\n\np := 1\n", &[]);
        let error = second.run::<()>(|_| panic!("on purpose")).unwrap_err();
        assert_eq!(error.message, "regorus: it panicked");
        assert_eq!(second.start_rule(&path()), Step::Done(Answer::Error(error)));
    }

    #[test]
    fn arguments_are_counted_at_the_top_only() {
        let declared = ["() => any", "(string) => any", "(string, object[string: any, any]) => any"];
        assert_eq!(declared.map(arity), [0, 1, 2]);
    }
}
