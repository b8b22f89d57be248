//! Types as text, in OPA's notation: what messages show and tables of declarations say.

use std::fmt::{self, Display};
use std::sync::Arc;

use super::{ArrayType, FnType, ObjectType, Type};
use crate::rego::value::{Str, Value};

/// The types of a function's arguments in parentheses.
pub(super) struct Arguments<'a>(pub(super) &'a FnType);

impl Display for Arguments<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        list(f, &self.0.args)?;
        if let Some(variadic) = &self.0.variadic {
            let separator = if self.0.args.is_empty() { "" } else { ", " };
            write!(f, "{separator}{variadic}...")?;
        }
        f.write_str(")")
    }
}

fn list<T: Display>(f: &mut fmt::Formatter<'_>, items: impl IntoIterator<Item = T>) -> fmt::Result {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}

/// As OPA prints types: `any<null, string>`, `array<number>[any]`, `object<a: string>[string: any]`, `set[any]`.
impl Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean => f.write_str("boolean"),
            Self::Number => f.write_str("number"),
            Self::String => f.write_str("string"),
            Self::Array(array) => {
                f.write_str("array")?;
                angled(f, &array.items)?;
                array.rest.as_ref().map_or(Ok(()), |rest| write!(f, "[{rest}]"))
            }
            Self::Object(object) => {
                f.write_str("object")?;
                angled(f, object.keys.iter().map(|(key, value)| KeyType(key, value)))?;
                object.rest.as_ref().map_or(Ok(()), |rest| write!(f, "[{}: {}]", rest.0, rest.1))
            }
            Self::Set(item) => write!(f, "set[{item}]"),
            Self::Any(of) => {
                f.write_str("any")?;
                angled(f, of)
            }
            Self::Function(function) => write!(f, "{function}"),
        }
    }
}

fn angled<T: Display, I>(f: &mut fmt::Formatter<'_>, items: I) -> fmt::Result
where
    I: IntoIterator<Item = T, IntoIter: ExactSizeIterator>,
{
    let items = items.into_iter();
    if items.len() == 0 {
        return Ok(());
    }
    f.write_str("<")?;
    list(f, items)?;
    f.write_str(">")
}

/// A known key, without quotes where it is a string.
struct KeyType<'a>(&'a Value, &'a Type);

impl Display for KeyType<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::String(text) => write!(f, "{text}: {}", self.1),
            other => write!(f, "{other}: {}", self.1),
        }
    }
}

/// As OPA prints the types of functions: `(string, number) => boolean`; `???` where there is no result.
impl Display for FnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} => ", self.display_args())?;
        match &self.result {
            Some(result) => write!(f, "{result}"),
            None => f.write_str("???"),
        }
    }
}

/// Reads what [`Display`] writes. Nothing where the text is no type.
pub fn parse_fn(text: &str) -> Option<FnType> {
    let mut reader = Reader(text);
    let function = reader.function()?;
    reader.0.is_empty().then_some(function)
}

struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn eat(&mut self, token: &str) -> bool {
        let rest = self.0.strip_prefix(token);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn expect(&mut self, token: &str) -> Option<()> {
        self.eat(token).then_some(())
    }

    fn word(&mut self) -> &'a str {
        let end = self.0.find(|it: char| !it.is_ascii_alphanumeric() && it != '_').unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        word
    }

    fn function(&mut self) -> Option<FnType> {
        self.expect("(")?;
        let (mut args, mut variadic) = (Vec::new(), None);
        while !self.eat(")") {
            let arg = self.kind()?;
            if self.eat("...") {
                variadic = Some(arg);
            } else {
                args.push(arg);
            }
            self.eat(", ");
        }
        self.expect(" => ")?;
        let result = if self.eat("???") { None } else { Some(self.kind()?) };
        Some(FnType { args, result, variadic })
    }

    fn kind(&mut self) -> Option<Type> {
        Some(match self.word() {
            "null" => Type::Null,
            "boolean" => Type::Boolean,
            "number" => Type::Number,
            "string" => Type::String,
            "any" => Type::one_of(self.angled(Self::kind)?),
            "array" => {
                let items = self.angled(Self::kind)?;
                let rest = if self.eat("[") { Some(Arc::new(self.closed()?)) } else { None };
                Type::Array(ArrayType { rest, items })
            }
            "set" => {
                self.expect("[")?;
                Type::set_of(self.closed()?)
            }
            "object" => {
                let keys = self.angled(Self::known_key)?;
                let rest = if self.eat("[") { Some(Arc::new(self.other_keys()?)) } else { None };
                Type::Object(ObjectType { rest, keys })
            }
            _ => return None,
        })
    }

    fn closed(&mut self) -> Option<Type> {
        let item = self.kind()?;
        self.expect("]")?;
        Some(item)
    }

    fn other_keys(&mut self) -> Option<(Type, Type)> {
        let key = self.kind()?;
        self.expect(": ")?;
        Some((key, self.closed()?))
    }

    fn known_key(&mut self) -> Option<(Value, Type)> {
        let key = Value::String(Str::from(self.word()));
        self.expect(": ")?;
        Some((key, self.kind()?))
    }

    fn angled<T>(&mut self, item: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut items = Vec::new();
        if !self.eat("<") {
            return Some(items);
        }
        while !self.eat(">") {
            items.push(item(self)?);
            self.eat(", ");
        }
        Some(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_read_back_as_they_print() {
        for text in [
            "(any<null, string>, array<number, string>[any]) => set[any]",
            "(object<a: string, b: number>[string: any]) => ???",
            "(string, any...) => boolean",
        ] {
            assert_eq!(parse_fn(text).unwrap().to_string(), text);
        }
        assert_eq!(parse_fn("(strings) => any"), None);
    }
}
