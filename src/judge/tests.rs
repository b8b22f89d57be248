//! The golden answers about include and exclude, from raw results written here by hand, and properties of every judgement.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::model::failure::StageError;
use crate::model::{
    AnnotatedRule, EntryOutcome, EntryPoint, FailureKind, Finding, PackagePath, PolicySpec, RawEntry,
    RawResult, RawResults, RawUndecided, RuleLocation, RuleTable, UnnamedRule,
};

const AT: &str = "2025-06-01T00:00:00Z";

fn at() -> Timestamp {
    AT.parse().unwrap()
}

fn place(row: u32) -> RuleLocation {
    RuleLocation { file: "x.rego".into(), row }
}

/// An annotated rule: `package.short_name`, its name in Rego, further annotations.
fn rule(code: &str, name: &str, custom: &Value) -> AnnotatedRule {
    let (package, short_name) = code.rsplit_once('.').unwrap();
    let text = |key: &str| custom[key].as_str().unwrap_or_default().to_owned();
    let list = |key: &str| serde_json::from_value(custom[key].clone()).unwrap_or_default();
    AnnotatedRule {
        code: code.to_owned(),
        package: PackagePath::new(package.split('.')),
        name: name.into(),
        short_name: short_name.to_owned(),
        title: text("title"),
        description: text("description"),
        solution: text("solution"),
        effective_on: text("effective_on"),
        collections: list("collections"),
        depends_on: list("depends_on"),
        pipeline_intention: list("pipeline_intention"),
        location: place(custom["row"].as_u64().map_or(1, |row| u32::try_from(row).unwrap())),
    }
}

fn table(rules: impl IntoIterator<Item = AnnotatedRule>) -> RuleTable {
    let mut table = RuleTable::default();
    for rule in rules {
        table.add(rule).unwrap();
    }
    table
}

fn raw(result: &Value) -> RawResult {
    match result {
        Value::String(msg) => RawResult { msg: msg.clone(), metadata: BTreeMap::new() },
        Value::Object(fields) => {
            let mut metadata: BTreeMap<String, Value> = fields.clone().into_iter().collect();
            let msg = metadata.remove("msg").unwrap().as_str().unwrap().to_owned();
            RawResult { msg, metadata }
        }
        _ => unreachable!(),
    }
}

fn entry_point(path: &str) -> EntryPoint {
    let (package, rule) = path.rsplit_once('.').unwrap();
    EntryPoint::new(PackagePath::new(package.split('.')), rule).unwrap()
}

fn entry(path: &str, results: &Value) -> RawEntry {
    let results = results.as_array().unwrap().iter().map(raw).collect();
    RawEntry { entry: entry_point(path), outcome: EntryOutcome::decided(results) }
}

fn group_judge(table: RuleTable, group: &Value) -> GroupJudge {
    let group = serde_json::from_value(group.clone()).unwrap();
    let criteria = GroupCriteria::new(&group, None, FilterType::IncludeExclude);
    GroupJudge::new("sources[0]", table, criteria, group.rule_data.as_ref())
}

/// Judges entries with the default criteria.
fn judge(table: RuleTable, entries: Vec<RawEntry>) -> GroupJudgement {
    group_judge(table, &json!({})).judge(&Subject::default(), at(), RawResults { entries })
}

fn messages(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|it| &*it.msg).collect()
}

fn codes<F: Borrow<Finding>>(findings: &[F]) -> Vec<&str> {
    findings.iter().map(|it| it.borrow().code().unwrap_or("-")).collect()
}

mod golden;

