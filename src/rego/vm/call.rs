//! Asking for rules, documents and functions: remembered, replaced, or computed in a new frame.

use std::sync::Arc;

use super::execute::toil_of_comparing;
use super::frame::Dest;
use super::machine::{Flow, Machine, Ran, Waiting, host_memo, internal};
use super::memo::{Args, Key, Memo};
use super::outcome::Watcher;
use super::overlay::{Level, Mock, ROOT, base_at};
use crate::rego::builtins::{Builtin, BuiltinError, Context, Sink};
use crate::rego::compile::code::{CallTarget, Label, Reg, Target, Unit, WithSpec};
use crate::rego::engine::BuiltinErrors;
use crate::rego::error::{ErrorCode, RegoError};
use crate::rego::host::HostCall;
use crate::rego::source::Span;
use crate::rego::value::{Str, Value};

/// Bytes of an object that are copied in the time of a step.
const BYTES_COPIED_IN_A_STEP: u64 = 256;

/// On which level something is asked for, and where its result goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) level: Level,
    pub(super) dest: Dest,
    pub(super) fail: Label,
}

impl Machine {
    /// Asks from the frame on top.
    pub(super) fn asked(&mut self, dst: Reg, fail: Label) -> Ran<Asked> {
        Ok(Asked { level: self.frame()?.level, dest: Dest::Reg(dst), fail })
    }

    pub(super) fn ask_rule(&mut self, group: u32, asked: Asked) -> Ran<Flow> {
        let code = &self.program.groups[group as usize];
        let overlay = self.overlay(asked.level);
        if overlay.covers(&code.path) {
            let memo = base_at(&overlay.data, &code.path).cloned().map_or(Memo::Undefined, Memo::Value);
            return self.receive(&memo, asked.dest, asked.fail);
        }
        let unit = code.unit;
        self.ask_unit(unit, Some(group), Args::new(), asked)
    }

    pub(super) fn ask_rule_at(&mut self, group: u32, key: Value, asked: Asked) -> Ran<Flow> {
        let code = &self.program.groups[group as usize];
        let overlay = self.overlay(asked.level);
        if overlay.covers(&code.path) {
            let value = base_at(&overlay.data, &code.path).and_then(|value| value.get(&key)).cloned();
            return self.receive(&value.map_or(Memo::Undefined, Memo::Value), asked.dest, asked.fail);
        }
        let (whole, keyed) = (code.unit, code.keyed.ok_or_else(|| internal("a rule without keys"))?);
        let whole = Key::new(whole, Args::new());
        let level = self.level_of(asked.level, group);
        if let Some(Memo::Value(whole)) = self.memo(level, &whole) {
            let memo = whole.get(&key).cloned().map_or(Memo::Undefined, Memo::Value);
            return self.receive(&memo, asked.dest, asked.fail);
        }
        let key = Key::new(keyed, Args::from_iter([key]));
        if self.memo(level, &key).is_none() && self.attempt_whole(group, level)? {
            return Ok(Flow::Switched);
        }
        self.ask_key(key, level, asked)
    }

    pub(super) fn ask_node(&mut self, node: u32, asked: Asked) -> Ran<Flow> {
        let code = self.node(node)?;
        let unit = code.unit;
        let overlay = self.overlay(asked.level);
        if overlay.covers(&code.path) {
            let memo = base_at(&overlay.data, &code.path).cloned().map_or(Memo::Undefined, Memo::Value);
            return self.receive(&memo, asked.dest, asked.fail);
        }
        self.ask_unit(unit, None, Args::new(), asked)
    }

    /// The level on which a group's value is remembered: the highest that can change it.
    fn level_of(&self, mut level: Level, group: u32) -> Level {
        while level != ROOT {
            let overlay = self.overlay(level);
            if overlay.affects(group) {
                break;
            }
            level = overlay.parent;
        }
        level
    }

    fn ask_unit(&mut self, unit: u32, group: Option<u32>, args: Args, asked: Asked) -> Ran<Flow> {
        let level = group.map_or(asked.level, |group| self.level_of(asked.level, group));
        self.ask_key(Key::new(unit, args), level, asked)
    }

    /// What is remembered on a level, or computed to be remembered there.
    fn ask_key(&mut self, key: Key, level: Level, asked: Asked) -> Ran<Flow> {
        if let Some((known, memo)) = self.memo_entry(level, &key) {
            let memo = memo.clone();
            // Finding it took a comparison of what is not one storage; hashes are made once for each.
            let toil = known.args.iter().zip(&key.args).map(|(a, b)| toil_of_comparing(a, b)).sum();
            self.around.budget.steps(toil)?;
            return self.receive(&memo, asked.dest, asked.fail);
        }
        let code = self.unit(key.unit)?;
        let args = key.args.clone();
        self.push(code, args, asked.level, Some((level, key)), (asked.dest, asked.fail))?;
        Ok(Flow::Switched)
    }

