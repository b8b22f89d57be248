//! What is known of the rules of a source group before any of them runs: codes, annotations, places.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// The path of a package below `data`, for example `release.maven_repos`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackagePath {
    segments: Arc<[Arc<str>]>,
    dotted: Arc<str>,
}

impl PackagePath {
    /// The path with these segments.
    pub fn new(segments: impl IntoIterator<Item = impl Into<Arc<str>>>) -> Self {
        let segments: Arc<[Arc<str>]> = segments.into_iter().map(Into::into).collect();
        let dotted = segments.join(".").into();
        Self { segments, dotted }
    }

    /// Its segments, `data` not among them.
    pub fn segments(&self) -> &[Arc<str>] {
        &self.segments
    }

    /// The segments with dots between them, as codes spell it.
    pub fn dotted(&self) -> &str {
        &self.dotted
    }
}

impl fmt::Display for PackagePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.dotted)
    }
}

impl fmt::Debug for PackagePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a rule's name makes of its results.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ResultKind {
    /// `deny`, `deny_x`, `violation`, `violation_x`: its results are violations.
    Failure,
    /// `warn`, `warn_x`: its results are warnings.
    Warning,
}

impl ResultKind {
    /// The kind of the rules of this name: `deny`, `violation` or `warn`, alone or followed by parts of ASCII letters and
    /// digits, each after one underscore. Any other name is that of a helper.
    pub fn of_rule(name: &str) -> Option<Self> {
        let mut parts = name.split('_');
        let kind = match parts.next()? {
            "deny" | "violation" => Self::Failure,
            "warn" => Self::Warning,
            _ => return None,
        };
        let well_formed = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
        parts.all(well_formed).then_some(kind)
    }
}

/// Where a rule stands.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RuleLocation {
    /// The file as reports show it.
    pub file: Arc<str>,
    /// Line, from 1.
    pub row: u32,
}

impl fmt::Display for RuleLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.row)
    }
}

/// A rule with an annotation that gives it a short name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AnnotatedRule {
    /// Package and short name: `release.maven_repos.deny_unpermitted`.
    pub code: String,
    /// Where it is defined.
    pub package: PackagePath,
    /// Its name in Rego: `deny`, or that of a helper.
    pub name: Arc<str>,
    /// `custom.short_name`
    pub short_name: String,
    /// `title`, or empty.
    pub title: String,
    /// `description`, cross references replaced by their labels, or empty.
    pub description: String,
    /// `custom.solution`, likewise.
    pub solution: String,
    /// `custom.effective_on`, as written (dates of YAML as RFC 3339), or empty.
    pub effective_on: String,
    /// `custom.collections`
    pub collections: Vec<String>,
    /// `custom.depends_on`: codes.
    pub depends_on: Vec<String>,
    /// `custom.pipeline_intention`
    pub pipeline_intention: Vec<String>,
    /// Its first line.
    pub location: RuleLocation,
}

/// A deny, violation or warn rule without a short name: known only so that includes and excludes can select its
/// package.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnnamedRule {
    /// The code that its body spells out, else package and name.
    pub code: String,
    /// Where it is defined.
    pub package: PackagePath,
    /// Its name in Rego.
    pub name: Arc<str>,
    /// Its first line.
    pub location: RuleLocation,
}

/// Two rules of one group bear the same code, so that nobody could tell their results apart.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("found a second rule with the same code: `{code}` at {second} (the first is at {first})")]
pub struct DuplicateCode {
    /// The code.
    pub code: String,
    /// The rule that had it.
    pub first: RuleLocation,
    /// The rule that has it, too.
    pub second: RuleLocation,
}

/// The rules of one source group.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RuleTable {
    annotated: BTreeMap<String, AnnotatedRule>,
    unnamed: Vec<UnnamedRule>,
}

impl RuleTable {
    /// Adds an annotated rule.
    ///
    /// # Errors
    /// [`DuplicateCode`] where another rule has its code; the table keeps the first.
    pub fn add(&mut self, rule: AnnotatedRule) -> Result<(), DuplicateCode> {
        if let Some(first) = self.annotated.get(&rule.code) {
            let first = first.location.clone();
            return Err(DuplicateCode { code: rule.code, first, second: rule.location });
        }
        self.annotated.insert(rule.code.clone(), rule);
        Ok(())
    }

    /// Adds a rule without a short name.
    pub fn add_unnamed(&mut self, rule: UnnamedRule) {
        self.unnamed.push(rule);
    }

    /// The annotated rule with this code.
    pub fn get(&self, code: &str) -> Option<&AnnotatedRule> {
        self.annotated.get(code)
    }

    /// Annotated rules, by code.
    pub fn annotated(&self) -> impl Iterator<Item = &AnnotatedRule> {
        self.annotated.values()
    }

    /// Deny, violation and warn rules without a short name, as they were found.
    pub fn unnamed(&self) -> &[UnnamedRule] {
        &self.unnamed
    }

    /// Every package that holds a rule of this table.
    pub fn packages(&self) -> BTreeSet<&PackagePath> {
        let annotated = self.annotated.values().map(|rule| &rule.package);
        annotated.chain(self.unnamed.iter().map(|rule| &rule.package)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_decides_the_kind_of_results() {
        for name in ["deny", "deny_more", "violation", "violation_x_1", "deny_A1"] {
            assert_eq!(ResultKind::of_rule(name), Some(ResultKind::Failure), "{name}");
        }
        for name in ["warn", "warn_x"] {
            assert_eq!(ResultKind::of_rule(name), Some(ResultKind::Warning), "{name}");
        }
        for name in ["denied", "warning", "deny_", "warn__x", "_deny", "Deny", "deny_ü", "exception", ""] {
            assert_eq!(ResultKind::of_rule(name), None, "{name}");
        }
    }

    #[test]
    fn a_second_rule_with_the_same_code_is_refused_with_both_places() {
        let rule = |row| AnnotatedRule {
            code: "twice.same".to_owned(),
            package: PackagePath::new(["twice"]),
            name: "deny".into(),
            short_name: "same".to_owned(),
            title: String::new(),
            description: String::new(),
            solution: String::new(),
            effective_on: String::new(),
            collections: Vec::new(),
            depends_on: Vec::new(),
            pipeline_intention: Vec::new(),
            location: RuleLocation { file: "x.rego".into(), row },
        };
        let mut table = RuleTable::default();
        table.add(rule(3)).unwrap();
        let error = table.add(rule(9)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "found a second rule with the same code: `twice.same` at x.rego:9 (the first is at x.rego:3)"
        );
    }
}
