//! References of a schema to parts of itself: `#`, `#/definitions/x`, or the name that an `$id` gives to a part, which
//! is a document of its own then: names within it are relative to its own.

use std::collections::HashMap;
use std::rc::Rc;

use percent_encoding::percent_decode_str;
use url::Url;

use crate::rego::value::Value;

/// Finds what references name. Built in one walk of the document.
pub(super) struct Resolver<'a> {
    named: HashMap<String, &'a Value>,
    /// By the place of the object that refers.
    referring: HashMap<*const Value, Rc<Document<'a>>>,
}

/// What a reference is relative to.
struct Document<'a> {
    /// Empty for a document without a name.
    id: String,
    root: &'a Value,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(root: &'a Value) -> Self {
        let mut resolver = Self { named: HashMap::new(), referring: HashMap::new() };
        let mut open = vec![(root, Rc::new(Document { id: String::new(), root }))];
        while let Some((value, document)) = open.pop() {
            match value {
                Value::Object(pairs) => {
                    let document = resolver.entered(value, document);
                    open.extend(pairs.values().map(|it| (it, Rc::clone(&document))));
                }
                Value::Array(items) => open.extend(items.iter().map(|it| (it, Rc::clone(&document)))),
                _ => {}
            }
        }
        resolver
    }

    /// The document that an object belongs to: its own, where it has a name.
    fn entered(&mut self, value: &'a Value, document: Rc<Document<'a>>) -> Rc<Document<'a>> {
        let id = ["$id", "id"].iter().find_map(|key| value.get_str(key)?.as_str());
        let document = match id {
            None => document,
            Some(id) => {
                let id = joined(&document.id, id);
                self.named.entry(id.trim_end_matches('#').to_owned()).or_insert(value);
                match id.split_once('#') {
                    Some((_, fragment)) if !fragment.is_empty() => document,
                    _ => Rc::new(Document { id: id.trim_end_matches('#').to_owned(), root: value }),
                }
            }
        };
        if value.get_str("$ref").is_some() {
            self.referring.insert(value, Rc::clone(&document));
        }
        document
    }

    /// The schema that the reference in `at` names.
    pub(super) fn find(&self, at: &'a Value, reference: &str) -> Result<&'a Value, String> {
        let unknown = || format!("remote reference loading disabled: {reference}");
        let document = self.referring.get(&std::ptr::from_ref(at)).ok_or_else(unknown)?;
        let (name, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let absolute = joined(&document.id, name);
        if !fragment.is_empty() && !fragment.starts_with('/') {
            return self
                .named
                .get(&format!("{absolute}#{fragment}"))
                .copied()
                .ok_or_else(|| missing(fragment));
        }
        let start = if name.is_empty() {
            document.root
        } else {
            self.named.get(&absolute).copied().ok_or_else(unknown)?
        };
        fragment.split('/').skip(1).try_fold(start, |value, token| {
            let token = percent_decode_str(token).decode_utf8_lossy().replace("~1", "/").replace("~0", "~");
            let found = match value {
                Value::Array(items) => token.parse().ok().and_then(|index| items.get(index)),
                other => other.get_str(&token),
            };
            found.ok_or_else(|| missing(&token))
        })
    }
}

/// RFC 3986, section 5; a base that is no absolute URI changes nothing.
fn joined(base: &str, reference: &str) -> String {
    match Url::parse(base).and_then(|base| base.join(reference)) {
        Ok(url) => url.to_string(),
        Err(_) if reference.is_empty() => base.to_owned(),
        Err(_) => reference.to_owned(),
    }
}

fn missing(token: &str) -> String {
    format!("Object has no key '{token}'")
}
