//! The public compliance suite of the language.

use std::collections::BTreeMap;
use std::path::Path;

use enterprise_contract::rego::value::{Array, Object, Value};
use rayon::prelude::*;

use crate::case::{Case, Outcome, cases, plain, text};
use crate::differences::Verdict;
use crate::used::{self, Used};

/// Runs every case.
pub(crate) fn run(folder: &Path) -> Vec<Verdict> {
    named(folder).into_par_iter().map(|(note, case)| (note, verdict(&case))).collect()
}

/// Of listed cases those that the released policies may meet, and what they have in common with them.
pub(crate) fn touching(
    folder: &Path,
    listed: &BTreeMap<String, String>,
    policies: &Used,
) -> Vec<(String, String)> {
    let cases = named(folder).into_iter().filter(|(note, _)| listed.contains_key(note));
    let touches = |(note, spec): (String, Value)| {
        let case = case(&spec);
        // Where both are errors, the difference is what they say.
        if wants_an_error(&spec) && matches!(case.run(), Outcome::Errors(_)) {
            return None;
        }
        let modules: Vec<String> = case.modules.into_iter().map(|(_, text)| text).collect();
        let why = policies.touched_by(&used::by_case(&modules, &case.query)?, &listed[&note])?;
        Some((note, why))
    };
    cases.filter_map(touches).collect()
}

/// Every case by its name. Names that several cases share get a number.
fn named(folder: &Path) -> Vec<(String, Value)> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut named = Vec::new();
    for case in cases(folder) {
        let note = text(&case, "note").expect("a note").to_owned();
        let count = seen.entry(note.clone()).or_default();
        *count += 1;
        named.push((if *count == 1 { note } else { format!("{note} #{count}") }, case));
    }
    named
}

fn case(spec: &Value) -> Case {
    let modules = spec.get_str("modules").and_then(Value::as_array).into_iter().flatten();
    let named = modules.enumerate().map(|(index, module)| {
        (format!("test-{index}.rego"), module.as_str().expect("a module's text").to_owned())
    });
    Case {
        modules: named.collect(),
        data: spec.get_str("data").cloned(),
        input: input(spec),
        query: text(spec, "query").expect("a query").to_owned(),
        strict: spec.get_str("strict_error").and_then(Value::as_bool).unwrap_or(false),
        print: false,
        check_data: false,
    }
}

/// A case that has results, too, means the error.
fn wants_an_error(spec: &Value) -> bool {
    spec.get_str("want_error").is_some() || spec.get_str("want_error_code").is_some()
}

fn verdict(spec: &Value) -> Option<String> {
    let (got, want) = (case(spec).run(), spec);
    let results = want.get_str("want_result").and_then(Value::as_array).filter(|_| !wants_an_error(want));
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
