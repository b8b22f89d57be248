//! The annotations of all modules together, and what `rego.metadata.*` gives.

use std::collections::{BTreeMap, HashMap};

use super::super::super::error::{ErrorCode, Errors, RegoError};
use super::super::super::source::{Sources, Span};
use super::super::super::value::{ObjectBuilder, Value};
use super::super::ast::{Module, Name};
use super::attach::head_path;
use super::{Annotations, Owner, SchemaAnnotation, Scope};

/// A path below `data`.
type Path = Vec<String>;

/// An annotation: the index of its module, and its index there.
type Place = (usize, usize);

/// Which branch of a rule asks for its metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Branch {
    /// The first.
    First,
    /// An `else`: the annotations above the rule are not its own.
    Else,
}

/// One annotation in the list that `inspect` shows.
#[derive(Clone, Debug)]
pub struct FlatAnnotation<'a> {
    /// Path of the package or rule below `data`.
    pub path: Path,
    /// The package or rule.
    pub target: Span,
    /// What is said of it.
    pub annotations: &'a Annotations,
}

impl FlatAnnotation<'_> {
    /// Whether it stands above a rule.
    pub fn is_about_a_rule(&self) -> bool {
        matches!(self.annotations.owner, Owner::Rule(_))
    }
}

/// The annotations of the modules that are compiled together.
#[derive(Debug)]
pub struct AnnotationSet<'a> {
    modules: &'a [Module],
    documents: BTreeMap<Path, Place>,
    packages: BTreeMap<Path, Place>,
    subpackages: BTreeMap<Path, Place>,
    /// By module and rule.
    rules: HashMap<(usize, usize), Vec<usize>>,
}

impl<'a> AnnotationSet<'a> {
    /// Gathers the annotations.
    ///
    /// # Errors
    /// Type errors where the metadata of a document or package is declared twice.
    pub fn new(modules: &'a [Module], sources: &Sources) -> Result<Self, Errors> {
        let mut set = Self {
            modules,
            documents: BTreeMap::new(),
            packages: BTreeMap::new(),
            subpackages: BTreeMap::new(),
            rules: HashMap::new(),
        };
        let mut errors = Vec::new();
        for (module_index, module) in modules.iter().enumerate() {
            for (index, annotations) in module.annotations.iter().enumerate() {
                if let Some(earlier) = set.add((module_index, index), module, annotations) {
                    errors.push(redeclared(annotations, earlier.span, sources));
                }
            }
        }
        Errors(errors).into_result(set)
    }

