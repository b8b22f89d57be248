//! What a query must be, given a schema: <https://spec.graphql.org/October2021/#sec-Validation>.
//!
//! Each operation and fragment is walked once ([`selections`], [`arguments`], [`values`]), which gathers the variables
//! used and the fragments spread; [`variables`] and [`fragments`] then look at what operations reach, and
//! [`overlap`] at the fields that end up under one name. Of all that is wrong the first in the text is reported.

mod arguments;
mod fragments;
mod operations;
mod overlap;
mod selections;
mod values;
mod variables;

use std::collections::HashMap;

use super::ast::{Fragment, Place, QueryDocument, TypeRef};
use super::schema::Schema;
use super::{Parsed, fault};
use crate::rego::budget::Budget;

/// Checks a query against a schema.
///
/// # Errors
/// What is wrong first, by place.
pub(super) fn check(schema: &Schema, document: &QueryDocument, budget: &mut Budget) -> Parsed<()> {
    budget.bytes(64 * document.fragments.len() as u64)?;
    let fragments = document.fragments.iter().enumerate().rev().map(|(index, it)| (&*it.name, index));
    let mut checker = Checker { schema, document, fragments: fragments.collect(), budget, first: None };
    checker.names()?;
    let gathered = checker.walk()?;
    checker.variables(&gathered)?;
    checker.spreads(&gathered)?;
    checker.overlaps()?;
    match checker.first {
        Some((place, message)) => fault(place, message.trim_end_matches('.')),
        None => Ok(()),
    }
}

struct Checker<'a, 'b> {
    schema: &'a Schema,
    document: &'a QueryDocument,
    /// Places of fragments in the document by name, the first where several have it.
    fragments: HashMap<&'a str, usize>,
    budget: &'b mut Budget,
    /// What is wrong nearest to the beginning.
    first: Option<(Place, String)>,
}

/// What an operation or a fragment holds, not counting the fragments that it spreads.
#[derive(Default)]
struct Gathered<'a> {
    uses: Vec<Use<'a>>,
    /// Positions of fragments in the document.
    spreads: Vec<(usize, Place)>,
}

/// A variable where a value of some type is expected.
struct Use<'a> {
    name: &'a str,
    place: Place,
    expected: Option<Expected<'a>>,
}

#[derive(Clone, Copy)]
struct Expected<'a> {
    ty: &'a TypeRef,
    /// Whether there is a value where the variable has none.
    has_default: bool,
}

/// What all operations and fragments hold, in the order of the document.
struct Everything<'a> {
    operations: Vec<Gathered<'a>>,
    fragments: Vec<Gathered<'a>>,
}

impl<'a> Checker<'a, '_> {
    fn report(&mut self, place: Place, message: impl FnOnce() -> String) {
        if self.first.as_ref().is_none_or(|(first, _)| place < *first) {
            self.first = Some((place, message()));
        }
    }

    fn fragment(&self, name: &str) -> Option<(usize, &'a Fragment)> {
        let index = *self.fragments.get(name)?;
        Some((index, self.document.fragments.get(index)?))
    }

    fn walk(&mut self) -> Parsed<Everything<'a>> {
        let document = self.document;
        let operations = document.operations.iter().map(|it| self.operation(it)).collect::<Parsed<_>>()?;
        let fragments =
            document.fragments.iter().map(|it| self.fragment_itself(it)).collect::<Parsed<_>>()?;
        Ok(Everything { operations, fragments })
    }
}
