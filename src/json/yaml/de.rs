//! Nodes of a document as serde sees them.

use std::fmt::{self, Display};

use serde::de::value::{StrDeserializer, UsizeDeserializer};
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::spanned::{FIELDS, NAME};
use super::{pairs, position, yaml_error};
use crate::json::{Position, ReadError, ReadErrorKind};
use crate::rego::value::yaml::{Node, NodeKind, Scalar, Tree, meaning};

/// What serde found wrong; the innermost node that noticed gives the place.
#[derive(Debug)]
pub(super) struct Error {
    kind: ReadErrorKind,
    position: Option<Position>,
}

/// Characters of a text that a message shows.
const SHOWN: usize = 80;

impl Error {
    pub(super) fn into_read_error(self) -> ReadError {
        ReadError { kind: self.kind, position: self.position }
    }

    fn or_at(self, node: &Node) -> Self {
        let position = self.position.or_else(|| Some(position(node.mark)));
        Self { position, ..self }
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        Self { kind: error.kind, position: error.position }
    }
}

impl de::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Self { kind: ReadErrorKind::Shape(message.to_string()), position: None }
    }

    /// In the words of YAML and JSON rather than serde's.
    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        match found {
            Unexpected::Unit => Self::custom(format_args!("expected {expected}, found null")),
            Unexpected::Seq => Self::custom(format_args!("expected {expected}, found a list")),
            Unexpected::Map => Self::custom(format_args!("expected {expected}, found an object")),
            Unexpected::Str(text) => {
                let text: String = text.chars().take(SHOWN).collect();
                Self::custom(format_args!("expected {expected}, found the text {text:?}"))
            }
            other => Self::custom(format_args!("expected {expected}, found {other}")),
        }
    }
}

impl std::error::Error for Error {}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

/// A node to be read as a type.
#[derive(Clone, Copy)]
pub(super) struct NodeReader<'t> {
    tree: &'t Tree,
    node: &'t Node,
}

impl<'t> NodeReader<'t> {
    pub(super) fn new(tree: &'t Tree, node: &'t Node) -> Self {
        Self { tree, node }
    }

    /// What a scalar means; nothing for collections.
    fn scalar(&self) -> Result<Option<Scalar>, Error> {
        match &self.node.kind {
            NodeKind::Scalar { text, style } => {
                meaning(self.node, text, *style).map(Some).map_err(|error| yaml_error(error).into())
            }
            _ => Ok(None),
        }
    }

    /// The text of a scalar as it was written; nothing for null and collections.
    fn text(&self) -> Result<Option<&'t str>, Error> {
        let null = matches!(self.scalar()?, None | Some(Scalar::Null));
        match &self.node.kind {
            NodeKind::Scalar { text, .. } if !null => Ok(Some(text)),
            _ => Ok(None),
        }
    }

    fn any<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match (&self.node.kind, self.scalar()?) {
            (NodeKind::Sequence(items), _) => {
                let nodes: Vec<_> = items.iter().map(|id| self.tree.node(*id)).collect();
                visitor.visit_seq(Items { tree: self.tree, nodes: nodes.into_iter() })
            }
            (NodeKind::Mapping(inner), _) => {
                let pairs = pairs(self.tree, inner)?;
                visitor.visit_map(Pairs { tree: self.tree, rest: pairs.into_iter(), value: None })
            }
            (_, None | Some(Scalar::Null)) => visitor.visit_unit(),
            (_, Some(Scalar::Bool(it))) => visitor.visit_bool(it),
            (_, Some(Scalar::Float(it))) => visitor.visit_f64(it),
            (_, Some(Scalar::Int(it))) => match (i64::try_from(it), u64::try_from(it)) {
                (Ok(it), _) => visitor.visit_i64(it),
                (_, Ok(it)) => visitor.visit_u64(it),
                _ => visitor.visit_i128(it),
            },
            (NodeKind::Scalar { text, .. }, Some(Scalar::Text)) => visitor.visit_str(text),
        }
    }

    fn read<'de, V: Visitor<'de>>(
        self,
        visitor: V,
        how: impl FnOnce(Self, V) -> Result<V::Value, Error>,
    ) -> Result<V::Value, Error> {
        how(self, visitor).map_err(|error| error.or_at(self.node))
    }
}

