//! What is to be validated: snapshots from files and texts, single images, merged into one list.
//!
//! Every entry stays under its own name, also where two name the same image. Only between sources is an entry that
//! says nothing new left out: the same image without a name of its own, or with the same name.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::Read as _;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::diagnostics::Diagnostic;
use crate::json::Limits;
use crate::json::yaml::{self, Spanned};
use crate::model::{Component, GitSource, ImageRef, Snapshot};

/// The name of an image that was given without one.
const UNNAMED: &str = "Unnamed";

/// Bytes of one snapshot; they are written by people and pipelines, a hundred bytes a component.
const SNAPSHOT_BYTES: usize = 64 << 20;

/// Faults that are looked for in one snapshot: each costs a look through the text, and nobody reads more.
const FAULTS: usize = 200;

/// What was given on the command line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sources<'a> {
    /// `--images`: a file, or the text itself.
    pub images: Option<&'a str>,
    /// `--file-path`
    pub file_path: Option<&'a str>,
    /// `--json-input`
    pub json_input: Option<&'a str>,
    /// `--image`
    pub image: Option<&'a str>,
}

/// What a snapshot without components means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Empty {
    /// A mistake.
    Refused,
    /// `--allow-empty`: nothing to do.
    Allowed,
}

/// Reads and merges all sources.
///
/// # Errors
/// Every fault of every source.
pub fn read(sources: Sources<'_>, empty: Empty) -> Result<Snapshot, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let mut snapshot = Snapshot::default();
    let mut hints = Vec::new();
    let mut given = false;
    for source in [
        sources.images.map(Document::file_or_text),
        sources.file_path.map(Document::file),
        sources.json_input.map(|text| Ok(Document::text("--json-input", text))),
    ] {
        let Some(document) = source else { continue };
        given = true;
        match document
            .and_then(|document| document.parse().map_err(|fault| vec![fault]).and_then(Parsed::checked))
        {
            Ok(parsed) => {
                hints.extend(parsed.hint.clone());
                merge(&mut snapshot, parsed.snapshot());
            }
            Err(found) => faults.extend(found),
        }
    }
    if let Some(image) = sources.image {
        given = true;
        match ImageRef::parse(image) {
            Ok(_) => merge(&mut snapshot, single(image)),
            Err(error) => faults.push(Diagnostic::new(format_args!("--image: {error}"))),
        }
    }
    if !given {
        let none = Diagnostic::new("neither Snapshot nor image reference provided to validate");
        return Err(vec![none.help("give --images, --image, --file-path or --json-input")]);
    }
    if faults.is_empty() && snapshot.components.is_empty() && empty == Empty::Refused {
        let none = Diagnostic::new("the snapshot has no components");
        let hint = hints.pop().unwrap_or_else(|| "give --allow-empty if that is meant".to_owned());
        faults.push(none.help(hint));
    }
    if faults.is_empty() { Ok(snapshot) } else { Err(faults) }
}

fn single(image: &str) -> Snapshot {
    let component = Component { name: UNNAMED.to_owned(), container_image: image.to_owned(), source: None };
    Snapshot { components: vec![component], ..Snapshot::default() }
}

/// The first text that is given wins; components of earlier sources stand first.
fn merge(into: &mut Snapshot, from: Snapshot) {
    for (to, text) in [
        (&mut into.application, from.application),
        (&mut into.display_name, from.display_name),
        (&mut into.display_description, from.display_description),
    ] {
        if to.is_empty() {
            *to = text;
        }
    }
    let before = into.components.len();
    for component in from.components {
        let known =
            into.components[..before].iter_mut().find(|it| it.container_image == component.container_image);
        match known {
            Some(known) if is_nameless(known) => known.name = component.name,
            Some(known) if is_nameless(&component) || known.name == component.name => {}
            _ => into.components.push(component),
        }
    }
}

fn is_nameless(component: &Component) -> bool {
    component.name.is_empty() || component.name == UNNAMED
}

/// A text and what to call it.
struct Document {
    name: String,
    bytes: Vec<u8>,
}

impl Document {
    fn text(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), bytes: text.as_bytes().to_vec() }
    }

    fn file(path: &str) -> Result<Self, Vec<Diagnostic>> {
        let bytes = read_file(path)
            .map_err(|error| vec![Diagnostic::new(format_args!("open {path}: {}", told(&error)))])?;
        Ok(Self { name: path.to_owned(), bytes })
    }

    /// What cannot be read as a file is the text itself, unless it cannot be meant as one.
    fn file_or_text(given: &str) -> Result<Self, Vec<Diagnostic>> {
        match read_file(given) {
            Ok(bytes) => Ok(Self { name: given.to_owned(), bytes }),
            Err(error) if looks_like_a_path(given) => {
                let message =
                    format!("unable to parse Snapshot specification: open {given}: {}", told(&error));
                let help = "give a file, or the text of a snapshot: {\"components\": [{\"name\": …, \"containerImage\": …}]}";
                Err(vec![Diagnostic::new(message).help(help)])
            }
            Err(_) => Ok(Self::text("--images", given)),
        }
    }

    fn parse(self) -> Result<Parsed, Diagnostic> {
        let limits = Limits::bytes(SNAPSHOT_BYTES);
        let refused = |error| {
            Diagnostic::refused("unable to parse Snapshot specification", &self.name, &self.bytes, &error)
        };
        let Keys(keys) = yaml::from_slice(&self.bytes, limits).map_err(refused)?;
        let (spec, keys) = if keys.contains("spec") {
            let wrapper: Wrapper<Keys> = yaml::from_slice(&self.bytes, limits).map_err(refused)?;
            let spec: Wrapper<Spec> = yaml::from_slice(&self.bytes, limits).map_err(refused)?;
            (spec.spec, wrapper.spec.unwrap_or_default().0)
        } else {
            (Some(yaml::from_slice(&self.bytes, limits).map_err(refused)?), keys)
        };
        Ok(Parsed {
            spec: spec.unwrap_or_default(),
            hint: nearest(&keys),
            name: self.name,
            bytes: self.bytes,
        })
    }
}

