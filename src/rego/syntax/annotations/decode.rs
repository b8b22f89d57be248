//! YAML nodes to Go's types, as `yaml.v3` does it for the fields of an annotation.
//!
//! Wrong types do not end the reading: each is noted, and all are reported together.

use std::collections::HashMap;

use super::super::super::value::yaml::{Node, NodeId, NodeKind, Scalar, Style, Tree, is_merge, meaning};
use super::super::super::value::{Number, ObjectBuilder, Str, Value};
use super::timestamp;

/// Names of Go's types in messages.
pub(super) const STRING: &str = "string";
const STRINGS: &str = "[]string";
const LIST: &str = "[]interface {}";
const MAP: &str = "map[string]interface {}";
const MAPS: &str = "[]map[string]interface {}";
const BOOL: &str = "bool";

/// What a plain scalar means to `yaml.v3`.
enum Meaning {
    Yaml(Scalar),
    Timestamp(String),
}

pub(super) struct Decoder<'a> {
    tree: &'a Tree,
    /// Collections already read: aliases share them.
    known: HashMap<*const Node, Value>,
    /// What is wrong, each with its line in the block.
    pub(super) problems: Vec<String>,
    /// Path of the first mapping with a key that is no string.
    pub(super) wrong_key: Option<String>,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(tree: &'a Tree) -> Self {
        Self { tree, known: HashMap::new(), problems: Vec::new(), wrong_key: None }
    }

    pub(super) fn node(&self, id: NodeId) -> &'a Node {
        self.tree.node(id)
    }

    pub(super) fn wrong_type(&mut self, node: &Node, wanted: &str) {
        let (tag, text) = match &node.kind {
            NodeKind::Sequence(_) => ("!!seq", String::new()),
            NodeKind::Mapping(_) => ("!!map", String::new()),
            NodeKind::Scalar { text, .. } => {
                let cut = if text.len() > 10 { text.get(..7) } else { None };
                let shown = cut.map_or_else(|| text.clone(), |cut| format!("{cut}..."));
                (Self::tag(node), format!(" `{shown}`"))
            }
        };
        self.problems.push(format!("line {}: cannot unmarshal {tag}{text} into {wanted}", node.mark.line));
    }

    fn tag(node: &Node) -> &'static str {
        match meaning_of(node) {
            Meaning::Yaml(Scalar::Null) => "!!null",
            Meaning::Yaml(Scalar::Bool(_)) => "!!bool",
            Meaning::Yaml(Scalar::Int(_)) => "!!int",
            Meaning::Yaml(Scalar::Float(_)) => "!!float",
            Meaning::Yaml(Scalar::Text) => "!!str",
            Meaning::Timestamp(_) => "!!timestamp",
        }
    }

    fn is_null(node: &Node) -> bool {
        matches!(meaning_of(node), Meaning::Yaml(Scalar::Null))
    }

    /// A text field takes any scalar as it is written.
    pub(super) fn string(&mut self, node: &Node) -> Str {
        match &node.kind {
            NodeKind::Scalar { text, .. } if !Self::is_null(node) => text.as_str().into(),
            NodeKind::Scalar { .. } => "".into(),
            _ => {
                self.wrong_type(node, STRING);
                "".into()
            }
        }
    }

    /// A boolean field also takes the words of YAML 1.1.
    pub(super) fn boolean(&mut self, node: &Node) -> bool {
        match meaning_of(node) {
            Meaning::Yaml(Scalar::Bool(value)) => return value,
            Meaning::Yaml(Scalar::Null) => return false,
            _ => {}
        }
        match &node.kind {
            NodeKind::Scalar { text, .. } => match text.as_str() {
                "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return true,
                "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => return false,
                _ => {}
            },
            NodeKind::Sequence(_) | NodeKind::Mapping(_) => {}
        }
        self.wrong_type(node, BOOL);
        false
    }

    /// Members of a list; none for null.
    fn members(&mut self, node: &'a Node, wanted: &str) -> &'a [NodeId] {
        if let NodeKind::Sequence(items) = &node.kind {
            return items;
        }
        if !Self::is_null(node) {
            self.wrong_type(node, wanted);
        }
        &[]
    }

    pub(super) fn strings(&mut self, node: &'a Node) -> Vec<Str> {
        self.members(node, STRINGS).iter().map(|id| self.string(self.tree.node(*id))).collect()
    }

    pub(super) fn list(&mut self, node: &'a Node) -> Vec<Value> {
        self.members(node, LIST).iter().map(|id| self.any(self.tree.node(*id), "")).collect()
    }

    pub(super) fn maps(&mut self, node: &'a Node) -> Vec<Vec<(Str, Value)>> {
        self.members(node, MAPS).iter().map(|id| self.map(self.tree.node(*id))).collect()
    }

    /// A field that is a mapping of anything; its own keys may be any scalars.
    pub(super) fn map(&mut self, node: &'a Node) -> Vec<(Str, Value)> {
        let NodeKind::Mapping(_) = &node.kind else {
            if !Self::is_null(node) {
                self.wrong_type(node, MAP);
            }
            return Vec::new();
        };
        let mut out = Vec::new();
        for (key, value) in self.pairs(node) {
            let name = self.string(key);
            let value = self.any(value, "");
            out.push((name, value));
        }
        out
    }

    /// Pairs of a mapping, those merged in with `<<` first. Repeated keys are a problem.
    fn pairs(&mut self, node: &'a Node) -> Vec<(&'a Node, &'a Node)> {
        let NodeKind::Mapping(pairs) = &node.kind else { return Vec::new() };
        let mut seen: HashMap<&str, usize> = HashMap::new();
        let (mut merged, mut own) = (Vec::new(), Vec::new());
        for (key, value) in pairs {
            let (key, value) = (self.tree.node(*key), self.tree.node(*value));
            if is_merge(key) {
                self.merged(value, &mut merged);
                continue;
            }
            if let NodeKind::Scalar { text, .. } = &key.kind {
                let line = key.mark.line;
                if let Some(first) = seen.get(text.as_str()) {
                    let problem =
                        format!("line {line}: mapping key {text:?} already defined at line {first}");
                    self.problems.push(problem);
                } else {
                    seen.insert(text, line);
                }
            }
            own.push((key, value));
        }
        merged.extend(own);
        merged
    }

    /// Pairs of the mappings a merge names; of several the first wins, so it comes last.
    fn merged(&mut self, node: &'a Node, out: &mut Vec<(&'a Node, &'a Node)>) {
        match &node.kind {
            NodeKind::Mapping(pairs) => {
                out.extend(pairs.iter().map(|(key, value)| (self.tree.node(*key), self.tree.node(*value))));
            }
            NodeKind::Sequence(items) => {
                for id in items.iter().rev() {
                    if let NodeKind::Mapping(_) = self.tree.node(*id).kind {
                        self.merged(self.tree.node(*id), out);
                    }
                }
            }
            NodeKind::Scalar { .. } => {
                self.problems.push("map merge requires map or sequence of maps as the value".to_owned());
            }
        }
    }

    /// Anything. Keys of mappings within must be strings.
    fn any(&mut self, node: &'a Node, path: &str) -> Value {
        if let NodeKind::Scalar { .. } = node.kind {
            return self.scalar(node);
        }
        let identity = std::ptr::from_ref(node);
        if let Some(value) = self.known.get(&identity) {
            return value.clone();
        }
        let value: Value = match &node.kind {
            NodeKind::Scalar { .. } => Value::Null,
            NodeKind::Sequence(items) => {
                let items = items.iter().enumerate();
                let read =
                    |(index, id): (usize, &NodeId)| self.any(self.tree.node(*id), &format!("{path}{index}/"));
                items.map(read).collect::<Vec<_>>().into()
            }
            NodeKind::Mapping(_) => {
                let mut object = ObjectBuilder::new();
                for (key, value) in self.pairs(node) {
                    let name = match &key.kind {
                        NodeKind::Scalar { text, .. } if Self::tag(key) == "!!str" => text.as_str(),
                        _ => {
                            let path = path.trim_end_matches('/').to_owned();
                            self.wrong_key.get_or_insert(path);
                            continue;
                        }
                    };
                    object.push_str(name, self.any(value, &format!("{path}{name}/")));
                }
                object.build_last_wins().into()
            }
        };
        self.known.insert(identity, value.clone());
        value
    }

    fn scalar(&mut self, node: &Node) -> Value {
        let NodeKind::Scalar { text, .. } = &node.kind else { return Value::Null };
        match meaning_of(node) {
            Meaning::Yaml(Scalar::Null) => Value::Null,
            Meaning::Yaml(Scalar::Bool(value)) => value.into(),
            Meaning::Yaml(Scalar::Int(value)) => Number::from_int(&value.into()).into(),
            Meaning::Yaml(Scalar::Float(value)) => {
                if !value.is_finite() {
                    self.problems.push(format!("line {}: unsupported value: {text}", node.mark.line));
                }
                value.into()
            }
            Meaning::Yaml(Scalar::Text) => text.as_str().into(),
            Meaning::Timestamp(time) => time.into(),
        }
    }
}

/// Meaning of a scalar; collections and wrong tags are text.
fn meaning_of(node: &Node) -> Meaning {
    let NodeKind::Scalar { text, style } = &node.kind else { return Meaning::Yaml(Scalar::Text) };
    let plain = *style == Style::Plain && node.tag.is_none();
    match meaning(node, text, *style).unwrap_or(Scalar::Text) {
        // `yes` and `on` are booleans of YAML 1.1 only.
        Scalar::Bool(_)
            if plain && !text.eq_ignore_ascii_case("true") && !text.eq_ignore_ascii_case("false") =>
        {
            Meaning::Yaml(Scalar::Text)
        }
        Scalar::Text if plain => match timestamp::rfc3339(text) {
            Some(time) => Meaning::Timestamp(time),
            None => Meaning::Yaml(Scalar::Text),
        },
        scalar => Meaning::Yaml(scalar),
    }
}
