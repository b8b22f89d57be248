//! What the modules of a source group say of their rules: codes and annotations.
//!
//! An annotation with `custom.short_name` gives its rule a code: package and short name. It may stand at the rule, at a document
//! of that name, or at the package, and then counts for every rule that it reaches: two of these have one code, which is refused.

use std::fmt;

use super::xref;
use crate::model::rule::DuplicateCode;
use crate::model::{AnnotatedRule, PackagePath, ResultKind, RuleLocation, RuleTable, UnnamedRule};
use crate::rego::source::{Sources, Span};
use crate::rego::syntax::annotations::Annotations;
use crate::rego::syntax::ast::{ExprKind, Module, Rule, Term, TermKind};
use crate::rego::value::{Object, Value};

/// One fault of a rule.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RuleFault {
    /// A deny, violation or warn rule that cannot give results.
    #[error(
        "the rule \"{text}\" returns an unsupported value ({found}), at {location}: results are texts or objects with `msg`"
    )]
    UnsupportedValue {
        /// The rule's first line.
        text: String,
        /// What kind of value it gives.
        found: &'static str,
        /// Where.
        location: RuleLocation,
        /// Its head.
        span: Span,
    },
    /// Two rules of one code.
    #[error("{error}")]
    DuplicateCode {
        /// Which.
        error: DuplicateCode,
        /// The head of the second.
        span: Span,
    },
}

impl RuleFault {
    /// Where it is to be mended.
    pub fn span(&self) -> Span {
        match self {
            Self::UnsupportedValue { span, .. } | Self::DuplicateCode { span, .. } => *span,
        }
    }
}

/// Every fault of the rules of a group, at least one.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct RuleFaults(pub Vec<RuleFault>);

impl fmt::Display for RuleFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&texts.join("\n"))
    }
}

/// Reads the rules of modules that were parsed together with `sources`.
///
/// # Errors
/// [`RuleFaults`] with all that was found.
pub fn read(modules: &[Module], sources: &Sources) -> Result<RuleTable, RuleFaults> {
    let mut table = RuleTable::default();
    let mut faults = Vec::new();
    for module in modules {
        let package = PackagePath::new(module.package.parts().cloned());
        for rule in &module.rules {
            let reader = RuleReader { module, package: &package, rule, sources };
            reader.read(&mut table, &mut faults);
        }
    }
    if faults.is_empty() { Ok(table) } else { Err(RuleFaults(faults)) }
}

struct RuleReader<'a> {
    module: &'a Module,
    package: &'a PackagePath,
    rule: &'a Rule,
    sources: &'a Sources,
}

