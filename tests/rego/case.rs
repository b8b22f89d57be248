//! One case: modules, data, input and a query, evaluated.

use std::collections::BTreeMap;
use std::path::Path;

use enterprise_contract::rego::budget::Budget;
use enterprise_contract::rego::engine::{
    BuiltinErrors, CompileFailure, CompileOptions, Compiler, Evaluation, EvaluationInput, Policy,
    PreparedQuery, PrintStatements, Recall,
};
use enterprise_contract::rego::error::{ErrorCode, RegoError};
use enterprise_contract::rego::host::HostAnswer;
use enterprise_contract::rego::source::Sources;
use enterprise_contract::rego::value::{Array, Object, ReadLimits, Value, json};
use enterprise_contract::rego::vm::{Answer, Step};

/// Steps of one case: far more than any needs, so that a case that never ends fails.
const STEPS: u64 = 20_000_000;

/// What is asked.
#[derive(Debug, Default)]
pub(crate) struct Case {
    pub modules: Vec<(String, String)>,
    pub data: Option<Value>,
    pub input: Option<Value>,
    pub query: String,
    pub strict: bool,
    pub print: bool,
    /// Whether rules at the places of base data are refused.
    pub check_data: bool,
}

/// What came out.
#[derive(Debug)]
pub(crate) enum Outcome {
    Results(Vec<BTreeMap<String, Value>>),
    Errors(Vec<Error>),
}

/// An error with its place worked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Error {
    pub code: &'static str,
    pub message: String,
    pub file: String,
    pub row: u32,
    pub col: u32,
    /// As OPA prints it, details included.
    pub text: String,
}

fn error(error: &RegoError, sources: &Sources) -> Error {
    let position = error.span.map(|span| sources.position(span));
    Error {
        code: error.code.as_str(),
        message: error.message.clone(),
        file: error.span.map(|span| sources.name(span).to_owned()).unwrap_or_default(),
        row: position.map_or(0, |it| it.row),
        col: position.map_or(0, |it| it.col),
        text: error.opa_text(sources),
    }
}

fn failure(failure: &CompileFailure) -> Outcome {
    Outcome::Errors(failure.errors.0.iter().map(|it| error(it, &failure.sources)).collect())
}

impl Case {
    pub(crate) fn run(&self) -> Outcome {
        let print = if self.print { PrintStatements::Keep } else { PrintStatements::Remove };
        let mut compiler = Compiler::new(CompileOptions { print, ..CompileOptions::default() });
        for (name, text) in &self.modules {
            compiler.add_module(name, text);
        }
        let policy = match compiler.compile() {
            Ok(built) => built.policy,
            Err(error) => return failure(&error),
        };
        if let (Some(data), true) = (&self.data, self.check_data)
            && let Err(errors) = policy.check_data(data)
        {
            return failure(&CompileFailure { errors, sources: policy.sources().clone() });
        }
        let query = match policy.prepare_query(&self.query) {
            Ok(query) => query,
            Err(error) => return failure(&error),
        };
        let step = self.answer(&policy, &query, Recall::All);
        let anew = self.answer(&policy, &query, Recall::Nothing);
        assert!(
            anew == step || ran_out(&anew),
            "remembering changes an answer\n{self:?}\n{step:?}\n{anew:?}"
        );
        match step {
            Step::Done(Answer::Results(solutions)) => Outcome::Results(
                solutions
                    .into_iter()
                    .map(|it| {
                        it.bindings.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
                    })
                    .collect(),
            ),
            Step::Done(Answer::Error(it)) => Outcome::Errors(vec![error(&it, query.sources())]),
            other => {
                let internal =
                    RegoError::new(ErrorCode::EvalInternal, format!("odd answer: {other:?}"), None);
                Outcome::Errors(vec![error(&internal, query.sources())])
            }
        }
    }

    fn answer(&self, policy: &Policy, query: &PreparedQuery, recall: Recall) -> Step {
        let data = self.data.clone().unwrap_or_else(|| Object::new().into());
        let builtin_errors = if self.strict { BuiltinErrors::Raised } else { BuiltinErrors::Undefined };
        let input = EvaluationInput {
            input: self.input.clone(),
            now_ns: 1_790_000_000_000_000_000,
            builtin_errors,
            recall,
            ..EvaluationInput::new(data, Budget::new(STEPS, 1 << 30))
        };
        let mut evaluation = Evaluation::new(policy, input);
        let mut step = evaluation.start_query(query);
        while let Step::Pending(_) = step {
            step = evaluation.resume(HostAnswer::Undefined);
        }
        step
    }
}

/// Without a memory there are policies that take for ever.
fn ran_out(step: &Step) -> bool {
    matches!(step, Step::Done(Answer::Error(error)) if error.spent.is_some())
}

/// A value as JSON has it: sets are arrays, keys are text.
pub(crate) fn plain(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(plain).collect::<Array>().into(),
        Value::Set(members) => members.iter().map(plain).collect::<Array>().into(),
        Value::Object(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| {
                let key = match key {
                    Value::String(_) => key.clone(),
                    other => Value::from(json::to_string(&plain(other), json::Html::Plain)),
                };
                (key, plain(value))
            });
            Value::from(pairs.collect::<Object>())
        }
        other => other.clone(),
    }
}

pub(crate) fn read_json(path: &Path) -> Value {
    let bytes = std::fs::read(path).expect("a readable file");
    json::read(&bytes, &ReadLimits::default()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The `cases` of every JSON file of a folder.
pub(crate) fn cases(folder: &Path) -> Vec<Value> {
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("a folder").map(|it| it.unwrap().path()).collect();
    files.sort();
    let all = files.iter().filter(|path| path.extension().is_some_and(|it| it == "json")).flat_map(|path| {
        let file = read_json(path);
        file.get_str("cases").and_then(Value::as_array).expect("cases").iter().cloned().collect::<Vec<_>>()
    });
    all.collect()
}

pub(crate) fn text<'a>(case: &'a Value, key: &str) -> Option<&'a str> {
    case.get_str(key).and_then(Value::as_str)
}
