//! Every golden case over the rules of `common/rules/filter` and `common/rules/intent`: what these rules say stands here as raw
//! results, the rest of the answer is the judge's.

use super::*;

fn golden() -> Option<PathBuf> {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let shared = std::env::var_os("EC_SHARED").map_or_else(|| manifest.join("../shared"), PathBuf::from);
    let golden = shared.join("golden");
    if !golden.is_dir() {
        println!("skipped: golden cases of include and exclude: {} not found", golden.display());
        return None;
    }
    Some(golden)
}

fn filter_rules() -> (RuleTable, Vec<RawEntry>) {
    let mut table = table([
        rule("alpha.fails", "deny", &json!({"collections": ["first", "all"]})),
        rule("alpha.warns", "warn", &json!({"collections": ["all"]})),
        rule("alpha.passes", "deny", &json!({"collections": ["first", "all"]})),
        rule("beta.fails", "deny", &json!({"collections": ["second", "all"]})),
        rule("beta.passes", "deny", &json!({"collections": ["second"]})),
    ]);
    for (code, name) in [("alpha.deny", "deny"), ("gamma.unannotated", "deny"), ("gamma.warn", "warn")] {
        let package = PackagePath::new([code.split('.').next().unwrap()]);
        table.add_unnamed(UnnamedRule {
            code: code.to_owned(),
            package,
            name: name.into(),
            location: place(1),
        });
    }
    let entries = vec![
        entry(
            "alpha.deny",
            &json!(["alpha, without a code",
                {"code": "alpha.fails", "msg": "alpha fails for x", "term": "x"},
                {"code": "alpha.fails", "msg": "alpha fails for y", "term": "y"},
                {"code": "alpha.fails", "msg": "alpha fails for z:1", "term": "z:1"}]),
        ),
        entry("alpha.warn", &json!([{"code": "alpha.warns", "msg": "alpha warns", "term": ["x", "w"]}])),
        entry("beta.deny", &json!([{"code": "beta.fails", "msg": "beta fails"}])),
        entry(
            "gamma.deny",
            &json!([{"code": "gamma.unannotated", "msg": "gamma, no annotation", "collections": ["third"]}]),
        ),
        entry("gamma.warn", &json!(["gamma, without a code"])),
    ];
    (table, entries)
}

fn intent_rules() -> (RuleTable, Vec<RawEntry>) {
    let table = table([
        rule("intent.release", "deny", &json!({"pipeline_intention": ["release", "production"]})),
        rule("intent.staging", "deny", &json!({"pipeline_intention": ["staging"]})),
        rule("intent.always", "deny", &json!({"collections": ["c"]})),
        rule("intent.release_passes", "deny", &json!({"pipeline_intention": ["release"]})),
    ]);
    let results = json!([{"code": "intent.release", "msg": "for releases"},
        {"code": "intent.staging", "msg": "for staging", "term": "t"}, {"code": "intent.always", "msg": "for all"}]);
    (table, vec![entry("intent.deny", &results)])
}

type Lines = BTreeSet<String>;

/// What a report says of one component, builtin checks and unmatched includes set apart.
fn expected(component: &Value) -> (Lines, Lines) {
    let mut lines = Lines::new();
    let mut unmatched = Lines::new();
    for list in ["violations", "warnings", "successes"] {
        for finding in component[list].as_array().into_iter().flatten() {
            let msg = finding["msg"].as_str().unwrap();
            let code = finding["metadata"]["code"].as_str().unwrap_or_default();
            if msg.starts_with("Include criterion") {
                unmatched.insert(msg.to_owned());
            } else if !code.starts_with("builtin.") {
                lines.insert(format!("{list} {code} {msg}"));
            }
        }
    }
    (lines, unmatched)
}

fn actual(judgement: &crate::model::Judgement) -> Lines {
    assert!(judgement.undecided.is_empty(), "{:?}", judgement.undecided);
    let line = |list: &str, it: &Finding| format!("{list} {} {}", it.code().unwrap_or_default(), it.msg);
    let violations = judgement.violations.iter().map(|it| line("violations", it));
    let warnings = judgement.warnings.iter().map(|it| line("warnings", it));
    let successes = judgement.successes.iter().map(|it| line("successes", it));
    violations.chain(warnings).chain(successes).collect()
}

fn judged(spec: &PolicySpec, filter: FilterType, component: &Value) -> GroupJudgement {
    let group = &spec.sources[0];
    let (table, mut entries) =
        if group.policy[0].ends_with("intent") { intent_rules() } else { filter_rules() };
    let criteria = GroupCriteria::new(group, spec.configuration.as_ref(), filter);
    let judge = GroupJudge::new("sources[0]", table, criteria, group.rule_data.as_ref());
    let (repository, digest) = component["containerImage"].as_str().unwrap().split_once('@').unwrap();
    let image = Image { repository, digest: Digest::parse(digest).unwrap() };
    let subject = Subject { image: Some(image), component: component["name"].as_str().unwrap() };
    let selection = judge.select(&subject, at());
    entries.retain(|entry| selection.contains(&entry.entry));
    judge.judge(&subject, at(), RawResults { entries })
}

/// Decisions, "active scoped include": the default stays for the images that the include does not name.
const DEFAULT_STAYS: [(&str, &str); 2] =
    [("353-volatile-scoped-include", "two"), ("354-volatile-component-include", "two")];

#[test]
fn golden_include_and_exclude() {
    let Some(golden) = golden() else { return };
    let mut cases = 0;
    let mut names: Vec<_> =
        std::fs::read_dir(golden.join("cases")).unwrap().map(|it| it.unwrap().path()).collect();
    names.sort();
    for case in names {
        let name = case.file_name().unwrap().to_str().unwrap();
        let Ok(policy) = std::fs::read_to_string(case.join("policy.yaml")) else { continue };
        let rules = ["./common/rules/filter", "./common/rules/intent"];
        let one_group = policy.matches("- policy:").count() == 1;
        if !name.starts_with('3') || !one_group || !rules.iter().any(|it| policy.contains(it)) {
            continue;
        }
        let spec: PolicySpec = serde_saphyr::from_str(&policy).unwrap();
        let command = std::fs::read_to_string(case.join("command.json")).unwrap();
        let filter = if command.contains("ec-policy") { FilterType::EcPolicy } else { FilterType::default() };
        let report = std::fs::read_to_string(case.join("expected/report.json")).unwrap();
        let report: Value = serde_json::from_str(&report).unwrap();
        let mut uses = Vec::new();
        let mut unmatched = Lines::new();
        for component in report["components"].as_array().unwrap() {
            let judgement = judged(&spec, filter, component);
            uses.push(judgement.includes.clone());
            let (mut lines, missing) = expected(component);
            if DEFAULT_STAYS.contains(&(name, component["name"].as_str().unwrap())) {
                let default = PolicySpec {
                    sources: vec![crate::model::policy_spec::SourceGroup {
                        policy: spec.sources[0].policy.clone(),
                        ..Default::default()
                    }],
                    ..Default::default()
                };
                lines = actual(&join([judged(&default, filter, component)]));
            } else {
                unmatched.extend(missing);
            }
            assert_eq!(actual(&join([judgement])), lines, "{name}");
        }
        let reported: Lines = unmatched_includes(&uses).into_iter().collect();
        assert_eq!(reported, unmatched, "{name}");
        cases += 1;
    }
    assert_eq!(cases, EXPECTED_CASES);
}

const EXPECTED_CASES: usize = 51;
