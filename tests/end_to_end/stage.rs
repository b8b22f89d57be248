//! A folder with a layout, a snapshot, a key and a policy: `layout/`, `snapshot.yaml`, `cosign.pub`, `policy.yaml`.

use std::fs;
use std::path::Path;

use enterprise_contract::testkit::{App, Built, Scenario};
use tempfile::TempDir;

/// What nearly every run of a stage is told.
pub(crate) const OF_STAGE: [&str; 6] = [
    "validate",
    "image",
    "--images=snapshot.yaml",
    "--policy=policy.yaml",
    "--ignore-rekor",
    "--layout=layout",
];

/// One rule that looks at the labels, and one that always warns when asked to.
const RULES: &str = r#"#
# METADATA
# title: Labels
# description: What every image must say of itself.
package labels

import rego.v1

# METADATA
# title: Vendor is told
# description: The image has the label "vendor".
# custom:
#   short_name: vendor
#   failure_msg: The image does not tell its vendor
deny contains result if {
	not input.image.config.Labels.vendor
	result := {"code": "labels.vendor", "msg": "The image does not tell its vendor"}
}
"#;

const POLICY: &str = "publicKey: cosign.pub\nsources:\n- policy:\n  - ./rules\n";

/// The folder of a scenario.
pub(crate) fn set(apps: impl IntoIterator<Item = App>) -> TempDir {
    let scenario = apps.into_iter().fold(Scenario::new("registry.example/team"), Scenario::with);
    of(&scenario.build().expect("scenario"))
}

/// The folder of a scenario that was built.
pub(crate) fn of(built: &Built) -> TempDir {
    let folder = tempfile::tempdir().expect("folder");
    built.write(folder.path()).expect("written");
    fs::create_dir(folder.path().join("rules")).expect("folder");
    write(folder.path(), "rules/labels.rego", RULES);
    write(folder.path(), "policy.yaml", POLICY);
    folder
}

/// A file in the folder.
pub(crate) fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect(name);
}

/// Everything is as it should be.
pub(crate) fn good(name: &str) -> App {
    App::named(name)
}

/// Violates the policy.
pub(crate) fn failing(name: &str) -> App {
    App::named(name).without_signature()
}

/// Cannot be decided: the registry has lost what its manifest names.
pub(crate) fn broken(name: &str) -> App {
    App::named(name).with_lost_provenance()
}
