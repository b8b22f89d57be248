//! Includes that match nothing in the whole run are likely misspelt: they are reported once.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::matching::Matchers;

/// Which include items of a group were met while one subject was judged.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct IncludeUse {
    expected: BTreeSet<String>,
    matched: BTreeSet<String>,
    open: bool,
}

impl IncludeUse {
    pub(super) fn new<'a>(expected: impl Iterator<Item = &'a Cow<'a, str>>) -> Self {
        let expected = expected.map(|item| item.clone().into_owned()).collect();
        Self { expected, ..Self::default() }
    }

    /// These items, of which none was met yet.
    #[cfg(test)]
    pub(crate) fn expecting<const N: usize>(items: [&str; N]) -> Self {
        Self { expected: items.map(str::to_owned).into(), ..Self::default() }
    }

    pub(super) fn expect_only(&mut self, items: &[Cow<'_, str>]) {
        self.expected.retain(|expected| items.iter().any(|item| item == expected));
    }

    /// Strikes off what the matchers of a result meet; only `items`, where given.
    pub(super) fn matched_by(&mut self, matchers: &Matchers, items: Option<&[Cow<'_, str>]>) {
        for item in &self.expected {
            let counts = items.is_none_or(|items| items.iter().any(|it| it == item));
            if counts && matchers.matches(item) && !self.matched.contains(item) {
                self.matched.insert(item.clone());
            }
        }
    }

    /// What was expected and met in either.
    pub fn join(&mut self, other: Self) {
        self.expected.extend(other.expected);
        self.matched.extend(other.matched);
        self.open |= other.open;
    }

    /// Some results are not known, so nothing can be said of what they would have met.
    pub fn leave_open(&mut self) {
        self.open = true;
    }
}

/// The messages for one source group, from every subject that was judged. Empty where a subject left something open: it
/// might have met what the others did not. The caller leaves out the group if a component was not judged at all.
pub fn unmatched_includes<'a>(subjects: impl IntoIterator<Item = &'a IncludeUse>) -> Vec<String> {
    let mut expected = BTreeSet::new();
    let mut matched = BTreeSet::new();
    for subject in subjects {
        if subject.open {
            return Vec::new();
        }
        expected.extend(&subject.expected);
        matched.extend(&subject.matched);
    }
    let left = expected.difference(&matched);
    left.map(|item| format!("Include criterion '{item}' doesn't match any policy rule")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(expected: &[&str], code: &str) -> IncludeUse {
        let expected: Vec<Cow<'_, str>> = expected.iter().map(|it| Cow::Borrowed(*it)).collect();
        let mut used = IncludeUse::new(expected.iter());
        used.matched_by(&Matchers::new(code, [], []), None);
        used
    }

    #[test]
    fn an_include_is_unmatched_only_if_no_component_met_it() {
        let (one, two) =
            (used(&["alpha", "beta", "nowhere"], "alpha.x"), used(&["alpha", "beta", "nowhere"], "beta.x"));
        assert_eq!(
            unmatched_includes([&one, &two]),
            ["Include criterion 'nowhere' doesn't match any policy rule"]
        );
    }

    #[test]
    fn nothing_is_said_where_a_component_stayed_undecided() {
        let (one, mut two) = (used(&["nowhere"], "alpha.x"), used(&["nowhere"], "beta.x"));
        two.leave_open();
        assert!(unmatched_includes([&one, &two]).is_empty());
    }
}
