//! The tree of a module, faithful to its text.
//!
//! What a reader of this tree may rely on:
//! - Every node has a [`Span`]. The first byte of a span is the place OPA reports for that node: the first
//!   token of an expression, for `a + b` that of `a`. Parentheses leave no node; the span of `(a)` begins
//!   at the parenthesis's content and ends after the closing parenthesis.
//! - Operators are calls of the builtin they stand for (`a + b` is `plus(a, b)`, `x := 1` is `assign(x, 1)`,
//!   `x = 1` is `eq(x, 1)`, `x == 1` is `equal(x, 1)`, `x in xs` is `internal.member_2(x, xs)`), marked
//!   [`Notation::Infix`]. `-1` written as one literal is a number.
//! - `a.b` and `a["b"]` are the same tree. A reference has at least one step: a lone name is [`TermKind::Var`].
//!   Nothing says whether a name is a local variable, an import, a rule or a builtin.
//! - No node is nested deeper than the parser's limit, so walking the tree by recursion is safe. No reference has
//!   more steps, and no rule more `else` branches, than that limit.
//! - Numbers keep their spelling.
//!
//! Children are behind `Arc`: cloning any node costs the same however much stands under it, so a pass may
//! keep parts of the tree, and the parser may keep what it has read while it tries another reading.

use std::sync::Arc;

use super::super::source::Span;
use super::annotations::Annotations;

/// A name or the text of a literal.
pub type Name = Arc<str>;

/// One file.
#[derive(Clone, Debug, PartialEq)]
pub struct Module {
    /// `package a.b`.
    pub package: Package,
    /// Imports in the order of the file, `rego.v1` and `future.keywords` among them.
    pub imports: Vec<Import>,
    /// Rules in the order of the file.
    pub rules: Vec<Arc<Rule>>,
    /// Annotation blocks in the order of the file; rules and the package name theirs by index.
    pub annotations: Vec<Annotations>,
    /// All comments in the order of the file.
    pub comments: Vec<Comment>,
}

/// `package a.b["c"]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Package {
    /// `data`, then the parts as strings: OPA's path of the package.
    pub path: Ref,
    /// Indices into [`Module::annotations`] of blocks with package and subpackages scope.
    pub annotations: Vec<usize>,
    /// The keyword `package`.
    pub span: Span,
}

impl Package {
    /// The parts after `data`.
    pub fn parts(&self) -> impl Iterator<Item = &Name> {
        self.path.path.iter().filter_map(Term::as_string)
    }
}

/// `import data.a.b as c`.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// What is imported: begins with `data`, `input`, `rego` or `future`. A bare `import data` has no steps.
    pub path: Ref,
    /// The name after `as`.
    pub alias: Option<(Name, Span)>,
    /// The keyword `import`.
    pub span: Span,
}

impl Import {
    /// The name this import brings in: none for `rego.v1` and `future.keywords`.
    pub fn binding(&self) -> Option<&Name> {
        let root = self.path.head.as_var()?;
        if matches!(root.as_ref(), "rego" | "future") {
            return None;
        }
        match (&self.alias, self.path.path.last()) {
            (Some((name, _)), _) => Some(name),
            (None, Some(last)) => last.as_string(),
            (None, None) => Some(root),
        }
    }
}

/// A comment: `text` is what follows `#`.
#[derive(Clone, Debug, PartialEq)]
pub struct Comment {
    /// Text after `#` up to the end of the line.
    pub text: Name,
    /// From `#` to the end of the line.
    pub span: Span,
}

/// `default`, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleKind {
    /// An ordinary rule.
    Ordinary,
    /// `default name := value`, `default f(x) := value`: no body, the value has no references or calls.
    Default,
}

/// One definition of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Default or ordinary.
    pub kind: RuleKind,
    /// Everything before `if`.
    pub head: Head,
    /// The body; none where there is no `if` (OPA's body is then `true`, placed at the rule).
    pub body: Option<Body>,
    /// `else` branches in order.
    pub otherwise: Arc<[Else]>,
    /// Indices into [`Module::annotations`] of blocks with rule and document scope.
    pub annotations: Vec<usize>,
    /// From the first token (`default` included) to the last.
    pub span: Span,
}

/// `else := value if { .. }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Else {
    /// The value; `true` where none is written.
    pub value: Option<HeadValue>,
    /// The body; none where there is no `if`.
    pub body: Option<Body>,
    /// From `else` to the last token.
    pub span: Span,
}

/// The head of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// `p`, `p.q[x]`: the head of the reference is a [`TermKind::Var`] (or a wildcard), steps are any terms.
    pub reference: Ref,
    /// Parameters, where the rule is a function. An empty list is a function without parameters.
    pub args: Option<Arc<[Term]>>,
    /// What follows `contains`.
    pub key: Option<Term>,
    /// What follows `:=` or `=`.
    pub value: Option<HeadValue>,
    /// From the name to the last token before `if`.
    pub span: Span,
}

/// `:= term` or `= term` in a head.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadValue {
    /// Which operator is written.
    pub operator: AssignOperator,
    /// The value.
    pub term: Term,
}

/// The operator between a head and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssignOperator {
    /// `:=`
    Declare,
    /// `=`
    Unify,
}

/// Expressions that must all hold; never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// The expressions in order.
    pub exprs: Arc<[Expr]>,
    /// From the first token of the first expression (not its brace) to the last token of the last.
    pub span: Span,
}

/// Whether `not` stands before an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polarity {
    /// As it is.
    Positive,
    /// `not`.
    Negated,
}

