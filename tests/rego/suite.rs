//! The public compliance suite of the language.

use std::collections::BTreeMap;
use std::path::Path;

use enterprise_contract::rego::value::{Array, Object, Value};
use rayon::prelude::*;

use crate::case::{Case, Outcome, cases, plain, text};
use crate::differences::Verdict;

/// Runs every case. Names that several cases share get a number.
pub(crate) fn run(folder: &Path) -> Vec<Verdict> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut named = Vec::new();
    for case in cases(folder) {
        let note = text(&case, "note").expect("a note").to_owned();
        let count = seen.entry(note.clone()).or_default();
        *count += 1;
        named.push((if *count == 1 { note } else { format!("{note} #{count}") }, case));
    }
    named.into_par_iter().map(|(note, case)| (note, verdict(&case))).collect()
}

fn verdict(spec: &Value) -> Option<String> {
    let modules = spec.get_str("modules").and_then(Value::as_array).into_iter().flatten();
    let named = modules.enumerate().map(|(index, module)| {
        (format!("test-{index}.rego"), module.as_str().expect("a module's text").to_owned())
    });
    let case = Case {
        modules: named.collect(),
        data: spec.get_str("data").cloned(),
        input: input(spec),
        query: text(spec, "query").expect("a query").to_owned(),
        strict: spec.get_str("strict_error").and_then(Value::as_bool).unwrap_or(false),
        print: false,
        check_data: false,
    };
    let (got, want) = (case.run(), spec);
    // A case that has both means the error.
    let fails = want.get_str("want_error").is_some() || want.get_str("want_error_code").is_some();
    let results = want.get_str("want_result").and_then(Value::as_array).filter(|_| !fails);
    match (&got, results) {
        (Outcome::Results(results), Some(wanted)) => {
            let sort = spec.get_str("sort_bindings").is_some();
            let results = results.iter().map(|bindings| {
                let pairs: Object =
                    bindings.iter().map(|(name, value)| (name.as_str(), plain(value))).collect();
                if sort { sorted(&pairs.into()) } else { pairs.into() }
            });
            let results: Vec<Value> = results.collect();
            let wanted: Vec<Value> =
                wanted.iter().map(|it| if sort { sorted(it) } else { it.clone() }).collect();
            let (mut a, mut b) = (results.clone(), wanted.clone());
            a.sort();
            b.sort();
            (a != b).then(|| format!("want {wanted:?}\n got {results:?}"))
        }
        (Outcome::Errors(errors), None) => {
            let code = text(want, "want_error_code");
            let message = text(want, "want_error");
            let fits = errors.iter().any(|error| {
                code.is_none_or(|code| error.code == code)
                    && message.is_none_or(|message| error.text.contains(message))
            });
            (!fits).then(|| format!("want {code:?} {message:?}\n got {errors:?}"))
        }
        (got, wanted) => Some(format!("want {wanted:?} {:?}\n got {got:?}", text(want, "want_error"))),
    }
}

fn input(spec: &Value) -> Option<Value> {
    let Some(term) = text(spec, "input_term") else { return spec.get_str("input").cloned() };
    let case = Case { query: format!("term__ := {term}"), ..Case::default() };
    match case.run() {
        Outcome::Results(results) => results.into_iter().next()?.remove("term__"),
        Outcome::Errors(errors) => panic!("input {term}: {errors:?}"),
    }
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(sorted).collect();
            items.sort();
            items.into_iter().collect::<Array>().into()
        }
        Value::Object(pairs) => {
            Value::from(pairs.iter().map(|(key, value)| (key.clone(), sorted(value))).collect::<Object>())
        }
        other => other.clone(),
    }
}
