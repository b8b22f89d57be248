//! The golden cases of rules, criteria, data and broken policies, from a policy's text to a judgement: everything but images and
//! reports. The input is what the rules of these cases read of it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test's helpers are tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use enterprise_contract::evaluate::{CompiledGroup, Evaluating, Run};
use enterprise_contract::json::Limits;
use enterprise_contract::judge::{
    FilterType, GroupCriteria, GroupJudge, Image, Subject, join, unmatched_includes,
};
use enterprise_contract::model::instant::rfc3339_or_date;
use enterprise_contract::model::{Digest, Finding, Judgement};
use enterprise_contract::policy::group::{LoadOptions, label, load};
use enterprise_contract::policy::spec::{Document, read};
use enterprise_contract::rego::value::{ReadLimits, json};
use jiff::Timestamp;
use serde_json::{Value, json};

/// What this test cannot ask, and why.
const OUT_OF_SCOPE: [(&str, &str); 14] = [
    ("402", "--extra-rule-data is the command line's"),
    ("403", "--extra-rule-data is the command line's"),
    ("404", "--extra-rule-data is the command line's"),
    ("405", "--extra-rule-data is the command line's"),
    ("416", "needs a signed image"),
    ("221", "needs a signed image"),
    ("605", "needs the functions of the host"),
    ("629", "about signatures"),
    ("630", "about signatures"),
    ("631", "about the command line"),
    ("632", "about the command line"),
    ("636", "about keys"),
    ("637", "about keys"),
    ("643", "about an image that is not there"),
];

/// Refused before anything is evaluated, as in the Go tool, which notices only when a component gets there.
const REFUSED: [&str; 29] = [
    "408", "409", "410", "412", "419", "601", "602", "603", "604", "606", "607", "609", "610", "611", "612",
    "613", "618", "620", "621", "622", "623", "624", "625", "627", "628", "638", "639", "640", "642",
];

/// Cases that end in an error of the run in the Go tool, and leave the component undecided here ("component error", "nothing
/// evaluated for a component").
const UNDECIDED: [&str; 4] = ["212", "614", "615", "616"];

/// Cases whose answer differs, each with the row of the decisions that it comes from. The test's end has the lines.
const DIFFERS: [(&str, &str); 15] = [
    ("201", "same code in deny and warn; errata: effective_on"),
    ("202", "same code in deny and warn; errata: effective_on"),
    ("203", "same code in deny and warn; errata: effective_on"),
    ("204", "same code in deny and warn; errata: effective_on"),
    ("205", "depends_on"),
    ("208", "packages of several segments"),
    ("209", "packages of several segments"),
    ("220", "flags: EC_USE_OPA is accepted without effect"),
    ("223", "packages of several segments"),
    ("225", "flags: EC_USE_OPA is accepted without effect"),
    ("353", "active scoped include"),
    ("354", "active scoped include"),
    ("417", "single-file sources"),
    ("626", "single-file sources"),
    ("608", "annotated helper that returns a non-message value"),
];

fn golden() -> Option<PathBuf> {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let shared = std::env::var_os("EC_SHARED").map_or_else(|| manifest.join("../shared"), PathBuf::from);
    let golden = shared.join("golden");
    if !golden.is_dir() {
        println!("skipped: golden cases of policies: {} not found", golden.display());
        return None;
    }
    Some(golden)
}

struct Case {
    folder: PathBuf,
    args: Vec<String>,
}

impl Case {
    fn argument(&self, name: &str) -> Option<&str> {
        let at = self.args.iter().position(|arg| arg == name)?;
        self.args.get(at + 1).map(String::as_str)
    }

    fn instant(&self) -> Timestamp {
        let text = self.argument("--effective-time").unwrap_or("2025-06-01");
        rfc3339_or_date(text).unwrap()
    }

    fn filter(&self) -> FilterType {
        FilterType::of_name(self.argument("--filter-type").unwrap_or_default())
    }

    fn report(&self) -> Option<Value> {
        let text = std::fs::read_to_string(self.folder.join("expected/report.json")).ok()?;
        Some(serde_json::from_str(&text).unwrap())
    }
}

