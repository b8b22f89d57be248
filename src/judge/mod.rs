//! From raw results to violations, warnings and successes: include and exclude, names and descriptions from
//! annotations, dates, dependencies, order.
//!
//! The steps for one source group and one subject, in [`GroupJudge`]:
//! 1. [`criteria`]: the include and exclude items that hold for the subject at its effective time.
//! 2. [`selection`]: the packages that are worth running; `evaluate` runs these.
//! 3. [`metadata`]: results take title, description, dates and so on from the annotations of their code.
//! 4. [`matching`]: results that the criteria leave out are dropped.
//! 5. [`category`]: severity and date make a result a violation or a warning.
//! 6. [`group`]: rules without results are successes; what was not decided is listed.
//! 7. [`dependencies`]: what only follows from another result is dropped.
//!
//! [`join`] puts the groups together in the order of reports ([`order`]); [`unmatched`] says once for the run which
//! includes matched nothing. Everything here is pure, and no answer depends on the order of its input.

pub mod category;
pub mod criteria;
pub mod dependencies;
pub mod group;
pub mod matching;
pub mod metadata;
pub mod order;
pub mod selection;
pub mod unmatched;

use crate::model::{Digest, Judgement};

pub use criteria::GroupCriteria;
pub use group::{GroupJudge, GroupJudgement};
pub use selection::Selection;
pub use unmatched::{IncludeUse, unmatched_includes};

/// What is judged, as far as criteria can name it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject<'a> {
    /// The image; none for plain input documents.
    pub image: Option<Image<'a>>,
    /// The component's name; empty for plain input documents.
    pub component: &'a str,
}

/// The image of a [`Subject`].
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    /// The repository, fully qualified: `index.docker.io/library/x`.
    pub repository: &'a str,
    /// The digest.
    pub digest: Digest,
}

/// `--filter-type`
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum FilterType {
    /// Include and exclude decide of each result.
    #[default]
    IncludeExclude,
    /// Include, exclude and `pipeline_intention` decide of each rule; terms and component names do not count.
    EcPolicy,
}

impl FilterType {
    /// The type of this name; any name but `ec-policy` means include and exclude.
    pub fn of_name(name: &str) -> Self {
        if name == "ec-policy" { Self::EcPolicy } else { Self::IncludeExclude }
    }
}

/// The judgement over all source groups, sorted as reports show it.
pub fn join(groups: impl IntoIterator<Item = GroupJudgement>) -> Judgement {
    let mut all = Judgement::default();
    for group in groups {
        all.violations.extend(group.violations);
        all.warnings.extend(group.warnings);
        all.successes.extend(group.successes);
        all.undecided.extend(group.undecided);
    }
    order::sort_judgement(&mut all);
    all
}

#[cfg(test)]
mod tests;
