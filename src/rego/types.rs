//! Types of the terms of a policy, as its compile-time checks see them.
//!
//! The derived order is the order in which a union lists its members.

mod json;
mod text;

use std::fmt::Display;
use std::sync::Arc;

use super::value::Value;

pub use text::parse_fn;

/// What a term can be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array(ArrayType),
    /// An object.
    Object(ObjectType),
    /// A set of items of a type.
    Set(Arc<Type>),
    /// One of several types, sorted; of none: anything.
    Any(Vec<Type>),
    /// A function.
    Function(Arc<FnType>),
}

/// An array: known items first, then any number of others.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArrayType {
    /// The type of the items behind the known ones; none: there are no others.
    pub rest: Option<Arc<Type>>,
    /// The types of the first items.
    pub items: Vec<Type>,
}

/// An object: known keys, and any number of others.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectType {
    /// The types of other keys and their values; none: there are no others.
    pub rest: Option<Arc<(Type, Type)>>,
    /// The known keys and the types of their values, sorted by key.
    pub keys: Vec<(Value, Type)>,
}

/// A function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FnType {
    /// The types of the arguments.
    pub args: Vec<Type>,
    /// The type of the result; none: it gives nothing.
    pub result: Option<Type>,
    /// The type of any number of further arguments.
    pub variadic: Option<Type>,
}

impl Type {
    /// Anything.
    pub const ANY: Self = Self::Any(Vec::new());

    /// An array of any number of items of a type.
    pub fn array_of(item: Self) -> Self {
        Self::Array(ArrayType { rest: Some(Arc::new(item)), items: Vec::new() })
    }

    /// An array of exactly these items.
    pub fn tuple(items: Vec<Self>) -> Self {
        Self::Array(ArrayType { rest: None, items })
    }

    /// An object of any number of keys and values of two types.
    pub fn object_of(key: Self, value: Self) -> Self {
        Self::Object(ObjectType { rest: Some(Arc::new((key, value))), keys: Vec::new() })
    }

    /// A set of items of a type.
    pub fn set_of(item: Self) -> Self {
        Self::Set(Arc::new(item))
    }

    /// One of several types. Unlike [`Type::or`] it keeps them as they are.
    pub fn one_of(mut types: Vec<Self>) -> Self {
        types.sort();
        Self::Any(types)
    }

    /// Whether it is anything at all.
    pub fn is_any(&self) -> bool {
        matches!(self, Self::Any(of) if of.is_empty())
    }

