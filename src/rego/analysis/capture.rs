//! Template strings and `print`: their arguments are captured as sets, which are empty where an argument is
//! undefined, so that an undefined argument does not end the body.

use crate::rego::engine::PrintStatements as Prints;
use crate::rego::error::{ErrorCode, RegoError};
use crate::rego::source::Span;
use crate::rego::value::Value;

use super::functions::Functions;
use super::rules::RuleTree;
use super::safety::{VarSet, outputs};
use super::tree::{
    Base, Branch, Call, Compr, ComprHead, Expr, ExprKind, Kind, Made, Op, Origin, Part, Rule, Target, Term,
    Vars,
};
use super::walk::{self, Reach};

/// What the passes of this file need to know.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) tree: &'a RuleTree,
    pub(super) functions: &'a Functions,
}

fn arguments(branch: &Branch) -> VarSet {
    let mut safe = VarSet::default();
    walk::terms(&branch.args, Reach::Everything, &mut |var| {
        safe.insert(var);
    });
    safe
}

/// A set of the value of a term, empty where it has none.
fn captured(vars: &mut Vars, term: Term, with: Vec<super::tree::With>, span: Span) -> Term {
    let var = Term::var(vars.generate(), span);
    let mut expr = Expr::unify(var.clone(), term, span);
    expr.with = with;
    Kind::Compr(Box::new(Compr { head: ComprHead::Set(var), body: vec![expr] })).at(span)
}

/// Rewrites the template strings of a rule.
pub(super) fn templates_of_rule(around: Around<'_>, rule: &mut Rule, errors: &mut Vec<RegoError>) {
    let Rule { branches, vars, .. } = rule;
    let mut pass = Templates { around, vars, errors };
    let mut args = branches.first().map_or_else(Vec::new, |branch| branch.args.clone());
    for term in &mut args {
        pass.term(term);
    }
    for branch in branches {
        // All branches have the same arguments.
        branch.args.clone_from(&args);
        pass.body(&mut branch.body);
        for term in &mut branch.key {
            pass.term(term);
        }
        pass.term(branch.leaf.term_mut());
    }
}

/// Rewrites the template strings of a query.
pub(super) fn templates_of_query(
    around: Around<'_>,
    vars: &mut Vars,
    body: &mut [Expr],
    errors: &mut Vec<RegoError>,
) {
    Templates { around, vars, errors }.body(body);
}

struct Templates<'a> {
    around: Around<'a>,
    vars: &'a mut Vars,
    errors: &'a mut Vec<RegoError>,
}

impl Templates<'_> {
    fn body(&mut self, body: &mut [Expr]) {
        for expr in body {
            self.expr(expr);
        }
    }

    fn expr(&mut self, expr: &mut Expr) {
        for term in walk::terms_of_mut(expr) {
            self.term(term);
        }
        for with in &mut expr.with {
            if let Target::Term(target) = &mut with.target {
                self.term(target);
            }
        }
        if let ExprKind::Every(every) = &mut expr.kind {
            self.body(&mut every.body);
        }
    }

    fn term(&mut self, term: &mut Term) {
        match &mut term.kind {
            Kind::Scalar(_) | Kind::Var(_) => {}
            Kind::Ref(reference) => {
                if let Base::Term(base) = &mut reference.base {
                    self.term(base);
                }
                for it in &mut reference.steps {
                    self.term(it);
                }
            }
            Kind::Call(call) => call.args.iter_mut().for_each(|it| self.term(it)),
            Kind::Array(items) | Kind::Set(items) => {
                for it in items {
                    self.term(it);
                }
            }
            Kind::Object(pairs) => {
                for (key, value) in pairs {
                    self.term(key);
                    self.term(value);
                }
            }
            Kind::Compr(compr) => {
                self.body(&mut compr.body);
                for it in compr.head.terms_mut() {
                    self.term(it);
                }
            }
            Kind::Template(parts) => {
                let parts = std::mem::take(parts);
                let parts = parts.into_iter().map(|part| self.part(part, term.span)).collect();
                term.kind = self.template(parts, term.span);
            }
        }
    }

    fn template(&self, mut parts: Vec<Term>, span: Span) -> Kind {
        if parts.is_empty() {
            parts.push(Kind::Scalar(Value::from("")).at(span));
        }
        let name = "internal.template_string";
        let op = self.around.functions.find(name).unwrap_or_else(|| Op::Unknown(name.into()));
        Kind::Call(Box::new(Call { op, args: vec![Kind::Array(parts).at(span)], span }))
    }

    /// An unbound variable in a part is reported at the whole string.
    fn part(&mut self, part: Part, place: Span) -> Term {
        let mut expr = match part {
            Part::Text(text) => return text,
            Part::Expr(expr) => expr,
        };
        self.expr(&mut expr);
        let Expr { kind, with, span, .. } = expr;
        let term = match kind {
            ExprKind::Term(term) => term,
            ExprKind::Call(call) => {
                self.check_relation(&call);
                Kind::Call(Box::new(call)).at(span)
            }
            ExprKind::Every(_) => {
                let message = "unexpected template-string expression type: *ast.Every";
                self.errors.push(RegoError::new(ErrorCode::Compile, message, Some(span)));
                Kind::Scalar(Value::Null).at(span)
            }
        };
        captured(self.vars, term, with, place)
    }

    fn check_relation(&mut self, call: &Call) {
        if let Op::Builtin(declaration) = &call.op
            && declaration.relation
        {
            let name = declaration.name;
            let message =
                format!("illegal call to relation built-in '{name}' that may cause multiple outputs");
            self.errors.push(RegoError::new(ErrorCode::Compile, message, Some(call.span)));
        }
    }
}

