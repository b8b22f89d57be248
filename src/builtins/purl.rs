//! `ec.purl.*`: package URLs, with the answers of packageurl-go.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::rego::value::{ObjectBuilder, Value};

pub(super) const DECLARATIONS: [(&str, &str); 2] = [
    ("ec.purl.is_valid", "(any) => any"),
    (
        "ec.purl.parse",
        "(string) => object<name: string, namespace: string, qualifiers: array[object<key: string, value: string>], \
         subpath: string, type: string, version: string>",
    ),
];

/// A package URL, taken apart and normalised by its type.
#[derive(Debug, PartialEq, Eq)]
struct Purl {
    kind: String,
    namespace: String,
    name: String,
    version: String,
    /// Sorted by key.
    qualifiers: Vec<(String, String)>,
    subpath: String,
}

pub(super) fn is_valid(text: &str) -> bool {
    read(text).is_some()
}

pub(super) fn parse(text: &str) -> Option<Value> {
    let purl = read(text)?;
    let qualifiers = purl.qualifiers.iter().map(|(key, value)| {
        let mut out = ObjectBuilder::new();
        out.push_str("key", key.as_str());
        out.push_str("value", value.as_str());
        Value::Object(out.build_last_wins())
    });
    let mut out = ObjectBuilder::new();
    out.push_str("qualifiers", qualifiers.collect::<Vec<_>>());
    out.push_str("type", purl.kind);
    out.push_str("namespace", purl.namespace);
    out.push_str("name", purl.name);
    out.push_str("version", purl.version);
    out.push_str("subpath", purl.subpath);
    Some(Value::Object(out.build_last_wins()))
}

fn read(text: &str) -> Option<Purl> {
    if text.bytes().any(|b| b.is_ascii_control()) {
        return None;
    }
    let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (scheme, rest) = rest.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("pkg") {
        return None;
    }
    let path = if rest.starts_with('/') { hierarchical(rest)? } else { rest.to_owned() };
    let (kind, path) = path.split_once('/')?;
    let kind = kind.to_ascii_lowercase();
    let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
    let (name, version) = name.rsplit_once('@').unwrap_or((name, ""));
    let subpath = unescaped(fragment, Plus::IsPlus)?;
    let purl = Purl {
        namespace: unescaped(namespace, Plus::IsPlus)?.trim_matches('/').to_owned(),
        name: unescaped(name, Plus::IsPlus)?.into_owned(),
        version: unescaped(version, Plus::IsPlus)?.into_owned(),
        qualifiers: qualifiers(query)?,
        subpath: subpath.trim_matches('/').to_owned(),
        kind,
    };
    let sound = is_kind(&purl.kind)
        && !purl.name.is_empty()
        && !purl.subpath.split('/').skip(1).any(|it| matches!(it, "." | ".."));
    sound.then(|| purl.adjusted()).filter(Purl::keeps_its_types_rules)
}

/// `pkg:/type/name` and `pkg://type/name`: host and path together, cleaned.
fn hierarchical(rest: &str) -> Option<String> {
    let joined = match rest.strip_prefix("//") {
        Some(rest) => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = authority.rsplit('@').next().unwrap_or_default();
            let port = host.rsplit_once(':').map_or("", |(_, port)| port);
            if host.contains([' ', '%']) || !port.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            format!("{host}/{path}")
        }
        None => rest.to_owned(),
    };
    unescaped(&joined, Plus::IsPlus)?;
    let mut segments: Vec<&str> = Vec::new();
    for segment in joined.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    Some(segments.join("/"))
}

#[derive(Clone, Copy, PartialEq)]
enum Plus {
    IsPlus,
    IsSpace,
}

/// Percent escapes resolved; nothing where one is malformed.
fn unescaped(text: &str, plus: Plus) -> Option<Cow<'_, str>> {
    let good =
        text.split('%').skip(1).all(|it| it.len() >= 2 && it.bytes().take(2).all(|b| b.is_ascii_hexdigit()));
    if !good {
        return None;
    }
    if plus == Plus::IsSpace && text.contains('+') {
        let spaced = text.replace('+', " ");
        return Some(Cow::Owned(percent_decode_str(&spaced).decode_utf8_lossy().into_owned()));
    }
    Some(percent_decode_str(text).decode_utf8_lossy())
}

fn is_name(text: &str, others: &[u8]) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || others.contains(&b);
    !text.is_empty() && !text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(fits)
}

fn is_kind(text: &str) -> bool {
    is_name(text, b".-+")
}

/// An empty value counts as no qualifier; the same key twice makes the whole URL malformed.
fn qualifiers(query: &str) -> Option<Vec<(String, String)>> {
    let mut all: Vec<(String, String)> = Vec::new();
    for pair in query.split('&').filter(|it| !it.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let key = unescaped(key, Plus::IsSpace)?;
        let value = unescaped(value, Plus::IsSpace)?;
        if pair.contains(';') || !is_name(&key, b".-_") {
            return None;
        }
        let key = key.to_ascii_lowercase();
        if value.is_empty() {
            continue;
        }
        if all.iter().any(|(known, _)| *known == key) {
            return None;
        }
        all.push((key, value.into_owned()));
    }
    all.sort_unstable();
    Some(all)
}

impl Purl {
    fn qualifier(&self, key: &str) -> &str {
        self.qualifiers.iter().find(|(known, _)| known == key).map_or("", |(_, value)| value)
    }

    /// Upper and lower case, as far as the type does not tell them apart.
    fn adjusted(mut self) -> Self {
        if matches!(
            self.kind.as_str(),
            "alpm" | "apk" | "bitbucket" | "composer" | "deb" | "github" | "golang" | "npm" | "qpkg" | "rpm"
        ) {
            self.namespace = self.namespace.to_lowercase();
        }
        match self.kind.as_str() {
            "alpm" | "apk" | "bitbucket" | "bitnami" | "composer" | "deb" | "github" | "golang" | "npm" => {
                self.name = self.name.to_lowercase();
            }
            "pypi" => self.name = self.name.replace('_', "-").to_lowercase(),
            "huggingface" => self.version = self.version.to_lowercase(),
            "mlflow" => {
                let repository = self.qualifier("repository_url");
                if repository.contains("databricks") && !repository.contains("azureml") {
                    self.name = self.name.to_lowercase();
                }
            }
            _ => {}
        }
        self
    }

    fn keeps_its_types_rules(&self) -> bool {
        match self.kind.as_str() {
            "conan" => self.namespace.is_empty() == self.qualifier("channel").is_empty(),
            "swift" => !self.namespace.is_empty() && !self.version.is_empty(),
            "cran" => !self.version.is_empty(),
            _ => true,
        }
    }
}
