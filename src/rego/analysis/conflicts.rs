//! Rules of one name go together, and no rule or package stands inside a rule's value.

use std::collections::BTreeSet;

use crate::rego::error::{ErrorCode, Errors, RegoError};
use crate::rego::source::{Sources, Span};
use crate::rego::syntax::ast;
use crate::rego::syntax::display::ref_text;
use crate::rego::value::Value;

use super::Analysis;
use super::print::rule_name;
use super::rules::{NodeId, RuleId, RuleTree};
use super::tree::{Leaf, Rule};

/// All conflicts between rules, and between rules and packages.
pub(super) fn check(
    sources: &Sources,
    modules: &[&ast::Module],
    tree: &RuleTree,
    rules: &[Rule],
) -> Vec<RegoError> {
    let conflicts = Conflicts { sources, modules, tree, rules };
    let mut errors = Vec::new();
    for number in 0..tree.nodes.len() {
        let id = NodeId(u32::try_from(number).unwrap_or(u32::MAX));
        errors.extend(conflicts.of_place(id));
        conflicts.with_packages(id, &mut errors);
    }
    errors
}

struct Conflicts<'a> {
    sources: &'a Sources,
    modules: &'a [&'a ast::Module],
    tree: &'a RuleTree,
    rules: &'a [Rule],
}

fn is_partial(rule: &Rule) -> bool {
    let branch = &rule.branches[0];
    !branch.key.is_empty() || matches!(branch.leaf, Leaf::Contains(_))
}

impl Conflicts<'_> {
    fn of_place(&self, id: NodeId) -> Option<RegoError> {
        let node = self.tree.get(id);
        let (first, last) = (*node.rules.first()?, *node.rules.last()?);
        let rules = || node.rules.iter().map(|rule| &self.rules[*rule]);
        let name = rule_name(self.tree, &self.rules[last]);
        let error = |message: String| Some(RegoError::new(ErrorCode::Type, message, Some(self.place(first))));
        if !node.children.is_empty() && rules().any(|rule| rule.branches[0].key.is_empty()) {
            let inside = self.names_inside(id);
            if !inside.is_empty() {
                return error(format!("rule {name} conflicts with [{}]", inside.join(" ")));
            }
        }
        let kinds: BTreeSet<bool> =
            rules().map(|rule| matches!(rule.branches[0].leaf, Leaf::Contains(_))).collect();
        let arities: BTreeSet<usize> = node.rules.iter().map(|rule| self.tree.heads[*rule].arity).collect();
        let partial: BTreeSet<bool> = rules().map(is_partial).collect();
        if kinds.len() > 1 || arities.len() > 1 || partial.len() > 1 {
            return error(format!("conflicting rules {name} found"));
        }
        self.defaults(&node.rules, &name)
    }

    fn place(&self, rule: RuleId) -> Span {
        self.tree.heads[rule].span
    }

    /// Names of the rules below a place, without those inside another of them.
    fn names_inside(&self, id: NodeId) -> Vec<String> {
        let mut found = Vec::new();
        let mut todo: Vec<NodeId> = self.tree.get(id).children.values().copied().collect();
        while let Some(at) = todo.pop() {
            let node = self.tree.get(at);
            match node.rules.first() {
                Some(rule) => found.push(rule_name(self.tree, &self.rules[*rule])),
                None => todo.extend(node.children.values()),
            }
        }
        found.sort();
        found
    }

    fn defaults(&self, rules: &[RuleId], name: &str) -> Option<RegoError> {
        let defaults: Vec<&RuleId> = rules.iter().filter(|rule| self.rules[**rule].is_default).collect();
        if defaults.len() < 2 {
            return None;
        }
        let places: Vec<String> =
            defaults.iter().map(|rule| location(self.sources, self.place(**rule))).collect();
        let message = format!("multiple default rules {name} found at {}", places.join(", "));
        let package = self.modules.get(self.rules[*defaults[0]].module)?.package.span;
        Some(RegoError::new(ErrorCode::Type, message, Some(package)))
    }

    /// A package may not have the path of a rule.
    fn with_packages(&self, id: NodeId, errors: &mut Vec<RegoError>) {
        let Some(packages) = self.tree.packages.get(&id) else { return };
        for rule in &self.tree.get(id).rules {
            let rule = &self.rules[*rule];
            let branch = &rule.branches[0];
            let Some(module) = self.modules.get(rule.module) else { continue };
            if !branch.key.is_empty() {
                continue;
            }
            for package in packages.iter().filter_map(|package| self.modules.get(*package)) {
                let head = &module.rules[rule.index].head.reference;
                let name = if head.path.is_empty() {
                    super::rules::root_name(&module.rules[rule.index].head)
                } else {
                    ref_text(head).into()
                };
                let message = format!(
                    "package {} conflicts with rule {name} defined at {}",
                    package_text(&package.package),
                    location(self.sources, branch.span)
                );
                errors.push(RegoError::new(ErrorCode::Type, message, Some(module.package.span)));
            }
        }
    }
}

fn package_text(package: &ast::Package) -> String {
    let text = ref_text(&package.path);
    text.strip_prefix("data.").map_or(text.clone(), ToOwned::to_owned)
}

/// A place as OPA writes it inside a message.
fn location(sources: &Sources, span: Span) -> String {
    let position = sources.position(span);
    match sources.name(span) {
        "" => format!("{}:{}", position.row, position.col),
        name => format!("{name}:{}", position.row),
    }
}

impl Analysis {
    /// Whether base documents, an object, have values where rules are.
    ///
    /// # Errors
    /// One for each such rule.
    pub fn check_data(&self, sources: &Sources, data: &Value) -> Result<(), Errors> {
        let mut errors = Vec::new();
        let mut todo = vec![(&self.program.root, data, String::new())];
        while let Some((node, value, path)) = todo.pop() {
            if let Some(group) = node.group.and_then(|id| self.program.groups.get(id.0 as usize)) {
                let message = format!("conflicting rule for data path {path} found");
                errors.push(RegoError::new(ErrorCode::Compile, message, Some(group.span)));
                continue;
            }
            for (key, child) in &node.children {
                let separator = if path.is_empty() { "" } else { "/" };
                let path = format!("{path}{separator}{}", key.as_str());
                // What is no object leaves no room for rules below it.
                let below =
                    if value.as_object().is_some() { value.get_str(key.as_str()) } else { Some(value) };
                todo.extend(below.map(|value| (child, value, path)));
            }
        }
        super::end_of_phase(sources, self.options.error_limit, errors)
    }
}
