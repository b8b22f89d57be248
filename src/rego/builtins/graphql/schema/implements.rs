//! What a type must have to implement its interfaces: <https://spec.graphql.org/October2021/#IsValidImplementation()>.

use super::super::ast::{Definition, FieldDefinition, TypeKind, TypeRef};
use super::super::{Parsed, fault};
use super::Schema;
use crate::rego::budget::Budget;

/// Checks a type against each of its interfaces.
pub(super) fn check(schema: &Schema, definition: &Definition, budget: &mut Budget) -> Parsed<()> {
    for name in &definition.interfaces {
        budget.steps(1)?;
        let Some(interface) = schema.get(name) else {
            return fault(definition.place, &format!("Undefined type {name}."));
        };
        if interface.kind != TypeKind::Interface {
            let kind = interface.kind.name();
            let message = format!("{name} is a non interface type {kind}.");
            return fault(definition.place, &message);
        }
        check_one(schema, definition, interface, budget)?;
    }
    Ok(())
}

fn check_one(
    schema: &Schema,
    definition: &Definition,
    interface: &Definition,
    budget: &mut Budget,
) -> Parsed<()> {
    let (name, of) = (&definition.name, &interface.name);
    for wanted in &interface.fields {
        budget.steps(1 + definition.fields.len() as u64 / 8)?;
        let Some(found) = definition.fields.iter().find(|it| it.name == wanted.name) else {
            let message =
                format!("For {name} to implement {of} it must have a field called {}.", wanted.name);
            return fault(definition.place, &message);
        };
        if !is_covariant(schema, &wanted.ty, &found.ty) {
            let message = format!(
                "For {name} to implement {of} the field {} must have type {}.",
                wanted.name, wanted.ty
            );
            return fault(found.place, &message);
        }
        check_arguments(definition, interface, wanted, found, budget)?;
    }
    for above in &interface.interfaces {
        budget.steps(1 + definition.interfaces.len() as u64 / 8)?;
        if !definition.interfaces.contains(above) {
            let message = format!("Type {name} must implement {above} because it is implemented by {of}.");
            return fault(definition.place, &message);
        }
    }
    Ok(())
}

fn check_arguments(
    definition: &Definition,
    interface: &Definition,
    wanted: &FieldDefinition,
    found: &FieldDefinition,
    budget: &mut Budget,
) -> Parsed<()> {
    let start = format!("For {} to implement {} the field {}", definition.name, interface.name, wanted.name);
    for argument in &wanted.arguments {
        budget.steps(1 + found.arguments.len() as u64 / 8)?;
        let name = &argument.name;
        match found.arguments.iter().find(|it| it.name == *name) {
            None => {
                let message = format!("{start} must have the same arguments but it is missing {name}.");
                return fault(found.place, &message);
            }
            Some(it) if it.ty != argument.ty => {
                let message = format!("{start} must have the same arguments but {name} has the wrong type.");
                return fault(it.place, &message);
            }
            Some(_) => {}
        }
    }
    for argument in found.arguments.iter().filter(|it| it.is_required()) {
        budget.steps(1 + wanted.arguments.len() as u64 / 8)?;
        let name = &argument.name;
        if !wanted.arguments.iter().any(|it| it.name == *name) {
            let message = format!(
                "{start} any additional arguments must be optional or have a default value but {name} is required."
            );
            return fault(argument.place, &message);
        }
    }
    Ok(())
}

/// Whether every value of `found` is one of `wanted`.
fn is_covariant(schema: &Schema, wanted: &TypeRef, found: &TypeRef) -> bool {
    if wanted.non_null() && !found.non_null() {
        return false;
    }
    match (wanted, found) {
        (TypeRef::List { items: wanted, .. }, TypeRef::List { items: found, .. }) => {
            is_covariant(schema, wanted, found)
        }
        (TypeRef::Named { name: wanted, .. }, TypeRef::Named { name: found, .. }) => {
            let is_part = || schema.possible.get(wanted).is_some_and(|it| it.contains(found));
            let implements = || schema.get(found).is_some_and(|it| it.interfaces.contains(wanted));
            wanted == found || is_part() || implements()
        }
        _ => false,
    }
}
