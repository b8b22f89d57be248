//! The analysis against the oracles, where they are present: what OPA accepts is accepted, what it refuses is refused
//! with the same errors at the same places.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value as Json;

use super::super::engine::{Checks, CompileOptions, Compiler, ErrorLimit, PrintStatements, SchemaSet};
use super::super::error::{Errors, RegoError};
use super::super::hir;
use super::super::host::HostFunction;
use super::super::source::Sources;
use super::super::syntax::{parse_module, parse_query};
use super::super::value::{ReadLimits, Value, json};
use super::{Analysis, analyse};

fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("EC_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = root.join(path);
    if !path.exists() {
        println!("skipped: {}: path not found", path.display());
        return None;
    }
    Some(path)
}

fn options() -> CompileOptions {
    CompileOptions { print: PrintStatements::Keep, ..CompileOptions::default() }
}

/// The functions of the host that the released policies call, without the types of what they give.
fn policy_options() -> CompileOptions {
    let host = [
        ("ec.oci.blob", "(string) => string"),
        ("ec.oci.parsed_blob", "(string) => any"),
        ("ec.oci.blob_files", "(string, array[string]) => object[string: any]"),
        ("ec.oci.image_files", "(string, array[string]) => object[string: any]"),
        ("ec.oci.descriptor", "(string) => any"),
        ("ec.oci.image_manifest", "(string) => any"),
        ("ec.oci.image_manifests", "(set[string]) => object[string: any]"),
        ("ec.oci.image_index", "(string) => any"),
        ("ec.oci.image_tag_refs", "(string) => array[string]"),
        ("ec.oci.image_referrers", "(string) => array[any]"),
        ("ec.purl.is_valid", "(any) => any"),
        ("ec.purl.parse", "(string) => any"),
        ("ec.sigstore.verify_image", "(string, any) => any"),
        ("ec.sigstore.verify_attestation", "(string, any) => any"),
    ];
    let host =
        host.map(|(name, declaration)| HostFunction { name: name.into(), declaration: declaration.into() });
    CompileOptions { host: host.to_vec(), ..options() }
}

/// Parses and analyses; errors of the parser come out as those of the analysis.
fn compile(modules: &[(String, String)], options: &CompileOptions) -> (Sources, Result<Analysis, Errors>) {
    let mut sources = Sources::new();
    let mut parsed = Vec::new();
    let mut errors = Vec::new();
    for (name, text) in modules {
        let id = sources.add(name, text).unwrap();
        match parse_module(&sources, id) {
            Ok(module) => parsed.push(module),
            Err(found) => errors.extend(found.0),
        }
    }
    if !errors.is_empty() {
        return (sources, Err(Errors(errors)));
    }
    let analysis = analyse(&parsed, &sources, options);
    (sources, analysis)
}

/// The errors of modules and a query, `data` being the base documents.
fn compile_with_query(
    modules: &[(String, String)],
    data: &Json,
    query: &str,
) -> (Sources, Result<(), Errors>) {
    let (mut sources, analysis) = compile(modules, &options());
    let mut conflicts = Vec::new();
    if let Ok(analysis) = &analysis {
        let data = if data.is_object() { read_value(&data.to_string()) } else { read_value("{}") };
        conflicts = analysis.check_data(&sources, &data).err().map_or_else(Vec::new, |errors| errors.0);
    }
    let analysis = match analysis {
        Ok(_) if !conflicts.is_empty() => return (sources, Err(Errors(conflicts))),
        Ok(analysis) => analysis,
        Err(errors) => return (sources, Err(errors)),
    };
    let id = sources.add("", query).unwrap();
    let result = parse_query(&sources, id).and_then(|body| analysis.query(&sources, &body, None, &[]));
    (sources, result.map(|_| ()))
}

fn read_value(text: &str) -> Value {
    json::read(text.as_bytes(), &ReadLimits::default()).unwrap_or_default()
}

/// An error as the oracles write it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shown {
    file: String,
    row: u64,
    col: u64,
    code: String,
    message: String,
}

