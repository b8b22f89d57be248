//! The order of a body: an expression is taken as soon as everything it needs is bound, and of several that are
//! ready the one that is written first. Passes over the body go on until none takes anything; only expressions for
//! which something changed since are looked at again, so the work grows with the text and not with its square.

use std::collections::{BTreeMap, BTreeSet};

use crate::rego::analysis::maps::{HashMap, HashSet};
use crate::rego::error::{ErrorCode, RegoError};
use crate::rego::source::Span;

use super::super::rules::RuleTree;
use super::super::tree::{Compr, Expr, ExprKind, Var, Vars};
use super::super::walk::{self, Reach};
use super::outputs::outputs;
use super::sets::VarSet;

/// What an expression needs to be bound, beyond what is bound around the body.
struct Needs {
    /// What stands in it openly; it may bind these itself.
    open: Vec<Var>,
    /// What its closures take from the body.
    closed: Vec<Var>,
}

/// Variables that an expression may wait for and still be looked at whenever one of them is bound. What waits for
/// more is looked at when a good part of them is, and in the end: looking costs as much as the expression is long.
const FEW_VARS: usize = 64;

/// How far an expression is.
enum State {
    Taken,
    Waiting {
        /// How many variables it waits for, at most.
        missing: usize,
        /// How many of them were bound since it was looked at.
        bound: usize,
    },
}

/// When an expression is looked at again.
enum Woken {
    Taken,
    Now,
    Later,
}

impl State {
    fn new(needs: &Needs) -> Self {
        Self::Waiting { missing: needs.open.len() + needs.closed.len(), bound: 0 }
    }

    fn looked_at(&mut self) {
        if let Self::Waiting { missing, bound } = self {
            *missing = missing.saturating_sub(*bound);
            *bound = 0;
        }
    }

    fn woken(&mut self) -> Woken {
        let Self::Waiting { missing, bound } = self else { return Woken::Taken };
        *bound += 1;
        if *missing <= FEW_VARS || *bound * 8 >= *missing { Woken::Now } else { Woken::Later }
    }
}

/// Orders bodies, outer ones first, and remembers what stays unsafe.
pub(crate) struct Order<'a> {
    tree: &'a RuleTree,
    /// What is bound where we are.
    safe: VarSet,
    unsafe_vars: Vec<(Span, Var)>,
}

impl<'a> Order<'a> {
    pub(crate) fn new(tree: &'a RuleTree, safe: VarSet) -> Self {
        Self { tree, safe, unsafe_vars: Vec::new() }
    }

    /// The body in a safe order; what cannot be made safe stays at its end.
    pub(crate) fn body(&mut self, body: Vec<Expr>) -> Vec<Expr> {
        let around = self.safe.mark();
        let order = self.order(&body);
        self.safe.back_to(around);
        let mut slots: Vec<Option<Expr>> = body.into_iter().map(Some).collect();
        let mut ordered: Vec<Expr> = order.into_iter().filter_map(|at| slots[at].take()).collect();
        ordered.extend(slots.into_iter().flatten());
        for expr in &mut ordered {
            self.closures(expr);
            let safe = &mut self.safe;
            walk::expr(expr, Reach::Open, &mut |var| {
                safe.insert(var);
            });
        }
        self.safe.back_to(around);
        ordered
    }

    fn order(&mut self, body: &[Expr]) -> Vec<usize> {
        let needs = self.needs(body);
        let mut waiting: HashMap<Var, Vec<usize>> = HashMap::default();
        for (at, needs) in needs.iter().enumerate() {
            needs.open.iter().chain(&needs.closed).for_each(|var| waiting.entry(*var).or_default().push(at));
        }
        let mut order = Vec::with_capacity(body.len());
        let mut states: Vec<State> = needs.iter().map(State::new).collect();
        let mut pass: BTreeSet<usize> = (0..body.len()).collect();
        let (mut next_pass, mut put_off) = (BTreeSet::new(), BTreeSet::new());
        while !pass.is_empty() {
            while let Some(at) = pass.pop_first() {
                let bound = outputs(self.tree, &body[at], &self.safe);
                if !self.is_ready(&needs[at], &bound) {
                    states[at].looked_at();
                    continue;
                }
                states[at] = State::Taken;
                order.push(at);
                for var in bound {
                    self.safe.insert(var);
                    for waiter in waiting.remove(&var).unwrap_or_default() {
                        match states[waiter].woken() {
                            Woken::Taken => false,
                            Woken::Later => put_off.insert(waiter),
                            Woken::Now if waiter > at => pass.insert(waiter),
                            Woken::Now => next_pass.insert(waiter),
                        };
                    }
                }
            }
            std::mem::swap(&mut pass, &mut next_pass);
            if pass.is_empty() {
                std::mem::swap(&mut pass, &mut put_off);
            }
        }
        let taken: Vec<bool> = states.iter().map(|state| matches!(state, State::Taken)).collect();
        for at in (0..body.len()).filter(|at| !taken[*at]) {
            self.report(&body[at], &needs[at]);
        }
        order
    }

