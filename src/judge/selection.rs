//! Which packages are worth running for a subject, and, for `ec-policy`, which rules may speak at all.

use std::collections::BTreeSet;

use super::criteria::Lists;
use super::matching::Matchers;
use crate::model::{EntryPoint, PackagePath, RuleTable};

/// The packages to run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Selection {
    /// Every package: no rule that is known beforehand is asked for, but results may be, by what only they tell (terms,
    /// collections of their own, no code at all).
    Everything,
    /// These.
    Packages(BTreeSet<PackagePath>),
}

impl Selection {
    /// Whether the entry point is to be asked.
    pub fn contains(&self, entry: &EntryPoint) -> bool {
        self.contains_package(&entry.package)
    }

    pub(super) fn contains_package(&self, package: &PackagePath) -> bool {
        match self {
            Self::Everything => true,
            Self::Packages(packages) => packages.contains(package),
        }
    }
}

/// What is known of a rule beforehand; made once for the run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Known {
    pub(super) package: PackagePath,
    pub(super) code: String,
    pub(super) matchers: Matchers,
    pub(super) intention: Vec<String>,
}

/// Every rule of the table, annotated ones first, by code.
pub(super) fn known(table: &RuleTable) -> Vec<Known> {
    let annotated = table.annotated().map(|rule| Known {
        package: rule.package.clone(),
        code: rule.code.clone(),
        matchers: Matchers::new(&rule.code, rule.collections.iter().map(String::as_str), []),
        intention: rule.pipeline_intention.clone(),
    });
    let unnamed = table.unnamed().iter().map(|rule| Known {
        package: rule.package.clone(),
        code: rule.code.clone(),
        matchers: Matchers::new(&rule.code, [], []),
        intention: Vec::new(),
    });
    annotated.chain(unnamed).collect()
}

/// Whether the lists, without items for components, ask for the rule: more speaks for it than against it, or nothing speaks
/// either way and nothing in particular was asked for.
pub(super) fn asks_for(lists: &Lists<'_>, matchers: &Matchers) -> bool {
    let nothing_in_particular = lists.include.iter().all(|item| item == "*");
    let against = matchers.score(lists.exclude.iter().map(AsRef::as_ref));
    lists.admit(matchers)
        || (nothing_in_particular
            && against == 0
            && matchers.score(lists.include.iter().map(AsRef::as_ref)) == 0)
}

/// The packages of these rules; everything where there is none.
pub(super) fn packages_of<'a>(rules: impl Iterator<Item = &'a Known>) -> Selection {
    let packages: BTreeSet<PackagePath> = rules.map(|rule| rule.package.clone()).collect();
    if packages.is_empty() { Selection::Everything } else { Selection::Packages(packages) }
}

/// Whether a rule is meant for the pipelines that the rule data names: one in common, or none on either side.
pub(super) fn intended(of_rule: &[String], of_run: &[String]) -> bool {
    (of_rule.is_empty() && of_run.is_empty()) || of_rule.iter().any(|it| of_run.contains(it))
}
