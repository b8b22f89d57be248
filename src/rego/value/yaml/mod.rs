//! YAML text to values, with the answers of the Go libraries that OPA reads YAML with: YAML 1.1.
//!
//! [`Tree`] is what the text says, with places; [`resolve`] is what a plain scalar means; [`read`] makes a value of both
//! as OPA's `yaml.unmarshal` does: keys become strings, of repeated keys the last wins, only the first document counts.

mod scalar;
mod tree;
mod write;

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub use scalar::{Scalar, resolve};
pub use tree::{Flavor, MAX_ALIASED_NODES, Mark, Node, NodeId, NodeKind, Style, Tree};
pub use write::{to_string, to_string_within};

use super::{Array, Number, ObjectBuilder, ReadLimits, Value};

/// Where and why a text is not YAML, or not YAML that can become a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {}: {kind}", mark.line)]
pub struct YamlError {
    /// What is wrong.
    pub kind: YamlErrorKind,
    /// Where.
    pub mark: Mark,
}

/// What is wrong with a text that should be YAML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum YamlErrorKind {
    /// Not YAML.
    #[error("{0}")]
    Syntax(String),
    /// Bytes that are not UTF-8.
    #[error("invalid UTF-8")]
    InvalidUtf8,
    /// A directive that asks for another version than 1.1.
    #[error("found incompatible YAML document")]
    Version,
    /// An escape that names half of a surrogate pair.
    #[error("found invalid Unicode character escape code")]
    Surrogate,
    /// An alias within the node that it points at.
    #[error("an anchor's value contains itself")]
    SelfReference,
    /// Aliases that unfold to too much.
    #[error("document contains excessive aliasing")]
    TooManyAliases,
    /// Deeper than the limit.
    #[error("nested deeper than {0} levels")]
    TooDeep(u32),
    /// More text than the limit.
    #[error("more than {0} bytes of text")]
    TooLong(usize),
    /// The document would take more memory than the limit.
    #[error("the document takes more than {0} bytes of memory")]
    TooLarge(u64),
    /// A tag that says something else than the text.
    #[error("cannot decode `{text}` as a {tag}")]
    Tag {
        /// The text.
        text: String,
        /// The tag, without its namespace.
        tag: String,
    },
    /// Infinity or not a number, which JSON cannot say.
    #[error("unsupported value: {0}")]
    NotFinite(&'static str),
    /// Something follows the document.
    #[error("a second document")]
    Trailing,
    /// A key that is null, a sequence or a mapping.
    #[error("invalid map key")]
    Key,
    /// A merge of something else than mappings.
    #[error("map merge requires map or sequence of maps as the value")]
    Merge,
}

impl YamlErrorKind {
    /// Is it a limit of ours? Then the document may well be good.
    pub fn is_limit(&self) -> bool {
        matches!(self, Self::TooDeep(_) | Self::TooLong(_) | Self::TooLarge(_))
    }

    fn at(self, mark: Mark) -> YamlError {
        YamlError { kind: self, mark }
    }
}

