//! The resolved program: what analysis hands to compilation.
//!
//! Names are gone: a local variable is a number, a rule is a [`GroupId`], a builtin its declaration. Bodies stand
//! in the order in which they are evaluated, left to right, and every variable is bound before it is read, so
//! *which* variables are bound at a place is known without running anything. Everything OPA rewrites before it
//! evaluates is already rewritten:
//!
//! - `:=`, `some x`, wildcards: each is a fresh [`LocalId`]; numbers are unique within a rule, comprehensions and
//!   nested bodies included, and shared with its `else` branches' arguments only.
//! - `some k, v in xs` is a unification with a reference (`xs[k] = v`) where OPA makes it one.
//! - Arguments of calls, values of `with`, domains of `every`, terms under `not` and the like that OPA evaluates on
//!   their own, before the expression that holds them, stand as [`StmtKind::Unify`] before it.
//! - Terms of rule heads and of comprehension heads are built of constants, locals, arrays, objects and sets only;
//!   what else the source has there ends the body as `Unify`.
//! - A call with one argument more than the function takes is `Unify(call, that argument)`.
//! - `print(a, b)` is `internal.print` over a list of sets (empty where an argument is undefined), or gone;
//!   template strings are `internal.template_string`; `rego.metadata.rule()` and `.chain()` are constants.
//! - Ground terms are [`Term::Const`].

pub mod visit;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::source::Span;
use super::value::{Str, Value};

/// A variable of one rule (or query): an index below its `locals`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LocalId(pub u32);

/// All rules of one name: an index into [`Program::groups`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct GroupId(pub u32);

/// Everything that was compiled together.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// By [`GroupId`].
    pub groups: Vec<Group>,
    /// Where the groups hang below `data`.
    pub root: Node,
}

/// A place below `data`, named by constant strings: a package, a rule, or on the way to one.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// The places below.
    pub children: BTreeMap<Str, Node>,
    /// The rules whose constant part ends here. Where both are present (`p[x] := 1`, `p.q := 2`), the document is
    /// the rules' with the children's merged into it.
    pub group: Option<GroupId>,
}

/// The rules of one name, that is, of one constant path.
#[derive(Clone, Debug)]
pub struct Group {
    /// Below `data`.
    pub path: Vec<Str>,
    /// What they make together.
    pub kind: GroupKind,
    /// In the order of files and lines.
    pub rules: Vec<Rule>,
    /// `default p := …`, `default f(_) := …`; at most one.
    pub default: Option<Rule>,
    /// Of the first rule's name.
    pub span: Span,
}

/// See [`Group`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GroupKind {
    /// One value; two different ones are a conflict.
    Complete,
    /// An object or a set, to which each rule adds. `p[x].q contains y` makes objects of sets.
    Partial,
    /// One value for each list of arguments.
    Function {
        /// Number of arguments.
        arity: usize,
    },
}

/// One rule, with its `else` branch.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Arguments of a function: patterns, matched in order before the body; else empty.
    pub args: Vec<Term>,
    /// The part of the head's reference behind the group's path, for partial rules: `x` in `p[x] := y`, `x` and
    /// `"q"` in `p[x].q contains y`; empty for `p contains x`, complete rules and functions.
    pub key: Vec<Term>,
    /// What it makes.
    pub leaf: Leaf,
    /// When it holds; empty means always.
    pub body: Body,
    /// Tried where the body (of this branch) does not hold. Its `args` and `key` are empty: those of the first
    /// branch count.
    pub otherwise: Option<Box<Rule>>,
    /// How many locals the rule and all its branches have together.
    pub locals: u32,
    /// Those that the source names, where somebody watches; of the first branch, for all.
    pub names: Vec<(Arc<str>, LocalId)>,
    /// The rule, from its first token.
    pub span: Span,
    /// The place of the head, which conflicts are reported at.
    pub head_span: Span,
}

/// What a rule makes of a solution of its body.
#[derive(Clone, Debug)]
pub enum Leaf {
    /// The value (under the key).
    Value(Term),
    /// A member of the set (under the key).
    Contains(Term),
}

/// Statements that must all hold, in this order.
#[derive(Clone, Debug, Default)]
pub struct Body(pub Vec<Stmt>);

/// One statement.
#[derive(Clone, Debug)]
pub struct Stmt {
    /// What it says.
    pub kind: StmtKind,
    /// Replacements that hold while it is evaluated, in order. Their values are bound before.
    pub with: Vec<With>,
    /// The expression of the source that it comes from. Empty where OPA has no statement: watchers are not told.
    pub span: Span,
}

