//! Include and exclude items: which hold for a subject at an instant.

use std::borrow::Cow;
use std::collections::BTreeSet;

use jiff::Timestamp;

use super::matching::Matchers;
use super::{FilterType, Subject};
use crate::model::policy_spec::{
    Criteria, GlobalConfiguration, Scope, SourceGroup, VolatileConfig, VolatileCriteria,
};

/// The include and exclude items of one source group, as the policy gives them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GroupCriteria {
    config: Criteria,
    volatile: VolatileConfig,
    deprecated: Option<GlobalConfiguration>,
    filter: FilterType,
}

/// The items that hold for one subject at one instant.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Applied<'a> {
    /// For everything that is known of the subject.
    pub(super) full: Lists<'a>,
    /// Without the items that name components: they select no package and decide of no rule.
    pub(super) unnamed: Lists<'a>,
    /// Include items that should match something in the run: all but those for components, and those for other images.
    pub(super) expected: BTreeSet<Cow<'a, str>>,
}

/// Items of both sides.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Lists<'a> {
    pub(super) include: Vec<Cow<'a, str>>,
    pub(super) exclude: Vec<Cow<'a, str>>,
}

impl Lists<'_> {
    /// More must speak for it than against it.
    pub(super) fn admit(&self, matchers: &Matchers) -> bool {
        let score = |items: &[Cow<'_, str>]| matchers.score(items.iter().map(AsRef::as_ref));
        score(&self.include) > score(&self.exclude)
    }
}

impl GroupCriteria {
    /// Those of `group`. `deprecated` is the specification's `configuration`, which counts only where the group itself
    /// has nothing.
    pub fn new(group: &SourceGroup, deprecated: Option<&GlobalConfiguration>, filter: FilterType) -> Self {
        Self {
            config: group.config.clone().unwrap_or_default(),
            volatile: group.volatile_config.clone().unwrap_or_default(),
            deprecated: deprecated.cloned(),
            filter,
        }
    }

    /// How these criteria are applied.
    pub fn filter(&self) -> FilterType {
        self.filter
    }

    pub(super) fn applied(&self, subject: &Subject<'_>, at: Timestamp) -> Applied<'_> {
        let mut include = Side::of(&self.config.include, &self.volatile.include, subject, at);
        let mut exclude = Side::of(&self.config.exclude, &self.volatile.exclude, subject, at);
        if let Some(deprecated) = &self.deprecated
            && !include.any
            && !exclude.any
        {
            include = Side::deprecated(&deprecated.include, &deprecated.collections);
            exclude = Side::deprecated(&deprecated.exclude, &[]);
        }
        // An include for one image or component takes the place of the default there, and nowhere else.
        if include.full.is_empty() {
            include.full.push("*".into());
            include.unnamed.push("*".into());
        }
        Applied {
            full: Lists { include: include.full, exclude: exclude.full },
            unnamed: Lists { include: include.unnamed, exclude: exclude.unnamed },
            expected: include.expected,
        }
    }
}

/// One side, include or exclude, for a subject.
#[derive(Default)]
struct Side<'a> {
    /// Whether anything is given, for whatever subject.
    any: bool,
    full: Vec<Cow<'a, str>>,
    unnamed: Vec<Cow<'a, str>>,
    expected: BTreeSet<Cow<'a, str>>,
}

impl<'a> Side<'a> {
    fn of(
        plain: &'a [String],
        volatile: &'a [VolatileCriteria],
        subject: &Subject<'_>,
        at: Timestamp,
    ) -> Self {
        let mut side = Self::default();
        for item in plain {
            side.add(item, &Reach::Everything);
        }
        // What cannot be read is not applied; whoever read the policy has said so.
        for item in volatile.iter().filter_map(|item| item.read().ok()) {
            let begun = item.from.is_none_or(|from| from <= at);
            let over = item.until.is_some_and(|until| until < at);
            if begun && !over {
                side.add(item.value, &Reach::of(item.scope, subject));
            }
        }
        side
    }

    fn deprecated(items: &'a [String], collections: &[String]) -> Self {
        let mut side = Self::default();
        let collections = collections.iter().map(|name| Cow::Owned(format!("@{name}")));
        for item in items.iter().map(Cow::from).chain(collections) {
            side.add(item, &Reach::Everything);
        }
        side
    }

    fn add(&mut self, item: impl Into<Cow<'a, str>>, reach: &Reach) {
        let item = item.into();
        self.any = true;
        match reach {
            Reach::Everything | Reach::Image => {
                self.full.push(item.clone());
                self.unnamed.push(item.clone());
                self.expected.insert(item);
            }
            Reach::Component => self.full.push(item),
            Reach::AnotherImage => {
                self.expected.insert(item);
            }
            Reach::AnotherComponent => {}
        }
    }
}

/// How an item reaches the subject, or misses it.
enum Reach {
    Everything,
    Image,
    Component,
    AnotherImage,
    AnotherComponent,
}

impl Reach {
    fn of(scope: Scope<'_>, subject: &Subject<'_>) -> Self {
        let image = |hit| if hit { Self::Image } else { Self::AnotherImage };
        match scope {
            Scope::Global => Self::Everything,
            Scope::Digest(digest) => image(subject.image.is_some_and(|it| it.digest == digest)),
            Scope::Repository(name) => image(subject.image.is_some_and(|it| it.repository == name)),
            Scope::Components(names) => {
                let original = original_name(subject.component);
                if names.iter().any(|name| name == subject.component || name == original) {
                    Self::Component
                } else {
                    Self::AnotherComponent
                }
            }
        }
    }
}

