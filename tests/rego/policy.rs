//! The unit tests of the released policies, each asked for as a rule of its own.

use std::path::{Path, PathBuf};

use enterprise_contract::builtins;
use enterprise_contract::rego::budget::Budget;
use enterprise_contract::rego::engine::{CompileOptions, Compiler, Evaluation, EvaluationInput, Policy};
use enterprise_contract::rego::host::HostAnswer;
use enterprise_contract::rego::value::{Object, ReadLimits, Str, Value, yaml};
use enterprise_contract::rego::vm::{Answer, Step};
use rayon::prelude::*;

use crate::case::{read_json, text};
use crate::differences::Verdict;

/// Steps of one test: the longest need some hundred thousand.
const STEPS: u64 = 50_000_000;

pub(crate) fn run(folder: &Path) -> Vec<Verdict> {
    let policy = compile(folder);
    let data = data(folder);
    let expected = read_json(&folder.join("expected-tests.json"));
    let expected: Vec<Value> = expected.as_array().expect("a list").iter().cloned().collect();
    let verdict = |test: &Value| {
        let (package, name) =
            (text(test, "package").expect("a package"), text(test, "name").expect("a name"));
        let expected = test.get_str("pass").and_then(Value::as_bool).expect("pass");
        let (passes, answer) = passes(&policy, &data, package, name);
        (format!("{package}.{name}"), (passes != expected).then_some(answer))
    };
    expected.par_iter().map(verdict).collect()
}

fn compile(folder: &Path) -> Policy {
    let options = CompileOptions { host: builtins::declarations(), ..CompileOptions::default() };
    let mut compiler = Compiler::new(options);
    for path in files(folder, &["policy", "checks"], &["rego"]) {
        let text = std::fs::read_to_string(&path).expect("a module");
        compiler.add_module(&path.display().to_string(), &text);
    }
    compiler.compile().unwrap_or_else(|error| panic!("the released policies do not compile:\n{error}")).policy
}

/// The data files of the folders and the rule data, all merged at the root, as OPA reads them.
fn data(folder: &Path) -> Value {
    let mut all = Object::new();
    let mut paths = files(folder, &["policy", "checks"], &["json", "yml", "yaml"]);
    paths.push(folder.join("example/data/rule_data.yml"));
    for path in paths {
        let bytes = std::fs::read(&path).expect("a data file");
        let read = yaml::read(&bytes, &ReadLimits::default());
        if let Ok(Value::Object(pairs)) = read {
            for (key, value) in &pairs {
                all = all.with(key.clone(), value.clone());
            }
        }
    }
    all.into()
}

pub(crate) fn files(folder: &Path, parts: &[&str], extensions: &[&str]) -> Vec<PathBuf> {
    let mut open: Vec<PathBuf> = parts.iter().map(|part| folder.join(part)).collect();
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).expect("a folder").map(|it| it.unwrap().path()));
        } else if path.extension().is_some_and(|it| extensions.iter().any(|other| it == *other)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn passes(policy: &Policy, data: &Value, package: &str, name: &str) -> (bool, String) {
    let path: Vec<Str> = package.split('.').skip(1).chain([name]).map(Str::from).collect();
    let input = EvaluationInput {
        now_ns: 1_790_000_000_000_000_000,
        ..EvaluationInput::new(data.clone(), Budget::new(STEPS, 1 << 32))
    };
    let mut evaluation = Evaluation::new(policy, input);
    let mut step = evaluation.start_rule(&path);
    let mut asked = Vec::new();
    loop {
        match step {
            Step::Pending(call) => {
                let answer = match builtins::at_once(&call) {
                    Some(Ok(Some(value))) => HostAnswer::Value(value),
                    _ => HostAnswer::Undefined,
                };
                asked.push(call);
                step = evaluation.resume(answer);
            }
            Step::Done(answer) => {
                let passes = matches!(&answer, Answer::Value(value) if !value.is_false());
                let place = match &answer {
                    Answer::Error(error) => error.render(policy.sources()),
                    other => format!("{other:?}"),
                };
                return (passes, format!("{place}; asked the host for {asked:?}"));
            }
        }
    }
}
