//! What is known of types: of rules by their places, of variables by their numbers.

use std::collections::BTreeMap;

use crate::rego::types::{FnType, ObjectType, Type};
use crate::rego::value::Value;

use super::super::rules::{NodeId, RuleTree};
use super::super::tree::Var;

/// Parts that a type may have before it counts as anything: types of values built from values built from values
/// could grow without end. Larger literals are not looked into.
const MAX_TYPE_PARTS: usize = 1024;

/// How deeply a type may nest before it counts as anything; no honest document comes near.
const MAX_TYPE_DEPTH: usize = 64;

/// The type itself, unless it is too large to work with.
pub(crate) fn bounded(ty: Type) -> Type {
    let mut left = MAX_TYPE_PARTS;
    if fits(&ty, MAX_TYPE_DEPTH, &mut left) { ty } else { Type::ANY }
}

fn fits(ty: &Type, depth: usize, left: &mut usize) -> bool {
    if depth == 0 || *left == 0 {
        return false;
    }
    *left -= 1;
    match ty {
        Type::Null | Type::Boolean | Type::Number | Type::String => true,
        Type::Set(item) => fits(item, depth - 1, left),
        Type::Any(of) => of.iter().all(|it| fits(it, depth - 1, left)),
        Type::Array(array) => {
            array.items.iter().chain(array.rest.as_deref()).all(|it| fits(it, depth - 1, left))
        }
        Type::Object(object) => {
            let rest = object.rest.as_deref().into_iter().flat_map(|(key, value)| [key, value]);
            object.keys.iter().map(|(_, value)| value).chain(rest).all(|it| fits(it, depth - 1, left))
        }
        Type::Function(function) => {
            let parts = function.args.iter().chain(&function.result).chain(&function.variadic);
            parts.into_iter().all(|it| fits(it, depth - 1, left))
        }
    }
}

/// The types of rules, by place.
#[derive(Clone, Debug)]
pub(crate) struct RuleTypes {
    places: Vec<Option<Type>>,
    /// Whether anything at or below a place has a type.
    known: Vec<bool>,
}

impl RuleTypes {
    pub(crate) fn new(tree: &RuleTree) -> Self {
        Self { places: vec![None; tree.nodes.len()], known: vec![false; tree.nodes.len()] }
    }

    pub(crate) fn get(&self, place: NodeId) -> Option<&Type> {
        self.places[place.0 as usize].as_ref()
    }

    pub(crate) fn is_known(&self, place: NodeId) -> bool {
        self.known[place.0 as usize]
    }

    /// Replaces the type of a place.
    pub(crate) fn put(&mut self, tree: &RuleTree, place: NodeId, ty: Type) {
        self.places[place.0 as usize] = Some(ty);
        self.mark(tree, place);
    }

    /// Marks a place as known without giving it a type.
    pub(crate) fn mark(&mut self, tree: &RuleTree, place: NodeId) {
        let mut at = Some(place);
        while let Some(id) = at {
            self.known[id.0 as usize] = true;
            at = tree.get(id).parent;
        }
    }

    /// Adds the type of one more rule to a place, and to the objects around it.
    pub(crate) fn insert(&mut self, tree: &RuleTree, place: NodeId, ty: &Type) {
        let mut keys = vec![&tree.get(place).key];
        let mut at = tree.get(place).parent;
        while let Some(id) = at {
            if let Some(Type::Object(around)) = &self.places[id.0 as usize] {
                let path: Vec<&Value> = keys.iter().rev().copied().collect();
                let around = inserted(around.clone(), &path, ty);
                self.places[id.0 as usize] = Some(bounded(Type::Object(around)));
            }
            keys.push(&tree.get(id).key);
            at = tree.get(id).parent;
        }
        let slot = &mut self.places[place.0 as usize];
        let mut merged = merge(slot.take(), ty.clone());
        if let (Type::Object(_), Type::Object(_)) = (&merged, ty) {
            let mut leaves = Vec::new();
            self.leaves(tree, place, &mut Vec::new(), &mut leaves);
            for (path, leaf) in leaves {
                if let Type::Object(object) = merged {
                    let path: Vec<&Value> = path.iter().collect();
                    merged = Type::Object(inserted(object, &path, &leaf));
                }
            }
        }
        self.put(tree, place, bounded(merged));
    }

