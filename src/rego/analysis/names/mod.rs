//! Names become what they stand for: imports, rules, `input` and `data` references, builtins, and one variable for
//! each declaration. `:=` becomes a unification, `some` and `some .. in` vanish into variables and references.
//!
//! [`heads`] resolves rules up to their bodies, [`exprs`] what stands in bodies, [`terms`] terms and calls.
//!
//! OPA does this in several stages; what each would report is kept apart in [`Found`], since a stage that reports
//! anything is the last one.

mod exprs;
mod heads;
mod terms;

use crate::rego::analysis::maps::HashSet;
use crate::rego::engine::Checks;
use crate::rego::error::{ErrorCode, RegoError};
use crate::rego::source::Span;
use crate::rego::syntax::ast::{self, Name, RuleKind};

use super::functions::Functions;
use super::rules::{Globals, RuleTree};
use super::scope::{Occurrence, Scopes, declared};
use super::tree::{Counter, Expr, Rule, Var, Vars};

/// What stages of OPA would report, in their order.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Resolving references.
    pub(super) references: Vec<RegoError>,
    /// Names of documents that are declared.
    pub(super) overrides: Vec<RegoError>,
    /// Declarations of variables.
    pub(super) locals: Vec<RegoError>,
    /// Whether a body has a `:=`.
    pub(super) assigns: bool,
}

/// What names can stand for.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) tree: &'a RuleTree,
    pub(super) functions: &'a Functions,
    pub(super) globals: &'a Globals,
    pub(super) checks: Checks,
    pub(super) counter: &'a Counter,
}

/// Resolves a rule of the tree of rules.
pub(super) fn rule(known: Known<'_>, found: &mut Found, id: usize, rule: &ast::Rule) -> Rule {
    let head = &known.tree.heads[id];
    let mut resolver = Resolver::new(known, found);
    let branches = resolver.branches(rule, head.ground);
    let (node, module, index) = (head.node, head.module, head.index);
    let is_default = rule.kind == RuleKind::Default;
    Rule { node, module, index, is_default, branches, vars: resolver.vars }
}

/// Resolves a query. The variables that its expressions name are those of the result that are not generated.
pub(super) fn query(known: Known<'_>, found: &mut Found, body: &ast::Body) -> (Vec<Expr>, Vars) {
    let mut resolver = Resolver::new(known, found);
    resolver.hidden.push(declared(&body.exprs));
    resolver.scopes.push();
    let mut exprs = Vec::new();
    for (number, expr) in body.exprs.iter().enumerate() {
        if let Some(expr) = resolver.expr(expr) {
            exprs.push(Expr { answers: Some(number), ..expr });
        }
    }
    resolver.close_scope();
    (exprs, resolver.vars)
}

struct Resolver<'a, 'f> {
    known: Known<'a>,
    found: &'f mut Found,
    /// How many errors of locals there were before this rule: after one, unused variables are not looked for.
    locals_before: usize,
    vars: Vars,
    scopes: Scopes,
    /// Names that hide rules and imports, by body.
    hidden: Vec<HashSet<Name>>,
}

fn compile_error(message: impl Into<String>, span: Option<Span>) -> RegoError {
    RegoError::new(ErrorCode::Compile, message, span)
}

fn is_root(name: &str) -> bool {
    matches!(name, "input" | "data")
}

impl<'a, 'f> Resolver<'a, 'f> {
    fn new(known: Known<'a>, found: &'f mut Found) -> Self {
        let locals_before = found.locals.len();
        Self {
            known,
            found,
            locals_before,
            vars: Vars::new(known.counter),
            scopes: Scopes::default(),
            hidden: Vec::new(),
        }
    }

    fn is_hidden(&self, name: &Name) -> bool {
        self.hidden.iter().any(|names| names.contains(name))
    }

    fn declare(&mut self, name: &Name, how: Occurrence, span: Span, at: Option<Span>) -> Option<Var> {
        match self.scopes.declare(&mut self.vars, name, how, span) {
            Ok(var) => Some(var),
            Err(message) => {
                self.found.locals.push(compile_error(message, at));
                None
            }
        }
    }

    /// Leaves a scope, whose declarations must have been used.
    fn close_scope(&mut self) {
        self.check_unused();
        self.scopes.pop();
    }

    fn check_unused(&mut self) {
        if self.found.locals.len() > self.locals_before {
            return;
        }
        let strict = self.known.checks == Checks::Strict;
        let mut assigned = Vec::new();
        let mut declared = Vec::new();
        for (name, entry) in self.scopes.innermost() {
            let unused = self.vars.get(entry.var).reads == 0;
            match entry.occurrence {
                Occurrence::Assigned if unused && strict => {
                    assigned.push(compile_error(format!("assigned var {name} unused"), Some(entry.span)));
                }
                Occurrence::Declared if unused => {
                    declared.push(compile_error(format!("declared var {name} unused"), Some(entry.span)));
                }
                _ => {}
            }
        }
        self.found.locals.extend(if assigned.is_empty() { declared } else { assigned });
    }

    fn body(&mut self, exprs: &[ast::Expr]) -> Vec<Expr> {
        exprs.iter().filter_map(|expr| self.expr(expr)).collect()
    }
}
