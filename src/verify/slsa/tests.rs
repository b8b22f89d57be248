//! The schemas of SLSA provenance, one edit at a time.

use super::*;

const V02: &str = r#"{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://slsa.dev/provenance/v0.2",
"subject":[{"name":"a","digest":{"sha256":"ab01"}}],
"predicate":{"builder":{"id":"https://b.example/1"},"buildType":"t",
"invocation":{"configSource":{"uri":"u","digest":{"sha1":"0a"},"entryPoint":"e"},"parameters":{},"environment":{}},
"metadata":{"buildInvocationId":"i","buildStartedOn":"2025-05-20T09:00:00Z","buildFinishedOn":"2025-05-20T09:00:00.5Z",
"completeness":{"parameters":true,"environment":false,"materials":false},"reproducible":false},
"buildConfig":{},"materials":[{"uri":"u","digest":{"sha1":"0a"}}]}}"#;

const V1: &str = r#"{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://slsa.dev/provenance/v1",
"subject":[{"name":"a","digest":{"gitCommit":"ab01"}}],
"predicate":{"buildDefinition":{"buildType":"t","externalParameters":{},"internalParameters":{},
"resolvedDependencies":[{"uri":"u","digest":{"gitCommit":"0a"},"name":"n"}]},
"runDetails":{"builder":{"id":"urn:b","version":{}},"metadata":{"invocationId":"i","startedOn":"2025-05-20T09:00:00Z"},
"byproducts":[]}}}"#;

fn edited(good: &str, from: &str, to: &str) -> String {
    let bad = good.replacen(from, to, 1);
    assert_ne!(bad, good, "{from} is in the statement");
    bad
}

#[test]
fn conforming_provenances_tell_their_build_type() {
    assert_eq!(check_v02(&Node::document(V02)).unwrap().build_type, "t");
    assert_eq!(check_v1(&Node::document(V1)).unwrap().build_type, "t");
}

#[test]
fn each_rule_of_the_v02_schema_holds() {
    for (from, to, path) in [
        (r#"[{"name":"a","digest":{"sha256":"ab01"}}]"#, "[]", "/subject"),
        (r#""name":"a""#, r#""name":"""#, "/subject/0/name"),
        (r#""name":"a","#, "", "/subject/0"),
        (r#""sha256":"ab01""#, r#""sha256":"AB01""#, "/subject/0/digest/sha256"),
        (r#""sha256":"ab01""#, r#""sha256":"""#, "/subject/0/digest/sha256"),
        (r#""sha256":"ab01""#, r#""gitCommit":"ab01""#, "/subject/0/digest"),
        (r#""builder":{"id":"https://b.example/1"},"#, "", "/predicate"),
        (r#"{"id":"https://b.example/1"}"#, "{}", "/predicate/builder"),
        (r#"{"id":"https://b.example/1"}"#, r#"["https://b.example/1"]"#, "/predicate/builder"),
        ("https://b.example/1", "no uri", "/predicate/builder/id"),
        ("https://b.example/1", "b.example/1", "/predicate/builder/id"),
        ("https://b.example/1", "https://b.example/%zz", "/predicate/builder/id"),
        (r#""buildType":"t","#, "", "/predicate"),
        (r#""buildType":"t""#, r#""buildType":7"#, "/predicate/buildType"),
        (r#""entryPoint":"e""#, r#""entryPoint":"""#, "/predicate/invocation/configSource/entryPoint"),
        (r#""parameters":{}"#, r#""parameters":[]"#, "/predicate/invocation/parameters"),
        (r#""environment":{}"#, r#""environment":null"#, "/predicate/invocation/environment"),
        (r#""buildInvocationId":"i""#, r#""buildInvocationId":"""#, "/predicate/metadata/buildInvocationId"),
        ("09:00:00Z", "09:00:00+00:00", "/predicate/metadata/buildStartedOn"),
        ("2025-05-20T09:00:00Z", "2025-02-30T09:00:00Z", "/predicate/metadata/buildStartedOn"),
        ("2025-05-20T09:00:00Z", "2025-05-20 09:00:00Z", "/predicate/metadata/buildStartedOn"),
        ("2025-05-20T09:00:00Z", "20250520T090000Z", "/predicate/metadata/buildStartedOn"),
        ("09:00:00.5Z", "09:00:00.Z", "/predicate/metadata/buildFinishedOn"),
        (r#""parameters":true"#, r#""parameters":"true""#, "/predicate/metadata/completeness/parameters"),
        (r#""reproducible":false"#, r#""reproducible":0"#, "/predicate/metadata/reproducible"),
        (r#""buildConfig":{}"#, r#""buildConfig":1"#, "/predicate/buildConfig"),
        (r#""materials":[{"#, r#""materials":[7,{"#, "/predicate/materials/0"),
    ] {
        let bad = edited(V02, from, to);
        let why = check_v02(&Node::document(&bad)).expect_err(to);
        assert_eq!(why.path, path, "{to}: {why}");
    }
}

#[test]
fn each_rule_of_the_v1_schema_holds() {
    for (from, to, path) in [
        (r#""buildType":"t","#, "", "/predicate/buildDefinition"),
        (r#""buildType":"t""#, r#""buildType":"""#, "/predicate/buildDefinition/buildType"),
        (r#""externalParameters":{},"#, "", "/predicate/buildDefinition"),
        (
            r#""internalParameters":{}"#,
            r#""internalParameters":1"#,
            "/predicate/buildDefinition/internalParameters",
        ),
        (
            r#"{"gitCommit":"0a"}"#,
            r#"{"crc":"0a"}"#,
            "/predicate/buildDefinition/resolvedDependencies/0/digest",
        ),
        ("urn:b", "", "/predicate/runDetails/builder/id"),
        (r#""id":"urn:b","#, "", "/predicate/runDetails/builder"),
        ("09:00:00Z", "09:00:60.1", "/predicate/runDetails/metadata/startedOn"),
        (r#""byproducts":[]"#, r#""byproducts":{}"#, "/predicate/runDetails/byproducts"),
    ] {
        let bad = edited(V1, from, to);
        let why = check_v1(&Node::document(&bad)).expect_err(to);
        assert_eq!(why.path, path, "{to}: {why}");
    }
}
