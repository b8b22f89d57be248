//! Rules: a group's definitions in order, as one unit.

use std::sync::Arc;

use super::builder::{Builder, Built, Surroundings};
use super::code::{Instr, LeafKind, Operand, Shape, Unit, count};
use super::uses::Uses;
use crate::rego::hir::{Group, GroupKind, Leaf, Node, Query, Rule, Term};
use crate::rego::value::{Str, Value};

/// OPA's words for two values of one rule.
const COMPLETE_CONFLICT: &str = "complete rules must not produce multiple outputs";
const FUNCTION_CONFLICT: &str = "functions must not produce multiple outputs for same inputs";

/// The unit of a complete rule or a function.
pub(super) fn single(around: &Surroundings<'_>, group: &Group) -> Built<Unit> {
    let (arity, conflict) = match group.kind {
        GroupKind::Function { arity } => (count(arity), FUNCTION_CONFLICT),
        GroupKind::Complete | GroupKind::Partial => (0, COMPLETE_CONFLICT),
    };
    let flags = Builder::flags_of(around.observe, group.rules.iter());
    let mut it = Builder::new(around, Shape::Single(conflict), arity + flags);
    it.candidates(&group.path, group.rules.iter(), arity);
    let end = it.new_label();
    let certain = if always_the_same(group) { Certain::Yes } else { Certain::No };
    for rule in &group.rules {
        it.definition(rule, |it, next| {
            it.begin(rule.locals, Uses::of_rule(rule), next);
            it.arguments(&rule.args)?;
            it.branches(rule, (next, end), certain)
        })?;
    }
    if let Some(rule) = &group.default {
        it.emit(Instr::IfSettled(end));
        it.definition(rule, |it, next| {
            it.begin(rule.locals, Uses::of_rule(rule), next);
            it.arguments(&rule.args)?;
            it.branches(rule, (next, end), Certain::No)
        })?;
    }
    it.place(end);
    it.emit(Instr::Return);
    it.finish()
}

/// Whether it is known beforehand that every definition that holds gives the same.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Certain {
    Yes,
    No,
}

/// Whether every definition that holds gives the same constant, so that one is enough.
fn always_the_same(group: &Group) -> bool {
    let mut seen: Option<&Value> = None;
    let mut branches: Vec<&Rule> = group.rules.iter().collect();
    while let Some(rule) = branches.pop() {
        let Leaf::Value(Term::Const(value)) = &rule.leaf else { return false };
        if seen.is_some_and(|other| other != value) {
            return false;
        }
        seen = Some(value);
        branches.extend(rule.otherwise.as_deref());
    }
    true
}

