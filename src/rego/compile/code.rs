//! The compiled form: units of flat code over numbered registers.
//!
//! A [`Unit`] computes one thing: a rule's whole value, its value under one key, a function's result, a package's
//! document, a query. Within a unit backtracking is static: a loop is `Iterate` and `Next`, and every instruction that
//! can fail names the label to go on at, which is the `Next` of the innermost open loop. So there is no stack of
//! choice points, no environment and no allocation for a binding.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::reads::{GroupSet, Reads};
use crate::rego::builtins::Builtin;
use crate::rego::engine::Observe;
use crate::rego::hir::{Callee, WithTarget};
use crate::rego::observe::{Op, Subject};
use crate::rego::source::Span;
use crate::rego::value::{Str, Value};

/// A register of the running frame.
pub(crate) type Reg = u32;
/// A place in the unit's code.
pub(crate) type Label = u32;

/// A count of parts as code numbers them. It fits: the text they come from has fewer than 2^32 bytes.
pub(crate) fn count(parts: usize) -> u32 {
    u32::try_from(parts).unwrap_or(u32::MAX)
}

/// What an instruction reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    /// A register.
    Reg(Reg),
    /// A constant of the unit.
    Const(u32),
}

/// Several operands: a part of [`Unit::operands`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operands {
    pub(crate) from: u32,
    pub(crate) len: u32,
}

/// What a comprehension makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CollectKind {
    Array,
    Set,
    Object,
}

/// What a solution of a partial rule adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeafKind {
    Value,
    Member,
}

/// One instruction. `fail` is where to go on where it does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Instr {
    Jump(Label),
    Move {
        dst: Reg,
        src: Operand,
    },
    /// Holds unless `src` is false.
    Test {
        src: Operand,
        fail: Label,
    },
    Equal {
        a: Operand,
        b: Operand,
        fail: Label,
    },
    /// The input document.
    Input {
        dst: Reg,
        fail: Label,
    },
    /// The base documents.
    Data {
        dst: Reg,
    },
    Get {
        dst: Reg,
        base: Operand,
        key: Operand,
        fail: Label,
    },
    /// The same in base data, where paths are text.
    GetBase {
        dst: Reg,
        base: Operand,
        key: Operand,
        fail: Label,
    },
    MakeArray {
        dst: Reg,
        items: Operands,
    },
    MakeSet {
        dst: Reg,
        items: Operands,
    },
    /// Keys and values by turns.
    MakeObject {
        dst: Reg,
        items: Operands,
    },
    /// Holds for an array of this length.
    IsArray {
        src: Operand,
        len: u32,
        fail: Label,
    },
    /// Holds for an object of this length.
    IsObject {
        src: Operand,
        len: u32,
        fail: Label,
    },
    /// Begins a loop over a collection; fails for other values.
    Iterate {
        iter: u32,
        over: Operand,
        fail: Label,
    },
    /// Begins a loop over paths and values within a value, itself first.
    Walk {
        iter: u32,
        over: Operand,
    },
    /// Begins a loop over the keys below a place of the tree.
    CursorKeys {
        iter: u32,
        cursor: u32,
        fail: Label,
    },
    /// The next turn of a loop.
    Next {
        iter: u32,
        key: Option<Reg>,
        value: Option<Reg>,
        done: Label,
    },
    Collect {
        collector: u32,
        kind: CollectKind,
    },
    Push {
        collector: u32,
        value: Operand,
    },
    PushPair {
        collector: u32,
        key: Operand,
        value: Operand,
    },
    Collected {
        collector: u32,
        dst: Reg,
        site: u32,
    },
    /// A rule's whole value.
    Rule {
        group: u32,
        dst: Reg,
        fail: Label,
    },
    /// A partial rule's value under a key.
    RuleAt {
        group: u32,
        key: Operand,
        dst: Reg,
        fail: Label,
    },
    /// The document of a place of the tree that is no rule.
    Document {
        node: u32,
        dst: Reg,
        fail: Label,
    },
    Call {
        callee: u32,
        args: Operands,
        dst: Reg,
        fail: Label,
        site: u32,
    },
    /// Stands at a place of the tree.
    CursorStart {
        cursor: u32,
        node: u32,
        fail: Label,
    },
    CursorStep {
        from: u32,
        to: u32,
        key: Operand,
        fail: Label,
    },
    /// What stands there.
    CursorEnd {
        cursor: u32,
        dst: Reg,
        fail: Label,
    },
    /// Makes replacements and begins to use them.
    WithBegin {
        slot: u32,
        with: u32,
        values: Operands,
        fail: Label,
    },
    /// Stops using them.
    WithLeave {
        slot: u32,
    },
    /// Begins to use them again: a later statement failed back into this one.
    WithEnter {
        slot: u32,
    },
    /// A definition begins. Where something undecided is read, go to `stopped`.
    Definition {
        site: u32,
        stopped: Label,
    },
    /// The value of a complete rule or a function.
    Produce {
        value: Operand,
        site: u32,
    },
    /// What stopped definitions might have said does not matter: they could only have said the same.
    Certain,
    /// Goes to the label if this definition has produced a value.
    IfProduced(Label),
    /// Goes to the label if any definition has produced a value or was stopped.
    IfSettled(Label),
    /// What a solution adds to a partial rule.
    Contribute {
        keys: Operands,
        leaf: Operand,
        kind: LeafKind,
        site: u32,
    },
    /// Merges the base document of a node below the object in `src`, which becomes the result.
    MergeBase {
        node: u32,
        src: Reg,
    },
    /// A solution of the query.
    Solution {
        values: Operands,
    },
    /// Something to tell the watcher: an index into [`Unit::watched`].
    Watch(u32),
    Return,
}

