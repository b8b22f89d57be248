//! What a hostile policy or input can take: a typed error, and memory within the bound. The test counts every byte that
//! the process allocates, so it is alone in its binary and its tests take turns.
#![cfg(feature = "testkit")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's helpers are tests")]

#[path = "bounds/components.rs"]
mod components;

use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use enterprise_contract::rego::budget::{Budget, Exceeded};
use enterprise_contract::rego::engine::{CompileOptions, Compiler, Evaluation, EvaluationInput, Policy};
use enterprise_contract::rego::error::ErrorCode;
use enterprise_contract::rego::value::json::{self, JsonErrorKind};
use enterprise_contract::rego::value::{MAX_DEPTH, Object, ReadLimits, Str, Value, yaml};
use enterprise_contract::rego::vm::{Answer, Step};
use peak_alloc::PeakAlloc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const MIB: u64 = 1 << 20;

/// Stack of the threads that evaluate, in bytes: that of `run`'s pool.
const WORKER_STACK: usize = 8 << 20;

/// One test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What `work` gives, and by how many bytes the heap grew at most meanwhile.
fn with_peak<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    let made = work();
    (made, HEAP.peak_usage().saturating_sub(before) as u64)
}

fn policy(rules: &str) -> Policy {
    let mut compiler = Compiler::new(CompileOptions::default());
    compiler.add_module("t.rego", format!("package t\n{rules}"));
    compiler.compile().unwrap_or_else(|error| panic!("{rules}\n{error}")).policy
}

fn ask(policy: &Policy, input: Value, budget: Budget) -> Answer {
    let nothing = EvaluationInput::new(Object::new().into(), budget);
    let mut evaluation = Evaluation::new(policy, EvaluationInput { input: Some(input), ..nothing });
    match evaluation.start_rule(&["t", "p"].map(Str::from)) {
        Step::Done(answer) => answer,
        Step::Pending(call) => panic!("{call:?}"),
    }
}

fn spent(answer: &Answer, rules: &str) -> Exceeded {
    match answer {
        Answer::Error(error) => {
            assert_eq!(error.code, ErrorCode::EvalCancel, "{rules}: {error}");
            error.spent.unwrap()
        }
        other => panic!("{rules}: {other:?}"),
    }
}

/// What holds on to all that it makes, in every place that can.
const HOARDS: &[&str] = &[
    "p := [x | some i in n; some j in n; x := i * 1000 + j]",
    "p := [[i, j] | some i in n; some j in n]",
    "p := {x | some i in n; some j in n; x := i * 1000 + j}",
    "p := {{i, j} | some i in n; some j in n}",
    "p := {x: i | some i in n; some j in n; x := i * 1000 + j}",
    "p := {sprintf(\"%d\", [x]): {\"a\": i} | some i in n; some j in n; x := i * 1000 + j}",
    "p contains x if { some i in n; some j in n; x := i * 1000 + j }",
    "p contains [i, j] if { some i in n; some j in n }",
    "p[x] := i if { some i in n; some j in n; x := i * 1000 + j }",
    "p[i][j] := {} if { some i in n; some j in n }",
    "p[i] contains j if { some i in n; some j in n }",
    "p[i][j][k] := 1 if { some i in n; some j in n; some k in n }",
    "f(x) := [x]\np := count([1 | some i in n; some j in n; f(i * 1000 + j)])",
    "f(x) if x < 0\np := count([1 | some i in n; some j in n; f(i * 1000 + j)])",
    "q := input\np := [x | some i in n; some j in n; x := q with input as [i, j]]",
    "p := x if { some i in n; some j in n; x := data.a with data.a as [i, j]; x == 1 }",
    "p := numbers.range(1, 100000000)",
    "p := numbers.range_step(1, 100000000, 1)",
    "p := array.concat(a, a) if a := array.concat(b, b)\nb := array.concat(c, c)\nc := array.concat(d, d)\nd := numbers.range(1, 100000)",
    "p := concat(\"\", [s | some i in n; some j in n; s := \"0123456789012345678901234567890123456789\"])",
    "p := [x | some i in n; some j in n; x := sprintf(\"%1000d\", [j])]",
    "p := replace(s, \"a\", s) if s := concat(\"\", [\"aaaaaaaaaa\" | some i in n])",
    "p := base64.encode(s) if s := concat(\"\", [t | some i in n; t := sprintf(\"%10000d\", [i])])",
    "p := split(s, \"\") if s := concat(\"\", [t | some i in n; t := sprintf(\"%1000d\", [i])])",
    "p := json.unmarshal(s) if s := concat(\"\", [\"[\", concat(\",\", [\"{}\" | some i in n; some j in n]), \"]\"])",
    "p := yaml.unmarshal(s) if s := concat(\"\", [\"[\", concat(\",\", [\"{}\" | some i in n; some j in n]), \"]\"])",
    "p := json.marshal([x | some i in n; x := [n, n, n, n, n, n, n, n]])",
    "p := object.union_n([x | some i in n; x := {y: 1 | some j in n; y := i * 1000 + j}])",
    "p := union({x | some i in n; x := {y | some j in n; y := i * 1000 + j}})",
    "p := regex.find_n(\"a\", s, -1) if s := concat(\"\", [\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" | some i in n; some j in n; j < 20])",
    "p := net.cidr_expand(\"10.0.0.0/8\")",
    "p := graph.reachable_paths({x: n | some x in n}, {1})",
    "p := [x | walk(q, x)]\nq := [m | some i in n; m := n]",
];

