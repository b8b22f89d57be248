//! Which include and exclude items match a result, and how much each match weighs.
//!
//! | item | score |
//! |---|---|
//! | `*` | 1 |
//! | `@collection`, `package`, `package.*` | 10 |
//! | `package:term`, `package.*:term`, `package.rule` | 110 |
//! | `package.rule:term` | 210 |
//!
//! A package is named by its last segment, or by its whole path, which weighs 10 for each segment.

use std::collections::BTreeMap;

/// The items that would match one result, with their scores.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Matchers(BTreeMap<String, u32>);

const ANY: u32 = 1;
const COLLECTION: u32 = 10;
const SEGMENT: u32 = 10;
const RULE: u32 = 100;
const TERM: u32 = 100;

impl Matchers {
    /// Those of a result with this code, these collections and terms.
    pub fn new<'a>(
        code: &str,
        collections: impl IntoIterator<Item = &'a str>,
        terms: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut named = Vec::new();
        if let Some((path, rule)) = code.rsplit_once('.') {
            let last = path.rsplit('.').next().unwrap_or(path);
            let segments = u32::try_from(path.split('.').count()).unwrap_or(u32::MAX);
            for (package, weight) in [(last, SEGMENT), (path, SEGMENT.saturating_mul(segments))] {
                if !package.is_empty() {
                    named.push((package.to_owned(), weight));
                    named.push((format!("{package}.*"), weight));
                    named.push((format!("{package}.{rule}"), weight.saturating_add(RULE)));
                }
            }
        }
        let mut all = Self(BTreeMap::from([("*".to_owned(), ANY)]));
        for term in terms.into_iter().filter(|term| !term.is_empty()) {
            for (name, weight) in &named {
                all.insert(format!("{name}:{term}"), weight.saturating_add(TERM));
            }
        }
        for collection in collections {
            all.insert(format!("@{collection}"), COLLECTION);
        }
        for (name, weight) in named {
            all.insert(name, weight);
        }
        all
    }

    /// One item may match in two ways (`a.a` is a rule and a package of `a.a.a`): the weightier counts.
    fn insert(&mut self, item: String, score: u32) {
        let entry = self.0.entry(item).or_default();
        *entry = score.max(*entry);
    }

    /// Whether the item matches.
    pub fn matches(&self, item: &str) -> bool {
        self.0.contains_key(item)
    }

    /// The sum over all items that match; an item given twice counts twice.
    pub fn score<'a>(&self, items: impl IntoIterator<Item = &'a str>) -> u32 {
        let scores = items.into_iter().filter_map(|item| self.0.get(item));
        scores.fold(0, |sum, score| sum.saturating_add(*score))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(code: &str, item: &str) -> u32 {
        Matchers::new(code, ["first"], ["x", "z:1", ""]).score([item])
    }

    #[test]
    fn the_table_of_scores_holds() {
        for (item, expected) in [
            ("*", 1),
            ("@first", 10),
            ("alpha", 10),
            ("alpha.*", 10),
            ("alpha:x", 110),
            ("alpha.*:x", 110),
            ("alpha.fails", 110),
            ("alpha.fails:x", 210),
            ("alpha.fails:z:1", 210),
        ] {
            assert_eq!(score("alpha.fails", item), expected, "{item}");
        }
    }

    #[test]
    fn these_match_nothing() {
        for item in
            ["*:x", "*.fails", "Alpha", " alpha", "alpha.fails:z", "alpha.fails:", "@second", "fails", ""]
        {
            assert_eq!(score("alpha.fails", item), 0, "{item}");
        }
    }

    #[test]
    fn a_package_of_several_segments_is_named_by_its_last_segment_or_its_whole_path() {
        for (item, expected) in [
            ("inner", 10),
            ("inner.rule", 110),
            ("nested.inner", 20),
            ("nested.inner.*", 20),
            ("nested.inner.rule", 120),
            ("nested.inner.rule:x", 220),
            ("nested", 0),
            ("nested.*", 0),
        ] {
            assert_eq!(score("nested.inner.rule", item), expected, "{item}");
        }
    }

    #[test]
    fn a_code_without_package_is_matched_by_star_and_collections_only() {
        assert_eq!(score("justone", "justone"), 0);
        assert_eq!(score("justone", "*"), 1);
        assert_eq!(score("justone", "@first"), 10);
    }

    #[test]
    fn an_item_given_twice_counts_twice() {
        assert_eq!(Matchers::new("beta.fails", [], []).score(["beta", "beta", "gamma"]), 20);
    }
}
