//! The result in OPA's shape: keys, their order and what is left out are those of `opa inspect -f json`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::super::super::diagnostics::Diagnostic;
use super::Listed;
use super::bundle::{Bundle, Manifest};
use crate::rego::builtins::decl;
use crate::rego::engine::Outline;
use crate::rego::error::Errors;
use crate::rego::syntax::annotations::{
    AnnotationSet, Annotations, Author, FlatAnnotation, RelatedResource, Schema, SchemaAnnotation,
};
use crate::rego::syntax::ast::Name;
use crate::rego::syntax::display;
use crate::rego::types::FnType;
use crate::rego::value::{Str, Value};

/// The whole result.
#[derive(Serialize)]
pub(super) struct Info {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) manifest: Option<Manifest>,
    signatures_config: Empty,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) namespaces: BTreeMap<String, Vec<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) annotations: Vec<Entry>,
    capabilities: Capabilities,
}

/// Signatures of bundles are not read.
#[derive(Serialize)]
struct Empty {}

/// What it takes to run the policies.
#[derive(Serialize)]
struct Capabilities {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    builtins: Vec<Builtin>,
    features: Vec<&'static str>,
}

#[derive(Serialize)]
struct Builtin {
    name: String,
    decl: Json,
    #[serde(skip_serializing_if = "Option::is_none")]
    infix: Option<&'static str>,
    #[serde(skip_serializing_if = "is_no")]
    relation: bool,
    #[serde(skip_serializing_if = "is_no")]
    nondeterministic: bool,
}

/// What an annotation says, and of what.
#[derive(Serialize)]
pub(super) struct Entry {
    pub(super) annotations: Said,
    pub(super) location: Location,
    path: Vec<Json>,
    /// `a.b.c` without `data`.
    #[serde(skip)]
    pub(super) name: String,
    #[serde(skip)]
    pub(super) package: String,
    /// The head's reference, where it is about a rule.
    #[serde(skip)]
    pub(super) rule: Option<String>,
}

/// Where what it is about begins.
#[derive(Serialize)]
pub(super) struct Location {
    pub(super) file: String,
    pub(super) row: u32,
    col: u32,
}

/// The annotation.
#[derive(Serialize)]
pub(super) struct Said {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) authors: Vec<Json>,
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub(super) custom: serde_json::Map<String, Json>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) description: String,
    #[serde(skip_serializing_if = "is_no")]
    pub(super) entrypoint: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) organizations: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) related_resources: Vec<Json>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) schemas: Vec<Json>,
    pub(super) scope: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) title: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_no(it: &bool) -> bool {
    !it
}

impl Info {
    pub(super) fn of(bundle: &Bundle, listed: Listed) -> Result<Self, Vec<Diagnostic>> {
        let Outline { modules, sources, builtins } = &bundle.outline;
        let mut namespaces: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for module in modules {
            let package = display::ref_text(&module.package.path);
            namespaces.entry(package).or_default().push(sources.name(module.package.span).to_owned());
        }
        for (place, files) in &bundle.data {
            namespaces.entry(place.clone()).or_default().extend(files.iter().cloned());
        }
        let mut annotations = Vec::new();
        if listed == Listed::PackagesAndAnnotations {
            let told = |errors: Errors| vec![Diagnostic::new(errors.opa_text(sources))];
            let set = AnnotationSet::new(modules, sources).map_err(told)?;
            annotations = set.flat(sources).iter().map(|it| entry(&bundle.outline, it)).collect();
        }
        let mut features = vec!["rego_v1"];
        if builtins.contains_key("internal.template_string") {
            features.push("template_strings");
        }
        let capabilities = Capabilities { builtins: builtins.iter().map(builtin).collect(), features };
        let manifest = bundle.manifest.clone();
        Ok(Self { manifest, signatures_config: Empty {}, namespaces, annotations, capabilities })
    }
}

fn builtin((name, ty): (&Str, &FnType)) -> Builtin {
    let declared = decl::find(name);
    Builtin {
        name: name.to_string(),
        decl: json_of(&ty.to_json()),
        infix: declared.and_then(|it| it.infix),
        relation: declared.is_some_and(|it| it.relation),
        nondeterministic: declared.is_some_and(|it| it.nondeterministic),
    }
}

fn json_of(value: &impl Serialize) -> Json {
    serde_json::to_value(value).unwrap_or(Json::Null)
}

fn entry(outline: &Outline, flat: &FlatAnnotation<'_>) -> Entry {
    let sources = &outline.sources;
    let place = sources.position(flat.target);
    let location = Location { file: sources.name(flat.target).to_owned(), row: place.row, col: place.col };
    let (package, rule) = outline
        .modules
        .iter()
        .find(|module| module.package.span.source == flat.target.source)
        .map(|module| {
            let package: Vec<&str> = module.package.parts().map(|it: &Name| &**it).collect();
            let rule = module.rules.iter().find(|rule| rule.span == flat.target);
            (package.join("."), rule.map(|rule| display::ref_text(&rule.head.reference)))
        })
        .unwrap_or_default();
    let rule = rule.filter(|_| flat.is_about_a_rule());
    Entry {
        annotations: said(flat.annotations),
        location,
        path: path(std::iter::once("data").chain(flat.path.iter().map(String::as_str))),
        name: flat.path.join("."),
        package,
        rule,
    }
}

/// A reference: the first part is a variable.
fn path<'a>(parts: impl Iterator<Item = &'a str>) -> Vec<Json> {
    let kinds = std::iter::once("var").chain(std::iter::repeat("string"));
    kinds.zip(parts).map(|(kind, part)| json!({"type": kind, "value": part})).collect()
}

fn said(it: &Annotations) -> Said {
    let custom = match json_of(&Value::Object(it.custom.clone())) {
        Json::Object(custom) => custom,
        _ => serde_json::Map::new(),
    };
    Said {
        authors: it.authors.iter().map(author).collect(),
        custom,
        description: it.description.to_string(),
        entrypoint: it.entrypoint,
        organizations: it.organizations.iter().map(Str::to_string).collect(),
        related_resources: it.related_resources.iter().map(resource).collect(),
        schemas: it.schemas.iter().map(schema).collect(),
        scope: it.scope.as_str(),
        title: it.title.to_string(),
    }
}

fn author(it: &Author) -> Json {
    let mut out = json!({ "name": it.name.as_str() });
    if !it.email.is_empty() {
        out["email"] = it.email.as_str().into();
    }
    out
}

fn resource(it: &RelatedResource) -> Json {
    let mut out = json!({ "ref": it.reference.as_str() });
    if !it.description.is_empty() {
        out["description"] = it.description.as_str().into();
    }
    out
}

fn schema(it: &SchemaAnnotation) -> Json {
    let of = |parts: &[Str]| path(parts.iter().map(Str::as_str));
    match &it.schema {
        Schema::Reference(reference) => json!({"path": of(&it.path), "schema": of(reference)}),
        Schema::Definition(definition) => json!({"path": of(&it.path), "definition": json_of(definition)}),
    }
}
