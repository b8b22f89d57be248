//! Names of operations and fragments, and the types where operations begin.

use std::collections::HashSet;

use super::super::Parsed;
use super::super::ast::{Operation, OperationKind};
use super::{Checker, Gathered};

impl<'a> Checker<'a, '_> {
    pub(super) fn names(&mut self) -> Parsed<()> {
        let document = self.document;
        let count = document.operations.len() + document.fragments.len();
        self.budget.steps(count as u64)?;
        self.budget.bytes(32 * count as u64)?;
        let mut seen = HashSet::new();
        for operation in &document.operations {
            let name = &*operation.name;
            if name.is_empty() {
                if document.operations.len() > 1 {
                    self.report(operation.place, || {
                        "This anonymous operation must be the only defined operation.".to_owned()
                    });
                }
            } else if !seen.insert(name) {
                self.report(operation.place, || format!("There can be only one operation named \"{name}\"."));
            }
        }
        let mut seen = HashSet::new();
        for fragment in &document.fragments {
            let name = &*fragment.name;
            if !seen.insert(name) {
                self.report(fragment.place, || format!("There can be only one fragment named \"{name}\"."));
            }
        }
        Ok(())
    }

    pub(super) fn operation(&mut self, operation: &'a Operation) -> Parsed<Gathered<'a>> {
        let mut gathered = Gathered::default();
        let (kind, location) = match operation.kind {
            OperationKind::Query => ("query", "QUERY"),
            OperationKind::Mutation => ("mutation", "MUTATION"),
            OperationKind::Subscription => ("subscription", "SUBSCRIPTION"),
        };
        let root = self.schema.root(operation.kind);
        if root.is_none() {
            self.report(operation.place, || format!("Schema does not support operation type \"{kind}\""));
        }
        self.declared(operation, &mut gathered)?;
        self.directives(&operation.directives, location, &mut gathered)?;
        self.selections(&operation.selections, root, &mut gathered)?;
        if operation.kind == OperationKind::Subscription {
            self.single_field(operation)?;
        }
        Ok(gathered)
    }

    fn single_field(&mut self, operation: &'a Operation) -> Parsed<()> {
        let root = self.schema.root(operation.kind);
        let fields = self.collected([(operation.selections.as_slice(), root)])?;
        let names: HashSet<&str> = fields.iter().map(|it| &*it.field.alias).collect();
        if names.len() > 1 {
            self.report(operation.place, || {
                let who = match &*operation.name {
                    "" => "Anonymous Subscription".to_owned(),
                    name => format!("Subscription \"{name}\""),
                };
                format!("{who} must select only one top level field.")
            });
        }
        Ok(())
    }
}
