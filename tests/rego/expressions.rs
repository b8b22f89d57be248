//! Expressions as OPA 1.15.2 answers them, spelling of numbers and places of errors included.

use std::path::Path;

use enterprise_contract::rego::value::{Object, Value, json};
use rayon::prelude::*;

use crate::case::{Case, Outcome, cases, plain, text};
use crate::differences::Verdict;

pub(crate) fn run(folder: &Path) -> Vec<Verdict> {
    cases(folder)
        .into_par_iter()
        .map(|spec| (text(&spec, "note").expect("a note").to_owned(), verdict(&spec)))
        .collect()
}

fn verdict(spec: &Value) -> Option<String> {
    let modules = spec.get_str("modules").and_then(Value::as_object).into_iter().flatten();
    let text_of = |value: &Value| value.as_str().expect("text").to_owned();
    let lenient = Case {
        modules: modules.map(|(name, text)| (text_of(name), text_of(text))).collect(),
        data: spec.get_str("data").cloned(),
        input: spec.get_str("input").cloned(),
        query: text(spec, "query").expect("a query").to_owned(),
        strict: false,
        print: true,
        check_data: true,
    };
    let want = spec.get_str("want").expect("what is wanted");
    if let Some(mismatch) = mismatch(want, &lenient.run()) {
        return Some(mismatch);
    }
    let strict = spec.get_str("strict")?;
    let case = Case { strict: true, ..lenient };
    mismatch(strict, &case.run()).map(|mismatch| format!("strict: {mismatch}"))
}

fn mismatch(want: &Value, got: &Outcome) -> Option<String> {
    let same = match got {
        Outcome::Results(results) if results.is_empty() => want.get_str("undefined").is_some(),
        Outcome::Results(results) => {
            let results = results.iter().map(|bindings| {
                let pairs = bindings.iter().map(|(name, value)| (name.as_str(), plain(value)));
                Value::from(pairs.collect::<Object>())
            });
            let got = spelled(&Value::from(results.collect::<Vec<_>>()));
            want.get_str("result").is_some_and(|wanted| spelled(wanted) == got)
        }
        Outcome::Errors(errors) => want.get_str("error").is_some_and(|wanted| {
            let number = |key: &str| wanted.get_str(key).and_then(Value::as_i64).unwrap_or(0);
            errors.first().is_some_and(|error| {
                text(wanted, "code") == Some(error.code)
                    && text(wanted, "message") == Some(&error.message)
                    && text(wanted, "file").unwrap_or_default() == error.file
                    && (number("row"), number("col")) == (i64::from(error.row), i64::from(error.col))
            })
        }),
    };
    (!same).then(|| format!("want {}\n got {}", spelled(want), shown(got)))
}

fn shown(got: &Outcome) -> String {
    match got {
        Outcome::Results(results) => format!("{results:?}"),
        Outcome::Errors(errors) => format!("{errors:?}"),
    }
}

fn spelled(value: &Value) -> String {
    json::to_string(value, json::Html::Plain)
}
