//! Queries: a body compiled against a program.

use crate::rego::engine::Checks;
use crate::rego::error::{Errors, RegoError};
use crate::rego::hir;
use crate::rego::source::{Sources, Span};
use crate::rego::syntax::ast;

use super::calls::{self, UnknownFunctions};
use super::capture::{self, Around};
use super::emit::Emit;
use super::names::{self, Found, Known};
use super::rules::Globals;
use super::safety::{self, VarSet};
use super::tree::{Base, Call, Counter, Expr, ExprKind, Kind, Op, Origin, Polarity, Term, Var, Vars};
use super::{Analysis, dynamic, hoist, walk, with};

/// Compiles a query. A package gives it the names of its rules, imports give it theirs.
pub(super) fn compile(
    analysis: &Analysis,
    sources: &Sources,
    body: &ast::Body,
    package: Option<&ast::Package>,
    imports: &[ast::Import],
) -> Result<hir::Query, Errors> {
    let globals = match package {
        Some(package) => Globals::new(package, imports, &analysis.exports),
        None => Globals::of_imports(imports),
    };
    let mut query = Query { analysis, sources, vars: Vars::new(&Counter::of_query()), body: Vec::new() };
    query.names(body, &globals)?;
    let values = query.capture_values();
    query.rewrite()?;
    query.check()?;
    let spans: Vec<Span> = body.exprs.iter().map(|expr| expr.span).collect();
    query.emit(&spans, &values)
}

struct Query<'a> {
    analysis: &'a Analysis,
    sources: &'a Sources,
    vars: Vars,
    body: Vec<Expr>,
}

