//! Which rules there are and where they hang: the tree of rules by the ground part of their names, the names that
//! each package exports, and the names that each file knows.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::rego::analysis::maps::{HashMap, HashSet};
use crate::rego::error::{ErrorCode, RegoError};
use crate::rego::source::Span;
use crate::rego::syntax::ast;
use crate::rego::value::{Number, ObjectBuilder, Str, Value};

use super::tree::Base;

/// A place in the tree of rules: an index into [`RuleTree::nodes`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct NodeId(pub u32);

/// A rule among all: an index into [`RuleTree::heads`].
pub(super) type RuleId = usize;

/// A place below `data`.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) parent: Option<NodeId>,
    pub(super) key: Value,
    pub(super) children: BTreeMap<Value, NodeId>,
    pub(super) rules: Vec<RuleId>,
}

/// What is known of a rule before its body is looked at.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) node: NodeId,
    pub(super) module: usize,
    /// Its index in the module.
    pub(super) index: usize,
    pub(super) arity: usize,
    /// How many steps of the head's reference are in the node's path.
    pub(super) ground: usize,
    pub(super) span: Span,
}

/// All rules by the ground part of their names.
#[derive(Debug)]
pub(super) struct RuleTree {
    pub(super) nodes: Vec<Node>,
    /// In the order of files and lines.
    pub(super) heads: Vec<Head>,
    /// The modules of each package.
    pub(super) packages: HashMap<NodeId, Vec<usize>>,
}

/// Parts that a package's path and the constant part of a rule's name have together at most: the tree of rules is
/// walked and dropped by recursion. The packages of the released policies have two.
const MAX_PATH_PARTS: usize = 256;

/// Errors for the packages and rules with names that are too long.
pub(super) fn check_paths(modules: &[&ast::Module]) -> Vec<RegoError> {
    let mut errors = Vec::new();
    for module in modules {
        let package = module.package.path.path.len();
        let names = module.rules.iter().map(|rule| (rule.head.reference.path.len() + 1, rule.span));
        for (parts, span) in std::iter::once((0, module.package.span)).chain(names) {
            if package + parts > MAX_PATH_PARTS {
                let message = format!("name has more than {MAX_PATH_PARTS} parts");
                errors.push(RegoError::new(ErrorCode::Compile, message, Some(span)));
            }
        }
    }
    errors
}

impl RuleTree {
    pub(super) const ROOT: NodeId = NodeId(0);

    /// The rules of the modules, which are in the order of their file names.
    pub(super) fn new(modules: &[&ast::Module]) -> Self {
        let root = Node { parent: None, key: Value::Null, children: BTreeMap::new(), rules: Vec::new() };
        let mut tree = Self { nodes: vec![root], heads: Vec::new(), packages: HashMap::default() };
        for (number, module) in modules.iter().enumerate() {
            let package = module.package.parts().fold(Self::ROOT, |at, part| tree.child(at, text(part)));
            tree.packages.entry(package).or_default().push(number);
            for (index, rule) in module.rules.iter().enumerate() {
                let steps = ground_steps(&rule.head.reference);
                let name = root_name(&rule.head);
                let first = tree.child(package, text(&name));
                let node = steps.iter().fold(first, |at, step| tree.child(at, step.clone()));
                let arity = rule.head.args.as_ref().map_or(0, |args| args.len());
                let (ground, span) = (steps.len(), rule.span);
                tree.nodes[node.0 as usize].rules.push(tree.heads.len());
                tree.heads.push(Head { node, module: number, index, arity, ground, span });
            }
        }
        tree
    }

    fn child(&mut self, at: NodeId, key: Value) -> NodeId {
        if let Some(child) = self.get(at).children.get(&key) {
            return *child;
        }
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        let parent = Some(at);
        self.nodes.push(Node { parent, key: key.clone(), children: BTreeMap::new(), rules: Vec::new() });
        self.nodes[at.0 as usize].children.insert(key, id);
        id
    }

    pub(super) fn get(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// The place that a path of constants leads to.
    pub(super) fn find<'a>(&self, path: impl IntoIterator<Item = &'a Value>) -> Option<NodeId> {
        path.into_iter().try_fold(Self::ROOT, |at, key| self.get(at).children.get(key).copied())
    }

    /// How many arguments the rules of a place take: those of the first, 0 for what is no function.
    pub(super) fn arity(&self, id: NodeId) -> Option<usize> {
        self.get(id).rules.first().map(|rule| self.heads[*rule].arity)
    }

    /// Keys from the root to a place.
    pub(super) fn path(&self, id: NodeId) -> Vec<&Value> {
        let mut path = Vec::new();
        let mut at = self.get(id);
        while let Some(parent) = at.parent {
            path.push(&at.key);
            at = self.get(parent);
        }
        path.reverse();
        path
    }

    /// A place and all below it, parents first.
    pub(super) fn below(&self, id: NodeId) -> Vec<NodeId> {
        let mut all = vec![id];
        let mut next = 0;
        while let Some(at) = all.get(next) {
            all.extend(self.get(*at).children.values());
            next += 1;
        }
        all
    }
}

