//! Reading, against what OPA answers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::super::error::Errors;
use super::super::source::Sources;
use super::super::value::{ReadLimits, Value, json};
use super::ast::{ExprKind, TermKind};
use super::{MAX_DEPTH, parse_module, parse_module_only, parse_query};

/// A folder of the shared data, or a note that it is not there.
pub(super) fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("EC_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let found = root.join(path);
    if !found.exists() {
        println!("skipped: {} not found", found.display());
        return None;
    }
    Some(found)
}

fn json_files<T: DeserializeOwned>(folder: &Path) -> Vec<(String, T)> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    };
    files.into_iter().map(read).collect()
}

/// A file of `conformance/expressions`; results are not looked at here.
#[derive(Deserialize)]
struct Group {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    note: String,
    #[serde(default)]
    modules: BTreeMap<String, String>,
    query: String,
    want: Want,
}

#[derive(Deserialize)]
struct Want {
    error: Option<WantError>,
    #[serde(default)]
    also: Vec<WantError>,
}

#[derive(Deserialize)]
struct WantError {
    code: String,
    message: String,
    #[serde(default)]
    file: String,
    #[serde(default)]
    row: u32,
    #[serde(default)]
    col: u32,
}

/// File, row, column, message; 0 where OPA names none.
type Told = (String, u32, u32, String);

fn told(sources: &Sources, errors: &Errors) -> Vec<Told> {
    let mut all: Vec<Told> = errors
        .0
        .iter()
        .map(|error| {
            let (name, position) = error.span.map_or((String::new(), None), |span| {
                (sources.name(span).to_owned(), Some(sources.position(span)))
            });
            let (row, col) = position.map_or((0, 0), |position| (position.row, position.col));
            (name, row, col, format!("{}: {}", error.code, error.message))
        })
        .collect();
    all.sort();
    all
}

fn wanted(want: &Want) -> Vec<Told> {
    let all = want.error.iter().chain(&want.also);
    let told = |error: &WantError| {
        let message = format!("{}: {}", error.code, error.message);
        (error.file.clone(), error.row, error.col, message)
    };
    let mut all: Vec<Told> = all.map(told).collect();
    all.sort();
    all
}

/// Errors of reading the modules of a case, or else of its query.
fn read_case(case: &Case) -> Vec<Told> {
    let mut sources = Sources::new();
    let mut out = Vec::new();
    for (name, text) in &case.modules {
        let id = sources.add(name, text).unwrap();
        if let Err(errors) = parse_module(&sources, id) {
            out.extend(told(&sources, &errors));
        }
    }
    if out.is_empty() {
        let id = sources.add("", &case.query).unwrap();
        if let Err(errors) = parse_query(&sources, id) {
            out.extend(told(&sources, &errors));
        }
    }
    out
}

#[test]
fn every_expression_case_reads_or_fails_as_in_opa() {
    let Some(folder) = shared("conformance/expressions") else { return };
    let mut different = Vec::new();
    let mut count = 0;
    for (_, group) in json_files::<Group>(&folder) {
        for case in &group.cases {
            count += 1;
            let want = wanted(&case.want);
            let reading = |(.., message): &Told| {
                message.starts_with("rego_parse_error") || message.ends_with("empty query cannot be compiled")
            };
            let want: Vec<Told> = want.into_iter().filter(reading).collect();
            let got = read_case(case);
            if got != want {
                different.push(format!("{}\n  want {want:?}\n  got  {got:?}", case.note));
            }
        }
    }
    assert!(different.is_empty(), "{} of {count} differ:\n{}", different.len(), different.join("\n"));
}

#[test]
fn every_module_of_the_compliance_suite_reads() {
    let Some(folder) = shared("conformance/opa") else { return };
    let mut different = Vec::new();
    for (name, file) in json_files::<Json>(&folder) {
        let cases = file.as_array().or_else(|| file["cases"].as_array()).unwrap().clone();
        for case in cases {
            let mut sources = Sources::new();
            let modules = case["modules"].as_array().cloned().unwrap_or_default();
            for (index, module) in modules.iter().enumerate() {
                let id = sources.add(&format!("{index}.rego"), module.as_str().unwrap()).unwrap();
                if let Err(errors) = parse_module(&sources, id) {
                    different.push(format!("{name} {}: {}", case["note"], errors.render(&sources)));
                }
            }
            if let Some(query) = case["query"].as_str() {
                let id = sources.add("", query).unwrap();
                if let Err(errors) = parse_query(&sources, id) {
                    different.push(format!("{name} {}: {}", case["note"], errors.render(&sources)));
                }
            }
        }
    }
    assert!(different.is_empty(), "{}:\n{}", different.len(), different.join("\n"));
}

