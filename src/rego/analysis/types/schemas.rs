//! Schemas of documents: while the rules that an annotation speaks for are checked, `input` and base documents have the
//! types that its schemas say.

use std::sync::Arc;

use crate::rego::analysis::maps::HashMap;
use crate::rego::builtins::type_of_schema;
use crate::rego::engine::SchemaSet;
use crate::rego::error::{ErrorCode, RegoError};
use crate::rego::source::Span;
use crate::rego::syntax::annotations::{AnnotationSet, Branch, Schema, SchemaAnnotation};
use crate::rego::types::{ObjectType, Type};
use crate::rego::value::{Str, Value};

use super::super::print;
use super::super::recursion::BranchId;
use super::super::tree::{Base, Rule};

/// What a schema comes to.
type Read = Result<Type, String>;

/// The schemas of all rules.
#[derive(Debug, Default)]
pub(crate) struct Schemas {
    /// Of `input`, where no annotation says more.
    input: Option<Read>,
    by_branch: HashMap<BranchId, Vec<Declared>>,
}

/// A document and the type that a schema gives it.
#[derive(Clone, Debug)]
struct Declared {
    path: Vec<Str>,
    ty: Arc<Read>,
}

/// The types of the root documents in one rule.
#[derive(Clone, Debug)]
pub(crate) struct Documents {
    pub(crate) input: Type,
    /// Nothing: what the rules say.
    pub(crate) data: Option<Type>,
}

impl Schemas {
    /// Reads every schema once. `given` says which module of the annotations each module is.
    pub(crate) fn new(
        rules: &[Rule],
        annotations: &AnnotationSet<'_>,
        given: &[usize],
        set: &SchemaSet,
    ) -> Self {
        let input = if let SchemaSet::Input(schema) = set { Some(type_of_schema(schema)) } else { None };
        let mut all = Self { input, by_branch: HashMap::default() };
        if !annotations.has_schemas() {
            return all;
        }
        let mut known: HashMap<*const SchemaAnnotation, Option<Arc<Read>>> = HashMap::default();
        for (number, rule) in rules.iter().enumerate() {
            let Some(module) = given.get(rule.module).copied() else { continue };
            for branch in 0..rule.branches.len() {
                let which = if branch == 0 { Branch::First } else { Branch::Else };
                let of_rule = annotations.schemas(module, rule.index, which);
                let declared: Vec<Declared> = of_rule
                    .into_iter()
                    .filter_map(|it| {
                        let ty = known.entry(std::ptr::from_ref(it)).or_insert_with(|| read(it, set));
                        Some(Declared { path: it.path.clone(), ty: ty.clone()? })
                    })
                    .collect();
                if !declared.is_empty() {
                    all.by_branch.insert((number, branch), declared);
                }
            }
        }
        all
    }

    /// The documents without annotations: of a query.
    pub(crate) fn documents(&self) -> Documents {
        let input = self.input.as_ref().and_then(|it| it.as_ref().ok()).cloned();
        Documents { input: input.unwrap_or(Type::ANY), data: None }
    }

    /// The documents in a branch of a rule; `extent` is the type of all rules together.
    pub(crate) fn documents_of(
        &self,
        id: BranchId,
        span: Span,
        extent: impl Fn() -> Type,
        errors: &mut Vec<RegoError>,
    ) -> Documents {
        let mut documents = self.documents();
        for Declared { path, ty } in self.by_branch.get(&id).into_iter().flatten() {
            let ty = match &**ty {
                Ok(ty) => ty,
                Err(message) => {
                    errors.push(RegoError::new(ErrorCode::Type, message.clone(), Some(span)));
                    continue;
                }
            };
            match path.split_first() {
                Some((root, below)) if root.as_str() == "input" => {
                    documents.input = replaced(documents.input, below, ty);
                }
                Some((root, below)) if root.as_str() == "data" => {
                    documents.data = Some(replaced(documents.data.unwrap_or_else(&extent), below, ty));
                }
                _ => {}
            }
        }
        documents
    }

    /// Why the schema of `input` is none.
    pub(crate) fn error(&self) -> Option<RegoError> {
        let message = self.input.as_ref()?.as_ref().err()?;
        Some(RegoError::new(ErrorCode::Type, message.clone(), None))
    }
}

/// Nothing where there are no schemas beside the policies.
fn read(annotation: &SchemaAnnotation, set: &SchemaSet) -> Option<Arc<Read>> {
    let schema = match &annotation.schema {
        Schema::Definition(schema) => Ok(schema),
        Schema::Reference(path) => find(path, set)?,
    };
    Some(Arc::new(schema.and_then(type_of_schema)))
}

fn find<'a>(path: &[Str], set: &'a SchemaSet) -> Option<Result<&'a Value, String>> {
    let below = path.get(1..).unwrap_or_default();
    let found = match set {
        SchemaSet::None => return None,
        SchemaSet::Input(schema) => below.is_empty().then_some(schema),
        SchemaSet::Named(schemas) => schemas.get(below),
    };
    Some(found.ok_or_else(|| {
        let steps: Vec<Value> = below.iter().cloned().map(Value::from).collect();
        let name = print::path(&Base::Data, &steps).replacen("data", "schema", 1);
        format!("undefined schema: {name}")
    }))
}

/// A type in which what is found at a path has another type.
fn replaced(ty: Type, path: &[Str], to: &Type) -> Type {
    let Some((first, below)) = path.split_first() else { return to.clone() };
    let key = Value::from(first.clone());
    let Type::Object(mut object) = ty else {
        return built(path, to, Some(&Arc::new((Type::ANY, Type::ANY))));
    };
    match object.keys.binary_search_by(|(it, _)| it.cmp(&key)) {
        Ok(at) => {
            let value = std::mem::replace(&mut object.keys[at].1, Type::ANY);
            object.keys[at].1 = replaced(value, below, to);
        }
        Err(at) => {
            let value = if below.is_empty() { to.clone() } else { built(below, to, object.rest.as_ref()) };
            object.keys.insert(at, (key, value));
        }
    }
    Type::Object(object)
}

/// Objects within objects, each with the same other keys.
fn built(path: &[Str], to: &Type, rest: Option<&Arc<(Type, Type)>>) -> Type {
    path.iter().rev().fold(to.clone(), |value, step| {
        Type::Object(ObjectType { rest: rest.cloned(), keys: vec![(Value::from(step.clone()), value)] })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<Str> {
        text.split('.').map(Str::from).collect()
    }

    #[test]
    fn a_type_is_replaced_at_a_path_and_the_rest_stays() {
        let once = replaced(Type::ANY, &path("a.b"), &Type::Number);
        assert_eq!(once.to_string(), "object<a: object<b: number>[any: any]>[any: any]");
        let twice = replaced(once, &path("a.c"), &Type::String);
        assert_eq!(twice.to_string(), "object<a: object<b: number, c: string>[any: any]>[any: any]");
        assert_eq!(replaced(twice, &path("a"), &Type::Null).to_string(), "object<a: null>[any: any]");
    }
}
