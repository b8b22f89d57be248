//! Instructions, one by one.

use smallvec::smallvec;

use super::frame::Result as Made;
use super::gather::{Collector, Tree};
use super::iterate::{Iter, Walk};
use super::machine::{Flow, Machine, Ran, internal};
use super::memo::Args;
use super::tree::in_base;
use crate::rego::compile::code::{Instr, Label, LeafKind, Operand, Operands, Reg, Shape, Unit};
use crate::rego::error::{ErrorCode, RegoError};
use crate::rego::source::Span;
use crate::rego::value::{ObjectBuilder, SetBuilder, Value};

/// OPA's words for two values of one key.
const KEY_CONFLICT: &str = "object keys must be unique";

impl Machine {
    #[inline]
    fn get<'a>(&'a self, unit: &'a Unit, operand: Operand) -> &'a Value {
        match operand {
            Operand::Reg(reg) => &self.regs[self.bases.regs + reg as usize],
            Operand::Const(index) => &unit.consts[index as usize],
        }
    }

    #[inline]
    fn set(&mut self, reg: Reg, value: Value) {
        self.regs[self.bases.regs + reg as usize] = value;
    }

    fn each<'a>(&'a self, unit: &'a Unit, operands: Operands) -> impl Iterator<Item = &'a Value> {
        unit.operands(operands).iter().map(|operand| self.get(unit, *operand))
    }

    fn all<All: FromIterator<Value>>(&self, unit: &Unit, operands: Operands) -> All {
        self.each(unit, operands).cloned().collect()
    }

    /// Arguments of a call: of one and two by hand, since nearly all have so many.
    fn args(&self, unit: &Unit, operands: Operands) -> Args {
        match unit.operands(operands) {
            [one] => smallvec![self.get(unit, *one).clone()],
            [one, two] => smallvec![self.get(unit, *one).clone(), self.get(unit, *two).clone()],
            _ => self.all(unit, operands),
        }
    }

    /// One instruction of the frame on top: those that are seldom or long are methods below.
    #[inline]
    pub(super) fn execute(&mut self, unit: &Unit, instr: Instr, pc: Label) -> Ran<Flow> {
        match instr {
            Instr::Jump(label) => Ok(Flow::Goto(label)),
            Instr::Move { dst, src } => {
                self.set(dst, self.get(unit, src).clone());
                Ok(Flow::Next)
            }
            Instr::Equal { a, b, fail } => {
                let toil = toil_of_comparing(self.get(unit, a), self.get(unit, b));
                self.around.budget.steps(toil)?;
                let equal = self.get(unit, a) == self.get(unit, b);
                Ok(if equal { Flow::Next } else { Flow::Goto(fail) })
            }
            Instr::Test { src, fail } => {
                Ok(if self.get(unit, src).is_false() { Flow::Goto(fail) } else { Flow::Next })
            }
            Instr::IsArray { .. } | Instr::IsObject { .. } => Ok(self.compare(unit, instr)),
            Instr::Get { dst, base, key, fail } => {
                match self.get(unit, base).get(self.get(unit, key)).cloned() {
                    Some(value) => self.set(dst, value),
                    None => return Ok(Flow::Goto(fail)),
                }
                Ok(Flow::Next)
            }
            Instr::GetBase { .. } | Instr::Input { .. } | Instr::Data { .. } => self.load(unit, instr),
            Instr::MakeArray { .. } | Instr::MakeSet { .. } | Instr::MakeObject { .. } => {
                self.compose(unit, instr)
            }
            Instr::Next { iter, key, value, done } => self.next_turn(iter, key, value, done),
            Instr::Iterate { .. } | Instr::Walk { .. } => Ok(self.open_loop(unit, instr)),
            Instr::Collect { .. } | Instr::Push { .. } | Instr::PushPair { .. } | Instr::Collected { .. } => {
                self.collect(unit, instr)
            }
            Instr::WithBegin { .. } | Instr::WithLeave { .. } | Instr::WithEnter { .. } => {
                self.change_level(unit, instr)
            }
            Instr::Definition { .. }
            | Instr::Produce { .. }
            | Instr::Certain
            | Instr::Contribute { .. }
            | Instr::MergeBase { .. }
            | Instr::IfProduced(_)
            | Instr::IfSettled(_)
            | Instr::Solution { .. } => self.define(unit, instr),
            Instr::Watch(number) => {
                self.watch(unit, number)?;
                Ok(Flow::Next)
            }
            Instr::Return => self.finish(),
            Instr::Rule { .. }
            | Instr::RuleAt { .. }
            | Instr::Document { .. }
            | Instr::Call { .. }
            | Instr::CursorStart { .. }
            | Instr::CursorKeys { .. }
            | Instr::CursorStep { .. }
            | Instr::CursorEnd { .. } => self.ask(unit, instr, pc),
        }
    }