/// An error for each variable of a captured term that nothing before it binds.
fn undeclared(vars: &Vars, safe: &VarSet, term: &Term, errors: &mut Vec<RegoError>) {
    let mut names = std::collections::BTreeSet::new();
    walk::term(term, Reach::Open, &mut |var| {
        if !safe.contains(var) {
            names.insert(vars.get(var).name.clone());
        }
    });
    for name in names {
        errors.push(RegoError::new(ErrorCode::Compile, format!("var {name} is undeclared"), Some(term.span)));
    }
}

/// Calls that give nothing are no values.
pub(super) fn check_void_calls(tree: &RuleTree, vars: &Vars, term: &Term, errors: &mut Vec<RegoError>) {
    let printer = super::print::Printer { tree, vars };
    walk::every_term_below(term, &mut |it| {
        if let Kind::Call(call) = &it.kind
            && call.op.declared().is_some_and(|ty| ty.result.is_none())
        {
            let message = format!("{} used as value", printer.call(call));
            errors.push(RegoError::new(ErrorCode::Type, message, Some(it.span)));
        }
    });
}

/// [`check_void_calls`] for a rule.
pub(super) fn check_void_calls_of_rule(tree: &RuleTree, rule: &Rule, errors: &mut Vec<RegoError>) {
    for branch in &rule.branches {
        for term in branch.key.iter().chain([branch.leaf.term()]) {
            check_void_calls(tree, &rule.vars, term, errors);
        }
        check_void_calls_of_body(tree, &rule.vars, &branch.body, errors);
    }
}

/// [`check_void_calls`] for a body.
pub(super) fn check_void_calls_of_body(
    tree: &RuleTree,
    vars: &Vars,
    body: &[Expr],
    errors: &mut Vec<RegoError>,
) {
    for expr in body {
        for term in walk::terms_of(expr) {
            check_void_calls(tree, vars, term, errors);
        }
        if let ExprKind::Every(every) = &expr.kind {
            check_void_calls_of_body(tree, vars, &every.body, errors);
        }
    }
}

/// Rewrites or erases the calls of `print` in a rule.
pub(super) fn prints_of_rule(
    around: Around<'_>,
    prints: Prints,
    rule: &mut Rule,
    errors: &mut Vec<RegoError>,
) {
    for branch in &mut rule.branches {
        let mut pass = Printed { around, prints, vars: &mut rule.vars, errors, safe: arguments(branch) };
        let start = pass.safe.mark();
        for term in &mut branch.key {
            pass.term(term);
        }
        pass.term(branch.leaf.term_mut());
        pass.safe.back_to(start);
        pass.body(&mut branch.body);
    }
}

/// Rewrites or erases the calls of `print` in a query.
pub(super) fn prints_of_query(
    around: Around<'_>,
    prints: Prints,
    vars: &mut Vars,
    body: &mut Vec<Expr>,
    errors: &mut Vec<RegoError>,
) {
    Printed { around, prints, vars, errors, safe: VarSet::default() }.body(body);
}

struct Printed<'a> {
    around: Around<'a>,
    prints: Prints,
    vars: &'a mut Vars,
    errors: &'a mut Vec<RegoError>,
    /// What the expressions before bind.
    safe: VarSet,
}

impl Printed<'_> {
    fn body(&mut self, body: &mut Vec<Expr>) {
        let exprs = std::mem::take(body);
        let place = exprs.first().map(|expr| expr.span);
        for mut expr in exprs {
            for term in walk::terms_of_mut(&mut expr) {
                self.term(term);
            }
            if let ExprKind::Every(every) = &mut expr.kind {
                let around = self.safe.mark();
                self.safe.extend(every.key);
                self.safe.insert(every.value);
                self.body(&mut every.body);
                self.safe.back_to(around);
            }
            if expr.call().is_some_and(|call| call.op.is_builtin("print")) {
                body.extend(self.print(expr));
                continue;
            }
            self.bind(&expr);
            body.push(expr);
        }
        if let (true, Some(span)) = (body.is_empty(), place) {
            body.push(Expr::new(ExprKind::Term(Kind::Scalar(Value::Bool(true)).at(span)), span));
        }
    }

    /// Declared variables count as bound wherever they stand before.
    fn bind(&mut self, expr: &Expr) {
        if self.prints == Prints::Remove {
            return;
        }
        let bound = outputs(self.around.tree, expr, &self.safe);
        self.safe.extend(bound);
        let Self { vars, safe, .. } = self;
        walk::expr(expr, Reach::Everything, &mut |var| {
            if vars.get(var).origin != Origin::Free {
                safe.insert(var);
            }
        });
    }

    fn print(&mut self, expr: Expr) -> Option<Expr> {
        let ExprKind::Call(call) = expr.kind else { return None };
        if self.prints == Prints::Remove {
            return None;
        }
        let mut captures = Vec::with_capacity(call.args.len());
        for arg in call.args {
            undeclared(self.vars, &self.safe, &arg, self.errors);
            let span = arg.span;
            captures.push(captured(self.vars, arg, Vec::new(), span));
        }
        let name = "internal.print";
        let op = self.around.functions.find(name).unwrap_or_else(|| Op::Unknown(name.into()));
        let args = vec![Kind::Array(captures).at(expr.span)];
        let kind = ExprKind::Call(Call { op, args, span: expr.span });
        Some(Expr { made: Made::BySource, ..Expr::new(kind, expr.span) })
    }

    fn term(&mut self, term: &mut Term) {
        walk::bodies_of_term_mut(term, &mut |compr| {
            let around = self.safe.mark();
            self.body(&mut compr.body);
            for it in compr.head.terms_mut() {
                self.term(it);
            }
            self.safe.back_to(around);
        });
    }
}
