//! Annotations, against what OPA answers.

use super::super::super::source::Sources;
use super::super::super::value::json;
use super::super::ast::{Module, TermKind};
use super::super::parser::parse_module;
use super::*;

fn read(text: &str) -> Result<(Module, Sources), String> {
    let mut sources = Sources::new();
    let id = sources.add("t.rego", text).unwrap();
    match parse_module(&sources, id) {
        Ok(module) => Ok((module, sources)),
        Err(errors) => Err(errors.0.iter().map(|error| error.message.clone()).collect::<Vec<_>>().join("; ")),
    }
}

fn value(text: &str) -> Value {
    json::read(text.as_bytes(), &super::super::super::value::ReadLimits::default()).unwrap()
}

/// What `rego.metadata.rule()` gives in the first rule under these annotation lines.
fn rule_metadata(lines: &[&str]) -> Result<String, String> {
    let block = lines.join("\n# ");
    let (module, sources) = read(&format!("package t\n\n# METADATA\n# {block}\np := 1\n"))?;
    let modules = [module];
    let set = AnnotationSet::new(&modules, &sources).unwrap();
    Ok(set.rule(0, 0, Branch::First).to_string())
}

/// `p := rego.metadata.rule()` or `.chain()`, and what OPA says `p` is.
fn asks(module: &Module) -> Option<&'static str> {
    let value = module.rules.iter().find_map(|rule| {
        let named = rule.head.reference.head.as_var().is_some_and(|name| name.as_ref() == "p");
        rule.head.value.as_ref().filter(|_| named && rule.kind == super::super::ast::RuleKind::Ordinary)
    })?;
    let TermKind::Call(call) = &value.term.kind else { return None };
    match super::super::display::ref_text(&call.operator).as_str() {
        "rego.metadata.rule" => Some("rule"),
        "rego.metadata.chain" => Some("chain"),
        _ => None,
    }
}

#[test]
fn metadata_is_that_of_opa() {
    let Some(file) = super::super::tests::shared("conformance/expressions/metadata.json") else { return };
    let group = value(&std::fs::read_to_string(file).unwrap());
    let mut compared = 0;
    for case in group.get_str("cases").unwrap().as_array().unwrap() {
        let Some(modules) = case.get_str("modules") else { continue };
        let text = modules.get_str("t.rego").unwrap().as_str().unwrap();
        let Ok((module, sources)) = read(text) else { continue };
        let (Some(asks), Some(rule)) = (asks(&module), module.rules.len().checked_sub(1)) else { continue };
        let want = case.get_path(&["want".into(), "result".into(), 0.into(), "x".into()]).unwrap().clone();
        let modules = [module];
        let set = AnnotationSet::new(&modules, &sources).unwrap();
        let got = match asks {
            "rule" => set.rule(0, rule, Branch::First),
            _ => set.chain(0, rule, Branch::First),
        };
        assert_eq!(got, want, "{}", case.get_str("note").unwrap());
        compared += 1;
    }
    assert!(compared >= 10, "only {compared}");
}

#[test]
fn dates_without_quotes_become_points_in_time() {
    assert_eq!(
        rule_metadata(&["custom:", "  effective_on: 2025-07-01", "  text: \"2025-07-01\"", "  on: yes"])
            .unwrap(),
        r#"{"custom": {"effective_on": "2025-07-01T00:00:00Z", "on": "yes", "text": "2025-07-01"}, "scope": "rule"}"#
    );
}

