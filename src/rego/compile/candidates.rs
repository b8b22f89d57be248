//! Which definitions OPA's rule index would try. It leaves out those that cannot hold for what they compare with
//! constants, before anything of them counts as evaluated; so coverage and traces have to. Nothing else reads this.

use std::collections::HashMap;

use super::code::{Candidate, Condition, Pattern, Place, Reg};
use crate::rego::hir::{Base, Body, Call, Callee, Leaf, LocalId, Program, Ref, Rule, StmtKind, Term};
use crate::rego::value::{Str, Value};

/// A definition and its `else` branches, in order.
pub(super) fn branches(rule: &Rule) -> impl Iterator<Item = &Rule> {
    std::iter::successors(Some(rule), |it| it.otherwise.as_deref())
}

/// The conditions of all branches; their flags are in the registers after `first`.
pub(super) fn of<'r>(
    program: &Program,
    rules: impl Iterator<Item = &'r Rule>,
    first: Reg,
) -> Vec<(*const Rule, Candidate)> {
    let mut flag = first;
    let mut all = Vec::new();
    for (definition, rule) in (0..).zip(rules) {
        for branch in branches(rule) {
            flag += 1;
            let conditions = Conditions::of(program, &rule.args, &branch.body);
            let value = match &branch.leaf {
                Leaf::Value(Term::Const(value)) => Some(value.clone()),
                Leaf::Value(_) | Leaf::Contains(_) => None,
            };
            all.push((std::ptr::from_ref(branch), Candidate { definition, flag, conditions, value }));
        }
    }
    all
}

/// What a place is compared with.
#[derive(Clone, PartialEq)]
enum Found {
    /// A variable: the place must be defined.
    Local(Option<LocalId>),
    Constant(Pattern),
}

struct Conditions<'a> {
    program: &'a Program,
    args: &'a [Term],
    constants: HashMap<LocalId, &'a Term>,
    found: Vec<(Place, Found)>,
}

impl<'a> Conditions<'a> {
    fn of(program: &'a Program, args: &'a [Term], body: &'a Body) -> Vec<Condition> {
        let mut it = Self { program, args, constants: HashMap::new(), found: Vec::new() };
        // Who prints must always be entered.
        let prints = |term: &Term| matches!(term, Term::Call(call) if is_builtin(call, "internal.print"));
        if body.0.iter().any(|stmt| matches!(&stmt.kind, StmtKind::Test(term) if prints(term))) {
            return Vec::new();
        }
        for stmt in body.0.iter().filter(|stmt| stmt.with.is_empty()) {
            match &stmt.kind {
                StmtKind::Test(Term::Ref(reference)) => {
                    if let Some(place) = it.place(reference, &reference.steps) {
                        it.insert(place, Found::Local(None));
                    }
                }
                StmtKind::Test(Term::Call(call)) => it.call(call),
                StmtKind::Unify(a, b) => it.equal(a, b),
                StmtKind::Test(_) | StmtKind::Not(_) | StmtKind::Every(_) => {}
            }
        }
        it.conditions()
    }

    fn call(&mut self, call: &'a Call) {
        match call.args.as_slice() {
            [a, b] if is_builtin(call, "equal") => self.equal(a, b),
            [a, b] if is_builtin(call, "internal.member_2") => self.member(a, b),
            _ => {}
        }
    }

    fn equal(&mut self, a: &'a Term, b: &'a Term) {
        let done = self.element(a, b) || self.element(b, a) || self.compared(a, b) || self.compared(b, a);
        let _ = done;
    }

    /// `input.xs[_] = "a"`: the collection must have the scalar.
    fn element(&mut self, a: &'a Term, b: &'a Term) -> bool {
        let Term::Ref(reference) = a else { return false };
        let Some((Term::Local(_), ground)) = reference.steps.split_last() else { return false };
        let Some(place) = self.place(reference, ground) else { return false };
        let Term::Const(value) = self.resolved(b) else { return false };
        is_scalar(value) && self.insert(place, Found::Constant(Pattern::Scalar(value.clone())))
    }

    fn compared(&mut self, a: &'a Term, b: &'a Term) -> bool {
        match a {
            Term::Local(local) => {
                if let Term::Const(_) = b {
                    self.constants.insert(*local, b);
                }
                let Some(found) = found(b) else { return false };
                self.place_of(*local).is_some_and(|place| self.insert(place, found))
            }
            Term::Ref(reference) => {
                let Some(place) = self.place(reference, &reference.steps) else { return false };
                found(self.resolved(b)).is_some_and(|found| self.insert(place, found))
            }
            _ => false,
        }
    }

