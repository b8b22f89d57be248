//! Types as OPA's capabilities and the details of its errors write them in JSON.

use super::{FnType, Type};
use crate::rego::value::{ObjectBuilder, Value};

impl Type {
    /// `{"type": "string"}`, `{"type": "set", "of": ..}` and so on.
    pub fn to_json(&self) -> Value {
        let mut out = ObjectBuilder::new();
        let name = match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::Any(of) => {
                if !of.is_empty() {
                    out.push_str("of", list(of));
                }
                "any"
            }
            Self::Set(item) => {
                out.push_str("of", item.to_json());
                "set"
            }
            Self::Array(array) => {
                if let Some(rest) = &array.rest {
                    out.push_str("dynamic", rest.to_json());
                }
                if !array.items.is_empty() {
                    out.push_str("static", list(&array.items));
                }
                "array"
            }
            Self::Object(object) => {
                if let Some(rest) = &object.rest {
                    out.push_str("dynamic", pair(rest.0.to_json(), &rest.1));
                }
                if !object.keys.is_empty() {
                    let keys = object.keys.iter().map(|(key, value)| pair(key.clone(), value));
                    out.push_str("static", keys.collect::<Vec<_>>());
                }
                "object"
            }
            Self::Function(function) => return function.to_json(),
        };
        out.push_str("type", name);
        out.build_last_wins().into()
    }
}

impl FnType {
    /// `{"type": "function", "args": [..], "result": ..}`.
    pub fn to_json(&self) -> Value {
        let mut out = ObjectBuilder::new();
        if !self.args.is_empty() {
            out.push_str("args", list(&self.args));
        }
        if let Some(result) = &self.result {
            out.push_str("result", result.to_json());
        }
        out.push_str("type", "function");
        if let Some(variadic) = &self.variadic {
            out.push_str("variadic", variadic.to_json());
        }
        out.build_last_wins().into()
    }
}

fn list(types: &[Type]) -> Value {
    types.iter().map(Type::to_json).collect::<Vec<_>>().into()
}

fn pair(key: Value, value: &Type) -> Value {
    let mut out = ObjectBuilder::new();
    out.push_str("key", key);
    out.push_str("value", value.to_json());
    out.build_last_wins().into()
}

#[cfg(test)]
mod tests {
    use crate::rego::types::parse_fn;
    use crate::rego::value::{ReadLimits, json};

    #[test]
    fn a_declaration_is_written_as_the_capabilities_write_it() {
        for (text, want) in [
            ("() => number", r#"{"result": {"type": "number"}, "type": "function"}"#),
            ("(any...) => ???", r#"{"type": "function", "variadic": {"type": "any"}}"#),
            (
                "(any<string, set[any]>, object<a: null>[string: any]) => array<any>[number]",
                concat!(
                    r#"{"args": [{"of": [{"type": "string"}, {"of": {"type": "any"}, "type": "set"}], "type": "any"}, "#,
                    r#"{"dynamic": {"key": {"type": "string"}, "value": {"type": "any"}}, "#,
                    r#""static": [{"key": "a", "value": {"type": "null"}}], "type": "object"}], "#,
                    r#""result": {"dynamic": {"type": "number"}, "static": [{"type": "any"}], "type": "array"}, "#,
                    r#""type": "function"}"#
                ),
            ),
        ] {
            let have = parse_fn(text).unwrap().to_json();
            assert_eq!(have, json::read(want.as_bytes(), &ReadLimits::default()).unwrap(), "{text}");
        }
    }
}