    /// What holds of values or does not.
    #[inline(never)]
    fn compare(&self, unit: &Unit, instr: Instr) -> Flow {
        let (it, fail) = match instr {
            Instr::IsArray { src, len, fail } => {
                (self.get(unit, src).as_array().is_some_and(|items| items.len() == len as usize), fail)
            }
            Instr::IsObject { src, len, fail } => {
                (self.get(unit, src).as_object().is_some_and(|pairs| pairs.len() == len as usize), fail)
            }
            _ => return Flow::Next,
        };
        if it { Flow::Next } else { Flow::Goto(fail) }
    }

    /// What brings a value that is there already into a register.
    #[inline(never)]
    fn load(&mut self, unit: &Unit, instr: Instr) -> Ran<Flow> {
        let (dst, found, fail) = match instr {
            Instr::GetBase { dst, base, key, fail } => {
                (dst, in_base(self.get(unit, base), self.get(unit, key)).cloned(), fail)
            }
            Instr::Input { dst, fail } => {
                let level = self.frame()?.level;
                (dst, self.overlay(level).input.clone(), fail)
            }
            Instr::Data { dst } => {
                let level = self.frame()?.level;
                self.set(dst, self.overlay(level).data.clone());
                return Ok(Flow::Next);
            }
            _ => return Ok(Flow::Next),
        };
        let Some(value) = found else { return Ok(Flow::Goto(fail)) };
        self.set(dst, value);
        Ok(Flow::Next)
    }

    /// What makes a collection of values.
    #[inline(never)]
    fn compose(&mut self, unit: &Unit, instr: Instr) -> Ran<Flow> {
        match instr {
            Instr::MakeArray { dst, items } => {
                let items: Vec<Value> = self.all(unit, items);
                self.make(dst, items.into())?;
            }
            Instr::MakeSet { dst, items } => {
                let mut set = SetBuilder::with_capacity(items.len as usize);
                self.each(unit, items).for_each(|member| set.push(member.clone()));
                self.make(dst, set.build().into())?;
            }
            Instr::MakeObject { dst, items } => {
                let mut object = ObjectBuilder::with_capacity(items.len as usize / 2);
                {
                    let mut items = self.each(unit, items);
                    while let (Some(key), Some(value)) = (items.next(), items.next()) {
                        object.push(key.clone(), value.clone());
                    }
                }
                self.make(dst, object.build_last_wins().into())?;
            }
            _ => {}
        }
        Ok(Flow::Next)
    }

    #[inline(never)]
    fn open_loop(&mut self, unit: &Unit, instr: Instr) -> Flow {
        let (iter, open) = match instr {
            Instr::Iterate { iter, over, fail } => match Iter::over(self.get(unit, over)) {
                Some(open) => (iter, open),
                None => return Flow::Goto(fail),
            },
            Instr::Walk { iter, over } => (iter, Iter::Walk(Box::new(Walk::new(self.get(unit, over))))),
            _ => return Flow::Next,
        };
        self.iters[self.bases.iters + iter as usize] = open;
        Flow::Next
    }

    /// What begins and ends the use of replacements.
    #[inline(never)]
    fn change_level(&mut self, unit: &Unit, instr: Instr) -> Ran<Flow> {
        match instr {
            Instr::WithBegin { slot, with, values, .. } => {
                let values: Vec<Value> = self.all(unit, values);
                self.begin_with(slot, &unit.withs[with as usize], values)?;
            }
            Instr::WithLeave { slot } => {
                let level = self.slots[self.bases.slots + slot as usize];
                self.frame()?.level = self.overlay(level).parent;
            }
            Instr::WithEnter { slot } => {
                self.frame()?.level = self.slots[self.bases.slots + slot as usize];
            }
            _ => {}
        }
        Ok(Flow::Next)
    }