    /// `input.x in ["a", "b"]`, `"a" in input.xs`
    fn member(&mut self, a: &'a Term, b: &'a Term) {
        let place = if let Term::Local(local) = a { self.place_of(*local) } else { None };
        if let Some(place) = place {
            let Term::Const(collection) = self.resolved(b) else { return };
            let members: Vec<Value> = match collection {
                Value::Array(items) => items.iter().cloned().collect(),
                Value::Set(items) => items.iter().cloned().collect(),
                Value::Object(pairs) => pairs.values().cloned().collect(),
                _ => return,
            };
            for member in members {
                let found = found(&Term::Const(member)).unwrap_or(Found::Local(None));
                self.insert(place.clone(), found);
            }
            return;
        }
        let wanted = match self.resolved(a) {
            Term::Const(value) if is_scalar(value) => Found::Constant(Pattern::Scalar(value.clone())),
            Term::Local(local) => Found::Local(Some(*local)),
            _ => return,
        };
        let place = match b {
            Term::Ref(reference) => self.place(reference, &reference.steps),
            Term::Local(local) => self.place_of(*local).filter(|place| !matches!(place, Place::Argument(_))),
            _ => None,
        };
        if let Some(place) = place {
            self.insert(place, wanted);
        }
    }

    fn resolved(&self, term: &'a Term) -> &'a Term {
        match term {
            Term::Local(local) => self.constants.get(local).copied().unwrap_or(term),
            _ => term,
        }
    }

    /// What the variable is known to stand for.
    fn place_of(&self, local: LocalId) -> Option<Place> {
        let found = self.found.iter().find(|(_, found)| *found == Found::Local(Some(local)));
        let argument = || {
            let at = self.args.iter().position(|arg| matches!(arg, Term::Local(it) if *it == local))?;
            Some(Place::Argument(super::code::count(at)))
        };
        found.map(|(place, _)| place.clone()).or_else(argument)
    }

    /// A place in the input or in base data.
    fn place(&self, reference: &Ref, steps: &[Term]) -> Option<Place> {
        let step = |term: &Term| if let Term::Const(key) = term { Some(key.clone()) } else { None };
        let steps: Vec<Value> = steps.iter().map(step).collect::<Option<_>>()?;
        match &reference.base {
            Base::Input => Some(Place::Input(steps)),
            Base::Data if !self.is_virtual(&steps) => Some(Place::Data(steps)),
            _ => None,
        }
    }

    fn is_virtual(&self, steps: &[Value]) -> bool {
        let mut node = &self.program.root;
        for step in steps {
            let child = step.as_str().and_then(|name| node.children.get(&Str::from(name)));
            match child {
                None => return false,
                Some(child) if child.group.is_some() => return true,
                Some(child) => node = child,
            }
        }
        true
    }

    fn insert(&mut self, place: Place, found: Found) -> bool {
        for (at, before) in &mut self.found {
            if *at == place {
                if *before == found {
                    return true;
                }
                if matches!((&*before, &found), (Found::Local(_), Found::Constant(_))) {
                    *before = found;
                    return true;
                }
            }
        }
        self.found.push((place, found));
        true
    }

    fn conditions(self) -> Vec<Condition> {
        let mut all: Vec<Condition> = Vec::new();
        for (place, found) in self.found {
            let pattern = match found {
                Found::Local(_) => Pattern::Anything,
                Found::Constant(pattern) => pattern,
            };
            match all.iter_mut().find(|it| it.place == place) {
                Some(condition) => condition.patterns.push(pattern),
                None => all.push(Condition { place, patterns: vec![pattern] }),
            }
        }
        all
    }
}

fn is_builtin(call: &Call, wanted: &str) -> bool {
    matches!(&call.callee, Callee::Builtin(name) if name.as_str() == wanted)
}

fn is_scalar(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_) | Value::Set(_))
}

fn found(term: &Term) -> Option<Found> {
    let item = |value: &Value| is_scalar(value).then(|| Some(value.clone()));
    Some(match term {
        Term::Local(local) => Found::Local(Some(*local)),
        Term::Const(Value::Array(items)) => {
            Found::Constant(Pattern::Array(items.iter().map(item).collect::<Option<_>>()?))
        }
        Term::Const(value) if is_scalar(value) => Found::Constant(Pattern::Scalar(value.clone())),
        Term::Array(items) => {
            let items = items.iter().map(|it| match it {
                Term::Const(value) => item(value),
                Term::Local(_) => Some(None),
                _ => None,
            });
            Found::Constant(Pattern::Array(items.collect::<Option<_>>()?))
        }
        _ => return None,
    })
}
