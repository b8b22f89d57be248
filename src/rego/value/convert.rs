//! Rust values as values of Rego.

use super::{Array, Number, Object, Set, Str, Value};

impl From<bool> for Value {
    fn from(it: bool) -> Self {
        Self::Bool(it)
    }
}

impl From<Number> for Value {
    fn from(it: Number) -> Self {
        Self::Number(it)
    }
}

macro_rules! from_number {
    ($($type:ty),*) => {$(
        impl From<$type> for Value {
            fn from(it: $type) -> Self {
                Self::Number(Number::from(it))
            }
        }
    )*};
}

from_number!(i32, i64, u32, u64, usize);

/// A float that is not finite has no number in Rego: it becomes null, as in JSON.
impl From<f64> for Value {
    fn from(it: f64) -> Self {
        Number::from_f64(it).map_or(Self::Null, Self::Number)
    }
}

impl From<&str> for Value {
    fn from(it: &str) -> Self {
        Self::String(it.into())
    }
}

impl From<String> for Value {
    fn from(it: String) -> Self {
        Self::String(it.into())
    }
}

impl From<Str> for Value {
    fn from(it: Str) -> Self {
        Self::String(it)
    }
}

impl From<Array> for Value {
    fn from(it: Array) -> Self {
        Self::Array(it)
    }
}

impl From<Vec<Value>> for Value {
    fn from(it: Vec<Value>) -> Self {
        Self::Array(it.into())
    }
}

impl From<Object> for Value {
    fn from(it: Object) -> Self {
        Self::Object(it)
    }
}

impl From<Set> for Value {
    fn from(it: Set) -> Self {
        Self::Set(it)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(it: Option<T>) -> Self {
        it.map_or(Self::Null, Into::into)
    }
}