#[test]
fn threat_08_no_policy_takes_more_memory_than_its_bound() {
    let _turn = alone();
    let bound = 24 * MIB;
    let mut over = Vec::new();
    for rules in HOARDS {
        let policy = policy(&format!("n := numbers.range(1, 1000)\n{rules}"));
        let (answer, peak) = with_peak(|| ask(&policy, Value::Null, Budget::new(50_000_000, bound)));
        let stopped = matches!(&answer, Answer::Error(error) if error.spent.is_some());
        if !stopped {
            over.push(format!("did not end by its bound: {rules}"));
        }
        if peak > bound + bound / 5 {
            over.push(format!("{} KiB: {rules}", peak >> 10));
        }
    }
    assert!(over.is_empty(), "{}", over.join("\n"));
}

/// Work without end that holds on to nothing.
const LOOPS: &[&str] = &[
    "p if { some i in n; some j in n; some k in n; some l in n; i + j + k + l == 0 }",
    "p if { every i in n { every j in n { every k in n { i + j + k > 0 } } } }",
    "p if { some i in n; some j in n; count(numbers.range(1, 1000)) + i + j == 0 }",
    "p if { some i in n; some j in n; s == concat(\"\", [s, \"\"]); i + j == 0 }\ns := sprintf(\"%100000d\", [1])",
    "a := [n | some x in n]\nb := [n | some x in n]\np if { some i in n; some j in n; a == b; i + j == 0 }",
    "a := [n | some x in n]\nq[a] := 1\np if { some i in n; some j in n; q[array.concat(a, [])] > 1; i + j == 0 }",
    "a := [n | some x in n]\nf(x, y) := x[0][0] + y\np if { some i in n; some j in n; f(a, i * 1000 + j) == 0 }",
    "p if { some i in n; walk([n, n], [_, x]); walk([n, n], [_, y]); x == [y, i] }",
    "p if { some i in n; some j in n; regex.match(\"^(a+)+$\", s); i + j == 0 }\ns := sprintf(\"%10000d\", [1])",
];

#[test]
fn threat_08_a_nested_product_ends_at_its_deadline_or_its_steps() {
    let _turn = alone();
    for rules in LOOPS {
        let policy = policy(&format!("n := numbers.range(1, 1000)\n{rules}"));
        let steps = ask(&policy, Value::Null, Budget::new(1_000_000, u64::MAX));
        assert_eq!(spent(&steps, rules), Exceeded::Steps(1_000_000), "{rules}");
        let start = std::time::Instant::now();
        let clock = std::sync::Arc::new(move || u64::try_from(start.elapsed().as_millis()).unwrap());
        let late = Budget::unlimited().with_deadline(clock, 100);
        assert_eq!(spent(&ask(&policy, Value::Null, late), rules), Exceeded::Deadline, "{rules}");
        let took = start.elapsed().as_millis();
        assert!(took < 5_000, "{took} ms: {rules}");
    }
}

