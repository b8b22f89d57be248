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

/// A path ends where an edge leads to no node or back into the path, or where there are no edges; it may go on along
/// other edges all the same. The walk keeps its own stack: each entry is a path that may still grow.
fn reachable_paths(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let graph = operand::object(args, 1)?;
    let mut found = SetBuilder::new();
    for start in start_nodes(args)? {
        if graph.contains_key(&start) {
            paths_from(context, graph, start, &mut found)?;
        }
    }
    Ok(Some(Value::Set(found.build())))
}

fn paths_from(
    context: &mut Context<'_>,
    graph: &Object,
    start: Value,
    found: &mut SetBuilder,
) -> Result<(), BuiltinError> {
    let mut open = vec![vec![start]];
    while let Some(path) = open.pop() {
        context.budget.steps(path.len() as u64)?;
        let edges = path.last().and_then(|node| graph.get(node));
        let (onward, ends): (Vec<_>, Vec<_>) = edges
            .into_iter()
            .flat_map(neighbours)
            .partition(|next| graph.contains_key(next) && !path.contains(next));
        context
            .budget
            .bytes(size_of::<Value>() as u64 * (path.len() as u64 + 1) * (onward.len() as u64 + 1))?;
        let is_end = onward.is_empty() || !ends.is_empty();
        open.extend(onward.into_iter().map(|next| path.iter().cloned().chain([next]).collect()));
        if is_end {
            found.push(Value::Array(Array::from(path)));
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
