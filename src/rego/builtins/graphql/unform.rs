//! Values as trees: what [`super::form`] shows, taken back. Keys that mean nothing are left out; what is missing is
//! empty, and so is `null`.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the path of a method is bound to one lifetime"
)]

use super::Parsed;
use super::ast::{
    Argument, Definition, Directive, DirectiveDefinition, Entry, EnumValue, Field, FieldDefinition, Fragment,
    Inline, Literal, LiteralKind, Operation, OperationKind, Place, QueryDocument, SchemaDocument, Selection,
    Spread, TypeKind, TypeRef, Variable,
};
use super::parser::MAX_NESTING;
use crate::rego::budget::Budget;
use crate::rego::builtins::operand::failed;
use crate::rego::value::{Object, Str, Value};

/// Bytes of the tree for an object of the value, about.
const BYTES_PER_NODE: u64 = 192;

/// An object of the tree, and what reading it may spend.
struct Node<'a, 'b> {
    pairs: &'a Object,
    budget: &'b mut Budget,
    depth: u32,
}

/// A query as the value of one.
///
/// # Errors
/// A part that is of the wrong type.
pub(super) fn query(pairs: &Object, budget: &mut Budget) -> Parsed<QueryDocument> {
    let mut node = Node { pairs, budget, depth: 0 };
    Ok(QueryDocument {
        operations: node.list("Operations", |it| it.operation())?,
        fragments: node.list("Fragments", |it| it.fragment())?,
    })
}

/// A schema as the value of one.
///
/// # Errors
/// A part that is of the wrong type.
pub(super) fn schema(pairs: &Object, budget: &mut Budget) -> Parsed<SchemaDocument> {
    let mut node = Node { pairs, budget, depth: 0 };
    Ok(SchemaDocument {
        schema: node.list("Schema", |it| it.entry())?,
        schema_extensions: node.list("SchemaExtension", |it| it.entry())?,
        directives: node.list("Directives", |it| it.directive_definition())?,
        definitions: node.list("Definitions", |it| it.definition())?,
        extensions: node.list("Extensions", |it| it.definition())?,
    })
}

fn mismatch<T>(key: &str, wanted: &str, got: &Value) -> Parsed<T> {
    failed(format!("{key} of a GraphQL tree must be {wanted} but got {}", got.type_name()))
}

impl Node<'_, '_> {
    fn get(&self, key: &str) -> Option<&Value> {
        self.pairs.get_str(key).filter(|it| !it.is_null())
    }

    fn text(&self, key: &str) -> Parsed<Str> {
        match self.get(key) {
            None => Ok(Str::default()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(got) => mismatch(key, "string", got),
        }
    }

    fn flag(&self, key: &str) -> Parsed<bool> {
        match self.get(key) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(got) => mismatch(key, "boolean", got),
        }
    }

    /// One of the names that a key may have.
    fn one_of<T>(&self, key: &str, find: impl FnOnce(&str) -> Option<T>) -> Parsed<T> {
        let text = self.text(key)?;
        find(&text).map_or_else(|| failed(format!("{key} of a GraphQL tree cannot be {:?}", &*text)), Ok)
    }

    fn texts(&mut self, key: &str) -> Parsed<Vec<Str>> {
        let items = match self.get(key) {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => items.clone(),
            Some(got) => return mismatch(key, "array", got),
        };
        self.budget.steps(items.len() as u64)?;
        self.budget.bytes(items.len() as u64 * size_of::<Str>() as u64)?;
        items
            .iter()
            .map(|item| match item {
                Value::String(text) => Ok(text.clone()),
                got => mismatch(key, "array of strings", got),
            })
            .collect()
    }

    fn inner<T>(
        &mut self,
        key: &str,
        value: &Value,
        read: impl FnOnce(&mut Node<'_, '_>) -> Parsed<T>,
    ) -> Parsed<T> {
        let Value::Object(pairs) = value else { return mismatch(key, "object", value) };
        // A step down a list counts with the object that holds it.
        if self.depth > 2 * MAX_NESTING {
            return failed(format!("nesting is deeper than {MAX_NESTING} levels"));
        }
        self.budget.steps(1)?;
        self.budget.bytes(BYTES_PER_NODE)?;
        read(&mut Node { pairs, budget: self.budget, depth: self.depth + 1 })
    }

    fn list<T>(&mut self, key: &str, read: impl Fn(&mut Node<'_, '_>) -> Parsed<T>) -> Parsed<Vec<T>> {
        let items = match self.get(key) {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => items.clone(),
            Some(got) => return mismatch(key, "array", got),
        };
        items.iter().filter(|it| !it.is_null()).map(|item| self.inner(key, item, &read)).collect()
    }

    fn part<T>(&mut self, key: &str, read: impl FnOnce(&mut Node<'_, '_>) -> Parsed<T>) -> Parsed<Option<T>> {
        let Some(value) = self.get(key).cloned() else { return Ok(None) };
        self.inner(key, &value, read).map(Some)
    }

    fn needed<T>(&mut self, key: &str, read: impl FnOnce(&mut Node<'_, '_>) -> Parsed<T>) -> Parsed<T> {
        let part = self.part(key, read)?;
        part.map_or_else(|| failed(format!("a GraphQL tree lacks {key}")), Ok)
    }

