//! SBOMs: small ones as values, and as text such as scanners write of any number of packages, a kilobyte each.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{BUILT_ON, Hostile};

const SPDX_TYPE: &str = "https://spdx.dev/Document";
const CYCLONEDX_TYPE: &str = "https://cyclonedx.org/bom";

fn package_url(index: usize) -> String {
    format!("pkg:rpm/demo/package-{index}@1.{index}?arch=x86_64")
}

/// An SPDX 2.3 document of so many packages, for the predicate type `https://spdx.dev/Document`.
pub fn spdx(name: &str, packages: usize) -> Value {
    let mut document = spdx_head(name);
    document["packages"] = (0..packages).map(spdx_package).collect();
    document
}

fn spdx_head(name: &str) -> Value {
    json!({
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "dataLicense": "CC0-1.0",
        "name": name,
        "documentNamespace": format!("https://registry.example/spdx/{name}"),
        "creationInfo": {"created": BUILT_ON, "creators": ["Tool: testkit"]},
    })
}

fn spdx_package(index: usize) -> Value {
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
}

/// With the fields that scanners write besides: about a kilobyte.
fn scanned_spdx_package(index: usize) -> Value {
    let mut package = spdx_package(index);
    package["supplier"] = "Organization: Demo Packages, Incorporated".into();
    package["originator"] = format!("Person: Maintainer {index} <maintainer-{index}@demo.example>").into();
    package["licenseDeclared"] =
        "Apache-2.0 AND MIT AND (GPL-2.0-or-later WITH Classpath-exception-2.0)".into();
    package["licenseConcluded"] = "NOASSERTION".into();
    package["copyrightText"] = "NOASSERTION".into();
    package["filesAnalyzed"] = false.into();
    package["sourceInfo"] = "acquired package info from RPM DB: /var/lib/rpm/rpmdb.sqlite".into();
    package["checksums"] = json!([{"algorithm": "SHA256", "checksumValue": format!("{index:064x}")}]);
    package["annotations"] = json!([{
        "annotator": "Tool: scanner",
        "annotationDate": BUILT_ON,
        "annotationType": "OTHER",
        "comment": format!("found at layer {index} under /usr/lib/demo/package-{index}"),
    }]);
    package
}

/// A `CycloneDX` 1.5 document of so many components, for the predicate type `https://cyclonedx.org/bom`.
pub fn cyclonedx(name: &str, packages: usize) -> Value {
    let mut document = cyclonedx_head(name);
    document["components"] = (0..packages).map(cyclonedx_component).collect();
    document
}

fn cyclonedx_head(name: &str) -> Value {
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"timestamp": BUILT_ON, "component": {"type": "container", "name": name}},
    })
}

fn cyclonedx_component(index: usize) -> Value {
    json!({
        "type": "library",
        "name": format!("package-{index}"),
        "version": format!("1.{index}"),
        "purl": package_url(index),
    })
}

/// With the fields that scanners write besides: about a kilobyte.
fn scanned_cyclonedx_component(index: usize) -> Value {
    let mut component = cyclonedx_component(index);
    component["bom-ref"] = format!("package-{index}-{index:064x}").into();
    component["supplier"] = json!({"name": "Demo Packages, Incorporated"});
    component["publisher"] = format!("Maintainer {index} <maintainer-{index}@demo.example>").into();
    component["licenses"] =
        json!([{"expression": "Apache-2.0 AND MIT AND (GPL-2.0-or-later WITH Classpath-exception-2.0)"}]);
    component["hashes"] = json!([{"alg": "SHA-256", "content": format!("{index:064x}")}]);
    component["properties"] = json!([
        {"name": "scanner:package:foundBy", "value": "rpm-db-cataloger"},
        {"name": "scanner:package:type", "value": "rpm"},
        {"name": "scanner:location:0:path", "value": format!("/usr/lib/demo/package-{index}")},
        {"name": "scanner:metadata:size", "value": format!("{}", index * 1024)},
    ]);
    component
}

/// How much an SBOM lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// So many packages.
    Packages(usize),
    /// As many packages as make so many bytes of text, or just over.
    Bytes(usize),
}

/// An SBOM as text. The list of packages is written once and shared by all components that are given a clone;
/// what names the component makes each document, and so each digest, its own.
#[derive(Clone, Debug)]
pub struct Sbom {
    kind: Kind,
    packages: Arc<str>,
    place: SbomPlace,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Spdx,
    CycloneDx,
    Hostile,
}

/// Where an SBOM is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SbomPlace {
    /// In a blob of the image's repository that the result `SBOM_BLOB_URL` of the build task names.
    Blob,
    /// In an attestation.
    Attestation,
    /// In both: the same document.
    Both,
}

impl Sbom {
    /// An SPDX 2.3 document, in a blob.
    pub fn spdx(size: Size) -> Self {
        Self { kind: Kind::Spdx, packages: listed(size, scanned_spdx_package), place: SbomPlace::Blob }
    }

    /// A `CycloneDX` 1.5 document, in a blob.
    pub fn cyclonedx(size: Size) -> Self {
        let packages = listed(size, scanned_cyclonedx_component);
        Self { kind: Kind::CycloneDx, packages, place: SbomPlace::Blob }
    }

    /// A document of about so many bytes that is made to hurt its reader, in a blob.
    pub fn hostile(hostile: Hostile, bytes: usize) -> Self {
        Self { kind: Kind::Hostile, packages: hostile.json(bytes).into(), place: SbomPlace::Blob }
    }

    /// The same in another place.
    #[must_use]
    pub fn in_place(mut self, place: SbomPlace) -> Self {
        self.place = place;
        self
    }

    /// Where it is found.
    pub fn place(&self) -> SbomPlace {
        self.place
    }

    /// The document about the component of that name.
    pub fn text(&self, name: &str) -> String {
        match self.kind {
            Kind::Spdx => with_member(&spdx_head(name), "packages", &self.packages),
            Kind::CycloneDx => with_member(&cyclonedx_head(name), "components", &self.packages),
            Kind::Hostile => with_member(&spdx_head(name), "padding", &self.packages),
        }
    }

    /// The predicate type of its attestation.
    pub fn predicate_type(&self) -> &'static str {
        match self.kind {
            Kind::Spdx | Kind::Hostile => SPDX_TYPE,
            Kind::CycloneDx => CYCLONEDX_TYPE,
        }
    }

    /// Of its blob.
    pub(super) fn media_type(&self) -> &'static str {
        match self.kind {
            Kind::Spdx | Kind::Hostile => "application/spdx+json",
            Kind::CycloneDx => "application/vnd.cyclonedx+json",
        }
    }
}

fn listed(size: Size, package: impl Fn(usize) -> Value) -> Arc<str> {
    let mut text = "[".to_owned();
    let mut index = 0;
    while match size {
        Size::Packages(packages) => index < packages,
        Size::Bytes(bytes) => text.len() < bytes,
    } {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&package(index).to_string());
        index += 1;
    }
    text.push(']');
    text.into()
}

/// The text of an object with one more member, whose value is given as text: it may be what no value can hold.
pub(super) fn with_member(object: &Value, key: &str, value: &str) -> String {
    let head = object.to_string();
    let open = head.strip_suffix('}').unwrap_or(&head);
    format!("{open},{}:{value}}}", Value::from(key))
}
