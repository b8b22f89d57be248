//! Telling the watcher: which queries are open, and what code says of them.

use super::machine::{Machine, Ran};
use super::overlay::base_at;
use super::tree::in_base;
use crate::rego::compile::code::{Candidate, Condition, Pattern, Place, Point, Reg, Unit, Watched};
use crate::rego::observe::{Early, Event, Op, Subject};
use crate::rego::source::Span;
use crate::rego::value::{Str, Value};

/// The open queries.
#[derive(Debug, Default)]
pub(super) struct Watching {
    open: Vec<Open>,
    last: u64,
}

#[derive(Debug)]
struct Open {
    number: u64,
    /// How many frames there were: what a frame opened ends with it.
    frames: usize,
    /// The statement that it came to.
    at: Option<Span>,
}

impl Watching {
    pub(super) fn clear(&mut self) {
        self.open.clear();
    }
}

impl Machine {
    pub(super) fn watch(&mut self, unit: &Unit, number: u32) -> Ran<()> {
        match unit.watched.get(number as usize) {
            None => {}
            Some(Watched::Point(point)) => self.tell(point),
            Some(Watched::LeaveBody) => drop(self.watching.open.pop()),
            Some(Watched::LeaveDefinition) => {
                let frames = self.frames.len();
                self.watching.open.retain(|open| open.frames < frames);
            }
            Some(Watched::Candidates { path, all, early }) => {
                self.choose(path, all, *early)?;
            }
        }
        Ok(())
    }

    fn reg(&self, reg: Reg) -> &Value {
        &self.regs[self.bases.regs + reg as usize]
    }

    fn tell(&mut self, point: &Point) {
        let frames = self.frames.len();
        match (point.op, self.watching.open.last_mut()) {
            (Op::Enter, _) => {
                self.watching.last += 1;
                let number = self.watching.last;
                self.watching.open.push(Open { number, frames, at: None });
            }
            (Op::Eval, Some(open)) => open.at = Some(point.at),
            _ => {}
        }
        let early = match point.early {
            Some(early) if !self.reg(early).is_false() => Early::Yes,
            _ => Early::No,
        };
        let locals: Vec<_> =
            point.locals.iter().map(|(name, reg)| (name.clone(), self.reg(*reg).clone())).collect();
        let event = Event {
            op: point.op,
            subject: point.subject,
            at: point.at,
            head: point.head,
            path: &point.path,
            number: point.number,
            early,
            locals: &locals,
            ..self.event()
        };
        if let Some(watcher) = self.around.watcher.as_deref_mut() {
            watcher.event(&event);
        }
    }

    /// Of the innermost query.
    fn event(&self) -> Event<'static> {
        let open = &self.watching.open;
        let nowhere = Span::whole_file(crate::rego::source::SourceId(u32::MAX));
        let at = open.last().and_then(|open| open.at).unwrap_or(nowhere);
        Event {
            op: Op::Index,
            subject: Subject::Expression,
            at,
            head: at,
            path: &[],
            number: 0,
            query: open.last().map_or(0, |open| open.number),
            parent: open.iter().rev().nth(1).map_or(0, |open| open.number),
            depth: open.len(),
            early: Early::No,
            matched: 0,
            locals: &[],
        }
    }

    fn choose(&mut self, path: &[Str], all: &[Candidate], early: Reg) -> Ran<()> {
        let mut values: Option<&Value> = None;
        let mut same = true;
        let mut matched = Vec::new();
        for candidate in all {
            let mut may_hold = true;
            for condition in &candidate.conditions {
                may_hold = may_hold && self.may_hold(condition)?;
            }
            let at = self.bases.regs + candidate.flag as usize;
            self.regs[at] = Value::Bool(may_hold);
            if !may_hold {
                continue;
            }
            matched.push(candidate.definition);
            same &= match (values, &candidate.value) {
                (None, Some(_)) => true,
                (Some(before), Some(value)) => before == value,
                (_, None) => false,
            };
            values = values.or(candidate.value.as_ref());
        }
        let at = self.bases.regs + early as usize;
        self.regs[at] = Value::Bool(same);
        matched.dedup();
        if self.watching.open.is_empty() {
            // Nobody in the policy asks.
            return Ok(());
        }
        let early = if same { Early::Yes } else { Early::No };
        let event = Event { path, early, matched: matched.len(), ..self.event() };
        if let Some(watcher) = self.around.watcher.as_deref_mut() {
            watcher.event(&event);
        }
        Ok(())
    }

    fn may_hold(&mut self, condition: &Condition) -> Ran<bool> {
        let level = self.frame()?.level;
        let overlay = self.overlay(level);
        let value = match &condition.place {
            Place::Argument(reg) => Some(self.reg(*reg)),
            Place::Input(steps) => {
                let input = overlay.input.as_ref();
                steps.iter().fold(input, |value, step| value.and_then(|it| it.get(step)))
            }
            Place::Data(steps) => {
                let data = base_at(&overlay.data, &[]);
                steps.iter().fold(data, |value, step| value.and_then(|it| in_base(it, step)))
            }
        };
        let fits = value.is_some_and(|value| condition.patterns.iter().any(|it| fits(it, value)));
        Ok(fits)
    }
}

/// A scalar also fits a collection that has it.
fn fits(pattern: &Pattern, value: &Value) -> bool {
    match (pattern, value) {
        (Pattern::Anything, _) => true,
        (Pattern::Array(wanted), Value::Array(items)) => {
            wanted.len() == items.len()
                && wanted
                    .iter()
                    .zip(items.iter())
                    .all(|(wanted, item)| wanted.as_ref().is_none_or(|it| it == item))
        }
        (Pattern::Array(_), _) => false,
        (Pattern::Scalar(wanted), Value::Array(items)) => items.iter().any(|it| it == wanted),
        (Pattern::Scalar(wanted), Value::Set(members)) => members.contains(wanted),
        (Pattern::Scalar(wanted), Value::Object(pairs)) => pairs.values().any(|it| it == wanted),
        (Pattern::Scalar(wanted), value) => wanted == value,
    }
}
