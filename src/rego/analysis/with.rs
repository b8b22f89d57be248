//! `with`: what is replaced must be a document or a function, and values that have to be evaluated are evaluated
//! before the expression.

use crate::rego::error::{ErrorCode, RegoError};
use crate::rego::source::Span;

use super::rules::{NodeId, RuleTree};
use super::tree::{Base, Expr, ExprKind, Kind, Op, Ref, Rule, Target, Term, Vars, With, WithValue};
use super::walk;

/// Checks and rewrites the modifiers of a rule.
pub(super) fn rule(tree: &RuleTree, rule: &mut Rule, errors: &mut Vec<RegoError>) {
    for branch in &mut rule.branches {
        body(tree, &mut rule.vars, &mut branch.body, errors);
    }
}

/// Checks and rewrites the modifiers of a body.
pub(super) fn body(tree: &RuleTree, vars: &mut Vars, body: &mut Vec<Expr>, errors: &mut Vec<RegoError>) {
    Modifiers { tree, vars, errors }.body(body);
}

struct Modifiers<'a> {
    tree: &'a RuleTree,
    vars: &'a mut Vars,
    errors: &'a mut Vec<RegoError>,
}

/// What a value of `with` may be, by its target.
enum Wanted {
    Value,
    ValueOrFunction,
}

impl Modifiers<'_> {
    fn body(&mut self, body: &mut Vec<Expr>) {
        for mut expr in std::mem::take(body) {
            if let ExprKind::Every(every) = &mut expr.kind {
                self.body(&mut every.body);
            }
            for term in walk::terms_of_mut(&mut expr) {
                walk::bodies_of_term_mut(term, &mut |compr| self.body(&mut compr.body));
            }
            for with in &mut expr.with {
                match self.target(with) {
                    Ok(wanted) => body.extend(self.value(with, &wanted)),
                    Err(error) => self.errors.push(error),
                }
            }
            body.push(expr);
        }
    }

    fn target(&self, with: &With) -> Result<Wanted, RegoError> {
        let span = with.target_span;
        match &with.target {
            Target::Builtin(op) => self.builtin(op, span),
            Target::Term(Term { kind: Kind::Ref(target), .. }) => match target.base {
                Base::Data => self.data(target, span),
                Base::Input => Ok(Wanted::Value),
                _ => Err(no_target(span)),
            },
            Target::Term(_) => Err(no_target(span)),
        }
    }

    fn builtin(&self, op: &Op, span: Span) -> Result<Wanted, RegoError> {
        let name = op.name(self.tree);
        let prefix = "with keyword replacing built-in function:";
        if matches!(op, Op::Eq) || name == "rego.metadata.chain" || name == "rego.metadata.rule" {
            return Err(compile_error(format!("{prefix} replacement of \"{name}\" invalid"), span));
        }
        if name.starts_with("internal.") {
            let message = format!("{prefix} replacement of internal function \"{name}\" invalid");
            return Err(compile_error(message, span));
        }
        if matches!(op, Op::Builtin(declaration) if declaration.relation) {
            return Err(compile_error(format!("{prefix} target must not be a relation"), span));
        }
        if op.declared().is_some_and(|ty| ty.result.is_none()) {
            return Err(compile_error(format!("{prefix} target must not be a void function"), span));
        }
        Ok(Wanted::ValueOrFunction)
    }

    fn data(&self, target: &Ref, span: Span) -> Result<Wanted, RegoError> {
        let mut at = RuleTree::ROOT;
        for (number, step) in target.steps.iter().enumerate() {
            let Kind::Scalar(key) = &step.kind else { return Ok(Wanted::Value) };
            let Some(child) = self.tree.get(at).children.get(key) else { return Ok(Wanted::Value) };
            let is_last = number + 1 == target.steps.len();
            if !is_last && !self.tree.get(*child).rules.is_empty() {
                let message = "with keyword cannot partially replace virtual document(s)";
                return Err(compile_error(message, span));
            }
            at = *child;
        }
        let is_function = self.tree.arity(at).is_some_and(|arity| arity > 0);
        Ok(if is_function { Wanted::ValueOrFunction } else { Wanted::Value })
    }

    /// Settles what the value is; gives the expression that evaluates it, where it has to be.
    fn value(&mut self, with: &mut With, wanted: &Wanted) -> Option<Expr> {
        let placeholder = || Kind::Scalar(crate::rego::value::Value::Null).at(with.span);
        let settled = match (std::mem::replace(&mut with.value, WithValue::Term(placeholder())), wanted) {
            (WithValue::Builtin(op, term), Wanted::ValueOrFunction) => WithValue::Builtin(op, term),
            (WithValue::Builtin(_, term), Wanted::Value) => WithValue::Term(term),
            (WithValue::Term(term), Wanted::ValueOrFunction) => match self.function(&term) {
                Some(node) => WithValue::Rule(node),
                None => WithValue::Term(term),
            },
            (other, _) => other,
        };
        with.value = settled;
        let WithValue::Term(term) = &mut with.value else { return None };
        if !walk::needs_evaluation(term) {
            return None;
        }
        let mut span = term.span;
        if matches!(wanted, Wanted::ValueOrFunction) && names_rule(self.tree, term) {
            // What stands for a function is no statement in OPA, so nobody shall hear of it.
            span.end = span.start;
        }
        let var = Term::var(self.vars.generate(), span);
        let value = std::mem::replace(term, var.clone());
        Some(Expr::unify(var, value, span))
    }

    /// The function of the policy that a term names.
    fn function(&self, term: &Term) -> Option<NodeId> {
        let node = place(self.tree, term)?;
        self.tree.arity(node).filter(|arity| *arity > 0).map(|_| node)
    }
}

fn names_rule(tree: &RuleTree, term: &Term) -> bool {
    place(tree, term).is_some_and(|node| tree.arity(node).is_some())
}

/// The place of the tree of rules that a term names.
fn place(tree: &RuleTree, term: &Term) -> Option<NodeId> {
    let Kind::Ref(reference) = &term.kind else { return None };
    let Base::Data = reference.base else { return None };
    let path: Option<Vec<_>> = reference
        .steps
        .iter()
        .map(|step| if let Kind::Scalar(key) = &step.kind { Some(key) } else { None })
        .collect();
    tree.find(path?)
}

fn compile_error(message: impl Into<String>, span: Span) -> RegoError {
    RegoError::new(ErrorCode::Compile, message, Some(span))
}

/// What a target is not.
pub(super) fn no_target(span: Span) -> RegoError {
    let message = "with keyword target must reference existing input, data, or a function";
    RegoError::new(ErrorCode::Type, message, Some(span))
}
