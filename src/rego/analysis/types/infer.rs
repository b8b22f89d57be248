//! The types of terms, and what a unification teaches of the types of variables.

use crate::rego::analysis::maps::HashMap;
use crate::rego::types::{ObjectType, Type};
use crate::rego::value::{ObjectBuilder, SetBuilder, Value};

use super::super::tree::{Base, Kind, Ref, Term};
use super::unify::unifies;
use super::{Checker, env};

/// What becomes of a variable whose type is learned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Learn {
    /// A variable of a known type must fit it.
    Once,
    /// Its type becomes wider.
    Widen,
}

/// The value of a term that is built of literals.
pub(crate) fn constant(term: &Term) -> Option<Value> {
    match &term.kind {
        Kind::Scalar(value) => Some(value.clone()),
        Kind::Array(items) => items.iter().map(constant).collect::<Option<Vec<_>>>().map(Value::from),
        Kind::Set(items) => {
            let mut builder = SetBuilder::with_capacity(items.len());
            for item in items {
                builder.push(constant(item)?);
            }
            Some(Value::Set(builder.build()))
        }
        Kind::Object(pairs) => {
            let mut builder = ObjectBuilder::with_capacity(pairs.len());
            for (key, value) in pairs {
                builder.push(constant(key)?, constant(value)?);
            }
            Some(Value::Object(builder.build_last_wins()))
        }
        Kind::Var(_) | Kind::Ref(_) | Kind::Call(_) | Kind::Compr(_) | Kind::Template(_) => None,
    }
}

/// The type of what a step finds in values of a type.
pub(crate) fn step(ty: &Type, step: &Term) -> Option<Type> {
    match &step.kind {
        Kind::Scalar(key) => ty.select(key),
        _ => ty.values(),
    }
}

fn steps(ty: Type, steps: &[Term]) -> Option<Type> {
    steps.iter().try_fold(ty, |ty, it| step(&ty, it))
}

