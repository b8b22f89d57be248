//! The machine's state, its loop, and the way of a result from a frame to the one below.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::quality::RandomState;

use super::frame::{Bases, Cursor, Dest, Frame, Result as Made};
use super::gather::Collector;
use super::iterate::Iter;
use super::memo::{Args, Key, Memo, causes};
use super::outcome::{Answer, Cause, Step, Stopped, Undecided, Watcher};
use super::overlay::{Level, Overlay, ROOT};
use super::shared::SharedMemos;
use super::watch::Watching;
use super::whole::Attempt;
use crate::rego::budget::{Budget, Exceeded};
use crate::rego::builtins::Caches;
use crate::rego::compile::code::{Label, Program, Shape, Unit};
use crate::rego::engine::{BuiltinErrors, Recall};
use crate::rego::error::{ErrorCode, RegoError};
use crate::rego::host::{HostAnswer, HostCall};
use crate::rego::source::Span;
use crate::rego::value::{Object, Set, Str, Value};

/// Frames open at once. Rules cannot be recursive, so only generated policies come near it; a frame takes some
/// hundred bytes.
const MAX_FRAMES: usize = 200_000;

/// What a machine is given besides policy, input and data.
pub(crate) struct Surroundings {
    pub(crate) now_ns: i64,
    pub(crate) seed: u64,
    pub(crate) budget: Budget,
    pub(crate) builtin_errors: BuiltinErrors,
    pub(crate) recall: Recall,
    pub(crate) watcher: Option<Box<dyn Watcher>>,
}

/// A run of a policy over an input: several entry points, one after the other.
pub(crate) struct Machine {
    pub(super) program: Arc<Program>,
    pub(super) around: Surroundings,
    pub(super) caches: Caches,
    pub(super) frames: Vec<Frame>,
    pub(super) bases: Bases,
    pub(super) regs: Vec<Value>,
    pub(super) iters: Vec<Iter>,
    pub(super) collectors: Vec<Option<Collector>>,
    pub(super) cursors: Vec<Option<Cursor>>,
    pub(super) slots: Vec<Level>,
    pub(super) root: Overlay,
    shared: SharedMemos,
    pub(super) overlays: HashMap<Level, Overlay>,
    pub(super) last_level: Level,
    pub(super) answers: HashMap<(Str, Vec<Value>), HostAnswer, RandomState>,
    pub(super) waiting: Option<Waiting>,
    pub(super) solutions: Vec<Vec<Value>>,
    pub(super) watching: Watching,
    /// What came out of the lowest frame.
    outcome: Memo,
    /// Bytes of stacks that were paid for.
    paid_stack: usize,
    pub(super) attempt: Option<Attempt>,
}

/// A call that the host has not answered.
pub(super) struct Waiting {
    pub(super) call: HostCall,
    pub(super) dest: Dest,
    pub(super) fail: Label,
    pub(super) at: Span,
}

/// What happens after an instruction.
pub(super) enum Flow {
    Next,
    Goto(Label),
    /// Another frame is on top, or none.
    Switched,
    /// The host must answer [`Machine::waiting`].
    Wait,
    /// Something undecided was read.
    Stop(Box<Arc<[Cause]>>),
}

/// Why no frame goes on for now.
enum Paused {
    /// Another frame is on top, or none.
    Switched,
    Waiting,
}

/// An error is the end, and seldom: it must not make the way of every result wider.
pub(super) type Ran<T> = Result<T, Box<RegoError>>;

impl Machine {
    pub(crate) fn new(
        program: Arc<Program>,
        input: Option<Value>,
        data: Value,
        shared: SharedMemos,
        around: Surroundings,
    ) -> Self {
        Self {
            program,
            around,
            caches: Caches::default(),
            frames: Vec::new(),
            bases: Bases::default(),
            regs: Vec::new(),
            iters: Vec::new(),
            collectors: Vec::new(),
            cursors: Vec::new(),
            slots: Vec::new(),
            root: Overlay::root(input, data),
            shared,
            overlays: HashMap::new(),
            last_level: ROOT,
            answers: HashMap::default(),
            waiting: None,
            solutions: Vec::new(),
            watching: Watching::default(),
            outcome: Memo::Undefined,
            paid_stack: 0,
            attempt: None,
        }
    }

    pub(crate) fn budget(&self) -> &Budget {
        &self.around.budget
    }

    pub(crate) fn budget_mut(&mut self) -> &mut Budget {
        &mut self.around.budget
    }