/// One expression of a body.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it says.
    pub kind: ExprKind,
    /// `not` or not.
    pub polarity: Polarity,
    /// `with` modifiers in order.
    pub with: Arc<[With]>,
    /// From the first token (`not`, `some`, `every` included) to the last.
    pub span: Span,
}

/// What an expression says.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A term that must be defined and not false.
    Term(Term),
    /// A call or an infix operator at the top of the expression.
    Call(Arc<Call>),
    /// `some x, y`: each a [`TermKind::Var`] or wildcard.
    SomeDecl(Arc<[Term]>),
    /// `some x in xs`, `some k, v in xs`.
    SomeIn(Arc<SomeIn>),
    /// `every x in xs { .. }`.
    Every(Arc<Every>),
}

/// `some k, v in xs`.
#[derive(Clone, Debug, PartialEq)]
pub struct SomeIn {
    /// The first of two patterns.
    pub key: Option<Term>,
    /// The only or the second pattern.
    pub value: Term,
    /// The collection.
    pub domain: Term,
    /// Of `k, v in xs` without `some`: what OPA reports for the call of `internal.member_2` or `_3`.
    pub span: Span,
}

/// `every k, v in xs { .. }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Every {
    /// The first of two names.
    pub key: Option<Term>,
    /// The only or the second name.
    pub value: Term,
    /// The collection.
    pub domain: Term,
    /// What must hold for each member.
    pub body: Body,
}

/// `with target as value`.
#[derive(Clone, Debug, PartialEq)]
pub struct With {
    /// A reference or a name.
    pub target: Term,
    /// The replacement.
    pub value: Term,
    /// From `with` to the last token of the value.
    pub span: Span,
}

/// How a call is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// `f(x)`
    Prefix,
    /// `a + b`
    Infix,
}

/// A call of a rule, a builtin or an operator.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// What is called: for an operator the builtin's name, at the place of the operator. A lone name is a
    /// reference without steps.
    pub operator: Ref,
    /// The arguments in order.
    pub args: Arc<[Term]>,
    /// How it is written.
    pub notation: Notation,
    /// From the first token (of the first argument, for an operator) to the last.
    pub span: Span,
}

/// `head.step[step]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Ref {
    /// A name, a wildcard (heads of rules only), a call, a composite or a comprehension.
    pub head: Arc<Term>,
    /// The steps: `.name` is a [`TermKind::String`].
    pub path: Arc<[Term]>,
    /// From the first token to the last.
    pub span: Span,
}

/// A value, or something that makes one.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// What it is.
    pub kind: TermKind,
    /// Where.
    pub span: Span,
}

/// What a term is.
#[derive(Clone, Debug, PartialEq)]
pub enum TermKind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number as it is spelled, with its minus sign.
    Number(Name),
    /// A string, escapes resolved.
    String(Name),
    /// `$"a {x} b"`
    Template(Arc<[TemplatePart]>),
    /// A name.
    Var(Name),
    /// `_`, each with its own number, counted from 0 through the file.
    Wildcard(u32),
    /// A reference with at least one step.
    Ref(Ref),
    /// `f(x)`, `a + b`
    Call(Arc<Call>),
    /// `[a, b]`
    Array(Arc<[Term]>),
    /// `{a, b}`, `set()`
    Set(Arc<[Term]>),
    /// `{k: v}`
    Object(Arc<[(Term, Term)]>),
    /// `[x | body]`
    ArrayCompr(Arc<Compr>),
    /// `{x | body}`
    SetCompr(Arc<Compr>),
    /// `{k: v | body}`
    ObjectCompr(Arc<ObjectCompr>),
}

/// `x | body`
#[derive(Clone, Debug, PartialEq)]
pub struct Compr {
    /// The member.
    pub term: Term,
    /// What makes it.
    pub body: Body,
}

/// `k: v | body`
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectCompr {
    /// The key.
    pub key: Term,
    /// The value.
    pub value: Term,
    /// What makes them.
    pub body: Body,
}

/// A piece of a template string.
#[derive(Clone, Debug, PartialEq)]
pub enum TemplatePart {
    /// Text, escapes resolved; never empty.
    Literal(Name, Span),
    /// What stands between braces: a term or a call, with its `with` modifiers.
    Expr(Expr),
}

impl Term {
    /// The name, if this is one.
    pub fn as_var(&self) -> Option<&Name> {
        match &self.kind {
            TermKind::Var(name) => Some(name),
            _ => None,
        }
    }

    /// The text, if this is a string.
    pub fn as_string(&self) -> Option<&Name> {
        match &self.kind {
            TermKind::String(text) => Some(text),
            _ => None,
        }
    }

    /// OPA's word for this kind of term in messages.
    pub fn type_name(&self) -> &'static str {
        match &self.kind {
            TermKind::Null => "null",
            TermKind::Bool(_) => "boolean",
            TermKind::Number(_) => "number",
            TermKind::String(_) => "string",
            TermKind::Template(_) => "templatestring",
            // OPA reads a lone root document as a reference.
            TermKind::Var(name) if matches!(name.as_ref(), "data" | "input") => "ref",
            TermKind::Var(_) | TermKind::Wildcard(_) => "var",
            TermKind::Ref(_) => "ref",
            TermKind::Call(_) => "call",
            TermKind::Array(_) => "array",
            TermKind::Set(_) => "set",
            TermKind::Object(_) => "object",
            TermKind::ArrayCompr(_) => "arraycomprehension",
            TermKind::SetCompr(_) => "setcomprehension",
            TermKind::ObjectCompr(_) => "objectcomprehension",
        }
    }
}
