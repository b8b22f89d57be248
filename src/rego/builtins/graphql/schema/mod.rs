//! A schema that queries can be checked against: a schema document with what the language brings along, extensions
//! merged in, and found sound.

mod implements;
mod sound;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::ast::{
    Definition, DirectiveDefinition, FieldDefinition, OperationKind, Place, SchemaDocument, TypeKind, TypeRef,
};
use super::{Parsed, definitions, fault};
use crate::rego::budget::Budget;
use crate::rego::value::Str;

/// Steps and bytes that reading the prelude is well below.
const PRELUDE_BUDGET: u64 = 1 << 20;

static PRELUDE: LazyLock<SchemaDocument> = LazyLock::new(|| {
    let mut budget = Budget::new(PRELUDE_BUDGET, PRELUDE_BUDGET);
    let mut document =
        definitions::parse(include_str!("../prelude.graphql"), &mut budget).unwrap_or_default();
    document.definitions.iter_mut().for_each(|it| it.built_in = true);
    document
});

/// Bytes that a definition or a field takes when it is copied, about.
const BYTES_PER_DEFINITION: u64 = 256;

#[derive(Debug, Default)]
pub(super) struct Schema {
    types: BTreeMap<Str, Definition>,
    directives: BTreeMap<Str, DirectiveDefinition>,
    roots: Vec<(OperationKind, Str)>,
    /// The object types that an interface or a union may stand for.
    possible: BTreeMap<Str, BTreeSet<Str>>,
}

impl Schema {
    /// Completes a document and checks it.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place in the document.
    pub(super) fn new(document: &SchemaDocument, budget: &mut Budget) -> Parsed<Self> {
        let mut schema = Self::default();
        for definition in PRELUDE.definitions.iter().chain(&document.definitions) {
            schema.add_type(definition, budget)?;
        }
        for extension in &document.extensions {
            schema.extend(extension, budget)?;
        }
        for directive in &PRELUDE.directives {
            schema.directives.insert(directive.name.clone(), directive.clone());
        }
        for directive in &document.directives {
            schema.add_directive(directive, budget)?;
        }
        schema.add_roots(document)?;
        schema.collect_possible(budget)?;
        sound::check(&schema, document, budget)?;
        Ok(schema)
    }

    fn add_type(&mut self, definition: &Definition, budget: &mut Budget) -> Parsed<()> {
        draw(definition, budget)?;
        if self.types.contains_key(&definition.name) {
            return fault(definition.place, &format!("Cannot redeclare type {}.", definition.name));
        }
        self.types.insert(definition.name.clone(), definition.clone());
        Ok(())
    }

    /// What extends a type that is not there, is it.
    fn extend(&mut self, extension: &Definition, budget: &mut Budget) -> Parsed<()> {
        let Some(base) = self.types.get_mut(&extension.name) else {
            return self.add_type(extension, budget);
        };
        draw(extension, budget)?;
        if base.kind != extension.kind {
            let (name, is, not) = (&base.name, base.kind.name(), extension.kind.name());
            let message = format!("Cannot extend type {name} because the base type is a {is}, not {not}.");
            return fault(extension.place, &message);
        }
        base.directives.extend(extension.directives.iter().cloned());
        base.interfaces.extend(extension.interfaces.iter().cloned());
        base.fields.extend(extension.fields.iter().cloned());
        base.types.extend(extension.types.iter().cloned());
        base.values.extend(extension.values.iter().cloned());
        Ok(())
    }

    fn add_directive(&mut self, directive: &DirectiveDefinition, budget: &mut Budget) -> Parsed<()> {
        budget.steps(1 + directive.arguments.len() as u64)?;
        budget.bytes(BYTES_PER_DEFINITION * (1 + directive.arguments.len() as u64))?;
        if PRELUDE.directives.iter().any(|it| it.name == directive.name) {
            return Ok(());
        }
        if self.directives.insert(directive.name.clone(), directive.clone()).is_some() {
            return fault(directive.place, &format!("Cannot redeclare directive {}.", directive.name));
        }
        Ok(())
    }

    fn add_roots(&mut self, document: &SchemaDocument) -> Parsed<()> {
        if let [_, second, ..] = document.schema.as_slice() {
            let message = "Cannot have multiple schema entry points, consider schema extensions instead.";
            return fault(second.place, message);
        }
        for (kind, name, place) in
            document.schema.iter().chain(&document.schema_extensions).flat_map(|it| &it.roots)
        {
            if !self.types.contains_key(name) {
                let kind = kind.keyword();
                let message = format!("Schema root {kind} refers to a type {name} that does not exist.");
                return fault(*place, &message);
            }
            self.roots.retain(|it| it.0 != *kind);
            self.roots.push((*kind, name.clone()));
        }
        if document.schema.is_empty() {
            for kind in OperationKind::ALL {
                let name = default_root(kind);
                if self.root(kind).is_none() && self.types.contains_key(name) {
                    self.roots.push((kind, name.into()));
                }
            }
        }
        Ok(())
    }

