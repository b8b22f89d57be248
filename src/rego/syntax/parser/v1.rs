//! What Rego v1 asks of rules beyond their grammar, and rules written as expressions.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::super::builtins::decl;
use super::super::super::error::{ErrorCode, RegoError};
use super::super::super::source::Span;
use super::super::ast::{
    AssignOperator, Body, Call, Expr, ExprKind, Head, HeadValue, Polarity, Ref, Rule, RuleKind, TemplatePart,
    Term, TermKind,
};
use super::super::display;
use super::super::token::keyword;
use super::Parser;

/// How the body of a rule or of an `else` is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `default`
    Default,
    /// After `if`.
    If,
    /// In braces without `if`, as before v1.
    Braces,
    /// `p[x] { .. }`: a partial set before v1.
    BracesOfPartialSet,
    /// No body.
    Bodyless,
    /// `p.q` alone: a partial set before v1.
    BodylessPartialSet,
    /// `p.q.r` alone: neither a body nor a value.
    Empty,
}

/// A rule as it was read.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) rule: Rule,
    pub(super) form: Form,
    /// Form of each branch in [`Rule::otherwise`].
    pub(super) else_forms: Vec<Form>,
}

impl Draft {
    /// What v1 has against it.
    pub(super) fn check(&self) -> Vec<RegoError> {
        let rule = &self.rule;
        let what = if rule.head.args.is_some() { "function" } else { "rule" };
        let mut messages = Vec::new();
        let name = rule.head.reference.head.as_var().filter(|_| rule.head.reference.path.is_empty());
        if let Some(name) = name.filter(|name| keyword(name).is_some()) {
            messages.push((rule.span, format!("{name} keyword cannot be used for rule name")));
        }
        messages.extend(complaints(self.form, what).into_iter().map(|message| (rule.span, message)));
        for (branch, form) in rule.otherwise.iter().zip(&self.else_forms) {
            messages.extend(complaints(*form, what).into_iter().map(|message| (branch.span, message)));
        }
        messages.into_iter().map(|(span, message)| parse_error(span, message)).collect()
    }
}

fn complaints(form: Form, what: &str) -> Vec<String> {
    let needs_if = format!("`if` keyword is required before {what} body");
    let needs_contains = "`contains` keyword is required for partial set rules".to_owned();
    match form {
        Form::Default | Form::If | Form::Bodyless => vec![],
        Form::Braces => vec![needs_if],
        Form::BracesOfPartialSet => vec![needs_if, needs_contains],
        Form::BodylessPartialSet => vec![needs_contains],
        Form::Empty => vec![format!("{what} must have value assignment and/or body declaration")],
    }
}

fn parse_error(span: Span, message: impl Into<String>) -> RegoError {
    RegoError::new(ErrorCode::Parse, message, Some(span))
}

/// Takes a statement that was read as a query for a rule: `p := 1`, `p.q = 2`, `f(x) := y`.
///
/// # Errors
/// OPA's reason why it is none.
pub(super) fn rule_from_body(body: &Body) -> Result<Draft, RegoError> {
    let first = body.exprs.first().map_or(body.span, |first| first.span);
    match body.exprs.as_ref() {
        [expr] => rule_from_expr(expr).map_err(|message| parse_error(first, message)),
        _ => Err(parse_error(first, "multiple expressions cannot be used for rule head")),
    }
}

fn rule_from_expr(expr: &Expr) -> Result<Draft, String> {
    if !expr.with.is_empty() {
        return Err("expressions using with keyword cannot be used for rule head".to_owned());
    }
    if expr.polarity == Polarity::Negated {
        return Err("negated expressions cannot be used for rule head".to_owned());
    }
    match &expr.kind {
        ExprKind::SomeDecl(_) | ExprKind::SomeIn(_) => {
            Err("'some' declarations cannot be used for rule head".to_owned())
        }
        ExprKind::Every(_) => Err("expression cannot be used for rule head".to_owned()),
        ExprKind::Term(term) => rule_from_term(term),
        ExprKind::Call(call) => rule_from_call(call, expr.span),
    }
}

fn draft(form: Form, head: Head, span: Span) -> Draft {
    let kind = RuleKind::Ordinary;
    let rule = Rule { kind, head, body: None, otherwise: [].into(), annotations: Vec::new(), span };
    Draft { rule, form, else_forms: Vec::new() }
}

fn rule_from_term(term: &Term) -> Result<Draft, String> {
    let TermKind::Ref(reference) = &term.kind else {
        return Err(match term.type_name() {
            "ref" => "refs cannot be used for rule head".to_owned(),
            kind => format!("{kind} cannot be used for rule name"),
        });
    };
    let reference = named(reference)?;
    let form = if reference.path.len() > 1 { Form::Empty } else { Form::BodylessPartialSet };
    let head = Head { reference, args: None, key: None, value: None, span: term.span };
    Ok(draft(form, head, term.span))
}

