//! One unit under construction: registers, slots, labels, and what is bound where the code has come to.

use std::collections::HashMap;

use super::code::{CallTarget, Instr, Label, Operand, Operands, Reg, Shape, Target, Unit, WithSpec, count};
use super::reads::Reads;
use super::uses::Uses;
use super::watch::Watching;
use crate::rego::builtins;
use crate::rego::engine::Observe;
use crate::rego::error::{ErrorCode, RegoError};
use crate::rego::hir::{Callee, LocalId, Node, Program};
use crate::rego::source::Span;
use crate::rego::value::Value;

/// What every unit of a policy may ask about the policy.
pub(super) struct Surroundings<'a> {
    pub(super) program: &'a Program,
    pub(super) reads: &'a Reads,
    /// Number of a place of the tree, by its address in the resolved program.
    pub(super) nodes: &'a HashMap<*const Node, u32>,
    pub(super) observe: Observe,
}

pub(super) type Built<T = ()> = Result<T, RegoError>;

/// What is open where the code has come to.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    bound: Vec<bool>,
    next_reg: Reg,
    iters: u32,
    collectors: u32,
    slots: u32,
    /// Loops opened since the statement began: code after them comes back to its temporaries.
    pub(super) loops: u32,
    fail: Label,
}

pub(super) struct Builder<'a> {
    pub(super) around: &'a Surroundings<'a>,
    pub(super) unit: Unit,
    pub(super) scope: Scope,
    labels: Vec<Option<u32>>,
    constants: HashMap<Value, u32>,
    first_local: Reg,
    uses: Uses,
    pub(super) watching: Watching,
}

impl<'a> Builder<'a> {
    /// A unit whose first `arguments` registers are filled by its caller.
    pub(super) fn new(around: &'a Surroundings<'a>, shape: Shape, arguments: u32) -> Self {
        let unit = Unit {
            shape,
            look_up_in: None,
            code: Vec::new(),
            consts: Vec::new(),
            operands: Vec::new(),
            sites: Vec::new(),
            callees: Vec::new(),
            withs: Vec::new(),
            watched: Vec::new(),
            registers: arguments,
            iters: 0,
            collectors: 0,
            cursors: 0,
            slots: 0,
        };
        let scope = Scope {
            bound: Vec::new(),
            next_reg: arguments,
            iters: 0,
            collectors: 0,
            slots: 0,
            loops: 0,
            fail: 0,
        };
        Self {
            around,
            unit,
            scope,
            labels: Vec::new(),
            constants: HashMap::new(),
            first_local: arguments,
            uses: Uses::default(),
            watching: Watching::default(),
        }
    }

    /// Begins a definition with so many locals, none of them bound. Where it fails, go to `fail`.
    pub(super) fn begin(&mut self, locals: u32, uses: Uses, fail: Label) {
        self.uses = uses;
        let next_reg = self.first_local + locals;
        self.unit.registers = self.unit.registers.max(next_reg);
        self.scope = Scope {
            bound: vec![false; locals as usize],
            next_reg,
            iters: 0,
            collectors: 0,
            slots: 0,
            loops: 0,
            fail,
        };
    }

    pub(super) fn emit(&mut self, instr: Instr) {
        self.unit.code.push(instr);
    }

    pub(super) fn new_label(&mut self) -> Label {
        self.labels.push(None);
        count(self.labels.len()) - 1
    }

    /// The label is here.
    pub(super) fn place(&mut self, label: Label) {
        let here = count(self.unit.code.len());
        if let Some(at) = self.labels.get_mut(label as usize) {
            *at = Some(here);
        }
    }

    pub(super) fn fail(&self) -> Label {
        self.scope.fail
    }

    pub(super) fn fail_to(&mut self, label: Label) {
        self.scope.fail = label;
    }

    pub(super) fn temp(&mut self) -> Reg {
        let reg = self.scope.next_reg;
        self.scope.next_reg += 1;
        self.unit.registers = self.unit.registers.max(self.scope.next_reg);
        reg
    }

    pub(super) fn new_iter(&mut self) -> u32 {
        let iter = self.scope.iters;
        self.scope.iters += 1;
        self.scope.loops += 1;
        self.unit.iters = self.unit.iters.max(self.scope.iters);
        iter
    }

