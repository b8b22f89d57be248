//! A policy that never ends for one component, and a statement that outgrows memory: the others notice nothing.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use enterprise_contract::builtins;
use enterprise_contract::evaluate::{Bounds, CompiledGroup};
use enterprise_contract::input::Text;
use enterprise_contract::judge::{FilterType, GroupCriteria, GroupJudge};
use enterprise_contract::model::policy_spec::SourceGroup;
use enterprise_contract::model::{
    Component, ComponentReport, FailureKind, Limits, Outcome, PolicySpec, RuleTable, RunReport, Snapshot,
    Stage, Verdict,
};
use enterprise_contract::registry::Transport;
use enterprise_contract::registry::layout::Layout;
use enterprise_contract::rego::engine::{CompileOptions, Compiler};
use enterprise_contract::rego::value::Object;
use enterprise_contract::run::events::Silent;
use enterprise_contract::run::{Deadline, EffectiveTime, Group, Job, Keep, Metadata, run};
use enterprise_contract::testkit::{App, Scenario};
use enterprise_contract::trust::{PublicKey, TrustPolicy};
use enterprise_contract::verify::Requested;
use serde_json::json;

use super::{MIB, alone, with_peak};

const NAMES: [&str; 3] = ["one", "two", "three"];

/// What the testing bounds allow: little, since tests are not optimised.
fn bounds() -> Bounds {
    Bounds { steps: 2_000_000, bytes: 32 * MIB, bytes_per_part: 0, time: Duration::from_mins(1) }
}

fn layout(folder: &Path, change: impl Fn(App) -> App) -> Arc<dyn Transport> {
    let apps =
        NAMES.iter().map(|name| if *name == "two" { change(App::named(name)) } else { App::named(name) });
    apps.fold(Scenario::new("registry.example/team"), Scenario::with).build().unwrap().write(folder).unwrap();
    Arc::new(Layout::from_dirs(&[folder.join("layout")], &Limits::default()).unwrap())
}

/// Rules that say something of every component, and one that works at `two` alone.
fn group(rules: &str, bounds: Bounds) -> Group {
    let mut compiler =
        Compiler::new(CompileOptions { host: builtins::declarations(), ..CompileOptions::default() });
    let text = format!(
        "package bounds\n\nn := numbers.range(1, 1000)\nat_two if input.component_name == \"two\"\n\
         warn contains \"seen\" if input.image.ref\n{rules}"
    );
    compiler.add_module("bounds.rego", &text);
    let policy = compiler.compile().unwrap_or_else(|error| panic!("{rules}\n{error}"));
    let rules = CompiledGroup::new(policy, Object::new().into()).within(bounds);
    let criteria = GroupCriteria::new(&SourceGroup::default(), None, FilterType::IncludeExclude);
    let judge = GroupJudge::new("bounds", RuleTable::default(), criteria, None);
    Group { rules: Arc::new(rules), judge: Arc::new(judge) }
}

fn report(folder: &Path, transport: &Arc<dyn Transport>, group: Group) -> RunReport {
    let component = |name: &&str| Component {
        name: (*name).to_owned(),
        container_image: format!("registry.example/team/{name}:latest"),
        source: None,
    };
    let key = std::fs::read_to_string(folder.join("cosign.pub")).unwrap();
    let (deadline, _canceller) = Deadline::new(None);
    let job = Job {
        snapshot: Snapshot { components: NAMES.iter().map(component).collect(), ..Snapshot::default() },
        snapshot_name: String::new(),
        policy: PolicySpec::default(),
        groups: vec![group],
        trust: TrustPolicy::key_without_log(PublicKey::from_pem(&key).unwrap()),
        requested: Requested::default(),
        transport: Arc::clone(transport),
        source: "layout",
        memory: 1 << 40,
        effective_time: EffectiveTime::At(jiff::Timestamp::UNIX_EPOCH),
        now: jiff::Timestamp::UNIX_EPOCH,
        workers: 2,
        deadline,
        component_timeout: None,
        keep: Keep { input: Text::Unwanted, statements: false, metadata: Metadata::Full },
        limits: Limits::default(),
        listener: Arc::new(Silent),
        version: String::new(),
        policy_warnings: Vec::new(),
        previous: None,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run(job)).unwrap()
}