    fn leaves(&self, tree: &RuleTree, at: NodeId, path: &mut Vec<Value>, out: &mut Vec<(Vec<Value>, Type)>) {
        for (key, child) in &tree.get(at).children {
            path.push(key.clone());
            match self.get(*child) {
                Some(ty) => out.push((path.clone(), ty.clone())),
                None => self.leaves(tree, *child, path, out),
            }
            path.pop();
        }
    }

    /// The type of all that is at a place and below.
    pub(crate) fn extent(&self, tree: &RuleTree, place: NodeId) -> Type {
        let mut left = MAX_TYPE_PARTS;
        self.extent_within(tree, place, &mut left).unwrap_or(Type::ANY)
    }

    /// Nothing where it has more parts than are left.
    fn extent_within(&self, tree: &RuleTree, place: NodeId, left: &mut usize) -> Option<Type> {
        if let Some(ty) = self.get(place) {
            return fits(ty, MAX_TYPE_DEPTH, left).then(|| ty.clone());
        }
        let mut keys = Vec::new();
        for (key, child) in &tree.get(place).children {
            let is_key = matches!(key, Value::String(_) | Value::Number(_) | Value::Bool(_));
            if is_key && self.is_known(*child) {
                *left = left.checked_sub(1)?;
                keys.push((key.clone(), self.extent_within(tree, *child, left)?));
            }
        }
        let rest = Some(std::sync::Arc::new((Type::String, Type::ANY)));
        Some(Type::Object(ObjectType { rest, keys }))
    }
}

/// An object type that also has a value at a path; the keys count as other keys.
fn inserted(mut object: ObjectType, path: &[&Value], ty: &Type) -> ObjectType {
    let Some((key, path)) = path.split_first() else { return object };
    let value =
        if path.is_empty() { ty.clone() } else { Type::Object(inserted(ObjectType::default(), path, ty)) };
    let key = Type::of(key);
    let rest = match object.rest.as_deref() {
        Some((keys, values)) => (keys.clone().or(key), values.clone().or(value)),
        None => (key, value),
    };
    object.rest = Some(std::sync::Arc::new(rest));
    object
}

/// The type of what two rules make together.
fn merge(a: Option<Type>, b: Type) -> Type {
    let Some(a) = a else { return b };
    match (a, b) {
        (Type::Object(a), Type::Object(b)) if a.keys.is_empty() && b.keys.is_empty() => {
            let (Some(left), Some(right)) = (a.rest.as_deref(), b.rest.as_deref()) else {
                return Type::Object(a).or(Type::Object(b));
            };
            let key = left.0.clone().or(right.0.clone());
            Type::object_of(key, merge(Some(left.1.clone()), right.1.clone()))
        }
        (Type::Set(a), Type::Set(b)) => Type::set_of((*a).clone().or((*b).clone())),
        (Type::Function(a), Type::Function(b)) if a.args.len() == b.args.len() => {
            let args = a.args.iter().zip(&b.args).map(|(a, b)| a.clone().or(b.clone())).collect();
            let result = match (&a.result, &b.result) {
                (Some(a), Some(b)) => Some(a.clone().or(b.clone())),
                (a, b) => a.clone().or(b.clone()),
            };
            Type::Function(FnType { args, result, variadic: None }.into())
        }
        (a, b) => a.or(b),
    }
}

/// The types of the variables of one rule, where we are in it.
#[derive(Debug, Default)]
pub(crate) struct VarTypes {
    types: BTreeMap<Var, Type>,
    /// What to put back on leaving a closure.
    log: Vec<(Var, Option<Type>)>,
}

impl VarTypes {
    pub(crate) fn get(&self, var: Var) -> Option<&Type> {
        self.types.get(&var)
    }

    pub(crate) fn put(&mut self, var: Var, ty: Type) {
        let before = self.types.insert(var, bounded(ty));
        self.log.push((var, before));
    }

    pub(crate) fn mark(&self) -> usize {
        self.log.len()
    }