#[test]
fn scopes_are_checked_against_what_stands_below() {
    for (lines, want) in [
        (vec!["scope: package"], "annotation scope 'package' must be applied to package (have rule)"),
        (
            vec!["scope: nope"],
            "invalid annotation scope 'nope'. Use one of 'rule', 'document', 'package', or 'subpackages'",
        ),
        (
            vec!["scope: rule", "entrypoint: true"],
            "annotation entrypoint applied to non-document or package scope 'rule'",
        ),
        (
            vec!["title: a", "title: b"],
            "yaml: unmarshal errors:\n  line 2: field title already set in type ast.rawAnnotation",
        ),
        (
            vec!["custom: {a: 1, a: 2}"],
            "yaml: unmarshal errors:\n  line 1: mapping key \"a\" already defined at line 1",
        ),
        (vec!["custom: {a: {1: x}}"], "invalid map key type(s): "),
        (vec!["custom: {a: {b: [{1: x}]}}"], "invalid map key type(s): b/0"),
        (vec!["title: ["], "yaml: line 1: did not find expected node content"),
        (vec!["title: [x"], "yaml: line 1: did not find expected ',' or ']'"),
        (vec!["authors: [1]"], "invalid author definition 1: invalid value type, must be string or map"),
        (
            vec!["related_resources: [{description: x}]"],
            "invalid related-resource definition {\"description\": \"x\"}: 'ref' value required in object",
        ),
        (vec!["schemas: [{x: schema.a}]"], "invalid document reference"),
        (vec!["schemas: [{input: nope.a}]"], "invalid schema reference"),
        (
            vec!["just text"],
            "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `just text` into ast.rawAnnotation",
        ),
        (
            vec!["title:x"],
            "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `title:x` into ast.rawAnnotation\n  Hint: on line 4, symbol(s) ['x'] immediately following a key/value separator ':' is not a legal yaml space character",
        ),
    ] {
        assert_eq!(rule_metadata(&lines).unwrap_err(), want, "{lines:?}");
    }
}

#[test]
fn an_entrypoint_speaks_for_the_document() {
    let (module, sources) =
        read("package t\n# METADATA\n# entrypoint: true\np := 1 if false\np := 2 if true\n").unwrap();
    assert_eq!(module.rules.iter().map(|rule| rule.annotations.len()).collect::<Vec<_>>(), [1, 1]);
    let modules = [module];
    let set = AnnotationSet::new(&modules, &sources).unwrap();
    assert_eq!(set.rule(0, 1, Branch::First), value("{}"));
    assert_eq!(
        set.chain(0, 1, Branch::First),
        value(
            r#"[{"path": ["t", "p"]}, {"path": ["t", "p"], "annotations": {"scope": "document", "entrypoint": true}}]"#
        )
    );
}

#[test]
fn packages_above_speak_for_those_below() {
    let mut sources = Sources::new();
    let mut modules = Vec::new();
    for text in [
        "# METADATA\n# scope: subpackages\n# title: above\npackage a\n",
        "# METADATA\n# title: here\n\n# METADATA\n# scope: subpackages\n# title: both\npackage a.b\n\np := 1 if { true } else := 2\n",
    ] {
        let id = sources.add("x.rego", text).unwrap();
        modules.push(parse_module(&sources, id).unwrap());
    }
    let set = AnnotationSet::new(&modules, &sources).unwrap();
    let titles = |branch| {
        let chain = set.chain(1, 0, branch);
        let titles = chain.as_array().unwrap().iter().map(|link| {
            let annotations = link.get_str("annotations").and_then(|it| it.get_str("title"));
            annotations.and_then(Value::as_str).unwrap_or("-").to_owned()
        });
        titles.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(titles(Branch::First), "- here both above");
    assert_eq!(titles(Branch::Else), "- here both above");
    let flat: Vec<_> = set.flat(&sources).iter().map(|flat| flat.path.join(".")).collect();
    assert_eq!(flat, ["a", "a.b", "a.b"]);
    modules.push(modules[1].clone());
    let errors = AnnotationSet::new(&modules, &sources).unwrap_err();
    assert_eq!(errors.0[0].message, "package annotation redeclared: x.rego:1");
}

#[test]
fn hostile_blocks_are_errors() {
    let deep = format!("custom: {}", "[".repeat(100_000));
    assert!(rule_metadata(&[&deep]).is_err());
    let mut bomb = vec!["custom:".to_owned(), "  a0: &a0 [x, x, x, x, x, x, x, x, x, x]".to_owned()];
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push(format!("  a{level}: &a{level} [{aliases}]"));
    }
    let lines: Vec<&str> = bomb.iter().map(String::as_str).collect();
    assert_eq!(rule_metadata(&lines).unwrap_err(), "yaml: document contains excessive aliasing");
    assert!(rule_metadata(&["custom: {n: .inf}"]).is_err());
    assert!(rule_metadata(&["title: \u{0}"]).is_err());
}