fn neighbours(report: &RunReport) -> Vec<&ComponentReport> {
    report.components.iter().filter(|it| &*it.id.name != "two").collect()
}

fn victim(report: &RunReport) -> &Outcome {
    &report.components.iter().find(|it| &*it.id.name == "two").unwrap().outcome
}

/// Rules that do not end at `two`, and what that is called.
const ENDLESS: &[(&str, FailureKind)] = &[
    (
        "deny contains \"no\" if { at_two; some i in n; some j in n; some k in n; i + j + k == 0 }",
        FailureKind::TooLarge,
    ),
    (
        "deny contains \"no\" if { at_two; count([[i, j] | some i in n; some j in n]) == 0 }",
        FailureKind::TooLarge,
    ),
    ("deny contains \"no\" if { at_two; count(numbers.range(1, 100000000)) == 0 }", FailureKind::TooLarge),
    (
        "deny contains x if { at_two; some i in n; some j in n; x := sprintf(\"%100d\", [i * j]) }",
        FailureKind::TooLarge,
    ),
];

#[test]
fn threat_08_a_rule_without_end_leaves_its_component_undecided_and_the_others_alone() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let transport = layout(folder.path(), |app| app);
    let clean = report(folder.path(), &transport, group("deny contains \"no\" if false", bounds()));
    assert!(clean.components.iter().all(|it| it.outcome.verdict() == Verdict::Pass), "{clean:?}");
    let late = Bounds { steps: u64::MAX, time: Duration::from_millis(300), ..bounds() };
    let cases = ENDLESS.iter().map(|(rules, kind)| (*rules, *kind, bounds()));
    for (rules, kind, bounds) in cases.chain([(ENDLESS[0].0, FailureKind::TimedOut, late)]) {
        let group = group(rules, bounds);
        let (report, peak) = with_peak(|| report(folder.path(), &transport, group));
        assert_eq!(neighbours(&report), neighbours(&clean), "{rules}");
        let outcome = victim(&report);
        assert_eq!(outcome.verdict(), Verdict::Incomplete, "{rules}: {outcome:?}");
        let Outcome::Judged(judged) = outcome else { panic!("{rules}: {outcome:?}") };
        // What is spent stays spent: the entry points behind it may be undecided as well.
        let rules_in_doubt: Vec<&str> = judged.undecided.iter().map(|it| it.rule.as_str()).collect();
        assert_eq!(rules_in_doubt[0], "data.bounds.deny", "{rules}");
        for undecided in &judged.undecided {
            assert_eq!((undecided.failure.stage, undecided.failure.kind), (Stage::Evaluate, kind), "{rules}");
        }
        // Around the evaluation stand runtime, layout, evidence.
        assert!(peak < 2 * (32 + 32 / 5) * MIB, "{rules}: {} KiB", peak >> 10);
    }
}

#[test]
fn threat_04_a_signed_statement_of_empty_objects_is_too_large_for_its_component_alone() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let transport = layout(folder.path(), |app| app);
    let clean = report(folder.path(), &transport, group("", bounds()));

    let folder = tempfile::tempdir().unwrap();
    let transport = layout(folder.path(), |app| {
        app.provenance(|statement| statement["predicate"]["padding"] = vec![json!({}); 7_000_000].into())
    });
    let small = group("", bounds());
    let (report, peak) = with_peak(|| report(folder.path(), &transport, small));
    let digests =
        |report: &RunReport| neighbours(report).iter().map(|it| it.outcome.verdict()).collect::<Vec<_>>();
    assert_eq!(digests(&report), digests(&clean));
    let failure = victim(&report).failure().unwrap();
    assert_eq!((failure.stage, failure.kind), (Stage::Input, FailureKind::TooLarge), "{failure:?}");
    let bound = Limits::default().input_heap_bytes;
    // Beside the document stand the statement's own bytes: as fetched, as base64 and as decoded.
    assert!(peak < bound + bound / 5, "{} MiB", peak / MIB);
}