fn load_policy(case: &Case) -> Result<Groups, String> {
    let path = case.folder.join("policy.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    if text.is_empty() {
        return Err("the file is empty".to_owned());
    }
    let document = Document { name: "policy.yaml".to_owned(), text };
    let read = read(&document, Limits::default()).map_err(|error| error.to_string())?;
    let set = load(&read.spec, &LoadOptions::default()).map_err(|error| error.to_string())?;
    let spec = set.spec;
    let groups = set.groups.into_iter().zip(&spec.sources).enumerate().map(|(index, (loaded, source))| {
        let criteria = GroupCriteria::new(source, spec.configuration.as_ref(), case.filter());
        let judge = GroupJudge::new(label(source, index), loaded.rules, criteria, source.rule_data.as_ref());
        (Arc::new(CompiledGroup::new(loaded.compiled, loaded.data)), judge)
    });
    Ok(groups.collect())
}

type Groups = Vec<(Arc<CompiledGroup>, GroupJudge)>;

struct Judged {
    judgement: Judgement,
    includes: Vec<enterprise_contract::judge::IncludeUse>,
}

fn judge(case: &Case, groups: &[(Arc<CompiledGroup>, GroupJudge)], name: &str, image: &str) -> Judged {
    let at = case.instant();
    let (repository, digest) = image.split_once('@').unwrap();
    let image_of = Image { repository, digest: Digest::parse(digest).unwrap() };
    let subject = Subject { image: Some(image_of), component: name };
    let input = json!({"image": {"ref": image, "config": {"Labels": {"vendor": "x"}}}}).to_string();
    let input = json::read(input.as_bytes(), &ReadLimits::default()).unwrap();
    let judged: Vec<_> = groups
        .iter()
        .map(|(compiled, judge)| {
            let selection = judge.select(&subject, at);
            let run = Run {
                input: input.clone(),
                effective_time: at,
                now: at,
                seed: 0,
                cancelled: Arc::new(AtomicBool::new(false)),
                room: u64::MAX,
            };
            match compiled.start(run, |entry| selection.contains(entry)) {
                Evaluating::Done(raw, _) => judge.judge(&subject, at, raw),
                Evaluating::Asks(_) => panic!("no rule of these cases asks the host"),
            }
        })
        .collect();
    let includes = judged.iter().map(|it| it.includes.clone()).collect();
    Judged { judgement: join(judged), includes }
}

/// A finding: all of it to compare, and a line to read.
#[derive(Clone, PartialEq, Debug)]
struct Line {
    finding: String,
    short: String,
}

type Lines = Vec<Line>;

fn line(list: &str, msg: &str, metadata: &BTreeMap<String, Value>, keys: Option<&[&str]>) -> Line {
    let shown: BTreeMap<&String, &Value> =
        metadata.iter().filter(|(key, _)| keys.is_none_or(|keys| keys.contains(&key.as_str()))).collect();
    let finding = format!("{list} {msg:?} {}", serde_json::to_string(&shown).unwrap());
    let code = metadata.get("code").and_then(Value::as_str).unwrap_or_default();
    let msg: String = msg.chars().take(80).collect();
    Line { finding, short: format!("{list} {code} {msg:?}") }
}

/// What reports keep without `--info`.
const REDUCED: [&str; 3] = ["code", "effective_on", "term"];

fn ours(case: &Case, judgement: &Judgement) -> Lines {
    let keys = if case.args.iter().any(|arg| arg == "--info") { None } else { Some(&REDUCED[..]) };
    let successes = case.args.iter().any(|arg| arg == "--show-successes");
    let line = |list: &str, it: &Finding| line(list, &it.msg, &it.metadata, keys);
    let violations = judgement.violations.iter().map(|it| line("violations", it));
    let warnings = judgement.warnings.iter().map(|it| line("warnings", it));
    let listed = if successes { judgement.successes.as_slice() } else { &[] };
    violations.chain(warnings).chain(listed.iter().map(|it| line("successes", it))).collect()
}

