//! A policy's text: read strictly, every fault named with its place; and what options of the command line change in it.

pub mod extra_rule_data;
pub mod overrides;
mod schema;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Deserialize;

use self::schema::{SPEC, Step, faults, find};
use crate::json::{Limits, Position, ReadError, ReadErrorKind, yaml};
use crate::model::PolicySpec;
use crate::model::policy_spec::{BadVolatile, VolatileCriteria};
use crate::rego::value::ReadLimits;
use crate::rego::value::yaml::{Flavor, Node, NodeKind, Tree};

/// A text and what errors call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The path of the file, or the option that held the text.
    pub name: String,
    /// The text.
    pub text: String,
}

/// A policy that was read.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ReadPolicy {
    /// The specification.
    pub spec: PolicySpec,
    /// Volatile excludes that are not applied since they are malformed, with their places; for `policy-warnings`.
    pub warnings: Vec<String>,
}

/// A policy that is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// Not YAML, not JSON, or not strictly so.
    #[error("unable to parse the policy {}: {error}", .document.name)]
    Unreadable {
        /// The document.
        document: Document,
        /// Why, and where.
        error: ReadError,
    },
    /// Readable, but no policy.
    #[error("the policy does not conform to the EnterpriseContractPolicy spec:\n{}", Violations(.violations))]
    Invalid {
        /// The document.
        document: Document,
        /// At least one, in the order of the document.
        violations: Vec<Violation>,
    },
}

/// One fault of a policy document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The document's name.
    pub file: String,
    /// Where it stands.
    pub position: Position,
    /// For example `sources[0].config`; empty for the whole document.
    pub path: String,
    /// What is wrong, and what is allowed.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, position, path, message } = self;
        let separator = if path.is_empty() { "" } else { ": " };
        write!(f, "{file}:{}:{}: {path}{separator}{message}", position.line, position.column)
    }
}

struct Violations<'a>(&'a [Violation]);

impl fmt::Display for Violations<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{violation}")?;
        }
        Ok(())
    }
}

/// The custom resource around a specification; whatever else it holds is Kubernetes' own.
#[derive(Deserialize)]
struct Resource {
    spec: PolicySpec,
}

/// Reads a policy: a custom resource (`apiVersion`, `kind`, `spec`) or the bare specification, as YAML or JSON. An empty text
/// is the empty policy.
///
/// # Errors
/// [`SpecError`], with all violations.
pub fn read(document: &Document, limits: Limits) -> Result<ReadPolicy, SpecError> {
    if document.text.is_empty() {
        return Ok(ReadPolicy::default());
    }
    let unreadable = |error| SpecError::Unreadable { document: document.clone(), error };
    let bytes = document.text.as_bytes();
    yaml::check_yaml(bytes, limits).map_err(unreadable)?;
    let read_limits = ReadLimits { max_depth: limits.max_depth, ..ReadLimits::default() };
    let tree = Tree::read(&document.text, Flavor::Strict, &read_limits).ok().flatten();
    // It has just been checked, so what cannot be read here could not be read there.
    let nothing = || unreadable(ReadError { kind: ReadErrorKind::Empty, position: None });
    let tree = tree.ok_or_else(nothing)?;
    let reader = Reader { document, tree: &tree };
    let (node, form) = reader.specification()?;
    let found = faults(&tree, node, SPEC);
    let violations: Vec<Violation> = found
        .iter()
        .map(|fault| reader.violation(fault.node, form.path(&fault.path), fault.message.clone()))
        .collect();
    reader.refuse(violations)?;
    let spec = match form {
        Form::Bare => yaml::from_slice::<PolicySpec>(bytes, limits),
        Form::Resource => yaml::from_slice::<Resource>(bytes, limits).map(|resource| resource.spec),
    };
    let spec = spec.map_err(unreadable)?;
    let warnings = reader.volatile(&spec, node, form)?;
    Ok(ReadPolicy { spec, warnings })
}

