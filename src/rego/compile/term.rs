//! Terms: code that leaves a value in a register.

use super::builder::{Builder, Built, defect};
use super::code::{CollectKind, Instr, Operand, Reg};
use crate::rego::hir::{Call, Callee, Compr, ComprHead, LocalId, Term};

impl Builder<'_> {
    /// Code for the value of a term; where it has several, a loop over them is open afterwards.
    pub(super) fn term(&mut self, term: &Term) -> Built<Operand> {
        self.term_into(term, None)
    }

    /// The same; what is made anew is made in `want`.
    pub(super) fn term_into(&mut self, term: &Term, want: Option<Reg>) -> Built<Operand> {
        match term {
            Term::Const(value) => Ok(self.constant(value)),
            Term::Local(local) => self.bound_local(*local),
            Term::Ref(reference) => self.reference(reference),
            Term::Array(items) => {
                let items = self.terms(items)?;
                let items = self.operands(&items);
                let dst = self.made(want);
                self.emit(Instr::MakeArray { dst, items });
                Ok(Operand::Reg(dst))
            }
            Term::Set(items) => {
                let items = self.terms(items)?;
                let items = self.operands(&items);
                let dst = self.made(want);
                self.emit(Instr::MakeSet { dst, items });
                Ok(Operand::Reg(dst))
            }
            Term::Object(pairs) => {
                let mut items = Vec::with_capacity(2 * pairs.len());
                for (key, value) in pairs {
                    items.push(self.term(key)?);
                    items.push(self.term(value)?);
                }
                let items = self.operands(&items);
                let dst = self.made(want);
                self.emit(Instr::MakeObject { dst, items });
                Ok(Operand::Reg(dst))
            }
            Term::Compr(compr) => self.comprehension(compr, want),
            Term::Call(call) => self.call(call, want),
        }
    }

    pub(super) fn terms(&mut self, terms: &[Term]) -> Built<Vec<Operand>> {
        terms.iter().map(|term| self.term(term)).collect()
    }

    fn made(&mut self, want: Option<Reg>) -> Reg {
        want.unwrap_or_else(|| self.temp())
    }

    fn bound_local(&self, local: LocalId) -> Built<Operand> {
        if self.is_bound(local) {
            Ok(Operand::Reg(self.local(local)))
        } else {
            Err(defect(&format!("local {} is read before it is bound", local.0), None))
        }
    }

    fn comprehension(&mut self, compr: &Compr, want: Option<Reg>) -> Built<Operand> {
        let dst = self.made(want);
        let site = self.site(compr.head_span);
        let done = self.new_label();
        let collector = self.nested(|it| {
            let collector = it.new_collector();
            let kind = match &compr.head {
                ComprHead::Array(_) => CollectKind::Array,
                ComprHead::Set(_) => CollectKind::Set,
                ComprHead::Object(..) => CollectKind::Object,
            };
            it.emit(Instr::Collect { collector, kind });
            it.fail_to(done);
            it.enter_body(&compr.body);
            it.body(&compr.body)?;
            it.exit_body(&compr.body);
            match &compr.head {
                ComprHead::Array(term) | ComprHead::Set(term) => {
                    let value = it.term(term)?;
                    it.emit(Instr::Push { collector, value });
                }
                ComprHead::Object(key, value) => {
                    let key = it.term(key)?;
                    let value = it.term(value)?;
                    it.emit(Instr::PushPair { collector, key, value });
                }
            }
            let again = it.fail();
            it.emit(Instr::Jump(again));
            Ok(collector)
        })?;
        self.place(done);
        self.leave_body(&compr.body);
        self.emit(Instr::Collected { collector, dst, site });
        Ok(Operand::Reg(dst))
    }

    fn call(&mut self, call: &Call, want: Option<Reg>) -> Built<Operand> {
        if is_walk(call) {
            let (path, value) = (self.temp(), self.temp());
            self.walk(call, Some(path), Some(value))?;
            let items = self.operands(&[Operand::Reg(path), Operand::Reg(value)]);
            let dst = self.made(want);
            self.emit(Instr::MakeArray { dst, items });
            return Ok(Operand::Reg(dst));
        }
        let args = self.terms(&call.args)?;
        let args = self.operands(&args);
        let callee = self.callee(&call.callee);
        let site = self.site(call.span);
        let dst = self.made(want);
        let fail = self.fail();
        self.emit(Instr::Call { callee, args, dst, fail, site });
        Ok(Operand::Reg(dst))
    }

    /// Opens a loop over what `walk` finds.
    pub(super) fn walk(&mut self, call: &Call, path: Option<Reg>, value: Option<Reg>) -> Built {
        let [over] = call.args.as_slice() else {
            return Err(defect("walk takes one argument", Some(call.span)));
        };
        let over = self.term(over)?;
        let iter = self.new_iter();
        self.emit(Instr::Walk { iter, over });
        self.open_loop(iter, path, value);
        Ok(())
    }

    /// The turn of a loop that was begun; what fails behind it comes back here.
    pub(super) fn open_loop(&mut self, iter: u32, key: Option<Reg>, value: Option<Reg>) {
        let done = self.fail();
        let turn = self.new_label();
        self.place(turn);
        self.emit(Instr::Next { iter, key, value, done });
        self.fail_to(turn);
    }
}

pub(super) fn is_walk(call: &Call) -> bool {
    matches!(&call.callee, Callee::Builtin(name) if name.as_str() == "walk")
}
