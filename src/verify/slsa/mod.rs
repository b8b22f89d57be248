//! Do SLSA provenances have the shape that policies rely on? The rules are those of the published JSON Schemas of
//! the two predicates, written as code: they look at some twenty fields, and a validator for any schema would be
//! the larger part of the program.

mod formats;
mod v02;
mod v1;

pub(super) use v1::{PREDICATE_TYPE as V1, STATEMENT_TYPES as V1_STATEMENTS};
pub(super) use v02::{PREDICATE_TYPE as V02, STATEMENT_TYPE as V02_STATEMENT};

use super::node::{Node, Nonconforming, Problem};

/// A provenance that conforms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Provenance {
    pub(super) build_type: String,
}

/// Checks a statement whose predicate type is that of SLSA v0.2.
pub(super) fn check_v02(statement: &Node<'_>) -> Result<Provenance, Nonconforming> {
    v02::check(statement)
}

/// Checks a statement whose predicate type is that of SLSA v1.
pub(super) fn check_v1(statement: &Node<'_>) -> Result<Provenance, Nonconforming> {
    v1::check(statement)
}

/// Items of one list: far above what a build has, low enough to bound the check.
const ITEMS: usize = 100_000;

/// Checks an optional field.
fn maybe<'a, T>(
    field: Option<Node<'a>>,
    check: impl FnOnce(Node<'a>) -> Result<T, Nonconforming>,
) -> Result<(), Nonconforming> {
    field.map_or(Ok(()), |it| check(it).map(drop))
}

/// `subject`: at least one, each with a name and a digest set.
fn subjects(subject: &Node<'_>, algorithms: &[&str]) -> Result<(), Nonconforming> {
    let subjects = subject.items(ITEMS)?;
    if subjects.is_empty() {
        return Err(subject.wrong(Problem::Empty));
    }
    for subject in subjects {
        let fields = subject.fields()?;
        fields.required("name")?.some_text()?;
        formats::digest_set(&fields.required("digest")?, algorithms)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
