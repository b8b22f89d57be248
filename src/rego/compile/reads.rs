//! What each rule reads, as far as the text of the policy tells: which results a `with` can change, which are the same in
//! every evaluation, and which parts of the input matter. What is not spelled out counts as everything.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::code::count;
use crate::rego::builtins::decl;
use crate::rego::hir::visit::{self, Visit};
use crate::rego::hir::{Base, Callee, GroupId, GroupKind, Node, Program, Ref, Term, WithTarget};
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

    /// All of so many groups that are not in this set.
    fn complement(&self, groups: usize) -> Self {
        let mut rest = Self::default();
        (0..count(groups)).filter(|group| !self.contains(*group)).for_each(|group| {
            rest.insert(group);
        });
        rest
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }
}

/// Who reads what, directly; and who reads whom.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    input: Vec<(InputPath, u32)>,
    calls: HashMap<Callee, Vec<u32>>,
    data: Vec<(Vec<Str>, u32)>,
    /// By group: those that it reads.
    needs: Vec<BTreeSet<u32>>,
    /// By group: those that read it.
    readers: Vec<Vec<u32>>,
}

/// Steps below `input`; `None` may be anything.
type InputPath = Vec<Option<Str>>;

impl Reads {
    pub(super) fn of(program: &Program) -> Self {
        let groups = program.groups.len();
        let mut reads = Self { readers: vec![Vec::new(); groups], ..Self::default() };
        reads.needs.resize_with(groups, BTreeSet::new);
        for (index, group) in (0_u32..).zip(&program.groups) {
            let mut found = Found::default();
            for rule in group.rules.iter().chain(&group.default) {
                visit::rule(rule, &mut found);
            }
            if group.kind == GroupKind::Partial {
                // What is below a partial rule is part of its value.
                found.data.insert(group.path.clone());
            }
            reads.add(index, found, &program.root);
        }
        for (group, read) in (0_u32..).zip(&reads.needs) {
            for other in read {
                reads.readers[*other as usize].push(group);
            }
        }
        reads
    }

    fn add(&mut self, group: u32, found: Found, root: &Node) {
        self.input.extend(found.input.into_iter().map(|path| (path, group)));
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
        read.remove(&group);
        self.needs[group as usize] = read;
    }

    /// All groups whose value can differ where the target is replaced.
    pub(crate) fn affected(&self, target: &WithTarget) -> GroupSet {
        self.all_that_read(match target {
            WithTarget::Input(_) => self.input.iter().map(|(_, group)| *group).collect(),
            WithTarget::Data(path) => self.readers_of_data(path),
            WithTarget::Function(function) => self.callers(&Callee::Function(*function)),
            WithTarget::Builtin(name) => {
                let mut callers = self.callers(&Callee::Builtin(name.clone()));
                callers.extend(self.callers(&Callee::Host(name.clone())));
                callers
            }
        })
    }

    /// The groups whose value is the same in every evaluation, whatever its input, its data at these paths, clock and
    /// chance: they ask nothing of the host and show nothing to a watcher either.
    pub(crate) fn constant(&self, differing: &[Vec<Str>]) -> GroupSet {
        let mut changing: Vec<u32> = self.input.iter().map(|(_, group)| *group).collect();
        changing.extend(differing.iter().flat_map(|path| self.readers_of_data(path)));
        let calls = self.calls.iter().filter(|(callee, _)| match callee {
            Callee::Host(_) => true,
            Callee::Builtin(name) => !decl::is_pure(name),
            Callee::Function(_) => false,
        });
        changing.extend(calls.flat_map(|(_, groups)| groups));
        self.all_that_read(changing).complement(self.readers.len())
    }

    /// The groups that do something which the world around the engine sees.
    pub(crate) fn visible(&self) -> GroupSet {
        let calls = self.calls.iter().filter(|(callee, _)| match callee {
            Callee::Host(_) => true,
            Callee::Builtin(name) => decl::is_shown(name),
            Callee::Function(_) => false,
        });
        self.all_that_read(calls.flat_map(|(_, groups)| groups).copied().collect())
    }

    /// The groups that these groups need, themselves included.
    pub(crate) fn needed(&self, groups: impl IntoIterator<Item = u32>) -> GroupSet {
        let mut open: Vec<u32> = groups.into_iter().collect();
        let mut set = GroupSet::default();
        while let Some(group) = open.pop() {
            if set.insert(group) {
                open.extend(self.needs.get(group as usize).into_iter().flatten());
            }
        }
        set
    }

    /// Whether some rule may look at `input` at this path, at something below it, or at something that holds it.
    pub(crate) fn may_read_input(&self, path: &[&str]) -> bool {
        let meets = |steps: &InputPath| {
            steps.iter().zip(path).all(|(step, name)| step.as_ref().is_none_or(|step| step.as_str() == *name))
        };
        self.input.iter().any(|(steps, _)| meets(steps))
    }

    fn all_that_read(&self, mut open: Vec<u32>) -> GroupSet {
        let mut set = GroupSet::default();
        while let Some(group) = open.pop() {
            if set.insert(group) {
                open.extend(self.readers.get(group as usize).into_iter().flatten());
            }
        }
        set
    }

    fn readers_of_data(&self, path: &[Str]) -> Vec<u32> {
        let touched = self.data.iter().filter(|(read, _)| overlap(read, path));
        touched.map(|(_, group)| *group).collect()
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
    input: BTreeSet<InputPath>,
    calls: HashSet<Callee>,
    data: BTreeSet<Vec<Str>>,
}

impl Visit for Found {
    fn reference(&mut self, reference: &Ref) {
        match &reference.base {
            Base::Input => {
                // A key that is no text finds nothing in an object, but may find something in a list.
                let name = |step: &Term| match step {
                    Term::Const(Value::String(text)) => Some(text.clone()),
                    _ => None,
                };
                self.input.insert(reference.steps.iter().map(name).collect());
            }
            Base::Data => {
                let strings = reference.steps.iter().map_while(|step| match step {
                    Term::Const(Value::String(text)) => Some(text.clone()),
                    _ => None,
                });
                self.data.insert(strings.collect());
            }
            Base::Local(_) | Base::Term(_) => {}
        }
    }

    fn callee(&mut self, callee: &Callee) {
        self.calls.insert(callee.clone());
    }
}