/// The reference, if it begins with a name.
fn named(reference: &Ref) -> Result<Ref, String> {
    match reference.head.kind {
        TermKind::Var(_) | TermKind::Wildcard(_) => Ok(reference.clone()),
        _ => Err(format!("invalid rule head: {}", display::ref_text(reference))),
    }
}

fn rule_from_call(call: &Call, span: Span) -> Result<Draft, String> {
    let operator = display::ref_text(&call.operator);
    let assign = match operator.as_str() {
        "assign" => AssignOperator::Declare,
        "eq" => AssignOperator::Unify,
        _ if decl::find(&operator).is_some() => {
            return Err("rule name conflicts with built-in function".to_owned());
        }
        _ if call.args.is_empty() => {
            return Err("rule argument list must take at least one argument".to_owned());
        }
        _ => {
            let reference = named(&call.operator)?;
            let args = Some(Arc::clone(&call.args));
            let head = Head { reference, args, key: None, value: None, span };
            return Ok(draft(Form::Bodyless, head, span));
        }
    };
    let [left, right] = call.args.as_ref() else {
        return Err("assignment requires two operands".to_owned());
    };
    let (reference, args) = match &left.kind {
        TermKind::Call(function) => {
            let args = Some(Arc::clone(&function.args)).filter(|args| !args.is_empty());
            // Words differ: OPA tries three readings and reports the last.
            let reference = named(&function.operator).map_err(|_| "call cannot be used for rule name")?;
            (reference, args)
        }
        TermKind::Ref(reference) => (named(reference)?, None),
        TermKind::Var(_) | TermKind::Wildcard(_) => {
            (Ref { head: Arc::new(left.clone()), path: [].into(), span: left.span }, None)
        }
        _ => return Err(format!("{} cannot be used for rule name", left.type_name())),
    };
    let value = Some(HeadValue { operator: assign, term: right.clone() });
    Ok(draft(Form::Bodyless, Head { reference, args, key: None, value, span }, span))
}

impl Parser<'_> {
    /// A default value has no references, names or calls outside comprehensions.
    pub(super) fn check_default_value(&mut self, head: &Head, rule: Span) -> Option<()> {
        let Some(value) = &head.value else {
            self.error(rule, "illegal default rule (must have a value)");
            return None;
        };
        let mut found = Vec::new();
        computed(&value.term, &mut found);
        for kind in &found {
            self.error(rule, format!("illegal default rule (value cannot contain {kind})"));
        }
        found.is_empty().then_some(())
    }

    /// The parameters of a default function are different names.
    pub(super) fn check_default_args(&mut self, head: &Head, rule: Span) -> Option<()> {
        let mut seen = HashSet::new();
        let mut valid = Some(());
        for arg in head.args.iter().flat_map(|args| args.iter()) {
            let message = match &arg.kind {
                TermKind::Wildcard(_) => continue,
                TermKind::Var(name) if arg.type_name() == "var" => {
                    if seen.insert(name) {
                        continue;
                    }
                    format!("arguments cannot be repeated {name}")
                }
                _ => format!("arguments cannot contain {}", arg.type_name()),
            };
            self.error(rule, format!("illegal default rule ({message})"));
            valid = None;
        }
        valid
    }
}

/// Notes the kinds of the outermost references, names and calls of a term.
fn computed(term: &Term, found: &mut Vec<&'static str>) {
    match &term.kind {
        TermKind::Var(_) | TermKind::Wildcard(_) | TermKind::Ref(_) | TermKind::Call(_) => {
            found.push(term.type_name());
        }
        TermKind::Array(terms) | TermKind::Set(terms) => {
            terms.iter().for_each(|term| computed(term, found));
        }
        TermKind::Object(pairs) => {
            for (key, value) in pairs.iter() {
                computed(key, found);
                computed(value, found);
            }
        }
        TermKind::Template(parts) => {
            for part in parts.iter() {
                match part {
                    TemplatePart::Expr(Expr { kind: ExprKind::Term(term), .. }) => computed(term, found),
                    TemplatePart::Expr(_) => found.push("call"),
                    TemplatePart::Literal(..) => {}
                }
            }
        }
        // Comprehensions are closures of their own.
        TermKind::ArrayCompr(_)
        | TermKind::SetCompr(_)
        | TermKind::ObjectCompr(_)
        | TermKind::Null
        | TermKind::Bool(_)
        | TermKind::Number(_)
        | TermKind::String(_) => {}
    }
}