/// The value of the first document; null where there is none.
///
/// # Errors
/// [`YamlError`] says what is wrong and where.
pub fn read(bytes: &[u8], limits: &ReadLimits) -> Result<Value, YamlError> {
    if bytes.len() > limits.max_text_bytes {
        return Err(YamlErrorKind::TooLong(limits.max_text_bytes).at(Mark::default()));
    }
    let text = str::from_utf8(bytes).map_err(|_| YamlErrorKind::InvalidUtf8.at(Mark::default()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some(tree) = Tree::read(text, Flavor::Go, limits)? else { return Ok(Value::Null) };
    let mut reader = Reader { tree: &tree, aliased: HashMap::new() };
    reader.value(tree.root())
}

struct Reader<'a> {
    tree: &'a Tree,
    /// Collections that were made into values: a second alias shares them.
    aliased: HashMap<*const Node, Value>,
}

impl<'a> Reader<'a> {
    fn value(&mut self, node: &Node) -> Result<Value, YamlError> {
        if let NodeKind::Scalar { text, style } = &node.kind {
            return scalar_value(node, text, *style);
        }
        let key = std::ptr::from_ref(node);
        if let Some(value) = self.aliased.get(&key) {
            return Ok(value.clone());
        }
        let value = match &node.kind {
            NodeKind::Scalar { .. } => Value::Null,
            NodeKind::Sequence(items) => {
                let items = items.iter().map(|id| self.value(self.tree.node(*id)));
                Value::Array(items.collect::<Result<Vec<_>, _>>().map(Array::from)?)
            }
            NodeKind::Mapping(_) => {
                let mut pairs = ObjectBuilder::new();
                self.mapping(node, &mut pairs)?;
                Value::Object(pairs.build_last_wins())
            }
        };
        self.aliased.insert(key, value.clone());
        Ok(value)
    }

    fn mapping(&mut self, node: &Node, into: &mut ObjectBuilder) -> Result<(), YamlError> {
        let NodeKind::Mapping(pairs) = &node.kind else { return Err(YamlErrorKind::Merge.at(node.mark)) };
        for (key, value) in pairs {
            let (key, value) = (self.tree.node(*key), self.tree.node(*value));
            if is_merge(key) {
                self.merge(value, into)?;
            } else {
                into.push(key_text(key)?.into(), self.value(value)?);
            }
        }
        Ok(())
    }

    /// Pairs of the merged mappings; pairs that follow win, and of several mappings the first.
    fn merge(&mut self, node: &Node, into: &mut ObjectBuilder) -> Result<(), YamlError> {
        let tree: &'a Tree = self.tree;
        let mut add = |node: &Node| {
            let Value::Object(merged) = self.value(node)? else {
                return Err(YamlErrorKind::Merge.at(node.mark));
            };
            merged.iter().for_each(|(key, value)| into.push(key.clone(), value.clone()));
            Ok(())
        };
        match &node.kind {
            NodeKind::Sequence(items) => items.iter().rev().try_for_each(|id| add(tree.node(*id))),
            _ => add(node),
        }
    }
}

/// Whether the key is `<<`: its value are mappings to take pairs from.
pub fn is_merge(key: &Node) -> bool {
    matches!(&key.kind, NodeKind::Scalar { text, style: Style::Plain } if text == "<<")
        && key.tag.as_deref().is_none_or(|tag| tag == "tag:yaml.org,2002:merge")
}

/// What a scalar means, its tag considered.
///
/// # Errors
/// [`YamlErrorKind::Tag`] where the text is not what the tag says.
pub fn meaning(node: &Node, text: &str, style: Style) -> Result<Scalar, YamlError> {
    let wrong = |tag: &str| {
        let kind = YamlErrorKind::Tag { text: text.to_owned(), tag: format!("!!{tag}") };
        Err(kind.at(node.mark))
    };
    let Some(tag) = node.tag.as_deref() else {
        return Ok(if style == Style::Plain { resolve(text) } else { Scalar::Text });
    };
    let Some(tag) = tag.strip_prefix("tag:yaml.org,2002:") else { return Ok(Scalar::Text) };
    match (tag, resolve(text)) {
        ("null", it @ Scalar::Null)
        | ("bool", it @ Scalar::Bool(_))
        | ("int", it @ Scalar::Int(_))
        | ("float", it @ Scalar::Float(_)) => Ok(it),
        #[expect(clippy::cast_precision_loss, reason = "the nearest float is what is asked for")]
        ("float", Scalar::Int(int)) => Ok(Scalar::Float(int as f64)),
        ("null" | "bool" | "int" | "float", _) => wrong(tag),
        _ => Ok(Scalar::Text),
    }
}

fn scalar_value(node: &Node, text: &str, style: Style) -> Result<Value, YamlError> {
    let number = |float: f64| {
        let not_finite = if float.is_nan() {
            "NaN"
        } else if float > 0.0 {
            "+Inf"
        } else {
            "-Inf"
        };
        let number =
            Number::from_f64(float).ok_or_else(|| YamlErrorKind::NotFinite(not_finite).at(node.mark));
        number.map(Value::Number)
    };
    match meaning(node, text, style)? {
        Scalar::Null => Ok(Value::Null),
        Scalar::Bool(it) => Ok(it.into()),
        Scalar::Int(it) => Ok(Number::from_int(&it.into()).into()),
        Scalar::Float(it) => number(it),
        Scalar::Text if node.tag.as_deref() == Some(BINARY) => {
            binary(text).map_err(|kind| kind.at(node.mark))
        }
        Scalar::Text => Ok(text.into()),
    }
}

const BINARY: &str = "tag:yaml.org,2002:binary";

/// What `!!binary` encodes; bytes that are no text become U+FFFD, as in Go's JSON.
fn binary(text: &str) -> Result<Value, YamlErrorKind> {
    let encoded: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    let bytes = STANDARD.decode(encoded);
    let wrong = |_| YamlErrorKind::Tag { text: text.to_owned(), tag: "!!binary".to_owned() };
    Ok(String::from_utf8_lossy(&bytes.map_err(wrong)?).into_owned().into())
}

/// The text of a key: whatever it means, JSON has only strings for keys.
///
/// # Errors
/// [`YamlErrorKind::Key`] for null and collections.
pub fn key_text(node: &Node) -> Result<String, YamlError> {
    let NodeKind::Scalar { text, style } = &node.kind else { return Err(YamlErrorKind::Key.at(node.mark)) };
    match meaning(node, text, *style)? {
        Scalar::Null => Err(YamlErrorKind::Key.at(node.mark)),
        Scalar::Bool(it) => Ok(it.to_string()),
        Scalar::Int(it) => Ok(it.to_string()),
        Scalar::Float(it) => Ok(float_key(it)),
        Scalar::Text => Ok(text.clone()),
    }
}

/// A float as a key, which Go writes with 32 bits.
fn float_key(float: f64) -> String {
    if float.is_nan() {
        return ".nan".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    #[expect(clippy::cast_possible_truncation, reason = "32 bits are what Go writes")]
    let short = float as f32;
    let exponent = if short == 0.0 { 0.0 } else { short.abs().log10().floor() };
    if (-4.0..21.0).contains(&exponent) {
        return short.to_string();
    }
    let text = format!("{short:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |it| ('-', it));
    format!("{mantissa}e{sign}{digits:0>2}")
}

#[cfg(test)]
mod tests;
