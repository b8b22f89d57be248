//! What a schema must be, type by type: <https://spec.graphql.org/October2021/#sec-Type-System>.

use std::collections::HashSet;

use super::super::ast::{
    Definition, Directive, DirectiveDefinition, FieldDefinition, Place, SchemaDocument, TypeKind,
};
use super::super::{Parsed, fault};
use super::{Schema, implements};
use crate::rego::budget::Budget;

/// Checks every type, directive and entry point.
pub(super) fn check(schema: &Schema, document: &SchemaDocument, budget: &mut Budget) -> Parsed<()> {
    let mut checker = Checker { schema, budget };
    for definition in schema.types.values() {
        checker.definition(definition)?;
    }
    for directive in &document.directives {
        checker.directive_definition(directive)?;
    }
    for entry in document.schema.iter().chain(&document.schema_extensions) {
        checker.directives(&entry.directives, "SCHEMA", None)?;
    }
    Ok(())
}

struct Checker<'a, 'b> {
    schema: &'a Schema,
    budget: &'b mut Budget,
}

/// Who may have names with two underscores in front.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Language,
    User,
}

impl Checker<'_, '_> {
    fn definition(&mut self, definition: &Definition) -> Parsed<()> {
        let owner = if definition.built_in { Owner::Language } else { Owner::User };
        name(&definition.name, definition.place, owner)?;
        match definition.kind {
            TypeKind::Scalar => {}
            TypeKind::Object | TypeKind::Interface => self.output(definition, owner)?,
            TypeKind::InputObject => self.input(definition, owner)?,
            TypeKind::Enum => self.values(definition)?,
            TypeKind::Union => self.members(definition)?,
        }
        self.directives(&definition.directives, definition.kind.name(), None)?;
        implements::check(self.schema, definition, self.budget)
    }

    fn output(&mut self, definition: &Definition, owner: Owner) -> Parsed<()> {
        self.one_or_more(definition, definition.fields.len(), "fields")?;
        self.distinct(definition)?;
        for field in &definition.fields {
            name(&field.name, field.place, owner)?;
            let kind = self.kind_of(field)?;
            if kind == TypeKind::InputObject {
                let kinds = "SCALAR, OBJECT, INTERFACE, UNION, ENUM";
                return wrong_field(definition, field, kinds);
            }
            self.arguments(&field.arguments, owner, None)?;
            self.directives(&field.directives, "FIELD_DEFINITION", None)?;
        }
        Ok(())
    }

    fn input(&mut self, definition: &Definition, owner: Owner) -> Parsed<()> {
        self.one_or_more(definition, definition.fields.len(), "input fields")?;
        self.distinct(definition)?;
        for field in &definition.fields {
            name(&field.name, field.place, owner)?;
            if !self.kind_of(field)?.is_input() {
                return wrong_field(definition, field, "SCALAR, ENUM, INPUT_OBJECT");
            }
            self.directives(&field.directives, "INPUT_FIELD_DEFINITION", None)?;
        }
        Ok(())
    }

    fn values(&mut self, definition: &Definition) -> Parsed<()> {
        self.one_or_more(definition, definition.values.len(), "unique enum values")?;
        for value in &definition.values {
            if matches!(&*value.name, "true" | "false" | "null") {
                let message = format!("ENUM {}: non-enum value {}.", definition.name, value.name);
                return fault(value.place, &message);
            }
            self.directives(&value.directives, "ENUM_VALUE", None)?;
        }
        Ok(())
    }