#[test]
fn every_released_policy_reads() {
    let Some(folder) = shared("conformance/conforma-policy") else { return };
    let mut pending = vec![folder];
    let mut count = 0;
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rego") {
                let mut sources = Sources::new();
                let id = sources.add_bytes(&path.to_string_lossy(), &std::fs::read(&path).unwrap()).unwrap();
                if let Err(errors) = parse_module(&sources, id) {
                    panic!("{}", errors.render(&sources));
                }
                count += 1;
            }
        }
    }
    assert!(count > 50, "only {count} policies found");
}

mod hostile {
    use super::*;

    /// The only message of reading a text, or none.
    fn message(text: &str) -> Option<String> {
        let mut sources = Sources::new();
        let id = sources.add("t.rego", text).unwrap();
        let errors = parse_module(&sources, id).err()?;
        assert!(!errors.render(&sources).is_empty());
        Some(errors.0.into_iter().map(|error| error.message).collect::<Vec<_>>().join("; "))
    }

    #[test]
    fn deep_nesting_is_one_error_whatever_it_is_made_of() {
        let mut tried = 0;
        for (open, inner, close) in [
            ("[", "1", "]"),
            ("{", "1", "}"),
            ("(", "1", ")"),
            ("{\"a\":", "1", "}"),
            ("{1, ", "1", "}"),
            ("[1, ", "1", "]"),
            ("(1, ", "1", ") in x"),
            ("f(", "1", ")"),
            ("f(1, ", "1", ")"),
            ("a[", "1", "]"),
            ("a.b[1][", "1", "]"),
            ("[x | ", "x", "]"),
            ("{x | ", "x", "}"),
            ("{x: y | ", "x", "}"),
            ("{x | y, ", "x", "}"),
            ("{x | {y}, ", "x", "}"),
            ("{a | ", "x", ", c}"),
            ("[a | ", "x", ", c]"),
            ("{", "x", " | d, e}"),
            ("{1: ", "x", " | d, 3: e}"),
            ("{k: 1 + ", "x", " | d}"),
            ("1 + (", "x", ")"),
            ("{x | every y in z { ", "x", "}}"),
            ("{x | some y in ", "x", "}"),
            ("{x | not ", "x", "}"),
            ("{x | x with input as ", "x", "}"),
            ("$\"{", "1", "}\""),
            ("$\"a{", "1", "}b{2}\""),
            ("$`{", "1", "}`"),
        ] {
            for depth in [100_000, MAX_DEPTH as usize - 2] {
                let text = format!("package t\np := {}{inner}{}\n", open.repeat(depth), close.repeat(depth));
                let found = message(&text);
                if depth == 100_000 {
                    assert_eq!(found.as_deref(), Some("max parsing recursion depth exceeded"), "{open}");
                }
                let body = format!(
                    "package t\np if {{ x := {}{inner}{}\n}}",
                    open.repeat(depth),
                    close.repeat(depth)
                );
                message(&body);
                message(&format!("package t\np := {}{inner}\n", open.repeat(depth)));
                tried += 1;
            }
        }
        assert!(tried > 50);
    }

    #[test]
    fn what_nests_as_deep_as_it_may_can_be_walked() {
        let nested = |(open, close): (&str, &str), depth: usize| {
            let text = format!("package t\np := {}x{}\n", open.repeat(depth), close.repeat(depth));
            let mut sources = Sources::new();
            let id = sources.add("t.rego", &text).unwrap();
            parse_module(&sources, id).ok().map(|module| (module, sources))
        };
        for brackets in [
            ("[", "]"),
            ("{x: y | z := ", "}"),
            ("{x | every y in z { y == ", "}}"),
            ("{1: ", "}"),
            ("1 + (", ")"),
        ] {
            let deepest = (1..=MAX_DEPTH as usize).rev().find_map(|depth| nested(brackets, depth));
            let (module, sources) = deepest.unwrap();
            // The JSON form nests deeper, and where that is too deep for a value it says so.
            let form = super::super::json::module_value(&module, &sources);
            assert!(form.is_err() || brackets.0 != "[");
            assert!(format!("{module:?}").len() > 1000);
            let value = module.rules[0].head.value.clone().unwrap();
            assert!(super::super::display::term_text(&value.term).len() > MAX_DEPTH as usize / 4);
        }
    }

    #[test]
    fn long_chains_of_operators_are_deep_too() {
        for operator in [" + ", " | ", " == ", " in ", " * ", ", x in "] {
            let text = format!("package t\np if {{ a := [x{}] }}\n", format!("{operator}x").repeat(100_000));
            let found = message(&text).unwrap_or_default();
            assert!(found.starts_with("max parsing") || operator.starts_with(','), "{operator}: {found}");
        }
        let calls = format!("package t\np := f{}\n", "(1).g".repeat(100_000));
        assert_eq!(message(&calls).as_deref(), Some("max parsing recursion depth exceeded"));
    }