fn looks_like_a_path(text: &str) -> bool {
    !text.contains(['\n', '{', '[']) && !text.contains(": ")
}

fn read_file(path: &str) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than allowed, so that the reader of the document says that it is too large.
    File::open(path)?.take(SNAPSHOT_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// An error of the system in the words that every command uses for it.
pub(super) fn told(error: &std::io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = words.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

/// A key that was perhaps meant to be `components`.
fn nearest(keys: &BTreeSet<String>) -> Option<String> {
    if keys.contains("components") {
        return None;
    }
    let distance = |key: &str| edits(&key.to_lowercase(), "components");
    let (key, edits) = keys.iter().map(|key| (key, distance(key))).min_by_key(|(_, edits)| *edits)?;
    (edits <= 4).then(|| format!("it has a key {key:?}: is \"components\" meant?"))
}

/// The number of letters to insert, delete or replace; only short keys are looked at.
fn edits(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.chars().take(32).collect();
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.chars().enumerate() {
            let replaced = diagonal + usize::from(*a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}

/// The keys of a mapping, whatever their values.
#[derive(Default)]
struct Keys(BTreeSet<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(KeysVisitor)
    }
}

struct KeysVisitor;

impl<'de> Visitor<'de> for KeysVisitor {
    type Value = Keys;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with components")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
        let mut keys = BTreeSet::new();
        while let Some((key, IgnoredAny)) = map.next_entry()? {
            keys.insert(key);
        }
        Ok(Keys(keys))
    }
}

#[derive(Deserialize)]
struct Wrapper<T> {
    spec: Option<T>,
}

/// `Snapshot.spec` (`appstudio.redhat.com/v1alpha1`); other keys are left alone.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, expecting = "an object with components")]
struct Spec {
    application: Option<String>,
    display_name: Option<String>,
    display_description: Option<String>,
    components: Option<Vec<Spanned<Entry>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a component: an object with name and containerImage")]
struct Entry {
    name: Option<String>,
    container_image: Option<Spanned<String>>,
    source: Option<Source>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with git")]
struct Source {
    git: Option<Git>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object with url and revision")]
struct Git {
    url: Option<String>,
    revision: Option<String>,
    context: Option<String>,
    devfile_url: Option<String>,
    dockerfile_url: Option<String>,
}

struct Parsed {
    spec: Spec,
    hint: Option<String>,
    name: String,
    bytes: Vec<u8>,
}

impl Parsed {
    /// Every entry has an image that can be asked for.
    fn checked(self) -> Result<Self, Vec<Diagnostic>> {
        let entries = self.spec.components.as_deref().unwrap_or_default();
        let text = String::from_utf8_lossy(&self.bytes);
        let faults: Vec<_> =
            entries.iter().filter_map(|entry| self.fault(entry, &text)).take(FAULTS).collect();
        if faults.is_empty() { Ok(self) } else { Err(faults) }
    }

    fn fault(&self, entry: &Spanned<Entry>, text: &str) -> Option<Diagnostic> {
        let component = entry.name.as_deref().unwrap_or("");
        let Some(image) = &entry.container_image else {
            let at = entry.position;
            let message = format!("{}: the component {component:?} at {at} has no containerImage", self.name);
            return Some(Diagnostic::new(message).within(&self.name, text, at.offset, 1, "here"));
        };
        let error = ImageRef::parse(image).err()?;
        let at = image.position;
        let message = format!("{}: component {component:?} at {at}: {error}", self.name);
        let label = error.reason.to_string();
        Some(Diagnostic::new(message).within(&self.name, text, at.offset, image.len().max(1), label))
    }

    fn snapshot(self) -> Snapshot {
        let component = |entry: Spanned<Entry>| {
            let Entry { name, container_image, source } = entry.value;
            Component {
                name: name.unwrap_or_default(),
                container_image: container_image.map(|image| image.value).unwrap_or_default(),
                source: source.and_then(|source| source.git).map(git),
            }
        };
        Snapshot {
            application: self.spec.application.unwrap_or_default(),
            display_name: self.spec.display_name.unwrap_or_default(),
            display_description: self.spec.display_description.unwrap_or_default(),
            components: self.spec.components.unwrap_or_default().into_iter().map(component).collect(),
        }
    }
}

fn git(git: Git) -> GitSource {
    GitSource {
        url: git.url.unwrap_or_default(),
        revision: git.revision.unwrap_or_default(),
        context: git.context.unwrap_or_default(),
        devfile_url: git.devfile_url.unwrap_or_default(),
        dockerfile_url: git.dockerfile_url.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
