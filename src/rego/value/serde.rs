//! Values to and from other representations through serde.
//!
//! Numbers are written with their own text; sets become arrays in order, keys that are not strings their JSON text.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};

use super::json::string_keys;
use super::{Array, Number, ObjectBuilder, Value};

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(it) => serializer.serialize_bool(*it),
            Self::Number(it) => it.serialize(serializer),
            Self::String(it) => serializer.serialize_str(it),
            Self::Array(it) => sequence(serializer, it.as_slice()),
            Self::Set(it) => sequence(serializer, it.as_slice()),
            Self::Object(it) => {
                let mut map = serializer.serialize_map(Some(it.len()))?;
                string_keys(it).try_for_each(|(key, value)| map.serialize_entry(&key, value))?;
                map.end()
            }
        }
    }
}

fn sequence<S: Serializer>(serializer: S, items: &[Value]) -> Result<S::Ok, S::Error> {
    let mut sequence = serializer.serialize_seq(Some(items.len()))?;
    items.iter().try_for_each(|item| sequence.serialize_element(item))?;
    sequence.end()
}

/// With its text, as far as the format can: JSON can.
impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.as_plain_i64() {
            Some(int) if int != 0 => serializer.serialize_i64(int),
            _ => serde_json::value::RawValue::from_string(self.to_string())
                .map_err(S::Error::custom)?
                .serialize(serializer),
        }
    }
}

/// From formats that say what they hold. JSON text is better read by [`super::json::read`], which keeps the text of numbers.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E>(self, it: bool) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_i64<E>(self, it: i64) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_u64<E>(self, it: u64) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_i128<E>(self, it: i128) -> Result<Value, E> {
        Ok(Number::from_int(&it.into()).into())
    }

    fn visit_f64<E: serde::de::Error>(self, it: f64) -> Result<Value, E> {
        Number::from_f64(it).map(Value::Number).ok_or_else(|| E::custom("a number that is not finite"))
    }

    fn visit_str<E>(self, it: &str) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_string<E>(self, it: String) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        checked(Array::from(items).into()).map_err(A::Error::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut pairs = ObjectBuilder::new();
        while let Some((key, value)) = access.next_entry::<String, Value>()? {
            pairs.push(key.into(), value);
        }
        checked(pairs.build_last_wins().into()).map_err(A::Error::custom)
    }
}

fn checked(value: Value) -> Result<Value, super::TooDeep> {
    value.check_depth()?;
    Ok(value)
}

/// As deep as the JSON is, which its own reader bounds.
impl From<&serde_json::Value> for Value {
    fn from(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(it) => (*it).into(),
            serde_json::Value::Number(it) => {
                let text = it.to_string();
                Number::from_text(&text).map_or(Self::Null, Self::Number)
            }
            serde_json::Value::String(it) => it.as_str().into(),
            serde_json::Value::Array(it) => it.iter().map(Self::from).collect::<Array>().into(),
            serde_json::Value::Object(it) => {
                let pairs = it.iter().map(|(key, value)| (key.as_str(), Self::from(value)));
                Self::Object(pairs.collect())
            }
        }
    }
}
