//! What the engine costs on the released policies: loading, evaluating, their unit tests, and the memory of all that.
//!
//! `EC_SHARED=../shared cargo bench --features testkit --bench engine`. The policies and the input are read from the
//! shared folder, which is not part of the project; where it is missing, this is said and nothing is measured.
//! `ec.*` answers undefined at once, as in the figures that `docs/performance.md` compares with. Memory comes from where the
//! program takes it.

#![allow(missing_docs, reason = "what a bench does is its name")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::panic, reason = "a bench")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use divan::{AllocProfiler, Bencher, black_box};
use enterprise_contract::builtins;
use enterprise_contract::rego::budget::Budget;
use enterprise_contract::rego::engine::{
    CompileOptions, Compiled, Compiler, Evaluation, EvaluationInput, Policy, PrintStatements, Shared,
};
use enterprise_contract::rego::host::{HostAnswer, HostCall};
use enterprise_contract::rego::testing::{self, TestCase, Tests, Verdict};
use enterprise_contract::rego::value::{self, Object, ReadLimits, Str, Value, yaml};
use enterprise_contract::rego::vm::{Answer, Step};
use enterprise_contract::testkit::{Sbom, Size};
use serde_json::json;

#[global_allocator]
static ALLOC: AllocProfiler<mimalloc::MiMalloc> = AllocProfiler::new(mimalloc::MiMalloc);

/// Tells this program to be the process whose memory is measured; the value is the folder of its inputs.
const ALONE: &str = "EC_BENCH_ALONE";

fn main() {
    if let Some(inputs) = std::env::var_os(ALONE) {
        alone(Path::new(&inputs));
    } else if Path::new(&folder()).is_dir() {
        divan::main();
    } else {
        eprintln!("skipped: engine benches: {} not found", folder().display());
    }
}

fn folder() -> PathBuf {
    let shared = std::env::var_os("EC_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    shared.join("conformance/conforma-policy")
}

/// The modules that are evaluated: those of `policy/release` and `policy/lib`, without their tests.
static MODULES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let mut found = modules_below(&["policy/release", "policy/lib"]);
    found.retain(|(name, _)| !name.ends_with("_test.rego"));
    found
});

fn modules_below(parts: &[&str]) -> Vec<(String, String)> {
    let mut open: Vec<PathBuf> = parts.iter().map(|it| folder().join(it)).collect();
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|it| it.unwrap().path()));
        } else if path.extension().is_some_and(|it| it == "rego") {
            found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    found
}

static POLICY: LazyLock<Policy> = LazyLock::new(|| compile().policy);

