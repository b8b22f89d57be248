//! Arguments of fields and directives: known, given once, and given where they must be.

use std::collections::HashSet;

use super::super::Parsed;
use super::super::ast::{Argument, Directive, FieldDefinition, Place};
use super::{Checker, Expected, Gathered};

impl<'a> Checker<'a, '_> {
    /// Checks arguments. `of` is where they stand, and what takes them in two kinds of sentences.
    pub(super) fn arguments(
        &mut self,
        given: &'a [Argument],
        known: &'a [FieldDefinition],
        of: (Place, &str, &str),
        gathered: &mut Gathered<'a>,
    ) -> Parsed<()> {
        let (place, on, lacking) = of;
        let product = (given.len() as u64).saturating_mul(known.len() as u64);
        self.budget.steps(1 + (given.len() + known.len()) as u64 + product / 8)?;
        self.budget.bytes(32 * given.len() as u64)?;
        let mut seen = HashSet::new();
        for argument in given {
            let name = &*argument.name;
            if !seen.insert(name) {
                self.report(argument.place, || format!("There can be only one argument named \"{name}\"."));
            }
            let found = known.iter().find(|it| *it.name == *name);
            if found.is_none() {
                self.report(argument.place, || format!("Unknown argument \"{name}\" on {on}."));
            }
            let expected = found.map(|it| Expected { ty: &it.ty, has_default: it.default.is_some() });
            self.literal(&argument.value, expected, gathered)?;
        }
        for wanted in known.iter().filter(|it| it.is_required() && !seen.contains(&*it.name)) {
            let (name, ty) = (&wanted.name, &wanted.ty);
            self.report(place, || {
                format!(
                    "{lacking} argument \"{name}\" of type \"{ty}\" is required, but it was not provided."
                )
            });
        }
        Ok(())
    }

    /// Finds the variables in arguments that nothing is known about.
    pub(super) fn untyped_arguments(
        &mut self,
        given: &'a [Argument],
        gathered: &mut Gathered<'a>,
    ) -> Parsed<()> {
        given.iter().try_for_each(|it| self.literal(&it.value, None, gathered))
    }

    pub(super) fn directives(
        &mut self,
        directives: &'a [Directive],
        location: &str,
        gathered: &mut Gathered<'a>,
    ) -> Parsed<()> {
        self.budget.bytes(32 * directives.len() as u64)?;
        let mut seen = HashSet::new();
        for directive in directives {
            self.budget.steps(1)?;
            let (name, place) = (&*directive.name, directive.place);
            let Some(definition) = self.schema.directive(name) else {
                self.report(place, || format!("Unknown directive \"@{name}\"."));
                self.untyped_arguments(&directive.arguments, gathered)?;
                continue;
            };
            if !definition.locations.iter().any(|it| **it == *location) {
                self.report(place, || format!("Directive \"@{name}\" may not be used on {location}."));
            }
            if !seen.insert(name) && !definition.repeatable {
                self.report(place, || {
                    format!("The directive \"@{name}\" can only be used once at this location.")
                });
            }
            let on = format!("directive \"@{name}\"");
            let lacking = format!("Directive \"@{name}\"");
            self.arguments(&directive.arguments, &definition.arguments, (place, &on, &lacking), gathered)?;
        }
        Ok(())
    }
}
