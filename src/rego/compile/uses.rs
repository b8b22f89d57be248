//! How often each local of a definition is mentioned: what is mentioned once is bound and never read, so loops need
//! not make it.

use crate::rego::hir::{
    Base, Body, Call, ComprHead, Leaf, LocalId, Query, Ref, Rule, StmtKind, Term, WithValue,
};

/// Mentions by local.
#[derive(Clone, Debug, Default)]
pub(super) struct Uses(Vec<u32>);

impl Uses {
    pub(super) fn of_rule(rule: &Rule) -> Self {
        let mut uses = Self(vec![0; rule.locals as usize]);
        uses.rule(rule);
        uses
    }

    pub(super) fn of_query(query: &Query) -> Self {
        let mut uses = Self(vec![0; query.locals as usize]);
        uses.body(&query.body);
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

    fn local(&mut self, local: LocalId) {
        if let Some(count) = self.0.get_mut(local.0 as usize) {
            *count += 1;
        }
    }

    fn rule(&mut self, rule: &Rule) {
        let (Leaf::Value(leaf) | Leaf::Contains(leaf)) = &rule.leaf;
        self.terms(&rule.args);
        self.terms(&rule.key);
        self.term(leaf);
        self.body(&rule.body);
        if let Some(otherwise) = &rule.otherwise {
            // Keys stand in the first branch for all.
            self.terms(&rule.key);
            self.rule(otherwise);
        }
    }

    fn body(&mut self, body: &Body) {
        for stmt in &body.0 {
            match &stmt.kind {
                StmtKind::Test(term) => self.term(term),
                StmtKind::Unify(a, b) => {
                    self.term(a);
                    self.term(b);
                }
                StmtKind::Not(body) => self.body(body),
                StmtKind::Every(every) => {
                    every.key.into_iter().chain([every.value]).for_each(|local| self.local(local));
                    self.term(&every.domain);
                    self.body(&every.body);
                }
            }
            for with in &stmt.with {
                if let WithValue::Term(term) = &with.value {
                    self.term(term);
                }
            }
        }
    }

    fn terms(&mut self, terms: &[Term]) {
        for term in terms {
            self.term(term);
        }
    }

    fn term(&mut self, term: &Term) {
        match term {
            Term::Const(_) => {}
            Term::Local(local) => self.local(*local),
            Term::Ref(reference) => self.reference(reference),
            Term::Array(items) | Term::Set(items) => self.terms(items),
            Term::Object(pairs) => pairs.iter().for_each(|(key, value)| {
                self.term(key);
                self.term(value);
            }),
            Term::Compr(compr) => {
                match &compr.head {
                    ComprHead::Array(term) | ComprHead::Set(term) => self.term(term),
                    ComprHead::Object(key, value) => {
                        self.term(key);
                        self.term(value);
                    }
                }
                self.body(&compr.body);
            }
            Term::Call(call) => {
                let Call { args, .. } = call.as_ref();
                self.terms(args);
            }
        }
    }

    fn reference(&mut self, reference: &Ref) {
        match &reference.base {
            Base::Input | Base::Data => {}
            Base::Local(local) => self.local(*local),
            Base::Term(term) => self.term(term),
        }
        self.terms(&reference.steps);
    }
}
