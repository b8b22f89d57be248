//! The shape of a policy specification, and every way in which a document misses it.
//!
//! The shape is that of the public `EnterpriseContractPolicy` schema: no unknown fields, texts are texts, of a volatile item
//! only `value` is required. Dates and selectors are looked at elsewhere.

use crate::rego::value::yaml::{Node, NodeKind, Scalar, Tree, is_merge, meaning};

/// What a node should be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// A text. `yes`, `y` and dates count as texts, as they were written.
    Text,
    /// A list of the same.
    List(&'static Shape),
    /// An object with these fields.
    Object(&'static [Field]),
    /// An object with any fields.
    Anything,
}

/// A field of an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    name: &'static str,
    shape: Shape,
    presence: Presence,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Presence {
    Required,
    Optional,
}

const fn optional(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, presence: Presence::Optional }
}

const TEXTS: Shape = Shape::List(&Shape::Text);
const VOLATILE: Shape = Shape::List(&Shape::Object(&[
    Field { name: "value", shape: Shape::Text, presence: Presence::Required },
    optional("effectiveOn", Shape::Text),
    optional("effectiveUntil", Shape::Text),
    optional("imageRef", Shape::Text),
    optional("imageDigest", Shape::Text),
    optional("imageUrl", Shape::Text),
    optional("componentNames", TEXTS),
    optional("reference", Shape::Text),
]));

/// The specification.
pub(super) const SPEC: Shape = Shape::Object(&[
    optional("name", Shape::Text),
    optional("description", Shape::Text),
    optional(
        "sources",
        Shape::List(&Shape::Object(&[
            optional("name", Shape::Text),
            optional("policy", TEXTS),
            optional("data", TEXTS),
            optional("ruleData", Shape::Anything),
            optional("config", Shape::Object(&[optional("include", TEXTS), optional("exclude", TEXTS)])),
            optional(
                "volatileConfig",
                Shape::Object(&[optional("include", VOLATILE), optional("exclude", VOLATILE)]),
            ),
        ])),
    ),
    optional(
        "configuration",
        Shape::Object(&[
            optional("include", TEXTS),
            optional("exclude", TEXTS),
            optional("collections", TEXTS),
        ]),
    ),
    optional("rekorUrl", Shape::Text),
    optional("publicKey", Shape::Text),
    optional(
        "identity",
        Shape::Object(&[
            optional("subject", Shape::Text),
            optional("subjectRegExp", Shape::Text),
            optional("issuer", Shape::Text),
            optional("issuerRegExp", Shape::Text),
        ]),
    ),
]);

/// A fault, the path to it and the node it is at.
pub(super) struct Fault<'t> {
    pub(super) path: String,
    pub(super) node: &'t Node,
    pub(super) message: String,
}

/// Every fault of a node, in the order of the document.
pub(super) fn faults<'t>(tree: &'t Tree, node: &'t Node, shape: Shape) -> Vec<Fault<'t>> {
    let mut walk = Walk { tree, faults: Vec::new() };
    walk.node(node, shape, &mut String::new());
    walk.faults
}

struct Walk<'t> {
    tree: &'t Tree,
    faults: Vec<Fault<'t>>,
}

impl<'t> Walk<'t> {
    fn node(&mut self, node: &'t Node, shape: Shape, path: &mut String) {
        match (shape, &node.kind) {
            (Shape::Text, _) if is_text(node) => {}
            (Shape::List(of), NodeKind::Sequence(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.below(self.tree.node(*item), *of, path, &format!("[{index}]"));
                }
            }
            (Shape::Object(fields), NodeKind::Mapping(_)) => self.object(node, fields, path),
            (Shape::Anything, NodeKind::Mapping(_)) => {}
            _ => {
                let hint = match (shape, &node.kind) {
                    (Shape::Text, NodeKind::Scalar { .. }) => ": put it in quotes if it is meant as one",
                    _ => "",
                };
                let message = format!("expected {}, found {}{hint}", name_of(shape), kind_of(node));
                self.fault(path, node, message);
            }
        }
    }

