//! The tree that the passes of the analysis work on: names are resolved, variables are numbers, and every pass may
//! rewrite it in place. The reader of a file never sees it; `emit` turns it into the resolved program.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use crate::rego::builtins::decl::Declaration;
use crate::rego::source::Span;
use crate::rego::types::FnType;
use crate::rego::value::{Str, Value};

use super::rules::NodeId;

/// A variable of one rule with its branches (or of one query): an index into [`Vars`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Var(pub u32);

impl Var {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a variable comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Origin {
    /// A name that nothing declares, or a wildcard: bound by the first expression that can.
    Free,
    /// Declared by `:=`, `some`, `every` or as an argument.
    Declared,
    /// Made by a rewriting.
    Generated,
}

/// What is known of a variable.
#[derive(Clone, Debug)]
pub(super) struct VarInfo {
    /// The name in the source; of generated ones the name that OPA would make up.
    pub(super) name: Arc<str>,
    pub(super) origin: Origin,
    /// The number in the name that OPA would give it, if it gives it one.
    pub(super) number: u32,
    /// How often the source reads it.
    pub(super) reads: u32,
}

/// Makes up names of locals over all rules as OPA does: its messages show them.
#[derive(Clone, Debug)]
pub(super) struct Counter {
    prefix: &'static str,
    next: Rc<Cell<u32>>,
}

impl Counter {
    pub(super) fn of_rules() -> Self {
        Self { prefix: "__local", next: Rc::default() }
    }

    pub(super) fn of_query() -> Self {
        Self { prefix: "__localq", next: Rc::default() }
    }
}

/// The variables of one rule.
#[derive(Clone, Debug)]
pub(super) struct Vars {
    all: Vec<VarInfo>,
    counter: Counter,
}

impl Vars {
    pub(super) fn new(counter: &Counter) -> Self {
        Self { all: Vec::new(), counter: counter.clone() }
    }

    pub(super) fn add(&mut self, name: Arc<str>, origin: Origin) -> Var {
        let number = self.counter.next.get();
        if origin != Origin::Free {
            self.counter.next.set(number + 1);
        }
        self.all.push(VarInfo { name, origin, number, reads: 0 });
        Var(u32::try_from(self.all.len() - 1).unwrap_or(u32::MAX))
    }

    pub(super) fn generate(&mut self) -> Var {
        let name = format!("{}{}__", self.counter.prefix, self.counter.next.get());
        self.add(name.into(), Origin::Generated)
    }

    pub(super) fn get(&self, var: Var) -> &VarInfo {
        &self.all[var.index()]
    }

    pub(super) fn read(&mut self, var: Var) {
        self.all[var.index()].reads += 1;
    }

    pub(super) fn is_generated(&self, var: Var) -> bool {
        self.get(var).origin == Origin::Generated
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Var, &VarInfo)> {
        (0..).map(Var).zip(&self.all)
    }
}

/// A value or something that makes one.
#[derive(Clone, Debug)]
pub(super) struct Term {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

/// See [`Term`].
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Scalar(Value),
    Var(Var),
    Ref(Box<Ref>),
    /// Only until calls are taken out of terms.
    Call(Box<Call>),
    Array(Vec<Term>),
    Set(Vec<Term>),
    Object(Vec<(Term, Term)>),
    Compr(Box<Compr>),
    /// Only until template strings are rewritten.
    Template(Vec<Part>),
}

/// A key of an object that can be told from others without evaluating it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Key {
    Constant(Value),
    Var(Var),
}

impl Kind {
    pub(super) fn at(self, span: Span) -> Term {
        Term { kind: self, span }
    }
}

impl Term {
    pub(super) fn var(var: Var, span: Span) -> Self {
        Kind::Var(var).at(span)
    }

    pub(super) fn as_var(&self) -> Option<Var> {
        if let Kind::Var(var) = self.kind { Some(var) } else { None }
    }

    /// What two terms that are keys of objects have in common if they are the same key.
    pub(super) fn as_key(&self) -> Option<Key> {
        match &self.kind {
            Kind::Scalar(value) => Some(Key::Constant(value.clone())),
            Kind::Var(var) => Some(Key::Var(*var)),
            _ => None,
        }
    }

    pub(super) fn is_scalar(&self) -> bool {
        matches!(self.kind, Kind::Scalar(_))
    }
}

/// `base.step[step]`; `input` and `data` alone have no steps.
#[derive(Clone, Debug)]
pub(super) struct Ref {
    pub(super) base: Base,
    pub(super) steps: Vec<Term>,
}

/// See [`Ref`].
#[derive(Clone, Debug)]
pub(super) enum Base {
    Input,
    Data,
    Var(Var),
    /// Only until calls are taken out of terms.
    Term(Box<Term>),
}

/// A comprehension.
#[derive(Clone, Debug)]
pub(super) struct Compr {
    pub(super) head: ComprHead,
    pub(super) body: Vec<Expr>,
}