impl Checker<'_> {
    /// The type of a term, if all of it is known.
    pub(crate) fn of(&mut self, term: &Term) -> Option<Type> {
        let ty = match &term.kind {
            Kind::Scalar(value) => env::of_value(value),
            Kind::Var(var) => return self.vars.get(*var).cloned(),
            Kind::Ref(reference) => return self.of_ref(reference),
            Kind::Array(items) if items.is_empty() => Type::array_of(Type::ANY),
            Kind::Array(items) => Type::tuple(items.iter().map(|it| self.of(it)).collect::<Option<_>>()?),
            Kind::Set(items) => {
                let known = items.iter().filter_map(|it| self.of(it)).reduce(Type::or);
                Type::set_of(known.unwrap_or(Type::ANY))
            }
            Kind::Object(pairs) if pairs.is_empty() => env::any_object(),
            Kind::Object(pairs) => self.of_object(pairs)?,
            Kind::Compr(compr) => {
                return self.comprehensions.get(&std::ptr::from_ref(&**compr).addr()).cloned().flatten();
            }
            Kind::Call(_) | Kind::Template(_) => return None,
        };
        Some(env::bounded(ty))
    }

    fn of_object(&mut self, pairs: &[(Term, Term)]) -> Option<Type> {
        let mut object = ObjectType::default();
        for (key, value) in pairs {
            let value = self.of(value)?;
            match constant(key) {
                Some(key) => object.keys.push((key, value)),
                None => object.rest = Some(std::sync::Arc::new((self.of(key)?, value))),
            }
        }
        object.keys.sort();
        Some(Type::Object(object))
    }

    /// The type of what a reference finds.
    pub(crate) fn of_ref(&mut self, reference: &Ref) -> Option<Type> {
        match &reference.base {
            Base::Input => steps(self.documents.input.clone(), &reference.steps),
            Base::Var(var) => steps(self.vars.get(*var)?.clone(), &reference.steps),
            // A literal, which has no steps.
            Base::Term(_) => None,
            Base::Data => match &self.documents.data {
                Some(ty) => steps(ty.clone(), &reference.steps),
                None => self.of_data(&reference.steps),
            },
        }
    }

    fn of_data(&self, path: &[Term]) -> Option<Type> {
        let mut at = super::RuleTree::ROOT;
        if !self.rules.is_known(at) {
            return Some(Type::ANY);
        }
        for (number, it) in path.iter().enumerate() {
            let children = &self.tree.get(at).children;
            let child =
                constant(it).and_then(|key| children.get(&key)).filter(|child| self.rules.is_known(**child));
            match (self.rules.get(at), child) {
                (_, Some(child)) => at = *child,
                (Some(ty), None) => return steps(ty.clone(), &path[number..]),
                (None, None) if constant(it).is_none() => {
                    return steps(self.rules.extent(self.tree, at), &path[number..]);
                }
                (None, None) => return Some(Type::ANY),
            }
        }
        Some(self.rules.extent(self.tree, at))
    }

    /// Whether two terms can be equal, of which the types are known or not.
    pub(crate) fn unify_terms(
        &mut self,
        a: &Term,
        type_a: Option<&Type>,
        b: &Term,
        type_b: Option<&Type>,
    ) -> bool {
        match (type_a, type_b) {
            (None, Some(ty)) => return self.unify_term(a, ty, Learn::Once),
            (Some(ty), None) => return self.unify_term(b, ty, Learn::Once),
            (Some(type_a), Some(type_b)) => return unifies(type_a, type_b),
            (None, None) => {}
        }
        match (&a.kind, &b.kind) {
            (Kind::Array(left), Kind::Array(right)) => {
                left.len() == right.len() && left.iter().zip(right).all(|(a, b)| self.unify_unknown(a, b))
            }
            (Kind::Object(left), Kind::Object(right)) => self.unify_objects(left, right),
            (Kind::Array(_) | Kind::Object(_), Kind::Var(_)) => self.unify_var(b, a),
            (Kind::Var(_), Kind::Array(_) | Kind::Object(_)) => self.unify_var(a, b),
            (Kind::Var(_), Kind::Var(_)) => {
                self.unify_term(a, &Type::ANY, Learn::Once) && {
                    let ty = self.of(a).unwrap_or(Type::ANY);
                    self.unify_term(b, &ty, Learn::Once)
                }
            }
            _ => false,
        }
    }

    fn unify_unknown(&mut self, a: &Term, b: &Term) -> bool {
        let (type_a, type_b) = (self.of(a), self.of(b));
        self.unify_terms(a, type_a.as_ref(), b, type_b.as_ref())
    }

    fn unify_var(&mut self, var: &Term, pattern: &Term) -> bool {
        self.unify_term(pattern, &Type::ANY, Learn::Once) && {
            let ty = self.of(pattern).unwrap_or(Type::ANY);
            self.unify_term(var, &ty, Learn::Once)
        }
    }

    fn unify_objects(&mut self, left: &[(Term, Term)], right: &[(Term, Term)]) -> bool {
        let right_values: HashMap<_, &Term> =
            right.iter().filter_map(|(key, value)| Some((key.as_key()?, value))).collect();
        left.len() == right.len()
            && left.iter().all(|(key, value)| {
                let other = key.as_key().and_then(|key| right_values.get(&key).copied());
                other.is_some_and(|other| self.unify_unknown(value, other))
            })
    }

    /// Whether a term can be of a type; its variables learn theirs.
    pub(crate) fn unify_term(&mut self, term: &Term, ty: &Type, learn: Learn) -> bool {
        match &term.kind {
            Kind::Array(_) | Kind::Object(_) | Kind::Set(_) => self.unify_composite(term, ty, learn),
            Kind::Var(var) => {
                match (self.vars.get(*var), learn) {
                    (Some(known), Learn::Once) => return unifies(known, ty),
                    (Some(known), Learn::Widen) => {
                        let wider = known.clone().or(ty.clone());
                        self.vars.put(*var, wider);
                    }
                    (None, _) => self.vars.put(*var, ty.clone()),
                }
                true
            }
            _ => self.of(term).is_some_and(|of| unifies(&of, ty)),
        }
    }

    fn unify_composite(&mut self, term: &Term, ty: &Type, learn: Learn) -> bool {
        if let Type::Any(of) = ty {
            if !of.is_empty() {
                let mut fits = false;
                for it in of {
                    fits |= self.unify_term(term, it, Learn::Widen);
                }
                return fits;
            }
            match &term.kind {
                Kind::Array(items) | Kind::Set(items) => {
                    for it in items {
                        self.unify_any(it);
                    }
                }
                Kind::Object(pairs) => pairs.iter().for_each(|(key, value)| {
                    self.unify_any(key);
                    self.unify_any(value);
                }),
                _ => {}
            }
            return true;
        }
        match (&term.kind, ty) {
            (Kind::Array(items), Type::Array(array)) => {
                (items.len() == array.items.len() || array.rest.is_some())
                    && items.iter().enumerate().all(|(at, item)| {
                        let wanted = array.items.get(at).or(array.rest.as_deref());
                        wanted.is_some_and(|wanted| self.unify_term(item, wanted, learn))
                    })
            }
            (Kind::Set(items), Type::Set(item)) => items.iter().all(|it| self.unify_term(it, item, learn)),
            (Kind::Object(pairs), Type::Object(object)) => {
                (pairs.len() == object.keys.len() || object.rest.is_some())
                    && pairs.iter().all(|(key, value)| {
                        if let Some(key) = constant(key) {
                            object.select(&key).is_some_and(|it| self.unify_term(value, it, learn))
                        } else {
                            self.unify_term(value, &Type::ANY, learn);
                            true
                        }
                    })
            }
            _ => false,
        }
    }

    fn unify_any(&mut self, term: &Term) {
        self.unify_term(term, &Type::ANY, Learn::Widen);
    }
}
