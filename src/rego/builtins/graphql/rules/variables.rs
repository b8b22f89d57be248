//! Variables are of input types, declared where they are used, used where they are declared, and fit their places.

use std::collections::{HashMap, HashSet};

use super::super::Parsed;
use super::super::ast::{LiteralKind, Operation, TypeRef, Variable};
use super::{Checker, Everything, Expected, Gathered, Use};

impl<'a> Checker<'a, '_> {
    /// Checks the variables that an operation declares.
    pub(super) fn declared(&mut self, operation: &'a Operation, gathered: &mut Gathered<'a>) -> Parsed<()> {
        self.budget.bytes(32 * operation.variables.len() as u64)?;
        let mut seen = HashSet::new();
        for variable in &operation.variables {
            self.budget.steps(1)?;
            let (name, place, ty) = (&*variable.name, variable.place, &variable.ty);
            if !seen.insert(name) {
                self.report(place, || format!("There can be only one variable named \"${name}\"."));
            }
            match self.schema.get(ty.name()) {
                None => self.report(place, || format!("Unknown type \"{}\".", ty.name())),
                Some(it) if !it.kind.is_input() => {
                    self.report(place, || format!("Variable \"${name}\" cannot be non-input type \"{ty}\"."));
                }
                Some(_) => {}
            }
            if let Some(default) = &variable.default {
                self.literal(default, Some(Expected { ty, has_default: false }), gathered)?;
            }
            self.directives(&variable.directives, "VARIABLE_DEFINITION", gathered)?;
        }
        Ok(())
    }

    /// Checks each operation's variables against their uses, those in the fragments that it reaches included.
    pub(super) fn variables(&mut self, all: &Everything<'a>) -> Parsed<()> {
        let document = self.document;
        for (operation, gathered) in document.operations.iter().zip(&all.operations) {
            self.budget.bytes(64 * operation.variables.len() as u64)?;
            let declared: HashMap<&str, &Variable> =
                operation.variables.iter().rev().map(|it| (&*it.name, it)).collect();
            let mut used = HashSet::new();
            for index in [None].into_iter().chain(self.reached(gathered, all)?.into_iter().map(Some)) {
                let part = index.map_or(Some(gathered), |it: usize| all.fragments.get(it));
                for it in part.into_iter().flat_map(|it| &it.uses) {
                    self.budget.steps(1)?;
                    self.one_use(operation, &declared, it);
                    used.insert(it.name);
                }
            }
            for variable in operation.variables.iter().filter(|it| !used.contains(&*it.name)) {
                let name = &variable.name;
                self.report(variable.place, || match &*operation.name {
                    "" => format!("Variable \"${name}\" is never used."),
                    of => format!("Variable \"${name}\" is never used in operation \"{of}\"."),
                });
            }
        }
        Ok(())
    }

    fn one_use(&mut self, operation: &Operation, declared: &HashMap<&str, &Variable>, it: &Use<'_>) {
        let name = it.name;
        let Some(variable) = declared.get(name) else {
            self.report(it.place, || match &*operation.name {
                "" => format!("Variable \"${name}\" is not defined."),
                of => format!("Variable \"${name}\" is not defined by operation \"{of}\"."),
            });
            return;
        };
        if let Some(expected) = it.expected
            && !fits(variable, expected)
        {
            self.report(it.place, || {
                format!(
                    "Variable \"${name}\" of type \"{}\" used in position expecting type \"{}\".",
                    variable.ty, expected.ty
                )
            });
        }
    }
}

/// <https://spec.graphql.org/October2021/#IsVariableUsageAllowed()>
fn fits(variable: &Variable, expected: Expected<'_>) -> bool {
    if !expected.ty.non_null() || variable.ty.non_null() {
        return is_compatible(&variable.ty, expected.ty);
    }
    let own_default = variable.default.as_ref().is_some_and(|it| it.kind != LiteralKind::Null);
    (own_default || expected.has_default) && is_compatible(&variable.ty, &expected.ty.with_non_null(false))
}

fn is_compatible(variable: &TypeRef, expected: &TypeRef) -> bool {
    if expected.non_null() && !variable.non_null() {
        return false;
    }
    match (variable, expected) {
        (TypeRef::List { items: variable, .. }, TypeRef::List { items: expected, .. }) => {
            is_compatible(variable, expected)
        }
        (TypeRef::Named { name: variable, .. }, TypeRef::Named { name: expected, .. }) => {
            variable == expected
        }
        _ => false,
    }
}
