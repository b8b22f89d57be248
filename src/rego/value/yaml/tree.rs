//! A YAML document as a tree of nodes with places: what the text says, before anything is made of it.
//!
//! Aliases point at nodes that were complete before them, so there are no cycles; how large and deep the document is with
//! all aliases unfolded is known without unfolding any.

use granit_parser::{ErrorKind, Event, Marker, Options, Parser, ScalarStyle, Span, Tag};

use super::super::{MAX_DEPTH, ReadLimits};
use super::{YamlError, YamlErrorKind};

/// Nodes that aliases may add to a document by unfolding. Go's reader stops near here.
pub const MAX_ALIASED_NODES: u64 = 400_000;

/// A place in the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Bytes before the place.
    pub offset: usize,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
}

/// A node of a document.
#[derive(Debug)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Where it begins.
    pub mark: Mark,
    /// The full tag, if one is written.
    pub tag: Option<String>,
    /// Nodes within, aliases unfolded, itself included.
    size: u64,
    /// Levels of nesting, aliases unfolded: 0 for a scalar.
    depth: u32,
}

/// What a node is.
#[derive(Debug)]
pub enum NodeKind {
    /// Text, and whether it was written without quotes, so that it may mean something else.
    Scalar {
        /// The text, escapes resolved.
        text: String,
        /// How it was written.
        style: Style,
    },
    /// Nodes in order.
    Sequence(Vec<NodeId>),
    /// Keys and values in order.
    Mapping(Vec<(NodeId, NodeId)>),
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes: it may be a number, a boolean, null.
    Plain,
    /// In quotes or as a block: it is text.
    Quoted,
}

/// What is made of a text beyond one YAML 1.1 document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    /// As Go's reader: what follows the first document is ignored, escapes must not name surrogates.
    Go,
    /// Nothing may follow the document; a pair of escapes may name a character, as in JSON.
    Strict,
}

/// A node's place in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeId(usize);

/// The first document of a text.
#[derive(Debug)]
pub struct Tree {
    nodes: Vec<Node>,
    root: NodeId,
}

impl Tree {
    /// Reads the first document; nothing where the text has none.
    ///
    /// # Errors
    /// [`YamlError`], with its place: not YAML, beyond the limits or with too many aliases.
    pub fn read(text: &str, flavor: Flavor, limits: &ReadLimits) -> Result<Option<Self>, YamlError> {
        let mut options = Options::default();
        options.emit_comments = false;
        // A JSON document may have keys of any length.
        options.simple_key_max_lookahead = text.len().max(options.simple_key_max_lookahead);
        let mut builder = Builder {
            text,
            flavor,
            nodes: Vec::new(),
            anchors: Vec::new(),
            open: Vec::new(),
            limits,
            heap: 0,
        };
        let mut root = None;
        for next in Parser::new_from_str_with_options(text, options) {
            let (event, span) = next.map_err(|error| {
                let mark = builder.mark(*error.marker());
                match error.kind() {
                    // Its limits are above ours; what meets it was not yet counted here.
                    ErrorKind::RecursionLimitExceeded => YamlErrorKind::TooDeep(builder.max_depth()),
                    _ => YamlErrorKind::Syntax(error.info()),
                }
                .at(mark)
            })?;
            if root.is_some() {
                builder.nothing(&event, &span)?;
            } else {
                root = builder.event(event, &span)?;
                if root.is_some() && flavor == Flavor::Go {
                    break;
                }
            }
        }
        Ok(root.map(|root| Self { nodes: builder.nodes, root }))
    }

    /// All nodes, each once.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter()
    }

    /// The outermost node.
    pub fn root(&self) -> &Node {
        &self.nodes[self.root.0]
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }
}

enum Open {
    Sequence(Vec<NodeId>),
    Mapping(Vec<(NodeId, NodeId)>, Option<NodeId>),
}

struct Frame {
    what: Open,
    mark: Mark,
    tag: Option<String>,
    anchor: usize,
}

struct Builder<'a> {
    text: &'a str,
    flavor: Flavor,
    nodes: Vec<Node>,
    /// By number of the anchor; the number 0 means no anchor.
    anchors: Vec<Option<NodeId>>,
    open: Vec<Frame>,
    limits: &'a ReadLimits,
    heap: u64,
}