impl RuleReader<'_> {
    fn read(&self, table: &mut RuleTable, faults: &mut Vec<RuleFault>) {
        let Some(name) = self.rule.head.reference.head.as_var() else { return };
        let mut named = false;
        for annotations in self.chain() {
            if let Some(rule) = self.annotated(name, annotations) {
                named = true;
                let span = self.rule.head.span;
                faults.extend(table.add(rule).err().map(|error| RuleFault::DuplicateCode { error, span }));
            }
        }
        if ResultKind::of_rule(name).is_none() {
            return;
        }
        faults.extend(self.unsupported());
        if !named {
            let code = self.spelled_code().unwrap_or_else(|| format!("{}.{name}", self.package));
            let (package, location) = (self.package.clone(), self.location());
            table.add_unnamed(UnnamedRule { code, package, name: name.clone(), location });
        }
    }

    /// The rule's own annotations, then those of its document, its package and the packages above that stand in this file.
    fn chain(&self) -> impl Iterator<Item = &Annotations> {
        let indices = self.rule.annotations.iter().chain(&self.module.package.annotations);
        indices.filter_map(|index| self.module.annotations.get(*index))
    }

    fn annotated(&self, name: &str, annotations: &Annotations) -> Option<AnnotatedRule> {
        let custom = &annotations.custom;
        let short_name = custom.get_str("short_name").filter(|it| !it.is_null()).map(plain)?;
        if short_name.is_empty() {
            return None;
        }
        let text = |key: &str| custom.get_str(key).and_then(Value::as_str).unwrap_or_default();
        Some(AnnotatedRule {
            code: format!("{}.{short_name}", self.package),
            package: self.package.clone(),
            name: name.into(),
            short_name,
            title: annotations.title.as_str().to_owned(),
            description: xref::labels(annotations.description.as_str()),
            solution: xref::labels(&xref::addresses(text("solution"))),
            effective_on: xref::addresses(text("effective_on")),
            collections: texts(custom, "collections"),
            depends_on: codes(custom),
            pipeline_intention: texts(custom, "pipeline_intention"),
            location: self.location(),
        })
    }

    /// A rule whose results could never be messages.
    fn unsupported(&self) -> Option<RuleFault> {
        let head = &self.rule.head;
        let given = head.value.as_ref().map(|value| &value.term).or(head.key.as_ref());
        let found = given.map_or("boolean", Term::type_name);
        if matches!(found, "string" | "templatestring" | "object" | "var" | "call") {
            return None;
        }
        let text = self.sources.snippet(self.rule.span).lines().next().unwrap_or_default();
        let text = text.trim_end().trim_end_matches('{').trim_end().to_owned();
        Some(RuleFault::UnsupportedValue { text, found, location: self.location(), span: head.span })
    }

    fn location(&self) -> RuleLocation {
        let span = self.rule.span;
        RuleLocation { file: self.sources.name(span).into(), row: self.sources.position(span).row }
    }

    /// The `code` of an object that the head holds, or that the body gives a name.
    fn spelled_code(&self) -> Option<String> {
        let head = &self.rule.head;
        let in_head = head.key.as_ref().or(head.value.as_ref().map(|value| &value.term));
        let body = self.rule.body.iter().flat_map(|body| body.exprs.iter());
        let assigned = body.filter_map(|expr| match &expr.kind {
            ExprKind::Call(call) => call.args.get(1),
            _ => None,
        });
        in_head.into_iter().chain(assigned).find_map(code_of)
    }
}

fn code_of(term: &Term) -> Option<String> {
    let TermKind::Object(fields) = &term.kind else { return None };
    let (_, code) = fields.iter().find(|(key, _)| key.as_string().is_some_and(|key| &**key == "code"))?;
    code.as_string().map(ToString::to_string)
}

/// The texts of a list; whatever else is in it, or is no list, does not count.
fn texts(custom: &Object, key: &str) -> Vec<String> {
    let list = custom.get_str(key).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// `depends_on`: one code or several.
fn codes(custom: &Object) -> Vec<String> {
    match custom.get_str("depends_on") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) => list.iter().map(plain).collect(),
        Some(one) => vec![plain(one)],
    }
}

