//! Fields that end up under one name must be the same: <https://spec.graphql.org/October2021/#FieldsInSetCanMerge()>.
//!
//! Instead of comparing pairs, which takes time in the square of their number at each level, the fields under one name
//! are compared with one of them, and what is selected in them is merged and looked at as one. A set of fields is
//! looked at once, however many ways lead to it, and by turns instead of by recursion.

use std::collections::{BTreeMap, HashSet};

use super::super::Parsed;
use super::super::ast::{Argument, Definition, Field, Literal, Selection, TypeKind, TypeRef};
use super::Checker;

/// A field and the type that it is selected on.
#[derive(Clone, Copy)]
pub(super) struct Selected<'a> {
    pub(super) field: &'a Field,
    pub(super) parent: Option<&'a Definition>,
}

/// Selections and the type that they are on.
type Part<'a> = (&'a [Selection], Option<&'a Definition>);

/// What fields of a set must have in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Alike {
    /// Their results may stand in one object: same field, same arguments, same shape.
    Fields,
    /// They are of objects of different types: same shape.
    Shapes,
}

/// Sets that are still to be looked at, and those that were.
#[derive(Default)]
struct Sets<'a> {
    open: Vec<(Alike, Vec<Selected<'a>>)>,
    seen: HashSet<(Alike, Vec<usize>)>,
}

