//! What each rule reads, so that it is known which results a `with` can change.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::rego::hir::{
    Base, Body, Callee, ComprHead, Every, GroupId, Leaf, Node, Program, Ref, Rule, StmtKind, Term,
    WithTarget, WithValue,
};
use crate::rego::value::{Str, Value};

/// A set of groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GroupSet {
    words: Vec<u64>,
}

impl GroupSet {
    pub(crate) fn contains(&self, group: u32) -> bool {
        self.words.get(group as usize / 64).is_some_and(|word| word >> (group % 64) & 1 == 1)
    }

    /// Whether it was not there before.
    fn insert(&mut self, group: u32) -> bool {
        let at = group as usize / 64;
        if self.words.len() <= at {
            self.words.resize(at + 1, 0);
        }
        let before = self.words[at];
        self.words[at] |= 1 << (group % 64);
        before != self.words[at]
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        let (long, short) = if self.words.len() < other.words.len() { (other, self) } else { (self, other) };
        let mut words = long.words.clone();
        for (word, more) in words.iter_mut().zip(&short.words) {
            *word |= more;
        }
        Self { words }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }
}

/// Who reads what, directly; and who reads whom.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    input: Vec<u32>,
    calls: HashMap<Callee, Vec<u32>>,
    data: Vec<(Vec<Str>, u32)>,
    /// By group: those that read it.
    readers: Vec<Vec<u32>>,
}

impl Reads {
    pub(super) fn of(program: &Program) -> Self {
        let mut reads = Self { readers: vec![Vec::new(); program.groups.len()], ..Self::default() };
        for (index, group) in (0_u32..).zip(&program.groups) {
            let mut found = Found::default();
            for rule in group.rules.iter().chain(&group.default) {
                found.rule(rule);
            }
            reads.add(index, found, &program.root);
        }
        reads
    }

    fn add(&mut self, group: u32, found: Found, root: &Node) {
        if found.input {
            self.input.push(group);
        }
        let mut read = BTreeSet::new();
        for callee in found.calls {
            if let Callee::Function(GroupId(function)) = &callee {
                read.insert(*function);
            }
            self.calls.entry(callee).or_default().push(group);
        }
        for path in found.data {
            below(root, &path, &mut read);
            self.data.push((path, group));
        }
        for other in read {
            if let Some(readers) = self.readers.get_mut(other as usize) {
                readers.push(group);
            }
        }
    }

    /// All groups whose value can differ where the target is replaced.
    pub(crate) fn affected(&self, target: &WithTarget) -> GroupSet {
        let mut open: Vec<u32> = match target {
            WithTarget::Input(_) => self.input.clone(),
            WithTarget::Data(path) => {
                let touched = self.data.iter().filter(|(read, _)| overlap(read, path));
                touched.map(|(_, group)| *group).collect()
            }
            WithTarget::Function(function) => self.callers(&Callee::Function(*function)),
            WithTarget::Builtin(name) => {
                let mut callers = self.callers(&Callee::Builtin(name.clone()));
                callers.extend(self.callers(&Callee::Host(name.clone())));
                callers
            }
        };
        let mut set = GroupSet::default();
        while let Some(group) = open.pop() {
            if set.insert(group) {
                open.extend(self.readers.get(group as usize).into_iter().flatten());
            }
        }
        set
    }

    fn callers(&self, callee: &Callee) -> Vec<u32> {
        self.calls.get(callee).cloned().unwrap_or_default()
    }
}

fn overlap(a: &[Str], b: &[Str]) -> bool {
    a.starts_with(b) || b.starts_with(a)
}

/// The groups that a reference with this constant beginning can reach.
fn below(root: &Node, path: &[Str], into: &mut BTreeSet<u32>) {
    let mut node = root;
    for step in path {
        into.extend(node.group.map(|group| group.0));
        match node.children.get(step) {
            Some(child) => node = child,
            None => return,
        }
    }
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        into.extend(node.group.map(|group| group.0));
        open.extend(node.children.values());
    }
}

#[derive(Default)]
struct Found {
    input: bool,
    calls: HashSet<Callee>,
    data: BTreeSet<Vec<Str>>,
}

impl Found {
    fn rule(&mut self, rule: &Rule) {
        self.terms(&rule.args);
        self.terms(&rule.key);
        match &rule.leaf {
            Leaf::Value(term) | Leaf::Contains(term) => self.term(term),
        }
        self.body(&rule.body);
        if let Some(otherwise) = &rule.otherwise {
            self.rule(otherwise);
        }
    }

    fn body(&mut self, body: &Body) {
        for stmt in &body.0 {
            match &stmt.kind {
                StmtKind::Test(term) => self.term(term),
                StmtKind::Unify(a, b) => {
                    self.term(a);
                    self.term(b);
                }
                StmtKind::Not(body) => self.body(body),
                StmtKind::Every(every) => {
                    let Every { domain, body, .. } = every.as_ref();
                    self.term(domain);
                    self.body(body);
                }
            }
            for with in &stmt.with {
                match &with.value {
                    WithValue::Term(term) => self.term(term),
                    WithValue::Function(callee) => {
                        self.calls.insert(callee.clone());
                    }
                }
            }
        }
    }

    fn terms(&mut self, terms: &[Term]) {
        for term in terms {
            self.term(term);
        }
    }

    fn term(&mut self, term: &Term) {
        match term {
            Term::Const(_) | Term::Local(_) => {}
            Term::Ref(reference) => self.reference(reference),
            Term::Array(items) | Term::Set(items) => self.terms(items),
            Term::Object(pairs) => {
                for (key, value) in pairs {
                    self.term(key);
                    self.term(value);
                }
            }
            Term::Compr(compr) => {
                match &compr.head {
                    ComprHead::Array(term) | ComprHead::Set(term) => self.term(term),
                    ComprHead::Object(key, value) => {
                        self.term(key);
                        self.term(value);
                    }
                }
                self.body(&compr.body);
            }
            Term::Call(call) => {
                self.calls.insert(call.callee.clone());
                self.terms(&call.args);
            }
        }
    }

    fn reference(&mut self, reference: &Ref) {
        match &reference.base {
            Base::Input => self.input = true,
            Base::Data => {
                self.data.insert(constant_prefix(&reference.steps));
            }
            Base::Local(_) => {}
            Base::Term(term) => self.term(term),
        }
        self.terms(&reference.steps);
    }
}

/// The leading steps that are constant strings.
pub(super) fn constant_prefix(steps: &[Term]) -> Vec<Str> {
    let strings = steps.iter().map_while(|step| match step {
        Term::Const(Value::String(text)) => Some(text.clone()),
        _ => None,
    });
    strings.collect()
}