impl Query<'_> {
    /// Ends here where a phase found errors.
    fn end_of_phase(&self, errors: Vec<RegoError>) -> Result<(), Errors> {
        super::end_of_phase(self.sources, self.analysis.options.error_limit, errors)
    }

    fn names(&mut self, body: &ast::Body, globals: &Globals) -> Result<(), Errors> {
        let Analysis { tree, functions, options, .. } = self.analysis;
        let known = Known { tree, functions, globals, checks: options.checks, counter: &Counter::of_query() };
        let mut found = Found::default();
        (self.body, self.vars) = names::query(known, &mut found, body);
        if options.checks == Checks::Strict {
            self.end_of_phase(found.overrides)?;
        }
        self.end_of_phase(found.references)?;
        self.end_of_phase(found.locals)
    }

    /// Gives every expression that has a value a variable for it. Where there are several answers or expressions,
    /// values that are false are none.
    fn capture_values(&mut self) -> Vec<(usize, Var)> {
        let must_hold = self.body.len() > 1 || self.body.iter().any(iterates);
        let tree = &self.analysis.tree;
        let mut values = Vec::new();
        let mut tests = Vec::new();
        for expr in &mut self.body {
            if expr.polarity == Polarity::Negated {
                continue;
            }
            let span = expr.span;
            let has_value = match &expr.kind {
                ExprKind::Term(_) => true,
                ExprKind::Call(Call { op: Op::Eq, .. }) | ExprKind::Every(_) => false,
                ExprKind::Call(call) => {
                    let is_void = call.op.declared().is_some_and(|ty| ty.result.is_none());
                    !is_void && call.op.arity(tree) == Some(call.args.len())
                }
            };
            if !has_value {
                continue;
            }
            // OPA names it as a wildcard, which unsafe values show.
            let var = self.vars.add("_".into(), Origin::Free);
            match &mut expr.kind {
                ExprKind::Term(term) => {
                    let args = vec![term.clone(), Term::var(var, span)];
                    expr.kind = ExprKind::Call(Call { op: Op::Eq, args, span });
                }
                ExprKind::Call(call) => call.args.push(Term::var(var, span)),
                ExprKind::Every(_) => {}
            }
            values.extend(expr.answers.map(|number| (number, var)));
            if must_hold {
                tests.push(Expr::new(ExprKind::Term(Term::var(var, span)), span));
            }
        }
        self.body.extend(tests);
        values
    }

    fn rewrite(&mut self) -> Result<(), Errors> {
        let Analysis { tree, functions, options, .. } = self.analysis;
        let around = Around { tree, functions };
        let mut errors = Vec::new();
        capture::templates_of_query(around, &mut self.vars, &mut self.body, &mut errors);
        self.end_of_phase(std::mem::take(&mut errors))?;
        capture::check_void_calls_of_body(tree, &self.vars, &self.body, &mut errors);
        self.end_of_phase(std::mem::take(&mut errors))?;
        capture::prints_of_query(around, options.print, &mut self.vars, &mut self.body, &mut errors);
        self.end_of_phase(std::mem::take(&mut errors))?;
        hoist::body(&mut self.vars, &mut self.body);
        hoist::comprehension_heads(&mut self.vars, &mut self.body);
        with::body(tree, &mut self.vars, &mut self.body, &mut errors);
        self.end_of_phase(errors)
    }

    fn check(&mut self) -> Result<(), Errors> {
        let Analysis { tree, .. } = self.analysis;
        let mut errors = Vec::new();
        calls::body(tree, UnknownFunctions::Refused, &self.body, &mut errors);
        self.end_of_phase(std::mem::take(&mut errors))?;
        let body = std::mem::take(&mut self.body);
        self.body = safety::order_body(tree, &self.vars, VarSet::default(), body, &mut errors);
        self.end_of_phase(std::mem::take(&mut errors))?;
        dynamic::body(&mut self.vars, &mut self.body);
        let found = super::types::check_query(tree, &self.analysis.types, &self.vars, &self.body);
        self.end_of_phase(found)?;
        if self.analysis.options.checks == Checks::Strict {
            calls::check_deprecated(&self.body, &mut errors);
        }
        self.end_of_phase(errors)
    }

    fn emit(&self, spans: &[Span], values: &[(usize, Var)]) -> Result<hir::Query, Errors> {
        let mut errors = Vec::new();
        let Analysis { tree, groups, options, .. } = self.analysis;
        let mut emit = Emit::new(tree, groups, options.observe, &mut errors);
        let body = emit.body(&self.body);
        let mut exports = Vec::new();
        for (var, info) in self.vars.iter() {
            if info.origin != Origin::Generated && info.name.as_ref() != "_" && emit.has(var) {
                exports.push((info.name.clone(), emit.local(var)));
            }
        }
        exports.sort();
        let mut expressions: Vec<(Span, Option<hir::LocalId>)> =
            spans.iter().map(|span| (*span, None)).collect();
        for (number, var) in values {
            if let Some(expression) = expressions.get_mut(*number) {
                expression.1 = Some(emit.local(*var));
            }
        }
        let locals = emit.count();
        self.end_of_phase(errors)?;
        Ok(hir::Query { body, locals, exports, expressions })
    }
}

/// Whether an expression can have several solutions by itself.
fn iterates(expr: &Expr) -> bool {
    let relation = |op: &Op| matches!(op, Op::Builtin(declaration) if declaration.relation);
    expr.call().is_some_and(|call| relation(&call.op)) || walk::terms_of(expr).into_iter().any(term_iterates)
}

fn term_iterates(term: &Term) -> bool {
    match &term.kind {
        Kind::Scalar(_) | Kind::Var(_) | Kind::Compr(_) | Kind::Template(_) => false,
        Kind::Ref(reference) => {
            reference.steps.iter().any(|step| step.as_var().is_some() || term_iterates(step))
                || matches!(&reference.base, Base::Term(base) if term_iterates(base))
        }
        Kind::Call(call) => {
            matches!(&call.op, Op::Builtin(declaration) if declaration.relation)
                || call.args.iter().any(term_iterates)
        }
        Kind::Array(items) | Kind::Set(items) => items.iter().any(term_iterates),
        Kind::Object(pairs) => pairs.iter().any(|(key, value)| term_iterates(key) || term_iterates(value)),
    }
}
