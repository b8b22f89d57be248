//! Types: what terms can be, found without evaluating them, and what can therefore never hold.
//!
//! Rules are looked at after those they need. Each expression of a body is checked on its own: closures in it first,
//! then the references, then the call or the unification, which also teaches the types of variables.

mod env;
mod infer;
mod refs;
mod schemas;
mod unify;

use crate::rego::analysis::maps::HashMap;
use crate::rego::builtins::decl;
use crate::rego::error::{Details, ErrorCode, RegoError, TypeDetails};
use crate::rego::types::{FnType, Type};
use crate::rego::value::{ObjectBuilder, Value};

use super::print::Printer;
use super::recursion::BranchId;
use super::rules::RuleTree;
use super::tree::{
    Branch, Call, Compr, ComprHead, Expr, ExprKind, Kind, Leaf, Op, Rule, Target, Term, Vars, WithValue,
};
use super::walk::{self, Reach};

pub(super) use env::RuleTypes;
use env::VarTypes;
use schemas::Documents;
pub(super) use schemas::Schemas;
use unify::unifies;

/// The type of a literal; nothing where it takes more than a look.
pub(super) fn of_constant(term: &Term) -> Option<Type> {
    if let Kind::Scalar(value) = &term.kind { Some(Type::of(value)) } else { None }
}

/// Checks all rules, in an order in which what one needs comes before it.
pub(super) fn check_rules(
    tree: &RuleTree,
    rules: &[Rule],
    order: &[BranchId],
    schemas: &Schemas,
) -> (RuleTypes, Vec<RegoError>) {
    let mut types = RuleTypes::new(tree);
    let mut errors = Vec::from_iter(schemas.error());
    for id @ (rule, branch) in order {
        let rule = &rules[*rule];
        let span = rule.branches[*branch].span;
        let extent = || types.extent(tree, RuleTree::ROOT);
        let documents = schemas.documents_of(*id, span, extent, &mut errors);
        let mut checker = Checker::new(tree, &types, &rule.vars, documents);
        let found = checker.body(&rule.branches[*branch].body);
        if !found.is_empty() {
            // What has errors counts as anything, so that those who need it report their own errors only.
            errors.extend(found);
            types.put(tree, rule.node, Type::ANY);
            continue;
        }
        match checker.of_branch(&rule.branches[*branch]) {
            Some(ty) => types.insert(tree, rule.node, &ty),
            None => types.mark(tree, rule.node),
        }
    }
    (types, errors)
}

/// Checks the body of a query.
pub(super) fn check_query(tree: &RuleTree, types: &RuleTypes, vars: &Vars, body: &[Expr]) -> Vec<RegoError> {
    Checker::new(tree, types, vars, Schemas::default().documents()).body(body)
}

struct Checker<'a> {
    tree: &'a RuleTree,
    rules: &'a RuleTypes,
    names: &'a Vars,
    documents: Documents,
    vars: VarTypes,
    /// Types of comprehensions that were checked, by where they stand in memory: the tree does not move.
    comprehensions: HashMap<usize, Option<Type>>,
}

/// What an error says of the types that led to it.
enum Cause {
    /// A type was not known.
    Unknown,
    Known,
}

type Failure = (RegoError, Cause);

impl<'a> Checker<'a> {
    fn new(tree: &'a RuleTree, rules: &'a RuleTypes, names: &'a Vars, documents: Documents) -> Self {
        let (vars, comprehensions) = (VarTypes::default(), HashMap::default());
        Self { tree, rules, names, documents, vars, comprehensions }
    }

