//! Terms already read, by the place where they begin.
//!
//! `{a | b, c}` is a set, but only the comma tells: until then it reads like a comprehension, and the text
//! after `|` must be read a second time. Where such sets stand in each other, each would double the work of
//! the one around it. So while a reading may be given up, terms are remembered, failures too.

use std::collections::HashMap;

use super::super::super::error::RegoError;
use super::super::ast::Term;
use super::{Parser, State};

#[derive(Default)]
pub(super) struct Memo {
    entries: HashMap<u32, Entry>,
    /// How many readings under way may be given up.
    tentative: u32,
}

/// What reading a term gave before: none where it failed.
pub(super) struct Recalled(pub(super) Option<Term>);

struct Entry {
    term: Option<Term>,
    height: u32,
    after: State,
    errors: Vec<RegoError>,
}

impl Parser<'_> {
    /// Reads something that may have to be read again in another way.
    pub(super) fn tentatively<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        self.memo.tentative += 1;
        let result = read(self);
        self.memo.tentative -= 1;
        result
    }

    /// Goes to the end of the term that begins here, if it was read before.
    pub(super) fn recall(&mut self) -> Option<Recalled> {
        let entry = self.memo.entries.get(&self.state.start)?;
        let (before, after) = (self.errors.len(), entry.after);
        self.errors.extend(entry.errors.iter().cloned());
        self.height = entry.height;
        self.state = State { errors: before, ..after };
        Some(Recalled(entry.term.clone()))
    }

    /// Remembers a term while a reading may be given up.
    pub(super) fn remember(&mut self, before: State, term: Option<&Term>) {
        if self.memo.tentative == 0 || self.stopped {
            return;
        }
        let errors = self.errors.get(before.errors..).unwrap_or_default().to_vec();
        let entry = Entry { term: term.cloned(), height: self.height, after: self.save(), errors };
        self.memo.entries.insert(before.start, entry);
    }

    /// Forgets everything: a statement has ended, its text is not read again.
    pub(super) fn forget(&mut self) {
        self.memo.entries.clear();
    }
}
