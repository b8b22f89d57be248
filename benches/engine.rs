//! What the engine costs on the released policies: loading, evaluating, remembering.
//!
//! `EC_SHARED=../shared cargo bench --features testkit --bench engine`. The policies and the input are read from the
//! shared folder, which is not part of the project; where it is missing, this is said and nothing is measured.
//! `ec.*` answers undefined at once, as in the figures that `docs/performance.md` compares with.

#![allow(missing_docs, reason = "what a bench does is its name")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::panic, reason = "a bench")]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use divan::{AllocProfiler, Bencher, black_box};
use enterprise_contract::builtins;
use enterprise_contract::rego::budget::Budget;
use enterprise_contract::rego::engine::{
    CompileOptions, Compiler, Evaluation, EvaluationInput, Policy, Shared,
};
use enterprise_contract::rego::host::HostAnswer;
use enterprise_contract::rego::value::{self, Object, ReadLimits, Str, Value, yaml};
use enterprise_contract::rego::vm::{Answer, Step};
use enterprise_contract::testkit::{Sbom, Size};
use serde_json::json;

#[global_allocator]
static ALLOC: AllocProfiler = AllocProfiler::system();

fn main() {
    if Path::new(&folder()).is_dir() {
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
    let (mut open, mut found) =
        (vec![folder().join("policy/release"), folder().join("policy/lib")], Vec::new());
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|it| it.unwrap().path()));
        } else if path.extension().is_some_and(|it| it == "rego") {
            found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
    found.retain(|(name, _): &(String, String)| !name.ends_with("_test.rego"));
    found.sort();
    found
});

static POLICY: LazyLock<Policy> = LazyLock::new(compile);

/// `deny` and `warn` of every release package.
static ENTRY_POINTS: LazyLock<Vec<Vec<Str>>> = LazyLock::new(|| {
    let mut paths: Vec<Vec<Str>> = Vec::new();
    for module in POLICY.modules() {
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

fn compile() -> Policy {
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
        let mut step = evaluation.start_rule(path);
        let answer = loop {
            match step {
                Step::Pending(_) => step = evaluation.resume(HostAnswer::Undefined),
                Step::Done(answer) => break answer,
            }
        };
        match answer {
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
