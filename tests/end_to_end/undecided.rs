//! A look-up that cannot be made stops the rule that asked and whoever reads it: through the binary, over a layout that
//! does not know the host.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::binary::ec;
use crate::stage::{good, set, write};

/// Rules that ask, in every kind of place, and what they would say if the answer were "no such image".
const ASKING: &[(&str, &str)] = &[
    ("direct", "ec.oci.image_manifest(elsewhere)"),
    ("negated", "not ec.oci.image_manifest(elsewhere)"),
    ("array", "count([x | x := ec.oci.image_manifest(elsewhere)]) == 0"),
    ("set", "count({x | x := ec.oci.image_manifest(elsewhere)}) == 0"),
    ("object", "count({1: x | x := ec.oci.image_manifest(elsewhere)}) == 0"),
    ("function", "of(elsewhere) == \"none\""),
    ("otherwise", "not known"),
    ("domain", "every it in [elsewhere] { not ec.oci.image_manifest(it) }"),
    ("defaulted", "found == false"),
    ("shared", "not manifest.layers"),
    ("shared_again", "object.get(manifest, \"layers\", []) == []"),
    ("under_with", "not manifest.layers with input.component_name as \"else\""),
    ("two_away", "count(names) == 0"),
];

/// Rules that ask nothing, or do not need the answer.
const DECIDED: &[(&str, &str)] = &[
    ("plain", "input.image.ref"),
    ("not_reached", "not first_fails"),
    ("replaced", "manifest.layers == [] with ec.oci.image_manifest as {\"layers\": []}"),
    ("short", "either"),
];

const SHARED: &str = r#"
elsewhere := "other.example/app:1"
manifest := ec.oci.image_manifest(elsewhere)
of(ref) := "some" if ec.oci.image_manifest(ref) else := "none"
known if { false } else if { ec.oci.image_manifest(elsewhere) }
default found := false
found if ec.oci.image_manifest(elsewhere)
names contains name if some name, _ in manifest.annotations
first_fails if { input.none; ec.oci.image_manifest(elsewhere) }
either if ec.oci.image_manifest(elsewhere)
either if input.image
"#;

fn rules(of: &[(&str, &str)]) -> String {
    let mut text = format!("package lookups\n\nimport rego.v1\n{SHARED}");
    for (name, condition) in of {
        let _ = write!(
            text,
            "\n# METADATA\n# title: {name}\n# custom:\n#   short_name: {name}\n\
             deny contains {{\"code\": \"lookups.{name}\", \"msg\": \"said\"}} if {{ {condition} }}\n"
        );
    }
    text
}

fn validate(folder: &Path) -> (Option<i32>, Value) {
    let arguments = "validate image --file-path snapshot.yaml --policy policy.yaml --layout layout --ignore-rekor \
                     --public-key cosign.pub --show-successes --output json";
    let answer = ec(folder, &arguments.split_whitespace().collect::<Vec<_>>());
    let report = serde_json::from_str(&answer.stdout).unwrap_or_else(|_| panic!("{answer:?}"));
    (answer.code, report)
}

fn codes(component: &Value, kind: &str) -> BTreeSet<String> {
    let all = component[kind].as_array().into_iter().flatten();
    let codes = all.filter_map(|it| it["metadata"]["code"].as_str()?.strip_prefix("lookups."));
    codes.map(str::to_owned).collect()
}

fn names(of: &[(&str, &str)]) -> BTreeSet<String> {
    of.iter().map(|(name, _)| (*name).to_owned()).collect()
}

/// The short names of the rules that are listed as undecided, each with its reference and cause.
fn undecided(component: &Value) -> BTreeSet<String> {
    let listed = component["undecided"].as_array().unwrap_or_else(|| panic!("{component:#}"));
    let name = |it: &Value| {
        assert!(it["reference"].as_str().unwrap().contains("other.example/v2/app/"), "{it:#}");
        assert!(it["failure"]["message"].as_str().unwrap().contains("layout"), "{it:#}");
        assert_eq!(it["failure"]["stage"], "evaluate", "{it:#}");
        let rule = it["rule"].as_str().unwrap();
        let inner = rule.strip_prefix("data.lookups.deny (lookups.").and_then(|it| it.strip_suffix(')'));
        inner.unwrap_or_else(|| panic!("{rule}")).to_owned()
    };
    listed.iter().map(name).collect()
}

#[test]
fn rules_that_need_what_cannot_be_looked_up_are_listed_and_not_counted() {
    let folder = set([good("one")]);
    write(folder.path(), "rules/lookups.rego", &rules(ASKING));
    let (code, report) = validate(folder.path());
    let component = &report["components"][0];
    assert_eq!(undecided(component), names(ASKING));
    assert_eq!(codes(component, "violations"), BTreeSet::new(), "{component:#}");
    assert_eq!(codes(component, "successes"), BTreeSet::new(), "what is undecided has not passed");
    assert_eq!(
        (component["verdict"].as_str(), component["success"].as_bool()),
        (Some("incomplete"), Some(false))
    );
    assert_eq!((report["verdict"].as_str(), code), (Some("incomplete"), Some(3)));
}

#[test]
fn rules_that_do_not_need_it_count_as_ever() {
    let folder = set([good("one")]);
    write(folder.path(), "rules/lookups.rego", &rules(&[ASKING, DECIDED].concat()));
    let (code, report) = validate(folder.path());
    let component = &report["components"][0];
    assert_eq!(undecided(component), names(ASKING));
    assert_eq!(codes(component, "violations"), names(DECIDED));
    assert_eq!((component["verdict"].as_str(), code), (Some("fail"), Some(1)));
}

#[test]
fn an_exception_that_needs_it_leaves_its_rules_undecided() {
    let folder = set([good("one")]);
    let exception = "exception contains [\"\"] if ec.oci.image_manifest(elsewhere)\n";
    write(folder.path(), "rules/lookups.rego", &(rules(&DECIDED[..1]) + exception));
    let (code, report) = validate(folder.path());
    let component = &report["components"][0];
    assert_eq!(codes(component, "violations"), BTreeSet::new(), "{component:#}");
    assert_eq!((component["verdict"].as_str(), code), (Some("incomplete"), Some(3)));
}