impl Builder<'_> {
    fn definition(&mut self, rule: &Rule, build: impl FnOnce(&mut Self, u32) -> Built) -> Built {
        let next = self.new_label();
        let site = self.site(rule.span);
        self.emit(Instr::Definition { site, stopped: next });
        build(self, next)?;
        self.place(next);
        self.leave_definition();
        Ok(())
    }

    fn arguments(&mut self, args: &[Term]) -> Built {
        for (reg, pattern) in (0..).zip(args) {
            self.match_pattern(pattern, Operand::Reg(reg))?;
        }
        Ok(())
    }

    /// The body and what it produces; then, where it produced nothing, its `else`.
    fn branches(&mut self, rule: &Rule, (next, end): (u32, u32), certain: Certain) -> Built {
        let otherwise = self.new_label();
        self.nested(|it| {
            it.fail_to(otherwise);
            it.enter_branch(rule);
            it.body(&rule.body)?;
            it.produce(rule, (next, end), certain)
        })?;
        self.place(otherwise);
        if let Some(branch) = &rule.otherwise {
            self.leave_definition();
            self.emit(Instr::IfProduced(next));
            self.branches(branch, (next, end), certain)?;
        }
        Ok(())
    }

    fn produce(&mut self, rule: &Rule, (next, end): (u32, u32), certain: Certain) -> Built {
        let (Leaf::Value(term) | Leaf::Contains(term)) = &rule.leaf;
        let value = self.term(term)?;
        let site = self.site(rule.head_span);
        self.emit(Instr::Produce { value, site });
        self.exit_branch(rule);
        match certain {
            Certain::Yes => {
                self.emit(Instr::Certain);
                self.leave_definition();
                self.emit(Instr::Jump(end));
            }
            Certain::No if self.is_watched() => self.goes_on_unless_early(end),
            // A constant cannot conflict with itself: one solution is enough.
            Certain::No if matches!(term, Term::Const(_)) => self.emit(Instr::Jump(next)),
            Certain::No => {
                let again = self.fail();
                self.emit(Instr::Jump(again));
            }
        }
        Ok(())
    }

    /// One definition of a partial rule, for all keys or for the one in register 0.
    fn contribution(&mut self, part: &Part<'_>, extent: Extent, next: u32) -> Built {
        let rule = part.rule;
        self.begin(rule.locals, Uses::of_rule(rule), next);
        let prefix: Vec<Term> =
            part.prefix.iter().map(|step| Term::Const(Value::String(step.clone()))).collect();
        let mut keys: Vec<&Term> = prefix.iter().chain(&rule.key).collect();
        let member = matches!(rule.leaf, Leaf::Contains(_));
        let (Leaf::Value(leaf) | Leaf::Contains(leaf)) = &rule.leaf;
        if extent == Extent::One {
            let first = if keys.is_empty() { leaf } else { keys.remove(0) };
            self.match_pattern(first, Operand::Reg(0))?;
            if part.prefix.is_empty() && rule.key.is_empty() {
                // Of a set: the member itself is what stands under it.
                return self.contribute(rule, &[], (leaf, LeafKind::Value), next);
            }
        }
        let kind = if member { LeafKind::Member } else { LeafKind::Value };
        self.contribute(rule, &keys, (leaf, kind), next)
    }

    fn contribute(&mut self, rule: &Rule, keys: &[&Term], leaf: (&Term, LeafKind), next: u32) -> Built {
        let otherwise = self.new_label();
        self.nested(|it| {
            it.fail_to(otherwise);
            it.enter_branch(rule);
            it.body(&rule.body)?;
            let (Leaf::Value(own) | Leaf::Contains(own)) = &rule.leaf;
            debug_assert!(std::ptr::eq(own, leaf.0) || rule.otherwise.is_none());
            let keys: Vec<Operand> = keys.iter().map(|key| it.term(key)).collect::<Built<_>>()?;
            let keys = it.operands(&keys);
            let value = it.term(leaf.0)?;
            let site = it.site(rule.head_span);
            it.emit(Instr::Contribute { keys, leaf: value, kind: leaf.1, site });
            it.exit_branch(rule);
            let again = it.fail();
            it.emit(Instr::Jump(again));
            Ok(())
        })?;
        self.place(otherwise);
        if let Some(branch) = &rule.otherwise {
            self.leave_definition();
            self.emit(Instr::IfProduced(next));
            let (Leaf::Value(own) | Leaf::Contains(own)) = &branch.leaf;
            self.contribute(branch, keys, (own, leaf.1), next)?;
        }
        Ok(())
    }
}

/// How much of a partial rule is computed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    All,
    One,
}

/// A definition that adds to a partial rule, with the constant keys before its own.
struct Part<'a> {
    rule: &'a Rule,
    prefix: Vec<Str>,
}

