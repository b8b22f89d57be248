//! JSON read one level at a time: a statement may hold an SBOM of megabytes, of which the checks here look at a
//! dozen fields. What is not looked at is skipped, not built.
//!
//! The text was checked by [`crate::json::check`] before, so it is well-formed and free of repeated keys.

use std::collections::HashMap;

use serde_json::value::RawValue;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    raw: &'a str,
    path: String,
}

/// A value is not what it should be.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("'{path}' {problem}")]
pub struct Nonconforming {
    /// JSON pointer; `/` is the document.
    pub path: String,
    /// What is wrong there.
    pub problem: Problem,
}

/// See [`Nonconforming`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Problem {
    /// A field that must be there.
    #[error("misses the property '{0}'")]
    Missing(&'static str),
    /// A value of another type.
    #[error("is not {0}")]
    NotA(&'static str),
    /// A text with another value than the only one allowed.
    #[error("is {found:?}, not {expected:?}")]
    Unexpected {
        /// What stands there.
        found: String,
        /// What should.
        expected: &'static str,
    },
    /// Too few items, or no characters.
    #[error("is empty")]
    Empty,
    /// More items than allowed.
    #[error("has more than {0} items")]
    TooMany(usize),
    /// A digest's algorithm.
    #[error("has the unknown digest algorithm {0:?}")]
    Algorithm(String),
}

type Step<T> = Result<T, Nonconforming>;

impl<'a> Node<'a> {
    /// The whole document, which must have been checked.
    pub(super) fn document(text: &'a str) -> Self {
        Self { raw: text.trim_ascii(), path: String::new() }
    }

    pub(super) fn path(&self) -> &str {
        if self.path.is_empty() { "/" } else { &self.path }
    }

    pub(super) fn wrong(&self, problem: Problem) -> Nonconforming {
        Nonconforming { path: self.path().to_owned(), problem }
    }

    pub(super) fn is_null(&self) -> bool {
        self.raw == "null"
    }

    pub(super) fn is_object(&self) -> bool {
        self.raw.starts_with('{')
    }

    /// The fields of an object.
    pub(super) fn fields(&self) -> Step<Fields<'a>> {
        let not_an_object = || self.wrong(Problem::NotA("an object"));
        if !self.is_object() {
            return Err(not_an_object());
        }
        let fields = serde_json::from_str(self.raw).map_err(|_| not_an_object())?;
        Ok(Fields { owner: self.clone(), fields })
    }

    pub(super) fn object(&self) -> Step<()> {
        if self.is_object() { Ok(()) } else { Err(self.wrong(Problem::NotA("an object"))) }
    }

    /// The items of an array, at most `limit`.
    pub(super) fn items(&self, limit: usize) -> Step<Vec<Self>> {
        let items: Vec<&RawValue> =
            serde_json::from_str(self.raw).map_err(|_| self.wrong(Problem::NotA("an array")))?;
        if items.len() > limit {
            return Err(self.wrong(Problem::TooMany(limit)));
        }
        let node = |(index, it): (usize, &&'a RawValue)| Self {
            raw: it.get(),
            path: format!("{}/{index}", self.path),
        };
        Ok(items.iter().enumerate().map(node).collect())
    }

    pub(super) fn text(&self) -> Step<String> {
        serde_json::from_str(self.raw).map_err(|_| self.wrong(Problem::NotA("a string")))
    }

    /// A text of at least one character.
    pub(super) fn some_text(&self) -> Step<String> {
        let text = self.text()?;
        if text.is_empty() { Err(self.wrong(Problem::Empty)) } else { Ok(text) }
    }

    pub(super) fn boolean(&self) -> Step<()> {
        if matches!(self.raw, "true" | "false") {
            Ok(())
        } else {
            Err(self.wrong(Problem::NotA("a boolean")))
        }
    }
}

/// An object's fields, by their exact names: a field in another case is another field.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    owner: Node<'a>,
    fields: HashMap<String, &'a RawValue>,
}

impl<'a> Fields<'a> {
    pub(super) fn optional(&self, name: &str) -> Option<Node<'a>> {
        self.fields.get(name).map(|it| self.node(name, it))
    }

    pub(super) fn required(&self, name: &'static str) -> Step<Node<'a>> {
        self.optional(name).ok_or_else(|| self.owner.wrong(Problem::Missing(name)))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Node<'a>)> {
        self.fields.iter().map(|(name, it)| (name.as_str(), self.node(name, it)))
    }

    fn node(&self, name: &str, raw: &&'a RawValue) -> Node<'a> {
        let name = name.replace('~', "~0").replace('/', "~1");
        Node { raw: raw.get(), path: format!("{}/{name}", self.owner.path) }
    }
}