    fn make(&mut self, dst: Reg, value: Value) -> Ran<()> {
        self.around.budget.bytes(value.shallow_bytes())?;
        value.check_depth().map_err(crate::rego::budget::Exceeded::from)?;
        self.set(dst, value);
        Ok(())
    }

    fn next_turn(&mut self, iter: u32, key: Option<Reg>, value: Option<Reg>, done: Label) -> Ran<Flow> {
        let open = &mut self.iters[self.bases.iters + iter as usize];
        if let (Iter::Walk(walk), Some(_)) = (&*open, key) {
            self.around.budget.bytes((walk.path_len() * size_of::<Value>()) as u64)?;
        }
        let Some(key_reg) = key else {
            let Some(next) = open.next_value() else { return Ok(Flow::Goto(done)) };
            if let Some(value) = value {
                self.set(value, next);
            }
            return Ok(Flow::Next);
        };
        let Some((next_key, next_value)) = open.next() else { return Ok(Flow::Goto(done)) };
        self.set(key_reg, next_key);
        if let Some(value) = value {
            self.set(value, next_value);
        }
        Ok(Flow::Next)
    }

    #[inline(never)]
    fn collect(&mut self, unit: &Unit, instr: Instr) -> Ran<Flow> {
        if let Instr::Push { collector, .. } | Instr::PushPair { collector, .. } = instr {
            let grown = self.collector(collector)?.grow_by_one();
            self.around.budget.bytes(grown)?;
        }
        match instr {
            Instr::Collect { collector, kind } => {
                self.collectors[self.bases.collectors + collector as usize] = Some(Collector::new(kind));
            }
            Instr::Push { collector, value } => {
                let value = self.get(unit, value).clone();
                self.collector(collector)?.push(value);
            }
            Instr::PushPair { collector, key, value } => {
                let (key, value) = (self.get(unit, key).clone(), self.get(unit, value).clone());
                self.collector(collector)?.push_pair(key, value);
            }
            Instr::Collected { collector, dst, site } => {
                let taken = self.collectors[self.bases.collectors + collector as usize].take();
                let collected = taken.ok_or_else(|| internal("no collector"))?.finish();
                let at = site_of(unit, site);
                let value =
                    collected.map_err(|_| RegoError::new(ErrorCode::EvalConflict, KEY_CONFLICT, at))?;
                self.make(dst, value)?;
            }
            _ => {}
        }
        Ok(Flow::Next)
    }

    fn collector(&mut self, collector: u32) -> Ran<&mut Collector> {
        let at = self.bases.collectors + collector as usize;
        self.collectors.get_mut(at).and_then(Option::as_mut).ok_or_else(|| internal("no collector"))
    }

    /// What asks for a value that may have to be computed first.
    #[inline(never)]
    fn ask(&mut self, unit: &Unit, instr: Instr, pc: Label) -> Ran<Flow> {
        self.frame()?.pc = pc + 1;
        match instr {
            Instr::Rule { group, dst, fail } => {
                let asked = self.asked(dst, fail)?;
                self.ask_rule(group, asked)
            }
            Instr::RuleAt { group, key, dst, fail } => {
                let asked = self.asked(dst, fail)?;
                let key = self.get(unit, key).clone();
                self.ask_rule_at(group, key, asked)
            }
            Instr::Document { node, dst, fail } => {
                let asked = self.asked(dst, fail)?;
                self.ask_node(node, asked)
            }
            Instr::Call { callee, args, dst, fail, site } => {
                let asked = self.asked(dst, fail)?;
                let args = self.args(unit, args);
                let at = site_of(unit, site).ok_or_else(|| internal("no site"))?;
                self.call(&unit.callees[callee as usize], args, asked, at)
            }
            Instr::CursorStart { cursor, node, fail } => self.cursor_start(cursor, node, fail),
            Instr::CursorKeys { iter, cursor, fail } => self.cursor_keys(iter, cursor, fail),
            Instr::CursorStep { from, to, key, fail } => {
                let key = self.get(unit, key).clone();
                self.cursor_step(from, to, &key, fail)
            }
            Instr::CursorEnd { cursor, dst, fail } => {
                let asked = self.asked(dst, fail)?;
                self.cursor_end(cursor, asked)
            }
            _ => Ok(Flow::Next),
        }
    }

