//! The statement at which a test failed, with the values of its variables under them.

use std::sync::Arc;

use super::super::load::Loaded;
use crate::rego::observe::Op;
use crate::rego::observe::trace::Recorded;
use crate::rego::source::Span;
use crate::rego::syntax::ast;
use crate::rego::value::Value;

/// Longest value shown, in characters.
const MAX_VALUE: usize = 64;

/// `file:row:`, the statement, and its variables; empty where nothing is known.
pub(super) fn last_failure(loaded: &Loaded, trace: &[Recorded]) -> String {
    let Some(event) = trace.iter().rev().find(|it| it.op == Some(Op::Fail)) else { return String::new() };
    let statement = statement(&loaded.modules, event.at);
    let span = statement.map_or(event.at, |it| it.span);
    let sources = loaded.policy.sources();
    let place = sources.position(span);
    let before = sources.get(span.source).map_or("", |source| {
        let (start, _) = source.line_around(span.start as usize);
        source.text().get(start..span.start as usize).unwrap_or_default()
    });
    let pad: String = before.chars().map(|it| if it == '\t' { '\t' } else { ' ' }).collect();
    let mut text = format!("{}:{}:\n  {pad}{}\n", sources.name(span), place.row, sources.snippet(span));
    let mut variables: Vec<(usize, &str)> = Vec::new();
    if let Some(statement) = statement {
        let mut found = Vec::new();
        variables_of(statement, &mut found);
        for (name, at) in found {
            let value = event.locals.iter().find(|(it, _)| it == name).map(|(_, value)| value);
            if value.is_some() && variables.iter().all(|(_, it)| *it != name.as_ref()) {
                let column = sources.position(at).col as usize;
                variables.push((column - 1, name.as_ref()));
            }
        }
    }
    variables.sort_unstable();
    let values: Vec<(usize, String)> =
        variables.iter().map(|(column, name)| (*column, shown(&event.locals, name))).collect();
    if !values.is_empty() {
        text += &arrows(&pad, &values, None);
        for last in (0..values.len()).rev() {
            text += &arrows(&pad, &values, Some(last));
        }
    }
    text
}

fn shown(locals: &[(Arc<str>, Value)], name: &str) -> String {
    let value =
        locals.iter().find(|(it, _)| it.as_ref() == name).map_or_else(String::new, |(_, it)| it.to_string());
    if value.chars().count() <= MAX_VALUE {
        return value;
    }
    value.chars().take(MAX_VALUE - 3).chain("...".chars()).collect()
}

/// Bars under all variables; or, up to the last one, whose value stands there.
fn arrows(pad: &str, values: &[(usize, String)], last: Option<usize>) -> String {
    let mut line: String = "  ".to_owned();
    let mut column = 0;
    for (at, (wanted, value)) in values.iter().enumerate().take(last.map_or(values.len(), |it| it + 1)) {
        while column < *wanted {
            line.push(pad.chars().nth(column).unwrap_or(' '));
            column += 1;
        }
        if last == Some(at) {
            line += value;
        } else {
            line.push('|');
        }
        column += 1;
    }
    line + "\n"
}

/// The innermost statement around a place.
fn statement(modules: &[ast::Module], at: Span) -> Option<&ast::Expr> {
    let module = modules.iter().find(|it| it.package.span.source == at.source)?;
    let inside = |span: Span| span.start <= at.start && at.start < span.end;
    let rule = module.rules.iter().find(|rule| inside(rule.span))?;
    let bodies = rule.body.iter().chain(rule.otherwise.iter().filter_map(|it| it.body.as_ref()));
    let mut found: Option<&ast::Expr> = None;
    for body in bodies {
        for expr in body.exprs.iter().filter(|expr| inside(expr.span)) {
            found = Some(expr);
        }
    }
    while let Some(ast::ExprKind::Every(every)) = found.map(|expr| &expr.kind) {
        let Some(inner) = every.body.exprs.iter().find(|expr| inside(expr.span)) else { break };
        found = Some(inner);
    }
    found
}

fn variables_of<'a>(expr: &'a ast::Expr, found: &mut Vec<(&'a ast::Name, Span)>) {
    match &expr.kind {
        ast::ExprKind::Term(term) => of_term(term, found),
        ast::ExprKind::Call(call) => call.args.iter().for_each(|it| of_term(it, found)),
        ast::ExprKind::SomeDecl(_) => {}
        ast::ExprKind::SomeIn(some) => of_term(&some.domain, found),
        ast::ExprKind::Every(every) => of_term(&every.domain, found),
    }
    expr.with.iter().for_each(|with| of_term(&with.value, found));
}

/// What stands inside comprehensions is over when the statement fails.
fn of_term<'a>(term: &'a ast::Term, found: &mut Vec<(&'a ast::Name, Span)>) {
    match &term.kind {
        ast::TermKind::Var(name) => found.push((name, term.span)),
        ast::TermKind::Ref(reference) => {
            of_term(&reference.head, found);
            reference.path.iter().for_each(|it| of_term(it, found));
        }
        ast::TermKind::Call(call) => call.args.iter().for_each(|it| of_term(it, found)),
        ast::TermKind::Array(items) | ast::TermKind::Set(items) => {
            items.iter().for_each(|it| of_term(it, found));
        }
        ast::TermKind::Object(pairs) => {
            for (key, value) in pairs.iter() {
                of_term(key, found);
                of_term(value, found);
            }
        }
        _ => {}
    }
}