    /// Evaluates the document at a path.
    pub(crate) fn start_document(&mut self, path: &[Str]) -> Step {
        self.reset();
        let asked = self.ask_document(path);
        self.begin(asked)
    }

    /// Goes on from what was asked for.
    pub(super) fn begin(&mut self, asked: Ran<Flow>) -> Step {
        match asked {
            Ok(Flow::Switched) => self.run(),
            Ok(_) => self.answer(),
            Err(error) => self.fail(&error),
        }
    }

    /// Evaluates a query; its solutions are fetched with [`Machine::take_solutions`].
    pub(crate) fn start_query(&mut self, unit: &Arc<Unit>) -> Step {
        self.reset();
        match self.push(Arc::clone(unit), Args::new(), ROOT, None, (Dest::Asker, 0)) {
            Ok(()) => self.run(),
            Err(error) => self.fail(&error),
        }
    }

    /// Goes on with the host's answer.
    pub(crate) fn resume(&mut self, answer: HostAnswer) -> Step {
        let Some(waiting) = self.waiting.take() else {
            let error = RegoError::new(ErrorCode::EvalInternal, "no call is waiting for an answer", None);
            return Step::Done(Answer::Error(error));
        };
        let HostCall { name, args } = waiting.call;
        if let HostAnswer::Value(value) = &answer
            && let Err(error) = self.take_in(value)
        {
            return self.fail(&RegoError::stopped(error, None));
        }
        let memo = host_memo(&name, &answer, waiting.at);
        self.answers.insert((name, args), answer);
        let went = self.receive(&memo, waiting.dest, waiting.fail).and_then(|flow| self.follow(flow));
        match went {
            Ok(()) => self.run(),
            Err(error) => self.fail(&error),
        }
    }

    /// Pays for a value that comes from outside.
    fn take_in(&mut self, value: &Value) -> Result<(), Exceeded> {
        value.check_depth()?;
        let parts = u64::from(value.parts()) * size_of::<Value>() as u64;
        self.around.budget.bytes(parts + value.shallow_bytes())
    }

    pub(crate) fn take_solutions(&mut self) -> Vec<Vec<Value>> {
        std::mem::take(&mut self.solutions)
    }

    pub(super) fn reset(&mut self) {
        self.frames.clear();
        self.regs.clear();
        self.iters.clear();
        self.collectors.clear();
        self.cursors.clear();
        self.slots.clear();
        self.overlays.clear();
        self.solutions.clear();
        self.watching.clear();
        self.bases = Bases::default();
        self.waiting = None;
        self.attempt = None;
        self.around.budget.settle();
        self.outcome = Memo::Undefined;
    }

    fn run(&mut self) -> Step {
        while let Some(frame) = self.frames.last() {
            let unit = Arc::clone(&frame.unit);
            match self.run_frame(&unit) {
                Ok(Paused::Switched) => {}
                Ok(Paused::Waiting) => match &self.waiting {
                    Some(waiting) => return Step::Pending(waiting.call.clone()),
                    None => return self.fail(&internal("nothing to wait for")),
                },
                Err(error) if self.give_up_attempt(&error) => {}
                Err(error) => return self.fail(&error),
            }
        }
        self.answer()
    }

    fn run_frame(&mut self, unit: &Unit) -> Ran<Paused> {
        let mut pc = self.frame()?.pc;
        loop {
            self.around.budget.steps(1)?;
            let instr = unit.code.get(pc as usize).ok_or_else(|| internal("ran off the end of the code"))?;
            match self.execute(unit, *instr, pc)? {
                Flow::Next => pc += 1,
                Flow::Goto(label) => pc = label,
                Flow::Switched => return Ok(Paused::Switched),
                Flow::Wait => return Ok(Paused::Waiting),
                Flow::Stop(causes) => pc = self.stop(*causes)?,
            }
        }
    }

    /// Lets the frame on top go on as a result says. Its `pc` is where it goes on if there is nothing to say.
    fn follow(&mut self, flow: Flow) -> Ran<()> {
        match flow {
            Flow::Goto(label) => self.frame()?.pc = label,
            Flow::Stop(causes) => {
                let label = self.stop(*causes)?;
                self.frame()?.pc = label;
            }
            Flow::Next | Flow::Switched | Flow::Wait => {}
        }
        Ok(())
    }

    pub(super) fn frame(&mut self) -> Ran<&mut Frame> {
        self.frames.last_mut().ok_or_else(|| internal("no frame"))
    }