    pub(super) fn new_collector(&mut self) -> u32 {
        let collector = self.scope.collectors;
        self.scope.collectors += 1;
        self.unit.collectors = self.unit.collectors.max(self.scope.collectors);
        collector
    }

    pub(super) fn new_slot(&mut self) -> u32 {
        let slot = self.scope.slots;
        self.scope.slots += 1;
        self.unit.slots = self.unit.slots.max(self.scope.slots);
        slot
    }

    /// Every step of a reference has a place of its own: loops come back to earlier ones.
    pub(super) fn new_cursor(&mut self) -> u32 {
        self.unit.cursors += 1;
        self.unit.cursors - 1
    }

    pub(super) fn constant(&mut self, value: &Value) -> Operand {
        // Equal numbers may be spelled differently, and the spelling shows.
        if !matches!(value, Value::String(_) | Value::Bool(_) | Value::Null) {
            self.unit.consts.push(value.clone());
            return Operand::Const(count(self.unit.consts.len()) - 1);
        }
        let next = count(self.unit.consts.len());
        let index = *self.constants.entry(value.clone()).or_insert(next);
        if index == next {
            self.unit.consts.push(value.clone());
        }
        Operand::Const(index)
    }

    pub(super) fn operands(&mut self, operands: &[Operand]) -> Operands {
        let from = count(self.unit.operands.len());
        self.unit.operands.extend_from_slice(operands);
        Operands { from, len: count(operands.len()) }
    }

    pub(super) fn site(&mut self, span: Span) -> u32 {
        if self.unit.sites.last() != Some(&span) {
            self.unit.sites.push(span);
        }
        count(self.unit.sites.len()) - 1
    }

    pub(super) fn callee(&mut self, callee: &Callee) -> u32 {
        self.unit.callees.push(call_target(callee));
        count(self.unit.callees.len()) - 1
    }

    pub(super) fn with(&mut self, with: WithSpec) -> u32 {
        self.unit.withs.push(with);
        count(self.unit.withs.len()) - 1
    }

    pub(super) fn local(&self, local: LocalId) -> Reg {
        self.first_local + local.0
    }

    pub(super) fn is_bound(&self, local: LocalId) -> bool {
        self.scope.bound.get(local.0 as usize).copied().unwrap_or(false)
    }

    /// The register of a local that a loop binds, if somebody reads it or may be shown it.
    pub(super) fn loop_local(&self, local: LocalId) -> Option<Reg> {
        (self.is_watched() || self.uses.is_read(local)).then(|| self.local(local))
    }

    pub(super) fn bind(&mut self, local: LocalId) {
        if let Some(bound) = self.scope.bound.get_mut(local.0 as usize) {
            *bound = true;
        }
    }

    /// Builds something whose bindings and loops end with it.
    pub(super) fn nested<T>(&mut self, build: impl FnOnce(&mut Self) -> Built<T>) -> Built<T> {
        let saved = self.scope.clone();
        let result = build(self);
        self.scope = saved;
        result
    }

    /// Builds a statement. Its temporaries are free again, unless a loop leads back into it.
    pub(super) fn statement(&mut self, build: impl FnOnce(&mut Self) -> Built) -> Built {
        let (loops, next_reg) = (self.scope.loops, self.scope.next_reg);
        build(self)?;
        if self.scope.loops == loops {
            self.scope.next_reg = next_reg;
        }
        Ok(())
    }

    /// Ends the unit: labels become places in the code.
    pub(super) fn finish(mut self) -> Built<Unit> {
        for instr in &mut self.unit.code {
            if let Some(label) = instr.labels_mut() {
                let place = self.labels.get(*label as usize).copied().flatten();
                *label = place.ok_or_else(|| defect("a label without a place", None))?;
            }
        }
        Ok(self.unit)
    }
}

pub(super) fn call_target(callee: &Callee) -> CallTarget {
    let target = match callee {
        Callee::Function(group) => Target::Function(group.0),
        Callee::Host(name) => Target::Host(name.clone()),
        Callee::Builtin(name) => match builtins::find(name) {
            Some(builtin) => Target::Builtin(builtin),
            None => Target::Missing(name.clone()),
        },
    };
    CallTarget { callee: callee.clone(), target }
}

/// What analysis promises and did not keep.
pub(super) fn defect(what: &str, span: Option<Span>) -> RegoError {
    RegoError::new(ErrorCode::EvalInternal, format!("compilation: {what}"), span)
}