macro_rules! text {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.read(visitor, |it, visitor| match it.text()? {
                Some(text) => visitor.visit_str(text),
                None => it.any(visitor),
            })
        }
    )*};
}

macro_rules! any {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.read(visitor, Self::any)
        }
    )*};
}

impl<'de> Deserializer<'de> for NodeReader<'_> {
    type Error = Error;

    text! { deserialize_str deserialize_string deserialize_char deserialize_identifier }

    any! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_bytes deserialize_byte_buf deserialize_unit deserialize_seq
        deserialize_map
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.read(visitor, |it, visitor| match it.scalar()? {
            Some(Scalar::Null) => visitor.visit_none(),
            _ => visitor.visit_some(it),
        })
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.read(visitor, Self::any)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.read(visitor, |it, visitor| visitor.visit_newtype_struct(it))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.read(visitor, Self::any)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.read(visitor, Self::any)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.read(visitor, |it, visitor| {
            if name == NAME {
                return visitor.visit_map(Place { reader: it, field: 0 });
            }
            // serde would take a list for a struct, member by member.
            if matches!(it.node.kind, NodeKind::Sequence(_)) {
                return Err(de::Error::invalid_type(Unexpected::Seq, &"an object"));
            }
            it.any(visitor)
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.read(visitor, |it, visitor| match &it.node.kind {
            NodeKind::Mapping(inner) => match pairs(it.tree, inner)?.as_slice() {
                [(key, value)] => {
                    let variant =
                        Variant { name: Self { node: key, ..it }, content: Some(Self { node: value, ..it }) };
                    visitor.visit_enum(variant)
                }
                _ => Err(de::Error::custom("expected a mapping of one key, the name of a variant")),
            },
            _ => visitor.visit_enum(Variant { name: it, content: None }),
        })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

struct Items<'t> {
    tree: &'t Tree,
    nodes: std::vec::IntoIter<&'t Node>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        self.nodes.next().map(|node| seed.deserialize(NodeReader::new(self.tree, node))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.nodes.len())
    }
}

struct Pairs<'t> {
    tree: &'t Tree,
    rest: std::vec::IntoIter<(&'t Node, &'t Node)>,
    value: Option<&'t Node>,
}

impl<'de> MapAccess<'de> for Pairs<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((key, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(Key(NodeReader::new(self.tree, key))).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let value = self
            .value
            .take()
            .ok_or_else(|| <Error as de::Error>::custom("a value was asked for before its key"))?;
        seed.deserialize(NodeReader::new(self.tree, value))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// A key: always the text that was written.
struct Key<'t>(NodeReader<'t>);

impl<'de> Deserializer<'de> for Key<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.deserialize_str(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The fields of a `Spanned`.
struct Place<'t> {
    reader: NodeReader<'t>,
    field: usize,
}

impl<'de> MapAccess<'de> for Place<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let name: Option<StrDeserializer<'_, Error>> =
            FIELDS.get(self.field).map(|name| (*name).into_deserializer());
        name.map(|name| seed.deserialize(name)).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let mark = self.reader.node.mark;
        let number = [mark.offset, mark.line, mark.column].get(self.field).copied();
        self.field += 1;
        match number {
            Some(number) => {
                let number: UsizeDeserializer<Error> = number.into_deserializer();
                seed.deserialize(number)
            }
            None => seed.deserialize(self.reader),
        }
    }
}

struct Variant<'t> {
    name: NodeReader<'t>,
    content: Option<NodeReader<'t>>,
}

impl<'de, 't> EnumAccess<'de> for Variant<'t> {
    type Error = Error;
    type Variant = Content<'t>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content<'t>), Error> {
        Ok((seed.deserialize(self.name)?, Content(self.content)))
    }
}

struct Content<'t>(Option<NodeReader<'t>>);

impl Content<'_> {
    fn missing() -> Error {
        de::Error::custom("the variant has content, which is missing")
    }
}

impl<'de> VariantAccess<'de> for Content<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.0 {
            None => Ok(()),
            Some(content) => {
                let error: Error = de::Error::custom("the variant has no content");
                Err(error.or_at(content.node))
            }
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.0.ok_or_else(Self::missing)?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.0.ok_or_else(Self::missing)?.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.ok_or_else(Self::missing)?.deserialize_map(visitor)
    }
}
