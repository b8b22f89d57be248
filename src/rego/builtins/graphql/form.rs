//! Trees as the values that policies see.
//!
//! The shape is OPA's: keys are capitalised, `SelectionSet` holds fields, spreads and inline fragments alike; what is
//! empty is left out, but texts, flags and numbers are not. Places and comments are not shown.

use super::ast::{
    Argument, Definition, Directive, DirectiveDefinition, Entry, EnumValue, Field, FieldDefinition, Fragment,
    Inline, Literal, Operation, QueryDocument, SchemaDocument, Selection, Spread, TypeRef, Variable,
};
use crate::rego::value::{Object, ObjectBuilder, Str, Value};

/// What can be shown.
pub(super) trait Form {
    fn form(&self) -> Value;
}

/// An object in the making: what is empty is not put in.
#[derive(Default)]
struct Shape(ObjectBuilder);

impl Shape {
    fn text(mut self, key: &str, text: &Str) -> Self {
        self.0.push_str(key, text.clone());
        self
    }

    fn flag(mut self, key: &str, flag: bool) -> Self {
        self.0.push_str(key, flag);
        self
    }

    fn list<T: Form>(mut self, key: &str, items: &[T]) -> Self {
        let shown: Vec<Value> = items.iter().map(Form::form).filter(|it| !is_empty(it)).collect();
        if !shown.is_empty() {
            self.0.push_str(key, shown);
        }
        self
    }

    fn part<T: Form>(mut self, key: &str, part: Option<&T>) -> Self {
        if let Some(part) = part {
            self.0.push_str(key, part.form());
        }
        self
    }

    fn done(self) -> Value {
        Object::into(self.0.build_last_wins())
    }
}

fn is_empty(value: &Value) -> bool {
    matches!(value, Value::Object(pairs) if pairs.is_empty())
}

impl Form for Str {
    fn form(&self) -> Value {
        self.clone().into()
    }
}

impl Form for QueryDocument {
    fn form(&self) -> Value {
        Shape::default().list("Operations", &self.operations).list("Fragments", &self.fragments).done()
    }
}

impl Form for Operation {
    fn form(&self) -> Value {
        Shape::default()
            .text("Operation", &self.kind.keyword().into())
            .text("Name", &self.name)
            .list("VariableDefinitions", &self.variables)
            .list("Directives", &self.directives)
            .list("SelectionSet", &self.selections)
            .done()
    }
}

impl Form for Fragment {
    fn form(&self) -> Value {
        Shape::default()
            .text("Name", &self.name)
            .list("VariableDefinition", &self.variables)
            .text("TypeCondition", &self.condition)
            .list("Directives", &self.directives)
            .list("SelectionSet", &self.selections)
            .done()
    }
}

impl Form for Variable {
    fn form(&self) -> Value {
        Shape::default()
            .text("Variable", &self.name)
            .part("Type", Some(&self.ty))
            .part("DefaultValue", self.default.as_ref())
            .list("Directives", &self.directives)
            .flag("Used", false)
            .done()
    }
}

impl Form for Selection {
    fn form(&self) -> Value {
        match self {
            Self::Field(it) => it.form(),
            Self::Spread(it) => it.form(),
            Self::Inline(it) => it.form(),
        }
    }
}

impl Form for Field {
    fn form(&self) -> Value {
        Shape::default()
            .text("Alias", &self.alias)
            .text("Name", &self.name)
            .list("Arguments", &self.arguments)
            .list("Directives", &self.directives)
            .list("SelectionSet", &self.selections)
            .done()
    }
}

impl Form for Spread {
    fn form(&self) -> Value {
        Shape::default().text("Name", &self.name).list("Directives", &self.directives).done()
    }
}

impl Form for Inline {
    fn form(&self) -> Value {
        Shape::default()
            .text("TypeCondition", &self.condition)
            .list("Directives", &self.directives)
            .list("SelectionSet", &self.selections)
            .done()
    }
}

impl Form for Argument {
    fn form(&self) -> Value {
        Shape::default().text("Name", &self.name).part("Value", Some(&self.value)).done()
    }
}

impl Form for Directive {
    fn form(&self) -> Value {
        Shape::default()
            .text("Name", &self.name)
            .list("Arguments", &self.arguments)
            .text("Location", &Str::default())
            .done()
    }
}

impl Form for (Str, Literal) {
    fn form(&self) -> Value {
        Shape::default().text("Name", &self.0).part("Value", Some(&self.1)).done()
    }
}

impl Form for Literal {
    fn form(&self) -> Value {
        let mut shape = Shape::default();
        shape.0.push_str("Kind", self.kind as i32);
        shape
            .text("Raw", &self.raw)
            .list("Children", &self.children)
            .flag("ExpectedTypeHasDefault", false)
            .done()
    }
}

impl Form for TypeRef {
    fn form(&self) -> Value {
        match self {
            Self::Named { name, non_null } => {
                Shape::default().text("NamedType", name).flag("NonNull", *non_null).done()
            }
            Self::List { items, non_null } => Shape::default()
                .text("NamedType", &Str::default())
                .part("Elem", Some(&**items))
                .flag("NonNull", *non_null)
                .done(),
        }
    }
}

impl Form for SchemaDocument {
    fn form(&self) -> Value {
        Shape::default()
            .list("Schema", &self.schema)
            .list("SchemaExtension", &self.schema_extensions)
            .list("Directives", &self.directives)
            .list("Definitions", &self.definitions)
            .list("Extensions", &self.extensions)
            .done()
    }
}

impl Form for Entry {
    fn form(&self) -> Value {
        let roots: Vec<Value> = self
            .roots
            .iter()
            .map(|(kind, name, _)| {
                Shape::default().text("Operation", &kind.keyword().into()).text("Type", name).done()
            })
            .collect();
        let mut shape =
            Shape::default().text("Description", &self.description).list("Directives", &self.directives);
        if !roots.is_empty() {
            shape.0.push_str("OperationTypes", roots);
        }
        shape.done()
    }
}

impl Form for DirectiveDefinition {
    fn form(&self) -> Value {
        Shape::default()
            .text("Description", &self.description)
            .text("Name", &self.name)
            .list("Arguments", &self.arguments)
            .list("Locations", &self.locations)
            .flag("IsRepeatable", self.repeatable)
            .done()
    }
}

impl Form for Definition {
    fn form(&self) -> Value {
        Shape::default()
            .text("Kind", &self.kind.name().into())
            .text("Description", &self.description)
            .text("Name", &self.name)
            .list("Directives", &self.directives)
            .list("Interfaces", &self.interfaces)
            .list("Fields", &self.fields)
            .list("Types", &self.types)
            .list("EnumValues", &self.values)
            .flag("BuiltIn", self.built_in)
            .done()
    }
}

impl Form for FieldDefinition {
    fn form(&self) -> Value {
        Shape::default()
            .text("Description", &self.description)
            .text("Name", &self.name)
            .list("Arguments", &self.arguments)
            .part("DefaultValue", self.default.as_ref())
            .part("Type", Some(&self.ty))
            .list("Directives", &self.directives)
            .done()
    }
}

impl Form for EnumValue {
    fn form(&self) -> Value {
        Shape::default()
            .text("Description", &self.description)
            .text("Name", &self.name)
            .list("Directives", &self.directives)
            .done()
    }
}