    fn printer(&self) -> Printer<'a> {
        Printer { tree: self.tree, vars: self.names }
    }

    fn body(&mut self, body: &[Expr]) -> Vec<RegoError> {
        let mut errors = Vec::new();
        for expr in body {
            let before = errors.len();
            self.closures(expr, &mut errors);
            self.references(expr, &mut errors);
            if let Err((error, cause)) = self.expr(expr) {
                // An unknown type is most likely unknown because of the errors inside.
                let is_follow_up = errors.len() > before && matches!(cause, Cause::Unknown);
                if !is_follow_up {
                    errors.push(error);
                }
            }
        }
        errors
    }

    fn closures(&mut self, expr: &Expr, errors: &mut Vec<RegoError>) {
        for term in walk::terms_of(expr) {
            let mut found = Vec::new();
            walk::closures_of_term(term, &mut |compr| found.push(compr));
            for compr in found {
                errors.extend(self.comprehension(compr));
            }
        }
        if let ExprKind::Every(every) = &expr.kind {
            for expr in &every.body {
                self.closures(expr, errors);
            }
        }
    }

    fn comprehension(&mut self, compr: &Compr) -> Vec<RegoError> {
        let around = self.vars.mark();
        let errors = self.body(&compr.body);
        let ty = if errors.is_empty() {
            let mut of = |term| self.of(term).unwrap_or(Type::ANY);
            Some(match &compr.head {
                ComprHead::Array(term) => Type::array_of(of(term)),
                ComprHead::Set(term) => Type::set_of(of(term)),
                ComprHead::Object(key, value) => Type::object_of(of(key), of(value)),
            })
        } else {
            None
        };
        self.vars.back_to(around);
        self.comprehensions.insert(std::ptr::from_ref(compr).addr(), ty.map(env::bounded));
        errors
    }

    fn expr(&mut self, expr: &Expr) -> Result<(), Failure> {
        for with in &expr.with {
            let target = match &with.target {
                Target::Builtin(op) => self.function(op),
                Target::Term(term) => self.of(term).and_then(as_function),
            };
            let value = match &with.value {
                WithValue::Builtin(op, _) => self.function(op),
                WithValue::Rule(node) => self.rules.get(*node).cloned().and_then(as_function),
                WithValue::Term(_) => None,
            };
            if let (Some(target_type), Some(value)) = (target, value)
                && !unifies(
                    &Type::Function(target_type.clone().into()),
                    &Type::Function(value.clone().into()),
                )
            {
                let name = match &with.target {
                    Target::Builtin(op) => op.name(self.tree),
                    Target::Term(term) => self.printer().term(term),
                };
                let have = value.args.into_iter().map(Some).collect::<Vec<_>>();
                return Err(argument_error(&name, "arity mismatch", &have, &target_type, with.span));
            }
        }
        match &expr.kind {
            ExprKind::Call(Call { op: Op::Eq, args, .. }) if args.len() == 2 => self.equality(expr, args),
            ExprKind::Call(call) => self.call(expr, call),
            ExprKind::Term(_) | ExprKind::Every(_) => Ok(()),
        }
    }

    fn equality(&mut self, expr: &Expr, sides: &[Term]) -> Result<(), Failure> {
        let (left, right) = (self.of(&sides[0]), self.of(&sides[1]));
        if self.unify_terms(&sides[0], left.as_ref(), &sides[1], right.as_ref()) {
            return Ok(());
        }
        let lines =
            vec![format!("left  : {}", shown(left.as_ref())), format!("right : {}", shown(right.as_ref()))];
        let cause = if left.is_none() || right.is_none() { Cause::Unknown } else { Cause::Known };
        let mut json = ObjectBuilder::new();
        json.push_str("a", as_json(left.as_ref()));
        json.push_str("b", as_json(right.as_ref()));
        let error = RegoError::new(ErrorCode::Type, "match error", Some(expr.span));
        Err((error.with_details(details(lines, json)), cause))
    }

    /// The type of what is called, if it is known to be a function.
    fn function(&self, op: &Op) -> Option<FnType> {
        match op {
            Op::Rule(node) => self.rules.get(*node).cloned().and_then(as_function),
            _ => op.declared().cloned(),
        }
    }

    fn call(&mut self, expr: &Expr, call: &Call) -> Result<(), Failure> {
        // Of a function with errors nothing is asked.
        if let Op::Rule(node) = &call.op
            && self.rules.get(*node).is_none_or(|ty| matches!(ty, Type::Any(_)))
        {
            return Ok(());
        }
        // Of what is not known and yet allowed, nothing can be asked.
        if let Op::Unknown(_) = call.op {
            for arg in &call.args {
                self.unify_term(arg, &Type::ANY, infer::Learn::Once);
            }
            return Ok(());
        }
        let name = call.op.name(self.tree);
        let Some(mut wanted) = self.function(&call.op) else {
            let message = decl::undefined(&name);
            return Err((RegoError::new(ErrorCode::Type, message, Some(expr.span)), Cause::Known));
        };
        let arity = wanted.args.len();
        wanted.args.extend(wanted.result.take());
        let wrong_number = match call.args.len() {
            given if given > wanted.args.len() && wanted.variadic.is_none() => Some("too many arguments"),
            given if given < arity => Some("too few arguments"),
            _ => None,
        };
        let fits = wrong_number.is_none()
            && call.args.iter().enumerate().all(|(at, arg)| match wanted.arg(at) {
                Some(ty) => self.unify_term(arg, ty, infer::Learn::Once),
                None => true,
            });
        if fits {
            return Ok(());
        }
        let have: Vec<Option<Type>> = call.args.iter().map(|arg| self.of(arg)).collect();
        Err(argument_error(&name, wrong_number.unwrap_or("invalid argument(s)"), &have, &wanted, expr.span))
    }

    /// The type that a branch without errors adds to its place. Nothing where OPA does not follow it.
    fn of_branch(&mut self, branch: &Branch) -> Option<Type> {
        if !branch.args.is_empty() {
            walk::terms(&branch.args, Reach::Everything, &mut |var| {
                if self.vars.get(var).is_none() {
                    self.vars.put(var, Type::ANY);
                }
            });
            let args = branch.args.iter().map(|arg| self.of(arg).unwrap_or(Type::ANY)).collect();
            let result = Some(self.of(branch.leaf.term()).unwrap_or(Type::ANY));
            return Some(Type::Function(FnType { args, result, variadic: None }.into()));
        }
        let leaf = self.of(branch.leaf.term())?;
        match &branch.leaf {
            Leaf::Contains(_) if !branch.key.is_empty() => None,
            Leaf::Contains(_) => Some(Type::set_of(leaf)),
            Leaf::Value(_) => branch
                .key
                .iter()
                .rev()
                .try_fold(leaf, |value, key| Some(env::bounded(Type::object_of(self.of(key)?, value)))),
        }
    }
}

