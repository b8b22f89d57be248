//! Unit tests of policies: rules whose name begins with `test_`. Which there are, and what an answer says of one.

mod cases;
mod duplicates;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::RegoError;
use super::source::Span;
use super::syntax::ast::{Module, Rule};
use super::value::{Str, Value};
use super::vm::Answer;

pub(crate) use cases::announce_cases;
pub(crate) use duplicates::number_duplicates;

/// How the names of tests begin.
const PREFIX: &str = "test_";
/// How the names of tests begin that are not run.
const TODO_PREFIX: &str = "todo_test_";

/// What rules whose name begins with `test_` are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tests {
    /// Rules like others.
    #[default]
    AsRules,
    /// Each definition is a test of its own, and keys are its cases.
    AsCases,
}

/// A test of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestCase {
    /// The package, with `data.` in front.
    pub package: String,
    /// The name of the rule.
    pub name: String,
    /// The rule, below `data`.
    pub path: Vec<Str>,
    /// The first rule of this name.
    pub span: Span,
    /// `todo_test_…`: is listed, and not run.
    pub todo: bool,
    /// It has a case for each key.
    pub has_cases: bool,
}

/// One of the cases of a test, or several under one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    /// The key; JSON where it is no text.
    pub name: String,
    /// Whether it, and all that are under it, hold.
    pub passed: bool,
    /// Those under it, by name.
    pub cases: Vec<Case>,
}

/// What became of a test.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The rule is true.
    Passed,
    /// It is undefined or anything else.
    Failed,
    /// It was not run.
    Skipped,
    /// It could not be decided.
    Error(RegoError),
    /// It asked the host for something that could not be found out.
    Undecided(String),
}

/// The tests of a policy, in the order of files and lines.
pub fn discover(modules: &[Module]) -> Vec<TestCase> {
    let mut found = BTreeMap::new();
    for (index, module) in modules.iter().enumerate() {
        let package: Vec<Str> = module.package.parts().map(|it| Str::from(&**it)).collect();
        for rule in &module.rules {
            let Some((at, names)) = test_name(rule) else { continue };
            let path: Vec<Str> =
                package.iter().cloned().chain(names.iter().map(|it| Str::from(&**it))).collect();
            let test = TestCase {
                package: dotted(&package),
                name: names.join("."),
                path: path.clone(),
                span: rule.span,
                todo: names.last().is_some_and(|name| name.starts_with(TODO_PREFIX)),
                has_cases: rule.head.reference.path.len() > at,
            };
            found.entry(path).or_insert(((index, rule.span.start), test));
        }
    }
    let mut tests: Vec<_> = found.into_values().collect();
    tests.sort_by_key(|(place, _)| *place);
    tests.into_iter().map(|(_, test)| test).collect()
}

/// Of a rule that is a test: which part of its head's reference says so, and the parts until there.
fn test_name(rule: &Rule) -> Option<(usize, Vec<Arc<str>>)> {
    if rule.head.args.is_some() {
        return None;
    }
    let reference = &rule.head.reference;
    let names =
        std::iter::once(reference.head.as_var()).chain(reference.path.iter().map(|it| it.as_string()));
    let mut parts = Vec::new();
    for (at, name) in names.enumerate() {
        let name = name?;
        parts.push(Arc::clone(name));
        if name.starts_with(PREFIX) || name.starts_with(TODO_PREFIX) {
            return Some((at, parts));
        }
    }
    None
}

fn dotted(package: &[Str]) -> String {
    std::iter::once("data").chain(package.iter().map(Str::as_str)).collect::<Vec<_>>().join(".")
}

/// What the answer of a test's rule says, and of its cases: `begun` are the keys of those that began.
pub fn verdict(test: &TestCase, answer: Answer, begun: &[Value]) -> (Verdict, Vec<Case>) {
    let verdict = match answer {
        Answer::Value(Value::Object(_)) | Answer::Undefined if test.has_cases => {
            let mut top = Case { passed: true, ..Case::default() };
            if let Answer::Value(value) = &answer {
                top.take(value);
            }
            for keys in begun.iter().filter_map(Value::as_array) {
                top.expect(keys.iter());
            }
            top.judge();
            return (if top.passed { Verdict::Passed } else { Verdict::Failed }, top.cases);
        }
        Answer::Value(Value::Bool(true)) => Verdict::Passed,
        // A rule has a value; solutions are a query's.
        Answer::Undefined | Answer::Value(_) | Answer::Results(_) => Verdict::Failed,
        Answer::Error(error) => Verdict::Error(error),
        Answer::Undecided(undecided) => {
            let causes = undecided.stopped.iter().flat_map(|it| it.causes.iter());
            let texts: Vec<String> =
                causes.map(|it| format!("{}: {}", it.function, it.failure.message)).collect();
            Verdict::Undecided(texts.join("; "))
        }
    };
    (verdict, Vec::new())
}