/// What a unit's result is made from where no solution contributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One value or none. The text is the error for two.
    Single(&'static str),
    /// A set, empty at first.
    Set,
    /// An object, empty at first.
    Object,
    /// What is under one key of a partial rule: none at first.
    Under,
    /// The document of a node.
    Document,
    /// The solutions of a query.
    Query,
}

/// Code that computes one thing.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub(crate) shape: Shape,
    /// The partial rule, by group, of which it computes what is under one key.
    pub(crate) look_up_in: Option<u32>,
    pub(crate) code: Vec<Instr>,
    pub(crate) consts: Vec<Value>,
    pub(crate) operands: Vec<Operand>,
    pub(crate) sites: Vec<Span>,
    pub(crate) callees: Vec<CallTarget>,
    pub(crate) withs: Vec<WithSpec>,
    /// Empty where nobody watches.
    pub(crate) watched: Vec<Watched>,
    pub(crate) registers: u32,
    pub(crate) iters: u32,
    pub(crate) collectors: u32,
    pub(crate) cursors: u32,
    pub(crate) slots: u32,
}

/// What a call calls where no `with` says otherwise.
#[derive(Clone, Debug)]
pub(crate) struct CallTarget {
    /// By which `with` finds it.
    pub(crate) callee: Callee,
    pub(crate) target: Target,
}

/// See [`CallTarget`].
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// A function of the policy, by group.
    Function(u32),
    Builtin(Builtin),
    Host(Str),
    /// A builtin that the engine does not have: an error when it is called.
    Missing(Str),
}

/// All replacements of one statement.
#[derive(Clone, Debug)]
pub(crate) struct WithSpec {
    pub(crate) replacements: Vec<(WithTarget, Replacement)>,
    /// Groups whose value can differ under them.
    pub(crate) affected: Arc<GroupSet>,
    /// Those of them that the replacement of a function reaches.
    pub(crate) by_function: Arc<GroupSet>,
}

/// See [`WithSpec`].
#[derive(Clone, Debug)]
pub(crate) enum Replacement {
    /// The next of the operands.
    Value,
    Function(CallTarget),
}

/// What a watcher is told, or what is done for one.
#[derive(Clone, Debug)]
pub(crate) enum Watched {
    Point(Point),
    /// The innermost query is over.
    LeaveBody,
    /// All queries are over that the running frame began.
    LeaveDefinition,
    /// Finds out which definitions may hold, and whether one solution is enough.
    Candidates {
        path: Arc<[Str]>,
        all: Vec<Candidate>,
        early: Reg,
    },
}

/// See [`Event`](crate::rego::observe::Event).
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) op: Op,
    pub(crate) subject: Subject,
    pub(crate) at: Span,
    pub(crate) head: Span,
    pub(crate) path: Arc<[Str]>,
    pub(crate) number: u32,
    pub(crate) early: Option<Reg>,
    pub(crate) locals: Vec<(Arc<str>, Reg)>,
}

/// A definition or one of its branches.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// Branches of one definition have one number.
    pub(crate) definition: u32,
    /// Where it is noted whether it may hold.
    pub(crate) flag: Reg,
    /// All must be met.
    pub(crate) conditions: Vec<Condition>,
    /// What it makes, where that is a constant.
    pub(crate) value: Option<Value>,
}

/// One of the patterns must fit.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) place: Place,
    pub(crate) patterns: Vec<Pattern>,
}

/// What can be looked at without evaluating anything.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Place {
    Argument(Reg),
    Input(Vec<Value>),
    Data(Vec<Value>),
}

/// See [`Condition`].
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Pattern {
    Anything,
    Scalar(Value),
    /// Of this length; nothing stands for anything.
    Array(Vec<Option<Value>>),
}