fn as_function(ty: Type) -> Option<FnType> {
    if let Type::Function(function) = ty { Some((*function).clone()) } else { None }
}

/// `???` where it is not known.
pub(super) fn shown(ty: Option<&Type>) -> String {
    ty.map_or_else(|| "???".to_owned(), ToString::to_string)
}

fn argument_error(
    name: &str,
    what: &str,
    have: &[Option<Type>],
    wanted: &FnType,
    span: crate::rego::source::Span,
) -> Failure {
    let types: Vec<String> = have.iter().map(|ty| shown(ty.as_ref())).collect();
    let lines = vec![format!("have: ({})", types.join(", ")), format!("want: {}", wanted.display_args())];
    let cause = if have.iter().any(Option::is_none) { Cause::Unknown } else { Cause::Known };
    let error = RegoError::new(ErrorCode::Type, format!("{name}: {what}"), Some(span));
    (error.with_details(details(lines, arguments(have, wanted))), cause)
}

/// The types that a call has and wants.
pub(super) fn arguments(have: &[Option<Type>], wanted: &FnType) -> ObjectBuilder {
    let mut want = ObjectBuilder::new();
    if !wanted.args.is_empty() {
        want.push_str("args", wanted.args.iter().map(Type::to_json).collect::<Vec<_>>());
    }
    if let Some(variadic) = &wanted.variadic {
        want.push_str("variadic", variadic.to_json());
    }
    let mut json = ObjectBuilder::new();
    json.push_str("have", have.iter().map(|ty| as_json(ty.as_ref())).collect::<Vec<_>>());
    json.push_str("want", want.build_last_wins());
    json
}

fn as_json(ty: Option<&Type>) -> Value {
    ty.map_or(Value::Null, Type::to_json)
}

/// The details of an error.
pub(super) fn details(lines: Vec<String>, json: ObjectBuilder) -> Details {
    Details::Types(Box::new(TypeDetails { lines, json: json.build_last_wins().into() }))
}
