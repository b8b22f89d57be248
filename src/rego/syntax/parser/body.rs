//! Bodies and their expressions.

use std::sync::Arc;

use super::super::super::source::Span;
use super::super::ast::{
    Body, Call, Every, Expr, ExprKind, Notation, Polarity, SomeIn, Term, TermKind, With,
};
use super::super::display;
use super::super::token::Kind;
use super::{Pair, Parser};

/// Whether expressions may be divided by line ends, or by semicolons only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Divided {
    ByLines,
    BySemicolons,
}

impl Parser<'_> {
    /// Expressions up to `end`, which stays the current token.
    pub(super) fn body(&mut self, end: Kind) -> Option<Body> {
        self.enter()?;
        let body = self.expressions(Divided::ByLines, end);
        self.leave();
        body
    }

    pub(super) fn expressions(&mut self, divided: Divided, end: Kind) -> Option<Body> {
        if self.at(end) {
            self.error(self.here(), "found empty body");
            return None;
        }
        let mut exprs: Vec<Expr> = Vec::new();
        let mut height = 0;
        loop {
            exprs.push(self.literal()?);
            height = height.max(self.height);
            if self.at(Kind::Semicolon) {
                self.scan();
                continue;
            }
            if self.at(end) || divided == Divided::BySemicolons {
                break;
            }
            if !self.state.skipped_newline {
                if self.errors.is_empty() {
                    self.expected(&format!("expected \\n or ; or {}", end.word()));
                }
                return None;
            }
        }
        self.height = height;
        let span = exprs.first().map_or(self.here(), |first| self.since(first.span));
        Some(Body { exprs: exprs.into(), span })
    }

    /// One expression with its `not` and `with`.
    pub(super) fn literal(&mut self) -> Option<Expr> {
        let start = self.here();
        let mut polarity = Polarity::Positive;
        if self.keyword_begins_reference() {
            self.allow_keyword_reference();
        } else if self.at(Kind::Not) {
            self.scan();
            polarity = Polarity::Negated;
        }
        let (kind, with) = match self.kind() {
            Kind::Some | Kind::Every if polarity == Polarity::Negated => {
                self.expected(&format!("illegal negation of '{}'", self.kind().word()));
                return None;
            }
            Kind::Some => self.some()?,
            Kind::Every => self.every()?,
            _ => {
                let kind = self.expression()?;
                (kind, self.modifiers()?)
            }
        };
        self.grow(self.height)?;
        Some(Expr { kind, polarity, with, span: self.since(start) })
    }

    fn expression(&mut self) -> Option<ExprKind> {
        let left = self.infix(Pair::Allowed)?;
        if !matches!(self.kind(), Kind::Assign | Kind::Unify) {
            return Some(match left.kind {
                TermKind::Call(call) => ExprKind::Call(call),
                _ => ExprKind::Term(left),
            });
        }
        let height = self.height;
        let operator = self.operator(&[self.kind().word()]);
        self.scan();
        let right = self.infix(Pair::Allowed)?;
        self.height = height.max(self.height);
        let span = self.since(left.span);
        let args = [left, right].into();
        Some(ExprKind::Call(Arc::new(Call { operator, args, notation: Notation::Infix, span })))
    }

    /// `with target as value`, any number of times.
    fn modifiers(&mut self) -> Option<Arc<[With]>> {
        let mut all = Vec::new();
        let mut height = self.height;
        while self.at(Kind::With) {
            let start = self.here();
            self.scan();
            if !self.at(Kind::Ident) {
                self.expected("expected ident");
                return None;
            }
            let target = self.term()?;
            height = height.max(self.height);
            if !matches!(target.kind, TermKind::Ref(_) | TermKind::Var(_) | TermKind::Wildcard(_)) {
                self.expected("expected with target path");
            }
            if !self.at(Kind::As) {
                self.expected("expected as keyword");
                return None;
            }
            self.scan();
            let value = self.infix(Pair::Allowed)?;
            height = height.max(self.height);
            all.push(With { target, value, span: self.since(start) });
        }
        self.height = height;
        Some(all.into())
    }

    /// `some x, y` or `some x in xs`.
    fn some(&mut self) -> Option<(ExprKind, Arc<[With]>)> {
        let before = self.save();
        self.scan();
        if let Some(Term { kind: TermKind::Call(call), span }) = self.infix(Pair::Allowed) {
            let member = self.membership_parts(&call, span, SOME_IN)?;
            let kind = ExprKind::SomeIn(Arc::new(member));
            return Some((kind, self.modifiers()?));
        }
        self.restore(before);
        let mut names = Vec::new();
        loop {
            self.scan();
            if !self.at(Kind::Ident) {
                self.expected("expected var");
                return None;
            }
            names.push(self.variable());
            self.scan();
            if !self.at(Kind::Comma) {
                return Some((ExprKind::SomeDecl(names.into()), [].into()));
            }
        }
    }

    /// `every x in xs { .. }`.
    fn every(&mut self) -> Option<(ExprKind, Arc<[With]>)> {
        self.scan();
        let term = self.infix(Pair::Allowed)?;
        let TermKind::Call(call) = &term.kind else {
            self.expected(EVERY_IN);
            return None;
        };
        let member = self.membership_parts(call, term.span, EVERY_IN)?;
        let mut height = self.height;
        if member.key.as_ref().is_some_and(|key| !is_variable(key)) {
            self.expected("expected key to be a variable");
            return None;
        }
        if !is_variable(&member.value) {
            self.expected("expected value to be a variable");
            return None;
        }
        if !self.at(Kind::LBrace) {
            self.expected("missing body");
            return None;
        }
        self.scan();
        let body = self.body(Kind::RBrace)?;
        height = height.max(self.height);
        self.scan();
        self.height = height;
        let SomeIn { key, value, domain, .. } = member;
        let kind = ExprKind::Every(Arc::new(Every { key, value, domain, body }));
        Some((kind, self.modifiers()?))
    }

    /// Takes `x in xs` or `k, v in xs` apart.
    fn membership_parts(&mut self, call: &Call, span: Span, wanted: &str) -> Option<SomeIn> {
        let arity = match display::ref_text(&call.operator).as_str() {
            "internal.member_2" => 2,
            "internal.member_3" => 3,
            _ => {
                self.expected(wanted);
                return None;
            }
        };
        let parts = match call.args.as_ref() {
            [value, domain] if arity == 2 => (None, value, domain),
            [key, value, domain] if arity == 3 => (Some(key.clone()), value, domain),
            _ => {
                self.expected("illegal domain");
                return None;
            }
        };
        let (key, value, domain) = parts;
        Some(SomeIn { key, value: value.clone(), domain: domain.clone(), span })
    }
}

const SOME_IN: &str = "expected `x in xs` or `x, y in xs` expression";
const EVERY_IN: &str = "expected `x[, y] in xs { ... }` expression";

/// A name that can be bound: the root documents cannot.
fn is_variable(term: &Term) -> bool {
    term.type_name() == "var"
}
