//! Walking the tree: which variables a node mentions, and every node of a kind.
//!
//! The recursion is as deep as the tree, which the parser limits.

use super::tree::{Base, Call, Compr, Expr, ExprKind, Kind, Part, Ref, Target, Term, Var, With, WithValue};

/// Which parts of a node count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reach {
    /// All of it.
    Everything,
    /// What must be bound where it stands: not the inside of comprehensions and of `every`.
    Open,
    /// What a unification binds: not the bases of references, keys of objects and closures.
    Pattern,
    /// What the further argument of a call binds: as patterns, without sets.
    Output,
    /// Steps of references, closures included.
    Steps,
}

impl Reach {
    fn closures(self) -> bool {
        matches!(self, Self::Everything | Self::Steps)
    }

    fn bases(self) -> bool {
        matches!(self, Self::Everything | Self::Open)
    }

    fn keys(self) -> bool {
        !matches!(self, Self::Pattern | Self::Output)
    }

    fn sets(self) -> bool {
        self != Self::Output
    }
}

pub(super) fn term(it: &Term, reach: Reach, visit: &mut impl FnMut(Var)) {
    match &it.kind {
        Kind::Var(var) => visit(*var),
        Kind::Ref(reference) => self::reference(reference, reach, visit),
        Kind::Call(call) => self::call(call, reach, visit),
        Kind::Array(items) => terms(items, reach, visit),
        Kind::Set(items) if reach.sets() => terms(items, reach, visit),
        Kind::Object(pairs) => {
            for (key, value) in pairs {
                if reach.keys() {
                    term(key, reach, visit);
                }
                term(value, reach, visit);
            }
        }
        Kind::Compr(compr) if reach.closures() => {
            terms(compr.head.terms(), reach, visit);
            body(&compr.body, reach, visit);
        }
        Kind::Template(parts) if reach.closures() => {
            for part in parts {
                if let Part::Expr(it) = part {
                    expr(it, reach, visit);
                }
            }
        }
        Kind::Scalar(_) | Kind::Set(_) | Kind::Compr(_) | Kind::Template(_) => {}
    }
}

pub(super) fn terms<'a>(
    items: impl IntoIterator<Item = &'a Term>,
    reach: Reach,
    visit: &mut impl FnMut(Var),
) {
    for item in items {
        term(item, reach, visit);
    }
}

pub(super) fn reference(it: &Ref, reach: Reach, visit: &mut impl FnMut(Var)) {
    match &it.base {
        Base::Var(var) if reach.bases() => visit(*var),
        Base::Term(base) if reach.bases() => term(base, reach, visit),
        _ => {}
    }
    terms(&it.steps, reach, visit);
}

pub(super) fn call(it: &Call, reach: Reach, visit: &mut impl FnMut(Var)) {
    terms(&it.args, reach, visit);
}

pub(super) fn body<'a>(exprs: impl IntoIterator<Item = &'a Expr>, reach: Reach, visit: &mut impl FnMut(Var)) {
    for it in exprs {
        expr(it, reach, visit);
    }
}

pub(super) fn expr(it: &Expr, reach: Reach, visit: &mut impl FnMut(Var)) {
    match &it.kind {
        ExprKind::Term(it) => term(it, reach, visit),
        ExprKind::Call(it) => call(it, reach, visit),
        ExprKind::Every(every) => {
            term(&every.domain, reach, visit);
            if !reach.closures() {
                return;
            }
            every.key.into_iter().for_each(&mut *visit);
            visit(every.value);
            body(&every.body, reach, visit);
        }
    }
    for it in &it.with {
        with(it, reach, visit);
    }
}

pub(super) fn with(it: &With, reach: Reach, visit: &mut impl FnMut(Var)) {
    match &it.target {
        Target::Term(Term { kind: Kind::Ref(target), .. }) => match reach {
            Reach::Everything => reference(target, reach, visit),
            _ => terms(&target.steps, reach, visit),
        },
        Target::Term(target) => term(target, reach, visit),
        Target::Builtin(_) => {}
    }
    if let WithValue::Term(value) = &it.value {
        term(value, reach, visit);
    }
}

/// Whether a term has to be evaluated, that is, has references or comprehensions anywhere.
pub(super) fn needs_evaluation(it: &Term) -> bool {
    match &it.kind {
        Kind::Scalar(_) | Kind::Var(_) => false,
        Kind::Ref(_) | Kind::Compr(_) | Kind::Template(_) => true,
        Kind::Call(call) => call.args.iter().any(needs_evaluation),
        Kind::Array(items) | Kind::Set(items) => items.iter().any(needs_evaluation),
        Kind::Object(pairs) => {
            pairs.iter().any(|(key, value)| needs_evaluation(key) || needs_evaluation(value))
        }
    }
}

/// The comprehensions in a term that are in no other.
pub(super) fn closures_of_term<'a>(it: &'a Term, visit: &mut impl FnMut(&'a Compr)) {
    match &it.kind {
        Kind::Scalar(_) | Kind::Var(_) | Kind::Template(_) => {}
        Kind::Ref(reference) => {
            if let Base::Term(base) = &reference.base {
                closures_of_term(base, visit);
            }
            for it in &reference.steps {
                closures_of_term(it, visit);
            }
        }
        Kind::Call(call) => call.args.iter().for_each(|it| closures_of_term(it, visit)),
        Kind::Array(items) | Kind::Set(items) => {
            for it in items {
                closures_of_term(it, visit);
            }
        }
        Kind::Object(pairs) => {
            for (key, value) in pairs {
                closures_of_term(key, visit);
                closures_of_term(value, visit);
            }
        }
        Kind::Compr(compr) => visit(compr),
    }
}

