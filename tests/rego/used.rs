//! What of the language the released policies use, and which listed differences touch it.
//!
//! A listed difference must not reach the policies. It may where one of these holds, which is computed:
//! - it shows only where errors of builtins are raised, and policies are evaluated without that;
//! - OPA and we refuse the text, and only say so differently: the policies are accepted.
//!
//! Otherwise its text must call no function that the policies call, and must have something in it that they do not
//! have. Where it does, the list `used.txt` has to say why the policies cannot see it.

use std::collections::BTreeSet;
use std::path::Path;

use enterprise_contract::rego::builtins::decl;
use enterprise_contract::rego::source::Sources;
use enterprise_contract::rego::syntax::ast::{
    Body, Call, Expr, ExprKind, Module, Notation, Polarity, Ref, Rule, RuleKind, TemplatePart, Term, TermKind,
};
use enterprise_contract::rego::syntax::{parse_module, parse_query};

/// Parts of the language: functions called by name, and constructs (operators among them).
#[derive(Debug, Default)]
pub(crate) struct Used {
    pub functions: BTreeSet<String>,
    pub constructs: BTreeSet<String>,
}

/// What all modules below a folder use, tests included.
pub(crate) fn by_policies(folder: &Path) -> Used {
    let mut used = Used::default();
    for path in crate::policy::files(folder, &["policy", "checks"], &["rego"]) {
        let text = std::fs::read_to_string(&path).expect("a module");
        used.module(&text).unwrap_or_else(|| panic!("{} cannot be read", path.display()));
    }
    used
}

/// What a case uses. None: a text of it cannot be read.
pub(crate) fn by_case(modules: &[String], query: &str) -> Option<Used> {
    let mut used = Used::default();
    for module in modules {
        used.module(module)?;
    }
    let mut sources = Sources::new();
    let id = sources.add("", query).ok()?;
    used.body(&parse_query(&sources, id).ok()?);
    Some(used)
}

impl Used {
    fn construct(&mut self, name: &str) {
        self.constructs.insert(name.to_owned());
    }

    fn module(&mut self, text: &str) -> Option<()> {
        let mut sources = Sources::new();
        let id = sources.add("m.rego", text).ok()?;
        let Module { rules, imports, .. } = parse_module(&sources, id).ok()?;
        for import in imports {
            self.construct("import");
            if import.alias.is_some() {
                self.construct("import as");
            }
        }
        for rule in &rules {
            self.rule(rule);
        }
        Some(())
    }

    fn rule(&mut self, rule: &Rule) {
        let head = &rule.head;
        let is_function = head.args.is_some();
        match (rule.kind, is_function) {
            (RuleKind::Default, true) => self.construct("default function"),
            (RuleKind::Default, false) => self.construct("default"),
            (RuleKind::Ordinary, true) => self.construct("function"),
            (RuleKind::Ordinary, false) => self.construct("rule"),
        }
        if head.key.is_some() {
            self.construct("contains");
        }
        if head.reference.path.iter().any(|step| step.as_string().is_none()) {
            self.construct("rule with a key that is not constant");
        } else if !head.reference.path.is_empty() {
            self.construct("rule with a dotted name");
        }
        for arg in head.args.iter().flat_map(|args| args.iter()) {
            if arg.as_var().is_none() && !matches!(arg.kind, TermKind::Wildcard(_)) {
                self.construct("pattern as argument");
            }
            self.term(arg);
        }
        head.reference.path.iter().chain(&head.key).for_each(|it| self.term(it));
        head.value.iter().for_each(|it| self.term(&it.term));
        rule.body.iter().for_each(|it| self.body(it));
        for branch in rule.otherwise.iter() {
            self.construct("else");
            branch.value.iter().for_each(|it| self.term(&it.term));
            branch.body.iter().for_each(|it| self.body(it));
        }
    }

    fn body(&mut self, body: &Body) {
        body.exprs.iter().for_each(|expr| self.expr(expr));
    }

