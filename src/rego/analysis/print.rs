//! References and terms as OPA prints them in messages.

use std::fmt::Write as _;

use crate::rego::value::Value;

use super::rules::{NodeId, RuleTree};
use super::tree::{
    Base, Call, ComprHead, Expr, ExprKind, Kind, Origin, Polarity, Ref, Rule, Target, Term, Vars, WithValue,
};

const KEYWORDS: [&str; 15] = [
    "not", "package", "import", "as", "default", "else", "with", "null", "true", "false", "some", "contains",
    "every", "if", "in",
];

/// Whether a string can follow a dot.
fn is_plain(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|it| it.is_ascii_alphabetic() || it == b'_')
        && bytes.all(|it| it.is_ascii_alphanumeric() || it == b'_')
        && !KEYWORDS.contains(&text)
}

fn constant_step(out: &mut String, step: &Value) {
    match step {
        Value::String(text) if is_plain(text.as_str()) => {
            out.push('.');
            out.push_str(text.as_str());
        }
        other => {
            let _ = write!(out, "[{other}]");
        }
    }
}

/// A reference of constants.
pub(super) fn path(base: &Base, steps: &[Value]) -> String {
    let mut out = if matches!(base, Base::Input) { "input" } else { "data" }.to_owned();
    for step in steps {
        constant_step(&mut out, step);
    }
    out
}

/// `data.a.b` of a place in the tree of rules.
pub(super) fn place(tree: &RuleTree, node: NodeId) -> String {
    let mut out = "data".to_owned();
    for step in tree.path(node) {
        constant_step(&mut out, step);
    }
    out
}

/// Prints the terms of one rule.
#[derive(Clone, Copy)]
pub(super) struct Printer<'a> {
    pub(super) tree: &'a RuleTree,
    pub(super) vars: &'a Vars,
}

impl Printer<'_> {
    pub(super) fn term(self, term: &Term) -> String {
        match &term.kind {
            Kind::Scalar(value) => value.to_string(),
            Kind::Var(var) => self.vars.get(*var).name.to_string(),
            Kind::Ref(reference) => self.reference(reference),
            Kind::Call(call) => self.call(call),
            Kind::Array(items) => format!("[{}]", self.list(items)),
            Kind::Set(items) if items.is_empty() => "set()".to_owned(),
            Kind::Set(items) => format!("{{{}}}", self.list(items)),
            Kind::Object(pairs) => {
                let pairs =
                    pairs.iter().map(|(key, value)| format!("{}: {}", self.term(key), self.term(value)));
                format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
            }
            Kind::Compr(compr) => {
                let body = self.body(&compr.body);
                match &compr.head {
                    ComprHead::Array(term) => format!("[{} | {body}]", self.term(term)),
                    ComprHead::Set(term) => format!("{{{} | {body}}}", self.term(term)),
                    ComprHead::Object(key, value) => {
                        format!("{{{}: {} | {body}}}", self.term(key), self.term(value))
                    }
                }
            }
            Kind::Template(_) => "$\"...\"".to_owned(),
        }
    }

    fn list(self, terms: &[Term]) -> String {
        terms.iter().map(|term| self.term(term)).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn call(self, call: &Call) -> String {
        format!("{}({})", call.op.name(self.tree), self.list(&call.args))
    }

    pub(super) fn reference(self, reference: &Ref) -> String {
        self.prefix(reference, reference.steps.len())
    }

    /// The reference with so many steps only.
    pub(super) fn prefix(self, reference: &Ref, steps: usize) -> String {
        let mut out = match &reference.base {
            Base::Input => "input".to_owned(),
            Base::Data => "data".to_owned(),
            Base::Var(var) => self.vars.get(*var).name.to_string(),
            Base::Term(term) => self.term(term),
        };
        for step in reference.steps.iter().take(steps) {
            match &step.kind {
                Kind::Scalar(value) => constant_step(&mut out, value),
                _ => {
                    let _ = write!(out, "[{}]", self.term(step));
                }
            }
        }
        out
    }

    fn body(self, body: &[Expr]) -> String {
        body.iter().map(|expr| self.expr(expr)).collect::<Vec<_>>().join("; ")
    }

    fn expr(self, expr: &Expr) -> String {
        let mut out = if expr.polarity == Polarity::Negated { "not ".to_owned() } else { String::new() };
        match &expr.kind {
            ExprKind::Term(term) => out += &self.term(term),
            ExprKind::Call(call) => out += &self.call(call),
            ExprKind::Every(every) => {
                let value = &self.vars.get(every.value).name;
                let _ = write!(
                    out,
                    "every {value} in {} {{ {} }}",
                    self.term(&every.domain),
                    self.body(&every.body)
                );
            }
        }
        for with in &expr.with {
            let target = match &with.target {
                Target::Term(term) => self.term(term),
                Target::Builtin(op) => op.name(self.tree),
            };
            let value = match &with.value {
                WithValue::Term(term) => self.term(term),
                WithValue::Builtin(op, _) => op.name(self.tree),
                WithValue::Rule(node) => place(self.tree, *node),
            };
            let _ = write!(out, " with {target} as {value}");
        }
        out
    }
}

/// `data.a.p[x]`: the name of a rule.
pub(super) fn rule_name(tree: &RuleTree, rule: &Rule) -> String {
    let reference = Ref { base: Base::Data, steps: rule_steps(tree, rule) };
    Printer { tree, vars: &rule.vars }.reference(&reference)
}

/// As [`rule_name`], with the names that OPA gives to declared variables.
pub(super) fn rewritten_rule_name(tree: &RuleTree, rule: &Rule) -> String {
    let mut out = place(tree, rule.node);
    let key: &[Term] = rule.branches.first().map_or(&[], |branch| &branch.key);
    for step in key {
        match &step.kind {
            Kind::Scalar(value) => constant_step(&mut out, value),
            Kind::Var(var) if rule.vars.get(*var).origin != Origin::Free => {
                let _ = write!(out, "[__local{}__]", rule.vars.get(*var).number);
            }
            _ => {
                let _ = write!(out, "[{}]", Printer { tree, vars: &rule.vars }.term(step));
            }
        }
    }
    out
}

fn rule_steps(tree: &RuleTree, rule: &Rule) -> Vec<Term> {
    let branch = &rule.branches[0];
    let ground = tree.path(rule.node).into_iter().map(|key| Kind::Scalar(key.clone()).at(branch.span));
    ground.chain(branch.key.iter().cloned()).collect()
}
