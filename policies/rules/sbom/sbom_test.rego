package sbom_test

import data.sbom

_spdx := {"spdxVersion": "SPDX-2.3", "packages": [{"name": "a"}]}

_cyclonedx := {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"name": "a"}]}

_with(predicate_type, predicate) := {"attestations": [{"statement": {
	"predicateType": predicate_type,
	"predicate": predicate,
}}]}

_messages := {result.msg | some result in sbom.deny}

test_well_formed_sboms_of_both_forms_pass if {
	count(sbom.deny) == 0 with input as _with("https://spdx.dev/Document", _spdx)
	count(sbom.deny) == 0 with input as _with("https://spdx.dev/Document/v2.3", _spdx)
	count(sbom.deny) == 0 with input as _with("https://cyclonedx.org/bom", _cyclonedx)
	count(sbom.deny) == 0 with input as _with("https://cyclonedx.org/bom/v1.5", _cyclonedx)
}

test_without_any_the_image_is_denied if {
	{result.code | some result in sbom.deny} == {"sbom.found"} with input as {"attestations": []}
}

test_each_defect_of_spdx_is_named if {
	every edit in [
		{"change": {"spdxVersion": "2.3"}, "why": "spdxVersion is not SPDX-2"},
		{"change": {"packages": [{"name": "a"}, {"version": "1"}]}, "why": "a package has no name"},
		{"change": {"packages": []}, "why": "packages lists no package with a name"},
		{"change": {"packages": null}, "why": "packages lists no package with a name"},
	] {
		expected := sprintf("The SPDX SBOM is not well-formed: %s", [edit.why])
		_messages == {expected} with input as _with("https://spdx.dev/Document", object.union(_spdx, edit.change))
	}
}

test_each_defect_of_cyclonedx_is_named if {
	every edit in [
		{"change": {"bomFormat": "cyclonedx"}, "why": "bomFormat is not CycloneDX"},
		{"change": {"specVersion": "2.0"}, "why": "specVersion is not 1"},
		{"change": {"components": []}, "why": "components lists no component with a name"},
		{"change": {"components": [{"name": "a"}, {"name": ""}]}, "why": "a component has no name"},
	] {
		expected := sprintf("The CycloneDX SBOM is not well-formed: %s", [edit.why])
		_messages == {expected} with input as _with("https://cyclonedx.org/bom", object.union(_cyclonedx, edit.change))
	}
}