impl Case {
    /// As deep as the value, which the rule's reference limits: what is deeper than that is no case.
    fn take(&mut self, value: &Value) {
        match value {
            Value::Object(pairs) => {
                for (key, value) in pairs {
                    let mut case = Self { name: name(key), passed: true, cases: Vec::new() };
                    case.take(value);
                    self.cases.push(case);
                }
            }
            value => self.passed = *value == Value::Bool(true),
        }
    }

    /// A case that began and left no key did not hold.
    fn expect<'a>(&mut self, keys: impl IntoIterator<Item = &'a Value>) {
        let mut place = self;
        for key in keys {
            let name = name(key);
            let known = place.cases.iter().position(|case| case.name == name);
            let at = known.unwrap_or_else(|| {
                place.cases.push(Self { name, passed: false, cases: Vec::new() });
                place.cases.len() - 1
            });
            place = &mut place.cases[at];
        }
    }

    fn judge(&mut self) {
        self.cases.sort_by(|a, b| a.name.cmp(&b.name));
        self.cases.iter_mut().for_each(Self::judge);
        if !self.cases.is_empty() {
            self.passed = self.cases.iter().all(|case| case.passed);
        }
    }
}

fn name(key: &Value) -> String {
    key.as_str().map_or_else(|| key.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::budget::Budget;
    use super::super::engine::{CompileOptions, Compiled, Compiler, Evaluation, EvaluationInput};
    use super::super::value::Object;
    use super::super::vm::{Step, Watcher};
    use super::*;
    use std::sync::Mutex;

    fn compiled(text: &str) -> Compiled {
        let mut compiler =
            Compiler::new(CompileOptions { tests: Tests::AsCases, ..CompileOptions::default() });
        compiler.add_module("t.rego", text);
        compiler.compile().unwrap()
    }

    #[derive(Clone, Default)]
    struct Begun(Arc<Mutex<Vec<Value>>>);

    impl Watcher for Begun {
        fn test_case(&mut self, keys: Value) {
            self.0.lock().unwrap().push(keys);
        }
    }

    fn verdicts(text: &str) -> Vec<String> {
        let Compiled { policy, modules } = compiled(text);
        let run = |test: &TestCase| {
            let begun = Begun::default();
            let input = EvaluationInput {
                watcher: Some(Box::new(begun.clone())),
                ..EvaluationInput::new(Object::new().into(), Budget::unlimited())
            };
            let mut evaluation = Evaluation::new(&policy, input);
            let Step::Done(answer) = evaluation.start_rule(&test.path) else { panic!("waits") };
            let (verdict, cases) = verdict(test, answer, &begun.0.lock().unwrap());
            let cases: Vec<_> = cases.iter().map(|it| format!("{}={}", it.name, it.passed)).collect();
            format!("{} {verdict:?} {}", test.name, cases.join(" "))
        };
        discover(&modules).iter().map(run).collect()
    }

    #[test]
    fn tests_are_found_in_the_order_of_the_file() {
        let compiled = compiled("package a.b\n\ntest_x if 1 == 1\n\ntodo_test_y if 1 == 2\n\nhelper := 1\n");
        let tests = discover(&compiled.modules);
        let names: Vec<_> = tests.iter().map(|it| (it.package.as_str(), it.name.as_str(), it.todo)).collect();
        assert_eq!(names, [("data.a.b", "test_x", false), ("data.a.b", "todo_test_y", true)]);
    }

    #[test]
    fn a_second_test_of_one_name_does_not_hide_behind_the_first() {
        assert_eq!(
            verdicts("package a\n\ntest_x if 1 == 1\n\ntest_x if 1 == 2\n"),
            ["test_x Passed ", "test_x#01 Failed ",]
        );
    }

    #[test]
    fn only_true_passes() {
        assert_eq!(
            verdicts("package a\n\ntest_x := \"true\"\n\ntest_y := false\n\ntest_z := true\n"),
            ["test_x Failed ", "test_y Failed ", "test_z Passed ",]
        );
    }

    #[test]
    fn a_case_that_leaves_no_key_failed() {
        let text = "package a\n\ntest_x[case.name] if {\n\tsome case in [{\"name\": \"one\", \"n\": 1}, {\"name\": \"two\", \"n\": 2}]\n\tgot := case.n * 2\n\tgot == 4\n}\n";
        assert_eq!(verdicts(text), ["test_x Failed one=false two=true"]);
    }
}
