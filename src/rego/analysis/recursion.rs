//! No rule needs itself. The same walk finds the order in which rules can be looked at so that what a rule needs
//! comes before it.
//!
//! The graph has the branches of rules as vertices, and for each place of the tree of rules two more: the rules
//! there, and the rules there and below. So a reference to a whole package is one edge, not one for each rule in it.

use std::collections::VecDeque;

use crate::rego::analysis::maps::HashMap;
use crate::rego::error::{ErrorCode, RegoError};

use super::print::rewritten_rule_name;
use super::rules::{NodeId, RuleTree};
use super::tree::{Base, Branch, Expr, ExprKind, Kind, Op, Rule, Target, Term, WithValue};
use super::walk;

/// A branch: the index of its rule, and its own in the rule.
pub(super) type BranchId = (usize, usize);

/// Cycles that are looked for at most: no more are shown by default.
const MAX_CYCLES: usize = 10;

/// The branches in an order in which what one needs comes before it, and the errors of those that need themselves.
pub(super) fn check(tree: &RuleTree, rules: &[Rule]) -> (Vec<BranchId>, Vec<RegoError>) {
    let graph = Graph::new(tree, rules);
    let components = graph.components();
    let mut order = Vec::new();
    let mut errors = Vec::new();
    let mut component_of = vec![0; graph.edges.len()];
    for (number, component) in components.iter().enumerate() {
        for vertex in component {
            component_of[*vertex] = number;
        }
    }
    for component in &components {
        for vertex in component {
            let Some(id) = graph.branch(*vertex) else { continue };
            order.push(id);
            let is_cyclic = component.len() > 1 || graph.edges[*vertex].contains(vertex);
            // Finding a cycle costs as much as its component is large, and more than a few are not shown.
            if is_cyclic && errors.len() <= MAX_CYCLES {
                errors.extend(graph.cycle(*vertex, &component_of).map(|path| error(tree, rules, id, &path)));
            }
        }
    }
    (order, errors)
}

fn error(tree: &RuleTree, rules: &[Rule], id: BranchId, path: &[BranchId]) -> RegoError {
    let name = |id: &BranchId| rewritten_rule_name(tree, &rules[id.0]);
    let path: Vec<String> = path.iter().map(name).collect();
    let message = format!("rule {} is recursive: {}", name(&id), path.join(" -> "));
    RegoError::new(ErrorCode::Recursion, message, Some(rules[id.0].branches[id.1].span))
}

struct Graph<'a> {
    tree: &'a RuleTree,
    /// Vertices that each vertex needs.
    edges: Vec<Vec<usize>>,
    /// The branches behind the vertices of places.
    branches: Vec<BranchId>,
}

impl<'a> Graph<'a> {
    fn new(tree: &'a RuleTree, rules: &[Rule]) -> Self {
        let places = 2 * tree.nodes.len();
        let mut graph = Self { tree, edges: vec![Vec::new(); places], branches: Vec::new() };
        for (number, node) in tree.nodes.iter().enumerate() {
            graph.edges[2 * number + 1].push(2 * number);
            graph.edges[2 * number + 1].extend(node.children.values().map(|child| 2 * child.0 as usize + 1));
        }
        for (number, rule) in rules.iter().enumerate() {
            for (branch, it) in rule.branches.iter().enumerate() {
                let vertex = graph.edges.len();
                graph.edges[2 * rule.node.0 as usize].push(vertex);
                graph.branches.push((number, branch));
                let mut needs = Vec::new();
                graph.needs(it, &mut needs);
                needs.sort_unstable();
                needs.dedup();
                graph.edges.push(needs);
            }
        }
        graph
    }

    fn branch(&self, vertex: usize) -> Option<BranchId> {
        self.branches.get(vertex.checked_sub(2 * self.tree.nodes.len())?).copied()
    }

    fn needs(&self, branch: &Branch, out: &mut Vec<usize>) {
        for term in branch.args.iter().chain(&branch.key).chain([branch.leaf.term()]) {
            walk::every_term_below(term, &mut |it| self.term(it, out));
            walk::exprs_of_term(term, &mut |expr| self.expr(expr, out));
        }
        walk::every_term(&branch.body, &mut |it| self.term(it, out));
        walk::every_expr(&branch.body, &mut |expr| self.expr(expr, out));
    }

    fn term(&self, term: &Term, out: &mut Vec<usize>) {
        if let Kind::Ref(reference) = &term.kind
            && let Base::Data = reference.base
        {
            self.steps(RuleTree::ROOT, &reference.steps, out);
        }
    }

