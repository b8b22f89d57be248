//! Values and, where wanted, their text, built side by side, so that the two cannot drift apart.

use serde::Serialize;

use super::{Text, text};
use crate::model::FailureKind;
use crate::model::failure::StageError;
use crate::rego::value::json::{JsonErrorKind, read_prefix_counted};
use crate::rego::value::{ObjectBuilder, ReadLimits, Value, yaml};

/// A part of the document.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) value: Value,
    /// Compact JSON, `<`, `>` and `&` not yet escaped.
    pub(super) text: Option<String>,
}

/// Reads pieces within what is left of the limits.
pub(super) struct Reader<'a> {
    limits: &'a ReadLimits,
    text: Text,
    heap: u64,
}

impl<'a> Reader<'a> {
    pub(super) fn new(limits: &'a ReadLimits, text: Text) -> Self {
        Self { limits, text, heap: 0 }
    }

    pub(super) fn text(&self) -> Text {
        self.text
    }

    pub(super) fn heap_bytes(&self) -> u64 {
        self.heap
    }

    fn left(&self) -> ReadLimits {
        ReadLimits { max_heap_bytes: self.limits.max_heap_bytes.saturating_sub(self.heap), ..*self.limits }
    }

    /// JSON that was checked before.
    pub(super) fn read(&mut self, json: &[u8]) -> Result<Piece, StageError> {
        let (value, _, heap) = read_prefix_counted(json, &self.left()).map_err(|why| {
            let kind = match why.kind {
                JsonErrorKind::TooDeep(_) | JsonErrorKind::TooLong(_) | JsonErrorKind::TooLarge(_) => {
                    FailureKind::TooLarge
                }
                _ => FailureKind::Malformed,
            };
            StageError::new(kind, format!("the input document cannot be made: {why}"))
        })?;
        self.heap += heap;
        let text = (self.text == Text::Wanted).then(|| text::compact(&String::from_utf8_lossy(json)));
        Ok(Piece { value, text })
    }

    /// One of our own types.
    pub(super) fn json(&mut self, it: &impl Serialize) -> Result<Piece, StageError> {
        self.read(to_json(it)?.as_bytes())
    }

    /// A YAML or JSON file out of an image; nothing if it is neither. One that is too large may be either.
    pub(super) fn file(&mut self, bytes: &[u8]) -> Result<Option<Piece>, StageError> {
        let value = match yaml::read(bytes, &self.left()) {
            Ok(value) => value,
            Err(why) if why.kind.is_limit() => {
                let message = format!("the input document cannot be made: {}", why.kind);
                return Err(StageError::new(FailureKind::TooLarge, message));
            }
            Err(_) => return Ok(None),
        };
        let text = crate::rego::value::json::to_string(&value, crate::rego::value::json::Html::Plain);
        let piece = self.read(text.as_bytes())?;
        Ok(Some(piece))
    }
}

pub(super) fn to_json(it: &impl Serialize) -> Result<String, StageError> {
    serde_json::to_string(it).map_err(|why| {
        StageError::new(FailureKind::Malformed, format!("the input document cannot be made: {why}"))
    })
}

/// An object or array in the making.
pub(super) struct Builder {
    kind: Kind,
    text: Option<String>,
}

enum Kind {
    Object(ObjectBuilder),
    Array(Vec<Value>),
}

impl Builder {
    pub(super) fn object(text: Text) -> Self {
        Self {
            kind: Kind::Object(ObjectBuilder::new()),
            text: (text == Text::Wanted).then(|| "{".to_owned()),
        }
    }

    pub(super) fn array(text: Text) -> Self {
        Self { kind: Kind::Array(Vec::new()), text: (text == Text::Wanted).then(|| "[".to_owned()) }
    }

    /// Adds a field; keys are ours, or paths that JSON escapes.
    pub(super) fn push(&mut self, key: &str, piece: Piece) {
        if let Some(text) = &mut self.text {
            separate(text);
            text.push_str(&serde_json::Value::from(key).to_string());
            text.push(':');
            text.push_str(piece.text.as_deref().unwrap_or("null"));
        }
        if let Kind::Object(pairs) = &mut self.kind {
            pairs.push_str(key, piece.value);
        }
    }

    pub(super) fn push_item(&mut self, piece: Piece) {
        if let Some(text) = &mut self.text {
            separate(text);
            text.push_str(piece.text.as_deref().unwrap_or("null"));
        }
        if let Kind::Array(items) = &mut self.kind {
            items.push(piece.value);
        }
    }

    pub(super) fn build(self) -> Piece {
        let (value, end) = match self.kind {
            Kind::Object(pairs) => (Value::from(pairs.build_last_wins()), '}'),
            Kind::Array(items) => (Value::from(items), ']'),
        };
        let text = self.text.map(|mut it| {
            it.push(end);
            it
        });
        Piece { value, text }
    }
}

fn separate(text: &mut String) {
    if !text.ends_with(['{', '[']) {
        text.push(',');
    }
}
