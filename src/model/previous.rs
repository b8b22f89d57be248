//! What the report of an earlier run said of each component. It is believed in nothing: it says whose turn comes first,
//! and what is different now is shown. No verdict is ever made of it.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use super::{ComponentReport, ImageRef, Repository, Snapshot, Verdict};

/// An earlier report, as far as it is looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PreviousReport {
    file: String,
    entries: Vec<PreviousEntry>,
}

/// A component in an earlier report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PreviousEntry {
    /// Its name.
    pub name: String,
    /// By digest if it was resolved then, else as written.
    pub image: ImageRef,
    /// As the report has it.
    pub verdict: Verdict,
}

/// Why a report cannot be one of an earlier run over a snapshot.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotPrevious {
    /// Two entries that nothing tells apart, though the snapshot has no such two.
    #[error("components[{at}].name: {name:?} stands there a second time")]
    Repeated {
        /// Place of the second, counted from 0.
        at: usize,
        /// Its name.
        name: String,
    },
    /// They have no component in common.
    #[error("components: none of them is in the snapshot")]
    OtherSnapshot,
}

/// What is different from an earlier report; a fact of the run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Resumed {
    /// The file of the earlier report, as given.
    pub report: String,
    /// Components that were decided then and are as they were.
    pub unchanged: usize,
    /// The others: in the order of this report, and then what only the earlier one has.
    pub changes: Vec<Difference>,
}

/// What is different in a component.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Difference {
    /// Its name.
    pub name: String,
    /// What became of its verdict.
    #[serde(flatten)]
    pub change: Change,
    /// Where its image is another than then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Moved>,
}

/// What became of a verdict.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Change {
    /// It was undecided; it may still be.
    WasUndecided {
        /// Of this run.
        now: Verdict,
    },
    /// It was decided, and otherwise.
    Verdict {
        /// Then.
        was: Verdict,
        /// Of this run.
        now: Verdict,
    },
    /// It is as it was, over another image.
    Image {
        /// Then and of this run.
        now: Verdict,
    },
    /// The earlier report does not have the component.
    New {
        /// Of this run.
        now: Verdict,
    },
    /// This run does not have the component.
    Gone {
        /// Then.
        was: Verdict,
    },
}

/// Two images, by digest.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Moved {
    /// Then.
    pub was: String,
    /// Of this run.
    pub now: String,
}

impl PreviousReport {
    /// The entries of a report, compared with the snapshot that is to be validated.
    ///
    /// # Errors
    /// [`NotPrevious`]
    pub fn of(file: String, entries: Vec<PreviousEntry>, snapshot: &Snapshot) -> Result<Self, NotPrevious> {
        let mut times: BTreeMap<_, usize> = BTreeMap::new();
        for component in &snapshot.components {
            *times.entry((&component.name, repository(&component.container_image))).or_default() += 1;
        }
        // What a snapshot repeats is repeated in its report, children of indexes included.
        let most = times.into_values().max().unwrap_or(1);
        let mut times: BTreeMap<_, usize> = BTreeMap::new();
        for (at, entry) in entries.iter().enumerate() {
            let seen = times.entry((entry.name.as_str(), entry.image.repository())).or_default();
            *seen += 1;
            if *seen > most {
                return Err(NotPrevious::Repeated { at, name: entry.name.clone() });
            }
        }
        let report = Self { file, entries };
        let components = snapshot.components.iter().map(|it| (&*it.name, &*it.container_image));
        let strange = report.matched(components).iter().all(Option::is_none);
        if strange && !(snapshot.components.is_empty() && report.entries.is_empty()) {
            return Err(NotPrevious::OtherSnapshot);
        }
        Ok(report)
    }

