//! Taking references out of a compiled schema: what refers to a reference refers to what that names.

use super::schema::{Additional, Dependency, Items, Node, NodeId, Rules, Schema};

/// The schema without references on the way from one node to another. One that leads back to itself stays: nobody knows
/// what it says.
pub(super) fn link(mut schema: Schema) -> Schema {
    let targets = targets(&schema.nodes);
    let follow = |id: &mut NodeId| {
        if let Some(target) = targets.get(id.0 as usize) {
            *id = *target;
        }
    };
    follow(&mut schema.root);
    for node in &mut schema.nodes {
        if let Node::Rules(rules) = node {
            each_id(rules, &follow);
        }
    }
    schema
}

/// Where each node leads to. Each reference is followed once: those on a way that was gone know its end.
fn targets(nodes: &[Node]) -> Vec<NodeId> {
    let mut known: Vec<Option<NodeId>> = vec![None; nodes.len()];
    let mut way = Vec::new();
    for start in (0_u32..).map(NodeId).take(nodes.len()) {
        let mut at = start;
        let end = loop {
            let place = at.0 as usize;
            match (known.get(place).copied().flatten(), nodes.get(place)) {
                (Some(end), _) => break end,
                (None, Some(Node::Reference(next))) => {
                    // Whoever comes here again goes in a circle, which ends where it is entered.
                    known[place] = Some(at);
                    way.push(place);
                    at = *next;
                }
                (None, _) => break at,
            }
        };
        way.drain(..).for_each(|place| known[place] = Some(end));
        known[start.0 as usize] = Some(end);
    }
    known.into_iter().zip(0_u32..).map(|(end, at)| end.unwrap_or(NodeId(at))).collect()
}

fn each_id(rules: &mut Rules, follow: &impl Fn(&mut NodeId)) {
    if let Some(logic) = &mut rules.logic {
        let lists = [&mut logic.all_of, &mut logic.any_of, &mut logic.one_of];
        lists.into_iter().flatten().for_each(follow);
        let single = [&mut logic.not, &mut logic.condition, &mut logic.then, &mut logic.otherwise];
        single.into_iter().flatten().for_each(follow);
    }
    if let Some(array) = &mut rules.array {
        match &mut array.items {
            Items::Any => {}
            Items::All(id) => follow(id),
            Items::Each(ids) => ids.iter_mut().for_each(follow),
        }
        if let Additional::Schema(id) = &mut array.additional {
            follow(id);
        }
        array.contains.iter_mut().for_each(follow);
    }
    if let Some(object) = &mut rules.object {
        object.members.iter_mut().filter_map(|it| it.schema.as_mut()).for_each(follow);
        object.patterns.iter_mut().for_each(|(_, id)| follow(id));
        if let Additional::Schema(id) = &mut object.additional {
            follow(id);
        }
        object.names.iter_mut().for_each(follow);
        for (_, needs) in &mut object.dependencies {
            if let Dependency::Schema(id) = needs {
                follow(id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_lead_to_their_end_and_circles_to_a_reference() {
        let to = |id| Node::Reference(NodeId(id));
        let nodes = [to(2), Node::Nothing, to(1), to(4), to(5), to(4), to(3)];
        let ends: Vec<u32> = targets(&nodes).into_iter().map(|it| it.0).collect();
        assert_eq!(ends[..3], [1, 1, 1]);
        assert!(ends[3..].iter().all(|end| matches!(nodes[*end as usize], Node::Reference(_))), "{ends:?}");
    }
}