    pub(crate) fn back_to(&mut self, mark: usize) {
        for (var, before) in self.log.drain(mark..).rev() {
            match before {
                Some(ty) => self.types.insert(var, ty),
                None => self.types.remove(&var),
            };
        }
    }
}

/// The type of an object without known keys.
pub(crate) fn any_object() -> Type {
    Type::object_of(Type::ANY, Type::ANY)
}

/// The type of a value as OPA sees it written out: what is empty may hold anything. Parts of it that are too large to
/// work with count as anything, as in [`bounded`].
pub(crate) fn of_value(value: &Value) -> Type {
    Measured::of(value).ty
}

/// A type, and what it would take to go through it.
struct Measured {
    ty: Type,
    parts: usize,
    depth: usize,
}

impl Measured {
    fn of(value: &Value) -> Self {
        match value {
            Value::Array(items) if items.is_empty() => {
                Self { ty: Type::array_of(Type::ANY), parts: 2, depth: 2 }
            }
            Value::Object(pairs) if pairs.is_empty() => Self { ty: any_object(), parts: 3, depth: 2 },
            Value::Array(items) => Self::around(items, |types| Type::tuple(types.collect())),
            Value::Object(pairs) => Self::around(pairs.values(), |types| {
                let keys = pairs.keys().cloned().zip(types).collect();
                Type::Object(ObjectType { rest: None, keys })
            }),
            other => Self { ty: Type::of(other), parts: 1, depth: 1 },
        }
    }

    fn around<'a>(
        values: impl IntoIterator<Item = &'a Value>,
        make: impl FnOnce(&mut dyn Iterator<Item = Type>) -> Type,
    ) -> Self {
        let (mut parts, mut depth) = (1, 1);
        let mut types = values.into_iter().map(|value| {
            let inner = Self::of(value);
            (parts, depth) = (parts + inner.parts, depth.max(1 + inner.depth));
            inner.ty
        });
        let ty = make(&mut types);
        if parts > MAX_TYPE_PARTS || depth > MAX_TYPE_DEPTH {
            Self { ty: Type::ANY, parts: 1, depth: 1 }
        } else {
            Self { ty, parts, depth }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::rego::value::Object;

    use super::*;

    #[test]
    fn a_type_that_doubles_with_every_step_ends_as_anything() {
        let mut ty = Type::Number;
        for _ in 0..40 {
            ty = bounded(Type::tuple(vec![ty.clone(), ty]));
        }
        assert!(ty.to_string().len() < 100_000);
    }

    #[test]
    fn leaving_a_closure_forgets_what_was_learned_in_it() {
        let mut vars = VarTypes::default();
        vars.put(Var(0), Type::Number);
        let mark = vars.mark();
        vars.put(Var(0), Type::ANY);
        vars.put(Var(1), Type::String);
        vars.back_to(mark);
        assert_eq!((vars.get(Var(0)), vars.get(Var(1))), (Some(&Type::Number), None));
    }

    #[test]
    fn of_a_large_literal_its_large_parts_are_anything() {
        let wide = |count: i64| Value::from((0..count).map(Value::from).collect::<Vec<_>>());
        let parts: Object = [("large", wide(1024)), ("small", wide(2))].into_iter().collect();
        let ty = of_value(&Value::Object(parts));
        assert_eq!(ty.to_string(), "object<large: any, small: array<number, number>>");
        let deep = |levels| (0..levels).fold(Value::Null, |inner, _| Value::from(vec![inner]));
        let values = [wide(1022), wide(1023), wide(1024), deep(63), deep(64), deep(65), deep(66)];
        for value in values {
            assert_eq!(of_value(&value), bounded_one_by_one(&value));
        }
    }

    fn bounded_one_by_one(value: &Value) -> Type {
        match value {
            Value::Array(items) => bounded(Type::tuple(items.iter().map(bounded_one_by_one).collect())),
            other => Type::of(other),
        }
    }

    #[test]
    fn an_empty_object_is_of_any_keys() {
        assert_eq!(of_value(&Value::Object(Object::new())).to_string(), "object[any: any]");
    }
}
