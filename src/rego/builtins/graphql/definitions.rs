//! Reading schemas: types, directives, entry points, and what extends them.

use super::Parsed;
use super::ast::{
    Definition, DirectiveDefinition, Entry, EnumValue, FieldDefinition, Place, SchemaDocument, TypeKind,
};
use super::lexer::Kind;
use super::parser::{Parser, Values, unexpected};
use crate::rego::budget::Budget;
use crate::rego::value::Str;

/// Where directives may stand, besides the kinds of types.
pub(super) const LOCATIONS: [&str; 13] = [
    "QUERY",
    "MUTATION",
    "SUBSCRIPTION",
    "FIELD",
    "FRAGMENT_DEFINITION",
    "FRAGMENT_SPREAD",
    "INLINE_FRAGMENT",
    "VARIABLE_DEFINITION",
    "SCHEMA",
    "FIELD_DEFINITION",
    "ARGUMENT_DEFINITION",
    "ENUM_VALUE",
    "INPUT_FIELD_DEFINITION",
];

/// Reads a schema document.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub(super) fn parse(text: &str, budget: &mut Budget) -> Parsed<SchemaDocument> {
    let mut parser = Parser::new(text, budget)?;
    let mut document = SchemaDocument::default();
    while !parser.is(Kind::Eof) {
        let first = parser.peek().clone();
        let description = parser.description()?;
        if parser.is_name("extend") {
            if !description.is_empty() {
                return unexpected(&first);
            }
            parser.next()?;
            parser.extension(&mut document)?;
        } else {
            parser.definition(description, &mut document)?;
        }
    }
    Ok(document)
}