    /// The type of a value.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::String,
            Value::Array(items) => Self::tuple(items.iter().map(Self::of).collect()),
            Value::Object(pairs) => {
                let keys = pairs.iter().map(|(key, value)| (key.clone(), Self::of(value))).collect();
                Self::Object(ObjectType { rest: None, keys })
            }
            Value::Set(members) => {
                let item = members.iter().map(Self::of).reduce(Self::or);
                Self::set_of(item.unwrap_or(Self::ANY))
            }
        }
    }

    /// Whether every `other` is one of these; a union is compared member by member, anything else must be equal.
    pub fn contains(&self, other: &Self) -> bool {
        match self {
            Self::Any(_) if matches!(other, Self::Function(_)) => false,
            Self::Any(of) => of.is_empty() || of.binary_search(other).is_ok(),
            _ => self == other,
        }
    }

    /// What is either of the two.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Any(a), Self::Any(b)) if a.is_empty() || b.is_empty() => Self::ANY,
            (Self::Any(mut a), Self::Any(b)) => {
                a.extend(b);
                a.sort();
                a.dedup();
                Self::Any(a)
            }
            (Self::Any(mut of), one) | (one, Self::Any(mut of)) => {
                if !of.is_empty()
                    && let Err(at) = of.binary_search(&one)
                {
                    of.insert(at, one);
                }
                Self::Any(of)
            }
            (a, b) if a == b => a,
            (a, b) => Self::one_of(vec![a, b]),
        }
    }

    /// The type of what a reference finds under a constant key; nothing: it can never find anything.
    pub fn select(&self, key: &Value) -> Option<Self> {
        match self {
            Self::Array(array) => {
                let index = key.as_number()?.as_usize()?;
                array.items.get(index).or(array.rest.as_deref()).cloned()
            }
            Self::Object(object) => object.select(key).cloned(),
            Self::Set(item) => {
                let wanted = Self::of(key);
                match &**item {
                    it if *it == wanted => Some(wanted),
                    Self::Any(_) if item.contains(&wanted) => Some(wanted),
                    _ => None,
                }
            }
            Self::Any(of) if of.is_empty() => Some(Self::ANY),
            Self::Any(of) => of.iter().filter_map(|it| it.select(key)).reduce(Self::or),
            _ => None,
        }
    }

    /// The type of the keys that iteration gives: numbers for arrays, the items themselves for sets.
    pub fn keys(&self) -> Option<Self> {
        match self {
            Self::Array(_) => Some(Self::Number),
            Self::Object(object) => {
                let known = object.keys.iter().map(|(key, _)| Self::of(key));
                known.chain(object.rest.iter().map(|it| it.0.clone())).reduce(Self::or)
            }
            Self::Set(item) => Some((**item).clone()),
            Self::Any(of) if of.is_empty() => Some(Self::ANY),
            Self::Any(of) => of.iter().filter_map(Self::keys).reduce(Self::or),
            _ => None,
        }
    }

    /// The type of the values that iteration gives.
    pub fn values(&self) -> Option<Self> {
        match self {
            Self::Array(array) => array.items.iter().chain(array.rest.as_deref()).cloned().reduce(Self::or),
            Self::Object(object) => {
                let known = object.keys.iter().map(|(_, value)| value.clone());
                known.chain(object.rest.iter().map(|it| it.1.clone())).reduce(Self::or)
            }
            Self::Set(item) => Some((**item).clone()),
            Self::Any(of) if of.is_empty() => Some(Self::ANY),
            Self::Any(of) => of.iter().filter_map(Self::values).reduce(Self::or),
            _ => None,
        }
    }
}

impl ObjectType {
    /// The type of the value of a constant key.
    pub fn select(&self, key: &Value) -> Option<&Type> {
        if let Ok(at) = self.keys.binary_search_by(|(it, _)| it.cmp(key)) {
            return Some(&self.keys[at].1);
        }
        self.rest.as_deref().filter(|(keys, _)| keys.contains(&Type::of(key))).map(|(_, values)| values)
    }
}

impl FnType {
    /// How many arguments it takes at least.
    pub fn arity(&self) -> usize {
        self.args.len()
    }

    /// The type of the argument at a position counted from 0.
    pub fn arg(&self, index: usize) -> Option<&Type> {
        self.args.get(index).or(self.variadic.as_ref())
    }

    /// The types of the arguments as OPA writes them in messages: `(string, number)`.
    pub fn display_args(&self) -> impl Display + '_ {
        text::Arguments(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_union_is_sorted_and_keeps_each_once() {
        let union = Type::String.or(Type::Null).or(Type::String).or(Type::array_of(Type::ANY));
        assert_eq!(union.to_string(), "any<null, string, array[any]>");
        assert!(union.contains(&Type::Null) && !union.contains(&Type::Number));
        assert_eq!(union.or(Type::ANY), Type::ANY);
    }

    #[test]
    fn constant_keys_select_the_types_under_them() {
        let object = Type::Object(ObjectType {
            rest: Some(Arc::new((Type::String, Type::Number))),
            keys: vec![(Value::from("a"), Type::Boolean)],
        });
        assert_eq!(object.select(&"a".into()), Some(Type::Boolean));
        assert_eq!(object.select(&"b".into()), Some(Type::Number));
        assert_eq!(object.select(&1.into()), None);
        assert_eq!(Type::tuple(vec![Type::Null]).select(&1.into()), None);
        assert_eq!(Type::array_of(Type::String).select(&7.into()), Some(Type::String));
    }
}
