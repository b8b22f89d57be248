//! Arrays, sets, objects and comprehensions.
//!
//! In `{a | ..}` the bar begins a comprehension where it can, and is an operator otherwise. The first member
//! is therefore read without operators; what follows decides.

use std::sync::Arc;

use super::super::super::source::Span;
use super::super::ast::{Compr, ObjectCompr, Term, TermKind};
use super::super::token::Kind;
use super::{Pair, Parser};

/// Whether what is being read may still turn out to be a comprehension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Open,
    /// A leading comma, which OPA allows, has ruled it out.
    NoComprehension,
}

impl Parser<'_> {
    /// Closes a composite at its bracket, the current token.
    fn close(&mut self, kind: TermKind, open: Span, height: u32) -> Option<Term> {
        self.grow(height)?;
        Some(Term { kind, span: self.span(open.start, self.state.end) })
    }

    fn leading_comma(&mut self) -> Reading {
        if !self.at(Kind::Comma) {
            return Reading::Open;
        }
        self.scan();
        Reading::NoComprehension
    }

    pub(super) fn array(&mut self) -> Option<Term> {
        let open = self.here();
        self.scan();
        if self.at(Kind::RBrack) {
            return self.close(TermKind::Array([].into()), open, 0);
        }
        let reading = self.leading_comma();
        let first = self.term()?;
        if self.at(Kind::Or) && reading == Reading::Open {
            let (before, height) = (self.save(), self.height);
            if let Some(body) = self.comprehension_body(Kind::RBrack) {
                let height = height.max(self.height);
                let compr = Compr { term: first, body };
                return self.close(TermKind::ArrayCompr(Arc::new(compr)), open, height);
            }
            if !self.at(Kind::Comma) {
                return None;
            }
            self.restore(before);
            self.height = height;
        }
        let members = self.list_from(first, Kind::RBrack)?;
        self.close(TermKind::Array(members.into()), open, self.height)
    }

    /// The body of a comprehension after its bar, tentatively.
    fn comprehension_body(&mut self, end: Kind) -> Option<super::super::ast::Body> {
        self.scan();
        self.tentatively(|parser| parser.body(end))
    }

    /// A list whose first member was read without operators.
    fn list_from(&mut self, first: Term, end: Kind) -> Option<Vec<Term>> {
        let first = self.infix_from(first, Pair::InList);
        let height = self.height;
        self.list_goes_on(end)?;
        self.list(end, vec![first], height)
    }

    pub(super) fn set_or_object(&mut self) -> Option<Term> {
        let open = self.here();
        self.scan();
        if self.at(Kind::RBrace) {
            return self.close(TermKind::Object([].into()), open, 0);
        }
        let reading = self.leading_comma();
        let first = self.term()?;
        match self.kind() {
            Kind::Or if reading == Reading::Open => self.set_with_bar(first, open),
            Kind::RBrace | Kind::Comma => self.set(first, open),
            Kind::Colon => self.object(first, reading, open),
            _ => {
                let first = self.infix_from(first, Pair::InList);
                match self.kind() {
                    Kind::RBrace | Kind::Comma => self.set(first, open),
                    Kind::Colon => self.object(first, reading, open),
                    _ => {
                        self.expected("non-terminated set");
                        None
                    }
                }
            }
        }
    }

    fn set(&mut self, first: Term, open: Span) -> Option<Term> {
        let height = self.height;
        self.list_goes_on(Kind::RBrace)?;
        let members = self.list(Kind::RBrace, vec![first], height)?;
        self.close(TermKind::Set(members.into()), open, self.height)
    }

    /// A set comprehension, or a set whose first member is `first | ..`.
    fn set_with_bar(&mut self, first: Term, open: Span) -> Option<Term> {
        let (before, height) = (self.save(), self.height);
        if let Some(body) = self.comprehension_body(Kind::RBrace) {
            let height = height.max(self.height);
            return self.close(TermKind::SetCompr(Arc::new(Compr { term: first, body })), open, height);
        }
        if !self.at(Kind::Comma) {
            return None;
        }
        self.restore(before);
        self.height = height;
        let members = self.list_from(first, Kind::RBrace)?;
        self.close(TermKind::Set(members.into()), open, self.height)
    }

    /// An object or its comprehension, at the colon after the first key.
    fn object(&mut self, key: Term, reading: Reading, open: Span) -> Option<Term> {
        let key_height = self.height;
        self.scan();
        let before = self.save();
        let value = self.term()?;
        let (after, height) = (self.save(), self.height);
        if reading == Reading::Open {
            match self.kind() {
                Kind::RBrace | Kind::Comma => {
                    let whole = self.object_pairs(key, value, key_height, open);
                    if whole.is_none() {
                        self.restore(before);
                        self.expected("non-terminated object");
                    }
                    return whole;
                }
                Kind::Or => {
                    if let Some(body) = self.comprehension_body(Kind::RBrace) {
                        let height = height.max(key_height).max(self.height);
                        let compr = ObjectCompr { key, value, body };
                        return self.close(TermKind::ObjectCompr(Arc::new(compr)), open, height);
                    }
                    self.restore(after);
                    self.height = height;
                }
                _ => {}
            }
        }
        let value = self.infix_from(value, Pair::InList);
        match self.kind() {
            Kind::RBrace | Kind::Comma => self.object_pairs(key, value, key_height, open),
            _ => {
                self.expected("non-terminated object");
                None
            }
        }
    }

    /// The pairs after the first, at what follows its value.
    fn object_pairs(&mut self, key: Term, value: Term, key_height: u32, open: Span) -> Option<Term> {
        let mut height = key_height.max(self.height);
        let mut pairs = vec![(key, value)];
        self.list_goes_on(Kind::RBrace)?;
        while !self.at(Kind::RBrace) {
            let key = self.infix(Pair::InList)?;
            height = height.max(self.height);
            if !self.at(Kind::Colon) {
                self.expected("expected \":\"");
                return None;
            }
            self.scan();
            let value = self.infix(Pair::InList)?;
            height = height.max(self.height);
            pairs.push((key, value));
            self.list_goes_on(Kind::RBrace)?;
        }
        self.close(TermKind::Object(pairs.into()), open, height)
    }
}