/// The unit of a partial rule and of all that is below it in the tree.
pub(super) fn partial(around: &Surroundings<'_>, node: &Node, group: &Group, extent: Extent) -> Built<Unit> {
    let mut parts: Vec<Part<'_>> = group.rules.iter().map(|rule| Part { rule, prefix: Vec::new() }).collect();
    let mut below: Vec<(Vec<Str>, &Node)> = children(&[], node);
    while let Some((prefix, node)) = below.pop() {
        if let Some(group) = around.rule_of(node).and_then(|id| around.program.groups.get(id.0 as usize)) {
            // No default: it stands for a value that nobody gave, and the partial rule always has one.
            parts.extend(group.rules.iter().map(|rule| Part { rule, prefix: prefix.clone() }));
        }
        below.extend(children(&prefix, node));
    }
    let keyed = parts.iter().any(|part| !part.prefix.is_empty() || !part.rule.key.is_empty());
    let shape = match extent {
        Extent::One => Shape::Under,
        Extent::All if keyed => Shape::Object,
        Extent::All => Shape::Set,
    };
    let arity = u32::from(extent == Extent::One);
    let flags = Builder::flags_of(around.observe, parts.iter().map(|part| part.rule));
    let mut it = Builder::new(around, shape, arity + flags);
    it.candidates(&group.path, parts.iter().map(|part| part.rule), arity);
    for part in &parts {
        it.definition(part.rule, |it, next| it.contribution(part, extent, next))?;
    }
    it.emit(Instr::Return);
    it.finish()
}

fn children<'a>(prefix: &[Str], node: &'a Node) -> Vec<(Vec<Str>, &'a Node)> {
    let named = node.children.iter().map(|(name, child)| {
        let mut path = prefix.to_vec();
        path.push(name.clone());
        (path, child)
    });
    named.collect()
}

/// The unit of a document: the rules and documents below a node, over its base document.
pub(super) fn document(around: &Surroundings<'_>, node: &Node, number: u32) -> Built<Unit> {
    let mut it = Builder::new(around, Shape::Document, 0);
    let (collector, dst) = (it.new_collector(), it.temp());
    it.emit(Instr::Collect { collector, kind: super::code::CollectKind::Object });
    for (name, child) in &node.children {
        let next = it.new_label();
        match (around.rule_of(child), around.nodes.get(&std::ptr::from_ref(child))) {
            (Some(group), _) => it.emit(Instr::Rule { group: group.0, dst, fail: next }),
            (None, Some(_)) if child.group.is_some() && child.children.is_empty() => continue,
            (None, Some(number)) => it.emit(Instr::Document { node: *number, dst, fail: next }),
            (None, None) => continue,
        }
        let key = it.constant(&Value::String(name.clone()));
        it.emit(Instr::PushPair { collector, key, value: Operand::Reg(dst) });
        it.place(next);
    }
    let site = match around.program.groups.first() {
        Some(group) => it.site(group.span),
        None => 0,
    };
    it.emit(Instr::Collected { collector, dst, site });
    it.emit(Instr::MergeBase { node: number, src: dst });
    it.emit(Instr::Return);
    it.finish()
}

/// The unit of a query, and the names whose values its solutions begin with: those that are bound in the end, since
/// what is inside comprehensions and negations is nobody's answer.
pub(super) fn query(around: &Surroundings<'_>, query: &Query) -> Built<(Unit, Vec<Arc<str>>)> {
    let mut it = Builder::new(around, Shape::Query, 0);
    let end = it.new_label();
    it.begin(query.locals, Uses::of_query(query), end);
    it.enter_body(&query.body);
    it.body(&query.body)?;
    it.exit_body(&query.body);
    let truth = it.constant(&Value::Bool(true));
    let exports: Vec<_> = query.exports.iter().filter(|(_, local)| it.is_bound(*local)).collect();
    let names = exports.iter().map(|(name, _)| Arc::clone(name)).collect();
    let exports = exports.into_iter().map(|(_, local)| Some(*local));
    let locals: Vec<_> = exports.chain(query.expressions.iter().map(|(_, local)| *local)).collect();
    let values: Vec<Operand> = locals
        .into_iter()
        .map(|local| local.map_or(Ok(truth), |local| it.term(&Term::Local(local))))
        .collect::<Built<_>>()?;
    let values = it.operands(&values);
    it.emit(Instr::Solution { values });
    let again = it.fail();
    it.emit(Instr::Jump(again));
    it.place(end);
    it.leave_body(&query.body);
    it.emit(Instr::Return);
    Ok((it.finish()?, names))
}
