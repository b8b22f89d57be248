//! Infix operators.

use std::sync::Arc;

use super::super::ast::{Call, Notation, Ref, Term, TermKind};
use super::super::token::{Kind, Level};
use super::{Pair, Parser};

impl Parser<'_> {
    /// A term with all operators but `=` and `:=`.
    pub(super) fn infix(&mut self, pair: Pair) -> Option<Term> {
        let first = self.operand(Some(Level::Relation))?;
        Some(self.membership(first, pair))
    }

    /// The same, where its first operand was read already (and its height noted).
    pub(super) fn infix_from(&mut self, first: Term, pair: Pair) -> Term {
        let first = self.climb(first, Level::Relation);
        self.membership(first, pair)
    }

    /// `value in xs`, `key, value in xs`.
    fn membership(&mut self, first: Term, pair: Pair) -> Term {
        let mut left = first;
        loop {
            if pair == Pair::Allowed && self.at(Kind::Comma) {
                let (before, height) = (self.save(), self.height);
                if let Some(call) = self.pair_membership(&left) {
                    left = call;
                    if self.at(Kind::In) {
                        continue;
                    }
                } else {
                    self.restore(before);
                    self.height = height;
                }
                return left;
            }
            self.allow_keyword_reference();
            if !self.at(Kind::In) {
                return left;
            }
            let height = self.height;
            let operator = self.operator(&["internal", "member_2"]);
            self.scan();
            let Some(right) = self.operand(Some(Level::Relation)) else {
                self.height = height;
                return left;
            };
            left = self.infix_call(operator, &[left, right], height.max(self.height));
            if !self.at(Kind::In) {
                return left;
            }
        }
    }

    /// The rest of `key, value in xs` at the comma.
    fn pair_membership(&mut self, key: &Term) -> Option<Term> {
        let mut height = self.height;
        self.scan();
        let value = self.operand(Some(Level::Relation))?;
        height = height.max(self.height);
        if !self.at(Kind::In) {
            return None;
        }
        let operator = self.operator(&["internal", "member_3"]);
        self.scan();
        let domain = self.operand(Some(Level::Relation))?;
        let height = height.max(self.height);
        Some(self.infix_call(operator, &[key.clone(), value, domain], height))
    }

    /// A term and the operators that bind at least as tightly as `lowest`; a plain term where that is none.
    fn operand(&mut self, lowest: Option<Level>) -> Option<Term> {
        let term = self.term()?;
        Some(match lowest {
            Some(lowest) => self.climb(term, lowest),
            None => term,
        })
    }

    /// Operators between `lowest` and the tightest level that may still follow. Where an operand is missing,
    /// the error is noted and the operators of the levels looser than the broken one go on.
    fn climb(&mut self, first: Term, lowest: Level) -> Term {
        let mut left = first;
        let mut tightest = Level::Product;
        while let Some(level) = self.kind().level().filter(|level| (lowest..=tightest).contains(level)) {
            let height = self.height;
            let operator = self.operator(&[self.kind().word()]);
            self.scan();
            if let Some(right) = self.operand(level.tighter()) {
                left = self.infix_call(operator, &[left, right], height.max(self.height));
                tightest = level;
            } else {
                self.height = height;
                match level.looser() {
                    Some(looser) => tightest = looser,
                    None => return left,
                }
            }
        }
        left
    }

    /// The builtin an operator stands for, at the operator's place.
    pub(super) fn operator(&mut self, parts: &[&'static str]) -> Ref {
        let span = self.here();
        let mut terms = parts.iter().map(|part| self.name(part));
        let head = Term { kind: TermKind::Var(terms.next().unwrap_or_default()), span };
        let path = terms.map(|name| Term { kind: TermKind::String(name), span }).collect();
        Ref { head: Arc::new(head), path, span }
    }

    pub(super) fn infix_call(&mut self, operator: Ref, args: &[Term], height: u32) -> Term {
        let span = args.first().map_or(operator.span, |first| self.since(first.span));
        self.grow(height);
        let call = Call { operator, args: args.into(), notation: Notation::Infix, span };
        Term { kind: TermKind::Call(Arc::new(call)), span }
    }
}
