//! The parser's hands, and what queries and schemas share: names, values, types, directives.

use super::ast::{Argument, Directive, Literal, LiteralKind, Place, TypeRef};
use super::lexer::{Kind, Lexer, Token};
use super::{Parsed, fault};
use crate::rego::budget::Budget;
use crate::rego::value::Str;

/// Levels of selections, lists, objects and types within each other. Reading recurses; a level of the tree takes up to
/// three levels of the value that shows it, and values may have 512.
pub(super) const MAX_NESTING: u32 = 128;

/// Bytes for a token of the tree and of the value that shows it, about: a node has some tokens and some hundred bytes.
const BYTES_PER_TOKEN: u64 = 256;

/// Whether variables may stand in a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Values {
    Constant,
    Any,
}

pub(super) struct Parser<'a> {
    lexer: Lexer<'a>,
    budget: &'a mut Budget,
    token: Token<'a>,
    depth: u32,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, budget: &'a mut Budget) -> Parsed<Self> {
        let token = Token { kind: Kind::Eof, text: "".into(), place: Place::default() };
        let mut parser = Self { lexer: Lexer::new(text), budget, token, depth: 0 };
        parser.next()?;
        Ok(parser)
    }

    pub(super) fn peek(&self) -> &Token<'a> {
        &self.token
    }

    pub(super) fn is(&self, kind: Kind) -> bool {
        self.token.kind == kind
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        self.is(Kind::Name) && self.token.text == name
    }

    /// Takes the token and reads the one behind it.
    pub(super) fn next(&mut self) -> Parsed<Token<'a>> {
        let (token, bytes) = self.lexer.next();
        self.budget.steps(1 + bytes as u64 / 64)?;
        self.budget.bytes(BYTES_PER_TOKEN + token.text.len() as u64)?;
        Ok(std::mem::replace(&mut self.token, token))
    }

    pub(super) fn skip(&mut self, kind: Kind) -> Parsed<bool> {
        let found = self.is(kind);
        if found {
            self.next()?;
        }
        Ok(found)
    }

    pub(super) fn expect(&mut self, kind: Kind) -> Parsed<Token<'a>> {
        if self.is(kind) {
            return self.next();
        }
        fault(self.token.place, &format!("Expected {}, found {}", kind.name(), self.token.kind.name()))
    }

    pub(super) fn expect_keyword(&mut self, keyword: &str) -> Parsed<Place> {
        if self.is_name(keyword) {
            return Ok(self.next()?.place);
        }
        fault(self.token.place, &format!("Expected {keyword:?}, found {}", self.token.shown()))
    }

    pub(super) fn unexpected<T>(&self) -> Parsed<T> {
        unexpected(&self.token)
    }

    pub(super) fn name(&mut self) -> Parsed<Str> {
        Ok(self.expect(Kind::Name)?.text.as_ref().into())
    }

    /// Goes one level deeper for the length of `read`.
    pub(super) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == MAX_NESTING {
            return fault(self.token.place, &format!("nesting is deeper than {MAX_NESTING} levels"));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Items between two tokens; nothing where the first is not there.
    pub(super) fn many<T>(
        &mut self,
        open: Kind,
        close: Kind,
        mut item: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        let mut items = Vec::new();
        if self.skip(open)? {
            while !self.is(close) {
                items.push(item(self)?);
            }
            self.next()?;
        }
        Ok(items)
    }

    /// As [`Self::many`], but between the two there is at least one.
    pub(super) fn some<T>(
        &mut self,
        open: Kind,
        close: Kind,
        mut item: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        let mut items = Vec::new();
        if self.skip(open)? {
            if self.is(close) {
                let found = self.token.kind.name();
                return fault(self.token.place, &format!("expected at least one definition, found {found}"));
            }
            while !self.is(close) {
                items.push(item(self)?);
            }
            self.next()?;
        }
        Ok(items)
    }

    pub(super) fn directives(&mut self, values: Values) -> Parsed<Vec<Directive>> {
        let mut directives = Vec::new();
        while self.is(Kind::At) {
            let place = self.next()?.place;
            let name = self.name()?;
            directives.push(Directive { name, arguments: self.arguments(values)?, place });
        }
        Ok(directives)
    }

    pub(super) fn arguments(&mut self, values: Values) -> Parsed<Vec<Argument>> {
        self.many(Kind::ParenL, Kind::ParenR, |parser| {
            let place = parser.peek().place;
            let name = parser.name()?;
            parser.expect(Kind::Colon)?;
            Ok(Argument { name, value: parser.literal(values)?, place })
        })
    }

    pub(super) fn literal(&mut self, values: Values) -> Parsed<Literal> {
        let place = self.token.place;
        let kind = match self.token.kind {
            Kind::BracketL => {
                let children = self.nested(|parser| {
                    parser.many(Kind::BracketL, Kind::BracketR, |parser| {
                        Ok((Str::default(), parser.literal(values)?))
                    })
                })?;
                return Ok(Literal { kind: LiteralKind::List, raw: Str::default(), children, place });
            }
            Kind::BraceL => {
                let children = self.nested(|parser| {
                    parser.many(Kind::BraceL, Kind::BraceR, |parser| {
                        let name = parser.name()?;
                        parser.expect(Kind::Colon)?;
                        Ok((name, parser.literal(values)?))
                    })
                })?;
                return Ok(Literal { kind: LiteralKind::Object, raw: Str::default(), children, place });
            }
            Kind::Dollar if values == Values::Any => {
                self.next()?;
                let raw = self.name()?;
                return Ok(Literal { kind: LiteralKind::Variable, raw, children: Vec::new(), place });
            }
            Kind::Int => LiteralKind::Int,
            Kind::Float => LiteralKind::Float,
            Kind::String => LiteralKind::String,
            Kind::Block => LiteralKind::Block,
            Kind::Name => match &*self.token.text {
                "true" | "false" => LiteralKind::Boolean,
                "null" => LiteralKind::Null,
                _ => LiteralKind::Enum,
            },
            _ => return self.unexpected(),
        };
        let raw = self.next()?.text.as_ref().into();
        Ok(Literal { kind, raw, children: Vec::new(), place })
    }

    pub(super) fn type_ref(&mut self) -> Parsed<TypeRef> {
        if self.is(Kind::BracketL) {
            let items = self.nested(|parser| {
                parser.next()?;
                let items = Box::new(parser.type_ref()?);
                parser.expect(Kind::BracketR)?;
                Ok(items)
            })?;
            return Ok(TypeRef::List { items, non_null: self.skip(Kind::Bang)? });
        }
        let name = self.name()?;
        Ok(TypeRef::Named { name, non_null: self.skip(Kind::Bang)? })
    }
}

pub(super) fn unexpected<T>(token: &Token<'_>) -> Parsed<T> {
    fault(token.place, &format!("Unexpected {}", token.shown()))
}