fn theirs(component: &Value) -> (Lines, BTreeSet<String>) {
    let mut lines = Lines::new();
    let mut unmatched = BTreeSet::new();
    for list in ["violations", "warnings", "successes"] {
        for finding in component[list].as_array().into_iter().flatten() {
            let msg = finding["msg"].as_str().unwrap();
            let metadata: BTreeMap<String, Value> =
                serde_json::from_value(finding["metadata"].clone()).unwrap_or_default();
            let code = metadata.get("code").and_then(Value::as_str).unwrap_or_default();
            if msg.starts_with("Include criterion") {
                unmatched.insert(msg.to_owned());
            } else if !code.starts_with("builtin.") {
                lines.push(line(list, msg, &metadata, None));
            }
        }
    }
    (lines, unmatched)
}

/// The lines of one that the other has not, each as often as it is missing.
fn without(one: &[Line], other: &[Line]) -> Lines {
    let mut other = other.to_vec();
    let missing = one.iter().filter(|line| match other.iter().position(|it| it == *line) {
        Some(at) => {
            other.swap_remove(at);
            false
        }
        None => true,
    });
    missing.cloned().collect()
}

/// What differs in a case; nothing where it is as expected.
fn differences(case: &Case, number: &str) -> Vec<String> {
    let groups = match (load_policy(case), REFUSED.contains(&number)) {
        (Err(_), true) => return Vec::new(),
        (Ok(_), true) => return vec!["it should be refused".to_owned()],
        (Err(error), false) => return vec![error],
        (Ok(groups), false) => groups,
    };
    let Some(report) = case.report() else {
        let image = format!("registry.example/golden/app-clean@sha256:{}", "4f".repeat(32));
        let judged = judge(case, &groups, "one", &image).judgement;
        let undecided = judged.undecided.iter().map(|it| format!("? {}: {}", it.rule, it.failure.message));
        let mut lines: Vec<String> = undecided.collect();
        if !lines.is_empty() && UNDECIDED.contains(&number) {
            return Vec::new();
        }
        lines.extend(ours(case, &judged).into_iter().map(|line| format!("+ {}", line.short)));
        return lines;
    };
    let mut uses: Vec<Vec<_>> = vec![Vec::new(); groups.len()];
    let mut lines = Vec::new();
    let mut unmatched = BTreeSet::new();
    for component in report["components"].as_array().unwrap() {
        let text = |key: &str| component[key].as_str().unwrap();
        let judged = judge(case, &groups, text("name"), text("containerImage"));
        for (all, used) in uses.iter_mut().zip(judged.includes) {
            all.push(used);
        }
        let undecided = judged.judgement.undecided.iter();
        lines.extend(undecided.map(|it| format!("? {}: {}", it.rule, it.failure.message)));
        let (expected, missing) = theirs(component);
        unmatched.extend(missing);
        let found = ours(case, &judged.judgement);
        let (lost, gained) = (without(&expected, &found), without(&found, &expected));
        if lost.is_empty() && gained.is_empty() && expected != found {
            lines.push(format!("another order: {found:?}"));
        }
        lines.extend(lost.iter().map(|it| format!("- {}", it.short)));
        lines.extend(gained.iter().map(|it| format!("+ {}", it.short)));
    }
    let reported: BTreeSet<String> = uses.iter().flat_map(unmatched_includes).collect();
    lines.extend(unmatched.difference(&reported).map(|it| format!("- {it}")));
    lines.extend(reported.difference(&unmatched).map(|it| format!("+ {it}")));
    lines
}

/// Cases that are equal, and for the others what differs.
fn answers() -> (usize, Vec<String>) {
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir("cases").unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let mut found: Vec<String> = Vec::new();
    let mut passed = 0;
    for folder in folders {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let number = &name[..3];
        let in_range = ["2", "3", "4", "6"].iter().any(|hundred| number.starts_with(hundred));
        let out = OUT_OF_SCOPE.iter().any(|(out, _)| *out == number);
        if !in_range || out || !folder.join("policy.yaml").exists() {
            continue;
        }
        let command = std::fs::read_to_string(folder.join("command.json")).unwrap();
        let command: Value = serde_json::from_str(&command).unwrap();
        let args: Vec<String> = serde_json::from_value(command["args"].clone()).unwrap();
        assert_eq!(args[..2], ["validate", "image"], "{name}");
        let lines = differences(&Case { folder, args }, number);
        let row = DIFFERS.iter().find(|(differs, _)| *differs == number).map(|(_, row)| *row);
        if lines.is_empty() && row.is_none() {
            passed += 1;
            continue;
        }
        found.push(format!("{name}: {}", row.unwrap_or("NOT EXPECTED")));
        found.extend(lines.iter().map(|line| format!("  {line}")));
    }
    (passed, found)
}