impl Parser<'_> {
    fn description(&mut self) -> Parsed<Str> {
        if self.is(Kind::String) || self.is(Kind::Block) {
            return Ok(self.next()?.text.as_ref().into());
        }
        Ok(Str::default())
    }

    /// The kind of type that the next token names.
    fn type_keyword(&self) -> Option<TypeKind> {
        TypeKind::ALL.iter().find(|it| self.is_name(it.1)).map(|it| it.0)
    }

    fn definition(&mut self, description: Str, document: &mut SchemaDocument) -> Parsed<()> {
        if let Some(kind) = self.type_keyword() {
            document.definitions.push(self.type_definition(kind, description)?);
        } else if self.is_name("schema") {
            document.schema.push(self.entry(description)?);
        } else if self.is_name("directive") {
            document.directives.push(self.directive_definition(description)?);
        } else {
            return self.unexpected();
        }
        Ok(())
    }

    fn extension(&mut self, document: &mut SchemaDocument) -> Parsed<()> {
        if self.is_name("schema") {
            let entry = self.entry(Str::default())?;
            if entry.directives.is_empty() && entry.roots.is_empty() {
                return self.unexpected();
            }
            document.schema_extensions.push(entry);
            return Ok(());
        }
        let Some(kind) = self.type_keyword() else { return self.unexpected() };
        let added = self.type_definition(kind, Str::default())?;
        let adds_nothing = added.directives.is_empty()
            && added.interfaces.is_empty()
            && added.fields.is_empty()
            && added.types.is_empty()
            && added.values.is_empty();
        if adds_nothing {
            return self.unexpected();
        }
        document.extensions.push(added);
        Ok(())
    }

    fn entry(&mut self, description: Str) -> Parsed<Entry> {
        let place = self.expect_keyword("schema")?;
        let directives = self.directives(Values::Constant)?;
        let roots = self.some(Kind::BraceL, Kind::BraceR, |parser| {
            let Some(kind) = parser.operation_keyword() else { return parser.unexpected() };
            let place = parser.next()?.place;
            parser.expect(Kind::Colon)?;
            Ok((kind, parser.name()?, place))
        })?;
        Ok(Entry { description, directives, roots, place })
    }

    fn type_definition(&mut self, kind: TypeKind, description: Str) -> Parsed<Definition> {
        self.next()?;
        // OPA's places of definitions are those of their names.
        let place = self.peek().place;
        let mut definition = Definition {
            kind,
            description,
            name: self.name()?,
            directives: Vec::new(),
            interfaces: Vec::new(),
            fields: Vec::new(),
            types: Vec::new(),
            values: Vec::new(),
            built_in: false,
            place,
        };
        if matches!(kind, TypeKind::Object | TypeKind::Interface) && self.is_name("implements") {
            self.next()?;
            definition.interfaces = self.names(Kind::Amp)?;
        }
        definition.directives = self.directives(Values::Constant)?;
        match kind {
            TypeKind::Scalar => {}
            TypeKind::Object | TypeKind::Interface => {
                definition.fields = self.some(Kind::BraceL, Kind::BraceR, Self::field_definition)?;
            }
            TypeKind::InputObject => {
                definition.fields = self.some(Kind::BraceL, Kind::BraceR, Self::input_definition)?;
            }
            TypeKind::Enum => {
                definition.values = self.some(Kind::BraceL, Kind::BraceR, |parser| {
                    let place = parser.peek().place;
                    let description = parser.description()?;
                    let name = parser.name()?;
                    Ok(EnumValue {
                        description,
                        name,
                        directives: parser.directives(Values::Constant)?,
                        place,
                    })
                })?;
            }
            TypeKind::Union => {
                if self.skip(Kind::Equals)? {
                    definition.types = self.names(Kind::Pipe)?;
                }
            }
        }
        Ok(definition)
    }

    /// Names with a separator between them, and perhaps before the first.
    fn names(&mut self, separator: Kind) -> Parsed<Vec<Str>> {
        self.skip(separator)?;
        let mut names = vec![self.name()?];
        while self.skip(separator)? {
            names.push(self.name()?);
        }
        Ok(names)
    }

    fn field_definition(&mut self) -> Parsed<FieldDefinition> {
        let place = self.peek().place;
        let description = self.description()?;
        let name = self.name()?;
        let arguments = self.some(Kind::ParenL, Kind::ParenR, Self::input_definition)?;
        self.expect(Kind::Colon)?;
        let ty = self.type_ref()?;
        let directives = self.directives(Values::Constant)?;
        Ok(FieldDefinition { description, name, arguments, ty, default: None, directives, place })
    }

    /// An argument, or a field of an input.
    fn input_definition(&mut self) -> Parsed<FieldDefinition> {
        let place = self.peek().place;
        let description = self.description()?;
        let name = self.name()?;
        self.expect(Kind::Colon)?;
        let ty = self.type_ref()?;
        let has_default = self.skip(Kind::Equals)?;
        let default = has_default.then(|| self.literal(Values::Constant)).transpose()?;
        let directives = self.directives(Values::Constant)?;
        Ok(FieldDefinition { description, name, arguments: Vec::new(), ty, default, directives, place })
    }

    fn directive_definition(&mut self, description: Str) -> Parsed<DirectiveDefinition> {
        self.expect_keyword("directive")?;
        self.expect(Kind::At)?;
        let place: Place = self.peek().place;
        let name = self.name()?;
        let arguments = self.some(Kind::ParenL, Kind::ParenR, Self::input_definition)?;
        let repeatable = self.is_name("repeatable");
        if repeatable {
            self.next()?;
        }
        self.expect_keyword("on")?;
        self.skip(Kind::Pipe)?;
        let mut locations = vec![self.location()?];
        while self.skip(Kind::Pipe)? {
            locations.push(self.location()?);
        }
        Ok(DirectiveDefinition { description, name, arguments, locations, repeatable, place })
    }

    fn location(&mut self) -> Parsed<Str> {
        let token = self.expect(Kind::Name)?;
        let name = &*token.text;
        if LOCATIONS.contains(&name) || TypeKind::ALL.iter().any(|it| it.2 == name) {
            return Ok(name.into());
        }
        unexpected(&token)
    }
}
