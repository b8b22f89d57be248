//! Fragments are used, and not within themselves.

use super::super::Parsed;
use super::{Checker, Everything, Gathered};

/// Where a walk through the fragments stands with one of them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    Open,
    Done,
}

impl<'a> Checker<'a, '_> {
    /// Positions of the fragments that something spreads, directly or through others.
    pub(super) fn reached(&mut self, from: &Gathered<'a>, all: &Everything<'a>) -> Parsed<Vec<usize>> {
        self.budget.bytes(16 * all.fragments.len() as u64)?;
        let mut seen = vec![false; all.fragments.len()];
        let (mut reached, mut next) = (Vec::new(), 0);
        let mut part = Some(from);
        while let Some(gathered) = part {
            for (index, _) in &gathered.spreads {
                self.budget.steps(1)?;
                if let Some(seen) = seen.get_mut(*index).filter(|it| !**it) {
                    *seen = true;
                    reached.push(*index);
                }
            }
            part = reached.get(next).and_then(|it| all.fragments.get(*it));
            next += 1;
        }
        Ok(reached)
    }

    pub(super) fn spreads(&mut self, all: &Everything<'a>) -> Parsed<()> {
        self.budget.bytes(all.fragments.len() as u64)?;
        let mut used = vec![false; all.fragments.len()];
        for gathered in &all.operations {
            for index in self.reached(gathered, all)? {
                used[index] = true;
            }
        }
        for (fragment, _) in self.document.fragments.iter().zip(&used).filter(|it| !it.1) {
            self.report(fragment.place, || format!("Fragment \"{}\" is never used.", fragment.name));
        }
        self.cycles(all)
    }

    /// Walks through the fragments in depth, with a stack of its own.
    fn cycles(&mut self, all: &Everything<'a>) -> Parsed<()> {
        self.budget.bytes(32 * all.fragments.len() as u64)?;
        let mut marks = vec![Mark::New; all.fragments.len()];
        for start in 0..all.fragments.len() {
            let mut open = if marks[start] == Mark::New { vec![(start, 0)] } else { Vec::new() };
            while let Some((index, position)) = open.last_mut() {
                self.budget.steps(1)?;
                marks[*index] = Mark::Open;
                let Some((next, place)) = all.fragments[*index].spreads.get(*position) else {
                    marks[*index] = Mark::Done;
                    open.pop();
                    continue;
                };
                *position += 1;
                match marks[*next] {
                    Mark::New => open.push((*next, 0)),
                    Mark::Open => {
                        let begin = open.iter().position(|it| it.0 == *next).unwrap_or(0);
                        let name = |index: usize| &self.document.fragments[index].name;
                        let via: Vec<_> =
                            open[begin..].iter().skip(1).map(|it| format!("\"{}\"", name(it.0))).collect();
                        let via =
                            if via.is_empty() { String::new() } else { format!(" via {}", via.join(", ")) };
                        let message =
                            format!("Cannot spread fragment \"{}\" within itself{via}.", name(*next));
                        self.report(*place, || message);
                    }
                    Mark::Done => {}
                }
            }
        }
        Ok(())
    }
}