/// `deny` and `warn` of every release package.
static ENTRY_POINTS: LazyLock<Vec<Vec<Str>>> = LazyLock::new(|| {
    let mut paths: Vec<Vec<Str>> = Vec::new();
    for module in compile().modules {
        let package: Vec<Str> = module.package.parts().map(|it| Str::from(&**it)).collect();
        if package.first().is_some_and(|it| &**it == "lib") {
            continue;
        }
        for rule in ["deny", "warn"] {
            let path: Vec<Str> = package.iter().cloned().chain([Str::from(rule)]).collect();
            if POLICY.has_rule(&path) && !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths
});

static DATA: LazyLock<Value> = LazyLock::new(|| {
    let mut all = Object::new();
    for entry in std::fs::read_dir(folder().join("example/data")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|it| it == "yml") {
            let read = yaml::read(&std::fs::read(path).unwrap(), &ReadLimits::default()).unwrap();
            for (key, value) in read.as_object().unwrap() {
                all = all.with(key.clone(), value.clone());
            }
        }
    }
    all.into()
});

/// One component's `input`, as text.
#[derive(Clone, Copy, Debug)]
enum Input {
    Golden,
    Spdx(usize),
    CycloneDx(usize),
}

const INPUTS: [Input; 5] =
    [Input::Golden, Input::Spdx(1000), Input::Spdx(5000), Input::CycloneDx(1000), Input::CycloneDx(5000)];

impl Input {
    fn text(self) -> Vec<u8> {
        let sample = folder().join("acceptance/samples/policy-input-golden-container.json");
        let mut document: serde_json::Value =
            serde_json::from_slice(&std::fs::read(sample).unwrap()).unwrap();
        let statement = |kind: &str, predicate: serde_json::Value| {
            json!({"statement": {
                "_type": "https://in-toto.io/Statement/v0.1",
                "predicateType": kind,
                "subject": [],
                "predicate": predicate,
            }})
        };
        let added = match self {
            Self::Golden => None,
            Self::Spdx(packages) => {
                Some(statement("https://spdx.dev/Document", parsed(&Sbom::spdx(Size::Packages(packages)))))
            }
            Self::CycloneDx(components) => {
                let sbom = Sbom::cyclonedx(Size::Packages(components));
                Some(statement("https://cyclonedx.org/bom", parsed(&sbom)))
            }
        };
        document["attestations"].as_array_mut().unwrap().extend(added);
        serde_json::to_vec(&document).unwrap()
    }
}

fn parsed(sbom: &Sbom) -> serde_json::Value {
    serde_json::from_str(&sbom.text("app")).unwrap()
}

fn compile() -> Compiled {
    let options = CompileOptions { host: builtins::declarations(), ..CompileOptions::default() };
    let mut compiler = Compiler::new(options);
    for (name, text) in MODULES.iter() {
        compiler.add_module(name, text);
    }
    compiler.compile().unwrap_or_else(|error| panic!("{error}"))
}

/// What all components of a run find alike.
static SHARED: LazyLock<Shared> = LazyLock::new(share);

fn share() -> Shared {
    POLICY.share(&ENTRY_POINTS, &DATA, &[], Budget::unlimited())
}

/// The answer of a rule.
fn ask(evaluation: &mut Evaluation, path: &[Str], host: fn(&HostCall) -> HostAnswer) -> Answer {
    let mut step = evaluation.start_rule(path);
    loop {
        match step {
            Step::Pending(call) => step = evaluation.resume(host(&call)),
            Step::Done(answer) => return answer,
        }
    }
}

/// All entry points over one input: how many results there are, and what was spent.
fn evaluate(input: Value) -> (usize, Budget) {
    let input = EvaluationInput {
        shared: SHARED.clone(),
        input: Some(input),
        now_ns: 1_790_000_000_000_000_000,
        ..EvaluationInput::new(DATA.clone(), Budget::new(u64::MAX, u64::MAX))
    };
    let mut evaluation = Evaluation::new(&POLICY, input);
    let mut results = 0;
    for path in ENTRY_POINTS.iter() {
        match ask(&mut evaluation, path, |_| HostAnswer::Undefined) {
            Answer::Value(Value::Set(found)) => results += found.len(),
            Answer::Undefined => {}
            other => panic!("{path:?}: {other:?}"),
        }
    }
    (results, evaluation.budget().clone())
}

fn read(text: &[u8]) -> Value {
    value::json::read(text, &ReadLimits::default()).unwrap()
}

#[divan::bench]
fn parse_and_compile(bencher: Bencher<'_, '_>) {
    assert_eq!(MODULES.len(), 76);
    bencher.bench_local(compile);
}

/// Once for a run.
#[divan::bench]
fn evaluate_what_is_shared(bencher: Bencher<'_, '_>) {
    bencher.bench_local(share);
}

#[divan::bench(args = INPUTS)]
fn read_input(bencher: Bencher<'_, '_>, input: Input) {
    let text = input.text();
    bencher.counter(divan::counter::BytesCount::new(text.len())).bench_local(|| read(black_box(&text)));
}

#[divan::bench(args = INPUTS)]
fn read_and_evaluate(bencher: Bencher<'_, '_>, input: Input) {
    assert_eq!(ENTRY_POINTS.len(), 44);
    let text = input.text();
    // As many as OPA finds at most: more would say that the input is not what the policies expect.
    let (results, spent) = evaluate(read(&text));
    assert!(results <= 26, "{results}");
    eprintln!("{input:?}: {results} results, {} steps, {} bytes", spent.steps_spent(), spent.bytes_spent());
    bencher
        .counter(divan::counter::BytesCount::new(text.len()))
        .bench_local(|| evaluate(read(black_box(&text))));
}

/// The inputs whose memory is measured together, as OPA's was.
const HELD: [Input; 3] = [Input::Golden, Input::Spdx(1000), Input::Spdx(5000)];

/// All inputs held while each is evaluated: the heap is what `max alloc` says.
#[divan::bench]
fn hold_and_evaluate_three_inputs(bencher: Bencher<'_, '_>) {
    let texts = HELD.map(Input::text);
    evaluate(read(&texts[0]));
    bencher.bench_local(|| {
        let held: Vec<Value> = texts.iter().map(|text| read(text)).collect();
        held.iter().map(|input| evaluate(input.clone()).0).sum::<usize>()
    });
}

/// The same in a process of its own, which says what the system gave it at most.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn hold_and_evaluate_three_inputs_alone(bencher: Bencher<'_, '_>) {
    let inputs = tempfile::tempdir().unwrap();
    for (index, input) in HELD.into_iter().enumerate() {
        std::fs::write(inputs.path().join(format!("{index}.json")), input.text()).unwrap();
    }
    bencher.bench_local(|| {
        let program = std::env::current_exe().unwrap();
        let done = Command::new(program).env(ALONE, inputs.path()).status().unwrap();
        assert!(done.success(), "{done}");
    });
}

