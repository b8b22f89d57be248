//! A value with the place where it was written.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::json::Position;

/// A value and its place; only documents read by [`super::from_slice`] know places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it begins.
    pub position: Position,
}

impl<T> Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// The struct that the reader of this module takes for a [`Spanned`].
pub(super) const NAME: &str = "$ec::Spanned";
pub(super) const FIELDS: &[&str] = &["offset", "line", "column", "value"];

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct(NAME, FIELDS, SpannedVisitor(PhantomData))
    }
}

struct SpannedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for SpannedVisitor<T> {
    type Value = Spanned<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value with its place")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut number = |name: &str| match map.next_entry::<String, usize>()? {
            Some((key, number)) if key == name => Ok(number),
            _ => Err(A::Error::custom("this reader does not know places")),
        };
        let position =
            Position { offset: number("offset")?, line: number("line")?, column: number("column")? };
        match map.next_entry::<String, T>()? {
            Some((_, value)) => Ok(Spanned { value, position }),
            None => Err(A::Error::custom("this reader does not know places")),
        }
    }
}
