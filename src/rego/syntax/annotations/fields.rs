//! The fields of one block.

use super::super::super::source::Sources;
use super::super::super::value::yaml::{NodeKind, Tree};
use super::super::super::value::{Kind, Object, ObjectBuilder, Str, Value};
use super::super::ast::{Ref, Term, TermKind};
use super::super::display;
use super::super::parser::parse_term;
use super::decode::{Decoder, STRING};
use super::{Author, CompileAnnotation, RelatedResource, Schema, SchemaAnnotation};

/// What a block says, before its place gives it a scope.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) scope: Str,
    pub(super) title: Str,
    pub(super) description: Str,
    pub(super) organizations: Vec<Str>,
    pub(super) related_resources: Vec<RelatedResource>,
    pub(super) authors: Vec<Author>,
    pub(super) schemas: Vec<SchemaAnnotation>,
    pub(super) entrypoint: bool,
    pub(super) custom: Object,
    pub(super) compile: Option<CompileAnnotation>,
}

/// The fields as YAML has them.
#[derive(Default)]
struct Raw {
    related_resources: Vec<Value>,
    authors: Vec<Value>,
    schemas: Vec<Vec<(Str, Value)>>,
    custom: Vec<(Str, Value)>,
    compile: Option<Vec<(Str, Value)>>,
}

/// Reads the fields; those with other names are ignored.
///
/// # Errors
/// OPA's message.
pub(super) fn read(tree: &Tree) -> Result<Fields, String> {
    let mut decoder = Decoder::new(tree);
    let (mut fields, mut raw) = (Fields::default(), Raw::default());
    collect(&mut decoder, tree, &mut fields, &mut raw);
    if !decoder.problems.is_empty() {
        return Err(format!("yaml: unmarshal errors:\n  {}", decoder.problems.join("\n  ")));
    }
    for value in &raw.related_resources {
        let resource = related_resource(value)
            .map_err(|reason| format!("invalid related-resource definition {}: {reason}", shown(value)))?;
        fields.related_resources.push(resource);
    }
    fields.compile = raw.compile.as_deref().map(compile).transpose()?;
    for pairs in &raw.schemas {
        fields.schemas.push(schema(pairs)?);
    }
    for value in &raw.authors {
        let author = author(value)
            .map_err(|reason| format!("invalid author definition {}: {reason}", shown(value)))?;
        fields.authors.push(author);
    }
    if let Some(path) = decoder.wrong_key {
        return Err(format!("invalid map key type(s): {path}"));
    }
    let mut custom = ObjectBuilder::new();
    raw.custom.into_iter().for_each(|(key, value)| custom.push_str(key, value));
    fields.custom = custom.build_last_wins();
    Ok(fields)
}

fn collect<'a>(decoder: &mut Decoder<'a>, tree: &'a Tree, fields: &mut Fields, raw: &mut Raw) {
    let root = tree.root();
    let NodeKind::Mapping(pairs) = &root.kind else {
        decoder.wrong_type(root, "ast.rawAnnotation");
        return;
    };
    let mut seen: Vec<&str> = Vec::new();
    for (key, value) in pairs {
        let (key, value) = (decoder.node(*key), decoder.node(*value));
        let NodeKind::Scalar { text: name, .. } = &key.kind else {
            decoder.wrong_type(key, STRING);
            continue;
        };
        if seen.contains(&name.as_str()) {
            let line = key.mark.line;
            let problem = format!("line {line}: field {name} already set in type ast.rawAnnotation");
            decoder.problems.push(problem);
            continue;
        }
        match name.as_str() {
            "scope" => fields.scope = decoder.string(value),
            "title" => fields.title = decoder.string(value),
            "description" => fields.description = decoder.string(value),
            "organizations" => fields.organizations = decoder.strings(value),
            "entrypoint" => fields.entrypoint = decoder.boolean(value),
            "related_resources" => raw.related_resources = decoder.list(value),
            "authors" => raw.authors = decoder.list(value),
            "schemas" => raw.schemas = decoder.maps(value),
            "custom" => raw.custom = decoder.map(value),
            "compile" => raw.compile = Some(decoder.map(value)),
            _ => continue,
        }
        seen.push(name);
    }
}

/// A value as Go prints it with `%s`, roughly: texts bare.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn trimmed<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get_str(key).and_then(Value::as_str).unwrap_or_default().trim()
}

const WRONG_KIND: &str = "invalid value type, must be string or map";

fn related_resource(value: &Value) -> Result<RelatedResource, String> {
    let (reference, description) = match value.kind() {
        Kind::String => (value.as_str().unwrap_or_default(), ""),
        Kind::Object => (trimmed(value, "ref"), trimmed(value, "description")),
        _ => return Err(WRONG_KIND.to_owned()),
    };
    if reference.is_empty() {
        let reason = if value.kind() == Kind::String {
            "ref URL may not be empty string"
        } else {
            "'ref' value required in object"
        };
        return Err(reason.to_owned());
    }
    check_url(reference)?;
    Ok(RelatedResource { reference: reference.into(), description: description.into() })
}

