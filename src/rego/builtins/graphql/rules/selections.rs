//! Fields exist, and have selections where their types have fields; fragments stand where they can apply.

use super::super::Parsed;
use super::super::ast::{Definition, Field, Fragment, Inline, Place, Selection, Spread};
use super::super::schema::FieldType;
use super::{Checker, Gathered};

impl<'a> Checker<'a, '_> {
    /// Checks selections on a type; nothing is known about the fields where the type is not.
    pub(super) fn selections(
        &mut self,
        selections: &'a [Selection],
        parent: Option<&'a Definition>,
        gathered: &mut Gathered<'a>,
    ) -> Parsed<()> {
        for selection in selections {
            self.budget.steps(1)?;
            match selection {
                Selection::Field(field) => self.field(field, parent, gathered)?,
                Selection::Spread(spread) => self.spread(spread, parent, gathered)?,
                Selection::Inline(inline) => self.inline(inline, parent, gathered)?,
            }
        }
        Ok(())
    }

    /// The field of a type; looking for it takes a walk through the type's fields.
    pub(super) fn field_type(
        &mut self,
        parent: Option<&'a Definition>,
        name: &str,
    ) -> Parsed<Option<FieldType<'a>>> {
        let Some(parent) = parent else { return Ok(None) };
        self.budget.steps(1 + parent.fields.len() as u64 / 8)?;
        Ok(self.schema.field(parent, name))
    }

    fn field(
        &mut self,
        field: &'a Field,
        parent: Option<&'a Definition>,
        gathered: &mut Gathered<'a>,
    ) -> Parsed<()> {
        let found = self.field_type(parent, &field.name)?;
        match (&found, parent) {
            (Some(found), Some(parent)) => {
                let name = format!("field \"{}.{}\"", parent.name, field.name);
                let lacking = format!("Field \"{}\"", field.name);
                self.arguments(&field.arguments, found.arguments, (field.place, &name, &lacking), gathered)?;
            }
            (None, Some(parent)) => {
                let (name, of) = (&field.name, &parent.name);
                self.report(field.place, || format!("Cannot query field \"{name}\" on type \"{of}\"."));
                self.untyped_arguments(&field.arguments, gathered)?;
            }
            _ => self.untyped_arguments(&field.arguments, gathered)?,
        }
        self.directives(&field.directives, "FIELD", gathered)?;
        let ty = found.as_ref().and_then(|it| self.schema.get(it.name));
        if let (Some(found), Some(ty)) = (&found, ty) {
            self.leaf(field, found, ty);
        }
        self.selections(&field.selections, ty, gathered)
    }

    fn leaf(&mut self, field: &Field, found: &FieldType<'_>, ty: &Definition) {
        let (name, shown) = (&field.name, found.ty);
        match (ty.kind.is_composite(), field.selections.is_empty()) {
            (false, false) => self.report(field.place, || {
                format!(
                    "Field \"{name}\" must not have a selection since type \"{}\" has no subfields.",
                    ty.name
                )
            }),
            (true, true) => self.report(field.place, || {
                format!(
                    "Field \"{name}\" of type \"{shown}\" must have a selection of subfields. \
                     Did you mean \"{name} {{ ... }}\"?"
                )
            }),
            _ => {}
        }
    }

    fn spread(
        &mut self,
        spread: &'a Spread,
        parent: Option<&'a Definition>,
        gathered: &mut Gathered<'a>,
    ) -> Parsed<()> {
        self.directives(&spread.directives, "FRAGMENT_SPREAD", gathered)?;
        let Some((index, fragment)) = self.fragment(&spread.name) else {
            self.report(spread.place, || format!("Unknown fragment \"{}\".", spread.name));
            return Ok(());
        };
        self.budget.bytes(size_of::<(usize, Place)>() as u64)?;
        gathered.spreads.push((index, spread.place));
        let condition = self.schema.get(&fragment.condition);
        let named = format!("Fragment \"{}\"", spread.name);
        self.can_apply(parent, condition, spread.place, &named)
    }

    fn inline(
        &mut self,
        inline: &'a Inline,
        parent: Option<&'a Definition>,
        gathered: &mut Gathered<'a>,
    ) -> Parsed<()> {
        self.directives(&inline.directives, "INLINE_FRAGMENT", gathered)?;
        let inner = if inline.condition.is_empty() {
            parent
        } else {
            let condition = self.condition(&inline.condition, inline.place, "Fragment");
            self.can_apply(parent, condition, inline.place, "Fragment")?;
            condition
        };
        self.selections(&inline.selections, inner, gathered)
    }

    /// The type that a fragment is on, which must be one with fields.
    fn condition(&mut self, name: &'a str, place: Place, named: &str) -> Option<&'a Definition> {
        let found = self.schema.get(name);
        match found {
            None => self.report(place, || format!("Unknown type \"{name}\".")),
            Some(it) if !it.kind.is_composite() => {
                self.report(place, || format!("{named} cannot condition on non composite type \"{name}\"."));
            }
            Some(_) => {}
        }
        found
    }

    fn can_apply(
        &mut self,
        parent: Option<&Definition>,
        condition: Option<&Definition>,
        place: Place,
        named: &str,
    ) -> Parsed<()> {
        let (Some(parent), Some(condition)) = (parent, condition) else { return Ok(()) };
        if !condition.kind.is_composite() || parent.name == condition.name {
            return Ok(());
        }
        let sizes = self.schema.possible(parent).len() + self.schema.possible(condition).len();
        self.budget.steps(1 + sizes as u64)?;
        if !self.schema.overlaps(parent, condition) {
            let (of, never) = (&parent.name, &condition.name);
            self.report(place, || {
                format!(
                    "{named} cannot be spread here as objects of type \"{of}\" can never be of type \"{never}\"."
                )
            });
        }
        Ok(())
    }

    /// A fragment on its own.
    pub(super) fn fragment_itself(&mut self, fragment: &'a Fragment) -> Parsed<Gathered<'a>> {
        let mut gathered = Gathered::default();
        self.budget.steps(1)?;
        let named = format!("Fragment \"{}\"", fragment.name);
        let condition = self.condition(&fragment.condition, fragment.place, &named);
        self.directives(&fragment.directives, "FRAGMENT_DEFINITION", &mut gathered)?;
        self.selections(&fragment.selections, condition, &mut gathered)?;
        Ok(gathered)
    }
}
