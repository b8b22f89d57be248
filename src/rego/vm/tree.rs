//! References through the tree of rules and base documents.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::call::Asked;
use super::frame::{Cursor, Dest};
use super::iterate::Iter;
use super::machine::{Flow, Machine, Ran, internal};
use super::memo::{Args, Memo};
use super::overlay::{ROOT, base_at};
use crate::rego::compile::code::{Instr, Label, NodeCode, Operand, Shape, Unit, count};
use crate::rego::value::{Object, Str, Value};

impl Machine {
    /// Asks for the document at a path, for whoever asked the machine.
    pub(super) fn ask_document(&mut self, path: &[Str]) -> Ran<Flow> {
        let asked = Asked { level: ROOT, dest: Dest::Asker, fail: 0 };
        let mut node = 0;
        for (used, step) in path.iter().enumerate() {
            if let Some(group) = self.node(node)?.rule {
                self.ask_in_rule(group, &path[used..])?;
                return Ok(Flow::Switched);
            }
            let Some(child) = self.node(node)?.children.get(step) else {
                let memo = base_at(&self.root.data, path).cloned().map_or(Memo::Undefined, Memo::Value);
                return self.receive(&memo, asked.dest, asked.fail);
            };
            node = *child;
        }
        match self.node(node)?.rule {
            Some(group) => self.ask_rule(group, asked),
            None => self.ask_node(node, asked),
        }
    }

    /// What is in a rule's value: by code made for this question.
    fn ask_in_rule(&mut self, group: u32, keys: &[Str]) -> Ran<()> {
        let dst = 0;
        let fail = count(keys.len()) + 2;
        let mut code = vec![Instr::Rule { group, dst, fail }];
        code.extend((0..).zip(keys).map(|(index, _)| Instr::Get {
            dst,
            base: Operand::Reg(dst),
            key: Operand::Const(index),
            fail,
        }));
        code.push(Instr::Produce { value: Operand::Reg(dst), site: 0 });
        code.push(Instr::Return);
        let unit = Unit {
            shape: Shape::Document,
            look_up_in: None,
            code,
            consts: keys.iter().map(|key| Value::String(key.clone())).collect(),
            operands: Vec::new(),
            sites: Vec::new(),
            callees: Vec::new(),
            withs: Vec::new(),
            watched: Vec::new(),
            registers: 1,
            iters: 0,
            collectors: 0,
            cursors: 0,
            slots: 0,
        };
        self.push(Arc::new(unit), Args::new(), ROOT, None, (Dest::Asker, 0))
    }

    pub(super) fn node(&self, node: u32) -> Ran<&NodeCode> {
        self.program.nodes.get(node as usize).ok_or_else(|| internal("no such place"))
    }

    pub(super) fn cursor_start(&mut self, cursor: u32, node: u32, fail: Label) -> Ran<Flow> {
        let level = self.frame()?.level;
        let overlay = self.overlay(level);
        let path = &self.node(node)?.path;
        let base = base_at(&overlay.data, path).cloned();
        let place = if overlay.covers(path) {
            match base {
                Some(value) => Cursor::Value(value),
                None => return Ok(Flow::Goto(fail)),
            }
        } else {
            Cursor::Tree { node, base }
        };
        self.set_cursor(cursor, place);
        Ok(Flow::Next)
    }

    fn set_cursor(&mut self, cursor: u32, place: Cursor) {
        self.cursors[self.bases.cursors + cursor as usize] = Some(place);
    }

    fn cursor(&self, cursor: u32) -> Ran<&Cursor> {
        let place = self.cursors.get(self.bases.cursors + cursor as usize);
        place.and_then(Option::as_ref).ok_or_else(|| internal("no cursor"))
    }

