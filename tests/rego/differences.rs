//! Lists of cases that we do not match, and why.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What a case came to: its name, and what is wrong with our answer if it is wrong.
pub(crate) type Verdict = (String, Option<String>);

/// Reasons that a difference may have; behind a colon a reason may say more.
const REASONS: [&str; 5] =
    ["number text", "error wording", "unsupported by decision", "defect of the suite", "clock or chance"];

/// What a list says of a case that it did not know when it was written anew; no reason, so that it is refused until
/// someone says why.
const UNEXPLAINED: &str = "unexplained: run with EC_CONFORMANCE_LOG";

fn path(list: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rego/known_differences");
    folder.join(list).with_extension("txt")
}

fn known(list: &str) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(path(list)).unwrap_or_default();
    let mut known = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (note, reason) = line.rsplit_once(" | ").expect("a line is `note | reason`");
        assert!(known.insert(note.to_owned(), reason.to_owned()).is_none(), "{list}: listed twice: {note}");
    }
    known
}

/// The names in a list, and the reasons.
pub(crate) fn listed(list: &str) -> BTreeMap<String, String> {
    known(list)
}

/// Compares what touches the policies with the reasons why they cannot see it, both ways.
pub(crate) fn check_explained(touching: &BTreeMap<String, String>) {
    let text = std::fs::read_to_string(path("used")).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let explained: BTreeMap<&str, &str> =
        lines.map(|line| line.rsplit_once(" | ").expect("a line is `note | why`")).collect();
    let open = touching.iter().filter(|(note, _)| !explained.contains_key(note.as_str()));
    let open: Vec<String> = open.map(|(note, why)| format!("{note}: {why}")).collect();
    let gone: Vec<&&str> = explained.keys().filter(|note| !touching.contains_key(**note)).collect();
    assert!(open.is_empty(), "{} differences that the policies may meet:\n{}", open.len(), open.join("\n"));
    assert!(gone.is_empty(), "explained, but nothing is to explain: {gone:?}");
}

/// Compares verdicts with the list, both ways.
pub(crate) fn check(list: &str, verdicts: Vec<Verdict>) {
    let mut known = known(list);
    let is_reason = |text: &str| REASONS.contains(&text.split(':').next().unwrap_or_default());
    let total = verdicts.len();
    let (mut wrong, mut kept, mut log) = (Vec::new(), Vec::new(), String::new());
    for (note, mismatch) in verdicts {
        let reason = known.remove(&note);
        if let Some(mismatch) = &mismatch {
            let _ =
                writeln!(log, "{} {note}\n{mismatch}\n", if reason.is_some() { "known:" } else { "NEW:" });
            kept.push(format!("{note} | {}\n", reason.as_deref().unwrap_or(UNEXPLAINED)));
        }
        match (reason, mismatch) {
            (Some(reason), Some(_)) if !is_reason(&reason) => {
                wrong.push(format!("{note}: {reason} is none of the reasons that a difference may have"));
            }
            (None, None) | (Some(_), Some(_)) => {}
            (Some(reason), None) => wrong.push(format!("{note}: passes, but is listed ({reason})")),
            (None, Some(mismatch)) => wrong.push(format!("{note}: {mismatch}")),
        }
    }
    wrong.extend(known.into_keys().map(|note| format!("{note}: is listed, but there is no such case")));
    eprintln!("{list}: {} of {total} pass", total - kept.len());
    if let Some(path) = std::env::var_os("EC_CONFORMANCE_LOG") {
        std::fs::write(Path::new(&path).with_extension(list), log).expect("the log can be written");
    }
    if std::env::var_os("EC_CONFORMANCE_UPDATE").is_some() {
        std::fs::write(path(list), kept.concat()).expect("the list can be written");
        return;
    }
    let shown = wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{list}: {} cases are not as listed, the first of them:\n{shown}", wrong.len());
}
