//! Unification. Which variables are bound is known here, so it becomes moves, comparisons and look-ups.

use std::collections::HashMap;

use super::builder::{Builder, Built, defect};
use super::code::{Instr, Operand, count};
use super::term::is_walk;
use crate::rego::hir::{LocalId, Term};
use crate::rego::value::Value;

/// Two terms to be unified.
type Pair<'t> = (&'t Term, &'t Term);

impl Builder<'_> {
    /// Whether a value matched with the term would bind a local.
    pub(super) fn is_pattern(&self, term: &Term) -> bool {
        match term {
            Term::Local(local) => !self.is_bound(*local),
            Term::Array(items) => items.iter().any(|item| self.is_pattern(item)),
            Term::Object(pairs) => pairs.iter().any(|(_, value)| self.is_pattern(value)),
            Term::Const(_) | Term::Ref(_) | Term::Set(_) | Term::Compr(_) | Term::Call(_) => false,
        }
    }

    pub(super) fn unbound_local(&self, term: &Term) -> Option<LocalId> {
        match term {
            Term::Local(local) if !self.is_bound(*local) => Some(*local),
            _ => None,
        }
    }

    pub(super) fn unify(&mut self, a: &Term, b: &Term) -> Built {
        let mut open = vec![(a, b)];
        while !open.is_empty() {
            let waiting = std::mem::take(&mut open);
            let before = waiting.len();
            let mut parts = false;
            for (a, b) in waiting {
                parts |= self.unify_or_defer(a, b, &mut open)?;
            }
            if open.len() >= before && !parts {
                return Err(defect("variables that nothing binds are unified", None));
            }
        }
        Ok(())
    }

    /// Unifies two terms now, or leaves their parts, or themselves, to be unified when more is bound. Says
    /// whether it took them apart.
    fn unify_or_defer<'t>(&mut self, a: &'t Term, b: &'t Term, open: &mut Vec<Pair<'t>>) -> Built<bool> {
        match (self.is_pattern(a), self.is_pattern(b)) {
            (false, false) => {
                let a = self.term(a)?;
                let b = self.term(b)?;
                let fail = self.fail();
                self.emit(Instr::Equal { a, b, fail });
            }
            (true, false) => self.unify_pattern(a, b)?,
            (false, true) => self.unify_pattern(b, a)?,
            (true, true) => return self.unify_patterns(a, b, open),
        }
        Ok(false)
    }

    fn unify_patterns<'t>(&mut self, a: &'t Term, b: &'t Term, open: &mut Vec<Pair<'t>>) -> Built<bool> {
        match (a, b) {
            (Term::Array(left), Term::Array(right)) if left.len() == right.len() => {
                open.extend(left.iter().zip(right));
                Ok(true)
            }
            (Term::Object(left), Term::Object(right)) if left.len() == right.len() => {
                let values: HashMap<Key<'_>, &Term> =
                    right.iter().filter_map(|(key, value)| Some((key_of(key)?, value))).collect();
                for (key, value) in left {
                    // Two objects of which neither is known must spell their keys alike: the type check sees to it.
                    let other = key_of(key).and_then(|key| values.get(&key).copied());
                    open.push((
                        value,
                        other.ok_or_else(|| defect("objects of other keys are unified", None))?,
                    ));
                }
                Ok(true)
            }
            (Term::Array(_) | Term::Object(_), Term::Array(_) | Term::Object(_)) => {
                self.never();
                // What follows must find everything bound, though it is never reached.
                self.bind_all(a);
                self.bind_all(b);
                Ok(true)
            }
            _ => {
                open.push((a, b));
                Ok(false)
            }
        }
    }

    fn never(&mut self) {
        let fail = self.fail();
        self.emit(Instr::Jump(fail));
    }

    fn bind_all(&mut self, term: &Term) {
        match term {
            Term::Local(local) => self.bind(*local),
            Term::Array(items) => items.iter().for_each(|item| self.bind_all(item)),
            Term::Object(pairs) => pairs.iter().for_each(|(_, value)| self.bind_all(value)),
            _ => {}
        }
    }

    /// Matches a pattern with the value, or each value, of a term.
    fn unify_pattern(&mut self, pattern: &Term, term: &Term) -> Built {
        if let (Term::Array(items), Term::Call(call)) = (pattern, term)
            && is_walk(call)
            && let [path, value] = items.as_slice()
        {
            let (path_reg, value_reg) = (self.temp(), self.temp());
            let unread = self.unbound_local(path).filter(|local| self.loop_local(*local).is_none());
            self.walk(call, unread.is_none().then_some(path_reg), Some(value_reg))?;
            match unread {
                Some(local) => self.bind(local),
                None => self.match_pattern(path, Operand::Reg(path_reg))?,
            }
            return self.match_pattern(value, Operand::Reg(value_reg));
        }
        // A call or composite is made in the variable's own register. References may bind the variable on the way.
        let want = self.unbound_local(pattern).filter(|_| makes_a_value(term)).map(|local| self.local(local));
        let value = self.term_into(term, want)?;
        match want {
            Some(reg) if value == Operand::Reg(reg) => {
                self.bind_all(pattern);
                Ok(())
            }
            _ => self.match_pattern(pattern, value),
        }
    }

    /// Matches a term, which may have unbound variables, with a value.
    pub(super) fn match_pattern(&mut self, pattern: &Term, value: Operand) -> Built {
        if let Some(local) = self.unbound_local(pattern) {
            let dst = self.local(local);
            self.emit(Instr::Move { dst, src: value });
            self.bind(local);
            return Ok(());
        }
        match pattern {
            Term::Array(items) if self.is_pattern(pattern) => self.match_array(items, value),
            Term::Object(pairs) if self.is_pattern(pattern) => self.match_object(pairs, value),
            _ => {
                let other = self.term(pattern)?;
                let fail = self.fail();
                self.emit(Instr::Equal { a: other, b: value, fail });
                Ok(())
            }
        }
    }

    fn match_array(&mut self, items: &[Term], src: Operand) -> Built {
        let fail = self.fail();
        self.emit(Instr::IsArray { src, len: count(items.len()), fail });
        let mut found = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let key = self.constant(&Value::from(index));
            found.push((item, self.look_up(src, key)));
        }
        self.match_parts(&found)
    }

    fn match_object(&mut self, pairs: &[(Term, Term)], src: Operand) -> Built {
        let fail = self.fail();
        self.emit(Instr::IsObject { src, len: count(pairs.len()), fail });
        let mut found = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            let key = self.term(key)?;
            found.push((value, self.look_up(src, key)));
        }
        self.match_parts(&found)
    }

    fn look_up(&mut self, base: Operand, key: Operand) -> Operand {
        let (dst, fail) = (self.temp(), self.fail());
        self.emit(Instr::Get { dst, base, key, fail });
        Operand::Reg(dst)
    }

    /// First what binds, then what may read what was bound.
    fn match_parts(&mut self, parts: &[(&Term, Operand)]) -> Built {
        let (binding, reading): (Vec<_>, Vec<_>) = parts.iter().partition(|(term, _)| self.is_pattern(term));
        for (term, value) in binding.into_iter().chain(reading) {
            self.match_pattern(term, value)?;
        }
        Ok(())
    }
}

fn makes_a_value(term: &Term) -> bool {
    matches!(term, Term::Array(_) | Term::Object(_) | Term::Set(_) | Term::Compr(_) | Term::Call(_))
        && !reads_through_references(term)
}

fn reads_through_references(term: &Term) -> bool {
    match term {
        Term::Ref(_) => true,
        Term::Array(items) | Term::Set(items) => items.iter().any(reads_through_references),
        Term::Object(pairs) => {
            pairs.iter().any(|(key, value)| reads_through_references(key) || reads_through_references(value))
        }
        Term::Call(call) => is_walk(call) || call.args.iter().any(reads_through_references),
        Term::Const(_) | Term::Local(_) | Term::Compr(_) => false,
    }
}

/// What tells before anything is evaluated that two keys are the same.
#[derive(PartialEq, Eq, Hash)]
enum Key<'t> {
    Const(&'t Value),
    Local(LocalId),
}

fn key_of(key: &Term) -> Option<Key<'_>> {
    match key {
        Term::Const(value) => Some(Key::Const(value)),
        Term::Local(local) => Some(Key::Local(*local)),
        _ => None,
    }
}
