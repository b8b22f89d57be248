//! The values of the Rego engine: what JSON can say, and sets.
//!
//! [`Value`] is cheap to clone (every large part is shared) and immutable once built. What stands behind
//! [`Str`], [`Array`], [`Object`] and [`Set`] is private, so that it can change without touching users.
//!
//! # Order and equality
//! The total order is OPA's: null, booleans, numbers, strings, arrays, objects, sets. Numbers compare by value
//! (`1 == 1.0`), strings by bytes, the others item by item and then by length; objects by their sorted pairs.
//! `Eq` and `Hash` agree with it. Storage shared by both sides is noticed first and never compared.
//!
//! # Depth
//! Every value knows how deeply it nests ([`Value::depth`], no walk needed). Comparing, hashing, printing and
//! dropping recurse, so nesting must stay bounded: readers refuse documents deeper than [`MAX_DEPTH`], and who
//! builds a value around other values in a loop (the machine at its collection instructions, the call of a
//! builtin) checks [`Value::check_depth`] on the result. One unchecked step adds one level, so the stack is safe.
//!
//! # Size
//! A value that holds another twice shares it, so a few dozen steps make a value that would take years to walk through.
//! Every value knows its number of parts as it knows its depth ([`Value::parts`]), and the same check bounds both.

mod array;
mod convert;
mod limits;
mod number;
mod object;
mod order;
mod print;
mod serde;
mod set;
mod shared;
mod text;

pub mod json;
pub mod yaml;

pub use array::{Array, ArrayIter};
pub use limits::{MAX_DEPTH, MAX_PARTS, ReadLimits, TooDeep};
pub use number::{Number, NumberError};
pub use object::{KeyConflict, Object, ObjectBuilder, ObjectIter};
pub use set::{Set, SetBuilder, SetIter};
pub use text::Str;

/// A value of Rego.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, which keeps the text it was written with.
    Number(Number),
    /// Text, valid UTF-8.
    String(Str),
    /// Values by position.
    Array(Array),
    /// Values by key; a key may be any value.
    Object(Object),
    /// Values without order or repetition.
    Set(Set),
}

/// What kind of value it is, in the order in which kinds sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// A number.
    Number,
    /// Text.
    String,
    /// Values by position.
    Array,
    /// Values by key.
    Object,
    /// Values without order.
    Set,
}

impl Kind {
    /// The name that OPA gives to the kind, as in `type_name`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
            Self::Set => "set",
        }
    }
}