    /// The definition that runs is undecided: everything it might still do is left out.
    fn stop(&mut self, causes: Arc<[Cause]>) -> Ran<Label> {
        let frame = self.frame()?;
        let rule = frame.unit.sites.get(frame.definition as usize).copied();
        let rule =
            rule.or_else(|| causes.first().map(|cause| cause.at)).ok_or_else(|| internal("no site"))?;
        frame.stopped.push(Stopped { rule, causes });
        frame.level = frame.entry_level;
        Ok(frame.on_stop)
    }

    /// Puts a unit on top. Its first registers are its arguments.
    pub(super) fn push(
        &mut self,
        unit: Arc<Unit>,
        args: Args,
        level: Level,
        key: Option<(Level, Key)>,
        (dest, fail): (Dest, Label),
    ) -> Ran<()> {
        if self.frames.len() >= MAX_FRAMES {
            return Err(RegoError::stopped(Exceeded::Calls(MAX_FRAMES), None).into());
        }
        let bases = Bases {
            regs: self.regs.len(),
            iters: self.iters.len(),
            collectors: self.collectors.len(),
            cursors: self.cursors.len(),
            slots: self.slots.len(),
        };
        self.pay_for_stack(&unit)?;
        self.regs.extend(args);
        self.regs.resize(bases.regs + unit.registers as usize, Value::Null);
        self.iters.resize_with(bases.iters + unit.iters as usize, Iter::default);
        self.collectors.resize_with(bases.collectors + unit.collectors as usize, || None);
        self.cursors.resize(bases.cursors + unit.cursors as usize, None);
        self.slots.resize(bases.slots + unit.slots as usize, ROOT);
        self.bases = bases;
        self.frames.push(Frame {
            on_stop: unit.last(),
            unit,
            pc: 0,
            bases,
            level,
            entry_level: level,
            key,
            dest,
            fail,
            started: self.around.budget.steps_spent(),
            definition: u32::MAX,
            produced: false,
            result: Made::Nothing,
            stopped: Vec::new(),
        });
        Ok(())
    }

    /// Stacks are used again and again: only their growth costs.
    fn pay_for_stack(&mut self, unit: &Unit) -> Ran<()> {
        let held = self.frames.len() * size_of::<Frame>()
            + (self.regs.len() + unit.registers as usize) * size_of::<Value>()
            + (self.iters.len() + unit.iters as usize) * size_of::<Iter>();
        if held > self.paid_stack {
            self.around.budget.bytes((held - self.paid_stack) as u64)?;
            self.paid_stack = held;
        }
        Ok(())
    }

    /// Ends the frame on top: its result is remembered and handed to the frame below.
    pub(super) fn finish(&mut self) -> Ran<Flow> {
        let Some(frame) = self.frames.pop() else { return Err(internal("no frame")) };
        self.release(frame.bases);
        let memo = made(frame.unit.shape, frame.result, frame.stopped);
        if let Memo::Value(value) = &memo {
            value.check_depth().map_err(Exceeded::from)?;
        }
        if let Some((level, key)) = frame.key {
            if let Some(group) = frame.unit.look_up_in {
                let steps = self.around.budget.steps_spent() - frame.started;
                self.note_look_up(group, level, steps);
            }
            self.remember(level, key, memo.clone())?;
        }
        self.after_frame();
        let flow = self.receive(&memo, frame.dest, frame.fail)?;
        self.follow(flow)?;
        Ok(Flow::Switched)
    }

    pub(super) fn release(&mut self, bases: Bases) {
        self.regs.truncate(bases.regs);
        self.iters.truncate(bases.iters);
        self.collectors.truncate(bases.collectors);
        self.cursors.truncate(bases.cursors);
        for level in self.slots.split_off(bases.slots) {
            self.free(level);
        }
        self.bases = self.frames.last().map(|frame| frame.bases).unwrap_or_default();
    }

    /// Forgets a level and what was computed there.
    pub(super) fn free(&mut self, level: Level) {
        let unmocked = self.overlays.remove(&level).and_then(|overlay| overlay.unmocked);
        if let Some(unmocked) = unmocked {
            self.overlays.remove(&unmocked);
        }
    }

    pub(super) fn overlay(&self, level: Level) -> &Overlay {
        self.overlays.get(&level).unwrap_or(&self.root)
    }

    /// What is remembered on a level.
    pub(super) fn memo(&self, level: Level, key: &Key) -> Option<&Memo> {
        self.memo_entry(level, key).map(|(_, memo)| memo)
    }

    /// The same, with the key that it is remembered by.
    pub(super) fn memo_entry(&self, level: Level, key: &Key) -> Option<&(Key, Memo)> {
        let own = self.overlay(level).memos.entry(key);
        own.or_else(|| if level == ROOT { self.shared.entry(key) } else { None })
    }