/// See [`Stmt`].
#[derive(Clone, Debug)]
pub enum StmtKind {
    /// Holds for each way in which the term is defined and not false.
    Test(Term),
    /// Holds for each way in which both sides are defined and equal. Locals that no statement before bound are
    /// bound here; they may stand on either side, inside arrays and object values, and as steps of references.
    Unify(Term, Term),
    /// Holds where the body has no solution. Binds nothing.
    Not(Body),
    /// Holds where the body holds for each member of the domain, which must be a collection (else undefined).
    Every(Box<Every>),
}

/// `every key, value in domain { body }`.
#[derive(Clone, Debug)]
pub struct Every {
    /// Bound to each key, index or (of a set) member.
    pub key: Option<LocalId>,
    /// Bound to each value or member.
    pub value: LocalId,
    /// Ground when it is reached.
    pub domain: Term,
    /// Must have a solution.
    pub body: Body,
}

/// One `with … as …`.
#[derive(Clone, Debug)]
pub struct With {
    /// What is replaced.
    pub target: WithTarget,
    /// By what.
    pub value: WithValue,
    /// The modifier.
    pub span: Span,
}

/// See [`With`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum WithTarget {
    /// `input` and a path below it.
    Input(Vec<Str>),
    /// `data` and a path below it, rules included; the path is never empty.
    Data(Vec<Str>),
    /// A function of the policy.
    Function(GroupId),
    /// A builtin or host function, by name.
    Builtin(Str),
}

/// See [`With`].
#[derive(Clone, Debug)]
pub enum WithValue {
    /// A value; for a function: what every call gives.
    Term(Term),
    /// A function to call instead.
    Function(Callee),
}

/// What is called.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Callee {
    /// A function of the policy.
    Function(GroupId),
    /// A builtin function, by OPA's name (`plus`, `object.get`, `internal.member_2`).
    Builtin(Str),
    /// A function of the host (`ec.oci.blob`), by name: the evaluation is suspended for it.
    Host(Str),
}

/// A value, or something that makes one or, by iteration, several.
#[derive(Clone, Debug)]
pub enum Term {
    /// Ground.
    Const(Value),
    /// A variable.
    Local(LocalId),
    /// A reference, with at least one step unless its base is `input` or `data`.
    Ref(Box<Ref>),
    /// A list.
    Array(Vec<Term>),
    /// An object; keys have no unbound variables.
    Object(Vec<(Term, Term)>),
    /// A set; members have no unbound variables.
    Set(Vec<Term>),
    /// A comprehension.
    Compr(Box<Compr>),
    /// A call.
    Call(Box<Call>),
}

/// `base[step][step]`: steps with unbound variables iterate.
#[derive(Clone, Debug)]
pub struct Ref {
    /// Where it starts.
    pub base: Base,
    /// How it goes on.
    pub steps: Vec<Term>,
    /// From the first token.
    pub span: Span,
}

/// See [`Ref`].
#[derive(Clone, Debug)]
pub enum Base {
    /// The input document; undefined where there is none.
    Input,
    /// The root of data and rules.
    Data,
    /// A variable, bound.
    Local(LocalId),
    /// A composite, a comprehension or a call.
    Term(Box<Term>),
}

/// A comprehension. It sees the locals around it, and is evaluated anew each time it is reached.
#[derive(Clone, Debug)]
pub struct Compr {
    /// What is collected.
    pub head: ComprHead,
    /// From which solutions.
    pub body: Body,
    /// From the first token.
    pub span: Span,
    /// The key, item or member: where OPA reports a conflict of keys.
    pub head_span: Span,
}

/// See [`Compr`].
#[derive(Clone, Debug)]
pub enum ComprHead {
    /// `[x | …]`, in the order of solutions.
    Array(Term),
    /// `{x | …}`
    Set(Term),
    /// `{k: v | …}`; two values for one key are a conflict.
    Object(Term, Term),
}

/// A call with all its arguments, none more than the function takes.
#[derive(Clone, Debug)]
pub struct Call {
    /// What is called, where no `with` says otherwise.
    pub callee: Callee,
    /// The arguments.
    pub args: Vec<Term>,
    /// From the first token; errors of the call are reported here.
    pub span: Span,
}

/// A query: a body with variables that the asker wants to see.
#[derive(Clone, Debug)]
pub struct Query {
    /// The expressions. A plain expression is `Unify` with a fresh local, so that `false` is an answer.
    pub body: Body,
    /// How many locals it has.
    pub locals: u32,
    /// The variables by the names that the source gives them (wildcards and generated ones left out), sorted.
    pub exports: Vec<(Arc<str>, LocalId)>,
    /// For each expression of the source, in order: its text's place, and where its value is (`true` where there is none).
    pub expressions: Vec<(Span, Option<LocalId>)>,
}