#[test]
fn threat_08_a_catastrophic_pattern_takes_time_in_proportion_to_the_text() {
    let _turn = alone();
    for pattern in ["^(a+)+$", "(a|a)*b", "(a*)*b", "(.*)*x", "(x+x+)+y", "^(([a-z])+.)+[A-Z]([a-z])+$"] {
        let policy = policy(&format!("p := regex.match(`{pattern}`, input)"));
        let text = Value::from(format!("{}!", "a".repeat(200_000)).as_str());
        let (answer, peak) = with_peak(|| ask(&policy, text, Budget::new(10_000_000, 64 * MIB)));
        assert_eq!(answer, Answer::Value(Value::Bool(false)), "{pattern}");
        assert!(peak < 64 * MIB, "{pattern}: {peak}");
    }
    // One that is large when it is compiled.
    let policy = policy("p := regex.match(`((a{1000}){1000}){1000}`, input)");
    let (answer, peak) = with_peak(|| ask(&policy, Value::from("a"), Budget::new(10_000_000, 64 * MIB)));
    assert!(matches!(answer, Answer::Undefined | Answer::Error(_)), "{answer:?}");
    assert!(peak < 64 * MIB, "{peak}");
}

#[test]
fn threat_04_empty_objects_are_refused_when_they_outgrow_the_heap_that_was_granted() {
    let _turn = alone();
    let bound = 64 * MIB;
    let mut over = Vec::new();
    for part in ["{}", "[]", "0", "[[]]", r#"{"a":0}"#, r#""""#, "1e5", "null"] {
        let text = format!("[{}]", vec![part; 20_000_000 / (part.len() + 1)].join(","));
        let limits = ReadLimits { max_heap_bytes: bound, ..ReadLimits::default() };
        let (read, peak) = with_peak(|| json::read(text.as_bytes(), &limits));
        if peak > bound + bound / 5 {
            over.push(format!("{} KiB for {part}", peak >> 10));
        }
        assert!(matches!(read.unwrap_err().kind, JsonErrorKind::TooLarge(_)), "{part}");
    }
    assert!(over.is_empty(), "{}", over.join("\n"));
}

#[test]
fn threat_05_deep_nesting_is_an_error_of_the_reader() {
    let _turn = alone();
    for open in ["[", r#"{"a":"#, "[{\"a\":"] {
        for levels in [1000, 1_000_000] {
            let text = open.repeat(levels);
            let limits = ReadLimits::default();
            assert!(matches!(
                json::read(text.as_bytes(), &limits).unwrap_err().kind,
                JsonErrorKind::TooDeep(_)
            ));
            assert!(yaml::read(text.as_bytes(), &limits).is_err());
        }
    }
}

#[test]
fn threat_05_aliases_that_unfold_without_end_are_an_error() {
    let _turn = alone();
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let item = format!("*a{}", level - 1);
        let _ = writeln!(text, "a{level}: &a{level} [{}]", vec![item; 9].join(", "));
    }
    let policy = policy("p := yaml.unmarshal(input)");
    let (read, peak) = with_peak(|| yaml::read(text.as_bytes(), &ReadLimits::default()));
    assert!(read.is_err());
    assert!(peak < 64 * MIB, "{peak}");
    let (answer, peak) =
        with_peak(|| ask(&policy, Value::from(text.as_str()), Budget::new(50_000_000, 64 * MIB)));
    assert!(matches!(answer, Answer::Undefined | Answer::Error(_)), "{answer:?}");
    assert!(peak < 77 * MIB, "{peak}");
}

