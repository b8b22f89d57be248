//! Small SBOMs, and larger ones: any number of packages.

use serde_json::{Value, json};

use super::BUILT_ON;

fn package_url(index: usize) -> String {
    format!("pkg:rpm/demo/package-{index}@1.{index}?arch=x86_64")
}

/// An SPDX 2.3 document of so many packages, for the predicate type `https://spdx.dev/Document`.
pub fn spdx(name: &str, packages: usize) -> Value {
    let package = |index: usize| {
        json!({
            "SPDXID": format!("SPDXRef-Package-{index}"),
            "name": format!("package-{index}"),
            "versionInfo": format!("1.{index}"),
            "downloadLocation": "NOASSERTION",
            "externalRefs": [{
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": package_url(index),
            }],
        })
    };
    json!({
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "dataLicense": "CC0-1.0",
        "name": name,
        "documentNamespace": format!("https://registry.example/spdx/{name}"),
        "creationInfo": {"created": BUILT_ON, "creators": ["Tool: testkit"]},
        "packages": (0..packages).map(package).collect::<Vec<_>>(),
    })
}

/// A `CycloneDX` 1.5 document of so many components, for the predicate type `https://cyclonedx.org/bom`.
pub fn cyclonedx(name: &str, packages: usize) -> Value {
    let component = |index: usize| {
        json!({
            "type": "library",
            "name": format!("package-{index}"),
            "version": format!("1.{index}"),
            "purl": package_url(index),
        })
    };
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"timestamp": BUILT_ON, "component": {"type": "container", "name": name}},
        "components": (0..packages).map(component).collect::<Vec<_>>(),
    })
}