    pub(super) fn unit(&self, unit: u32) -> Ran<Arc<Unit>> {
        self.program.units.get(unit as usize).cloned().ok_or_else(|| internal("no such unit"))
    }

    pub(super) fn call(&mut self, callee: &CallTarget, args: Args, asked: Asked, at: Span) -> Ran<Flow> {
        if asked.level != ROOT {
            match self.overlay(asked.level).mock(&callee.callee).cloned() {
                None => {}
                Some(Mock::Value(value)) => return self.receive(&Memo::Value(value), asked.dest, asked.fail),
                Some(Mock::Function(replacement)) => {
                    let level = self.unmocked(asked.level);
                    return self.call_target(&replacement.target, args, Asked { level, ..asked }, at);
                }
            }
        }
        self.call_target(&callee.target, args, asked, at)
    }

    fn call_target(&mut self, target: &Target, args: Args, asked: Asked, at: Span) -> Ran<Flow> {
        match target {
            Target::Function(group) => {
                let code = &self.program.groups[*group as usize];
                let unit = code.unit;
                self.ask_unit(unit, Some(*group), args, asked)
            }
            Target::Builtin(builtin) => self.call_builtin(*builtin, &args, asked, at),
            Target::Host(name) => self.call_host(name, args.into_vec(), asked, at),
            Target::Missing(name) => {
                let message = format!("unsupported built-in {name}");
                Err(RegoError::new(ErrorCode::EvalInternal, message, Some(at)).into())
            }
        }
    }

    /// The level on which the replacement of a function runs: there, functions are what they are.
    fn unmocked(&mut self, level: Level) -> Level {
        let overlay = self.overlay(level);
        if let Some(unmocked) = overlay.unmocked {
            return unmocked;
        }
        let made = overlay.without_mocks(level);
        self.last_level += 1;
        let number = self.last_level;
        self.overlays.insert(number, made);
        if let Some(overlay) = self.overlays.get_mut(&level) {
            overlay.unmocked = Some(number);
        }
        number
    }

    fn call_builtin(&mut self, builtin: Builtin, args: &[Value], asked: Asked, at: Span) -> Ran<Flow> {
        let mut printing = Printing { watcher: self.around.watcher.as_deref_mut(), at };
        let mut context = Context {
            now_ns: self.around.now_ns,
            seed: self.around.seed,
            budget: &mut self.around.budget,
            sink: &mut printing,
            caches: &mut self.caches,
        };
        match builtin.call(&mut context, args) {
            Ok(Some(value)) => self.receive(&Memo::Value(value), asked.dest, asked.fail),
            Err(BuiltinError::Exceeded(error)) => Err(RegoError::stopped(error, Some(at)).into()),
            Err(error) if self.around.builtin_errors == BuiltinErrors::Raised => {
                Err(RegoError::new(error.code(), error.to_string(), Some(at)).into())
            }
            Ok(None) | Err(_) => Ok(Flow::Goto(asked.fail)),
        }
    }

    fn call_host(&mut self, name: &Str, args: Vec<Value>, asked: Asked, at: Span) -> Ran<Flow> {
        let call = (name.clone(), args);
        if let Some(answer) = self.answers.get(&call) {
            let memo = host_memo(name, answer, at);
            return self.receive(&memo, asked.dest, asked.fail);
        }
        let size = size_of::<HostCall>() + call.1.len() * size_of::<Value>();
        self.around.budget.bytes(size as u64)?;
        let call = HostCall { name: call.0, args: call.1 };
        self.waiting = Some(Waiting { call, dest: asked.dest, fail: asked.fail, at });
        Ok(Flow::Wait)
    }

    /// Begins to use replacements.
    pub(super) fn begin_with(&mut self, slot: u32, with: &WithSpec, values: Vec<Value>) -> Ran<()> {
        let at = self.bases.slots + slot as usize;
        let level = self.frame()?.level;
        self.free(self.slots[at]);
        self.slots[at] = ROOT;
        let copied = self.overlay(level).bytes_to_replace(with);
        self.around.budget.bytes(copied)?;
        self.around.budget.steps(copied / BYTES_COPIED_IN_A_STEP)?;
        let next = self.overlay(level).replace(level, with, values.into_iter());
        self.last_level += 1;
        let number = self.last_level;
        self.overlays.insert(number, next);
        self.slots[at] = number;
        self.frame()?.level = number;
        Ok(())
    }
}

/// Takes prints and notes to the watcher.
struct Printing<'a> {
    watcher: Option<&'a mut (dyn Watcher + 'static)>,
    at: Span,
}

impl Sink for Printing<'_> {
    fn print(&mut self, line: String) {
        if let Some(watcher) = self.watcher.as_deref_mut() {
            watcher.print(self.at, line);
        }
    }

    fn test_case(&mut self, keys: Value) {
        if let Some(watcher) = self.watcher.as_deref_mut() {
            watcher.test_case(keys);
        }
    }

    fn note(&mut self, note: String) {
        if let Some(watcher) = self.watcher.as_deref_mut() {
            watcher.note(self.at, note);
        }
    }
}