fn text(name: &str) -> Value {
    Value::from(name)
}

/// The name that a rule brings into its package.
pub(super) fn root_name(head: &ast::Head) -> ast::Name {
    head.reference.head.as_var().cloned().unwrap_or_else(|| Arc::from("_"))
}

/// The leading steps that are scalars.
fn ground_steps(reference: &ast::Ref) -> Vec<Value> {
    reference.path.iter().map_while(scalar).collect()
}

/// The value of a literal that is no composite.
pub(super) fn scalar(term: &ast::Term) -> Option<Value> {
    Some(match &term.kind {
        ast::TermKind::Null => Value::Null,
        ast::TermKind::Bool(it) => Value::Bool(*it),
        // The parser accepts spellings that JSON does not have (`.5`); they are read as the nearest float.
        ast::TermKind::Number(text) => match Number::from_text(text) {
            Ok(number) => Value::Number(number),
            Err(_) => Value::from(text.parse::<f64>().unwrap_or(f64::NAN)),
        },
        ast::TermKind::String(text) => Value::String(Str::from(text.as_ref())),
        _ => return None,
    })
}

/// The value of a literal whose parts are literals, but for sets: no pass finds anything in it, so it can be one
/// constant from the beginning. Of equal keys the last value counts.
pub(super) fn literal(term: &ast::Term) -> Option<Value> {
    match &term.kind {
        ast::TermKind::Array(items) => {
            let items: Vec<Value> = items.iter().map(literal).collect::<Option<_>>()?;
            Some(Value::from(items))
        }
        ast::TermKind::Object(pairs) => {
            let mut object = ObjectBuilder::with_capacity(pairs.len());
            for (key, value) in pairs.iter() {
                object.push(literal(key)?, literal(value)?);
            }
            Some(Value::Object(object.build_last_wins()))
        }
        _ => scalar(term),
    }
}

/// What a name stands for in a file.
#[derive(Clone, Debug)]
pub(super) struct Global {
    pub(super) base: Base,
    pub(super) steps: Arc<[Value]>,
}

/// The names that a file knows: its imports, and behind them the rules of its package.
pub(super) struct Globals {
    imports: HashMap<ast::Name, (Global, Cell<bool>)>,
    package: Arc<[Value]>,
    rules: Arc<HashSet<ast::Name>>,
}

impl Globals {
    /// For a query without a package.
    fn none() -> Self {
        Self { imports: HashMap::default(), package: Arc::new([]), rules: Arc::default() }
    }

    /// For a query with imports only.
    pub(super) fn of_imports(imports: &[ast::Import]) -> Self {
        Self { imports: bindings(imports), ..Self::none() }
    }

    /// For a file, or a query in a package.
    pub(super) fn new(package: &ast::Package, imports: &[ast::Import], exports: &Exports) -> Self {
        let path: Arc<[Value]> = package.parts().map(|part| text(part)).collect();
        let rules = exports.0.get(&path).cloned().unwrap_or_default();
        Self { imports: bindings(imports), package: path, rules }
    }

    /// What a name stands for; an import counts as used from then on.
    pub(super) fn get(&self, name: &ast::Name) -> Option<Global> {
        if let Some((global, used)) = self.imports.get(name) {
            used.set(true);
            return Some(global.clone());
        }
        let rule = self.rules.contains(name).then(|| text(name))?;
        Some(Global { base: Base::Data, steps: self.package.iter().cloned().chain([rule]).collect() })
    }

    /// Whether the name of an import was looked up.
    pub(super) fn is_used(&self, name: &ast::Name) -> bool {
        self.imports.get(name).is_none_or(|(_, used)| used.get())
    }
}

fn bindings(imports: &[ast::Import]) -> HashMap<ast::Name, (Global, Cell<bool>)> {
    let bound = |it: &ast::Import| Some((it.binding()?.clone(), (imported(it)?, Cell::new(false))));
    imports.iter().filter_map(bound).collect()
}

fn imported(import: &ast::Import) -> Option<Global> {
    let base = match import.path.head.as_var()?.as_ref() {
        "data" => Base::Data,
        "input" => Base::Input,
        _ => return None,
    };
    Some(Global { base, steps: import.path.path.iter().filter_map(scalar).collect() })
}

/// The first names of the rules of each package.
#[derive(Debug, Default)]
pub(super) struct Exports(HashMap<Arc<[Value]>, Arc<HashSet<ast::Name>>>);

impl Exports {
    pub(super) fn new(modules: &[&ast::Module]) -> Self {
        let mut all: HashMap<Arc<[Value]>, HashSet<ast::Name>> = HashMap::default();
        for module in modules {
            let path = module.package.parts().map(|part| text(part)).collect();
            let names = module.rules.iter().map(|rule| root_name(&rule.head));
            all.entry(path).or_default().extend(names);
        }
        Self(all.into_iter().map(|(path, names)| (path, Arc::new(names))).collect())
    }
}
