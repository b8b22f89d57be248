//! Which variables a unification binds, given those that are bound before.

use super::super::tree::{Base, Call, Kind, Ref, Term, Var};
use super::super::walk::{self, Reach};
use super::sets::VarSet;
use crate::rego::analysis::maps::{HashMap, HashSet};

/// Whether what a reference starts from is bound.
pub(crate) fn is_ref_safe(it: &Ref, is_safe: &impl Fn(Var) -> bool) -> bool {
    match &it.base {
        Base::Input | Base::Data => true,
        Base::Var(var) => is_safe(*var),
        Base::Term(term) => {
            let mut all = true;
            walk::term(term, Reach::Open, &mut |var| all &= is_safe(var));
            all
        }
    }
}

/// Whether the arguments of a call are bound.
pub(crate) fn is_call_safe(it: &Call, is_safe: &impl Fn(Var) -> bool) -> bool {
    let mut all = true;
    walk::call(it, Reach::Open, &mut |var| all &= is_safe(var));
    all
}

/// The variables that `left = right` binds. `bound` are those that its references bind on their own.
pub(crate) fn unify(safe: &VarSet, bound: &HashSet<Var>, left: &Term, right: &Term) -> HashSet<Var> {
    let mut unifier = Unifier {
        safe,
        bound,
        unified: HashSet::default(),
        needs: HashMap::default(),
        needed: HashMap::default(),
    };
    unifier.terms(left, right);
    unifier.unified
}

struct Unifier<'a> {
    safe: &'a VarSet,
    bound: &'a HashSet<Var>,
    unified: HashSet<Var>,
    /// What else is bound together with a variable, once that is known.
    needs: HashMap<Var, HashSet<Var>>,
    /// The other way round.
    needed: HashMap<Var, Vec<Var>>,
}

impl Unifier<'_> {
    fn is_bound(&self, var: Var) -> bool {
        self.safe.contains(var) || self.bound.contains(&var)
    }

    fn is_safe(&self, var: Var) -> bool {
        self.is_bound(var) || self.unified.contains(&var)
    }

    fn terms(&mut self, left: &Term, right: &Term) {
        match (&left.kind, &right.kind) {
            (Kind::Var(a), Kind::Var(b)) => self.vars(*a, *b),
            (Kind::Var(var), Kind::Array(_) | Kind::Object(_)) => self.composite(*var, right),
            (Kind::Array(_) | Kind::Object(_), Kind::Var(var)) => self.composite(*var, left),
            (Kind::Array(a), Kind::Array(b)) if a.len() == b.len() => {
                a.iter().zip(b).for_each(|(a, b)| self.terms(a, b));
            }
            (Kind::Object(a), Kind::Object(b)) if a.len() == b.len() => self.objects(a, b),
            (Kind::Ref(_) | Kind::Call(_) | Kind::Compr(_), _) => self.evaluated(left, right),
            (_, Kind::Ref(_) | Kind::Call(_) | Kind::Compr(_)) => self.evaluated(right, left),
            (Kind::Var(var), _) | (_, Kind::Var(var)) => self.mark(*var),
            _ => {}
        }
    }

    /// One side has a value of its own: it binds the variables of the other.
    fn evaluated(&mut self, with_value: &Term, other: &Term) {
        let is_safe = |var| self.is_bound(var);
        let (is_safe, takes_array, takes_object) = match &with_value.kind {
            Kind::Ref(reference) => (is_ref_safe(reference, &is_safe), true, true),
            Kind::Call(call) => (is_call_safe(call, &is_safe), true, true),
            Kind::Compr(compr) => match compr.head {
                super::super::tree::ComprHead::Array(_) => (true, true, false),
                super::super::tree::ComprHead::Set(_) => (true, false, false),
                super::super::tree::ComprHead::Object(..) => (true, false, true),
            },
            _ => return,
        };
        match &other.kind {
            _ if !is_safe => {}
            Kind::Var(var) => self.mark(*var),
            Kind::Array(_) if takes_array => self.mark_all(other),
            Kind::Object(_) if takes_object => self.mark_all(other),
            _ => {}
        }
    }

    fn vars(&mut self, a: Var, b: Var) {
        if self.is_safe(b) {
            self.mark(a);
        } else if self.is_safe(a) {
            self.mark(b);
        } else {
            self.depend(a, b);
            self.depend(b, a);
        }
    }

    fn composite(&mut self, var: Var, composite: &Term) {
        if self.is_safe(var) {
            return self.mark_all(composite);
        }
        let mut unsafe_vars = Vec::new();
        walk::term(composite, Reach::Pattern, &mut |it| {
            if !self.is_safe(it) {
                unsafe_vars.push(it);
            }
        });
        if unsafe_vars.is_empty() {
            self.mark(var);
        }
        for it in unsafe_vars {
            self.depend(var, it);
        }
    }

    fn objects(&mut self, a: &[(Term, Term)], b: &[(Term, Term)]) {
        let values: HashMap<_, _> =
            b.iter().filter_map(|(key, value)| Some((key.as_key()?, value))).collect();
        for (key, value) in a {
            if let Some(other) = key.as_key().and_then(|key| values.get(&key)) {
                self.terms(value, other);
            }
        }
    }

    fn depend(&mut self, var: Var, on: Var) {
        if self.needs.entry(var).or_default().insert(on) {
            self.needed.entry(on).or_default().push(var);
        }
    }

    fn mark_all(&mut self, pattern: &Term) {
        let mut vars = Vec::new();
        walk::term(pattern, Reach::Pattern, &mut |var| vars.push(var));
        for var in vars {
            self.mark(var);
        }
    }

    /// A variable is bound, and with it what hangs on it.
    fn mark(&mut self, var: Var) {
        let mut work = vec![var];
        while let Some(var) = work.pop() {
            self.unified.insert(var);
            work.extend(self.needs.remove(&var).unwrap_or_default());
            for dependant in self.needed.remove(&var).unwrap_or_default() {
                if let Some(needs) = self.needs.get_mut(&dependant) {
                    needs.remove(&var);
                    if needs.is_empty() {
                        self.needs.remove(&dependant);
                        work.push(dependant);
                    }
                }
            }
        }
    }
}