fn shown(sources: &Sources, error: &RegoError) -> Shown {
    let (file, row, col) = match error.span {
        Some(span) => {
            let position = sources.position(span);
            (sources.name(span).to_owned(), position.row.into(), position.col.into())
        }
        None => (String::new(), 0, 0),
    };
    Shown { file, row, col, code: error.code.to_string(), message: error.message.clone() }
}

fn wanted(error: &Json) -> Shown {
    let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
    let number = |key: &str| error[key].as_u64().unwrap_or_default();
    Shown {
        file: text("file"),
        row: number("row"),
        col: number("col"),
        code: text("code"),
        message: text("message"),
    }
}

fn modules_of(case: &Json) -> Vec<(String, String)> {
    let Some(modules) = case["modules"].as_object() else { return Vec::new() };
    modules.iter().map(|(name, text)| (name.clone(), text.as_str().unwrap().to_owned())).collect()
}

/// Why an answer may differ.
const REASONS: [&str; 5] =
    ["number text", "error wording", "unsupported by decision", "defect of the suite", "clock or chance"];

/// How our answers stand to an oracle's.
#[derive(Default)]
struct Tally {
    equal: usize,
    alike: BTreeSet<String>,
    differing: BTreeMap<String, String>,
}

impl Tally {
    fn check(&self, oracle: &str, at_least: usize) {
        let lines = include_str!("known_differences.txt").lines().filter(|line| !line.starts_with('#'));
        let listed: BTreeSet<&str> = lines
            .map(|line| {
                let (note, reason) = line.rsplit_once(" | ").expect("a line is `note | reason`");
                assert!(REASONS.contains(&reason), "{line}: unknown reason");
                note
            })
            .collect();
        println!("{oracle}: {} equal, {} differing", self.equal, self.differing.len());
        let new: Vec<_> = self.differing.iter().filter(|(note, _)| !listed.contains(note.as_str())).collect();
        for (note, difference) in &new {
            println!("--- {note}\n{difference}");
        }
        let gone: Vec<_> = self.alike.iter().filter(|note| listed.contains(note.as_str())).collect();
        assert!(new.is_empty(), "{} new differences, see above", new.len());
        assert!(gone.is_empty(), "no difference any more, to be struck off the list: {gone:?}");
        assert!(self.equal >= at_least, "fewer cases than there were");
    }

    fn record(&mut self, note: String, is_equal: bool, difference: impl FnOnce() -> String) {
        if is_equal {
            self.equal += 1;
            self.alike.insert(note);
        } else {
            self.differing.insert(note, difference());
        }
    }

    fn expressions(&mut self, case: &Json) {
        let note = case["note"].as_str().unwrap().to_owned();
        let want = &case["want"]["error"];
        let code = want["code"].as_str().unwrap_or_default();
        let mut expected = BTreeSet::new();
        if !want.is_null() && !code.starts_with("eval") {
            expected.insert(wanted(want));
            expected.extend(case["want"]["also"].as_array().into_iter().flatten().map(wanted));
        }
        if code == "rego_parse_error" {
            return;
        }
        let query = case["query"].as_str().unwrap();
        let (sources, result) = compile_with_query(&modules_of(case), &case["data"], query);
        let found: BTreeSet<Shown> =
            result.err().iter().flat_map(|errors| &errors.0).map(|error| shown(&sources, error)).collect();
        self.record(note, found == expected, || format!("have {found:#?}\nwant {expected:#?}"));
    }
}

#[test]
fn what_opa_refuses_among_the_expressions_is_refused_alike() {
    let Some(folder) = shared("conformance/expressions") else { return };
    let mut tally = Tally::default();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        // One case a line; what nests too deeply for this reader is about values.
        let lines = text.lines().map(|line| line.trim().trim_end_matches(','));
        let cases = lines.filter_map(|line| serde_json::from_str::<Json>(line).ok());
        cases.filter(|case| case["note"].is_string()).for_each(|case| tally.expressions(&case));
    }
    tally.check("expressions", 2000);
}