impl Value {
    /// The kind of the value.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Boolean,
            Self::Number(_) => Kind::Number,
            Self::String(_) => Kind::String,
            Self::Array(_) => Kind::Array,
            Self::Object(_) => Kind::Object,
            Self::Set(_) => Kind::Set,
        }
    }

    /// The name of the kind as OPA prints it: `null`, `boolean`, `number`, `string`, `array`, `object`, `set`.
    pub fn type_name(&self) -> &'static str {
        self.kind().name()
    }

    /// What a reference finds under `key`: the value of an object's key, an array's item at a number written as an
    /// integer (`1`, not `1.0`), a set's member itself. Nothing for the other kinds.
    pub fn get(&self, key: &Self) -> Option<&Self> {
        match self {
            Self::Array(items) => items.get(index_of(key)?),
            Self::Object(pairs) => pairs.get(key),
            Self::Set(members) => members.get(key),
            _ => None,
        }
    }

    /// What a reference of several keys finds.
    pub fn get_path<'a>(&'a self, path: impl IntoIterator<Item = &'a Self>) -> Option<&'a Self> {
        path.into_iter().try_fold(self, |value, key| value.get(key))
    }

    /// What stands under a string key of an object.
    pub fn get_str(&self, key: &str) -> Option<&Self> {
        self.as_object()?.get_str(key)
    }

    /// The number of items, pairs or members. Nothing for scalars and strings.
    pub fn count(&self) -> Option<usize> {
        match self {
            Self::Array(items) => Some(items.len()),
            Self::Object(pairs) => Some(pairs.len()),
            Self::Set(members) => Some(members.len()),
            _ => None,
        }
    }

    /// How deeply the value nests: 0 for scalars and strings, 1 for `[]`, 2 for `[[]]`.
    pub fn depth(&self) -> u32 {
        self.extent().depth
    }

    /// How many parts the value has, itself included, where what is shared counts each time it stands there: what it
    /// takes to walk through it. Saturating.
    pub fn parts(&self) -> u32 {
        self.extent().parts
    }

    /// Where an array, object or set stands in memory: while it is held, nothing else has this number, so two that
    /// have the same are equal.
    pub(crate) fn storage(&self) -> Option<usize> {
        match self {
            Self::Array(items) => Some(items.storage()),
            Self::Object(pairs) => Some(pairs.storage()),
            Self::Set(members) => Some(members.storage()),
            _ => None,
        }
    }

    fn extent(&self) -> Extent {
        match self {
            Self::Array(items) => items.extent(),
            Self::Object(pairs) => pairs.extent(),
            Self::Set(members) => members.extent(),
            _ => Extent::SCALAR,
        }
    }

    /// Whether the value nests no deeper than [`MAX_DEPTH`] and has no more parts than [`MAX_PARTS`].
    ///
    /// # Errors
    /// [`TooDeep`] where it does: the value must be dropped and not be built upon.
    pub fn check_depth(&self) -> Result<(), TooDeep> {
        let extent = self.extent();
        if extent.depth > MAX_DEPTH || extent.parts > MAX_PARTS { Err(TooDeep) } else { Ok(()) }
    }

    /// The `bool` of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(it) = self { Some(*it) } else { None }
    }

    /// The number of a number.
    pub fn as_number(&self) -> Option<&Number> {
        if let Self::Number(it) = self { Some(it) } else { None }
    }

    /// The number, if it is an integer that fits, whatever its spelling (`1.0`, `1e3`).
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number()?.as_i64()
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(it) = self { Some(it.as_str()) } else { None }
    }

    /// The array of an array.
    pub fn as_array(&self) -> Option<&Array> {
        if let Self::Array(it) = self { Some(it) } else { None }
    }

    /// The object of an object.
    pub fn as_object(&self) -> Option<&Object> {
        if let Self::Object(it) = self { Some(it) } else { None }
    }

    /// The set of a set.
    pub fn as_set(&self) -> Option<&Set> {
        if let Self::Set(it) = self { Some(it) } else { None }
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is `false`: the one defined value that fails an expression of a body.
    pub fn is_false(&self) -> bool {
        matches!(self, Self::Bool(false))
    }

    /// An estimate of the heap bytes that this value itself owns, not counting what its parts own.
    pub fn shallow_bytes(&self) -> u64 {
        let (count, unit) = match self {
            Self::Null | Self::Bool(_) => return 0,
            Self::Number(it) => return it.heap_bytes(),
            Self::String(it) => return it.len() as u64 + 16,
            Self::Array(it) => (it.len(), size_of::<Self>()),
            Self::Set(it) => (it.len(), size_of::<Self>()),
            Self::Object(it) => (it.len(), 2 * size_of::<Self>()),
        };
        (count * unit) as u64 + limits::CONTAINER_BYTES
    }
}

fn index_of(key: &Value) -> Option<usize> {
    usize::try_from(key.as_number()?.as_plain_i64()?).ok()
}

/// How deep and how large a container is, parts that are shared counted each time they stand there.
#[derive(Clone, Copy)]
struct Extent {
    depth: u32,
    /// Saturating.
    parts: u32,
}

impl Extent {
    const SCALAR: Self = Self { depth: 0, parts: 1 };
    const EMPTY: Self = Self { depth: 1, parts: 1 };

    fn around<'a>(values: impl IntoIterator<Item = &'a Value>) -> Self {
        values.into_iter().fold(Self::EMPTY, Self::with)
    }

    /// The extent of the container with one more value in it.
    fn with(self, value: &Value) -> Self {
        let inner = value.extent();
        Self { depth: self.depth.max(1 + inner.depth), parts: self.parts.saturating_add(inner.parts) }
    }
}

#[cfg(test)]
mod tests;