    /// Takes an annotation in, or gives the one that is in its place.
    fn add(&mut self, place: Place, module: &Module, annotations: &Annotations) -> Option<&'a Annotations> {
        let package = || package_path(module);
        let (map, path) = match (annotations.scope, annotations.owner) {
            (Scope::Rule, Owner::Rule(rule)) => {
                self.rules.entry((place.0, rule)).or_default().push(place.1);
                return None;
            }
            (Scope::Document, Owner::Rule(rule)) => (&mut self.documents, rule_path(module, rule)),
            (Scope::Package, _) => (&mut self.packages, package()),
            (Scope::Subpackages, _) => (&mut self.subpackages, package()),
            (Scope::Rule | Scope::Document, Owner::Package) => return None,
        };
        let earlier = *map.entry(path).or_insert(place);
        (earlier != place).then(|| self.get(earlier)).flatten()
    }

    fn get(&self, (module, index): Place) -> Option<&'a Annotations> {
        self.modules.get(module)?.annotations.get(index)
    }

    /// What `rego.metadata.rule()` gives in a rule: an object, empty where the rule has no annotations.
    pub fn rule(&self, module: usize, rule: usize, branch: Branch) -> Value {
        let nearest = self.of_rule(module, rule, branch).next();
        nearest.map_or_else(|| ObjectBuilder::new().build_last_wins().into(), Annotations::to_value)
    }

    /// What `rego.metadata.chain()` gives in a rule: the rule (at least its path), its document, its package,
    /// and the packages above that speak for those below, from the nearest to the farthest.
    pub fn chain(&self, module: usize, rule: usize, branch: Branch) -> Value {
        let Some(found) = self.modules.get(module) else { return Vec::new().into() };
        let (path, package) = (rule_path(found, rule), package_path(found));
        let mut links: Vec<Value> =
            self.of_rule(module, rule, branch).map(|annotations| link(&path, Some(annotations))).collect();
        if links.is_empty() {
            links.push(link(&path, None));
        }
        let mut push = |map: &BTreeMap<Path, Place>, path: &[String]| {
            if let Some(annotations) = map.get(path).and_then(|place| self.get(*place)) {
                links.push(link(path, Some(annotations)));
            }
        };
        push(&self.documents, &path);
        push(&self.packages, &package);
        for length in (1..=package.len()).rev() {
            push(&self.subpackages, package.get(..length).unwrap_or_default());
        }
        links.into()
    }

    /// Whether any annotation has schemas.
    pub fn has_schemas(&self) -> bool {
        self.modules.iter().flat_map(|module| &module.annotations).any(|it| !it.schemas.is_empty())
    }

    /// The schemas that hold in a rule: those of the packages above, the package, the document, and the rule. Of two for
    /// one document the later one counts.
    pub fn schemas(&self, module: usize, rule: usize, branch: Branch) -> Vec<&'a SchemaAnnotation> {
        let Some(found) = self.modules.get(module) else { return Vec::new() };
        let (path, package) = (rule_path(found, rule), package_path(found));
        let above = (0..=package.len()).filter_map(|length| self.subpackages.get(package.get(..length)?));
        let around = above.chain(self.packages.get(&package)).chain(self.documents.get(&path));
        let around: Vec<_> = around.filter_map(|place| self.get(*place)).collect();
        let mut own: Vec<_> = self.of_rule(module, rule, branch).collect();
        own.reverse();
        around.into_iter().chain(own).flat_map(|it| &it.schemas).collect()
    }

    /// Annotations of rule scope, the nearest to the rule first.
    fn of_rule(&self, module: usize, rule: usize, branch: Branch) -> impl Iterator<Item = &'a Annotations> {
        let own = match branch {
            Branch::First => self.rules.get(&(module, rule)).map(Vec::as_slice),
            Branch::Else => None,
        };
        let annotations = self.modules.get(module).map(|module| &module.annotations);
        own.unwrap_or_default().to_vec().into_iter().rev().filter_map(move |index| annotations?.get(index))
    }

    /// Every annotation, ordered by path and then by place.
    pub fn flat(&self, sources: &Sources) -> Vec<FlatAnnotation<'a>> {
        let of = |module: &'a Module, annotations: &'a Annotations| match annotations.owner {
            Owner::Package => {
                FlatAnnotation { path: package_path(module), target: module.package.span, annotations }
            }
            Owner::Rule(rule) => {
                let target = module.rules.get(rule).map_or(annotations.span, |rule| rule.span);
                FlatAnnotation { path: rule_path(module, rule), target, annotations }
            }
        };
        let mut all: Vec<_> = self
            .modules
            .iter()
            .flat_map(|module| module.annotations.iter().map(move |annotations| of(module, annotations)))
            .collect();
        all.sort_by_cached_key(|flat| {
            let span = flat.annotations.span;
            (flat.path.clone(), sources.name(span).to_owned(), sources.position(span))
        });
        all
    }
}

fn redeclared(annotations: &Annotations, earlier: Span, sources: &Sources) -> RegoError {
    let (name, row) = (sources.name(earlier), sources.position(earlier).row);
    let scope = annotations.scope.as_str();
    RegoError::new(
        ErrorCode::Type,
        format!("{scope} annotation redeclared: {name}:{row}"),
        Some(annotations.span),
    )
}

fn package_path(module: &Module) -> Path {
    module.package.parts().map(Name::to_string).collect()
}

fn rule_path(module: &Module, rule: usize) -> Path {
    let mut path = package_path(module);
    path.extend(module.rules.get(rule).iter().flat_map(|rule| head_path(rule)));
    path
}

fn link(path: &[String], annotations: Option<&Annotations>) -> Value {
    let mut object = ObjectBuilder::new();
    object.push_str("path", path.iter().map(|part| Value::from(part.as_str())).collect::<Vec<_>>());
    if let Some(annotations) = annotations {
        object.push_str("annotations", annotations.to_value());
    }
    object.build_last_wins().into()
}