impl Builder<'_> {
    /// Takes an event; gives the root once it is complete.
    fn event(&mut self, event: Event<'_>, span: &Span) -> Result<Option<NodeId>, YamlError> {
        let mark = self.mark(span.start);
        match event {
            Event::DocumentStart(_, Some(version)) if (version.major, version.minor) != (1, 1) => {
                Err(YamlErrorKind::Version.at(mark))
            }
            Event::Scalar(text, style, anchor, tag) => {
                if self.flavor == Flavor::Go
                    && style == ScalarStyle::DoubleQuoted
                    && names_a_surrogate(span.slice(self.text).unwrap_or_default())
                {
                    return Err(YamlErrorKind::Surrogate.at(mark));
                }
                let style = if style == ScalarStyle::Plain { Style::Plain } else { Style::Quoted };
                let kind = NodeKind::Scalar { text: text.into_owned(), style };
                self.complete(kind, mark, full_tag(tag.as_deref()), anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.start(Open::Sequence(Vec::new()), mark, anchor, tag.as_deref())
            }
            Event::MappingStart(_, anchor, tag) => {
                self.start(Open::Mapping(Vec::new(), None), mark, anchor, tag.as_deref())
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(frame) = self.open.pop() else { return Ok(None) };
                let kind = match frame.what {
                    Open::Sequence(items) => NodeKind::Sequence(items),
                    Open::Mapping(pairs, _) => NodeKind::Mapping(pairs),
                };
                self.complete(kind, frame.mark, frame.tag, frame.anchor)
            }
            Event::Alias(anchor) => match self.anchors.get(anchor) {
                Some(Some(target)) => Ok(self.place(*target)),
                _ => Err(YamlErrorKind::SelfReference.at(mark)),
            },
            _ => Ok(None),
        }
    }

    /// Refuses what stands behind the document; an empty document is nothing.
    fn nothing(&self, event: &Event<'_>, span: &Span) -> Result<(), YamlError> {
        match event {
            Event::Scalar(text, ScalarStyle::Plain, ..) if text.is_empty() || text == "~" => Ok(()),
            Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) | Event::Alias(_) => {
                Err(YamlErrorKind::Trailing.at(self.mark(span.start)))
            }
            _ => Ok(()),
        }
    }

    fn max_depth(&self) -> u32 {
        self.limits.max_depth.min(MAX_DEPTH)
    }

    fn start(
        &mut self,
        what: Open,
        mark: Mark,
        anchor: usize,
        tag: Option<&Tag>,
    ) -> Result<Option<NodeId>, YamlError> {
        if self.open.len() >= self.max_depth() as usize {
            return Err(YamlErrorKind::TooDeep(self.max_depth()).at(mark));
        }
        self.open.push(Frame { what, mark, tag: full_tag(tag), anchor });
        Ok(None)
    }

    fn complete(
        &mut self,
        kind: NodeKind,
        mark: Mark,
        tag: Option<String>,
        anchor: usize,
    ) -> Result<Option<NodeId>, YamlError> {
        let text = if let NodeKind::Scalar { text, .. } = &kind { text.len() } else { 0 };
        self.heap += (size_of::<Node>() + text) as u64;
        if self.heap > self.limits.max_heap_bytes {
            return Err(YamlErrorKind::TooLarge(self.limits.max_heap_bytes).at(mark));
        }
        let (mut size, mut depth) = (1_u64, 0);
        let mut add = |id: &NodeId| {
            let node = &self.nodes[id.0];
            size = size.saturating_add(node.size);
            depth = depth.max(1 + node.depth);
        };
        match &kind {
            NodeKind::Scalar { .. } => {}
            NodeKind::Sequence(items) => items.iter().for_each(add),
            NodeKind::Mapping(pairs) => pairs.iter().for_each(|(key, value)| {
                add(key);
                add(value);
            }),
        }
        if depth > self.max_depth() {
            return Err(YamlErrorKind::TooDeep(self.max_depth()).at(mark));
        }
        // Every node written is in `nodes`, so what goes beyond was added by aliases.
        if size > MAX_ALIASED_NODES + self.nodes.len() as u64 {
            return Err(YamlErrorKind::TooManyAliases.at(mark));
        }
        let id = NodeId(self.nodes.len());
        self.nodes.push(Node { kind, mark, tag, size, depth });
        if anchor > 0 {
            self.anchors.resize(self.anchors.len().max(anchor + 1), None);
            self.anchors[anchor] = Some(id);
        }
        Ok(self.place(id))
    }

    /// Puts a node where it stands: into what is open, or at the root.
    fn place(&mut self, id: NodeId) -> Option<NodeId> {
        match self.open.last_mut().map(|frame| &mut frame.what) {
            None => return Some(id),
            Some(Open::Sequence(items)) => items.push(id),
            Some(Open::Mapping(pairs, key)) => match key.take() {
                None => *key = Some(id),
                Some(key) => pairs.push((key, id)),
            },
        }
        None
    }

    fn mark(&self, marker: Marker) -> Mark {
        let offset = marker.byte_offset().unwrap_or(self.text.len());
        Mark { offset, line: marker.line(), column: marker.col() + 1 }
    }
}

fn full_tag(tag: Option<&Tag>) -> Option<String> {
    tag.map(|it| format!("{}{}", it.handle(), it.suffix()))
}

/// `\ud83d` and its like name no character.
fn names_a_surrogate(source: &str) -> bool {
    let bytes = source.as_bytes();
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(|it| *it == b'\\') {
        let escape = &bytes[at + found..];
        if let [b'\\', b'u', b'd' | b'D', digit, ..] = escape
            && matches!(digit, b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F')
        {
            return true;
        }
        // An escaped backslash begins no escape.
        at += found + escape.len().min(2);
    }
    false
}
