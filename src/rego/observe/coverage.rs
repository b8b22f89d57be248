//! Which lines of policies were evaluated, and which were not: OPA's report.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::{Serialize, Serializer};

use super::{Event, Op, Subject};
use crate::rego::source::{Sources, Span};
use crate::rego::syntax::ast::{self, Module};

/// The lines that were evaluated so far.
#[derive(Clone, Debug, Default)]
pub struct Coverage(HashSet<Span>);

impl Coverage {
    /// Takes in an event: a definition that held covers its head, a statement that was reached its first line.
    pub fn see(&mut self, event: &Event<'_>) {
        match (event.op, event.subject) {
            (Op::Exit, Subject::Rule) => self.0.insert(start(event.head)),
            (Op::Eval, Subject::Expression) => self.0.insert(start(event.at)),
            _ => false,
        };
    }

    /// Takes in what another evaluation of the same policy covered.
    pub fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// What it comes to, for all files of the policy.
    pub fn report(&self, modules: &[Module], sources: &Sources) -> Report {
        let mut covered: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
        for span in &self.0 {
            let name = sources.name(*span);
            if !name.is_empty() {
                covered.entry(name.to_owned()).or_default().insert(sources.position(*span).row);
            }
        }
        let mut files = BTreeMap::new();
        for module in modules {
            let name = sources.name(module.package.span);
            let covered = covered.remove(name).unwrap_or_default();
            let mut lines = Lines { sources, covered: &covered, missing: BTreeSet::new() };
            module.rules.iter().for_each(|rule| lines.rule(rule));
            let missing = lines.missing;
            files.insert(name.to_owned(), FileReport::new(&covered, &missing));
        }
        let sum = |of: fn(&FileReport) -> usize| files.values().map(of).sum::<usize>();
        let (covered_lines, not_covered_lines) = (sum(|it| it.covered_lines), sum(|it| it.not_covered_lines));
        let coverage = percentage(covered_lines, not_covered_lines);
        Report { files, covered_lines, not_covered_lines, coverage }
    }
}

fn start(span: Span) -> Span {
    Span { end: span.start, ..span }
}

/// OPA's coverage report.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// By file name.
    pub files: BTreeMap<String, FileReport>,
    /// In all files.
    pub covered_lines: usize,
    /// In all files.
    pub not_covered_lines: usize,
    /// In percent of both; 0 where there are no lines.
    #[serde(serialize_with = "percent")]
    pub coverage: f64,
}

/// See [`Report`].
#[derive(Clone, Debug, Serialize)]
pub struct FileReport {
    /// Lines that were evaluated.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub covered: Vec<Range>,
    /// Lines with a definition or a statement that were not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_covered: Vec<Range>,
    /// How many lines `covered` has.
    #[serde(skip_serializing_if = "is_zero")]
    pub covered_lines: usize,
    /// How many lines `not_covered` has.
    #[serde(skip_serializing_if = "is_zero")]
    pub not_covered_lines: usize,
    /// In percent of both.
    #[serde(skip_serializing_if = "is_nothing", serialize_with = "percent")]
    pub coverage: f64,
}

/// Lines that follow each other.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Range {
    /// The first.
    pub start: Row,
    /// The last.
    pub end: Row,
}

/// A line, from 1.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Row {
    /// Its number.
    pub row: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_nothing(percent: &f64) -> bool {
    *percent <= 0.0
}

/// Whole percents are written without a fraction, as Go does.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 100")]
fn percent<S: Serializer>(percent: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if percent.fract() == 0.0 {
        serializer.serialize_u64(*percent as u64)
    } else {
        serializer.serialize_f64(*percent)
    }
}

#[allow(clippy::cast_precision_loss, reason = "there are fewer than 2^52 lines")]
fn percentage(covered: usize, missing: usize) -> f64 {
    if covered + missing == 0 { 0.0 } else { 100.0 * covered as f64 / (covered + missing) as f64 }
}

impl FileReport {
    fn new(covered: &BTreeSet<u32>, missing: &BTreeSet<u32>) -> Self {
        Self {
            covered: ranges(covered),
            not_covered: ranges(missing),
            covered_lines: covered.len(),
            not_covered_lines: missing.len(),
            coverage: percentage(covered.len(), missing.len()),
        }
    }
}