    /// Remembers what a unit came to, if its level is still there.
    pub(super) fn put_memo(&mut self, level: Level, key: Key, memo: Memo) {
        let overlay = if level == ROOT { Some(&mut self.root) } else { self.overlays.get_mut(&level) };
        if let Some(overlay) = overlay {
            overlay.memos.put(key, memo);
        }
    }

    fn remember(&mut self, level: Level, key: Key, memo: Memo) -> Ran<()> {
        if self.around.recall == Recall::Nothing {
            return Ok(());
        }
        // A table doubles when it is seven eighths full, and holds both halves meanwhile.
        let size = 4 * (size_of::<Key>() + size_of::<Memo>()) + key.args.len() * size_of::<Value>();
        self.around.budget.bytes(size as u64)?;
        self.put_memo(level, key, memo);
        Ok(())
    }

    /// Hands a result to whoever waits for it on the frame on top.
    pub(super) fn receive(&mut self, memo: &Memo, dest: Dest, fail: Label) -> Ran<Flow> {
        match dest {
            Dest::Asker => {
                self.outcome = memo.clone();
                return Ok(Flow::Next);
            }
            Dest::Nowhere => return Ok(Flow::Next),
            Dest::Reg(_) | Dest::Cursor(_) => {}
        }
        match memo {
            Memo::Value(value) => {
                match dest {
                    Dest::Reg(reg) => self.regs[self.bases.regs + reg as usize] = value.clone(),
                    Dest::Cursor(cursor) => {
                        self.cursors[self.bases.cursors + cursor as usize] =
                            Some(Cursor::Value(value.clone()));
                    }
                    Dest::Asker | Dest::Nowhere => {}
                }
                Ok(Flow::Next)
            }
            Memo::Undefined => Ok(Flow::Goto(fail)),
            Memo::Undecided(undecided) => Ok(Flow::Stop(Box::new(causes(undecided)))),
            Memo::Failed(error) => Err(error.clone()),
        }
    }

    fn answer(&mut self) -> Step {
        Step::Done(match std::mem::replace(&mut self.outcome, Memo::Undefined) {
            Memo::Value(value) => Answer::Value(value),
            Memo::Undefined => Answer::Undefined,
            Memo::Undecided(undecided) => Answer::Undecided(Arc::unwrap_or_clone(undecided)),
            Memo::Failed(error) => Answer::Error(*error),
        })
    }

    /// Ends the entry point with an error, which all that was being computed remembers.
    fn fail(&mut self, error: &RegoError) -> Step {
        self.unwind(0, error);
        self.reset();
        Step::Done(Answer::Error(error.clone()))
    }
}

fn made(shape: Shape, result: Made, stopped: Vec<Stopped>) -> Memo {
    let value = match (result, shape) {
        (Made::Single(value), _) => Some(value),
        (Made::Tree(tree), _) => Some(tree.finish()),
        (Made::Nothing, Shape::Set) => Some(Set::new().into()),
        (Made::Nothing, Shape::Object) => Some(Object::new().into()),
        (Made::Nothing, Shape::Single(_) | Shape::Under | Shape::Document | Shape::Query) => None,
    };
    if stopped.is_empty() {
        return value.map_or(Memo::Undefined, Memo::Value);
    }
    let decided = value.filter(|_| matches!(shape, Shape::Set | Shape::Object));
    Memo::Undecided(Arc::new(Undecided { decided, stopped }))
}

/// What the host's answer means to the code.
pub(super) fn host_memo(name: &Str, answer: &HostAnswer, at: Span) -> Memo {
    match answer {
        HostAnswer::Value(value) => Memo::Value(value.clone()),
        HostAnswer::Undefined => Memo::Undefined,
        HostAnswer::Failed(failure) => {
            let cause = Cause { function: name.clone(), failure: failure.clone(), at };
            let stopped = vec![Stopped { rule: at, causes: [cause].into() }];
            Memo::Undecided(Arc::new(Undecided { decided: None, stopped }))
        }
    }
}

#[expect(clippy::unnecessary_box_returns, reason = "what `Ran` has for an error")]
pub(super) fn internal(what: &str) -> Box<RegoError> {
    RegoError::new(ErrorCode::EvalInternal, format!("machine: {what}"), None).into()
}

impl From<Exceeded> for Box<RegoError> {
    fn from(error: Exceeded) -> Self {
        RegoError::stopped(error, None).into()
    }
}