#[test]
fn golden_cases_of_policies() {
    let Some(golden) = golden() else { return };
    // Sources of the policies are relative to it.
    std::env::set_current_dir(&golden).unwrap();
    let (passed, found) = answers();
    assert_eq!(passed, 108);
    insta::assert_snapshot!(found.join("\n"), @r##"
    201-results-info: same code in deny and warn; errata: effective_on
      - violations results.offset "Effective soon, an offset"
      - warnings results.both "both, in deny"
      + violations results.both "both, in deny"
      + warnings results.offset "Effective soon, an offset. This will become a failure starting on 2025-12-01T00:"
    202-results: same code in deny and warn; errata: effective_on
      - violations results.offset "Effective soon, an offset"
      - warnings results.both "both, in deny"
      + violations results.both "both, in deny"
      + warnings results.offset "Effective soon, an offset. This will become a failure starting on 2025-12-01T00:"
    203-results-later: same code in deny and warn; errata: effective_on
      - warnings results.both "both, in deny"
      + violations results.both "both, in deny"
    204-results-at-the-instant: same code in deny and warn; errata: effective_on
      - warnings results.both "both, in deny"
      + violations results.both "both, in deny"
    205-depends-on: depends_on
      - violations depends.after_mixed "after a failure and a pass"
      - violations depends.after_two "after two that did not fail"
    208-nested-package-alone: packages of several segments
      + violations  "inner, without a code"
      + violations nested.inner.rule "inner"
    209-nested-package-and-outer: packages of several segments
      + violations  "inner, without a code"
      + violations nested.inner.rule "inner"
    220-opa-results: flags: EC_USE_OPA is accepted without effect
      - violations  "unexpected policy result type <nil>: <nil>"
      - violations  "unexpected policy result type []interface {}: [a]"
      - violations  "unexpected policy result type []interface {}: [x]"
      - violations  "unexpected policy result type bool: true"
      - violations  "unexpected policy result type json.Number: 3"
      - violations results.extra "line one\nline two <b>&amp;\ttab \"quote\" ü \u{2028} end"
      - violations results.offset "Effective soon, an offset"
      - warnings results.both "both, in deny"
      + violations results.both "both, in deny"
      + violations results.extra "line one\nline two <b>&amp;\ttab \"quote\" ü \u{2028} end"
      + warnings results.offset "Effective soon, an offset. This will become a failure starting on 2025-12-01T00:"
    223-opa-nested: packages of several segments
      + violations  "inner, without a code"
      + violations nested.inner.rule "inner"
    225-opa-no-msg: flags: EC_USE_OPA is accepted without effect
      ? data.broken.deny: a result has no text `msg`: {"code": "broken.x", "message": "x"}
      - successes broken.x "Pass"
    353-volatile-scoped-include: active scoped include
      + violations alpha.fails "alpha fails for x"
      + violations alpha.fails "alpha fails for y"
      + violations alpha.fails "alpha fails for z:1"
      + violations beta.fails "beta fails"
      + violations gamma.unannotated "gamma, no annotation"
      + warnings alpha.warns "alpha warns"
      + successes alpha.passes "Pass"
      + successes beta.passes "Pass"
      - Include criterion 'beta' doesn't match any policy rule
    354-volatile-component-include: active scoped include
      + violations alpha.fails "alpha fails for x"
      + violations alpha.fails "alpha fails for y"
      + violations alpha.fails "alpha fails for z:1"
      + violations beta.fails "beta fails"
      + violations gamma.unannotated "gamma, no annotation"
      + warnings alpha.warns "alpha warns"
      + successes alpha.passes "Pass"
      + successes beta.passes "Pass"
    417-data-file: single-file sources
      - successes dump.data "Pass"
      + warnings dump.data "a = 1"
    608-unsupported-value: annotated helper that returns a non-message value
      + violations  "x"
      + successes broken.x "Pass"
    626-single-file-source: single-file sources
      + successes basic.has_digest "Pass"
      + successes basic.has_vendor "Pass"
    "##);
}