    #[test]
    fn long_things_that_do_not_nest_are_read() {
        let name = "a".repeat(1 << 20);
        assert_eq!(message(&format!("package t\n{name} := {name}2\n")), None);
        assert_eq!(message(&format!("package t\np := \"{name}\"\n")), None);
        assert_eq!(message(&format!("package t\np := [{}]\n", "1, ".repeat(200_000))), None);
        assert_eq!(message(&format!("package t\n{}", "# c\n".repeat(200_000))), None);
        let rules: String = (0..50_000).fold(String::new(), |text, n| text + &format!("p{n} := {n} "));
        assert_eq!(message(&format!("package t\n# METADATA\n# title: x\n{rules}")), None);
    }

    #[test]
    fn what_becomes_deep_later_is_bounded_too() {
        let long = Some("max parsing recursion depth exceeded");
        assert_eq!(message(&format!("package t{}\n", ".y".repeat(200_000))).as_deref(), long);
        assert_eq!(message(&format!("package t\np := x{}\n", ".y".repeat(200_000))).as_deref(), long);
        assert_eq!(message(&format!("package t\np{} := 1\n", "[1]".repeat(200_000))).as_deref(), long);
        let branches = " else := 1 if false".repeat(50_000);
        assert_eq!(message(&format!("package t\np := 1 if false{branches}\n")).as_deref(), long);
    }

    #[test]
    fn odd_bytes_are_text_or_an_error_that_names_them() {
        for text in [
            "\u{feff}package t\n",
            "package t\np := \"\u{1}\"",
            "package t\r\np := 1\r\n",
            "package t\np := `a\r\nb`",
        ] {
            assert_eq!(message(text), None, "{text:?}");
        }
        for (text, begins) in [
            ("", "empty module"),
            ("# only a comment", "empty module"),
            ("package t\n\u{feff}", "illegal byte-order mark"),
            ("package t\0", "illegal null character"),
            ("package t\np := \"\\u0000\u{1}\"", "illegal string literal: "),
            ("package t\np := \"", "non-terminated string; illegal token"),
            ("package t\np := $\"{", "unexpected eof token; invalid template-string"),
            ("package t\np := $`{1}", "non-terminated string; expected template-string part"),
            ("package t\np := `", "non-terminated string; illegal token"),
        ] {
            let got = message(text).unwrap_or_default();
            assert!(got.starts_with(begins), "{text:?}: {got}");
        }
    }
}