    fn needs(&self, body: &[Expr]) -> Vec<Needs> {
        let mut in_body = HashSet::default();
        let open: Vec<Vec<Var>> = body
            .iter()
            .map(|expr| {
                let mut vars = BTreeSet::new();
                walk::expr(expr, Reach::Open, &mut |var| {
                    if !self.safe.contains(var) {
                        vars.insert(var);
                    }
                });
                in_body.extend(vars.iter().copied());
                vars.into_iter().collect()
            })
            .collect();
        let closed = body.iter().map(|expr| {
            let mut vars = BTreeSet::new();
            closed_vars(expr, &mut |var| {
                if in_body.contains(&var) {
                    vars.insert(var);
                }
            });
            vars.into_iter().collect()
        });
        open.into_iter().zip(closed).map(|(open, closed)| Needs { open, closed }).collect()
    }

    fn is_ready(&self, needs: &Needs, bound: &HashSet<Var>) -> bool {
        needs.closed.iter().all(|var| self.safe.contains(*var))
            && needs.open.iter().all(|var| self.safe.contains(*var) || bound.contains(var))
    }

    fn report(&mut self, expr: &Expr, needs: &Needs) {
        let bound = outputs(self.tree, expr, &self.safe);
        let missing = |vars: &[Var], own: &HashSet<Var>| -> Vec<Var> {
            vars.iter().copied().filter(|var| !self.safe.contains(*var) && !own.contains(var)).collect()
        };
        let mut vars = missing(&needs.closed, &HashSet::default());
        if vars.is_empty() {
            vars = missing(&needs.open, &bound);
        }
        self.unsafe_vars.extend(vars.into_iter().map(|var| (expr.span, var)));
    }

    fn closures(&mut self, expr: &mut Expr) {
        let span = expr.span;
        if let ExprKind::Every(every) = &mut expr.kind {
            self.safe.extend(every.key);
            self.safe.insert(every.value);
            let body = std::mem::take(&mut every.body);
            every.body = self.body(body);
        }
        for term in walk::terms_of_mut(expr) {
            walk::bodies_of_term_mut(term, &mut |compr| self.comprehension(compr, span));
        }
    }

    fn comprehension(&mut self, compr: &mut Compr, span: Span) {
        let mut in_body = HashSet::default();
        walk::body(&compr.body, Reach::Open, &mut |var| {
            in_body.insert(var);
        });
        for term in compr.head.terms() {
            walk::term(term, Reach::Everything, &mut |var| {
                if !in_body.contains(&var) && !self.safe.contains(var) {
                    self.unsafe_vars.push((span, var));
                }
            });
        }
        let body = std::mem::take(&mut compr.body);
        compr.body = self.body(body);
    }

    /// An error for each unsafe variable that has a name, at the first expression it is unsafe in; else one for
    /// each expression with others.
    pub(crate) fn errors(self, vars: &Vars) -> Vec<RegoError> {
        let mut first: BTreeMap<Var, Span> = BTreeMap::new();
        for (span, var) in &self.unsafe_vars {
            let place = first.entry(*var).or_insert(*span);
            *place = (*place).min(*span);
        }
        let named = first.iter().filter(|(var, _)| !vars.is_generated(**var));
        let errors: Vec<_> =
            named.map(|(var, span)| super::unsafe_var(&vars.get(*var).name, *span)).collect();
        if !errors.is_empty() {
            return errors;
        }
        let places: BTreeSet<Span> = first.into_values().collect();
        let error = |span| RegoError::new(ErrorCode::UnsafeVar, "expression is unsafe", Some(span));
        places.into_iter().map(error).collect()
    }
}

/// The variables inside the closures of an expression.
fn closed_vars(expr: &Expr, visit: &mut impl FnMut(Var)) {
    if let ExprKind::Every(every) = &expr.kind {
        walk::body(&every.body, Reach::Everything, visit);
    }
    for term in walk::terms_of(expr) {
        walk::closures_of_term(term, &mut |compr: &Compr| {
            walk::terms(compr.head.terms(), Reach::Everything, visit);
            walk::body(&compr.body, Reach::Everything, visit);
        });
    }
}
