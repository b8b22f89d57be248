//! Annotations: the YAML under `# METADATA` comments.
//!
//! [`block`] finds the comments and reads them as YAML 1.2 with the answers of Go's `yaml.v3` ([`decode`]: it
//! differs from the YAML of `yaml.unmarshal` in booleans and dates); [`mod@attach`] says what each block belongs
//! to; [`AnnotationSet`] answers `rego.metadata.rule()` and `.chain()` for all modules together.

mod attach;
mod block;
mod decode;
mod fields;
mod set;
#[cfg(test)]
mod tests;
mod timestamp;

use super::super::source::Span;
use super::super::value::{Object, ObjectBuilder, Str, Value};

pub(super) use attach::{Target, assign, attach};
pub(super) use block::{Block, read_blocks};
pub use set::{AnnotationSet, Branch, FlatAnnotation};

/// What an annotation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The one rule it stands above.
    Rule,
    /// All rules of the name.
    Document,
    /// The package, in all its files.
    Package,
    /// The package and those below it.
    Subpackages,
}

impl Scope {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Document => "document",
            Self::Package => "package",
            Self::Subpackages => "subpackages",
        }
    }
}

/// What a block stands above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The package.
    Package,
    /// A rule: an index into [`Module::rules`](super::ast::Module::rules).
    Rule(usize),
}

/// One annotation block. Texts that are not given are empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotations {
    /// From the `#` of `# METADATA` to the end of the block.
    pub span: Span,
    /// What it is about.
    pub scope: Scope,
    /// What it stands above.
    pub owner: Owner,
    /// `title`
    pub title: Str,
    /// `description`
    pub description: Str,
    /// `organizations`
    pub organizations: Vec<Str>,
    /// `related_resources`
    pub related_resources: Vec<RelatedResource>,
    /// `authors`
    pub authors: Vec<Author>,
    /// `schemas`
    pub schemas: Vec<SchemaAnnotation>,
    /// `entrypoint`
    pub entrypoint: bool,
    /// `custom`
    pub custom: Object,
    /// `compile`
    pub compile: Option<CompileAnnotation>,
}

/// A member of `related_resources`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelatedResource {
    /// A URL.
    pub reference: Str,
    /// What is found there; may be empty.
    pub description: Str,
}

/// A member of `authors`: at least one of the two is not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Name.
    pub name: Str,
    /// Address.
    pub email: Str,
}

/// A member of `schemas`: the schema of the document at a path.
#[derive(Clone, Debug, PartialEq)]
pub struct SchemaAnnotation {
    /// The document, `input` for one.
    pub path: Vec<Str>,
    /// The schema.
    pub schema: Schema,
}

/// Where a schema is.
#[derive(Clone, Debug, PartialEq)]
pub enum Schema {
    /// In a file of the schema set: `schema.a.b`.
    Reference(Vec<Str>),
    /// In the annotation.
    Definition(Value),
}

/// `compile`: hints for partial evaluation, which are kept for `inspect` and otherwise unused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompileAnnotation {
    /// References as they are written.
    pub unknowns: Vec<Str>,
    /// A reference or a name as it is written.
    pub mask_rule: Option<Str>,
}

impl Annotations {
    /// The object that `rego.metadata.rule()` gives: `scope`, and whatever else is not empty.
    pub fn to_value(&self) -> Value {
        let mut object = ObjectBuilder::new();
        object.push_str("scope", self.scope.as_str());
        push_text(&mut object, "title", &self.title);
        push_text(&mut object, "description", &self.description);
        if self.entrypoint {
            object.push_str("entrypoint", true);
        }
        push_list(&mut object, "organizations", &self.organizations, |name| name.clone().into());
        push_list(&mut object, "related_resources", &self.related_resources, RelatedResource::to_value);
        push_list(&mut object, "authors", &self.authors, Author::to_value);
        push_list(&mut object, "schemas", &self.schemas, SchemaAnnotation::to_value);
        if !self.custom.is_empty() {
            object.push_str("custom", self.custom.clone());
        }
        object.build_last_wins().into()
    }
}

impl RelatedResource {
    fn to_value(&self) -> Value {
        let mut object = ObjectBuilder::new();
        object.push_str("ref", self.reference.clone());
        push_text(&mut object, "description", &self.description);
        object.build_last_wins().into()
    }
}

impl Author {
    fn to_value(&self) -> Value {
        let mut object = ObjectBuilder::new();
        push_text(&mut object, "name", &self.name);
        push_text(&mut object, "email", &self.email);
        object.build_last_wins().into()
    }
}

impl SchemaAnnotation {
    fn to_value(&self) -> Value {
        let strings = |path: &[Str]| Value::from(path.iter().cloned().map(Value::from).collect::<Vec<_>>());
        let mut object = ObjectBuilder::new();
        object.push_str("path", strings(&self.path));
        match &self.schema {
            Schema::Reference(path) => object.push_str("schema", strings(path)),
            Schema::Definition(value) => object.push_str("definition", value.clone()),
        }
        object.build_last_wins().into()
    }
}

fn push_text(object: &mut ObjectBuilder, key: &str, text: &Str) {
    if !text.as_str().is_empty() {
        object.push_str(key, text.clone());
    }
}

fn push_list<T>(object: &mut ObjectBuilder, key: &str, items: &[T], to_value: impl Fn(&T) -> Value) {
    if !items.is_empty() {
        object.push_str(key, items.iter().map(to_value).collect::<Vec<_>>());
    }
}
