# METADATA
# title: SBOM
# description: Is it known what is in the image?
package sbom

import data.lib

# METADATA
# title: SBOM found
# description: A verified attestation holds an SBOM of SPDX or CycloneDX.
# custom:
#   short_name: found
#   failure_msg: No SBOM is attached to the image
#   solution: Let the build attest an SBOM in SPDX or CycloneDX form.
#   collections:
#   - starter
deny contains result if {
	count(_spdx) + count(_cyclonedx) == 0
	result := lib.result(rego.metadata.chain(), [])
}

# METADATA
# title: SBOM is well-formed
# description: Every SBOM has the fields that its readers rely on, and lists at least one package by its name.
# custom:
#   short_name: well_formed
#   failure_msg: "The %s SBOM is not well-formed: %s"
#   solution: Make the SBOM with a tool that follows the specification of its form.
#   collections:
#   - starter
deny contains result if {
	some defect in _defects
	result := lib.result_about(rego.metadata.chain(), [defect.form, defect.why], defect.form)
}

_spdx := [predicate |
	some attestation in input.attestations
	startswith(attestation.statement.predicateType, "https://spdx.dev/Document")
	predicate := attestation.statement.predicate
]

_cyclonedx := [predicate |
	some attestation in input.attestations
	startswith(attestation.statement.predicateType, "https://cyclonedx.org/bom")
	predicate := attestation.statement.predicate
]

_defects contains {"form": "SPDX", "why": "spdxVersion is not SPDX-2"} if {
	some document in _spdx
	not startswith(object.get(document, "spdxVersion", ""), "SPDX-2.")
}

_defects contains {"form": "SPDX", "why": "packages lists no package with a name"} if {
	some document in _spdx
	not _names_something(object.get(document, "packages", []))
}

_defects contains {"form": "SPDX", "why": "a package has no name"} if {
	some document in _spdx
	_has_nameless(object.get(document, "packages", []))
}

_defects contains {"form": "CycloneDX", "why": "bomFormat is not CycloneDX"} if {
	some document in _cyclonedx
	object.get(document, "bomFormat", "") != "CycloneDX"
}

_defects contains {"form": "CycloneDX", "why": "specVersion is not 1"} if {
	some document in _cyclonedx
	not startswith(object.get(document, "specVersion", ""), "1.")
}

_defects contains {"form": "CycloneDX", "why": "components lists no component with a name"} if {
	some document in _cyclonedx
	not _names_something(object.get(document, "components", []))
}

_defects contains {"form": "CycloneDX", "why": "a component has no name"} if {
	some document in _cyclonedx
	_has_nameless(object.get(document, "components", []))
}

_names_something(list) if {
	some item in list
	_named(item)
}

_has_nameless(list) if {
	some item in list
	not _named(item)
}

_named(item) if {
	is_string(item.name)
	item.name != ""
}
