//! Literals are of the types that are expected of them.

use std::collections::HashSet;

use super::super::Parsed;
use super::super::ast::{Definition, Literal, LiteralKind, TypeKind, TypeRef};
use super::{Checker, Expected, Gathered, Use};

impl<'a> Checker<'a, '_> {
    /// Checks a literal where a type is expected, and finds the variables in it.
    pub(super) fn literal(
        &mut self,
        literal: &'a Literal,
        expected: Option<Expected<'a>>,
        gathered: &mut Gathered<'a>,
    ) -> Parsed<()> {
        self.budget.steps(1)?;
        if literal.kind == LiteralKind::Variable {
            self.budget.bytes(size_of::<Use<'_>>() as u64)?;
            gathered.uses.push(Use { name: &literal.raw, place: literal.place, expected });
            return Ok(());
        }
        let Some(Expected { ty, .. }) = expected else { return self.inner(literal, gathered) };
        if literal.kind == LiteralKind::Null {
            if ty.non_null() {
                self.report(literal.place, || format!("Expected value of type \"{ty}\", found null."));
            }
            return Ok(());
        }
        match ty {
            TypeRef::List { items, .. } => {
                let expected = Some(Expected { ty: items, has_default: false });
                if literal.kind == LiteralKind::List {
                    return literal
                        .children
                        .iter()
                        .try_for_each(|it| self.literal(&it.1, expected, gathered));
                }
                // One value stands for a list of one.
                self.literal(literal, expected, gathered)
            }
            TypeRef::Named { name, .. } => match self.schema.get(name) {
                Some(definition) => self.named(literal, definition, ty, gathered),
                None => self.inner(literal, gathered),
            },
        }
    }

    /// What is in a literal that nothing is known about.
    fn inner(&mut self, literal: &'a Literal, gathered: &mut Gathered<'a>) -> Parsed<()> {
        literal.children.iter().try_for_each(|it| self.literal(&it.1, None, gathered))
    }

    fn named(
        &mut self,
        literal: &'a Literal,
        definition: &'a Definition,
        ty: &TypeRef,
        gathered: &mut Gathered<'a>,
    ) -> Parsed<()> {
        use LiteralKind::{Block, Boolean, Enum, Float, Int, String};
        let name = &*definition.name;
        let (fits, complaint): (&[LiteralKind], &str) = match (definition.kind, name) {
            (TypeKind::Enum, _) => return self.enum_value(literal, definition, gathered),
            (TypeKind::InputObject, _) => return self.input_object(literal, definition, ty, gathered),
            (TypeKind::Scalar, "Int") => (&[Int], "non-integer value"),
            (TypeKind::Scalar, "Float") => (&[Int, Float], "non numeric value"),
            (TypeKind::Scalar, "String") => (&[String, Block], "a non string value"),
            (TypeKind::Scalar, "Boolean") => (&[Boolean], "a non boolean value"),
            (TypeKind::Scalar, "ID") => (&[Int, String, Block], "a non-string and non-integer value"),
            (TypeKind::Scalar, _) => {
                // A scalar of one's own takes any literal but the name of a value of an enum.
                if literal.kind == Enum {
                    self.report(literal.place, || {
                        format!("Expected value of type \"{ty}\", found {}.", shown(literal))
                    });
                }
                return self.inner(literal, gathered);
            }
            _ => return self.inner(literal, gathered),
        };
        if !fits.contains(&literal.kind) {
            self.report(literal.place, || format!("{name} cannot represent {complaint}: {}", shown(literal)));
        }
        self.inner(literal, gathered)
    }

    fn enum_value(
        &mut self,
        literal: &'a Literal,
        definition: &Definition,
        gathered: &mut Gathered<'a>,
    ) -> Parsed<()> {
        let name = &definition.name;
        self.budget.steps(definition.values.len() as u64 / 8)?;
        if literal.kind != LiteralKind::Enum {
            self.report(literal.place, || {
                format!("Enum \"{name}\" cannot represent non-enum value: {}.", shown(literal))
            });
        } else if !definition.values.iter().any(|it| it.name == literal.raw) {
            self.report(literal.place, || {
                format!("Value \"{}\" does not exist in \"{name}\" enum.", literal.raw)
            });
        }
        self.inner(literal, gathered)
    }

    fn input_object(
        &mut self,
        literal: &'a Literal,
        definition: &'a Definition,
        ty: &TypeRef,
        gathered: &mut Gathered<'a>,
    ) -> Parsed<()> {
        if literal.kind != LiteralKind::Object {
            self.report(literal.place, || {
                format!("Expected value of type \"{ty}\", found {}.", shown(literal))
            });
            return self.inner(literal, gathered);
        }
        let product = (literal.children.len() as u64).saturating_mul(definition.fields.len() as u64);
        self.budget.steps(definition.fields.len() as u64 + product / 8)?;
        self.budget.bytes(32 * literal.children.len() as u64)?;
        let (of, mut seen) = (&definition.name, HashSet::new());
        for (name, value) in &literal.children {
            if !seen.insert(&**name) {
                self.report(value.place, || format!("There can be only one input field named \"{name}\"."));
            }
            let field = definition.fields.iter().find(|it| it.name == *name);
            if field.is_none() {
                self.report(value.place, || format!("Field \"{name}\" is not defined by type \"{of}\"."));
            }
            let expected = field.map(|it| Expected { ty: &it.ty, has_default: it.default.is_some() });
            self.literal(value, expected, gathered)?;
        }
        for field in definition.fields.iter().filter(|it| it.is_required() && !seen.contains(&*it.name)) {
            self.report(literal.place, || {
                format!("Field \"{of}.{}\" of required type \"{}\" was not provided.", field.name, field.ty)
            });
        }
        let is_one_of = definition.directives.iter().any(|it| *it.name == *"oneOf");
        if is_one_of && (seen.len() != 1 || literal.children.iter().any(|it| it.1.kind == LiteralKind::Null))
        {
            self.report(literal.place, || {
                format!("OneOf Input Object \"{of}\" must specify exactly one key.")
            });
        }
        Ok(())
    }
}

/// A literal as it might be written.
fn shown(literal: &Literal) -> String {
    let children = || literal.children.iter();
    match literal.kind {
        LiteralKind::Variable => format!("${}", literal.raw),
        LiteralKind::String | LiteralKind::Block => format!("{:?}", &*literal.raw),
        LiteralKind::List => {
            format!("[{}]", children().map(|it| shown(&it.1)).collect::<Vec<_>>().join(","))
        }
        LiteralKind::Object => {
            let pairs = children().map(|(name, value)| format!("{name}:{}", shown(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
        }
        _ => literal.raw.to_string(),
    }
}