#[test]
fn threat_05_huge_numbers_are_read_as_they_are_written_and_cost_what_they_are_long() {
    let _turn = alone();
    let digits = "7".repeat(10_000_000);
    let limits = ReadLimits { max_heap_bytes: 64 * MIB, ..ReadLimits::default() };
    for number in ["1e400", "-1e400", "1e-400", "1e999999999", "9".repeat(400).as_str(), &digits] {
        let (read, peak) = with_peak(|| json::read(number.as_bytes(), &limits));
        assert!(peak < 80 * MIB, "{peak}");
        let value = match read {
            Ok(value) => value,
            Err(error) => {
                assert_eq!((error.kind, number.len()), (JsonErrorKind::LongNumber, digits.len()));
                continue;
            }
        };
        for rules in [
            "p := input",
            "p := input + 1",
            "p := input * input",
            "p := round(input)",
            "p := input % 7",
            "p := input == 1",
            "p := {input: 1}",
            "p := sprintf(\"%d\", [input])",
            "p := sprintf(\"%f\", [input])",
            "p := format_int(input, 2)",
            "p := numbers.range(input, 1)",
            "p := bits.lsh(1, input)",
            "p := abs(input)",
            "p := to_number(sprintf(\"%v\", [input]))",
            "p := sort([input, 1, input])",
            "p := array.slice([1], 0, input)",
        ] {
            let policy = policy(rules);
            let start = std::time::Instant::now();
            let (_, peak) = with_peak(|| ask(&policy, value.clone(), Budget::new(50_000_000, 64 * MIB)));
            let took = start.elapsed().as_secs();
            let shown = &number[..number.len().min(12)];
            assert!(peak < 80 * MIB, "{rules} of {shown}: {} KiB", peak >> 10);
            assert!(took < 20, "{rules} of {shown}: {took} s");
        }
    }
}

/// The value `[[…]]`, so many levels deep.
fn nested(levels: u32) -> Value {
    let text = format!("{}1{}", "[".repeat(levels as usize), "]".repeat(levels as usize));
    json::read(text.as_bytes(), &ReadLimits::default()).unwrap()
}

/// Runs on a thread with the stack of those that evaluate.
fn on_a_worker<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(WORKER_STACK).spawn(work).unwrap().join().unwrap()
}

#[test]
fn threat_05_what_is_127_levels_deep_is_evaluated_on_the_stack_of_a_worker() {
    let _turn = alone();
    for levels in [127, MAX_DEPTH] {
        let answer = on_a_worker(move || {
            let policy = policy(
                "p := [count(paths), json.unmarshal(json.marshal(input)) == input, yaml.unmarshal(yaml.marshal(input)) == input, \
                 {input} == {input}, object.union({\"a\": input}, {\"a\": input}).a == input, sprintf(\"%v\", [input]) == sprintf(\"%v\", [input])]\n\
                 paths := [x | walk(input, x)]",
            );
            ask(&policy, nested(levels - 3), Budget::new(50_000_000, 512 * MIB))
        });
        match answer {
            Answer::Value(value) => {
                assert_eq!(value.to_string(), format!("[{}, true, true, true, true, true]", levels - 2));
            }
            // At the very limit some of it goes beyond.
            Answer::Undefined | Answer::Error(_) if levels == MAX_DEPTH => {}
            other => panic!("{levels} levels: {other:?}"),
        }
    }
}

#[test]
fn threat_05_an_expression_127_levels_deep_is_compiled_and_evaluated_on_the_stack_of_a_worker() {
    let _turn = alone();
    let deep = |open: &str, close: &str| format!("p := {}1{}", open.repeat(127), close.repeat(127));
    let forms = [deep("[", "]"), deep("{\"a\": ", "}"), deep("[x | x := ", "]"), deep("(1 + ", ")")];
    for form in forms {
        let answer = on_a_worker(move || ask(&policy(&form), Value::Null, Budget::new(1_000_000, 64 * MIB)));
        assert!(matches!(answer, Answer::Value(_)), "{answer:?}");
    }
    let mut rules = "f127(x) := x\np := f0(1)\n".to_owned();
    for it in 0..127 {
        let _ = writeln!(rules, "f{it}(x) := [f{}(x)]", it + 1);
    }
    let answer = on_a_worker(move || ask(&policy(&rules), Value::Null, Budget::new(1_000_000, 64 * MIB)));
    assert!(matches!(answer, Answer::Value(_)), "{answer:?}");
}
