//! Bodies: statements one after the other, each failing back into the innermost open loop.

use std::sync::Arc;

use super::builder::{Builder, Built, call_target};
use super::code::{Instr, Replacement, WithSpec};
use super::reads::GroupSet;
use crate::rego::hir::{Body, Every, Stmt, StmtKind, Term, With, WithTarget, WithValue};

impl Builder<'_> {
    /// Code that is passed once for each solution.
    pub(super) fn body(&mut self, body: &Body) -> Built {
        for (number, stmt) in (0..).zip(&body.0) {
            self.statement(|it| {
                it.watched((number, stmt), |it| {
                    if stmt.with.is_empty() { it.statement_kind(&stmt.kind) } else { it.statement_with(stmt) }
                })
            })
            .map_err(|mut error| {
                error.span = error.span.or(Some(stmt.span));
                error
            })?;
        }
        Ok(())
    }

    fn statement_kind(&mut self, kind: &StmtKind) -> Built {
        match kind {
            StmtKind::Test(term) => self.test(term),
            StmtKind::Unify(a, b) => self.unify(a, b),
            StmtKind::Not(body) => self.negation(body),
            StmtKind::Every(every) => self.every(every),
        }
    }

    fn test(&mut self, term: &Term) -> Built {
        let src = self.term(term)?;
        let fail = self.fail();
        self.emit(Instr::Test { src, fail });
        Ok(())
    }

    fn negation(&mut self, body: &Body) -> Built {
        let (fail, holds) = (self.fail(), self.new_label());
        self.nested(|it| {
            it.fail_to(holds);
            it.enter_body(body);
            it.body(body)?;
            it.exit_body(body);
            it.leave_body(body);
            it.emit(Instr::Jump(fail));
            Ok(())
        })?;
        self.place(holds);
        self.leave_body(body);
        Ok(())
    }

    fn every(&mut self, every: &Every) -> Built {
        let over = self.term(&every.domain)?;
        let (fail, holds) = (self.fail(), self.new_label());
        self.nested(|it| {
            let iter = it.new_iter();
            it.emit(Instr::Iterate { iter, over, fail });
            let key = every.key.and_then(|key| it.loop_local(key));
            let value = it.loop_local(every.value);
            it.fail_to(holds);
            it.open_loop(iter, key, value);
            let turn = it.fail();
            every.key.into_iter().for_each(|key| it.bind(key));
            it.bind(every.value);
            let given_up = it.new_label();
            it.fail_to(given_up);
            it.enter_body(&every.body);
            it.body(&every.body)?;
            it.exit_body(&every.body);
            it.leave_body(&every.body);
            it.emit(Instr::Jump(turn));
            it.place(given_up);
            it.leave_body(&every.body);
            it.emit(Instr::Jump(fail));
            Ok(())
        })?;
        self.place(holds);
        Ok(())
    }

    fn statement_with(&mut self, stmt: &Stmt) -> Built {
        let mut values = Vec::new();
        for with in &stmt.with {
            if let WithValue::Term(term) = &with.value {
                values.push(self.term(term)?);
            }
        }
        let values = self.operands(&values);
        let with = self.replacements(&stmt.with);
        let with = self.with(with);
        let slot = self.new_slot();
        let outside = self.fail();
        self.emit(Instr::WithBegin { slot, with, values, fail: outside });

        let (given_up, go_on) = (self.new_label(), self.new_label());
        self.fail_to(given_up);
        self.statement_kind(&stmt.kind)?;
        self.emit(Instr::WithLeave { slot });
        self.emit(Instr::Jump(go_on));
        self.place(given_up);
        self.emit(Instr::WithLeave { slot });
        self.emit(Instr::Jump(outside));
        let inside = self.fail();
        if inside == given_up {
            self.fail_to(outside);
        } else {
            let again = self.new_label();
            self.place(again);
            self.emit(Instr::WithEnter { slot });
            self.emit(Instr::Jump(inside));
            self.fail_to(again);
        }
        self.place(go_on);
        Ok(())
    }

    fn replacements(&self, withs: &[With]) -> WithSpec {
        let (mut affected, mut by_function) = (GroupSet::default(), GroupSet::default());
        let mut replacements = Vec::with_capacity(withs.len());
        for with in withs {
            let reached = self.around.reads.affected(&with.target);
            affected = affected.union(&reached);
            if matches!(with.target, WithTarget::Function(_) | WithTarget::Builtin(_)) {
                by_function = by_function.union(&reached);
            }
            let replacement = match &with.value {
                WithValue::Term(_) => Replacement::Value,
                WithValue::Function(callee) => Replacement::Function(call_target(callee)),
            };
            replacements.push((with.target.clone(), replacement));
        }
        WithSpec { replacements, affected: Arc::new(affected), by_function: Arc::new(by_function) }
    }
}
