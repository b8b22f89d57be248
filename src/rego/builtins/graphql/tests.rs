use super::*;
use crate::rego::builtins::{Caches, find};
use crate::rego::value::json::{self, Html};

fn call_within(limit: u64, name: &str, args: &[Value]) -> Result<Value, BuiltinError> {
    let mut budget = Budget::new(limit, limit);
    let (mut caches, mut sink) = (Caches::default(), ());
    let mut context =
        Context { now_ns: 0, seed: 0, budget: &mut budget, sink: &mut sink, caches: &mut caches };
    Ok(find(name).unwrap().call(&mut context, args)?.unwrap())
}

fn call(name: &str, args: &[&str]) -> Result<Value, BuiltinError> {
    let args: Vec<Value> = args.iter().map(|it| Value::from(*it)).collect();
    call_within(1 << 24, name, &args)
}

const SCHEMA: &str = "
    directive @once on FIELD
    directive @often repeatable on FIELD
    interface Named { name: String! }
    type Dog implements Named { name: String! barks: Boolean friend(n: Int = 1): Named }
    type Cat implements Named { name: String! lives: Int barks: Int }
    union Pet = Dog | Cat
    enum Size { SMALL LARGE }
    input Box { size: Size! label: String = \"x\" tags: [String!] }
    scalar Date
    type Query { pet: Pet named(box: Box, ids: [ID!], at: Date): Named dog: Dog n(f: Float!): Int }
    type Subscription { dog: Dog n: Int }
";

fn refused(query: &str) -> String {
    match call("graphql.parse", &[query, SCHEMA]) {
        Ok(_) => "accepted".to_owned(),
        Err(error) => {
            let text = error.to_string();
            text.strip_prefix("graphql.parse: ").unwrap().replace(" in GraphQL string at location", " at")
        }
    }
}

#[test]
fn the_prelude_is_a_sound_schema() {
    assert_eq!(call("graphql.schema_is_valid", &[""]).unwrap(), true.into());
    let introspection =
        "{ __schema { types { name fields { type { ofType { name } } } } } __type(name: \"a\") { kind } }";
    assert_eq!(refused(introspection), "accepted");
}

#[test]
fn queries_that_break_a_rule_are_refused_with_the_rule_and_the_place() {
    let cases = [
        (
            "{ dog { name } } { n(f: 1) }",
            "This anonymous operation must be the only defined operation at 1:1",
        ),
        ("mutation { x }", "Schema does not support operation type \"mutation\" at 1:1"),
        ("{ dog { zip } }", "Cannot query field \"zip\" on type \"Dog\" at 1:9"),
        (
            "{ dog }",
            "Field \"dog\" of type \"Dog\" must have a selection of subfields. Did you mean \"dog { ... }\"? at 1:3",
        ),
        (
            "{ n(f: 1) { a } }",
            "Field \"n\" must not have a selection since type \"Int\" has no subfields at 1:3",
        ),
        (
            "{ n }",
            "Field \"n\" argument \"f\" of type \"Float!\" is required, but it was not provided at 1:3",
        ),
        ("{ n(f: 1, f: 1) }", "There can be only one argument named \"f\" at 1:11"),
        ("{ n(f: 1, g: 1) }", "Unknown argument \"g\" on field \"Query.n\" at 1:11"),
        ("{ n(f: \"x\") }", "Float cannot represent non numeric value: \"x\" at 1:9"),
        ("{ n(f: null) }", "Expected value of type \"Float!\", found null at 1:8"),
        ("{ n(f: 1) @once @once }", "The directive \"@once\" can only be used once at this location at 1:17"),
        ("query @once { n(f: 1) }", "Directive \"@once\" may not be used on QUERY at 1:7"),
        ("{ n(f: 1) @nope }", "Unknown directive \"@nope\" at 1:11"),
        (
            "{ n(f: 1) @skip }",
            "Directive \"@skip\" argument \"if\" of type \"Boolean!\" is required, but it was not provided at 1:11",
        ),
        (
            "{ named(box: {}) { name } }",
            "Field \"Box.size\" of required type \"Size!\" was not provided at 1:14",
        ),
        ("{ named(box: {size: HUGE}) { name } }", "Value \"HUGE\" does not exist in \"Size\" enum at 1:21"),
        (
            "{ named(box: {size: \"SMALL\"}) { name } }",
            "Enum \"Size\" cannot represent non-enum value: \"SMALL\" at 1:22",
        ),
        (
            "{ named(box: {size: SMALL, x: 1}) { name } }",
            "Field \"x\" is not defined by type \"Box\" at 1:31",
        ),
        ("{ named(ids: [null]) { name } }", "Expected value of type \"ID!\", found null at 1:15"),
        ("{ pet { ... on Box { size } } }", "Fragment cannot condition on non composite type \"Box\" at 1:9"),
        (
            "{ dog { ... on Cat { lives } } }",
            "Fragment cannot be spread here as objects of type \"Dog\" can never be of type \"Cat\" at 1:9",
        ),
        ("{ dog { ...F } }", "Unknown fragment \"F\" at 1:9"),
        ("{ dog { name } } fragment F on Dog { name }", "Fragment \"F\" is never used at 1:18"),
        (
            "{ dog { ...F } } fragment F on Dog { ...G } fragment G on Dog { ...F }",
            "Cannot spread fragment \"F\" within itself via \"G\" at 1:65",
        ),
        ("query Q($a: Int) { dog { name } }", "Variable \"$a\" is never used in operation \"Q\" at 1:9"),
        ("{ dog { friend(n: $a) { name } } }", "Variable \"$a\" is not defined at 1:19"),
        ("query ($a: Dog) { n(f: $a) }", "Variable \"$a\" cannot be non-input type \"Dog\" at 1:8"),
        (
            "query ($a: Float) { n(f: $a) }",
            "Variable \"$a\" of type \"Float\" used in position expecting type \"Float!\" at 1:26",
        ),
        (
            "query ($a: Int, $a: Int) { dog { friend(n: $a) { name } } }",
            "There can be only one variable named \"$a\" at 1:17",
        ),
        (
            "{ dog { a: name a: barks } }",
            "Fields \"a\" conflict because they return conflicting types String! and Boolean. Use different aliases on the fields to fetch both if this was intentional at 1:17",
        ),
        (
            "{ dog { friend { name } friend(n: 2) { name } } }",
            "Fields \"friend\" conflict because they have differing arguments. Use different aliases on the fields to fetch both if this was intentional at 1:25",
        ),
        (
            "{ pet { ... on Dog { barks } ... on Cat { barks } } }",
            "Fields \"barks\" conflict because they return conflicting types Int and Boolean. Use different aliases on the fields to fetch both if this was intentional at 1:22",
        ),
        (
            "subscription { dog { name } n }",
            "Anonymous Subscription must select only one top level field at 1:1",
        ),
    ];
    let ours: Vec<_> = cases.iter().map(|(query, _)| refused(query)).collect();
    let wanted: Vec<_> = cases.iter().map(|it| it.1.to_owned()).collect();
    assert_eq!(ours, wanted);
}

#[test]
fn queries_that_keep_the_rules_are_accepted() {
    let cases = [
        "query A($f: Float = 1) { n(f: $f) } query B { dog { name @often @often } }",
        "{ named(ids: 1, box: {size: SMALL, tags: \"a\"}, at: {any: [1]}) { name __typename } }",
        "{ pet { ... on Dog { x: name } ... on Cat { x: name } } }",
        "query ($ids: [ID!]!) { named(ids: $ids) { ...F } } fragment F on Named { name }",
    ];
    for query in cases {
        assert_eq!(refused(query), "accepted", "{query}");
    }
}

#[test]
fn schemas_that_break_a_rule_are_refused() {
    let cases = [
        ("type A { a: Int } type A { a: Int }", "Cannot redeclare type A"),
        ("type A { __a: Int }", "Name \"__a\" must not begin with \"__\""),
        ("type A { a: Int a: Int }", "Field A.a can only be defined once"),
        ("type A { a(x: A): Int }", "cannot use A as argument x"),
        ("input I { a: Int } type A { a: I }", "OBJECT A: field must be one of"),
        ("enum E { true }", "ENUM E: non-enum value true"),
        ("union U = Int", "UNION type Int must be OBJECT"),
        ("interface I { a: Int } type A implements I { a: String }", "the field a must have type Int"),
        ("interface I { a(x: Int): Int } type A implements I { a: Int }", "it is missing x"),
        ("directive @d(a: Int @d) on ARGUMENT_DEFINITION", "Directive d cannot refer to itself"),
        ("type A { a: Int @d }", "Undefined directive d"),
        (
            "schema { query: A } schema { query: A } type A { a: Int }",
            "Cannot have multiple schema entry points",
        ),
        ("extend input A { a: Int } type A { a: Int }", "base type is a OBJECT, not INPUT_OBJECT"),
    ];
    for (schema, message) in cases {
        let error = call("graphql.parse", &["", schema]).unwrap_err().to_string();
        assert!(error.contains(message), "{schema}: {error}");
    }
}

#[test]
fn trees_are_values_and_values_are_trees() {
    let query =
        "query Q($a: [Int!] = [1]) @d { x: f(a: {b: $a}) { ...F ... on T { g } } } fragment F on T { h }";
    let value = call("graphql.parse_query", &[query]).unwrap();
    let again = unform::query(value.as_object().unwrap(), &mut Budget::unlimited()).unwrap();
    assert_eq!(form::Form::form(&again), value);
    let value = call("graphql.parse_schema", &[SCHEMA]).unwrap();
    let again = unform::schema(value.as_object().unwrap(), &mut Budget::unlimited()).unwrap();
    assert_eq!(json::to_string(&form::Form::form(&again), Html::Plain), json::to_string(&value, Html::Plain));
}

#[test]
fn hostile_documents_end_with_an_error() {
    let deep = "{a".repeat(100_000);
    let lists = format!("{{ a(x: {}", "[".repeat(100_000));
    let chain: Vec<_> =
        (0..20_000).map(|it| format!("fragment F{it} on Query {{ ...F{} }} ", it + 1)).collect();
    let chain = chain.concat();
    for text in [deep, lists, format!("{{ ...F0 }} {chain}")] {
        assert!(
            call_within(1 << 24, "graphql.parse", &[text.into(), "type Query { a: Int }".into()]).is_err()
        );
    }
    // Each fragment doubles the paths to the next: as many as there are atoms in a grain of sand.
    let doubled: Vec<_> = (0..60)
        .map(|it| format!("fragment F{it} on Query {{ a {{ ...F{0} }} b {{ ...F{0} }} }} ", it + 1))
        .collect();
    let doubled = doubled.concat();
    let query = format!("{{ ...F0 }} {doubled} fragment F60 on Query {{ c }}");
    let schema = "type Query { a: Query b: Query c: Int }";
    assert_eq!(call("graphql.is_valid", &[&query, schema]).unwrap(), true.into());
}