/// The two forms of a policy document.
#[derive(Clone, Copy)]
enum Form {
    Bare,
    Resource,
}

impl Form {
    fn path(self, below: &str) -> String {
        match self {
            Self::Bare => below.to_owned(),
            Self::Resource if below.is_empty() => "spec".to_owned(),
            Self::Resource => format!("spec.{below}"),
        }
    }
}

struct Reader<'t> {
    document: &'t Document,
    tree: &'t Tree,
}

impl<'t> Reader<'t> {
    fn violation(&self, node: &Node, path: String, message: String) -> Violation {
        let position = Position { offset: node.mark.offset, line: node.mark.line, column: node.mark.column };
        Violation { file: self.document.name.clone(), position, path, message }
    }

    fn refuse(&self, violations: Vec<Violation>) -> Result<(), SpecError> {
        if violations.is_empty() {
            return Ok(());
        }
        Err(SpecError::Invalid { document: self.document.clone(), violations })
    }

    /// The node of the specification. A resource is known by its `apiVersion`; `spec` without it is refused, lest what was
    /// written be taken for nothing.
    fn specification(&self) -> Result<(&'t Node, Form), SpecError> {
        let root = self.tree.root();
        let version = find(self.tree, root, &[Step::Field("apiVersion")]);
        let spec = find(self.tree, root, &[Step::Field("spec")]);
        let given = |node: &&Node| !matches!(&node.kind, NodeKind::Scalar { text, .. } if text.is_empty());
        let complain = |node: &Node, message: &str| SpecError::Invalid {
            document: self.document.clone(),
            violations: vec![self.violation(node, String::new(), message.to_owned())],
        };
        match (version.filter(given), spec) {
            (Some(_), Some(spec)) => Ok((spec, Form::Resource)),
            (Some(version), None) => {
                Err(complain(version, "`apiVersion` is given, but the field \"spec\" is missing"))
            }
            (None, Some(spec)) => Err(complain(
                spec,
                "`spec` is given, but not `apiVersion: appstudio.redhat.com/v1alpha1`: add it, or move what is in `spec` to the top",
            )),
            (None, None) => Ok((root, Form::Bare)),
        }
    }

    /// A malformed include is refused; a malformed exclude is not applied, which the answer says.
    fn volatile(&self, spec: &PolicySpec, node: &Node, form: Form) -> Result<Vec<String>, SpecError> {
        let mut refused = Vec::new();
        let mut warnings = Vec::new();
        for (group, source) in spec.sources.iter().enumerate() {
            let Some(config) = &source.volatile_config else { continue };
            for (index, bad) in malformed(&config.include) {
                refused.push(self.bad_volatile(node, form, (group, "include", index), &bad));
            }
            for (index, bad) in malformed(&config.exclude) {
                let mut it = self.bad_volatile(node, form, (group, "exclude", index), &bad);
                it.message += "; this exclude is not applied";
                warnings.push(it.to_string());
            }
        }
        self.refuse(refused)?;
        Ok(warnings)
    }

    fn bad_volatile(
        &self,
        spec: &Node,
        form: Form,
        (group, list, index): (usize, &'static str, usize),
        bad: &BadVolatile,
    ) -> Violation {
        let path = [
            Step::Field("sources"),
            Step::Index(group),
            Step::Field("volatileConfig"),
            Step::Field(list),
            Step::Index(index),
            Step::Field(bad.field),
        ];
        let text = format!("sources[{group}].volatileConfig.{list}[{index}].{}", bad.field);
        let node = find(self.tree, spec, &path).unwrap_or(spec);
        self.violation(node, form.path(&text), bad.to_string())
    }
}

fn malformed(items: &[VolatileCriteria]) -> impl Iterator<Item = (usize, BadVolatile)> {
    items.iter().enumerate().filter_map(|(index, item)| Some((index, item.read().err()?)))
}