    fn members(&mut self, definition: &Definition) -> Parsed<()> {
        self.one_or_more(definition, definition.types.len(), "unique member types")?;
        for member in &definition.types {
            match self.schema.get(member) {
                None => return undefined(definition.place, member),
                Some(it) if it.kind != TypeKind::Object => {
                    return fault(definition.place, &format!("UNION type {member} must be OBJECT."));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    fn directive_definition(&mut self, directive: &DirectiveDefinition) -> Parsed<()> {
        name(&directive.name, directive.place, Owner::User)?;
        self.arguments(&directive.arguments, Owner::User, Some(directive))
    }

    fn one_or_more(&mut self, definition: &Definition, count: usize, what: &str) -> Parsed<()> {
        self.budget.steps(1 + count as u64)?;
        if count > 0 {
            return Ok(());
        }
        let (kind, name) = (definition.kind.name(), &definition.name);
        fault(definition.place, &format!("{kind} {name}: must define one or more {what}."))
    }

    fn distinct(&mut self, definition: &Definition) -> Parsed<()> {
        self.budget.bytes(32 * definition.fields.len() as u64)?;
        let mut seen = HashSet::new();
        match definition.fields.iter().find(|it| !seen.insert(&*it.name)) {
            Some(field) => {
                let (name, field_name) = (&definition.name, &field.name);
                fault(field.place, &format!("Field {name}.{field_name} can only be defined once."))
            }
            None => Ok(()),
        }
    }

    fn kind_of(&self, field: &FieldDefinition) -> Parsed<TypeKind> {
        match self.schema.get(field.ty.name()) {
            Some(definition) => Ok(definition.kind),
            None => undefined(field.place, field.ty.name()),
        }
    }

    /// Arguments of a field, or of the directive given, which may not stand on itself.
    fn arguments(
        &mut self,
        arguments: &[FieldDefinition],
        owner: Owner,
        of: Option<&DirectiveDefinition>,
    ) -> Parsed<()> {
        for argument in arguments {
            self.budget.steps(1)?;
            name(&argument.name, argument.place, owner)?;
            if !self.kind_of(argument)?.is_input() {
                let (name, ty) = (&argument.name, &argument.ty);
                let message =
                    format!("cannot use {ty} as argument {name} because {ty} is not a valid input type");
                return fault(argument.place, &message);
            }
            self.directives(&argument.directives, "ARGUMENT_DEFINITION", of)?;
        }
        Ok(())
    }

    fn directives(
        &mut self,
        directives: &[Directive],
        location: &str,
        within: Option<&DirectiveDefinition>,
    ) -> Parsed<()> {
        for directive in directives {
            self.budget.steps(1)?;
            let (name, place) = (&directive.name, directive.place);
            let Some(definition) = self.schema.directive(name) else {
                return fault(place, &format!("Undefined directive {name}."));
            };
            if within.is_some_and(|it| it.name == *name) {
                return fault(place, &format!("Directive {name} cannot refer to itself."));
            }
            if !definition.locations.iter().any(|it| **it == *location) {
                return fault(place, &format!("Directive {name} is not applicable on {location}."));
            }
            for argument in &directive.arguments {
                self.budget.steps(1 + definition.arguments.len() as u64 / 8)?;
                if !definition.arguments.iter().any(|it| it.name == argument.name) {
                    let message = format!("Undefined argument {} for directive {name}.", argument.name);
                    return fault(argument.place, &message);
                }
            }
            for wanted in definition.arguments.iter().filter(|it| it.is_required()) {
                self.budget.steps(1 + directive.arguments.len() as u64 / 8)?;
                if !directive.arguments.iter().any(|it| it.name == wanted.name) {
                    let message = format!("Argument {} for directive {name} cannot be null.", wanted.name);
                    return fault(place, &message);
                }
            }
        }
        Ok(())
    }
}

fn name(name: &str, place: Place, owner: Owner) -> Parsed<()> {
    if owner == Owner::User && name.starts_with("__") {
        let message =
            format!("Name {name:?} must not begin with \"__\", which is reserved by GraphQL introspection.");
        return fault(place, &message);
    }
    Ok(())
}

fn undefined<T>(place: Place, name: &str) -> Parsed<T> {
    fault(place, &format!("Undefined type {name}."))
}

fn wrong_field(definition: &Definition, field: &FieldDefinition, kinds: &str) -> Parsed<()> {
    let (kind, name) = (definition.kind.name(), &definition.name);
    fault(field.place, &format!("{kind} {name}: field must be one of {kinds}."))
}