#[test]
fn what_opa_refuses_in_the_compliance_suite_is_refused_alike() {
    let Some(folder) = shared("conformance/opa") else { return };
    let mut tally = Tally::default();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let group: Json = serde_json::from_str(&text).unwrap();
        let cases = group.as_array().or_else(|| group["cases"].as_array()).unwrap();
        for case in cases {
            let note = case["note"].as_str().unwrap().to_owned();
            let modules: Vec<_> = case["modules"]
                .as_array()
                .into_iter()
                .flatten()
                .enumerate()
                .map(|(number, text)| (format!("module{number}.rego"), text.as_str().unwrap().to_owned()))
                .collect();
            let code = case["want_error_code"].as_str().unwrap_or_default();
            let expected = if code.starts_with("rego_") { code } else { "" };
            let query = case["query"].as_str().unwrap();
            let (sources, result) = compile_with_query(&modules, &Json::Null, query);
            let found = result.as_ref().err().map_or("", |errors| errors.0[0].code.as_str());
            tally.record(note, found == expected, || {
                let text = result.as_ref().err().map_or_else(String::new, |errors| errors.render(&sources));
                format!("want {expected}, have {text}")
            });
        }
    }
    tally.check("compliance suite", 2000);
}

fn policy_modules() -> Option<Vec<(String, String)>> {
    let root = shared("conformance/conforma-policy")?;
    let mut modules = Vec::new();
    let mut folders = vec![root.join("policy")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rego") {
                let text = std::fs::read_to_string(&path).unwrap();
                modules.push((path.strip_prefix(&root).unwrap().display().to_string(), text));
            }
        }
    }
    Some(modules)
}

#[test]
fn the_released_policies_are_accepted() {
    let Some(modules) = policy_modules() else { return };
    let start = std::time::Instant::now();
    let (sources, result) = compile(&modules, &policy_options());
    println!("{} modules in {:?}", modules.len(), start.elapsed());
    if let Err(errors) = result {
        panic!("{}", errors.render(&sources));
    }
}

fn errors_of(text: &str, options: &CompileOptions) -> Vec<String> {
    let (sources, result) = compile(&[("t.rego".to_owned(), text.to_owned())], options);
    let errors = result.err().map_or_else(Vec::new, |errors| errors.0);
    let line = |error: &RegoError| {
        let at = error.span.map(|span| sources.position(span));
        at.map_or_else(|| error.to_string(), |at| format!("{}:{}: {error}", at.row, at.col))
    };
    errors.iter().map(line).collect()
}

#[test]
fn functions_that_read_files_are_refused_with_what_there_is_instead() {
    let text = "package t\n\np := parse_config_file(\"a.yaml\")\n\nq := parse_config(\"yaml\", \"a: 1\").a\n";
    let errors = errors_of(text, &options());
    assert_eq!(
        errors,
        [
            "3:6: rego_type_error: undefined function parse_config_file: policies read no files; parse_config parses a \
             text of the input or the data"
        ]
    );
}

#[test]
fn strict_checks_refuse_what_is_not_used() {
    let text = "package t\n\nimport data.a\n\nf(x) := 1\n\np if {\n\ty := 2\n\ttrue\n}\n";
    assert_eq!(errors_of(text, &options()), Vec::<String>::new());
    let strict = CompileOptions { checks: Checks::Strict, ..options() };
    assert_eq!(errors_of(text, &strict), ["3:1: rego_compile_error: import data.a unused"]);
    assert_eq!(
        errors_of(&text.replace("import data.a\n", "\n"), &strict),
        [
            "5:1: rego_compile_error: unused argument x. (hint: use _ (wildcard variable) instead)",
            "8:2: rego_compile_error: assigned var y unused",
        ]
    );
}

