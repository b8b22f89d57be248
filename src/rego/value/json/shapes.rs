//! The keys that objects of one document have: those with the same keys in the same order of the text share one list.

use std::collections::HashMap;
use std::rc::Rc;

use super::super::object::Keys;
use super::super::{Extent, Str, Value};

/// Keys up to which an object is a record whose like may come again; one with more is a map of its own.
pub(super) const MAX_RECORD: usize = 64;

/// Bytes that a new list, or one more key of it, takes while a document is read: the node, its place in a table that
/// is half full, the key in its order.
pub(super) const NODE_BYTES: u64 = 256;

/// Ways from key to key through the objects of a document.
#[derive(Default)]
pub(super) struct Shapes<'a> {
    /// Keys as written, each with the text that they are.
    keys: Vec<(&'a [u8], Str)>,
    numbers: HashMap<&'a [u8], u32>,
    nodes: Vec<Node>,
    /// From a node by a key.
    ways: HashMap<(u32, u32), u32>,
}

/// Where a way of keys has come to.
struct Node {
    /// The key that led here, and from where.
    key: u32,
    before: u32,
    length: usize,
    /// The way that was gone last from here: key and node.
    last: Option<(u32, u32)>,
    /// The same for objects that stand below this key.
    first: Option<(u32, u32)>,
    shape: Option<Shape>,
}

/// The keys of the objects that end at a node.
#[derive(Clone)]
pub(super) struct Shape {
    pub(super) keys: Keys,
    /// For each key the place of its value in the text; nothing where they are written in order.
    pub(super) places: Option<Rc<[u32]>>,
}

/// The node of objects without keys.
pub(super) const START: u32 = 0;

impl<'a> Shapes<'a> {
    /// An object begins. A text without objects needs no nodes.
    pub(super) fn begin(&mut self) -> u32 {
        if self.nodes.is_empty() {
            self.nodes.push(Node { key: 0, before: START, length: 0, last: None, first: None, shape: None });
        }
        START
    }

    /// The key that came last time, as written, and where it leads. An object begins like the last one that stood below
    /// the same key.
    pub(super) fn expected(&self, node: u32, below: u32) -> Option<(&'a [u8], u32)> {
        let (key, next) = match node {
            START => self.nodes[below as usize].first?,
            _ => self.nodes[node as usize].last?,
        };
        Some((self.keys[key as usize].0, next))
    }

    /// The text of a key that was read before.
    pub(super) fn known(&self, written: &[u8]) -> Option<u32> {
        self.numbers.get(written).copied()
    }

    /// Takes note of a key.
    pub(super) fn add(&mut self, written: &'a [u8], text: Str) -> u32 {
        let number = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        self.keys.push((written, text));
        self.numbers.insert(written, number);
        number
    }

    /// How many keys led to a node.
    pub(super) fn length(&self, node: u32) -> usize {
        self.nodes[node as usize].length
    }

    pub(super) fn text(&self, key: u32) -> &Str {
        &self.keys[key as usize].1
    }

    /// Where a key leads; and whether nobody went there before.
    pub(super) fn go(&mut self, node: u32, key: u32, below: u32) -> (u32, bool) {
        let fresh = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let next = *self.ways.entry((node, key)).or_insert(fresh);
        if next == fresh {
            let length = self.length(node) + 1;
            self.nodes.push(Node { key, before: node, length, last: None, first: None, shape: None });
        }
        match node {
            START => self.nodes[below as usize].first = Some((key, next)),
            _ => self.nodes[node as usize].last = Some((key, next)),
        }
        (next, next == fresh)
    }

    /// The keys on the way to a node, as they came.
    pub(super) fn way(&self, mut node: u32) -> Vec<u32> {
        let mut keys = Vec::with_capacity(self.length(node));
        while node != START {
            let Node { key, before, .. } = self.nodes[node as usize];
            keys.push(key);
            node = before;
        }
        keys.reverse();
        keys
    }

    /// The keys of an object that ends at a node. Of a repeated key the last value is taken.
    pub(super) fn shape(&mut self, node: u32) -> Shape {
        if let Some(shape) = &self.nodes[node as usize].shape {
            return shape.clone();
        }
        let mut keys: Vec<(u32, &Str)> =
            (0..).zip(self.way(node).into_iter().map(|key| self.text(key))).collect();
        let in_order = keys.is_sorted_by(|a, b| a.1 < b.1);
        if !in_order {
            keys.sort_by(|a, b| a.1.cmp(b.1));
            keys.dedup_by(|later, earlier| {
                let equal = later.1 == earlier.1;
                if equal {
                    earlier.0 = later.0;
                }
                equal
            });
        }
        let texts: Vec<Value> = keys.iter().map(|(_, text)| Value::String((*text).clone())).collect();
        let extent = Extent::around(&texts);
        let shape = Shape {
            keys: Keys::from_sorted(texts.into_iter(), extent),
            places: (!in_order).then(|| keys.iter().map(|(place, _)| *place).collect()),
        };
        self.nodes[node as usize].shape = Some(shape.clone());
        shape
    }
}