    fn collect_possible(&mut self, budget: &mut Budget) -> Parsed<()> {
        let mut pairs = Vec::new();
        for definition in self.types.values() {
            let members = definition.types.iter().map(|member| (&definition.name, member));
            let interfaces = match definition.kind {
                TypeKind::Object => definition.interfaces.as_slice(),
                _ => &[],
            };
            let objects = interfaces.iter().map(|interface| (interface, &definition.name));
            for (whole, part) in members.chain(objects) {
                budget.steps(1)?;
                budget.bytes(BYTES_PER_DEFINITION)?;
                pairs.push((whole.clone(), part.clone()));
            }
        }
        for (whole, part) in pairs {
            self.possible.entry(whole).or_default().insert(part);
        }
        Ok(())
    }

    pub(super) fn get(&self, name: &str) -> Option<&Definition> {
        self.types.get(name)
    }

    pub(super) fn directive(&self, name: &str) -> Option<&DirectiveDefinition> {
        self.directives.get(name)
    }

    /// The type where operations of a kind begin.
    pub(super) fn root(&self, kind: OperationKind) -> Option<&Definition> {
        self.roots.iter().find(|it| it.0 == kind).and_then(|it| self.get(&it.1))
    }

    /// The field of a type, those of introspection included.
    pub(super) fn field<'a>(&'a self, parent: &'a Definition, name: &str) -> Option<FieldType<'a>> {
        if let Some(field) = parent.fields.iter().find(|it| *it.name == *name) {
            return Some(FieldType::of(field));
        }
        let is_query = || self.root(OperationKind::Query).is_some_and(|it| it.name == parent.name);
        match name {
            "__typename" if parent.kind.is_composite() => Some(FieldType::of(&TYPENAME)),
            "__schema" if is_query() => Some(FieldType::of(&META_SCHEMA)),
            "__type" if is_query() => Some(FieldType::of(&META_TYPE)),
            _ => None,
        }
    }

    /// The object types that a type may stand for.
    pub(super) fn possible<'a>(&'a self, definition: &'a Definition) -> Vec<&'a Str> {
        if definition.kind == TypeKind::Object {
            return vec![&definition.name];
        }
        self.possible.get(&definition.name).into_iter().flatten().collect()
    }

    /// Whether a value of one type may also be of another.
    pub(super) fn overlaps(&self, one: &Definition, other: &Definition) -> bool {
        let others = self.possible(other);
        one.name == other.name || self.possible(one).iter().any(|it| others.binary_search(it).is_ok())
    }
}

/// A field as queries see it.
pub(super) struct FieldType<'a> {
    /// The name inside all lists.
    pub(super) name: &'a Str,
    pub(super) ty: &'a TypeRef,
    pub(super) arguments: &'a [FieldDefinition],
}

impl<'a> FieldType<'a> {
    fn of(field: &'a FieldDefinition) -> Self {
        Self { name: field.ty.name(), ty: &field.ty, arguments: &field.arguments }
    }
}

fn named(name: &str, non_null: bool) -> TypeRef {
    TypeRef::Named { name: name.into(), non_null }
}

fn meta(name: &str, ty: TypeRef, arguments: Vec<FieldDefinition>) -> FieldDefinition {
    FieldDefinition {
        description: Str::default(),
        name: name.into(),
        arguments,
        ty,
        default: None,
        directives: Vec::new(),
        place: Place::default(),
    }
}

static TYPENAME: LazyLock<FieldDefinition> =
    LazyLock::new(|| meta("__typename", named("String", true), Vec::new()));
static META_SCHEMA: LazyLock<FieldDefinition> =
    LazyLock::new(|| meta("__schema", named("__Schema", true), Vec::new()));
static META_TYPE: LazyLock<FieldDefinition> = LazyLock::new(|| {
    let name = meta("name", named("String", true), Vec::new());
    meta("__type", named("__Type", false), vec![name])
});

fn default_root(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Query => "Query",
        OperationKind::Mutation => "Mutation",
        OperationKind::Subscription => "Subscription",
    }
}

/// Draws for a copy of a definition.
fn draw(definition: &Definition, budget: &mut Budget) -> Parsed<()> {
    let arguments: usize = definition.fields.iter().map(|it| 1 + it.arguments.len()).sum();
    let parts =
        1 + arguments + definition.values.len() + definition.types.len() + definition.interfaces.len();
    budget.steps(parts as u64)?;
    budget.bytes(BYTES_PER_DEFINITION * parts as u64)?;
    Ok(())
}
