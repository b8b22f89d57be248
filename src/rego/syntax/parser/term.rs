//! Terms: scalars, names, references, calls, and what stands in brackets.

use std::sync::Arc;

use super::super::ast::{Call, Notation, Ref, Term, TermKind};
use super::super::display;
use super::super::token::Kind;
use super::{Pair, Parser};

impl Parser<'_> {
    /// A term without infix operators.
    pub(super) fn term(&mut self) -> Option<Term> {
        if let Some(recalled) = self.recall() {
            return recalled.0;
        }
        self.enter()?;
        let before = self.save();
        let term = self.primary().and_then(|head| self.steps_after(head));
        self.remember(before, term.as_ref());
        self.leave();
        term
    }

    /// A term without the steps of a reference; its last token stays the current one.
    fn primary(&mut self) -> Option<Term> {
        match self.kind() {
            Kind::Null => Some(self.leaf(TermKind::Null)),
            Kind::True => Some(self.leaf(TermKind::Bool(true))),
            Kind::False => Some(self.leaf(TermKind::Bool(false))),
            Kind::Sub | Kind::Dot | Kind::Number => self.number(),
            Kind::String => self.string(),
            Kind::TemplatePart | Kind::TemplateEnd | Kind::RawTemplatePart | Kind::RawTemplateEnd => {
                self.template()
            }
            // `contains` is special in the heads of rules only.
            Kind::Ident | Kind::Contains => Some(self.variable()),
            Kind::LBrack => self.array(),
            Kind::LBrace => self.set_or_object(),
            Kind::LParen => self.parenthesised(),
            _ => {
                self.unexpected();
                None
            }
        }
    }

    /// The current token as a name, whatever it is.
    pub(super) fn variable(&mut self) -> Term {
        let kind = if self.text() == "_" {
            self.state.wildcards += 1;
            TermKind::Wildcard(self.state.wildcards - 1)
        } else {
            TermKind::Var(self.name(self.text()))
        };
        self.leaf(kind)
    }

    fn parenthesised(&mut self) -> Option<Term> {
        self.scan();
        let mut term = self.infix(Pair::Allowed)?;
        if !self.at(Kind::RParen) {
            self.error(self.here(), "non-terminated expression");
            return None;
        }
        term.span.end = self.state.end;
        Some(term)
    }

    /// What may follow a term at once: `.name`, `[key]`, `(args)`.
    fn steps_after(&mut self, head: Term) -> Option<Term> {
        self.scan_or_space();
        match self.kind() {
            Kind::LParen | Kind::Dot | Kind::LBrack => self.reference(head),
            Kind::Whitespace => {
                self.scan();
                Some(head)
            }
            _ => Some(head),
        }
    }

    /// The same for the name of a rule, after which there may be white space before the brackets.
    pub(super) fn steps_after_rule_name(&mut self, head: Term) -> Option<Term> {
        self.scan_or_space();
        if self.kind().level().is_some() {
            self.unexpected();
        } else if self.at(Kind::Whitespace) {
            self.scan();
        }
        match self.kind() {
            Kind::LParen | Kind::Dot | Kind::LBrack => self.reference(head),
            _ => Some(head),
        }
    }

    fn reference(&mut self, head: Term) -> Option<Term> {
        self.enter()?;
        let term = self.reference_steps(head);
        self.leave();
        term
    }

    fn reference_steps(&mut self, head: Term) -> Option<Term> {
        if !may_be_referred_into(&head) {
            self.error(head.span, format!("illegal ref (head cannot be {})", head.type_name()));
        }
        let mut height = self.height;
        let mut path = Vec::new();
        loop {
            self.bound(path.len())?;
            match self.kind() {
                Kind::Dot => {
                    self.scan_or_space();
                    if !self.at(Kind::Ident) && !self.kind().is_keyword() {
                        self.expected("expected identifier");
                        return None;
                    }
                    let name = self.name(self.text());
                    path.push(Term { kind: TermKind::String(name), span: self.here() });
                    self.scan_or_space();
                }
                Kind::LBrack => {
                    self.scan();
                    let key = self.infix(Pair::Allowed)?;
                    if !self.at(Kind::RBrack) {
                        self.expected("expected [");
                        return None;
                    }
                    height = height.max(self.height);
                    path.push(key);
                    self.scan_or_space();
                }
                Kind::LParen => {
                    let span = self.since(head.span);
                    let operator = Ref { head: Arc::new(head), path: path.into(), span };
                    let call = self.call(operator, height)?;
                    return self.steps_after_call(call);
                }
                kind => {
                    let span = self.since(head.span);
                    if kind == Kind::Whitespace {
                        self.scan();
                    }
                    self.grow(height)?;
                    let reference = Ref { head: Arc::new(head), path: path.into(), span };
                    return Some(Term { kind: TermKind::Ref(reference), span });
                }
            }
        }
    }

    fn steps_after_call(&mut self, call: Term) -> Option<Term> {
        match self.kind() {
            Kind::Whitespace => {
                self.scan();
                Some(call)
            }
            Kind::Dot | Kind::LBrack => self.reference(call),
            _ => Some(call),
        }
    }

    /// The arguments after an operator, at the opening parenthesis.
    fn call(&mut self, operator: Ref, operator_height: u32) -> Option<Term> {
        self.scan();
        let args = if self.at(Kind::RParen) { Vec::new() } else { self.list(Kind::RParen, Vec::new(), 0)? };
        let height = if args.is_empty() { operator_height } else { operator_height.max(self.height) };
        let span = self.span(operator.span.start, self.state.end);
        self.scan_or_space();
        self.grow(height + 1)?;
        let kind = if args.is_empty() && display::ref_text(&operator) == "set" {
            TermKind::Set(args.into())
        } else {
            let args = args.into();
            TermKind::Call(Arc::new(Call { operator, args, notation: Notation::Prefix, span }))
        };
        Some(Term { kind, span })
    }

    /// Terms up to `end`, after those read already. Notes the greatest height of a member.
    pub(super) fn list(&mut self, end: Kind, mut terms: Vec<Term>, mut height: u32) -> Option<Vec<Term>> {
        loop {
            if self.at(end) {
                self.height = height;
                return Some(terms);
            }
            terms.push(self.infix(Pair::InList)?);
            height = height.max(self.height);
            self.list_goes_on(end)?;
        }
    }

    /// Steps over a comma, if it is not the end of the list.
    pub(super) fn list_goes_on(&mut self, end: Kind) -> Option<()> {
        if self.at(end) {
            return Some(());
        }
        if self.at(Kind::Comma) {
            self.scan();
            return Some(());
        }
        self.expected(&format!("expected \",\" or \"{}\"", end.word()));
        None
    }
}

fn may_be_referred_into(head: &Term) -> bool {
    match head.kind {
        TermKind::Var(_)
        | TermKind::Wildcard(_)
        | TermKind::Call(_)
        | TermKind::Array(_)
        | TermKind::Set(_)
        | TermKind::Object(_)
        | TermKind::ArrayCompr(_)
        | TermKind::SetCompr(_)
        | TermKind::ObjectCompr(_) => true,
        TermKind::Null
        | TermKind::Bool(_)
        | TermKind::Number(_)
        | TermKind::String(_)
        | TermKind::Template(_)
        | TermKind::Ref(_) => false,
    }
}