/// The terms that stand directly in an expression, those of `with` included.
pub(super) fn terms_of(it: &Expr) -> Vec<&Term> {
    let mut out: Vec<&Term> = match &it.kind {
        ExprKind::Term(term) => vec![term],
        ExprKind::Call(call) => call.args.iter().collect(),
        ExprKind::Every(every) => vec![&every.domain],
    };
    for with in &it.with {
        if let Target::Term(target) = &with.target {
            out.push(target);
        }
        if let WithValue::Term(value) = &with.value {
            out.push(value);
        }
    }
    out
}

/// As [`terms_of`], to be changed; targets of `with` left out.
pub(super) fn terms_of_mut(it: &mut Expr) -> Vec<&mut Term> {
    let mut out: Vec<&mut Term> = match &mut it.kind {
        ExprKind::Term(term) => vec![term],
        ExprKind::Call(call) => call.args.iter_mut().collect(),
        ExprKind::Every(every) => vec![&mut every.domain],
    };
    for with in &mut it.with {
        if let WithValue::Term(value) = &mut with.value {
            out.push(value);
        }
    }
    out
}

/// Visits the bodies below a term, outermost first.
pub(super) fn bodies_of_term_mut(it: &mut Term, visit: &mut impl FnMut(&mut Compr)) {
    match &mut it.kind {
        Kind::Scalar(_) | Kind::Var(_) | Kind::Template(_) => {}
        Kind::Ref(reference) => {
            if let Base::Term(base) = &mut reference.base {
                bodies_of_term_mut(base, visit);
            }
            for it in &mut reference.steps {
                bodies_of_term_mut(it, visit);
            }
        }
        Kind::Call(call) => call.args.iter_mut().for_each(|it| bodies_of_term_mut(it, visit)),
        Kind::Array(items) | Kind::Set(items) => {
            for it in items {
                bodies_of_term_mut(it, visit);
            }
        }
        Kind::Object(pairs) => {
            for (key, value) in pairs {
                bodies_of_term_mut(key, visit);
                bodies_of_term_mut(value, visit);
            }
        }
        Kind::Compr(compr) => visit(compr),
    }
}

/// Every term of a body at any depth, closures included, outermost first.
pub(super) fn every_term<'a>(exprs: &'a [Expr], visit: &mut impl FnMut(&'a Term)) {
    for expr in exprs {
        every_term_of_expr(expr, visit);
    }
}

fn every_term_of_expr<'a>(expr: &'a Expr, visit: &mut impl FnMut(&'a Term)) {
    for term in terms_of(expr) {
        every_term_below(term, visit);
    }
    if let ExprKind::Every(every) = &expr.kind {
        every_term(&every.body, visit);
    }
}

/// A term and all below it, closures included.
pub(super) fn every_term_below<'a>(it: &'a Term, visit: &mut impl FnMut(&'a Term)) {
    visit(it);
    match &it.kind {
        Kind::Scalar(_) | Kind::Var(_) => {}
        Kind::Ref(reference) => {
            if let Base::Term(base) = &reference.base {
                every_term_below(base, visit);
            }
            for it in &reference.steps {
                every_term_below(it, visit);
            }
        }
        Kind::Call(call) => call.args.iter().for_each(|it| every_term_below(it, visit)),
        Kind::Array(items) | Kind::Set(items) => {
            for it in items {
                every_term_below(it, visit);
            }
        }
        Kind::Object(pairs) => {
            for (key, value) in pairs {
                every_term_below(key, visit);
                every_term_below(value, visit);
            }
        }
        Kind::Compr(compr) => {
            for it in compr.head.terms() {
                every_term_below(it, visit);
            }
            every_term(&compr.body, visit);
        }
        Kind::Template(parts) => {
            for part in parts {
                if let Part::Expr(expr) = part {
                    every_term_of_expr(expr, visit);
                }
            }
        }
    }
}

/// Every expression of a body at any depth, closures included, outermost first.
pub(super) fn every_expr<'a>(exprs: &'a [Expr], visit: &mut impl FnMut(&'a Expr)) {
    for expr in exprs {
        visit(expr);
        for term in terms_of(expr) {
            closures_of_term(term, &mut |compr| {
                for it in compr.head.terms() {
                    exprs_of_term(it, visit);
                }
                every_expr(&compr.body, visit);
            });
        }
        if let ExprKind::Every(every) = &expr.kind {
            every_expr(&every.body, visit);
        }
    }
}

/// Every expression in the closures of a term.
pub(super) fn exprs_of_term<'a>(it: &'a Term, visit: &mut dyn FnMut(&'a Expr)) {
    let mut found = Vec::new();
    closures_of_term(it, &mut |compr| found.push(compr));
    for compr in found {
        for it in compr.head.terms() {
            exprs_of_term(it, visit);
        }
        every_expr(&compr.body, &mut |it| visit(it));
    }
}
