//! The results of tests for people and as JSON, in OPA's shapes.

use std::fmt::Write as _;

use base64::Engine as _;
use serde_json::{Map, Value as Json, json};

use super::super::load::Loaded;
use super::super::output::indented;
use super::run::Ran;
use super::{Listed, Order, TestPlan, VarValues, values};
use crate::rego::observe::trace;
use crate::rego::testing::{Case, Verdict};

/// OPA's line.
pub(super) const RULE: &str =
    "--------------------------------------------------------------------------------";

/// A list of objects.
pub(super) fn json(loaded: &Loaded, ran: &mut [Ran], order: Order) -> String {
    if order == Order::Duration {
        ran.sort_by_key(|it| std::cmp::Reverse(it.duration));
    }
    indented(&ran.iter().map(|it| entry(loaded, it)).collect::<Vec<_>>())
}

fn entry(loaded: &Loaded, it: &Ran) -> Json {
    let sources = loaded.policy.sources();
    let place = sources.position(it.test.span);
    let mut entry = Map::new();
    let file = sources.name(it.test.span);
    entry.insert("location".into(), json!({"file": file, "row": place.row, "col": place.col}));
    entry.insert("package".into(), it.test.package.as_str().into());
    entry.insert("name".into(), it.test.name.as_str().into());
    match &it.verdict {
        Verdict::Passed => {}
        Verdict::Failed => drop(entry.insert("fail".into(), true.into())),
        Verdict::Skipped => drop(entry.insert("skip".into(), true.into())),
        Verdict::Error(error) => {
            drop(
                entry.insert("error".into(), json!({"code": error.code.as_str(), "message": error.message})),
            );
        }
        Verdict::Undecided(why) => {
            drop(entry.insert("error".into(), json!({"code": "undecided", "message": why})));
        }
    }
    entry.insert("duration".into(), u64::try_from(it.duration.as_nanos()).unwrap_or(u64::MAX).into());
    if !it.output.is_empty() {
        let output = base64::engine::general_purpose::STANDARD.encode(&it.output);
        entry.insert("output".into(), output.into());
    }
    if !it.cases.is_empty() {
        entry.insert("sub_results".into(), sub_results(&it.cases));
    }
    Json::Object(entry)
}

fn sub_results(cases: &[Case]) -> Json {
    let all = cases.iter().map(|case| {
        let mut entry = Map::new();
        entry.insert("name".into(), case.name.as_str().into());
        if !case.passed {
            entry.insert("fail".into(), true.into());
        }
        if !case.cases.is_empty() {
            entry.insert("sub_results".into(), sub_results(&case.cases));
        }
        (case.name.clone(), Json::Object(entry))
    });
    Json::Object(all.collect())
}

/// `data.p.test_x: PASS (12µs)`
pub(super) fn told(it: &Ran) -> String {
    let word = match it.verdict {
        Verdict::Passed => "PASS",
        Verdict::Failed => "FAIL",
        Verdict::Skipped => return format!("{}.{}: SKIPPED", it.test.package, it.test.name),
        Verdict::Error(_) | Verdict::Undecided(_) => "ERROR",
    };
    format!("{}.{}: {word} ({:?})", it.test.package, it.test.name, it.duration)
}

/// The test cases of a test, those within others further right.
pub(super) fn cases(all: &[Case], depth: usize) -> String {
    all.iter().fold(String::new(), |text, case| {
        let word = if case.passed { "PASS" } else { "FAIL" };
        text + &format!("{}{}: {word}\n", "  ".repeat(depth), case.name) + &cases(&case.cases, depth + 1)
    })
}

/// For people.
pub(super) fn pretty(plan: &TestPlan, loaded: &Loaded, ran: &[Ran]) -> String {
    let mut text = failures(plan, loaded, ran);
    text += &list(plan.listed, loaded, ran);
    text + &summary(ran)
}

fn failures(plan: &TestPlan, loaded: &Loaded, ran: &[Ran]) -> String {
    let verbose = plan.listed == Listed::All;
    let failed: Vec<&Ran> = ran.iter().filter(|it| it.verdict == Verdict::Failed).collect();
    if failed.is_empty() || !(verbose || plan.var_values == VarValues::Shown) {
        return String::new();
    }
    let mut text = format!("FAILURES\n{RULE}\n");
    for it in failed {
        let _ = writeln!(text, "{}", told(it));
        if verbose {
            let table = trace::table(&it.trace, loaded.policy.sources());
            let _ = write!(text, "\n{}", indent(&table));
        }
        if plan.var_values == VarValues::Shown {
            let _ = write!(text, "\n{}", indent(&values::last_failure(loaded, &it.trace)));
        }
        text.push('\n');
    }
    text + "SUMMARY\n" + RULE + "\n"
}

pub(super) fn list(listed: Listed, loaded: &Loaded, ran: &[Ran]) -> String {
    let sources = loaded.policy.sources();
    let mut text = String::new();
    let mut file = "";
    for it in ran {
        if listed == Listed::NotPassed && it.passed() {
            continue;
        }
        let name = sources.name(it.test.span);
        let gap = if file.is_empty() || file == name { "" } else { "\n" };
        let _ = writeln!(text, "{gap}{name}:{}:\n{}", sources.position(it.test.span).row, told(it));
        file = name;
        text += &indent(&cases(&it.cases, 0));
        if !it.output.is_empty() {
            let _ = write!(text, "\n{}\n", indent(&(it.output.trim().to_owned() + "\n")));
        }
        match &it.verdict {
            Verdict::Error(error) => drop(writeln!(text, "  {}", error.opa_text(sources))),
            Verdict::Undecided(why) => drop(writeln!(text, "  {why}")),
            Verdict::Passed | Verdict::Failed | Verdict::Skipped => {}
        }
    }
    if !text.is_empty() {
        let _ = writeln!(text, "{RULE}");
    }
    text
}

pub(super) fn summary(ran: &[Ran]) -> String {
    let (mut pass, mut fail, mut skipped, mut errors) = (0, 0, 0, 0);
    for it in ran {
        match it.verdict {
            Verdict::Passed | Verdict::Failed if !it.cases.is_empty() => {
                count(&it.cases, &mut pass, &mut fail);
            }
            Verdict::Passed => pass += 1,
            Verdict::Failed => fail += 1,
            Verdict::Skipped => skipped += 1,
            Verdict::Error(_) | Verdict::Undecided(_) => errors += 1,
        }
    }
    let total = pass + fail + skipped + errors;
    let rows = [("PASS", pass), ("FAIL", fail), ("SKIPPED", skipped), ("ERROR", errors)];
    rows.into_iter()
        .filter(|(_, number)| *number > 0)
        .fold(String::new(), |text, (word, number)| text + &format!("{word}: {number}/{total}\n"))
}

/// Only those without cases of their own.
fn count(cases: &[Case], pass: &mut usize, fail: &mut usize) {
    for case in cases {
        if !case.cases.is_empty() {
            count(&case.cases, pass, fail);
        } else if case.passed {
            *pass += 1;
        } else {
            *fail += 1;
        }
    }
}

/// Every line two blanks further right.
pub(super) fn indent(text: &str) -> String {
    text.lines().fold(String::new(), |all, line| all + "  " + line + "\n")
}