#[test]
fn details_say_what_a_call_has_and_what_it_wants() {
    let text = "package broken\n\ndeny contains 1 if count(5) == 1\n\ndeny contains 2 if {\n\tx := {\"a\": 1}\n\tx.b\n}\n";
    let (sources, result) = compile(&[("t.rego".to_owned(), text.to_owned())], &options());
    insta::assert_snapshot!(result.err().unwrap().opa_text(&sources), @r#"
    2 errors occurred:
    t.rego:3: rego_type_error: count: invalid argument(s)
    	have: (number, ???)
    	want: (any<string, array[any], object[any: any], set[any]>, number)
    t.rego:7: rego_type_error: undefined ref: x.b
    	x.b
    	  ^
    	  have: "b"
    	  want (one of): ["a"]
    "#);
}

#[test]
fn at_most_ten_errors_are_told() {
    let rules: Vec<String> = (0..20).map(|number| format!("p{number} := nope{number}")).collect();
    let errors = errors_of(&format!("package t\n\n{}\n", rules.join("\n")), &options());
    assert_eq!(errors.len(), 11);
    assert_eq!(errors[10], "rego_compile_error: error limit reached");
}

/// Time on the processor, in which neighbours do not count; where the system does not tell it, time that passed.
fn processor_time() -> std::time::Duration {
    static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.as_deref().and_then(|told| told.split(' ').next()?.parse().ok());
    nanos.map_or_else(|| START.elapsed(), std::time::Duration::from_nanos)
}

type Form = (&'static str, fn(usize) -> String);

/// Texts that grow with a number.
const FORMS: [Form; 9] = [
    ("a body written backwards", |count| format!("p if {{\n\t{}\n\tx{count} = 1\n}}", backwards(count))),
    ("many rules of one name", |count| list(count, "\n", |at| format!("p contains {at}"))),
    ("many rules that read a package", |count| {
        list(count, "\n", |at| format!("p{at} := data.other[x] if x := {at}"))
    }),
    ("a chain of rules", |count| {
        format!("p0 := 1\n{}", list(count, "\n", |at| format!("p{} := p{at}", at + 1)))
    }),
    ("types that double", |count| {
        let rules = list(count / 10, "\n", |at| format!("p{} := [p{at}, p{at}]", at + 1));
        format!("p0 := 1\n{rules}\n")
    }),
    ("modifiers", |count| {
        let calls = list(count, ", ", |at| format!("f({at})"));
        format!("p if f([{calls}]) with input.a as 1\nf(x) := x")
    }),
    ("a pattern that becomes known piece by piece", |count| {
        let pattern = list(count, ", ", |at| format!("x{at}"));
        format!("p if {{\n\tcount([{pattern}]) > 1\n\t{}\n\tx{count} = 1\n}}", backwards(count))
    }),
    ("many definitions of a function", |count| list(count, "\n", |at| format!("f({at}) := {at}"))),
    ("many schemas", |count| {
        let schema = "# METADATA\n# schemas:\n# - input.a: {type: object, properties: {b: {type: string}}}";
        list(count / 3, "\n", |at| format!("{schema}\np{at} := input.a.b"))
    }),
];

fn list(count: usize, separator: &str, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(separator)
}

fn backwards(count: usize) -> String {
    list(count, "\n\t", |at| format!("x{at} = x{}", at + 1))
}

#[test]
fn four_times_the_text_is_about_four_times_the_work() {
    /// Quadratic work would be sixteen times as much.
    const MOST: u32 = 9;
    const COUNT: usize = 750;
    for (name, form) in FORMS {
        let cost = |count: usize| {
            let text = format!("package t\n\n{}\n", form(count));
            let once = || {
                let before = processor_time();
                assert_eq!(errors_of(&text, &options()), Vec::<String>::new(), "{name}");
                processor_time().saturating_sub(before)
            };
            // The best of several: what else happens only ever adds.
            (0..3).map(|_| once()).min().unwrap()
        };
        let (small, large) = (cost(COUNT), cost(4 * COUNT));
        println!("{name}: {small:?}, {large:?}");
        let allowed = small * MOST + std::time::Duration::from_millis(20);
        assert!(large < allowed, "{name}: {small:?} for {COUNT}, {large:?} for four times as many");
    }
}

#[test]
fn a_name_with_very_many_parts_is_refused() {
    let errors =
        errors_of(&format!("package a{}\n\np{} := 1\n", ".b".repeat(200), ".q".repeat(100)), &options());
    assert_eq!(errors[0], "3:1: rego_compile_error: name has more than 256 parts");
}

fn body_of(text: &str, rule: &str) -> Vec<hir::Stmt> {
    let (sources, result) = compile(&[("t.rego".to_owned(), text.to_owned())], &options());
    let program = result.unwrap_or_else(|errors| panic!("{}", errors.render(&sources))).program;
    let group =
        program.groups.into_iter().find(|group| group.path.last().is_some_and(|name| &**name == rule));
    group.unwrap().rules.remove(0).body.0
}

#[test]
fn what_a_negated_call_is_about_is_evaluated_before_it() {
    let body = body_of("package t\n\nf(x) := x\n\np if not f(input.x)\n", "p");
    assert!(matches!(&body[0].kind, hir::StmtKind::Unify(_, hir::Term::Ref(_))), "{body:?}");
    assert!(matches!(&body[1].kind, hir::StmtKind::Not(_)), "{body:?}");
    assert_eq!(body.len(), 2);
}

#[test]
fn a_negated_reference_stays_whole() {
    let body = body_of("package t\n\np if not input.x.y\n", "p");
    assert!(matches!(&body[..], [hir::Stmt { kind: hir::StmtKind::Not(_), .. }]), "{body:?}");
}

#[test]
fn a_body_is_put_into_the_order_in_which_it_can_be_evaluated() {
    let body = body_of("package t\n\np if {\n\tx > 1\n\tx = input.x\n}\n", "p");
    assert!(matches!(&body[0].kind, hir::StmtKind::Unify(..)), "{body:?}");
    assert!(matches!(&body[1].kind, hir::StmtKind::Test(hir::Term::Call(_))), "{body:?}");
}

#[test]
fn rules_with_a_variable_in_the_name_share_the_group_of_its_constant_part() {
    let text = "package t\n\np[x] := 1 if some x in [1, 2]\n\np[3] := 2\n\np.q.r := 3\n";
    let (_, result) = compile(&[("t.rego".to_owned(), text.to_owned())], &options());
    let program = result.unwrap().program;
    let kinds: Vec<_> =
        program.groups.iter().map(|group| (group.path.len(), group.kind, group.rules.len())).collect();
    assert_eq!(kinds, [(4, hir::GroupKind::Complete, 1), (2, hir::GroupKind::Partial, 2)]);
}

#[test]
fn metadata_of_a_rule_is_a_constant() {
    let body =
        body_of("package t\n\n# METADATA\n# title: T\np := x if x := rego.metadata.rule().title\n", "p");
    assert!(format!("{body:?}").contains("\"title\": \"T\""), "{body:?}");
}

#[test]
fn schemas_of_annotations_are_the_types_of_documents() {
    let text = "# METADATA\n# scope: package\n# schemas:\n# - input: {type: object, properties: {a: {type: string}}}\npackage t\n\n\
        p if input.b == 1\n\n# METADATA\n# scope: document\n# schemas:\n# - input.z: {type: number}\n\
        q if input.a == 1\n\nq if input.z == \"x\"\n\n# METADATA\n# schemas:\n# - data.foo.bar: {type: number}\n\
        r if data.foo.bar == \"a\"\n\ns if {\n\tdata.foo.bar == \"a\"\n\tdata.t.p\n}\n";
    let (sources, result) = compile(&[("t.rego".to_owned(), text.to_owned())], &options());
    insta::assert_snapshot!(result.err().unwrap().opa_text(&sources), @r#"
    4 errors occurred:
    t.rego:7: rego_type_error: undefined ref: input.b
    	input.b
    	      ^
    	      have: "b"
    	      want (one of): ["a"]
    t.rego:13: rego_type_error: match error
    	left  : string
    	right : number
    t.rego:15: rego_type_error: match error
    	left  : number
    	right : string
    t.rego:20: rego_type_error: match error
    	left  : number
    	right : string
    "#);
}

#[test]
fn a_schema_that_is_none_is_an_error_of_each_rule_that_it_is_for() {
    let text = "package t\n\n# METADATA\n# schemas:\n# - input: {type: foo}\np if input.b == 1\n";
    assert_eq!(
        errors_of(text, &options()),
        [
            "6:1: rego_type_error: unable to compile the schema: has a primitive type that is NOT VALID -- given: \
             /foo/ Expected valid values are:[array boolean integer number null object string]"
        ]
    );
}

#[test]
fn schemas_beside_the_policies_are_found_by_their_names() {
    let text = "package t\n\n# METADATA\n# schemas:\n# - input: schema.a[\"b-c\"]\np if input.x\n\n\
        # METADATA\n# schemas:\n# - input: schema.nope\nq if input.x\n";
    assert_eq!(errors_of(text, &options()), Vec::<String>::new());
    let schema = read_value(r#"{"properties": {"y": {}}}"#);
    let named = [(vec!["a".into(), "b-c".into()], schema.clone())].into();
    let beside = CompileOptions { schemas: SchemaSet::Named(named), ..options() };
    assert_eq!(
        errors_of(text, &beside),
        [
            "6:6: rego_type_error: undefined ref: input.x",
            "11:1: rego_type_error: undefined schema: schema.nope"
        ]
    );
    let input = CompileOptions { schemas: SchemaSet::Input(schema), ..options() };
    let plain = "package t\n\np if input.x\n";
    assert_eq!(errors_of(plain, &input), ["3:6: rego_type_error: undefined ref: input.x"]);
}

#[test]
fn definitions_of_different_types_make_a_function_of_all_of_them() {
    let text = "package t\n\nf(x) := 1 if x == 1\n\nf(x) := \"a\" if x == 2\n\np if f(1) == 3\n\nq if f(\"a\")\n\n\
        r if {\n\tx := f(2)\n\tcount(x) == 1\n}\n\ng(x) := x.a if x.a == 1\n\ng(\"s\") := true\n\nh := g(3)\n\n\
        i(1) := 1\n\ni(\"a\") := 1\n\nj := i(null)\n\nk := i(\"b\")\n";
    let (sources, result) = compile(&[("t.rego".to_owned(), text.to_owned())], &options());
    insta::assert_snapshot!(result.err().unwrap().opa_text(&sources), @r"
    2 errors occurred:
    t.rego:9: rego_type_error: data.t.f: invalid argument(s)
    	have: (string)
    	want: (number, any<number, string>)
    t.rego:26: rego_type_error: data.t.i: invalid argument(s)
    	have: (null, ???)
    	want: (any<number, string>, number)
    ");
}

#[test]
fn all_errors_are_told_where_there_is_no_limit() {
    let rules = list(20, "\n", |number| format!("p{number} := nope{number}"));
    let unlimited = CompileOptions { error_limit: ErrorLimit::None, ..options() };
    assert_eq!(errors_of(&format!("package t\n\n{rules}\n"), &unlimited).len(), 20);
    let two = CompileOptions { error_limit: ErrorLimit::AtMost(2), ..options() };
    assert_eq!(errors_of(&format!("package t\n\n{rules}\n"), &two).len(), 3);
}

#[test]
fn an_outline_names_the_builtins_and_asks_for_no_function_of_other_modules() {
    let text = "package t\n\np if {\n\tx := data.other.f(input.a)\n\tprint(x)\n\tstartswith(x, \"a\")\n\tx == \"b\"\n}\n";
    let mut compiler = Compiler::new(options());
    compiler.add_module("t.rego", text);
    let outline = compiler.outline().unwrap();
    let names: Vec<&str> = outline.builtins.keys().map(|name| &**name).collect();
    assert_eq!(names, ["assign", "eq", "equal", "print", "startswith"]);
    let mut compiler = Compiler::new(options());
    compiler.add_module("t.rego", "package t\n\np := nope\n");
    assert_eq!(compiler.outline().unwrap_err().errors.0.len(), 1);
}
