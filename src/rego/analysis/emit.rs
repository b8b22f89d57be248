//! The analysed tree becomes the resolved program.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::rego::analysis::maps::HashMap;
use crate::rego::engine::Observe;
use crate::rego::error::RegoError;
use crate::rego::hir;
use crate::rego::source::Span;
use crate::rego::value::{ObjectBuilder, SetBuilder, Str, Value};

use super::rules::{NodeId, RuleTree};
use super::tree::{
    Base, Branch, Call, Compr, ComprHead, Expr, ExprKind, Kind, Leaf, Op, Polarity, Ref, Rule, Target, Term,
    Var, Vars, With, WithValue,
};

/// Which group the rules of each place of the tree of rules went into.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups(HashMap<NodeId, hir::GroupId>);

impl Groups {
    /// The groups of a tree and the empty program that has them.
    pub(super) fn new(tree: &RuleTree) -> (Self, hir::Program) {
        let mut groups = Self::default();
        let mut program = hir::Program::default();
        groups.node(tree, RuleTree::ROOT, &mut Vec::new(), &mut program.groups, &mut program.root);
        (groups, program)
    }

    /// The recursion is as deep as the longest path of a package and a rule's name, which the parser limits.
    fn node(
        &mut self,
        tree: &RuleTree,
        at: NodeId,
        path: &mut Vec<Str>,
        groups: &mut Vec<hir::Group>,
        out: &mut hir::Node,
    ) {
        let node = tree.get(at);
        // Names with numbers and the like (`p[1]`) belong to the group of the part before.
        let mut places = vec![at];
        for (key, child) in &node.children {
            match key {
                Value::String(name) => {
                    path.push(name.clone());
                    self.node(tree, *child, path, groups, out.children.entry(name.clone()).or_default());
                    path.pop();
                }
                _ => places.extend(tree.below(*child)),
            }
        }
        places.retain(|place| !tree.get(*place).rules.is_empty());
        let first = places.iter().flat_map(|place| &tree.get(*place).rules).min();
        let Some(first) = first else { return };
        let id = hir::GroupId(u32::try_from(groups.len()).unwrap_or(u32::MAX));
        let kind = match tree.heads[*first].arity {
            0 => hir::GroupKind::Complete,
            arity => hir::GroupKind::Function { arity },
        };
        let span = tree.heads[*first].span;
        groups.push(hir::Group { path: path.clone(), kind, rules: Vec::new(), default: None, span });
        out.group = Some(id);
        self.0.extend(places.into_iter().map(|place| (place, id)));
    }

    fn of(&self, node: NodeId) -> hir::GroupId {
        self.0.get(&node).copied().unwrap_or(hir::GroupId(u32::MAX))
    }
}

/// Puts a rule into its group.
pub(super) fn rule(
    tree: &RuleTree,
    groups: &Groups,
    observe: Observe,
    program: &mut hir::Program,
    rule: &Rule,
    errors: &mut Vec<RegoError>,
) {
    let id = groups.of(rule.node);
    let Some(group) = program.groups.get_mut(id.0 as usize) else { return };
    let constant: Vec<hir::Term> = tree
        .path(rule.node)
        .into_iter()
        .skip(group.path.len())
        .map(|key| hir::Term::Const(key.clone()))
        .collect();
    let mut emit = Emit::new(tree, groups, observe, errors);
    let mut branches: Vec<hir::Rule> = rule.branches.iter().map(|branch| emit.branch(branch)).collect();
    let locals = emit.count();
    for branch in &mut branches {
        branch.locals = locals;
    }
    let chain = branches.into_iter().rev().reduce(|otherwise, mut branch| {
        branch.otherwise = Some(Box::new(otherwise));
        branch
    });
    let Some(mut emitted) = chain else { return };
    emitted.key.splice(0..0, constant);
    emitted.args = rule.branches[0].args.iter().map(|arg| emit.term(arg)).collect();
    emitted.locals = emit.count();
    emitted.names = emit.names(&rule.vars);
    let is_partial = !emitted.key.is_empty() || matches!(emitted.leaf, hir::Leaf::Contains(_));
    if is_partial && group.kind == hir::GroupKind::Complete {
        group.kind = hir::GroupKind::Partial;
    }
    if rule.is_default {
        group.default = Some(emitted);
    } else {
        group.rules.push(emitted);
    }
}

/// Writes bodies and terms with the numbers of the locals.
pub(super) struct Emit<'a> {
    tree: &'a RuleTree,
    groups: &'a Groups,
    observe: Observe,
    errors: &'a mut Vec<RegoError>,
    locals: BTreeMap<Var, hir::LocalId>,
}

impl<'a> Emit<'a> {
    pub(super) fn new(
        tree: &'a RuleTree,
        groups: &'a Groups,
        observe: Observe,
        errors: &'a mut Vec<RegoError>,
    ) -> Self {
        Self { tree, groups, observe, errors, locals: BTreeMap::new() }
    }