/// Refusals that no case of the shared data shows: OPA's words from its grammar.
#[test]
fn what_the_data_does_not_show_is_refused_in_the_same_words() {
    for (text, want) in [
        (
            "import foo.bar",
            "1:8 unexpected import path, must begin with one of: {data, future, input, rego}, got: foo (hint: if this is unexpected, try updating OPA)",
        ),
        ("import data.if", "1:13 unexpected import path, must not end with a keyword, got: if"),
        ("import rego.v2", "1:8 invalid import `rego.v2`, must be `rego.v1`"),
        ("import future.x", "1:8 invalid import, must be `future.keywords`"),
        ("import future.keywords.if as x", "1:8 `future` imports cannot be aliased"),
        ("import data.x[y]", "1:15 unexpected var token: expecting string"),
        ("default p", "1:1 illegal default rule (must have a value)"),
        (
            "default p := [x, y]",
            "1:1 illegal default rule (value cannot contain var); 1:1 illegal default rule (value cannot contain var)",
        ),
        (
            "default p :=",
            "1:12 unexpected eof token; 1:12 unexpected eof token: expected default rule value term (e.g., default p := <VALUE>); 1:1 illegal default rule (must have a value)",
        ),
        (
            "f(x) :=",
            "1:7 unexpected eof token; 1:7 unexpected eof token: expected function value term (e.g., f(...) := <VALUE> { ... })",
        ),
        (
            "p =",
            "1:3 unexpected eof token; 1:3 unexpected eof token: expected rule value term (e.g., p[<nil>] = <VALUE> { ... })",
        ),
        ("p if { true } else", "1:18 unexpected eof token: expected else value term or rule body"),
        ("p if { true } else := 1 if", "1:26 unexpected eof token: rule body expected"),
        ("p contains 1 if { true } else := 2", "1:26 else keyword cannot be used on multi-value rules"),
        (
            "p[x] := 1 if { x := 1 } else := 2",
            "1:25 else keyword cannot be used on rules with variables in head",
        ),
        ("p if { true } else := 2 if { true } { true }", "1:37 expected else keyword"),
        (
            "f(x) contains 1 if { true }",
            "1:6 unexpected contains keyword: the contains keyword can only be used with multi-value rule definitions (e.g., f contains <VALUE> { ... })",
        ),
        ("p.q.r", "1:1 rule must have value assignment and/or body declaration"),
        ("p.q", "1:1 `contains` keyword is required for partial set rules"),
        ("f(x) { true }", "1:1 `if` keyword is required before function body"),
        ("p if { true } else := 1 { true }", "1:15 `if` keyword is required before rule body"),
        ("count(x)", "1:1 rule name conflicts with built-in function"),
        ("f()", "1:1 rule argument list must take at least one argument"),
        ("not p", "1:1 negated expressions cannot be used for rule head"),
        ("some x in y", "1:1 'some' declarations cannot be used for rule head"),
        ("input", "1:1 refs cannot be used for rule head"),
        ("p; q", "1:1 multiple expressions cannot be used for rule head"),
        ("p+ 1 := 2", "1:2 unexpected plus token"),
        ("p if { not some x in y }", "1:12 unexpected some keyword: illegal negation of 'some'"),
        ("p if { some f(x) }", "1:18 unexpected } token: expected `x in xs` or `x, y in xs` expression"),
        ("p if { every x in y }", "1:21 unexpected } token: missing body"),
        ("p if { every [x] in y { x } }", "1:23 unexpected { token: expected value to be a variable"),
        ("p if { x with 1 as 2 }", "1:15 unexpected number token: expected ident"),
        ("p if { x with input 2 }", "1:21 unexpected number token: expected as keyword"),
        (
            "p := a[1",
            "1:8 unexpected eof token: expected [; 1:8 unexpected eof token: expected rule value term (e.g., p := <VALUE> { ... })",
        ),
        (
            "p := {1: 2, 3}",
            "1:10 unexpected number token: non-terminated object; 1:10 unexpected number token: expected rule value term (e.g., p := <VALUE> { ... })",
        ),
        (
            "p := 1e40000",
            "1:6 number too big; 1:6 unexpected number token: expected rule value term (e.g., p := <VALUE> { ... })",
        ),
        (
            "p := $\"{not x}\"",
            "1:9 unexpected negation ('not') in template-string expression; 1:14 unexpected } token: expected rule value term (e.g., p := <VALUE> { ... })",
        ),
    ] {
        let mut sources = Sources::new();
        let id = sources.add("t.rego", &format!("package t\n{text}")).unwrap();
        let errors = parse_module(&sources, id).expect_err(text);
        let told = errors.0.iter().map(|error| {
            let place = sources.position(error.span.unwrap());
            format!("{}:{} {}", place.row - 1, place.col, error.message)
        });
        assert_eq!(told.collect::<Vec<_>>().join("; "), want, "{text}");
    }
}

/// The two string arguments of the first call in a query such as `x := rego.parse_module("f.rego", "..")`.
fn string_args(query: &str) -> Option<(String, String)> {
    let mut sources = Sources::new();
    let id = sources.add("", query).unwrap();
    let body = parse_query(&sources, id).unwrap();
    let ExprKind::Call(assign) = &body.exprs[0].kind else { return None };
    let TermKind::Call(call) = &assign.args[1].kind else { return None };
    let text = |index: usize| call.args[index].as_string().map(ToString::to_string);
    Some((text(0)?, text(1)?))
}

#[test]
fn parsed_modules_are_those_of_opa() {
    let Some(file) = shared("conformance/expressions/parse-module.json") else { return };
    let group = json::read(&std::fs::read(file).unwrap(), &ReadLimits::default()).unwrap();
    let mut compared = 0;
    for case in group.get_str("cases").unwrap().as_array().unwrap() {
        let Some((name, text)) = string_args(case.get_str("query").unwrap().as_str().unwrap()) else {
            continue;
        };
        let mut sources = Sources::new();
        let id = sources.add(&name, &text).unwrap();
        let note = case.get_str("note").unwrap();
        match parse_module_only(&sources, id) {
            Ok(module) => {
                let path = ["want".into(), "result".into(), 0.into(), "x".into()];
                let want = case.get_path(&path).unwrap();
                assert_eq!(super::json::module_value(&module, &sources).as_ref(), Ok(want), "{note}");
            }
            Err(errors) => {
                let path: [Value; 3] = ["strict".into(), "error".into(), "message".into()];
                let want = case.get_path(&path).and_then(Value::as_str).unwrap();
                assert_eq!(format!("rego.parse_module: {}", errors.opa_text(&sources)), want, "{note}");
            }
        }
        compared += 1;
    }
    assert_eq!(compared, 10);
}