#[test]
fn annotations_win_over_what_a_result_says_of_itself() {
    let custom = json!({"title": "T", "description": "D", "solution": "S", "effective_on": "2025-05-01T00:00:00Z",
        "collections": ["c"], "depends_on": ["x.y"]});
    let own = json!([{"msg": "m", "code": "p.r", "title": "own", "collections": ["own"], "effective_on": "2020-01-01T00:00:00Z"}]);
    let judged = judge(table([rule("p.r", "deny", &custom)]), vec![entry("p.deny", &own)]);
    let metadata = serde_json::to_string(&judged.violations[0].metadata).unwrap();
    insta::assert_snapshot!(metadata, @r#"{"code":"p.r","collections":["c"],"depends_on":["x.y"],"description":"D. To exclude this rule add \"p.r\" to the `exclude` section of the policy configuration.","effective_on":"2025-05-01T00:00:00Z","solution":"S","title":"T"}"#);
}

#[test]
fn a_result_of_an_unknown_code_keeps_its_own_words_and_its_collections_become_texts() {
    let own = json!([{"msg": "m", "code": "p.unknown", "title": "own", "collections": ["own", 1]},
        {"msg": "n", "code": "p.unknown", "collections": "text"}, {"msg": "o", "collections": [1]}]);
    let judged = judge(RuleTable::default(), vec![entry("p.deny", &own)]);
    let metadata = |index: usize| serde_json::to_string(&judged.violations[index].metadata).unwrap();
    assert_eq!(metadata(0), r#"{"code":"p.unknown","collections":["own","1"],"title":"own"}"#);
    assert_eq!(metadata(1), r#"{"code":"p.unknown"}"#);
    assert_eq!(metadata(2), r#"{"collections":[1]}"#);
}

#[test]
fn a_date_is_forgotten_after_ninety_days_but_stays_in_successes() {
    let old = json!({"effective_on": "2025-03-02T23:59:59Z"});
    let young = json!({"effective_on": "2025-03-03T00:00:00Z"});
    let table =
        table([rule("p.old", "deny", &old), rule("p.young", "deny", &young), rule("p.quiet", "deny", &old)]);
    let results = json!([{"msg": "old", "code": "p.old"}, {"msg": "young", "code": "p.young"}]);
    let judged = judge(table, vec![entry("p.deny", &results)]);
    let dated = |findings: &[Finding]| -> Vec<bool> {
        findings.iter().map(|it| it.metadata.contains_key("effective_on")).collect()
    };
    assert_eq!(dated(&judged.violations), [false, true]);
    assert!(judged.successes[0].metadata.contains_key("effective_on"));
}

#[test]
fn a_failure_of_the_future_warns_until_its_instant_has_passed() {
    let custom = json!({"effective_on": "2025-06-01T02:00:00+02:00"});
    let results =
        json!([{"msg": "m.", "code": "p.r"}, {"msg": "codeless", "effective_on": "2025-12-01T00:00:00Z"}]);
    let judge = group_judge(table([rule("p.r", "deny", &custom)]), &json!({}));
    let run = |at: &str| {
        let raw = RawResults { entries: vec![entry("p.deny", &results)] };
        judge.judge(&Subject::default(), at.parse().unwrap(), raw)
    };
    assert_eq!(
        messages(&run(AT).warnings),
        [
            "m. This will become a failure starting on 2025-06-01T02:00:00+02:00",
            "codeless. This will become a failure starting on 2025-12-01T00:00:00Z"
        ]
    );
    assert_eq!(messages(&run("2025-06-01T00:00:01Z").violations), ["m."]);
}

#[test]
fn a_date_that_is_none_holds_nothing_off_and_is_noted() {
    let results = json!([{"msg": "m", "code": "p.r", "effective_on": "some time"}]);
    let judged = judge(RuleTable::default(), vec![entry("p.deny", &results)]);
    assert_eq!(messages(&judged.violations), ["m"]);
    assert_eq!(judged.notes, BTreeSet::from([r#"Invalid "effective_on" value "some time""#.to_owned()]));
}

#[test]
fn severity_of_the_result_moves_it_and_the_annotations_does_not() {
    let deny = json!([{"msg": "down", "code": "p.a", "severity": "warning"}, {"msg": "odd", "code": "p.b", "severity": 3},
        {"msg": "up soon", "code": "p.c", "severity": "failure", "effective_on": "2025-12-01T00:00:00Z"}]);
    let warn =
        json!([{"msg": "up", "code": "p.d", "severity": "failure", "effective_on": "2025-12-01T00:00:00Z"}]);
    let judged = judge(RuleTable::default(), vec![entry("p.deny", &deny), entry("p.warn", &warn)]);
    assert_eq!(messages(&judged.violations), ["odd", "up"]);
    assert_eq!(
        messages(&judged.warnings),
        ["down", "up soon. This will become a failure starting on 2025-12-01T00:00:00Z"]
    );
    assert_eq!(judged.notes.len(), 1);
}

#[test]
fn each_result_keeps_the_kind_of_its_rule_though_another_kind_has_its_code_too() {
    let judged = judge(
        table([rule("p.both", "deny", &json!({}))]),
        vec![
            entry("p.deny", &json!([{"msg": "in deny", "code": "p.both"}])),
            entry("p.warn", &json!([{"msg": "in warn", "code": "p.both"}])),
        ],
    );
    assert_eq!(
        (messages(&judged.violations), messages(&judged.warnings)),
        (vec!["in deny"], vec!["in warn"])
    );
}

#[test]
fn a_result_is_dropped_when_any_rule_it_depends_on_speaks_and_kept_once_otherwise() {
    let on = |codes: &[&str]| json!({"depends_on": codes});
    let table = table([
        rule("p.fails", "deny", &json!({})),
        rule("p.passes", "deny", &json!({})),
        rule("p.mixed", "deny", &on(&["p.fails", "p.passes"])),
        rule("p.two", "deny", &on(&["p.passes", "p.unknown"])),
        rule("p.chained", "deny", &on(&["p.mixed"])),
        rule("p.quiet", "deny", &on(&["p.fails"])),
    ]);
    let results: Vec<Value> = ["fails", "mixed", "two", "chained"]
        .iter()
        .map(|it| json!({"msg": it, "code": format!("p.{it}")}))
        .collect();
    let judged = judge(table, vec![entry("p.deny", &Value::Array(results))]);
    assert_eq!(codes(&judged.violations), ["p.fails", "p.two"]);
    assert_eq!(codes(&judged.successes), ["p.passes"]);
}

#[test]
fn rules_that_depend_on_each_other_do_not_hide_each_other() {
    let on = |code: &str| json!({"depends_on": [code]});
    let table = table([
        rule("p.a", "deny", &on("p.b")),
        rule("p.b", "deny", &on("p.a")),
        rule("p.self", "deny", &on("p.self")),
    ]);
    let results =
        json!([{"msg": "a", "code": "p.a"}, {"msg": "b", "code": "p.b"}, {"msg": "c", "code": "p.self"}]);
    assert_eq!(codes(&judge(table, vec![entry("p.deny", &results)]).violations), ["p.a", "p.b", "p.self"]);
}

#[test]
fn the_hint_names_each_term_that_can_be_excluded() {
    let custom = json!({"description": "D"});
    let results: Vec<Value> = [json!("x"), json!(["x", "y", ""]), json!(""), json!(5)]
        .iter()
        .map(|term| json!({"msg": term.to_string(), "code": "p.r", "term": term}))
        .collect();
    let judged = judge(table([rule("p.r", "deny", &custom)]), vec![entry("p.deny", &Value::Array(results))]);
    let hints: Vec<&str> =
        judged.violations.iter().map(|it| it.metadata["description"].as_str().unwrap()).collect();
    let named: Vec<&str> = hints.iter().map(|hint| hint.split(" to the `").next().unwrap()).collect();
    assert_eq!(
        named,
        [
            r#"D. To exclude this rule add "p.r:x""#,
            r#"D. To exclude this rule add one or more of "p.r:x", "p.r:y""#,
            r#"D. To exclude this rule add "p.r""#,
            r#"D. To exclude this rule add "p.r""#,
        ]
    );
}

#[test]
fn threat_41_a_group_that_says_nothing_is_undecided() {
    let judged = judge(RuleTable::default(), vec![entry("p.deny", &json!([]))]);
    assert_eq!(judged.undecided.len(), 1);
    assert_eq!(judged.undecided[0].failure.message, "no successes, warnings, or failures, check input");
    assert!(!judged.undecided[0].failure.retryable);
}

#[test]
fn an_error_of_one_entry_point_hides_no_other_and_is_no_success() {
    let table = table([rule("p.broken", "deny", &json!({})), rule("q.fine", "deny", &json!({}))]);
    let failed = RawEntry {
        entry: entry_point("p.deny"),
        outcome: EntryOutcome::Failed(StageError::new(FailureKind::PolicyError, "conflict")),
    };
    let judged = judge(table, vec![failed, entry("q.deny", &json!([]))]);
    assert_eq!(codes(&judged.successes), ["q.fine"]);
    assert_eq!(judged.undecided[0].rule, "data.p.deny");
}

#[test]
fn a_rule_that_was_not_asked_has_not_succeeded() {
    let judged = judge(table([rule("p.r", "deny", &json!({}))]), Vec::new());
    assert!(judged.successes.is_empty());
    assert_eq!(judged.undecided.len(), 1);
}

#[test]
fn a_definition_in_doubt_leaves_the_others_of_its_entry_point_alone() {
    let table = table([
        rule("p.doubtful", "deny", &json!({"row": 3})),
        rule("p.fine", "deny", &json!({"row": 9})),
        rule("p.after", "deny", &json!({"row": 20, "depends_on": ["p.doubtful"]})),
    ]);
    let cause = StageError::new(FailureKind::Unavailable, "503");
    let undecided = RawUndecided { definition: Some(place(3)), reference: Some("r/x".to_owned()), cause };
    let results = vec![raw(&json!({"msg": "after", "code": "p.after"}))];
    let outcome = EntryOutcome::Evaluated { results, undecided: vec![undecided] };
    let judged = judge(table, vec![RawEntry { entry: entry_point("p.deny"), outcome }]);
    assert_eq!(codes(&judged.successes), ["p.fine"]);
    assert!(judged.violations.is_empty(), "what depends on a rule in doubt is no violation yet");
    let rules: Vec<&str> = judged.undecided.iter().map(|it| it.rule.as_str()).collect();
    assert_eq!(rules, ["p.after", "data.p.deny (p.doubtful)"]);
}

#[test]
fn an_unnamed_rule_selects_its_package_by_its_own_code() {
    let mut table = table([rule("alpha.r", "deny", &json!({}))]);
    table.add_unnamed(UnnamedRule {
        code: "nested.gamma.deny".to_owned(),
        package: PackagePath::new(["nested", "gamma"]),
        name: "deny".into(),
        location: place(1),
    });
    let selected = |include: &str| {
        let judge = group_judge(table.clone(), &json!({"config": {"include": [include]}}));
        match judge.select(&Subject::default(), at()) {
            Selection::Everything => vec!["everything".to_owned()],
            Selection::Packages(packages) => packages.iter().map(ToString::to_string).collect(),
        }
    };
    assert_eq!(selected("gamma"), ["nested.gamma"]);
    assert_eq!(selected("nested.gamma.deny"), ["nested.gamma"]);
    assert_eq!(selected("alpha"), ["alpha"]);
    assert_eq!(selected("*"), ["alpha", "nested.gamma"]);
    assert_eq!(selected("alpha.r:term"), ["everything"]);
}

prop_compose! {
    fn any_result()(
        code in prop::option::of(prop::sample::select(vec!["p.a", "p.b", "q.c", "odd"])),
        term in prop::option::of(prop::sample::select(vec!["x", "y"])),
        msg in prop::sample::select(vec!["one", "two"]),
        date in prop::option::of(prop::sample::select(vec!["2025-12-01T00:00:00Z", "never"])),
    ) -> RawResult {
        let mut metadata = BTreeMap::new();
        for (key, value) in [("code", code), ("term", term), ("effective_on", date)] {
            if let Some(value) = value {
                metadata.insert(key.to_owned(), Value::from(value));
            }
        }
        RawResult { msg: msg.to_owned(), metadata }
    }
}

fn any_entries() -> impl Strategy<Value = Vec<RawEntry>> {
    let outcome = prop_oneof![
        4 => prop::collection::vec(any_result(), 0..5).prop_map(EntryOutcome::decided),
        1 => Just(EntryOutcome::Excepted),
        1 => Just(EntryOutcome::Failed(StageError::new(FailureKind::PolicyError, "conflict"))),
    ];
    let paths = ["p.deny", "p.warn", "q.deny", "q.violation_x"];
    prop::collection::vec(outcome, paths.len()).prop_map(move |outcomes| {
        let pairs = paths.iter().zip(outcomes);
        pairs.map(|(path, outcome)| RawEntry { entry: entry_point(path), outcome }).collect()
    })
}

proptest! {
    #[test]
    fn no_judgement_depends_on_the_order_of_its_input(
        entries in any_entries(),
        seed in any::<u64>(),
        exclude in prop::sample::subsequence(vec!["p.a", "q", "p:x", "@c"], 0..4),
    ) {
        let table = table([
            rule("p.a", "deny", &json!({"collections": ["c"]})),
            rule("p.b", "warn", &json!({"depends_on": ["p.a", "q.c"]})),
            rule("q.c", "deny", &json!({"depends_on": ["p.b"], "description": "D"})),
        ]);
        let mut shuffled = entries.clone();
        let count = shuffled.len();
        for (index, entry) in shuffled.iter_mut().enumerate() {
            if let EntryOutcome::Evaluated { results, .. } = &mut entry.outcome {
                let by = usize::try_from(seed).unwrap_or(1) % (results.len() + index + 1);
                let by = by.min(results.len());
                results.rotate_left(by);
            }
        }
        shuffled.rotate_left(usize::try_from(seed % 7).unwrap() % count);
        let config = json!({"config": {"exclude": exclude}});
        let judged = |entries| {
            let group = group_judge(table.clone(), &config);
            let judged = group.judge(&Subject::default(), at(), RawResults { entries });
            (judged.includes.clone(), join([judged]))
        };
        prop_assert_eq!(judged(entries), judged(shuffled));
    }

    #[test]
    fn an_exclude_never_adds_a_violation(entries in any_entries(), exclude in prop::sample::select(vec!["p.a", "q", "*", "p:x"])) {
        let table = table([rule("p.a", "deny", &json!({})), rule("q.c", "deny", &json!({}))]);
        let violations = |config: &Value| {
            let raw = RawResults { entries: entries.clone() };
            let judged = group_judge(table.clone(), config).judge(&Subject::default(), at(), raw);
            judged.violations.len()
        };
        let with = violations(&json!({"config": {"exclude": [exclude]}}));
        let without = violations(&json!({}));
        prop_assert!(with <= without);
    }
}
