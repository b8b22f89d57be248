//! How often each local of a definition is mentioned: what is mentioned once is bound and never read, so loops need
//! not make it.

use crate::rego::hir::visit::{self, Visit};
use crate::rego::hir::{LocalId, Query, Rule};

/// Mentions by local.
#[derive(Clone, Debug, Default)]
pub(super) struct Uses(Vec<u32>);

impl Uses {
    pub(super) fn of_rule(rule: &Rule) -> Self {
        let mut uses = Self(vec![0; rule.locals as usize]);
        visit::rule(rule, &mut uses);
        let mut branch = rule;
        while let Some(otherwise) = &branch.otherwise {
            // Keys stand in the first branch for all.
            visit::terms(&rule.key, &mut uses);
            branch = otherwise;
        }
        uses
    }

    pub(super) fn of_query(query: &Query) -> Self {
        let mut uses = Self(vec![0; query.locals as usize]);
        visit::body(&query.body, &mut uses);
        let shown = query.exports.iter().map(|(_, local)| Some(*local));
        for local in shown.chain(query.expressions.iter().map(|(_, local)| *local)).flatten() {
            uses.local(local);
        }
        uses
    }

    /// Whether the local is mentioned more often than it is bound.
    pub(super) fn is_read(&self, local: LocalId) -> bool {
        self.0.get(local.0 as usize).is_none_or(|count| *count > 1)
    }
}

impl Visit for Uses {
    fn local(&mut self, local: LocalId) {
        if let Some(count) = self.0.get_mut(local.0 as usize) {
            *count += 1;
        }
    }
}