/// The name in the snapshot of what may be a child of an image index: `<name>-sha256:<64 hex>-<arch>`.
fn original_name(name: &str) -> &str {
    const MARK: &str = "-sha256:";
    let Some(at) = name.rfind(MARK) else { return name };
    let is_child = name[at + MARK.len()..].split_once('-').is_some_and(|(hex, arch)| {
        let hex_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        hex.len() == 64
            && hex.bytes().all(hex_digit)
            && !arch.is_empty()
            && !arch.contains(char::is_whitespace)
    });
    if is_child { &name[..at] } else { name }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::super::Image;
    use super::*;
    use crate::model::Digest;

    const DIGEST: &str = "sha256:4fea7581420fd3a60899bdb2aad81b05cdd294759c2d48e7661fb4eaa33fc007";

    fn subject(component: &str) -> Subject<'_> {
        let digest = Digest::parse(DIGEST).unwrap();
        let image = Image { repository: "registry.example/golden/app-clean", digest };
        Subject { image: Some(image), component }
    }

    fn criteria(group: &serde_json::Value) -> GroupCriteria {
        let group = SourceGroup::deserialize(group).unwrap();
        GroupCriteria::new(&group, None, FilterType::IncludeExclude)
    }

    fn includes(item: &serde_json::Value, component: &str, at: &str) -> Vec<String> {
        let criteria = criteria(&serde_json::json!({"volatileConfig": {"include": [item]}}));
        let applied = criteria.applied(&subject(component), at.parse().unwrap());
        applied.full.include.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_volatile_item_holds_from_the_first_instant_to_the_last_both_included() {
        let item =
            serde_json::json!({"value": "x", "effectiveOn": "2025-06-01", "effectiveUntil": "2025-06-02"});
        for (at, holds) in [
            ("2025-05-31T23:59:59Z", false),
            ("2025-06-01T00:00:00Z", true),
            ("2025-06-02T00:00:00Z", true),
            ("2025-06-02T00:00:00.000000001Z", false),
        ] {
            let expected = if holds { ["x"] } else { ["*"] };
            assert_eq!(includes(&item, "one", at), expected, "{at}");
        }
    }

    #[test]
    fn an_include_for_one_image_takes_the_default_from_that_image_only() {
        for (key, value) in [("imageDigest", DIGEST), ("imageUrl", "registry.example/golden/app-clean")] {
            let item = serde_json::json!({"value": "beta", key: value});
            assert_eq!(includes(&item, "one", "2025-06-01T00:00:00Z"), ["beta"]);
        }
        let other = format!("sha256:{}", "0".repeat(64));
        let item = serde_json::json!({"value": "beta", "imageDigest": other});
        assert_eq!(includes(&item, "one", "2025-06-01T00:00:00Z"), ["*"]);
        let item = serde_json::json!({"value": "beta", "imageUrl": "registry.example/golden"});
        assert_eq!(includes(&item, "one", "2025-06-01T00:00:00Z"), ["*"]);
    }

    #[test]
    fn a_component_name_stands_for_the_children_of_its_index_too() {
        let item = serde_json::json!({"value": "beta", "componentNames": ["multi"]});
        let child = format!("multi-{DIGEST}-amd64");
        assert_eq!(includes(&item, &child, "2025-06-01T00:00:00Z"), ["beta"]);
        assert_eq!(includes(&item, "multi", "2025-06-01T00:00:00Z"), ["beta"]);
        assert_eq!(includes(&item, "multi-x", "2025-06-01T00:00:00Z"), ["*"]);
    }

    #[test]
    fn what_names_components_selects_no_package() {
        let group = serde_json::json!({
            "config": {"exclude": ["alpha"]},
            "volatileConfig": {"include": [{"value": "beta", "componentNames": ["one"]}]},
        });
        let criteria = criteria(&group);
        let applied = criteria.applied(&subject("one"), Timestamp::UNIX_EPOCH);
        assert_eq!(applied.full.include, ["beta"]);
        assert_eq!(applied.unnamed.include, Vec::<Cow<'_, str>>::new());
        assert_eq!(applied.unnamed.exclude, ["alpha"]);
        assert!(applied.expected.is_empty());
    }

    #[test]
    fn the_deprecated_configuration_counts_where_the_group_has_nothing() {
        let deprecated = GlobalConfiguration {
            include: vec!["gamma".to_owned()],
            collections: vec!["first".to_owned()],
            ..GlobalConfiguration::default()
        };
        let lists = |group| {
            let group: SourceGroup = serde_json::from_value(group).unwrap();
            let criteria = GroupCriteria::new(&group, Some(&deprecated), FilterType::IncludeExclude);
            let applied = criteria.applied(&subject("one"), Timestamp::UNIX_EPOCH);
            applied.full.include.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(lists(serde_json::json!({})), ["gamma", "@first"]);
        assert_eq!(lists(serde_json::json!({"config": {"exclude": ["alpha"]}})), ["*"]);
        // Not in force yet: as if it were not there.
        let later =
            serde_json::json!({"volatileConfig": {"exclude": [{"value": "x", "effectiveOn": "2025-01-01"}]}});
        assert_eq!(lists(later), ["gamma", "@first"]);
    }
}
