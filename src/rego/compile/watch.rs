//! What is put between the statements where somebody watches: enter, eval, redo, fail, exit. Where nobody does, nothing
//! here leaves a trace in the code.

use std::sync::Arc;

use super::builder::{Builder, Built};
use super::candidates;
use super::code::{Instr, Operand, Point, Reg, Watched, count};
use crate::rego::engine::Observe;
use crate::rego::hir::{Body, LocalId, Rule, Stmt};
use crate::rego::observe::{Op, Subject};
use crate::rego::source::Span;
use crate::rego::value::{Str, Value};

/// What the builder of a watched unit knows.
#[derive(Debug, Default)]
pub(super) struct Watching {
    /// The rule that the unit computes.
    path: Arc<[Str]>,
    /// The definition's locals that have a name.
    names: Vec<(Arc<str>, LocalId)>,
    /// Which definitions and branches have a register that says whether they may hold.
    flags: Vec<(*const Rule, Reg)>,
    early: Option<Reg>,
}

impl Builder<'_> {
    pub(super) fn is_watched(&self) -> bool {
        self.around.observe == Observe::Statements
    }

    /// Registers that [`Builder::candidates`] needs for these definitions.
    pub(super) fn flags_of<'r>(observe: Observe, rules: impl Iterator<Item = &'r Rule>) -> u32 {
        match observe {
            Observe::Prints => 0,
            Observe::Statements => 1 + count(rules.flat_map(candidates::branches).count()),
        }
    }

    /// Finds out which definitions may hold, in registers from `first` on.
    pub(super) fn candidates<'r>(&mut self, path: &[Str], rules: impl Iterator<Item = &'r Rule>, first: Reg) {
        if !self.is_watched() {
            return;
        }
        let candidates = candidates::of(self.around.program, rules, first);
        self.watching.path = path.into();
        self.watching.early = Some(first);
        self.watching.flags = candidates.iter().map(|(rule, it)| (*rule, it.flag)).collect();
        let all = candidates.into_iter().map(|(_, it)| it).collect();
        let path = Arc::clone(&self.watching.path);
        self.watch(Watched::Candidates { path, all, early: first });
    }

    fn watch(&mut self, it: Watched) {
        self.unit.watched.push(it);
        let at = count(self.unit.watched.len()) - 1;
        self.emit(Instr::Watch(at));
    }

    fn point(&mut self, op: Op, subject: Subject, at: Span) -> Point {
        let path = if subject == Subject::Rule { Arc::clone(&self.watching.path) } else { [].into() };
        Point { op, subject, at, head: at, path, number: 0, early: None, locals: Vec::new() }
    }

    /// A branch of a definition begins, unless it cannot hold: then it fails.
    pub(super) fn enter_branch(&mut self, rule: &Rule) {
        if !self.is_watched() {
            return;
        }
        if !rule.names.is_empty() {
            self.watching.names.clone_from(&rule.names);
        }
        let flag = self.watching.flags.iter().find(|(it, _)| std::ptr::eq(*it, rule)).map(|(_, flag)| *flag);
        if let Some(flag) = flag {
            let fail = self.fail();
            self.emit(Instr::Test { src: Operand::Reg(flag), fail });
        }
        let point = Point { head: rule.head_span, ..self.point(Op::Enter, Subject::Rule, rule.span) };
        self.watch(Watched::Point(point));
    }

    /// A branch has a solution.
    pub(super) fn exit_branch(&mut self, rule: &Rule) {
        if self.is_watched() {
            let early = self.watching.early;
            let point = self.point(Op::Exit, Subject::Rule, rule.span);
            self.watch(Watched::Point(Point { head: rule.head_span, early, ..point }));
        }
    }

    /// After a solution: whether more are asked for.
    pub(super) fn goes_on_unless_early(&mut self, end: u32) {
        let again = self.fail();
        if let Some(early) = self.watching.early {
            self.emit(Instr::Test { src: Operand::Reg(early), fail: again });
            self.leave_definition();
            self.emit(Instr::Jump(end));
        } else {
            self.emit(Instr::Jump(again));
        }
    }

    /// The definition, and what it opened, is over.
    pub(super) fn leave_definition(&mut self) {
        if self.is_watched() {
            self.watch(Watched::LeaveDefinition);
        }
    }

    pub(super) fn enter_body(&mut self, body: &Body) {
        if let Some(at) = self.body_span(body) {
            let point = self.point(Op::Enter, Subject::Body, at);
            self.watch(Watched::Point(point));
        }
    }

    pub(super) fn exit_body(&mut self, body: &Body) {
        if let Some(at) = self.body_span(body) {
            let point = self.point(Op::Exit, Subject::Body, at);
            self.watch(Watched::Point(point));
        }
    }

    pub(super) fn leave_body(&mut self, body: &Body) {
        if self.body_span(body).is_some() {
            self.watch(Watched::LeaveBody);
        }
    }

    fn body_span(&self, body: &Body) -> Option<Span> {
        let (true, [first, rest @ ..]) = (self.is_watched(), body.0.as_slice()) else { return None };
        Some(rest.iter().fold(first.span, |span, stmt| Span {
            start: span.start.min(stmt.span.start),
            end: span.end.max(stmt.span.end),
            ..span
        }))
    }

    /// Builds a statement and tells of it: reached, asked again, without a solution.
    pub(super) fn watched(
        &mut self,
        (number, stmt): (u32, &Stmt),
        build: impl FnOnce(&mut Self) -> Built,
    ) -> Built {
        if !self.is_watched() || stmt.span.start == stmt.span.end {
            return build(self);
        }
        let outside = self.fail();
        let (failed, silent, again, go_on) =
            (self.new_label(), self.new_label(), self.new_label(), self.new_label());
        let held = self.temp();
        let (no, yes) = (self.constant(&Value::Bool(false)), self.constant(&Value::Bool(true)));
        self.emit(Instr::Move { dst: held, src: no });
        let point = Point { number, ..self.point(Op::Eval, Subject::Expression, stmt.span) };
        let locals = self.named_locals();
        self.watch(Watched::Point(point.clone()));
        let loops = self.scope.loops;
        self.fail_to(failed);
        build(self)?;
        self.emit(Instr::Move { dst: held, src: yes });
        self.emit(Instr::Jump(go_on));

        self.place(failed);
        let has_loop = self.scope.loops != loops;
        if has_loop {
            // The register is its own: a loop keeps the temporaries of its statement.
            self.emit(Instr::Test { src: Operand::Reg(held), fail: silent });
            self.emit(Instr::Jump(outside));
        }
        self.place(silent);
        self.watch(Watched::Point(Point { op: Op::Fail, locals, ..point.clone() }));
        self.emit(Instr::Jump(outside));

        self.place(again);
        self.watch(Watched::Point(Point { op: Op::Redo, ..point }));
        let inside = if has_loop { self.fail() } else { outside };
        self.emit(Instr::Jump(inside));
        self.fail_to(again);
        self.place(go_on);
        Ok(())
    }

    fn named_locals(&self) -> Vec<(Arc<str>, Reg)> {
        let bound = self.watching.names.iter().filter(|(_, local)| self.is_bound(*local));
        bound.map(|(name, local)| (Arc::clone(name), self.local(*local))).collect()
    }
}
