//! `graph.*`: which nodes can be reached, and along which paths.

use std::collections::HashSet;

use super::{Builtin, BuiltinError, Context, operand};
use crate::rego::value::{Array, Object, SetBuilder, Value};

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin { name: "graph.reachable", run: reachable },
    Builtin { name: "graph.reachable_paths", run: reachable_paths },
];

type Answer = Result<Option<Value>, BuiltinError>;

fn reachable(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let graph = operand::object(args, 1)?;
    let mut queue = start_nodes(args)?;
    let mut reached = HashSet::new();
    while let Some(node) = queue.pop() {
        context.budget.steps(1)?;
        let Some(edges) = graph.get(&node) else { continue };
        if reached.insert(node) {
            queue.extend(neighbours(edges).filter(|it| !reached.contains(it)));
        }
    }
    context.budget.bytes(size_of::<Value>() as u64 * reached.len() as u64)?;
    Ok(Some(Value::Set(reached.into_iter().collect())))
}

/// A path ends where an edge leads to no node, or where there are no edges; where an edge leads to a node that was
/// passed before, since the path left its start by that first edge, it ends there too, and goes on along other edges.
fn reachable_paths(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let graph = operand::object(args, 1)?;
    let mut found = SetBuilder::new();
    for start in start_nodes(args)? {
        let Some(edges) = graph.get(&start) else { continue };
        let mut neighbours = neighbours(edges).peekable();
        if neighbours.peek().is_none() {
            context.draw(1)?;
            found.push(vec![start.clone()].into());
        }
        for first in neighbours {
            paths_from(context, graph, &start, first, &mut found)?;
        }
    }
    Ok(Some(Value::Set(found.build())))
}

/// The walk keeps its own stack: the path, and for each of its nodes the neighbours that are still to be tried.
fn paths_from(
    context: &mut Context<'_>,
    graph: &Object,
    start: &Value,
    first: Value,
    found: &mut SetBuilder,
) -> Result<(), BuiltinError> {
    let mut path = vec![start.clone()];
    let mut passed: HashSet<Value> = path.iter().cloned().collect();
    let mut open: Vec<Box<dyn Iterator<Item = Value> + '_>> = vec![Box::new(std::iter::once(first))];
    while let Some(untried) = open.last_mut() {
        context.budget.steps(1)?;
        let Some(node) = untried.next() else {
            open.pop();
            path.pop();
            continue;
        };
        let edges = graph.get(&node);
        let is_end = match edges {
            Some(_) if passed.contains(&node) => true,
            Some(edges) => {
                path.push(node.clone());
                passed.insert(node);
                context.draw(1)?;
                let mut onward = neighbours(edges).peekable();
                let is_leaf = onward.peek().is_none();
                open.push(Box::new(onward));
                is_leaf
            }
            None => true,
        };
        if is_end {
            context.draw(path.len())?;
            found.push(Value::Array(Array::from(path.clone())));
        }
    }
    Ok(())
}

fn start_nodes(args: &[Value]) -> Result<Vec<Value>, BuiltinError> {
    match operand::any(args, 2) {
        Value::Array(items) => Ok(items.iter().cloned().collect()),
        Value::Set(members) => Ok(members.iter().cloned().collect()),
        got => Err(operand::error(2, &format!("must be {{array, set}} but got {}", got.type_name()))),
    }
}

fn neighbours(edges: &Value) -> Box<dyn Iterator<Item = Value> + '_> {
    match edges {
        Value::Array(items) => Box::new(items.iter().cloned()),
        Value::Set(members) => Box::new(members.iter().cloned()),
        _ => Box::new(std::iter::empty()),
    }
}
