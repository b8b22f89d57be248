//! What is different from the report that a run went on from: one line for each kind of difference, with its components.

use std::collections::BTreeMap;

use super::causes::named;
use crate::model::Verdict;
use crate::model::previous::{Change, Resumed};

/// The block of lines, nothing sanitised yet: a heading, and at most fifteen kinds of difference.
pub(super) fn lines(resumed: &Resumed) -> Vec<String> {
    let unchanged = resumed.unchanged;
    let mut lines = vec![format!("Resumed: from {}; {unchanged} decided as before", resumed.report)];
    let mut kinds: BTreeMap<Change, Vec<&str>> = BTreeMap::new();
    for difference in &resumed.changes {
        kinds.entry(difference.change).or_default().push(&difference.name);
    }
    lines.extend(kinds.iter().map(|(change, names)| format!("  {}: {}", told(*change), named(names))));
    let moved =
        resumed.changes.iter().filter(|it| it.image.is_some() && !matches!(it.change, Change::Image { .. }));
    let moved: Vec<_> = moved.map(|it| it.name.as_str()).collect();
    if !moved.is_empty() {
        lines.push(format!("  and over another image than before: {}", named(&moved)));
    }
    lines
}

/// The same in one line.
pub fn sentence(resumed: &Resumed) -> String {
    lines(resumed).iter().map(|it| it.trim_start()).collect::<Vec<_>>().join("; ")
}

fn told(change: Change) -> String {
    match change {
        Change::WasUndecided { now: Verdict::Incomplete } => "still undecided".to_owned(),
        Change::WasUndecided { now } => format!("was undecided, now {now}"),
        Change::Verdict { was, now } => format!("was {was}, now {now}"),
        Change::Image { now } => format!("{now} as before, over another image"),
        Change::New { now } => format!("new, {now}"),
        Change::Gone { was } => format!("gone, was {was}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::previous::{Difference, Moved};

    #[test]
    fn each_kind_of_difference_takes_one_line_however_many_components_it_has() {
        let difference = |change, name: &str| Difference { name: name.to_owned(), change, image: None };
        let pass = Verdict::Pass;
        let mut changes: Vec<_> =
            (0..150).map(|it| difference(Change::WasUndecided { now: pass }, &format!("c{it}"))).collect();
        changes.extend(
            [
                Change::WasUndecided { now: Verdict::Incomplete },
                Change::Verdict { was: pass, now: Verdict::Fail },
            ]
            .map(|it| difference(it, "x")),
        );
        changes
            .extend([Change::Image { now: pass }, Change::New { now: pass }].map(|it| difference(it, "y")));
        changes.push(difference(Change::Gone { was: Verdict::Incomplete }, "z"));
        let image = Some(Moved { was: "a".to_owned(), now: "b".to_owned() });
        changes
            .push(Difference { image, ..difference(Change::Verdict { was: pass, now: Verdict::Fail }, "w") });
        let resumed = Resumed { report: "report.json".to_owned(), unchanged: 3, changes };
        insta::assert_snapshot!(lines(&resumed).join("\n"), @"
        Resumed: from report.json; 3 decided as before
          was undecided, now pass: c0, c1, c2, c3, c4 and 145 more
          still undecided: x
          was pass, now fail: x, w
          pass as before, over another image: y
          new, pass: y
          gone, was incomplete: z
          and over another image than before: w
        ");
    }
}