/// A text as it is, anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rego::syntax::parse_module;

    fn read_texts(texts: &[&str]) -> Result<RuleTable, String> {
        let mut sources = Sources::new();
        let modules: Vec<Module> = texts
            .iter()
            .enumerate()
            .map(|(index, text)| {
                let id = sources.add(&format!("{index}.rego"), text).unwrap();
                parse_module(&sources, id).unwrap_or_else(|errors| panic!("{}", errors.render(&sources)))
            })
            .collect();
        read(&modules, &sources).map_err(|faults| faults.to_string())
    }

    #[test]
    fn golden_207_odd_values_of_annotations() {
        let text = "# METADATA\n# title: T\n# custom:\n#   collections: [p]\npackage a.b\n\n\
            # METADATA\n# title: Rule\n# custom:\n#   short_name: 12\n#   effective_on: 2024-02-30\n#   solution: 5\n\
            #   collections: text\n#   depends_on: 7\ndeny contains \"x\"\n\n\
            # METADATA\n# description: See xref:x.adoc#y[there].\n# custom:\n#   short_name: dated\n#   effective_on: 2025-12-01\n\
            #   collections: [c, 1]\n#   depends_on: [a.b.12, 8]\nwarn_x contains \"x\"\n";
        let rules = read_texts(&[text]).unwrap();
        let rule = rules.get("a.b.12").unwrap();
        assert_eq!(
            (rule.title.as_str(), rule.effective_on.as_str(), rule.solution.as_str()),
            ("Rule", "2024-02-30", "")
        );
        assert_eq!((rule.collections.len(), rule.depends_on.as_slice()), (0, ["7".to_owned()].as_slice()));
        let rule = rules.get("a.b.dated").unwrap();
        assert_eq!(
            (rule.description.as_str(), rule.effective_on.as_str()),
            ("See there.", "2025-12-01T00:00:00Z")
        );
        assert_eq!(rule.collections, ["c"]);
        assert_eq!(rule.depends_on, ["a.b.12", "8"]);
        assert_eq!(rule.location.to_string(), "0.rego:24");
    }

    #[test]
    fn a_rule_without_short_name_is_known_by_the_code_that_it_spells_out() {
        let text = "package p\n\nimport rego.v1\n\ndeny contains {\"code\": \"p.head\", \"msg\": \"m\"}\n\n\
            deny contains r if {\n\tr := {\"code\": \"p.body\"}\n}\n\nwarn contains \"m\"\n\nhelper := 1\n";
        let rules = read_texts(&[text]).unwrap();
        let codes: Vec<&str> = rules.unnamed().iter().map(|it| it.code.as_str()).collect();
        assert_eq!(codes, ["p.head", "p.body", "p.warn"]);
    }

    #[test]
    fn golden_608_annotated_helpers_may_return_anything() {
        let text = "package p\n\n# METADATA\n# custom:\n#   short_name: x\nhelper if input.x\n\ndeny contains \"x\"\n";
        assert!(read_texts(&[text]).unwrap().get("p.x").is_some());
    }

    #[test]
    fn golden_609_610_613_rules_that_cannot_give_messages_are_all_named() {
        let text = "package broken\n\nimport rego.v1\n\ndeny contains 3\n\nwarn := [\"x\"]\n\nviolation if {\n\tinput.image.ref\n}\n\n\
            deny_ok := x if x := [\"y\"]\n\ndeny_map[k] := v if some k, v in {}\n\nwarn_call contains sprintf(\"x\", [])\n";
        insta::assert_snapshot!(read_texts(&[text]).unwrap_err(), @r#"
        the rule "deny contains 3" returns an unsupported value (number), at 0.rego:5: results are texts or objects with `msg`
        the rule "warn := ["x"]" returns an unsupported value (array), at 0.rego:7: results are texts or objects with `msg`
        the rule "violation if" returns an unsupported value (boolean), at 0.rego:9: results are texts or objects with `msg`
        "#);
    }

    #[test]
    fn golden_611_620_622_two_rules_of_one_code_are_refused() {
        let one = "package twice\n\n# METADATA\n# custom:\n#   short_name: same\ndeny contains \"one\"\n";
        assert_eq!(
            read_texts(&[one, one]).unwrap_err(),
            "found a second rule with the same code: `twice.same` at 1.rego:6 (the first is at 0.rego:6)"
        );
        let package = "# METADATA\n# scope: package\n# custom:\n#   short_name: p\npackage broken\n\ndeny contains \"one\"\n\ndeny contains \"two\"\n";
        assert!(read_texts(&[package]).unwrap_err().contains("`broken.p` at 0.rego:9"));
        let document = "package broken\n\n# METADATA\n# scope: document\n# custom:\n#   short_name: d\ndeny contains \"one\"\n\ndeny contains \"two\"\n";
        assert!(read_texts(&[document]).unwrap_err().contains("`broken.d` at 0.rego:9"));
    }
}