    fn expr(&mut self, expr: &Expr) {
        if expr.polarity == Polarity::Negated {
            self.construct("not");
        }
        for with in expr.with.iter() {
            let root = match &with.target.kind {
                TermKind::Ref(target) => target.head.as_var().map_or("", |it| it),
                TermKind::Var(name) => name,
                _ => "",
            };
            self.construct(match root {
                "input" => "with input",
                "data" => "with data",
                _ => "with a function",
            });
            self.term(&with.target);
            self.term(&with.value);
        }
        match &expr.kind {
            ExprKind::Term(term) => self.term(term),
            ExprKind::Call(call) => self.call(call),
            ExprKind::SomeDecl(_) => self.construct("some"),
            ExprKind::SomeIn(some) => {
                self.construct(if some.key.is_some() { "some key, value in" } else { "some in" });
                some.key.iter().chain([&some.value, &some.domain]).for_each(|it| self.term(it));
            }
            ExprKind::Every(every) => {
                self.construct("every");
                self.term(&every.domain);
                self.body(&every.body);
            }
        }
    }

    fn call(&mut self, call: &Call) {
        let name = dotted(&call.operator);
        match call.notation {
            Notation::Infix => self.construct(&format!("operator {name}")),
            Notation::Prefix if name.starts_with("ec.") || decl::find(&name).is_some() => {
                self.functions.insert(name);
            }
            Notation::Prefix => self.construct("call of a function of the policy"),
        }
        call.args.iter().for_each(|it| self.term(it));
    }

    fn term(&mut self, term: &Term) {
        self.construct(match &term.kind {
            TermKind::Number(text) if text.contains(['.', 'e', 'E']) => {
                "number with a fraction or an exponent"
            }
            _ => term.type_name(),
        });
        match &term.kind {
            TermKind::Ref(reference) => {
                self.term(&reference.head);
                reference.path.iter().for_each(|it| self.term(it));
            }
            TermKind::Call(call) => self.call(call),
            TermKind::Array(items) | TermKind::Set(items) => items.iter().for_each(|it| self.term(it)),
            TermKind::Object(pairs) => pairs.iter().for_each(|(key, value)| {
                if key.as_string().is_none() {
                    self.construct("key that is not a string");
                }
                self.term(key);
                self.term(value);
            }),
            TermKind::ArrayCompr(it) | TermKind::SetCompr(it) => {
                self.term(&it.term);
                self.body(&it.body);
            }
            TermKind::ObjectCompr(it) => {
                self.term(&it.key);
                self.term(&it.value);
                self.body(&it.body);
            }
            TermKind::Template(parts) => {
                for part in parts.iter() {
                    if let TemplatePart::Expr(it) = part {
                        self.expr(it);
                    }
                }
            }
            _ => {}
        }
    }

    /// Why a case that uses `case` could be met in policies that use this; nothing: it cannot. What is not there yet
    /// is what the policies do not have, whatever else stands around it.
    pub(crate) fn touched_by(&self, case: &Used, reason: &str) -> Option<String> {
        let shared: Vec<&str> = case.functions.intersection(&self.functions).map(String::as_str).collect();
        if !shared.is_empty() && !reason.starts_with("not yet") {
            return Some(format!("the policies call {}", shared.join(", ")));
        }
        let is_new =
            |mine: &BTreeSet<String>, other: &BTreeSet<String>| other.difference(mine).next().is_some();
        let differs = is_new(&self.functions, &case.functions) || is_new(&self.constructs, &case.constructs);
        (!differs).then(|| "all that it has the policies have as well".to_owned())
    }
}

fn dotted(reference: &Ref) -> String {
    let head = reference.head.as_var().map_or("", |it| it);
    let steps = reference.path.iter().map(|it| it.as_string().map_or("?", |it| it));
    std::iter::once(head).chain(steps).collect::<Vec<_>>().join(".")
}

#[test]
fn what_a_module_uses_is_seen_wherever_it_stands() {
    let text = "package t\n\np contains x if {\n\tsome x in [y | y := startswith(\"a\", input.z)]\n\tnot f(x) with input.a as 1.5\n}\n";
    let used = by_case(&[text.to_owned()], "data.t.p").expect("it can be read");
    assert_eq!(used.functions.iter().map(String::as_str).collect::<Vec<_>>(), ["startswith"]);
    for construct in ["contains", "some in", "arraycomprehension", "not", "with input"] {
        assert!(used.constructs.contains(construct), "{construct}: {:?}", used.constructs);
    }
    assert!(used.constructs.contains("number with a fraction or an exponent"));
    assert!(used.touched_by(&used, "number text").is_some());
    let more = by_case(&[text.replace("startswith(", "endswith(")], "data.t.p").expect("it can be read");
    assert_eq!(used.touched_by(&more, "number text"), None);
}