/// Is that process.
fn alone(inputs: &Path) {
    LazyLock::force(&POLICY);
    eprintln!("\npolicies compiled: {}", most_memory());
    LazyLock::force(&SHARED);
    eprintln!("what is shared evaluated: {}", most_memory());
    let read_file = |index: usize| read(&std::fs::read(inputs.join(format!("{index}.json"))).unwrap());
    let held: Vec<Value> = (0..HELD.len()).map(read_file).collect();
    eprintln!("inputs read: {}", most_memory());
    for input in &held {
        evaluate(input.clone());
    }
    eprintln!("all evaluated: {}", most_memory());
}

/// The most memory that the process had so far, where the system says so.
fn most_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "not known".to_owned(), |it| it.trim().to_owned())
}

/// What `ec opa test` does, but for its report: the modules and data are read, compiled, and all tests run, on as many
/// threads as there are processors. Only what needs no network is answered.
#[divan::bench]
fn unit_tests(bencher: Bencher<'_, '_>) {
    let (all, passed) = test_policies();
    assert_eq!(all, 996);
    eprintln!("{passed} of {all} tests pass without a network");
    bencher.bench_local(test_policies);
}

/// How many tests there are, and how many pass.
fn test_policies() -> (usize, usize) {
    let options = CompileOptions {
        host: builtins::declarations(),
        print: PrintStatements::Keep,
        tests: Tests::AsCases,
        ..CompileOptions::default()
    };
    let mut compiler = Compiler::new(options);
    for (name, text) in modules_below(&["policy", "checks"]) {
        compiler.add_module(&name, text);
    }
    let Compiled { policy, modules } = compiler.compile().unwrap_or_else(|error| panic!("{error}"));
    let rules = std::fs::read(folder().join("example/data/rule_data.yml")).unwrap();
    let data = yaml::read(&rules, &ReadLimits::default()).unwrap();
    let tests = testing::discover(&modules);
    let (next, passed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        while let Some(test) = tests.get(next.fetch_add(1, Ordering::Relaxed)) {
            passed.fetch_add(usize::from(passes(&policy, &data, test)), Ordering::Relaxed);
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    (tests.len(), passed.into_inner())
}

fn passes(policy: &Policy, data: &Value, test: &TestCase) -> bool {
    let input = EvaluationInput {
        now_ns: 1_790_000_000_000_000_000,
        ..EvaluationInput::new(data.clone(), Budget::unlimited())
    };
    let host = |call: &HostCall| match builtins::at_once(call) {
        Some(Ok(Some(value))) => HostAnswer::Value(value),
        _ => HostAnswer::Undefined,
    };
    let answer = ask(&mut Evaluation::new(policy, input), &test.path, host);
    testing::verdict(test, answer, &[]).0 == Verdict::Passed
}