    /// The locals that the source names, for watchers.
    fn names(&self, vars: &Vars) -> Vec<(Arc<str>, hir::LocalId)> {
        if self.observe == Observe::Prints {
            return Vec::new();
        }
        let named = self.locals.iter().filter(|(var, _)| !vars.is_generated(**var));
        named.map(|(var, local)| (Arc::clone(&vars.get(*var).name), *local)).collect()
    }

    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.locals.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn local(&mut self, var: Var) -> hir::LocalId {
        let next = hir::LocalId(self.count());
        *self.locals.entry(var).or_insert(next)
    }

    /// Whether the variable stands in what was written.
    pub(super) fn has(&self, var: Var) -> bool {
        self.locals.contains_key(&var)
    }

    fn branch(&mut self, branch: &Branch) -> hir::Rule {
        // Arguments have the first numbers.
        branch.args.iter().for_each(|arg| {
            self.term(arg);
        });
        let key = branch.key.iter().map(|term| self.term(term)).collect();
        let leaf = match &branch.leaf {
            Leaf::Value(term) => hir::Leaf::Value(self.term(term)),
            Leaf::Contains(term) => hir::Leaf::Contains(self.term(term)),
        };
        let body = self.body(&branch.body);
        let (span, head_span) = (branch.span, branch.head_span);
        let (args, names) = (Vec::new(), Vec::new());
        hir::Rule { args, key, leaf, body, otherwise: None, locals: 0, names, span, head_span }
    }

    pub(super) fn body(&mut self, body: &[Expr]) -> hir::Body {
        hir::Body(body.iter().filter_map(|expr| self.stmt(expr)).collect())
    }

    /// What always holds is left out, unless somebody watches.
    fn stmt(&mut self, expr: &Expr) -> Option<hir::Stmt> {
        let kind = match &expr.kind {
            ExprKind::Term(term) => hir::StmtKind::Test(self.term(term)),
            ExprKind::Call(call) => {
                // An error of the call that is negated is reported where the negation begins.
                let at = if expr.polarity == Polarity::Negated { expr.span } else { call.span };
                self.call_stmt(call, at)
            }
            ExprKind::Every(every) => hir::StmtKind::Every(Box::new(hir::Every {
                key: every.key.map(|var| self.local(var)),
                value: self.local(every.value),
                domain: self.term(&every.domain),
                body: self.body(&every.body),
            })),
        };
        let kind = match (expr.polarity, kind) {
            (Polarity::Positive, hir::StmtKind::Test(hir::Term::Const(Value::Bool(true))))
                if self.observe == Observe::Prints =>
            {
                return None;
            }
            (Polarity::Positive, kind) => kind,
            (Polarity::Negated, kind) => {
                hir::StmtKind::Not(hir::Body(vec![hir::Stmt { kind, with: Vec::new(), span: expr.span }]))
            }
        };
        let with = expr.with.iter().filter_map(|with| self.with(with)).collect();
        Some(hir::Stmt { kind, with, span: expr.span })
    }

    fn call_stmt(&mut self, call: &Call, at: Span) -> hir::StmtKind {
        let mut args: Vec<hir::Term> = call.args.iter().map(|arg| self.term(arg)).collect();
        let Some(callee) = self.callee(&call.op) else {
            let mut args = args.into_iter();
            return match (args.next(), args.next()) {
                (Some(left), Some(right)) => hir::StmtKind::Unify(left, right),
                _ => hir::StmtKind::Test(hir::Term::Const(Value::Bool(false))),
            };
        };
        let arity = call.op.arity(self.tree).unwrap_or(args.len());
        let output = if args.len() > arity { args.pop() } else { None };
        let term = hir::Term::Call(Box::new(hir::Call { callee, args, span: at }));
        match output {
            Some(output) => hir::StmtKind::Unify(term, output),
            None => hir::StmtKind::Test(term),
        }
    }

    /// Nothing for unification.
    fn callee(&self, op: &Op) -> Option<hir::Callee> {
        Some(match op {
            Op::Eq => return None,
            Op::Builtin(declaration) => hir::Callee::Builtin(Str::from(declaration.name)),
            Op::Host(host) => hir::Callee::Host(host.name.clone()),
            Op::Rule(node) => hir::Callee::Function(self.groups.of(*node)),
            Op::Unknown(name) => hir::Callee::Builtin(Str::from(name.as_ref())),
        })
    }