    fn object(&mut self, node: &'t Node, fields: &'static [Field], path: &mut String) {
        let mut seen = Vec::new();
        for (key, value) in entries(self.tree, node) {
            let Some(field) = fields.iter().find(|field| field.name == key.0) else {
                let allowed: Vec<&str> = fields.iter().map(|field| field.name).collect();
                let message = format!("unknown field {:?}, expected one of: {}", key.0, allowed.join(", "));
                self.fault(path, key.1, message);
                continue;
            };
            seen.push(field.name);
            self.below(value, field.shape, path, &format!(".{}", field.name));
        }
        for field in fields.iter().filter(|field| field.presence == Presence::Required) {
            if !seen.contains(&field.name) {
                self.fault(path, node, format!("the field {:?} is missing", field.name));
            }
        }
    }

    fn below(&mut self, node: &'t Node, shape: Shape, path: &mut String, step: &str) {
        let length = path.len();
        path.push_str(step);
        self.node(node, shape, path);
        path.truncate(length);
    }

    fn fault(&mut self, path: &str, node: &'t Node, message: String) {
        let path = path.trim_start_matches('.').to_owned();
        self.faults.push(Fault { path, node, message });
    }
}

/// The node at a path of field names and positions.
pub(super) fn find<'t>(tree: &'t Tree, from: &'t Node, path: &[Step<'_>]) -> Option<&'t Node> {
    path.iter().try_fold(from, |node, step| match (step, &node.kind) {
        (Step::Field(name), NodeKind::Mapping(_)) => {
            entries(tree, node).into_iter().find(|(key, _)| key.0 == *name).map(|(_, value)| value)
        }
        (Step::Index(index), NodeKind::Sequence(items)) => items.get(*index).map(|id| tree.node(*id)),
        _ => None,
    })
}

/// One step of a path.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    Field(&'a str),
    Index(usize),
}

/// The pairs of a mapping, those of merged mappings after its own.
fn entries<'t>(tree: &'t Tree, node: &'t Node) -> Vec<((&'t str, &'t Node), &'t Node)> {
    let NodeKind::Mapping(pairs) = &node.kind else { return Vec::new() };
    let mut own = Vec::new();
    let mut merged = Vec::new();
    for (key, value) in pairs.iter().map(|(key, value)| (tree.node(*key), tree.node(*value))) {
        match &key.kind {
            _ if is_merge(key) => match &value.kind {
                NodeKind::Sequence(items) => {
                    merged.extend(items.iter().flat_map(|id| entries(tree, tree.node(*id))));
                }
                _ => merged.extend(entries(tree, value)),
            },
            NodeKind::Scalar { text, .. } => own.push(((text.as_str(), key), value)),
            _ => own.push((("", key), value)),
        }
    }
    for (key, value) in merged {
        if !own.iter().any(|(known, _)| known.0 == key.0) {
            own.push((key, value));
        }
    }
    own
}

fn is_text(node: &Node) -> bool {
    let NodeKind::Scalar { text, style } = &node.kind else { return false };
    match meaning(node, text, *style) {
        Ok(Scalar::Text) => true,
        // What only YAML 1.1 takes for a truth value is a text to whoever wrote it.
        Ok(Scalar::Bool(_)) => !matches!(text.to_ascii_lowercase().as_str(), "true" | "false"),
        _ => false,
    }
}

fn name_of(shape: Shape) -> &'static str {
    match shape {
        Shape::Text => "a text",
        Shape::List(_) => "a list",
        Shape::Object(_) | Shape::Anything => "an object",
    }
}

fn kind_of(node: &Node) -> &'static str {
    match &node.kind {
        NodeKind::Sequence(_) => "a list",
        NodeKind::Mapping(_) => "an object",
        NodeKind::Scalar { text, style } => match meaning(node, text, *style) {
            Ok(Scalar::Null) => "null",
            Ok(Scalar::Bool(_)) => "a truth value",
            Ok(Scalar::Int(_) | Scalar::Float(_)) => "a number",
            Ok(Scalar::Text) => "a text",
            Err(_) => "something unreadable",
        },
    }
}