impl<'a> Checker<'a, '_> {
    pub(super) fn overlaps(&mut self) -> Parsed<()> {
        let (schema, document) = (self.schema, self.document);
        let operations =
            document.operations.iter().map(|it| (it.selections.as_slice(), schema.root(it.kind)));
        let fragments =
            document.fragments.iter().map(|it| (it.selections.as_slice(), schema.get(&it.condition)));
        let mut sets = Sets::default();
        for part in operations.chain(fragments) {
            self.add(&mut sets, Alike::Fields, [part])?;
            while let Some((alike, fields)) = sets.open.pop() {
                self.set(&mut sets, alike, &fields)?;
            }
        }
        Ok(())
    }

    /// The fields of selections, those of the fragments in them included.
    pub(super) fn collected(
        &mut self,
        parts: impl IntoIterator<Item = Part<'a>>,
    ) -> Parsed<Vec<Selected<'a>>> {
        let (mut fields, mut spread) = (Vec::new(), HashSet::new());
        let mut open: Vec<Part<'a>> = parts.into_iter().collect();
        while let Some((selections, parent)) = open.pop() {
            for selection in selections {
                self.budget.steps(1)?;
                self.budget.bytes(size_of::<Selected<'_>>() as u64)?;
                match selection {
                    Selection::Field(field) => fields.push(Selected { field, parent }),
                    Selection::Inline(inline) => {
                        let inner = match &*inline.condition {
                            "" => parent,
                            name => self.schema.get(name),
                        };
                        open.push((&inline.selections, inner));
                    }
                    Selection::Spread(it) => {
                        if let Some((index, fragment)) = self.fragment(&it.name)
                            && spread.insert(index)
                        {
                            open.push((&fragment.selections, self.schema.get(&fragment.condition)));
                        }
                    }
                }
            }
        }
        Ok(fields)
    }

    fn add(
        &mut self,
        sets: &mut Sets<'a>,
        alike: Alike,
        parts: impl IntoIterator<Item = Part<'a>>,
    ) -> Parsed<()> {
        let fields = self.collected(parts)?;
        // A field is known by its address: the document does not move.
        let mut key: Vec<usize> = fields.iter().map(|it| std::ptr::from_ref(it.field).addr()).collect();
        key.sort_unstable();
        key.dedup();
        self.budget.bytes(8 * key.len() as u64)?;
        if !fields.is_empty() && sets.seen.insert((alike, key)) {
            sets.open.push((alike, fields));
        }
        Ok(())
    }

    fn set(&mut self, sets: &mut Sets<'a>, alike: Alike, fields: &[Selected<'a>]) -> Parsed<()> {
        let mut by_name: BTreeMap<&str, Vec<Selected<'a>>> = BTreeMap::new();
        for it in fields {
            by_name.entry(&it.field.alias).or_default().push(*it);
        }
        for group in by_name.values() {
            self.same_shape(group)?;
            if alike == Alike::Shapes {
                self.descend(sets, Alike::Shapes, group)?;
                continue;
            }
            let clusters = clusters(group);
            if clusters.len() > 1 {
                self.descend(sets, Alike::Shapes, group)?;
            }
            for cluster in clusters {
                self.same_field(&cluster)?;
                self.descend(sets, Alike::Fields, &cluster)?;
            }
        }
        Ok(())
    }

    fn descend(&mut self, sets: &mut Sets<'a>, alike: Alike, group: &[Selected<'a>]) -> Parsed<()> {
        let mut parts = Vec::new();
        for it in group.iter().filter(|it| !it.field.selections.is_empty()) {
            let found = self.field_type(it.parent, &it.field.name)?;
            let ty = found.and_then(|found| self.schema.get(found.name));
            parts.push((it.field.selections.as_slice(), ty));
        }
        if parts.is_empty() { Ok(()) } else { self.add(sets, alike, parts) }
    }

    fn same_shape(&mut self, group: &[Selected<'a>]) -> Parsed<()> {
        if group.len() < 2 {
            return Ok(());
        }
        let mut first = None;
        for it in group {
            let Some(found) = self.field_type(it.parent, &it.field.name)? else { continue };
            let first = *first.get_or_insert(found.ty);
            if !self.is_one_shape(first, found.ty) {
                let why = format!("they return conflicting types {first} and {}", found.ty);
                self.conflict(it.field, &why);
            }
        }
        Ok(())
    }

    fn is_one_shape(&self, one: &TypeRef, other: &TypeRef) -> bool {
        if one.non_null() != other.non_null() {
            return false;
        }
        match (one, other) {
            (TypeRef::List { items: one, .. }, TypeRef::List { items: other, .. }) => {
                self.is_one_shape(one, other)
            }
            (TypeRef::Named { name: one, .. }, TypeRef::Named { name: other, .. }) => {
                let is_composite = |name: &str| self.schema.get(name).is_none_or(|it| it.kind.is_composite());
                one == other || (is_composite(one) && is_composite(other))
            }
            _ => false,
        }
    }

    fn same_field(&mut self, cluster: &[Selected<'a>]) -> Parsed<()> {
        let Some((first, rest)) = cluster.split_first() else { return Ok(()) };
        for it in rest {
            self.budget.steps(1 + (first.field.arguments.len() + it.field.arguments.len()) as u64)?;
            if it.field.name != first.field.name {
                let why = format!("{} and {} are different fields", first.field.name, it.field.name);
                self.conflict(it.field, &why);
            } else if !same_arguments(&first.field.arguments, &it.field.arguments) {
                self.conflict(it.field, "they have differing arguments");
            }
        }
        Ok(())
    }

    fn conflict(&mut self, field: &Field, why: &str) {
        let name = &field.alias;
        self.report(field.place, || {
            format!(
                "Fields \"{name}\" conflict because {why}. Use different aliases on the fields to fetch both if \
                 this was intentional."
            )
        });
    }
}

/// Fields whose results may stand in one object: those on the same object type, together with all on interfaces and
/// unions, which may be any.
fn clusters<'a>(group: &[Selected<'a>]) -> Vec<Vec<Selected<'a>>> {
    let mut by_object: BTreeMap<&str, Vec<Selected<'a>>> = BTreeMap::new();
    let mut any = Vec::new();
    for it in group {
        match it.parent.filter(|parent| parent.kind == TypeKind::Object) {
            Some(parent) => by_object.entry(&parent.name).or_default().push(*it),
            None => any.push(*it),
        }
    }
    if by_object.is_empty() {
        return vec![any];
    }
    by_object.into_values().map(|it| any.iter().copied().chain(it).collect()).collect()
}

fn same_arguments(one: &[Argument], other: &[Argument]) -> bool {
    let sorted = |arguments: &[Argument]| -> Vec<usize> {
        let mut order: Vec<usize> = (0..arguments.len()).collect();
        order.sort_by(|a, b| arguments[*a].name.cmp(&arguments[*b].name));
        order
    };
    one.len() == other.len()
        && sorted(one)
            .into_iter()
            .zip(sorted(other))
            .all(|(a, b)| one[a].name == other[b].name && same_literal(&one[a].value, &other[b].value))
}

fn same_literal(one: &Literal, other: &Literal) -> bool {
    one.kind == other.kind
        && one.raw == other.raw
        && one.children.len() == other.children.len()
        && one.children.iter().zip(&other.children).all(|(a, b)| a.0 == b.0 && same_literal(&a.1, &b.1))
}
