//! Local references of a schema: `#`, `#/definitions/x`, or the name that an `$id` gives.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;

use crate::rego::value::Value;

/// Finds what references name. Built in one walk of the document.
pub(super) struct Resolver<'a> {
    root: &'a Value,
    named: HashMap<&'a str, &'a Value>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(root: &'a Value) -> Self {
        let mut named = HashMap::new();
        let mut open = vec![root];
        while let Some(value) = open.pop() {
            match value {
                Value::Object(pairs) => {
                    for key in ["$id", "id"] {
                        if let Some(name) = value.get_str(key).and_then(Value::as_str) {
                            named.entry(name.strip_suffix('#').unwrap_or(name)).or_insert(value);
                        }
                    }
                    open.extend(pairs.values());
                }
                Value::Array(items) => open.extend(items.iter()),
                _ => {}
            }
        }
        Self { root, named }
    }

    /// The schema that a reference names.
    pub(super) fn find(&self, reference: &str) -> Result<&'a Value, String> {
        let (base, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let start = if base.is_empty() {
            self.root
        } else {
            self.named
                .get(base)
                .copied()
                .ok_or_else(|| format!("remote reference loading disabled: {reference}"))?
        };
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return self.named.get(format!("#{pointer}").as_str()).copied().ok_or_else(|| missing(pointer));
        }
        pointer.split('/').skip(1).try_fold(start, |value, token| {
            let token = percent_decode_str(token).decode_utf8_lossy().replace("~1", "/").replace("~0", "~");
            let found = match value {
                Value::Array(items) => token.parse().ok().and_then(|index| items.get(index)),
                other => other.get_str(&token),
            };
            found.ok_or_else(|| missing(&token))
        })
    }
}

fn missing(token: &str) -> String {
    format!("Object has no key '{token}'")
}