    fn with(&mut self, with: &With) -> Option<hir::With> {
        let target = match &with.target {
            Target::Builtin(op) => hir::WithTarget::Builtin(Str::from(op.name(self.tree))),
            Target::Term(Term { kind: Kind::Ref(target), .. }) => self.target(target, with.target_span)?,
            Target::Term(_) => return None,
        };
        let value = match &with.value {
            WithValue::Term(term) => hir::WithValue::Term(self.term(term)),
            WithValue::Rule(node) => hir::WithValue::Function(hir::Callee::Function(self.groups.of(*node))),
            WithValue::Builtin(op, _) => hir::WithValue::Function(self.callee(op)?),
        };
        Some(hir::With { target, value, span: with.span })
    }

    fn target(&mut self, target: &Ref, span: Span) -> Option<hir::WithTarget> {
        let mut path = Vec::with_capacity(target.steps.len());
        let mut constants = Vec::with_capacity(target.steps.len());
        for step in &target.steps {
            let Kind::Scalar(key) = &step.kind else {
                self.errors.push(super::with::no_target(span));
                return None;
            };
            path.push(key.as_str().map_or_else(|| Str::from(key.to_string()), Str::from));
            constants.push(key);
        }
        let function =
            self.tree.find(constants).filter(|node| self.tree.arity(*node).is_some_and(|it| it > 0));
        Some(match (&target.base, function) {
            (Base::Input, _) => hir::WithTarget::Input(path),
            (_, Some(node)) => hir::WithTarget::Function(self.groups.of(node)),
            (_, None) => hir::WithTarget::Data(path),
        })
    }

    pub(super) fn term(&mut self, term: &Term) -> hir::Term {
        match &term.kind {
            Kind::Scalar(value) => hir::Term::Const(value.clone()),
            Kind::Var(var) => hir::Term::Local(self.local(*var)),
            Kind::Ref(reference) => hir::Term::Ref(Box::new(self.reference(reference, term.span))),
            Kind::Call(call) => {
                let args = call.args.iter().map(|arg| self.term(arg)).collect();
                let callee = self.callee(&call.op).unwrap_or(hir::Callee::Builtin(Str::from("equal")));
                hir::Term::Call(Box::new(hir::Call { callee, args, span: call.span }))
            }
            Kind::Array(items) => array(items.iter().map(|it| self.term(it)).collect()),
            Kind::Set(items) => set(items.iter().map(|it| self.term(it)).collect()),
            Kind::Object(pairs) => {
                object(pairs.iter().map(|(key, value)| (self.term(key), self.term(value))).collect())
            }
            Kind::Compr(compr) => hir::Term::Compr(Box::new(self.compr(compr, term.span))),
            // Rewritten before; a rule with one that could not be is not emitted.
            Kind::Template(_) => hir::Term::Const(Value::Null),
        }
    }

    fn reference(&mut self, reference: &Ref, span: Span) -> hir::Ref {
        let base = match &reference.base {
            Base::Input => hir::Base::Input,
            Base::Data => hir::Base::Data,
            Base::Var(var) => hir::Base::Local(self.local(*var)),
            Base::Term(term) => hir::Base::Term(Box::new(self.term(term))),
        };
        hir::Ref { base, steps: reference.steps.iter().map(|step| self.term(step)).collect(), span }
    }

    fn compr(&mut self, compr: &Compr, span: Span) -> hir::Compr {
        let body = self.body(&compr.body);
        let head = match &compr.head {
            ComprHead::Array(term) => hir::ComprHead::Array(self.term(term)),
            ComprHead::Set(term) => hir::ComprHead::Set(self.term(term)),
            ComprHead::Object(key, value) => hir::ComprHead::Object(self.term(key), self.term(value)),
        };
        let (ComprHead::Array(first) | ComprHead::Set(first) | ComprHead::Object(first, _)) = &compr.head;
        hir::Compr { head, body, span, head_span: first.span }
    }
}

fn constants(terms: &[hir::Term]) -> Option<Vec<Value>> {
    terms
        .iter()
        .map(|term| if let hir::Term::Const(value) = term { Some(value.clone()) } else { None })
        .collect()
}

fn array(items: Vec<hir::Term>) -> hir::Term {
    constants(&items).map_or(hir::Term::Array(items), |values| hir::Term::Const(Value::from(values)))
}

fn set(items: Vec<hir::Term>) -> hir::Term {
    let Some(values) = constants(&items) else { return hir::Term::Set(items) };
    let mut builder = SetBuilder::with_capacity(values.len());
    for value in values {
        builder.push(value);
    }
    hir::Term::Const(Value::Set(builder.build()))
}

fn object(pairs: Vec<(hir::Term, hir::Term)>) -> hir::Term {
    let mut builder = ObjectBuilder::with_capacity(pairs.len());
    for (key, value) in &pairs {
        let (hir::Term::Const(key), hir::Term::Const(value)) = (key, value) else {
            return hir::Term::Object(pairs);
        };
        builder.push(key.clone(), value.clone());
    }
    hir::Term::Const(Value::Object(builder.build_last_wins()))
}
