//! Test cases: `test_x[name] if { some name, case in cases; … }` is one test with a case for each key. A case that does
//! not hold leaves no key behind, so its key is announced as soon as it is known: by a call of `internal.test_case`.

use std::collections::BTreeSet;

use crate::rego::hir::{
    Base, Body, Call, Callee, ComprHead, LocalId, Program, Rule, Stmt, StmtKind, Term, WithValue,
};
use crate::rego::value::Str;

/// Puts the calls into the rules of tests that have keys.
pub(crate) fn announce_cases(program: &mut Program) {
    for group in &mut program.groups {
        if group.path.iter().any(|step| step.starts_with(super::PREFIX)) {
            group.rules.iter_mut().filter(|rule| !rule.key.is_empty()).for_each(announce);
        }
    }
}

fn announce(rule: &mut Rule) {
    let keys = rule.key.clone();
    for key in &keys {
        if let Term::Local(key) = key {
            hurry(&mut rule.body, *key);
        }
    }
    let mut wanted = BTreeSet::new();
    for key in &keys {
        term(key, &mut wanted);
    }
    let at = known_after(&rule.body, &wanted);
    let callee = Callee::Builtin(Str::from("internal.test_case"));
    let call = Call { callee, args: vec![Term::Array(keys)], span: rule.span };
    let kind = StmtKind::Test(Term::Call(Box::new(call)));
    rule.body.0.insert(at, Stmt { kind, with: Vec::new(), span: rule.span });
}

/// A key that is made at the end (`test_x[case.name]`) is made as soon as what it reads is known.
fn hurry(body: &mut Body, key: LocalId) {
    let makes_key = |stmt: &Stmt| {
        stmt.with.is_empty()
            && matches!(&stmt.kind, StmtKind::Unify(Term::Local(it), Term::Ref(_) | Term::Call(_)) if *it == key)
    };
    let Some(last) = body.0.last().filter(|stmt| makes_key(stmt)) else { return };
    let mut reads = BTreeSet::new();
    if let StmtKind::Unify(_, value) = &last.kind {
        term(value, &mut reads);
    }
    let at = known_after(body, &reads).min(body.0.len() - 1);
    if let Some(stmt) = body.0.pop() {
        body.0.insert(at, stmt);
    }
}

/// How many statements it takes until all of the locals are bound: each is by the first statement that mentions it.
fn known_after(body: &Body, wanted: &BTreeSet<LocalId>) -> usize {
    let mut missing = wanted.clone();
    for (at, stmt) in body.0.iter().enumerate() {
        if missing.is_empty() {
            return at;
        }
        let mut mentioned = BTreeSet::new();
        statement(stmt, &mut mentioned);
        missing.retain(|local| !mentioned.contains(local));
    }
    body.0.len()
}

fn statement(stmt: &Stmt, found: &mut BTreeSet<LocalId>) {
    match &stmt.kind {
        StmtKind::Test(it) => term(it, found),
        StmtKind::Unify(a, b) => {
            term(a, found);
            term(b, found);
        }
        // They bind nothing outside.
        StmtKind::Not(_) | StmtKind::Every(_) => {}
    }
    for with in &stmt.with {
        if let WithValue::Term(value) = &with.value {
            term(value, found);
        }
    }
}

/// As deep as the tree, which the parser limits.
fn term(it: &Term, found: &mut BTreeSet<LocalId>) {
    match it {
        Term::Const(_) => {}
        Term::Local(local) => drop(found.insert(*local)),
        Term::Ref(reference) => {
            match &reference.base {
                Base::Local(local) => drop(found.insert(*local)),
                Base::Term(base) => term(base, found),
                Base::Input | Base::Data => {}
            }
            reference.steps.iter().for_each(|it| term(it, found));
        }
        Term::Array(items) | Term::Set(items) => items.iter().for_each(|it| term(it, found)),
        Term::Object(pairs) => {
            for (key, value) in pairs {
                term(key, found);
                term(value, found);
            }
        }
        Term::Compr(compr) => match &compr.head {
            ComprHead::Array(head) | ComprHead::Set(head) => term(head, found),
            ComprHead::Object(key, value) => {
                term(key, found);
                term(value, found);
            }
        },
        Term::Call(call) => call.args.iter().for_each(|it| term(it, found)),
    }
}