/// See [`Compr`].
#[derive(Clone, Debug)]
pub(super) enum ComprHead {
    Array(Term),
    Set(Term),
    Object(Term, Term),
}

impl ComprHead {
    pub(super) fn terms(&self) -> Vec<&Term> {
        match self {
            Self::Array(term) | Self::Set(term) => vec![term],
            Self::Object(key, value) => vec![key, value],
        }
    }

    pub(super) fn terms_mut(&mut self) -> Vec<&mut Term> {
        match self {
            Self::Array(term) | Self::Set(term) => vec![term],
            Self::Object(key, value) => vec![key, value],
        }
    }
}

/// A piece of a template string.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Text(Term),
    Expr(Expr),
}

/// Whether an expression was written or made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Made {
    BySource,
    ByRewriting,
}

/// Whether `not` stands before an expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Polarity {
    Positive,
    Negated,
}

/// One expression of a body.
#[derive(Clone, Debug)]
pub(super) struct Expr {
    pub(super) kind: ExprKind,
    pub(super) polarity: Polarity,
    pub(super) with: Vec<With>,
    pub(super) made: Made,
    pub(super) span: Span,
    /// Which expression of a query it answers for: its index.
    pub(super) answers: Option<usize>,
}

/// See [`Expr`].
#[derive(Clone, Debug)]
pub(super) enum ExprKind {
    Term(Term),
    Call(Call),
    Every(Box<Every>),
}

impl Expr {
    pub(super) fn new(kind: ExprKind, span: Span) -> Self {
        Self {
            kind,
            polarity: Polarity::Positive,
            with: Vec::new(),
            made: Made::ByRewriting,
            span,
            answers: None,
        }
    }

    /// `left = right`, made by a rewriting.
    pub(super) fn unify(left: Term, right: Term, span: Span) -> Self {
        let call = Call { op: Op::Eq, args: vec![left, right], span };
        Self::new(ExprKind::Call(call), span)
    }

    pub(super) fn call(&self) -> Option<&Call> {
        if let ExprKind::Call(call) = &self.kind { Some(call) } else { None }
    }
}

/// `every key, value in domain { body }`.
#[derive(Clone, Debug)]
pub(super) struct Every {
    pub(super) key: Option<Var>,
    pub(super) value: Var,
    pub(super) domain: Term,
    pub(super) body: Vec<Expr>,
}

/// `with target as value`.
#[derive(Clone, Debug)]
pub(super) struct With {
    pub(super) target: Target,
    pub(super) value: WithValue,
    pub(super) target_span: Span,
    pub(super) span: Span,
}

/// See [`With`].
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// A reference into a document, or what is no target at all.
    Term(Term),
    /// A function that no rule defines.
    Builtin(Op),
}

/// See [`With`].
#[derive(Clone, Debug)]
pub(super) enum WithValue {
    Term(Term),
    /// A function instead of the target: a builtin's name, until the target is known to be a function.
    Builtin(Op, Term),
    /// A function of the policy.
    Rule(NodeId),
}

/// A call.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) op: Op,
    pub(super) args: Vec<Term>,
    pub(super) span: Span,
}

/// What is called.
#[derive(Clone, Debug)]
pub(super) enum Op {
    /// Unification: `eq`, and `:=` once it is checked.
    Eq,
    Builtin(&'static Declaration),
    Host(Arc<Host>),
    /// Rules, perhaps a function.
    Rule(NodeId),
    /// Nothing that is known, as it is written; and the variable of that name, where there is one.
    Unknown(Arc<str>),
}

/// A function of the host, its declaration read.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) name: Str,
    pub(super) ty: FnType,
}

impl Op {
    pub(super) fn is_builtin(&self, name: &str) -> bool {
        matches!(self, Self::Builtin(declaration) if declaration.name == name)
    }
}

/// One definition of a rule with its branches.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) node: NodeId,
    pub(super) module: usize,
    /// The index of the rule in its module.
    pub(super) index: usize,
    pub(super) is_default: bool,
    /// The first is the rule itself, the others are its `else`.
    pub(super) branches: Vec<Branch>,
    pub(super) vars: Vars,
}

/// A rule or an `else`.
#[derive(Clone, Debug)]
pub(super) struct Branch {
    /// Arguments; the same in all branches.
    pub(super) args: Vec<Term>,
    /// What follows the ground part of the head's reference; empty in `else`.
    pub(super) key: Vec<Term>,
    pub(super) leaf: Leaf,
    pub(super) body: Vec<Expr>,
    /// What OPA calls the location of the rule.
    pub(super) span: Span,
    pub(super) head_span: Span,
}

/// What a branch makes.
#[derive(Clone, Debug)]
pub(super) enum Leaf {
    Value(Term),
    Contains(Term),
}

impl Leaf {
    pub(super) fn term(&self) -> &Term {
        match self {
            Self::Value(term) | Self::Contains(term) => term,
        }
    }

    pub(super) fn term_mut(&mut self) -> &mut Term {
        match self {
            Self::Value(term) | Self::Contains(term) => term,
        }
    }
}
