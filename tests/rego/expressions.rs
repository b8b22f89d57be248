//! Expressions as OPA 1.15.2 answers them, spelling of numbers and places of errors included.

use std::collections::BTreeMap;
use std::path::Path;

use enterprise_contract::rego::value::{Object, Value, json};
use rayon::prelude::*;

use crate::case::{Case, Outcome, cases, plain, text};
use crate::differences::Verdict;
use crate::used::{self, Used};

pub(crate) fn run(folder: &Path) -> Vec<Verdict> {
    cases(folder)
        .into_par_iter()
        .map(|spec| (text(&spec, "note").expect("a note").to_owned(), verdict(&spec)))
        .collect()
}

/// Of listed cases those that the released policies may meet, and what they have in common with them.
pub(crate) fn touching(
    folder: &Path,
    listed: &BTreeMap<String, String>,
    policies: &Used,
) -> Vec<(String, String)> {
    let touches = |spec: Value| {
        let note = text(&spec, "note").filter(|note| listed.contains_key(*note))?.to_owned();
        let case = case(&spec);
        if only_what_errors_say(spec.get_str("want")?, &case.run()) {
            return None;
        }
        let modules: Vec<String> = case.modules.into_iter().map(|(_, text)| text).collect();
        let why = policies.touched_by(&used::by_case(&modules, &case.query)?, &listed[&note])?;
        Some((note, why))
    };
    cases(folder).into_iter().filter_map(touches).collect()
}

/// Whether an answer, given where errors of builtins are not raised, is right but for the text and the place of an
/// error.
fn only_what_errors_say(want: &Value, got: &Outcome) -> bool {
    let both_err = || match got {
        Outcome::Errors(errors) => want.get_str("error").is_some_and(|wanted| {
            errors.first().is_some_and(|error| text(wanted, "code") == Some(error.code))
        }),
        Outcome::Results(_) => false,
    };
    mismatch(want, got).is_none() || both_err()
}

fn case(spec: &Value) -> Case {
    let modules = spec.get_str("modules").and_then(Value::as_object).into_iter().flatten();
    let text_of = |value: &Value| value.as_str().expect("text").to_owned();
    Case {
        modules: modules.map(|(name, text)| (text_of(name), text_of(text))).collect(),
        data: spec.get_str("data").cloned(),
        input: spec.get_str("input").cloned(),
        query: text(spec, "query").expect("a query").to_owned(),
        strict: false,
        print: true,
        check_data: true,
    }
}

fn verdict(spec: &Value) -> Option<String> {
    let lenient = case(spec);
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