    /// The order in which components, names and images, are to be admitted: first those that the report does not decide.
    pub fn order<'a>(&self, components: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<usize> {
        let matched = self.matched(components);
        let is_decided = |at: &usize| {
            let entry = matched.get(*at).copied().flatten().and_then(|it| self.entries.get(it));
            entry.is_some_and(|it| it.verdict != Verdict::Incomplete)
        };
        let mut order: Vec<usize> = (0..matched.len()).collect();
        order.sort_by_key(is_decided);
        order
    }

    /// What is different in the components of a new report.
    pub fn differences(&self, components: &[ComponentReport]) -> Resumed {
        let matched = self.matched(components.iter().map(|it| (&*it.id.name, &*it.container_image)));
        let mut changes = Vec::new();
        for (component, entry) in components.iter().zip(&matched) {
            let entry = entry.and_then(|it| self.entries.get(it));
            changes.extend(difference(entry, component));
        }
        let unchanged = components.len() - changes.len();
        let mut known = vec![false; self.entries.len()];
        matched.into_iter().flatten().for_each(|at| known[at] = true);
        let gone = self.entries.iter().zip(known).filter(|(_, known)| !known);
        changes.extend(gone.map(|(entry, _)| Difference {
            name: entry.name.clone(),
            change: Change::Gone { was: entry.verdict },
            image: None,
        }));
        Resumed { report: self.file.clone(), unchanged, changes }
    }

    /// For each component, name and image, the place of its entry: by the name where that is clear on both sides, else
    /// by the repository as well, and where that is not clear either, in order.
    fn matched<'a>(&self, components: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<Option<usize>> {
        let components: Vec<_> = components.collect();
        let mut named: BTreeMap<&str, (Vec<usize>, usize)> = BTreeMap::new();
        let mut placed: BTreeMap<(&str, Repository), VecDeque<usize>> = BTreeMap::new();
        for (at, entry) in self.entries.iter().enumerate() {
            named.entry(&entry.name).or_default().0.push(at);
            placed.entry((&entry.name, entry.image.repository().clone())).or_default().push_back(at);
        }
        for (name, _) in &components {
            named.entry(name).or_default().1 += 1;
        }
        let place = components.into_iter().map(|(name, image)| match named.get(name) {
            Some((entries, 1)) if entries.len() == 1 => entries.first().copied(),
            _ => placed.get_mut(&(name, repository(image)?))?.pop_front(),
        });
        place.collect()
    }
}

fn repository(image: &str) -> Option<Repository> {
    ImageRef::parse(image).ok().map(|it| it.repository().clone())
}

/// None where it was decided and is as it was.
fn difference(entry: Option<&PreviousEntry>, component: &ComponentReport) -> Option<Difference> {
    let now = component.outcome.verdict();
    let image = entry.and_then(|it| moved(&it.image, &component.container_image));
    let change = match (entry.map(|it| it.verdict), &image) {
        (None, _) => Change::New { now },
        (Some(Verdict::Incomplete), _) => Change::WasUndecided { now },
        (Some(was), _) if was != now => Change::Verdict { was, now },
        (Some(_), Some(_)) => Change::Image { now },
        (Some(_), None) => return None,
    };
    Some(Difference { name: component.id.name.to_string(), change, image })
}

