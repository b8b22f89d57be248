//! Sets of the variables of one rule, as bits.

use super::super::tree::Var;

/// A set of variables that can go back to what it was.
#[derive(Clone, Debug, Default)]
pub(crate) struct VarSet {
    words: Vec<u64>,
    log: Vec<Var>,
}

/// A state of a [`VarSet`] to go back to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark(usize);

impl VarSet {
    pub(crate) fn contains(&self, var: Var) -> bool {
        self.words.get(var.index() / 64).is_some_and(|word| word & (1 << (var.index() % 64)) != 0)
    }

    /// Whether it was not in before.
    pub(crate) fn insert(&mut self, var: Var) -> bool {
        let at = var.index() / 64;
        if at >= self.words.len() {
            self.words.resize(at + 1, 0);
        }
        let bit = 1 << (var.index() % 64);
        let new = self.words[at] & bit == 0;
        if new {
            self.words[at] |= bit;
            self.log.push(var);
        }
        new
    }

    pub(crate) fn extend(&mut self, vars: impl IntoIterator<Item = Var>) {
        vars.into_iter().for_each(|var| {
            self.insert(var);
        });
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark(self.log.len())
    }

    /// Takes out everything that came in since.
    pub(crate) fn back_to(&mut self, mark: Mark) {
        for var in self.log.drain(mark.0..) {
            self.words[var.index() / 64] &= !(1 << (var.index() % 64));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_goes_back_to_a_mark_and_keeps_what_was_in_before() {
        let mut set = VarSet::default();
        set.insert(Var(3));
        let mark = set.mark();
        set.extend([Var(3), Var(70)]);
        assert!(set.contains(Var(70)));
        set.back_to(mark);
        assert!(set.contains(Var(3)) && !set.contains(Var(70)));
    }
}
