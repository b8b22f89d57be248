//! References: through values, and through the tree of rules and base documents.

use super::builder::{Builder, Built, defect};
use super::code::{Instr, Operand};
use crate::rego::hir::{Base, GroupId, GroupKind, Node, Ref, Term};
use crate::rego::value::Value;

/// Where the constant beginning of a reference below `data` leads.
enum Place<'a> {
    /// To a rule, with so many steps used.
    Rule(GroupId, usize),
    /// To a place of the tree where a step is not constant, or that is the end.
    Tree(&'a Node, usize),
    /// Out of the tree: only base documents are there.
    Base,
}

impl Builder<'_> {
    pub(super) fn reference(&mut self, reference: &Ref) -> Built<Operand> {
        let value = match &reference.base {
            Base::Data => return self.data_reference(&reference.steps),
            Base::Input => {
                let (dst, fail) = (self.temp(), self.fail());
                self.emit(Instr::Input { dst, fail });
                Operand::Reg(dst)
            }
            Base::Local(local) => self.term(&Term::Local(*local))?,
            Base::Term(term) => self.term(term)?,
        };
        self.steps(value, &reference.steps)
    }

    fn steps(&mut self, mut value: Operand, steps: &[Term]) -> Built<Operand> {
        for step in steps {
            value = self.step(value, step)?;
        }
        Ok(value)
    }

    fn base_steps(&mut self, mut value: Operand, steps: &[Term]) -> Built<Operand> {
        for step in steps {
            value = if self.is_pattern(step) {
                self.step(value, step)?
            } else {
                let key = self.term(step)?;
                let (dst, fail) = (self.temp(), self.fail());
                self.emit(Instr::GetBase { dst, base: value, key, fail });
                Operand::Reg(dst)
            };
        }
        Ok(value)
    }

    fn step(&mut self, base: Operand, step: &Term) -> Built<Operand> {
        if !self.is_pattern(step) {
            let key = self.term(step)?;
            let (dst, fail) = (self.temp(), self.fail());
            self.emit(Instr::Get { dst, base, key, fail });
            return Ok(Operand::Reg(dst));
        }
        let iter = self.new_iter();
        let fail = self.fail();
        self.emit(Instr::Iterate { iter, over: base, fail });
        let value = self.temp();
        if let Some(local) = self.unbound_local(step) {
            let key = self.loop_local(local);
            self.open_loop(iter, key, Some(value));
            self.bind(local);
        } else {
            let key = self.temp();
            self.open_loop(iter, Some(key), Some(value));
            self.match_pattern(step, Operand::Reg(key))?;
        }
        Ok(Operand::Reg(value))
    }

    fn data_reference(&mut self, steps: &[Term]) -> Built<Operand> {
        match place(&self.around.program.root, self.around, steps) {
            Place::Base => {
                let dst = self.temp();
                self.emit(Instr::Data { dst });
                self.base_steps(Operand::Reg(dst), steps)
            }
            Place::Rule(group, used) => self.rule_reference(group, &steps[used..]),
            Place::Tree(node, used) => {
                let number = self.around.nodes.get(&std::ptr::from_ref(node)).copied();
                let node = number.ok_or_else(|| defect("a place outside of the tree", None))?;
                self.tree_reference(node, &steps[used..])
            }
        }
    }

    fn rule_reference(&mut self, group: GroupId, steps: &[Term]) -> Built<Operand> {
        let partial = self.around.is_partial(group);
        if let (true, Some((first, rest))) = (partial, steps.split_first())
            && !self.is_pattern(first)
        {
            let key = self.term(first)?;
            let (dst, fail) = (self.temp(), self.fail());
            self.emit(Instr::RuleAt { group: group.0, key, dst, fail });
            return self.steps(Operand::Reg(dst), rest);
        }
        let (dst, fail) = (self.temp(), self.fail());
        self.emit(Instr::Rule { group: group.0, dst, fail });
        self.steps(Operand::Reg(dst), steps)
    }

    fn tree_reference(&mut self, node: u32, steps: &[Term]) -> Built<Operand> {
        let fail = self.fail();
        if steps.is_empty() {
            let dst = self.temp();
            self.emit(Instr::Document { node, dst, fail });
            return Ok(Operand::Reg(dst));
        }
        let mut cursor = self.new_cursor();
        self.emit(Instr::CursorStart { cursor, node, fail });
        for step in steps {
            let key = if self.is_pattern(step) {
                let iter = self.new_iter();
                let fail = self.fail();
                self.emit(Instr::CursorKeys { iter, cursor, fail });
                let key = self.temp();
                self.open_loop(iter, Some(key), None);
                self.match_pattern(step, Operand::Reg(key))?;
                Operand::Reg(key)
            } else {
                self.term(step)?
            };
            let to = self.new_cursor();
            let fail = self.fail();
            self.emit(Instr::CursorStep { from: cursor, to, key, fail });
            cursor = to;
        }
        let (dst, fail) = (self.temp(), self.fail());
        self.emit(Instr::CursorEnd { cursor, dst, fail });
        Ok(Operand::Reg(dst))
    }
}

impl super::builder::Surroundings<'_> {
    fn is_partial(&self, group: GroupId) -> bool {
        self.kind(group).is_some_and(|kind| matches!(kind, GroupKind::Partial))
    }

    pub(super) fn kind(&self, group: GroupId) -> Option<GroupKind> {
        self.program.groups.get(group.0 as usize).map(|group| group.kind)
    }

    /// The rule of a node, if it has one that is not a function.
    pub(super) fn rule_of(&self, node: &Node) -> Option<GroupId> {
        node.group.filter(|group| !matches!(self.kind(*group), Some(GroupKind::Function { .. }) | None))
    }
}

fn place<'a>(root: &'a Node, around: &super::builder::Surroundings<'_>, steps: &[Term]) -> Place<'a> {
    let mut node = root;
    for (used, step) in steps.iter().enumerate() {
        if let Some(group) = around.rule_of(node) {
            return Place::Rule(group, used);
        }
        let child = match step {
            Term::Const(Value::String(name)) => node.children.get(name),
            Term::Const(_) => None,
            _ => return Place::Tree(node, used),
        };
        match child {
            Some(child) => node = child,
            None => return Place::Base,
        }
    }
    match (around.rule_of(node), node.group) {
        (Some(group), _) => Place::Rule(group, steps.len()),
        // A function is no document.
        (None, Some(_)) if node.children.is_empty() => Place::Base,
        (None, _) => Place::Tree(node, steps.len()),
    }
}