/// A compiled policy.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) units: Vec<Arc<Unit>>,
    pub(crate) groups: Vec<GroupCode>,
    /// The root is the first.
    pub(crate) nodes: Vec<NodeCode>,
    pub(crate) reads: Reads,
    pub(crate) observe: Observe,
}

/// Where the code of a group is.
#[derive(Clone, Debug)]
pub(crate) struct GroupCode {
    pub(crate) path: Vec<Str>,
    /// Computes the whole value; an index into [`Program::units`].
    pub(crate) unit: u32,
    /// Computes the value under one key.
    pub(crate) keyed: Option<u32>,
    /// Nobody outside can see it being computed.
    pub(crate) unseen: bool,
}

/// A place of the tree.
#[derive(Clone, Debug)]
pub(crate) struct NodeCode {
    pub(crate) path: Vec<Str>,
    pub(crate) children: BTreeMap<Str, u32>,
    /// A rule that is no function.
    pub(crate) rule: Option<u32>,
    /// Computes the document.
    pub(crate) unit: u32,
}

impl Unit {
    /// What an instruction reads.
    pub(crate) fn operands(&self, of: Operands) -> &[Operand] {
        let from = of.from as usize;
        &self.operands[from..from + of.len as usize]
    }

    /// The place of the last instruction, which returns.
    pub(crate) fn last(&self) -> Label {
        count(self.code.len()).saturating_sub(1)
    }
}

impl Program {
    /// The rules of which a document at this path is made, functions left out.
    pub(crate) fn rules_at(&self, path: &[Str]) -> Vec<u32> {
        let (mut at, mut rules) = (0_u32, Vec::new());
        for step in path {
            let Some(node) = self.nodes.get(at as usize) else { return rules };
            match (node.rule, node.children.get(step)) {
                (Some(rule), _) => return vec![rule],
                (None, Some(child)) => at = *child,
                (None, None) => return rules,
            }
        }
        let mut open = vec![at];
        while let Some(node) = open.pop().and_then(|at| self.nodes.get(at as usize)) {
            match node.rule {
                Some(rule) => rules.push(rule),
                None => open.extend(node.children.values()),
            }
        }
        rules
    }

    /// Those of the rules behind these paths that give the same in every evaluation, in the order of the policy.
    pub(crate) fn constant_rules(&self, paths: &[Vec<Str>], differing: &[Vec<Str>]) -> Vec<u32> {
        let needed = self.reads.needed(paths.iter().flat_map(|path| self.rules_at(path)));
        let constant = self.reads.constant(differing);
        let mut rules: Vec<u32> = self.nodes.iter().filter_map(|node| node.rule).collect();
        rules.retain(|rule| needed.contains(*rule) && constant.contains(*rule));
        rules.sort_unstable();
        rules
    }

    /// The place at the end of a path.
    pub(crate) fn node(&self, path: &[Str]) -> Option<u32> {
        path.iter().try_fold(0, |node, step| self.nodes.get(node as usize)?.children.get(step).copied())
    }
}

impl Instr {
    /// The places this instruction may go to.
    pub(super) fn labels_mut(&mut self) -> Option<&mut Label> {
        match self {
            Self::Jump(label) | Self::IfProduced(label) | Self::IfSettled(label) => Some(label),
            Self::Test { fail, .. }
            | Self::Equal { fail, .. }
            | Self::Input { fail, .. }
            | Self::Get { fail, .. }
            | Self::GetBase { fail, .. }
            | Self::IsArray { fail, .. }
            | Self::IsObject { fail, .. }
            | Self::Iterate { fail, .. }
            | Self::CursorKeys { fail, .. }
            | Self::Rule { fail, .. }
            | Self::RuleAt { fail, .. }
            | Self::Document { fail, .. }
            | Self::Call { fail, .. }
            | Self::CursorStart { fail, .. }
            | Self::CursorStep { fail, .. }
            | Self::CursorEnd { fail, .. }
            | Self::WithBegin { fail, .. } => Some(fail),
            Self::Next { done, .. } => Some(done),
            Self::Definition { stopped, .. } => Some(stopped),
            Self::Move { .. }
            | Self::Data { .. }
            | Self::MakeArray { .. }
            | Self::MakeSet { .. }
            | Self::MakeObject { .. }
            | Self::Walk { .. }
            | Self::Collect { .. }
            | Self::Push { .. }
            | Self::PushPair { .. }
            | Self::Collected { .. }
            | Self::WithLeave { .. }
            | Self::WithEnter { .. }
            | Self::Produce { .. }
            | Self::Certain
            | Self::Contribute { .. }
            | Self::MergeBase { .. }
            | Self::Solution { .. }
            | Self::Watch(_)
            | Self::Return => None,
        }
    }
}
