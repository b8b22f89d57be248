//! Which variables are declared where, while names are resolved.

use crate::rego::analysis::maps::{HashMap, HashSet};
use crate::rego::source::Span;
use crate::rego::syntax::ast::{self, ExprKind, Name, TermKind};

use super::tree::{Origin, Var, Vars};

/// How a name came into a scope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Occurrence {
    Argument,
    /// Read before anything declared it.
    Seen,
    Assigned,
    Declared,
}

/// A name in a scope.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) var: Var,
    pub(super) occurrence: Occurrence,
    /// The expression that brought it in.
    pub(super) span: Span,
}

/// The scopes around a place, innermost last.
#[derive(Clone, Debug, Default)]
pub(super) struct Scopes {
    stack: Vec<HashMap<Name, Entry>>,
    /// Names that no scope declares: one variable each, in whatever closures they stand.
    free: HashMap<Name, Var>,
}

impl Scopes {
    pub(super) fn push(&mut self) {
        self.stack.push(HashMap::default());
    }

    pub(super) fn pop(&mut self) -> HashMap<Name, Entry> {
        self.stack.pop().unwrap_or_default()
    }

    /// The declaration that a name refers to.
    pub(super) fn find(&self, name: &Name) -> Option<Entry> {
        self.stack.iter().rev().find_map(|scope| scope.get(name)).copied()
    }

    /// Whether a declaration or an argument has this name here.
    pub(super) fn is_declared(&self, name: &Name) -> bool {
        self.find(name).is_some_and(|entry| entry.occurrence != Occurrence::Seen)
    }

    /// The names of the innermost scope.
    pub(super) fn innermost(&self) -> impl Iterator<Item = (&Name, &Entry)> {
        self.stack.last().into_iter().flatten()
    }

    /// The variable that a name refers to here. A name that nothing declares is remembered as seen.
    pub(super) fn read(&mut self, vars: &mut Vars, name: &Name, span: Span) -> Var {
        let var = if let Some(entry) = self.find(name) {
            entry.var
        } else {
            let var = self.free(vars, name);
            self.insert(name, Entry { var, occurrence: Occurrence::Seen, span });
            var
        };
        vars.read(var);
        var
    }

    fn free(&mut self, vars: &mut Vars, name: &Name) -> Var {
        *self.free.entry(name.clone()).or_insert_with(|| vars.add(name.clone(), Origin::Free))
    }

    fn insert(&mut self, name: &Name, entry: Entry) {
        if let Some(scope) = self.stack.last_mut() {
            scope.insert(name.clone(), entry);
        }
    }

    /// A new variable of this name in the innermost scope, or why there can be none.
    pub(super) fn declare(
        &mut self,
        vars: &mut Vars,
        name: &Name,
        how: Occurrence,
        span: Span,
    ) -> Result<Var, String> {
        if let Some(entry) = self.stack.last().and_then(|scope| scope.get(name)) {
            return Err(match entry.occurrence {
                Occurrence::Seen => format!("var {name} referenced above"),
                Occurrence::Assigned => format!("var {name} assigned above"),
                Occurrence::Declared => format!("var {name} declared above"),
                Occurrence::Argument => format!("arg {name} redeclared"),
            });
        }
        let var = vars.add(name.clone(), Origin::Declared);
        self.insert(name, Entry { var, occurrence: how, span });
        Ok(var)
    }
}

/// The names that the expressions of a body declare, those of `every` in it included: within the body they hide
/// rules and imports, even above the declaration.
pub(super) fn declared(body: &[ast::Expr]) -> HashSet<Name> {
    let mut names = HashSet::default();
    for expr in body {
        declared_in(expr, &mut names);
    }
    names
}

fn declared_in(expr: &ast::Expr, names: &mut HashSet<Name>) {
    match &expr.kind {
        ExprKind::Call(call) if is_assignment(call) => {
            call.args.iter().take(1).for_each(|it| names_in(it, names));
        }
        ExprKind::SomeDecl(symbols) => symbols.iter().for_each(|it| names_in(it, names)),
        ExprKind::SomeIn(some) => {
            if let Some(it) = &some.key {
                names_in(it, names);
            }
            names_in(&some.value, names);
        }
        ExprKind::Every(every) => every.body.exprs.iter().for_each(|it| declared_in(it, names)),
        ExprKind::Call(_) | ExprKind::Term(_) => {}
    }
}

/// Whether a call is `:=` with its two sides.
pub(super) fn is_assignment(call: &ast::Call) -> bool {
    call.args.len() == 2
        && call.operator.path.is_empty()
        && call.operator.head.as_var().is_some_and(|name| name.as_ref() == "assign")
}

/// All names in a term, but those in comprehensions.
pub(super) fn names_in(term: &ast::Term, names: &mut HashSet<Name>) {
    match &term.kind {
        TermKind::Var(name) => {
            names.insert(name.clone());
        }
        TermKind::Ref(reference) => {
            names_in(&reference.head, names);
            for it in reference.path.iter() {
                names_in(it, names);
            }
        }
        TermKind::Call(call) => call.args.iter().for_each(|it| names_in(it, names)),
        TermKind::Array(items) | TermKind::Set(items) => {
            for it in items.iter() {
                names_in(it, names);
            }
        }
        TermKind::Object(pairs) => {
            for (key, value) in pairs.iter() {
                names_in(key, names);
                names_in(value, names);
            }
        }
        _ => {}
    }
}

/// The names that the arguments of a function bind.
pub(super) fn names_in_pattern(term: &ast::Term, names: &mut HashSet<Name>) {
    match &term.kind {
        TermKind::Var(name) => {
            names.insert(name.clone());
        }
        TermKind::Array(items) => {
            for it in items.iter() {
                names_in_pattern(it, names);
            }
        }
        TermKind::Object(pairs) => pairs.iter().for_each(|(_, value)| names_in_pattern(value, names)),
        TermKind::Ref(reference) => {
            names_in(&reference.head, names);
            for it in reference.path.iter() {
                names_in(it, names);
            }
        }
        _ => {}
    }
}
