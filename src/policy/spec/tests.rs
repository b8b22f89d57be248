use super::*;

fn read_text(text: &str) -> Result<ReadPolicy, SpecError> {
    let document = Document { name: "policy.yaml".to_owned(), text: text.to_owned() };
    read(&document, Limits::default())
}

fn refusal(text: &str) -> String {
    read_text(text).unwrap_err().to_string()
}

#[test]
fn golden_627_an_unknown_field_is_named_with_its_place_and_the_allowed_ones() {
    let text = "publicKey: k\nsources:\n  - policy:\n      - ./x\n    colour: red\n";
    insta::assert_snapshot!(refusal(text), @r#"
    the policy does not conform to the EnterpriseContractPolicy spec:
    policy.yaml:5:5: sources[0]: unknown field "colour", expected one of: name, policy, data, ruleData, config, volatileConfig
    "#);
}

#[test]
fn every_violation_is_reported() {
    let text = "sauces: []\nname: 5\nsources:\n- ruleData: [1]\n- config: {include: [1, yes, 2025-01-02, null]}\n- volatileConfig: {exclude: [{reference: x}]}\n";
    insta::assert_snapshot!(refusal(text), @r#"
    the policy does not conform to the EnterpriseContractPolicy spec:
    policy.yaml:1:1: unknown field "sauces", expected one of: name, description, sources, configuration, rekorUrl, publicKey, identity
    policy.yaml:2:7: name: expected a text, found a number: put it in quotes if it is meant as one
    policy.yaml:4:13: sources[0].ruleData: expected an object, found a list
    policy.yaml:5:22: sources[1].config.include[0]: expected a text, found a number: put it in quotes if it is meant as one
    policy.yaml:5:42: sources[1].config.include[3]: expected a text, found null: put it in quotes if it is meant as one
    policy.yaml:6:30: sources[2].volatileConfig.exclude[0]: the field "value" is missing
    "#);
}

#[test]
fn golden_628_740_what_is_no_object_or_no_list_is_refused() {
    insta::assert_snapshot!(refusal("sources: {policy: x}"), @r"
    the policy does not conform to the EnterpriseContractPolicy spec:
    policy.yaml:1:10: sources: expected a list, found an object
    ");
    insta::assert_snapshot!(refusal("text"), @r"
    the policy does not conform to the EnterpriseContractPolicy spec:
    policy.yaml:1:1: expected an object, found a text
    ");
}

#[test]
fn golden_639_what_is_no_yaml_is_refused_with_its_place() {
    let error = read_text("sources: [\n").unwrap_err();
    assert!(matches!(error, SpecError::Unreadable { .. }), "{error}");
}

#[test]
fn golden_641_738_a_custom_resource_is_known_by_its_api_version() {
    let resource = |spec: &str| {
        format!(
            "apiVersion: appstudio.redhat.com/v1alpha1\nkind: EnterpriseContractPolicy\nmetadata: {{name: p}}\nspec: {spec}\n"
        )
    };
    let read = read_text(&resource("{publicKey: ./keys/cosign.pub}")).unwrap();
    assert_eq!(read.spec.public_key, "./keys/cosign.pub");
    insta::assert_snapshot!(refusal(&resource("{sauces: 1}")), @r#"
    the policy does not conform to the EnterpriseContractPolicy spec:
    policy.yaml:4:8: spec: unknown field "sauces", expected one of: name, description, sources, configuration, rekorUrl, publicKey, identity
    "#);
}

#[test]
fn golden_640_a_spec_without_api_version_is_not_taken_for_an_empty_policy() {
    insta::assert_snapshot!(refusal("spec:\n  publicKey: k\n"), @r"
    the policy does not conform to the EnterpriseContractPolicy spec:
    policy.yaml:2:3: `spec` is given, but not `apiVersion: appstudio.redhat.com/v1alpha1`: add it, or move what is in `spec` to the top
    ");
    insta::assert_snapshot!(refusal("apiVersion: v1\n"), @r#"
    the policy does not conform to the EnterpriseContractPolicy spec:
    policy.yaml:1:13: `apiVersion` is given, but the field "spec" is missing
    "#);
}

#[test]
fn golden_651_text_with_a_trailing_comma_is_a_policy() {
    let text = r#"{"publicKey": "./keys/cosign.pub", "sources": [{"policy": ["./common/rules/basic"]}],}"#;
    let document = resolve(text, 1 << 20).unwrap();
    let read = read(&document, Limits::default()).unwrap();
    assert_eq!(read.spec.sources[0].policy, ["./common/rules/basic"]);
}

#[test]
fn texts_stay_as_they_were_written() {
    let read = read_text("name: y\ndescription: 2025-01-02\nsources: [{name: on}]\n").unwrap();
    assert_eq!(
        (read.spec.name.as_str(), read.spec.description.as_str(), read.spec.sources[0].name.as_str()),
        ("y", "2025-01-02", "on")
    );
}

#[test]
fn threat_27_a_repeated_key_is_refused() {
    assert!(refusal("publicKey: a\npublicKey: b\n").contains("\"publicKey\" is repeated"));
    assert!(refusal(r#"{"name": "a", "n\u0061me": "b"}"#).contains("\"name\" is repeated"));
}

#[test]
fn an_empty_text_is_the_empty_policy() {
    assert_eq!(read_text(""), Ok(ReadPolicy::default()));
}

#[test]
fn a_malformed_volatile_include_is_refused_and_an_exclude_is_warned_of() {
    let text = |list: &str| {
        format!("sources:\n- volatileConfig:\n    {list}:\n    - {{value: x, effectiveOn: never}}\n")
    };
    insta::assert_snapshot!(refusal(&text("include")), @r#"
    the policy does not conform to the EnterpriseContractPolicy spec:
    policy.yaml:4:31: sources[0].volatileConfig.include[0].effectiveOn: volatile criterion "x": effectiveOn "never" is not a date (RFC 3339 or YYYY-MM-DD)
    "#);
    let warnings = read_text(&text("exclude")).unwrap().warnings;
    insta::assert_snapshot!(warnings.join("\n"), @r#"policy.yaml:4:31: sources[0].volatileConfig.exclude[0].effectiveOn: volatile criterion "x": effectiveOn "never" is not a date (RFC 3339 or YYYY-MM-DD); this exclude is not applied"#);
}

#[test]
fn aliases_and_merges_are_read() {
    let text = "sources:\n- &a {policy: [./x], config: {include: [alpha]}}\n- {<<: *a, policy: [./y]}\n";
    let spec = read_text(text).unwrap().spec;
    assert_eq!(spec.sources[1].policy, ["./y"]);
    assert_eq!(spec.sources[1].config, spec.sources[0].config);
}

#[test]
fn an_argument_is_text_a_file_or_something_that_is_not_offered() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("p.yaml"), "name: x\n").unwrap();
    std::fs::write(path("empty.yaml"), "").unwrap();
    std::fs::write(path("odd.txt"), "name: x\n").unwrap();
    let outcome = |argument: &str| match resolve(argument, 100) {
        Ok(document) => format!("text {}", document.text.trim_end()),
        Err(error) => error.to_string().replace(&folder.path().display().to_string(), "DIR"),
    };
    assert_eq!(outcome(&path("p.yaml")), "text name: x");
    assert_eq!(outcome(&format!("file::{}", path("p.yaml"))), "text name: x");
    assert_eq!(outcome(&path("empty.yaml")), "file DIR/empty.yaml is empty");
    assert!(outcome(&path("absent.yaml")).starts_with("cannot read DIR/absent.yaml: No such file"));
    assert!(outcome(&path("odd.txt")).starts_with("DIR/odd.txt is no policy file"));
    assert_eq!(outcome(""), "text ");
    assert_eq!(outcome("{}"), "text {}");
    assert_eq!(outcome("name: x"), "text name: x");
    assert_eq!(
        outcome("sources:\n- policy: [github.com/o/r]\n"),
        "text sources:\n- policy: [github.com/o/r]"
    );
    assert!(outcome("namespace/name").contains("Kubernetes resource"));
    assert!(outcome("github.com/o/r").contains("git repository"));
    assert!(outcome("https://x.example/policy.yaml").contains("file over HTTPS"));
    assert!(outcome("http://x.example/policy.yaml").contains("insecure"));
    std::fs::write(path("large.yaml"), "x".repeat(101)).unwrap();
    assert_eq!(outcome(&path("large.yaml")), "DIR/large.yaml has more than 100 bytes");
}