    /// What makes the value of the rule that runs.
    #[inline(never)]
    fn define(&mut self, unit: &Unit, instr: Instr) -> Ran<Flow> {
        match instr {
            Instr::Definition { site, stopped } => {
                let frame = self.frame()?;
                frame.definition = site;
                frame.on_stop = stopped;
                frame.produced = false;
            }
            Instr::Produce { value, site } => {
                let value = self.get(unit, value).clone();
                self.produce(unit, value, site)?;
            }
            Instr::Certain => self.frame()?.stopped.clear(),
            Instr::IfProduced(label) => {
                return Ok(if self.frame()?.produced { Flow::Goto(label) } else { Flow::Next });
            }
            Instr::IfSettled(label) => {
                let frame = self.frame()?;
                let settled = !matches!(frame.result, Made::Nothing) || !frame.stopped.is_empty();
                return Ok(if settled { Flow::Goto(label) } else { Flow::Next });
            }
            Instr::Contribute { keys, leaf, kind, site } => {
                let (keys, leaf) = (self.all(unit, keys), self.get(unit, leaf).clone());
                self.contribute(unit, keys, leaf, kind, site)?;
            }
            Instr::Solution { values } => {
                let values: Vec<Value> = self.all(unit, values);
                self.around.budget.bytes((values.len() * size_of::<Value>()) as u64)?;
                self.solutions.push(values);
            }
            Instr::MergeBase { node, src } => {
                let src = self.get(unit, Operand::Reg(src)).clone();
                let merged = self.merge_base(node, src)?;
                self.frame()?.result = Made::Single(merged);
            }
            _ => {}
        }
        Ok(Flow::Next)
    }

    fn produce(&mut self, unit: &Unit, value: Value, site: u32) -> Ran<()> {
        let frame = self.frame()?;
        frame.produced = true;
        match &frame.result {
            Made::Single(before) if *before != value => {
                let conflict = if let Shape::Single(conflict) = unit.shape { conflict } else { KEY_CONFLICT };
                Err(RegoError::new(ErrorCode::EvalConflict, conflict, site_of(unit, site)).into())
            }
            Made::Single(_) => Ok(()),
            Made::Nothing | Made::Tree(_) => {
                frame.result = Made::Single(value);
                Ok(())
            }
        }
    }

    fn contribute(
        &mut self,
        unit: &Unit,
        keys: Vec<Value>,
        leaf: Value,
        kind: LeafKind,
        site: u32,
    ) -> Ran<()> {
        self.around.budget.bytes(bytes_of_contribution(keys.len()))?;
        let frame = self.frame()?;
        frame.produced = true;
        let before = std::mem::replace(&mut frame.result, Made::Nothing);
        let mut tree = if let Made::Tree(tree) = before { Some(tree) } else { None };
        Tree::insert(&mut tree, keys.into_iter(), leaf, kind)
            .map_err(|_| RegoError::new(ErrorCode::EvalConflict, KEY_CONFLICT, site_of(unit, site)))?;
        if let Some(tree) = tree {
            frame.result = Made::Tree(tree);
        }
        Ok(())
    }
}

/// Steps beyond the first that a comparison may take. What is shared is noticed at once.
pub(super) fn toil_of_comparing(a: &Value, b: &Value) -> u64 {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) if a.same_storage(b) => 0,
        (Value::Object(a), Value::Object(b)) if a.same_storage(b) => 0,
        (Value::Set(a), Value::Set(b)) if a.same_storage(b) => 0,
        (Value::String(a), Value::String(b)) => a.len().min(b.len()) as u64 / BYTES_COMPARED_IN_A_STEP,
        _ => u64::from(a.parts().min(b.parts())) - 1,
    }
}

/// Bytes of text that are compared in the time of a step.
const BYTES_COMPARED_IN_A_STEP: u64 = 256;

/// Bytes that a solution of a partial rule takes: in nodes of trees that are half full and vectors that double, and once
/// more in the value that is made of them in the end.
fn bytes_of_contribution(keys: usize) -> u64 {
    ((4 + 8 * keys) * size_of::<Value>()) as u64
}

fn site_of(unit: &Unit, site: u32) -> Option<Span> {
    unit.sites.get(site as usize).copied()
}
