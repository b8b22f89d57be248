//! Unit tests of policies: rules whose name begins with `test_`. Which there are, and what an answer says of one.

use std::collections::BTreeMap;

use super::engine::Policy;
use super::error::RegoError;
use super::source::Span;
use super::value::{Str, Value};
use super::vm::Answer;

/// A test of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestCase {
    /// The package, with `data.` in front.
    pub package: String,
    /// The name of the rule, without `todo_`.
    pub name: String,
    /// The rule, below `data`.
    pub path: Vec<Str>,
    /// The first rule of this name.
    pub span: Span,
    /// `todo_test_…`: is listed, and not run.
    pub todo: bool,
}

/// What became of a test.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The rule is defined and not false.
    Passed,
    /// It is undefined or false.
    Failed,
    /// It was not run.
    Skipped,
    /// It could not be decided.
    Error(RegoError),
    /// It asked the host for something that could not be found out.
    Undecided(String),
}

/// The tests of a policy, in the order of files and lines.
pub fn discover(policy: &Policy) -> Vec<TestCase> {
    let mut found = BTreeMap::new();
    for (index, module) in policy.modules().iter().enumerate() {
        let package: Vec<Str> = module.package.parts().map(|it| Str::from(&**it)).collect();
        for rule in &module.rules {
            let Some(name) = rule.head.reference.head.as_var().filter(|_| rule.head.args.is_none()) else {
                continue;
            };
            let todo = name.starts_with("todo_test_");
            if !todo && !name.starts_with("test_") {
                continue;
            }
            let path: Vec<Str> = package.iter().cloned().chain([Str::from(&**name)]).collect();
            let test = TestCase {
                package: dotted(&package),
                name: name.strip_prefix("todo_").unwrap_or(name).to_owned(),
                path: path.clone(),
                span: rule.span,
                todo,
            };
            found.entry(path).or_insert(((index, rule.span.start), test));
        }
    }
    let mut tests: Vec<_> = found.into_values().collect();
    tests.sort_by_key(|(place, _)| *place);
    tests.into_iter().map(|(_, test)| test).collect()
}

fn dotted(package: &[Str]) -> String {
    std::iter::once("data").chain(package.iter().map(Str::as_str)).collect::<Vec<_>>().join(".")
}

/// What the answer of a test's rule says.
pub fn verdict(answer: Answer) -> Verdict {
    match answer {
        // A rule has a value; solutions are a query's.
        Answer::Undefined | Answer::Value(Value::Bool(false)) | Answer::Results(_) => Verdict::Failed,
        Answer::Value(_) => Verdict::Passed,
        Answer::Error(error) => Verdict::Error(error),
        Answer::Undecided(undecided) => {
            let causes = undecided.stopped.iter().flat_map(|it| it.causes.iter());
            let texts: Vec<String> =
                causes.map(|it| format!("{}: {}", it.function, it.failure.message)).collect();
            Verdict::Undecided(texts.join("; "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::engine::{CompileOptions, Compiler};
    use super::*;

    #[test]
    fn tests_are_found_in_the_order_of_the_file_and_named_once() {
        let mut compiler = Compiler::new(CompileOptions::default());
        let text =
            "package a.b\n\ntest_x if 1 == 1\n\ntodo_test_y if 1 == 2\n\ntest_x if 2 == 2\n\nhelper := 1\n";
        compiler.add_module("t.rego", text);
        let tests = discover(&compiler.compile().unwrap());
        let names: Vec<_> = tests.iter().map(|it| (it.package.as_str(), it.name.as_str(), it.todo)).collect();
        assert_eq!(names, [("data.a.b", "test_x", false), ("data.a.b", "test_y", true)]);
    }

    #[test]
    fn what_is_undefined_or_false_fails() {
        assert_eq!(verdict(Answer::Undefined), Verdict::Failed);
        assert_eq!(verdict(Answer::Value(Value::Bool(false))), Verdict::Failed);
        assert_eq!(verdict(Answer::Value(Value::from("x"))), Verdict::Passed);
    }
}
