//! Templates as trees.

/// Nodes in the order of the text.
pub(super) type Nodes<'a> = Vec<Node<'a>>;

#[derive(Debug)]
pub(super) enum Node<'a> {
    Text(&'a str),
    Action(Pipe<'a>),
    Branch(Branch<'a>),
    /// `{{template "name" pipe}}`
    Template {
        name: String,
        pipe: Option<Pipe<'a>>,
        at: usize,
    },
    Break,
    Continue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BranchKind {
    If,
    Range,
    With,
}

/// `if`, `range` or `with`.
#[derive(Debug)]
pub(super) struct Branch<'a> {
    pub(super) kind: BranchKind,
    pub(super) pipe: Pipe<'a>,
    pub(super) body: Nodes<'a>,
    pub(super) otherwise: Nodes<'a>,
}

#[derive(Debug)]
pub(super) struct Pipe<'a> {
    /// Variables that take its value: at most one, but two in `range`.
    pub(super) variables: Vec<&'a str>,
    pub(super) binding: Binding,
    pub(super) commands: Vec<Command<'a>>,
}

/// What a pipe does with its variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binding {
    Declare,
    Assign,
}

/// A function or a value, and arguments.
#[derive(Debug)]
pub(super) struct Command<'a> {
    pub(super) operands: Vec<Operand<'a>>,
    pub(super) at: usize,
    /// As it was written.
    pub(super) text: &'a str,
}

#[derive(Debug)]
pub(super) struct Operand<'a> {
    pub(super) kind: OperandKind<'a>,
    /// Names of fields that follow: `.a.b`.
    pub(super) fields: Vec<&'a str>,
}

#[derive(Debug)]
pub(super) enum OperandKind<'a> {
    Dot,
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Variable(&'a str),
    Function(&'a str),
    Pipe(Box<Pipe<'a>>),
}
