//! The text of terms and references as OPA prints them in messages.

use std::fmt::Write as _;

use super::ast::{Body, Call, Expr, ExprKind, Polarity, Ref, TemplatePart, Term, TermKind};
use super::token::keyword;

/// Text of a term.
pub fn term_text(term: &Term) -> String {
    let mut out = String::new();
    write_term(&mut out, term);
    out
}

/// Text of a reference: `data.a["b c"][x]`.
pub fn ref_text(reference: &Ref) -> String {
    let mut out = String::new();
    write_ref(&mut out, reference);
    out
}

/// Text of an expression.
pub fn expr_text(expr: &Expr) -> String {
    let mut out = String::new();
    write_expr(&mut out, expr);
    out
}

/// Text of a body.
pub fn body_text(body: &Body) -> String {
    let mut out = String::new();
    write_list(&mut out, body.exprs.iter(), "; ", write_expr);
    out
}

/// Whether a term has no variables: references are judged by their steps.
pub fn is_ground(term: &Term) -> bool {
    match &term.kind {
        TermKind::Var(_) => term.type_name() == "ref",
        TermKind::Ref(reference) => reference.path.iter().all(is_ground),
        TermKind::Call(call) => call.args.iter().all(is_ground),
        TermKind::Array(terms) | TermKind::Set(terms) => terms.iter().all(is_ground),
        TermKind::Object(pairs) => pairs.iter().all(|(key, value)| is_ground(key) && is_ground(value)),
        TermKind::Wildcard(_)
        | TermKind::Template(_)
        | TermKind::ArrayCompr(_)
        | TermKind::SetCompr(_)
        | TermKind::ObjectCompr(_) => false,
        TermKind::Null | TermKind::Bool(_) | TermKind::Number(_) | TermKind::String(_) => true,
    }
}

fn write_list<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    separator: &str,
    write: impl Fn(&mut String, T),
) {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push_str(separator);
        }
        write(out, item);
    }
}

fn write_term(out: &mut String, term: &Term) {
    match &term.kind {
        TermKind::Null => out.push_str("null"),
        TermKind::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        TermKind::Number(text) => out.push_str(text),
        TermKind::String(text) => write_string(out, text),
        TermKind::Template(parts) => write_template(out, parts),
        TermKind::Var(name) => out.push_str(name),
        TermKind::Wildcard(_) => out.push('_'),
        TermKind::Ref(reference) => write_ref(out, reference),
        TermKind::Call(call) => write_call(out, call),
        TermKind::Array(terms) => bracketed(out, ('[', ']'), terms),
        TermKind::Set(terms) if terms.is_empty() => out.push_str("set()"),
        TermKind::Set(terms) => bracketed(out, ('{', '}'), terms),
        TermKind::Object(pairs) => {
            out.push('{');
            write_list(out, pairs.iter(), ", ", |out, (key, value)| {
                write_term(out, key);
                out.push_str(": ");
                write_term(out, value);
            });
            out.push('}');
        }
        TermKind::ArrayCompr(compr) => {
            out.push('[');
            write_term(out, &compr.term);
            write_compr_body(out, &compr.body);
            out.push(']');
        }
        TermKind::SetCompr(compr) => {
            out.push('{');
            write_term(out, &compr.term);
            write_compr_body(out, &compr.body);
            out.push('}');
        }
        TermKind::ObjectCompr(compr) => {
            out.push('{');
            write_term(out, &compr.key);
            out.push_str(": ");
            write_term(out, &compr.value);
            write_compr_body(out, &compr.body);
            out.push('}');
        }
    }
}

fn write_compr_body(out: &mut String, body: &Body) {
    out.push_str(" | ");
    out.push_str(&body_text(body));
}

fn bracketed(out: &mut String, (open, close): (char, char), terms: &[Term]) {
    out.push(open);
    write_list(out, terms, ", ", write_term);
    out.push(close);
}

fn write_string(out: &mut String, text: &str) {
    // JSON's quoting differs from Go's for control characters only.
    let _ = write!(out, "{}", serde_json::Value::from(text));
}

fn write_template(out: &mut String, parts: &[TemplatePart]) {
    out.push_str("$\"");
    for part in parts {
        match part {
            TemplatePart::Literal(text, _) => {
                let quoted = serde_json::Value::from(text.as_ref()).to_string();
                let inner = quoted.get(1..quoted.len() - 1).unwrap_or_default();
                out.push_str(&inner.replace('{', "\\{"));
            }
            TemplatePart::Expr(expr) => {
                out.push('{');
                write_expr(out, expr);
                out.push('}');
            }
        }
    }
    out.push('"');
}

fn write_ref(out: &mut String, reference: &Ref) {
    write_term(out, &reference.head);
    for step in reference.path.iter() {
        match step.as_string() {
            Some(name) if is_name(name) => {
                out.push('.');
                out.push_str(name);
            }
            _ => {
                out.push('[');
                write_term(out, step);
                out.push(']');
            }
        }
    }
}

/// Whether a string step is printed with a dot.
fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    let first = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    first && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && keyword(text).is_none()
}

fn write_call(out: &mut String, call: &Call) {
    write_ref(out, &call.operator);
    out.push('(');
    write_list(out, call.args.iter(), ", ", write_term);
    out.push(')');
}

fn write_expr(out: &mut String, expr: &Expr) {
    if expr.polarity == Polarity::Negated {
        out.push_str("not ");
    }
    match &expr.kind {
        ExprKind::Term(term) => write_term(out, term),
        ExprKind::Call(call) => write_call(out, call),
        ExprKind::SomeDecl(names) => {
            out.push_str("some ");
            write_list(out, names.iter(), ", ", write_term);
        }
        ExprKind::SomeIn(member) => {
            out.push_str("some ");
            let terms = member.key.iter().chain([&member.value]);
            write_list(out, terms, ", ", write_term);
            out.push_str(" in ");
            write_term(out, &member.domain);
        }
        ExprKind::Every(every) => {
            out.push_str("every ");
            write_list(out, every.key.iter().chain([&every.value]), ", ", write_term);
            out.push_str(" in ");
            write_term(out, &every.domain);
            let _ = write!(out, " {{ {} }}", body_text(&every.body));
        }
    }
    for with in expr.with.iter() {
        let _ = write!(out, " with {} as {}", term_text(&with.target), term_text(&with.value));
    }
}