/// Refuses what Go's reader of URLs refuses: control characters, broken escapes, a scheme that is none.
fn check_url(url: &str) -> Result<(), String> {
    let failed = |reason: String| Err(format!("parse {url:?}: {reason}"));
    if url.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return failed("net/url: invalid control character in URL".to_owned());
    }
    for (at, _) in url.match_indices('%') {
        let escape: String = url.get(at..).unwrap_or_default().chars().take(3).collect();
        if escape.len() != 3 || !escape.bytes().skip(1).all(|byte| byte.is_ascii_hexdigit()) {
            return failed(format!("invalid URL escape {escape:?}"));
        }
    }
    let first = url.split(['/', '?', '#']).next().unwrap_or_default();
    match first.split_once(':') {
        Some(("", _)) => failed("missing protocol scheme".to_owned()),
        Some((scheme, _)) if !is_scheme(scheme) => {
            failed("first path segment in URL cannot contain colon".to_owned())
        }
        _ => Ok(()),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

fn author(value: &Value) -> Result<Author, String> {
    match value.kind() {
        Kind::String => author_of_text(value.as_str().unwrap_or_default()),
        Kind::Object => {
            let (name, email) = (trimmed(value, "name"), trimmed(value, "email"));
            if name.is_empty() && email.is_empty() {
                return Err("'name' and/or 'email' values required in object".to_owned());
            }
            Ok(Author { name: name.into(), email: email.into() })
        }
        _ => Err(WRONG_KIND.to_owned()),
    }
}

/// `Jane Doe <jane@example.com>`: the last word is an address where it stands between angle brackets.
fn author_of_text(text: &str) -> Result<Author, String> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let Some(last) = words.last() else { return Err("author is an empty string".to_owned()) };
    let email = last.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    if email.is_some() {
        words.pop();
    }
    Ok(Author { name: words.join(" ").into(), email: email.unwrap_or_default().into() })
}

fn compile(pairs: &[(Str, Value)]) -> Result<CompileAnnotation, String> {
    let mut out = CompileAnnotation::default();
    for (key, value) in pairs {
        match key.as_str() {
            "unknowns" => {
                for unknown in
                    value.as_array().iter().flat_map(|items| items.iter()).filter_map(Value::as_str)
                {
                    reference(unknown)
                        .map_err(|reason| format!("invalid unknowns element {unknown:?}: {reason}"))?;
                    out.unknowns.push(unknown.into());
                }
            }
            "mask_rule" => {
                let Some(mask) = value.as_str() else { continue };
                let term = term(mask)
                    .map_err(|reason| format!("invalid mask_rule annotation {mask:?}: {reason}"))?;
                if !matches!(term.kind, TermKind::Var(_) | TermKind::String(_) | TermKind::Ref(_)) {
                    return Err(format!("invalid mask_rule annotation type {mask:?}: string"));
                }
                out.mask_rule = Some(mask.into());
            }
            _ => {}
        }
    }
    Ok(out)
}

fn schema(pairs: &[(Str, Value)]) -> Result<SchemaAnnotation, String> {
    let nothing = ("".into(), Value::Null);
    let (key, value) = pairs.first().unwrap_or(&nothing);
    let Ok(path) = reference(key.as_str()) else { return Err("invalid document reference".to_owned()) };
    let schema = match value {
        Value::String(text) => Schema::Reference(schema_reference(text.as_str())?),
        Value::Object(_) => Schema::Definition(value.clone()),
        _ => return Err(format!("invalid schema declaration for path {:?}", key.as_str())),
    };
    Ok(SchemaAnnotation { path, schema })
}

/// `schema` or `schema.a.b`.
fn schema_reference(text: &str) -> Result<Vec<Str>, String> {
    let wrong = || "invalid schema reference".to_owned();
    let steps = match term(text).map_err(|_| wrong())?.kind {
        TermKind::Var(name) => vec![name.as_ref().into()],
        TermKind::Ref(reference) => steps(&reference),
        _ => Vec::new(),
    };
    if steps.first().is_some_and(|first| first.as_str() == "schema") { Ok(steps) } else { Err(wrong()) }
}

fn term(text: &str) -> Result<Term, String> {
    let mut sources = Sources::new();
    let id = sources.add("", text).map_err(|error| error.message)?;
    parse_term(&sources, id).map_err(|errors| errors.opa_text(&sources))
}

/// The steps of a reference, or of a lone root document.
fn reference(text: &str) -> Result<Vec<Str>, String> {
    let term = term(text)?;
    match &term.kind {
        TermKind::Ref(reference) => Ok(steps(reference)),
        TermKind::Var(name) if term.type_name() == "ref" => Ok(vec![name.as_ref().into()]),
        _ => Err(format!("expected ref but got {}", display::term_text(&term))),
    }
}

fn steps(reference: &Ref) -> Vec<Str> {
    let head = display::term_text(&reference.head);
    let text = |step: &Term| step.as_string().map_or_else(|| display::term_text(step), ToString::to_string);
    std::iter::once(head).chain(reference.path.iter().map(text)).map(Str::from).collect()
}
