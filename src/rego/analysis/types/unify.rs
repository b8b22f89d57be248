//! Whether values of two types can be equal.

use crate::rego::types::{ArrayType, FnType, ObjectType, Type};
use crate::rego::value::Value;

/// Whether a value can be of both types.
pub(crate) fn unifies(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Any(of), _) if any_of(of, b) => true,
        (_, Type::Any(of)) => any_of(of, a),
        (Type::Null, Type::Null)
        | (Type::Boolean, Type::Boolean)
        | (Type::Number, Type::Number)
        | (Type::String, Type::String) => true,
        (Type::Array(a), Type::Array(b)) => arrays(a, b),
        (Type::Object(a), Type::Object(b)) => objects(a, b),
        (Type::Set(a), Type::Set(b)) => unifies(a, b),
        (Type::Function(a), Type::Function(b)) => functions(a, b),
        _ => false,
    }
}

fn any_of(of: &[Type], ty: &Type) -> bool {
    !matches!(ty, Type::Function(_)) && (of.is_empty() || of.iter().any(|it| unifies(it, ty)))
}

fn arrays(a: &ArrayType, b: &ArrayType) -> bool {
    known_items(a, b) && known_items(b, a) && both_or_neither(a.rest.as_deref(), b.rest.as_deref())
}

fn known_items(a: &ArrayType, b: &ArrayType) -> bool {
    a.items.iter().enumerate().all(|(at, item)| {
        let other = b.items.get(at).or(b.rest.as_deref());
        other.is_some_and(|other| unifies(item, other))
    })
}

fn both_or_neither(a: Option<&Type>, b: Option<&Type>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => unifies(a, b),
        _ => true,
    }
}

fn objects(a: &ObjectType, b: &ObjectType) -> bool {
    let rest = |it: &ObjectType| it.rest.as_deref().map(|(_, value)| value.clone());
    known_keys(a, b) && known_keys(b, a) && both_or_neither(rest(a).as_ref(), rest(b).as_ref())
}

fn known_keys(a: &ObjectType, b: &ObjectType) -> bool {
    a.keys.iter().all(|(key, value)| b.select(key).is_some_and(|other| unifies(value, other)))
}

fn functions(a: &FnType, b: &FnType) -> bool {
    a.args.len() == b.args.len() && a.args.iter().zip(&b.args).all(|(a, b)| unifies(a, b))
}

/// The keys that an object type is known to have, over all members of a union, sorted.
pub(crate) fn known_key_names(ty: &Type) -> Vec<Value> {
    let mut keys = Vec::new();
    match ty {
        Type::Object(object) => keys.extend(object.keys.iter().map(|(key, _)| key.clone())),
        Type::Any(of) => of.iter().for_each(|it| keys.extend(known_key_names(it))),
        _ => {}
    }
    keys.sort();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use crate::rego::types::parse_fn;

    use super::*;

    fn ty(text: &str) -> Type {
        parse_fn(&format!("({text}) => any")).unwrap().args[0].clone()
    }

    #[test]
    fn types_unify_where_a_value_can_be_of_both() {
        for (a, b, want) in [
            ("any", "string", true),
            ("any<number, string>", "any<null, string>", true),
            ("any<number, string>", "null", false),
            ("array<number>", "array<string>", false),
            ("array<number>", "array[number]", true),
            ("array<number, number>", "array<number>", false),
            ("object<a: number>", "object[string: number]", true),
            ("object<a: number>", "object<b: number>", false),
            ("set[number]", "set[string]", false),
        ] {
            assert_eq!(unifies(&ty(a), &ty(b)), want, "{a} and {b}");
            assert_eq!(unifies(&ty(b), &ty(a)), want, "{b} and {a}");
        }
    }
}