/// A tag says nothing of an image: only two digests can differ.
fn moved(was: &ImageRef, now: &str) -> Option<Moved> {
    match (was, ImageRef::parse(now)) {
        (ImageRef::Pinned(was), Ok(ImageRef::Pinned(now))) if *was != now => {
            Some(Moved { was: was.to_string(), now: now.to_string() })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::failure::StageError;
    use super::super::{Component, ComponentId, FailureKind, Finding, Judgement, Outcome, Stage};
    use super::*;

    const PASS: Verdict = Verdict::Pass;
    const FAIL: Verdict = Verdict::Fail;
    const OPEN: Verdict = Verdict::Incomplete;

    fn digest(letter: char) -> String {
        format!("sha256:{}", letter.to_string().repeat(64))
    }

    fn entry(name: &str, image: &str, verdict: Verdict) -> PreviousEntry {
        PreviousEntry { name: name.to_owned(), image: ImageRef::parse(image).expect(image), verdict }
    }

    fn snapshot(components: &[(&str, &str)]) -> Snapshot {
        let component = |(name, image): &(&str, &str)| Component {
            name: (*name).to_owned(),
            container_image: (*image).to_owned(),
            source: None,
        };
        Snapshot { components: components.iter().map(component).collect(), ..Snapshot::default() }
    }

    fn previous(entries: Vec<PreviousEntry>) -> PreviousReport {
        PreviousReport { file: "report.json".to_owned(), entries }
    }

    fn component(index: usize, name: &str, image: &str, verdict: Verdict) -> ComponentReport {
        let judged = |violations| Outcome::Judged(Judgement { violations, ..Judgement::default() });
        ComponentReport {
            id: ComponentId { index, name: name.into() },
            container_image: image.to_owned(),
            source: None,
            outcome: match verdict {
                Verdict::Pass => judged(vec![]),
                Verdict::Fail => judged(vec![Finding::default()]),
                Verdict::Incomplete => Outcome::Failed(
                    StageError::new(FailureKind::Unavailable, "down").in_stage(Stage::Fetch, image),
                ),
            },
            signatures: vec![],
            attestations: vec![],
            checks: vec![],
            lookups: vec![],
            effective_time: jiff::Timestamp::UNIX_EPOCH,
            policy_input: None,
            statements: vec![],
        }
    }

    #[test]
    fn what_was_undecided_or_is_new_comes_first_each_in_the_order_of_the_snapshot() {
        let report = previous(vec![
            entry("a", "r.io/team/a", PASS),
            entry("b", "r.io/team/b", OPEN),
            entry("c", "r.io/team/c", FAIL),
        ]);
        let now = [("a", "r.io/team/a"), ("n", "r.io/team/n"), ("c", "r.io/team/c"), ("b", "r.io/team/b")];
        assert_eq!(report.order(now.into_iter()), [1, 3, 0, 2]);
        assert_eq!(report.order(std::iter::empty()), [0_usize; 0]);
    }

    #[test]
    fn a_name_that_is_clear_is_enough_and_else_the_repository_decides() {
        let report = previous(vec![
            entry("a", "r.io/team/old", OPEN),
            entry("b", "r.io/team/one", PASS),
            entry("b", "r.io/team/two", OPEN),
        ]);
        let now = [
            ("a", "r.io/team/new"),
            ("b", "r.io/team/two:2"),
            ("b", "r.io/team/one:2"),
            ("b", "r.io/team/three"),
        ];
        assert_eq!(report.matched(now.into_iter()), [Some(0), Some(2), Some(1), None]);
    }

    #[test]
    fn what_a_snapshot_repeats_is_matched_in_order_and_nothing_else_may_be_repeated() {
        let twice = vec![entry("a", "r.io/team/a:1", OPEN), entry("a", "r.io/team/a:2", PASS)];
        let same = snapshot(&[("a", "r.io/team/a:1"), ("a", "r.io/team/a:2")]);
        let report = PreviousReport::of("f".to_owned(), twice.clone(), &same).expect("previous");
        assert_eq!(
            report.matched([("a", "r.io/team/a"), ("a", "r.io/team/a")].into_iter()),
            [Some(0), Some(1)]
        );
        let refused =
            PreviousReport::of("f".to_owned(), twice, &snapshot(&[("a", "r.io/team/a:1")])).unwrap_err();
        assert_eq!(refused.to_string(), "components[1].name: \"a\" stands there a second time");
    }

    #[test]
    fn a_report_that_shares_no_component_is_of_another_snapshot() {
        let of = |entries, components: &[(&str, &str)]| {
            PreviousReport::of("f".to_owned(), entries, &snapshot(components)).map(drop)
        };
        let a = || vec![entry("a", "r.io/team/a", PASS)];
        assert_eq!(of(a(), &[("a", "r.io/team/elsewhere"), ("b", "r.io/team/b")]), Ok(()));
        assert_eq!(of(a(), &[("b", "r.io/team/a")]), Err(NotPrevious::OtherSnapshot));
        assert_eq!(of(a(), &[]), Err(NotPrevious::OtherSnapshot));
        assert_eq!(of(vec![], &[("b", "r.io/team/a")]), Err(NotPrevious::OtherSnapshot));
        assert_eq!(of(vec![], &[]), Ok(()), "nothing then and nothing now (--allow-empty)");
    }

    #[test]
    fn each_component_that_is_not_as_it_was_is_told_once() {
        let by_digest = |name: &str, letter| format!("r.io/team/{name}@{}", digest(letter));
        let report = previous(vec![
            entry("same", &by_digest("same", 'a'), FAIL),
            entry("open", "r.io/team/open:1", OPEN),
            entry("still", "r.io/team/still:1", OPEN),
            entry("worse", &by_digest("worse", 'a'), PASS),
            entry("moved", &by_digest("moved", 'a'), PASS),
            entry("away", "r.io/team/away", FAIL),
        ]);
        let now = [
            component(0, "same", &by_digest("same", 'a'), FAIL),
            component(1, "open", &by_digest("open", 'b'), PASS),
            component(2, "still", "r.io/team/still:1", OPEN),
            component(3, "worse", &by_digest("worse", 'b'), FAIL),
            component(4, "moved", &by_digest("moved", 'b'), PASS),
            component(5, "more", &by_digest("more", 'b'), PASS),
        ];
        let resumed = report.differences(&now);
        let told: Vec<_> =
            resumed.changes.iter().map(|it| (it.name.as_str(), it.change, it.image.is_some())).collect();
        assert_eq!(
            told,
            [
                ("open", Change::WasUndecided { now: PASS }, false),
                ("still", Change::WasUndecided { now: OPEN }, false),
                ("worse", Change::Verdict { was: PASS, now: FAIL }, true),
                ("moved", Change::Image { now: PASS }, true),
                ("more", Change::New { now: PASS }, false),
                ("away", Change::Gone { was: FAIL }, false),
            ]
        );
        assert_eq!((resumed.unchanged, resumed.report.as_str()), (1, "report.json"));
        let json = serde_json::to_value(&resumed.changes[2]).expect("JSON");
        let (was, now) = (by_digest("worse", 'a'), by_digest("worse", 'b'));
        let expected = serde_json::json!({
            "name": "worse", "change": "verdict", "was": "pass", "now": "fail", "image": {"was": was, "now": now}
        });
        assert_eq!(json, expected);
    }
}