fn ranges(rows: &BTreeSet<u32>) -> Vec<Range> {
    let mut all: Vec<Range> = Vec::new();
    for row in rows {
        match all.last_mut() {
            Some(last) if last.end.row + 1 == *row => last.end.row = *row,
            _ => all.push(Range { start: Row { row: *row }, end: Row { row: *row } }),
        }
    }
    all
}

/// Walks a module for lines that nothing covers. The tree's depth is limited by the parser.
struct Lines<'a> {
    sources: &'a Sources,
    covered: &'a BTreeSet<u32>,
    missing: BTreeSet<u32>,
}

impl Lines<'_> {
    fn expect(&mut self, asked: Span, told: Span) {
        if !self.covered.contains(&self.sources.position(asked).row) {
            self.missing.insert(self.sources.position(told).row);
        }
    }

    fn rule(&mut self, rule: &ast::Rule) {
        self.expect(rule.span, rule.head.span);
        let head = &rule.head;
        self.terms(&head.reference.path);
        self.terms(head.args.as_deref().unwrap_or_default());
        head.key.iter().for_each(|term| self.term(term));
        head.value.iter().for_each(|value| self.term(&value.term));
        self.rule_body(rule.body.as_ref(), rule.span);
        for branch in rule.otherwise.iter() {
            self.expect(branch.span, branch.span);
            branch.value.iter().for_each(|value| self.term(&value.term));
            self.rule_body(branch.body.as_ref(), branch.span);
        }
    }

    /// Where none is written it is `true`, placed at the rule.
    fn rule_body(&mut self, body: Option<&ast::Body>, rule: Span) {
        match body {
            Some(body) => self.body(body),
            None => self.expect(rule, rule),
        }
    }

    fn body(&mut self, body: &ast::Body) {
        body.exprs.iter().for_each(|expr| self.expr(expr));
    }

    fn expr(&mut self, expr: &ast::Expr) {
        if !matches!(expr.kind, ast::ExprKind::SomeDecl(_) | ast::ExprKind::SomeIn(_)) {
            self.expect(expr.span, expr.span);
        }
        match &expr.kind {
            ast::ExprKind::Term(term) => self.term(term),
            ast::ExprKind::Call(call) => self.terms(&call.args),
            ast::ExprKind::SomeDecl(_) => {}
            ast::ExprKind::SomeIn(some) => {
                some.key.iter().chain([&some.value, &some.domain]).for_each(|term| self.term(term));
            }
            ast::ExprKind::Every(every) => {
                self.term(&every.domain);
                self.body(&every.body);
            }
        }
        expr.with.iter().for_each(|with| self.term(&with.value));
    }

    fn terms(&mut self, terms: &[ast::Term]) {
        for term in terms {
            self.term(term);
        }
    }

    fn term(&mut self, term: &ast::Term) {
        match &term.kind {
            ast::TermKind::Ref(reference) => {
                self.term(&reference.head);
                self.terms(&reference.path);
            }
            ast::TermKind::Call(call) => self.terms(&call.args),
            ast::TermKind::Array(items) | ast::TermKind::Set(items) => self.terms(items),
            ast::TermKind::Object(pairs) => {
                for (key, value) in pairs.iter() {
                    self.term(key);
                    self.term(value);
                }
            }
            ast::TermKind::ArrayCompr(compr) | ast::TermKind::SetCompr(compr) => {
                self.term(&compr.term);
                self.body(&compr.body);
            }
            ast::TermKind::ObjectCompr(compr) => {
                self.term(&compr.key);
                self.term(&compr.value);
                self.body(&compr.body);
            }
            ast::TermKind::Template(parts) => {
                for part in parts.iter() {
                    if let ast::TemplatePart::Expr(expr) = part {
                        self.expr(expr);
                    }
                }
            }
            ast::TermKind::Null
            | ast::TermKind::Bool(_)
            | ast::TermKind::Number(_)
            | ast::TermKind::String(_)
            | ast::TermKind::Var(_)
            | ast::TermKind::Wildcard(_) => {}
        }
    }
}