    fn operation(&mut self) -> Parsed<Operation> {
        Ok(Operation {
            kind: self.one_of("Operation", OperationKind::of)?,
            name: self.text("Name")?,
            variables: self.list("VariableDefinitions", |it| it.variable())?,
            directives: self.directives()?,
            selections: self.selections()?,
            place: Place::default(),
        })
    }

    fn fragment(&mut self) -> Parsed<Fragment> {
        Ok(Fragment {
            name: self.text("Name")?,
            variables: self.list("VariableDefinition", |it| it.variable())?,
            condition: self.text("TypeCondition")?,
            directives: self.directives()?,
            selections: self.selections()?,
            place: Place::default(),
        })
    }

    fn variable(&mut self) -> Parsed<Variable> {
        Ok(Variable {
            name: self.text("Variable")?,
            ty: self.needed("Type", |it| it.type_ref())?,
            default: self.part("DefaultValue", |it| it.literal())?,
            directives: self.directives()?,
            place: Place::default(),
        })
    }

    fn selections(&mut self) -> Parsed<Vec<Selection>> {
        self.list("SelectionSet", |it| it.selection())
    }

    /// The kinds of selections are told apart by the keys that only they have.
    fn selection(&mut self) -> Parsed<Selection> {
        let has = |key| self.pairs.get_str(key).is_some();
        let (place, inline) = (Place::default(), has("TypeCondition"));
        let field = has("Alias") || has("Arguments") || has("SelectionSet");
        let directives = self.directives()?;
        Ok(if inline {
            let condition = self.text("TypeCondition")?;
            Selection::Inline(Inline { condition, directives, selections: self.selections()?, place })
        } else if field {
            let name = self.text("Name")?;
            let alias = self.text("Alias")?;
            Selection::Field(Field {
                alias: if alias.is_empty() { name.clone() } else { alias },
                name,
                arguments: self.arguments()?,
                directives,
                selections: self.selections()?,
                place,
            })
        } else {
            Selection::Spread(Spread { name: self.text("Name")?, directives, place })
        })
    }

    fn arguments(&mut self) -> Parsed<Vec<Argument>> {
        self.list("Arguments", |node| {
            Ok(Argument {
                name: node.text("Name")?,
                value: node.needed("Value", |it| it.literal())?,
                place: Place::default(),
            })
        })
    }

    fn directives(&mut self) -> Parsed<Vec<Directive>> {
        self.list("Directives", |node| {
            Ok(Directive { name: node.text("Name")?, arguments: node.arguments()?, place: Place::default() })
        })
    }

    fn literal(&mut self) -> Parsed<Literal> {
        let number = self.get("Kind").and_then(Value::as_i64).unwrap_or(0);
        let kind = usize::try_from(number).ok().and_then(|it| LiteralKind::ALL.get(it));
        let Some(&kind) = kind else { return failed(format!("Kind of a GraphQL tree cannot be {number}")) };
        let children =
            self.list("Children", |node| Ok((node.text("Name")?, node.needed("Value", |it| it.literal())?)))?;
        Ok(Literal { kind, raw: self.text("Raw")?, children, place: Place::default() })
    }

    fn type_ref(&mut self) -> Parsed<TypeRef> {
        let (name, non_null) = (self.text("NamedType")?, self.flag("NonNull")?);
        Ok(match self.part("Elem", |it| it.type_ref())? {
            Some(items) if name.is_empty() => TypeRef::List { items: Box::new(items), non_null },
            _ => TypeRef::Named { name, non_null },
        })
    }

    fn entry(&mut self) -> Parsed<Entry> {
        Ok(Entry {
            description: self.text("Description")?,
            directives: self.directives()?,
            roots: self.list("OperationTypes", |node| {
                let kind = node.one_of("Operation", OperationKind::of)?;
                Ok((kind, node.text("Type")?, Place::default()))
            })?,
            place: Place::default(),
        })
    }

    fn directive_definition(&mut self) -> Parsed<DirectiveDefinition> {
        Ok(DirectiveDefinition {
            description: self.text("Description")?,
            name: self.text("Name")?,
            arguments: self.list("Arguments", |it| it.field_definition())?,
            locations: self.texts("Locations")?,
            repeatable: self.flag("IsRepeatable")?,
            place: Place::default(),
        })
    }

    fn definition(&mut self) -> Parsed<Definition> {
        let kind = |name: &str| TypeKind::ALL.iter().find(|it| it.2 == name).map(|it| it.0);
        Ok(Definition {
            kind: self.one_of("Kind", kind)?,
            description: self.text("Description")?,
            name: self.text("Name")?,
            directives: self.directives()?,
            interfaces: self.texts("Interfaces")?,
            fields: self.list("Fields", |it| it.field_definition())?,
            types: self.texts("Types")?,
            values: self.list("EnumValues", |node| {
                Ok(EnumValue {
                    description: node.text("Description")?,
                    name: node.text("Name")?,
                    directives: node.directives()?,
                    place: Place::default(),
                })
            })?,
            built_in: self.flag("BuiltIn")?,
            place: Place::default(),
        })
    }

    fn field_definition(&mut self) -> Parsed<FieldDefinition> {
        Ok(FieldDefinition {
            description: self.text("Description")?,
            name: self.text("Name")?,
            arguments: self.list("Arguments", |it| it.field_definition())?,
            ty: self.needed("Type", |it| it.type_ref())?,
            default: self.part("DefaultValue", |it| it.literal())?,
            directives: self.directives()?,
            place: Place::default(),
        })
    }
}
