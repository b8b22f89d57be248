//! Which parts of the input a program may look at, as far as its text tells: what is not spelled out counts as
//! everything.

use super::hir::{
    Base, Body, Call, Compr, ComprHead, Leaf, Program, Ref, Rule, Stmt, StmtKind, Term, WithValue,
};
use super::value::Value;

/// Whether some rule may look at `input` at this path, at something below it, or at something that holds it.
pub(super) fn may_read_input(program: &Program, path: &[&str]) -> bool {
    let rules = program.groups.iter().flat_map(|group| group.rules.iter().chain(&group.default));
    rules.into_iter().any(|it| rule(it, path))
}

fn rule(it: &Rule, path: &[&str]) -> bool {
    let leaf = match &it.leaf {
        Leaf::Value(value) | Leaf::Contains(value) => value,
    };
    it.args.iter().chain(&it.key).chain([leaf]).any(|it| term(it, path))
        || body(&it.body, path)
        || it.otherwise.as_deref().is_some_and(|it| rule(it, path))
}

fn body(it: &Body, path: &[&str]) -> bool {
    it.0.iter().any(|it| stmt(it, path))
}

fn stmt(it: &Stmt, path: &[&str]) -> bool {
    let with = it.with.iter().any(|with| match &with.value {
        WithValue::Term(it) => term(it, path),
        WithValue::Function(_) => false,
    });
    with || match &it.kind {
        StmtKind::Test(it) => term(it, path),
        StmtKind::Unify(a, b) => term(a, path) || term(b, path),
        StmtKind::Not(it) => body(it, path),
        StmtKind::Every(it) => term(&it.domain, path) || body(&it.body, path),
    }
}

fn term(it: &Term, path: &[&str]) -> bool {
    match it {
        Term::Const(_) | Term::Local(_) => false,
        Term::Ref(it) => reference(it, path),
        Term::Array(items) | Term::Set(items) => items.iter().any(|it| term(it, path)),
        Term::Object(pairs) => pairs.iter().any(|(key, value)| term(key, path) || term(value, path)),
        Term::Compr(it) => comprehension(it, path),
        Term::Call(it) => call(it, path),
    }
}

fn comprehension(it: &Compr, path: &[&str]) -> bool {
    let head = match &it.head {
        ComprHead::Array(value) | ComprHead::Set(value) => term(value, path),
        ComprHead::Object(key, value) => term(key, path) || term(value, path),
    };
    head || body(&it.body, path)
}

fn call(it: &Call, path: &[&str]) -> bool {
    it.args.iter().any(|it| term(it, path))
}

fn reference(it: &Ref, path: &[&str]) -> bool {
    let base = match &it.base {
        Base::Input => meets(&it.steps, path),
        Base::Data | Base::Local(_) => false,
        Base::Term(it) => term(it, path),
    };
    base || it.steps.iter().any(|it| term(it, path))
}

/// Equal as far as both go; a step that is no constant may be anything.
fn meets(steps: &[Term], path: &[&str]) -> bool {
    steps.iter().zip(path).all(|(step, name)| match step {
        Term::Const(Value::String(text)) => text.as_str() == *name,
        Term::Const(_) => false,
        _ => true,
    })
}
