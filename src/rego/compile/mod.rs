//! From the resolved program to code for the machine.
//!
//! [`program`] compiles a policy, [`query`] a query against it. The result ([`code`]) is immutable.

mod body;
mod builder;
mod candidates;
pub(crate) mod code;
pub(crate) mod reads;
mod reference;
mod rule;
mod term;
mod unify;
mod uses;
mod watch;

use std::collections::HashMap;
use std::sync::Arc;

use self::builder::{Built, Surroundings};
use self::code::{GroupCode, NodeCode, Program, Unit, count};
use self::reads::Reads;
use self::rule::Extent;
use super::engine::Observe;
use super::error::RegoError;
use super::hir::{self, GroupKind, Node};
use super::value::Str;

/// Compiles a policy.
///
/// # Errors
/// An internal error where the resolved program breaks its promises.
pub(crate) fn program(resolved: &hir::Program, observe: Observe) -> Result<Program, RegoError> {
    let reads = Reads::of(resolved);
    let tree = tree(&resolved.root);
    let nodes = numbers(&tree);
    let around = Surroundings { program: resolved, reads: &reads, nodes: &nodes, observe };
    let mut units: Vec<Arc<Unit>> = Vec::new();
    let mut add = |unit: Unit| {
        units.push(Arc::new(unit));
        count(units.len()) - 1
    };
    let groups = groups(&around, &tree, &mut add)?;
    let mut codes = Vec::with_capacity(tree.len());
    for (number, (path, node)) in (0_u32..).zip(&tree) {
        let children = node.children.iter().filter_map(|(name, child)| {
            let hidden =
                child.group.is_some() && child.children.is_empty() && around.rule_of(child).is_none();
            let number = nodes.get(&std::ptr::from_ref(child))?;
            (!hidden).then(|| (name.clone(), *number))
        });
        codes.push(NodeCode {
            path: path.clone(),
            children: children.collect(),
            rule: around.rule_of(node).map(|group| group.0),
            unit: add(rule::document(&around, node, number)?),
        });
    }
    Ok(Program { units, groups, nodes: codes, reads, observe })
}

/// Compiles a query against a policy that was compiled from `resolved`: the code, and the names of the values that its
/// solutions begin with.
///
/// # Errors
/// As for [`program`].
pub(crate) fn query(
    resolved: &hir::Program,
    program: &Program,
    query: &hir::Query,
) -> Result<(Unit, Vec<Arc<str>>), RegoError> {
    let tree = tree(&resolved.root);
    let nodes = numbers(&tree);
    let observe = program.observe;
    let around = Surroundings { program: resolved, reads: &program.reads, nodes: &nodes, observe };
    rule::query(&around, query)
}

fn groups(
    around: &Surroundings<'_>,
    tree: &[(Vec<Str>, &Node)],
    add: &mut impl FnMut(Unit) -> u32,
) -> Built<Vec<GroupCode>> {
    let mut places: HashMap<u32, &Node> = HashMap::new();
    for (_, node) in tree {
        if let Some(group) = node.group {
            places.insert(group.0, node);
        }
    }
    let nowhere = Node::default();
    let visible = around.reads.visible();
    let mut groups = Vec::with_capacity(around.program.groups.len());
    for (number, group) in (0_u32..).zip(&around.program.groups) {
        let node = places.get(&number).copied().unwrap_or(&nowhere);
        let (unit, keyed) = match group.kind {
            GroupKind::Complete | GroupKind::Function { .. } => (add(rule::single(around, group)?), None),
            GroupKind::Partial => (
                add(rule::partial(around, node, group, Extent::All)?),
                Some(add(Unit {
                    look_up_in: Some(number),
                    ..rule::partial(around, node, group, Extent::One)?
                })),
            ),
        };
        let unseen = !visible.contains(number);
        groups.push(GroupCode { path: group.path.clone(), unit, keyed, unseen });
    }
    Ok(groups)
}

/// All places, the root first, with their paths.
fn tree(root: &Node) -> Vec<(Vec<Str>, &Node)> {
    let mut all: Vec<(Vec<Str>, &Node)> = vec![(Vec::new(), root)];
    let mut at = 0;
    while let Some((path, node)) = all.get(at).cloned() {
        for (name, child) in &node.children {
            let mut path = path.clone();
            path.push(name.clone());
            all.push((path, child));
        }
        at += 1;
    }
    all
}

fn numbers(tree: &[(Vec<Str>, &Node)]) -> HashMap<*const Node, u32> {
    (0_u32..).zip(tree).map(|(number, (_, node))| (std::ptr::from_ref(*node), number)).collect()
}
