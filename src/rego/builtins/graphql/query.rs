//! Reading queries: operations and fragments.

use super::Parsed;
use super::ast::{
    Field, Fragment, Inline, Operation, OperationKind, Place, QueryDocument, Selection, Spread, Variable,
};
use super::lexer::Kind;
use super::parser::{Parser, Values};
use crate::rego::budget::Budget;
use crate::rego::value::Str;

/// Reads a query document.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub(super) fn parse(text: &str, budget: &mut Budget) -> Parsed<QueryDocument> {
    let mut parser = Parser::new(text, budget)?;
    let mut document = QueryDocument::default();
    while !parser.is(Kind::Eof) {
        let place = parser.peek().place;
        if parser.is(Kind::BraceL) {
            document.operations.push(parser.operation(OperationKind::Query, place)?);
        } else if parser.is_name("fragment") {
            document.fragments.push(parser.fragment()?);
        } else if let Some(kind) = parser.operation_keyword() {
            parser.next()?;
            document.operations.push(parser.operation(kind, place)?);
        } else {
            return parser.unexpected();
        }
    }
    Ok(document)
}

impl Parser<'_> {
    /// The kind of operation that the next token names.
    pub(super) fn operation_keyword(&self) -> Option<OperationKind> {
        let token = self.peek();
        if token.kind == Kind::Name { OperationKind::of(&token.text) } else { None }
    }

    fn operation(&mut self, kind: OperationKind, place: Place) -> Parsed<Operation> {
        let name = if self.is(Kind::Name) { self.name()? } else { Str::default() };
        Ok(Operation {
            kind,
            name,
            variables: self.variables()?,
            directives: self.directives(Values::Any)?,
            selections: self.selections()?,
            place,
        })
    }

    fn fragment(&mut self) -> Parsed<Fragment> {
        let place = self.expect_keyword("fragment")?;
        if self.is_name("on") {
            return self.unexpected();
        }
        let name = self.name()?;
        let variables = self.variables()?;
        self.expect_keyword("on")?;
        Ok(Fragment {
            name,
            variables,
            condition: self.name()?,
            directives: self.directives(Values::Any)?,
            selections: self.selections()?,
            place,
        })
    }

    fn variables(&mut self) -> Parsed<Vec<Variable>> {
        self.many(Kind::ParenL, Kind::ParenR, |parser| {
            let place = parser.expect(Kind::Dollar)?.place;
            let name = parser.name()?;
            parser.expect(Kind::Colon)?;
            let ty = parser.type_ref()?;
            let has_default = parser.skip(Kind::Equals)?;
            let default = has_default.then(|| parser.literal(Values::Constant)).transpose()?;
            Ok(Variable { name, ty, default, directives: parser.directives(Values::Any)?, place })
        })
    }

    /// Selections, which must be there.
    fn selections(&mut self) -> Parsed<Vec<Selection>> {
        if !self.is(Kind::BraceL) {
            self.expect(Kind::BraceL)?;
        }
        self.nested(|parser| parser.some(Kind::BraceL, Kind::BraceR, Self::selection))
    }

    fn selection(&mut self) -> Parsed<Selection> {
        let place = self.peek().place;
        if !self.skip(Kind::Spread)? {
            return self.field(place);
        }
        if self.is(Kind::Name) && !self.is_name("on") {
            let name = self.name()?;
            let directives = self.directives(Values::Any)?;
            return Ok(Selection::Spread(Spread { name, directives, place }));
        }
        let condition = if self.is_name("on") {
            self.next()?;
            self.name()?
        } else {
            Str::default()
        };
        Ok(Selection::Inline(Inline {
            condition,
            directives: self.directives(Values::Any)?,
            selections: self.selections()?,
            place,
        }))
    }

    fn field(&mut self, place: Place) -> Parsed<Selection> {
        let alias = self.name()?;
        let name = if self.skip(Kind::Colon)? { self.name()? } else { alias.clone() };
        let arguments = self.arguments(Values::Any)?;
        let directives = self.directives(Values::Any)?;
        let selections = if self.is(Kind::BraceL) { self.selections()? } else { Vec::new() };
        Ok(Selection::Field(Field { alias, name, arguments, directives, selections, place }))
    }
}