    pub(super) fn cursor_step(&mut self, from: u32, to: u32, key: &Value, fail: Label) -> Ran<Flow> {
        let level = self.frame()?.level;
        let (place, rule) = match self.cursor(from)? {
            Cursor::Value(value) => (value.get(key).cloned().map(Cursor::Value), None),
            Cursor::Tree { node, base } => {
                let base = base.as_ref().and_then(|base| in_base(base, key)).cloned();
                let child = match key {
                    Value::String(name) => self.node(*node)?.children.get(name).copied(),
                    _ => None,
                };
                match child {
                    Some(child) if !self.overlay(level).covers(&self.node(child)?.path) => {
                        (Some(Cursor::Tree { node: child, base }), self.node(child)?.rule)
                    }
                    _ => (base.map(Cursor::Value), None),
                }
            }
        };
        if let Some(group) = rule {
            return self.ask_rule(group, Asked { level, dest: Dest::Cursor(to), fail });
        }
        let Some(place) = place else { return Ok(Flow::Goto(fail)) };
        self.set_cursor(to, place);
        Ok(Flow::Next)
    }

    pub(super) fn cursor_keys(&mut self, iter: u32, cursor: u32, fail: Label) -> Ran<Flow> {
        if let Cursor::Tree { node, base } = self.cursor(cursor)? {
            let count = base.as_ref().and_then(Value::count).unwrap_or(0) + self.node(*node)?.children.len();
            // The list, and the tree in which it is looked up.
            self.around.budget.bytes((4 * count * size_of::<Value>()) as u64)?;
            self.around.budget.steps(count as u64)?;
        }
        let keys = match self.cursor(cursor)? {
            Cursor::Value(value) => Iter::over(value),
            Cursor::Tree { node, base } => {
                let virtual_keys = self.node(*node)?.children.keys().map(|name| Value::String(name.clone()));
                let mut keys = keys_of(base.as_ref());
                let known: BTreeSet<Value> = keys.iter().cloned().collect();
                keys.extend(virtual_keys.filter(|key| !known.contains(key)));
                keys.reverse();
                Some(Iter::Keys(keys))
            }
        };
        let Some(keys) = keys else { return Ok(Flow::Goto(fail)) };
        self.iters[self.bases.iters + iter as usize] = keys;
        Ok(Flow::Next)
    }

    pub(super) fn cursor_end(&mut self, cursor: u32, asked: Asked) -> Ran<Flow> {
        match self.cursor(cursor)?.clone() {
            Cursor::Value(value) => self.receive(&Memo::Value(value), asked.dest, asked.fail),
            Cursor::Tree { node, .. } => self.ask_node(node, asked),
        }
    }

    /// The object in `src` with the base document of a node.
    pub(super) fn merge_base(&mut self, node: u32, src: Value) -> Ran<Value> {
        let level = self.frame()?.level;
        let base = base_at(&self.overlay(level).data, &self.node(node)?.path).cloned();
        let (Value::Object(rules), Some(Value::Object(base))) = (&src, base) else { return Ok(src) };
        let parts = u64::from(Value::from(base.clone()).parts().min(src.parts()));
        let toil = parts + (base.len() + rules.len()) as u64;
        self.around.budget.steps(toil)?;
        self.around.budget.bytes(toil * 2 * size_of::<Value>() as u64)?;
        Ok(merge(&base, rules).into())
    }
}

/// What base data has under a key. Its paths are text, so a number finds the key that spells it.
pub(super) fn in_base<'a>(base: &'a Value, key: &Value) -> Option<&'a Value> {
    match (base, key) {
        (Value::Object(pairs), Value::Number(number)) => {
            pairs.get(key).or_else(|| pairs.get_str(&number.to_string()))
        }
        _ => base.get(key),
    }
}

/// What either document has; objects that both have are merged, of other values the base document's stay. As deep as
/// the values, which are bounded.
fn merge(base: &Object, rules: &Object) -> Object {
    base.merge_with(rules, |base, rules| match (base, rules) {
        (Value::Object(base), Value::Object(rules)) => merge(base, rules).into(),
        _ => base.clone(),
    })
}

fn keys_of(value: Option<&Value>) -> Vec<Value> {
    match value {
        Some(Value::Object(pairs)) => pairs.keys().cloned().collect(),
        Some(Value::Array(items)) => (0..items.len()).map(Value::from).collect(),
        Some(Value::Set(members)) => members.iter().cloned().collect(),
        _ => Vec::new(),
    }
}