    fn expr(&self, expr: &Expr, out: &mut Vec<usize>) {
        if let ExprKind::Call(call) = &expr.kind
            && let Op::Rule(node) = call.op
        {
            self.place(node, out);
        }
        for with in &expr.with {
            if let WithValue::Rule(node) = with.value {
                self.place(node, out);
            }
            if let Target::Builtin(Op::Rule(node)) = with.target {
                self.place(node, out);
            }
        }
    }

    /// A place and all that is below it, and the rules on the way there.
    fn place(&self, node: NodeId, out: &mut Vec<usize>) {
        out.push(2 * node.0 as usize + 1);
        let mut at = self.tree.get(node).parent;
        while let Some(parent) = at {
            out.push(2 * parent.0 as usize);
            at = self.tree.get(parent).parent;
        }
    }

    fn steps(&self, from: NodeId, steps: &[Term], out: &mut Vec<usize>) {
        let mut at = from;
        for (number, step) in steps.iter().enumerate() {
            let node = self.tree.get(at);
            let is_last = number + 1 == steps.len();
            match &step.kind {
                Kind::Scalar(key) => match node.children.get(key) {
                    Some(child) => {
                        out.push(2 * child.0 as usize);
                        at = *child;
                    }
                    None => return,
                },
                _ if is_last => {
                    out.push(2 * at.0 as usize + 1);
                    return;
                }
                _ => {
                    for child in node.children.values() {
                        out.push(2 * child.0 as usize);
                        self.steps(*child, &steps[number + 1..], out);
                    }
                    return;
                }
            }
        }
        out.push(2 * at.0 as usize + 1);
    }

    /// Strongly connected components, those that others need first (Tarjan's algorithm, its stack on the heap).
    fn components(&self) -> Vec<Vec<usize>> {
        const UNSEEN: usize = usize::MAX;
        let count = self.edges.len();
        let mut index = vec![UNSEEN; count];
        let mut low = vec![0; count];
        let mut on_stack = vec![false; count];
        let (mut stack, mut components, mut next) = (Vec::new(), Vec::new(), 0);
        for root in 0..count {
            if index[root] != UNSEEN {
                continue;
            }
            let mut frames = vec![(root, 0)];
            while let Some((vertex, edge)) = frames.pop() {
                if edge == 0 {
                    index[vertex] = next;
                    low[vertex] = next;
                    next += 1;
                    stack.push(vertex);
                    on_stack[vertex] = true;
                } else {
                    let child = self.edges[vertex][edge - 1];
                    if on_stack[child] {
                        low[vertex] = low[vertex].min(low[child]);
                    }
                }
                let unseen = (edge..self.edges[vertex].len()).find(|at| {
                    let child = self.edges[vertex][*at];
                    if on_stack[child] {
                        low[vertex] = low[vertex].min(index[child]);
                    }
                    index[child] == UNSEEN
                });
                if let Some(at) = unseen {
                    frames.push((vertex, at + 1));
                    frames.push((self.edges[vertex][at], 0));
                } else if low[vertex] == index[vertex] {
                    let at = stack.iter().rposition(|it| *it == vertex).unwrap_or(0);
                    let component = stack.split_off(at);
                    for it in &component {
                        on_stack[*it] = false;
                    }
                    components.push(component);
                }
            }
        }
        components
    }

    /// The branches on a shortest way from a vertex of a cycle back to it, both ends included.
    fn cycle(&self, start: usize, component_of: &[usize]) -> Option<Vec<BranchId>> {
        let mut came_from: HashMap<usize, usize> = HashMap::default();
        let mut todo = VecDeque::from([start]);
        while let Some(vertex) = todo.pop_front() {
            for next in &self.edges[vertex] {
                if component_of[*next] != component_of[start] || came_from.contains_key(next) {
                    continue;
                }
                came_from.insert(*next, vertex);
                if *next == start {
                    return Some(self.way_back(start, &came_from));
                }
                todo.push_back(*next);
            }
        }
        None
    }

    fn way_back(&self, start: usize, came_from: &HashMap<usize, usize>) -> Vec<BranchId> {
        let mut path: Vec<BranchId> = self.branch(start).into_iter().collect();
        let mut at = came_from.get(&start).copied();
        while let Some(vertex) = at {
            path.extend(self.branch(vertex));
            at = if vertex == start { None } else { came_from.get(&vertex).copied() };
        }
        path.reverse();
        path
    }
}
