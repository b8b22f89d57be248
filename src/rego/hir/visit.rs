//! One walk over the resolved program, for whoever wants to know what is mentioned in it.
//!
//! Every term, statement and branch is passed once, in the order of the text. Nesting is bounded by the parser, so the
//! walk recurses.

use super::{
    Base, Body, Call, Callee, Compr, ComprHead, Every, Leaf, LocalId, Ref, Rule, Stmt, StmtKind, Term, With,
    WithValue,
};

/// What the walk comes by. Each method does nothing unless it is overridden.
pub trait Visit {
    /// A variable is mentioned: bound or read.
    fn local(&mut self, local: LocalId) {
        let _ = local;
    }

    /// A reference, before what is in it.
    fn reference(&mut self, reference: &Ref) {
        let _ = reference;
    }

    /// Something is called, or stands for another function in `with`.
    fn callee(&mut self, callee: &Callee) {
        let _ = callee;
    }
}

/// Walks over a rule and its `else` branches.
pub fn rule(it: &Rule, visit: &mut impl Visit) {
    terms(&it.args, visit);
    terms(&it.key, visit);
    let (Leaf::Value(leaf) | Leaf::Contains(leaf)) = &it.leaf;
    term(leaf, visit);
    body(&it.body, visit);
    if let Some(otherwise) = &it.otherwise {
        rule(otherwise, visit);
    }
}

/// Walks over statements.
pub fn body(it: &Body, visit: &mut impl Visit) {
    for stmt in &it.0 {
        statement(stmt, visit);
    }
}

fn statement(it: &Stmt, visit: &mut impl Visit) {
    match &it.kind {
        StmtKind::Test(it) => term(it, visit),
        StmtKind::Unify(a, b) => {
            term(a, visit);
            term(b, visit);
        }
        StmtKind::Not(it) => body(it, visit),
        StmtKind::Every(it) => every(it, visit),
    }
    for With { value, .. } in &it.with {
        match value {
            WithValue::Term(it) => term(it, visit),
            WithValue::Function(it) => visit.callee(it),
        }
    }
}

fn every(it: &Every, visit: &mut impl Visit) {
    it.key.into_iter().chain([it.value]).for_each(|local| visit.local(local));
    term(&it.domain, visit);
    body(&it.body, visit);
}

/// Walks over terms.
pub fn terms(all: &[Term], visit: &mut impl Visit) {
    for it in all {
        term(it, visit);
    }
}

fn term(it: &Term, visit: &mut impl Visit) {
    match it {
        Term::Const(_) => {}
        Term::Local(local) => visit.local(*local),
        Term::Ref(it) => reference(it, visit),
        Term::Array(items) | Term::Set(items) => terms(items, visit),
        Term::Object(pairs) => {
            for (key, value) in pairs {
                term(key, visit);
                term(value, visit);
            }
        }
        Term::Compr(it) => comprehension(it, visit),
        Term::Call(it) => {
            let Call { callee, args, .. } = it.as_ref();
            visit.callee(callee);
            terms(args, visit);
        }
    }
}

fn reference(it: &Ref, visit: &mut impl Visit) {
    visit.reference(it);
    match &it.base {
        Base::Input | Base::Data => {}
        Base::Local(local) => visit.local(*local),
        Base::Term(it) => term(it, visit),
    }
    terms(&it.steps, visit);
}

fn comprehension(it: &Compr, visit: &mut impl Visit) {
    match &it.head {
        ComprHead::Array(value) | ComprHead::Set(value) => term(value, visit),
        ComprHead::Object(key, value) => {
            term(key, visit);
            term(value, visit);
        }
    }
    body(&it.body, visit);
}
