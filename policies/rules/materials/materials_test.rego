package materials_test

import data.materials

_commit := "8f2c1d3e4a5b6c7d8e9f00112233445566778899"

_source := {"uri": "git+https://git.example/app.git", "digest": {"sha1": _commit}}

_made_of(list) := {"attestations": [{"statement": {
	"predicateType": "https://slsa.dev/provenance/v0.2",
	"predicate": {"builder": {"id": "https://b.example"}, "materials": list},
}}]}

test_pinned_materials_with_a_source_pass if {
	image := {"uri": "oci://registry.example/build", "digest": {"sha256": "00"}}
	count(materials.deny) == 0 with input as _made_of([_source, image])
}

test_a_material_without_digest_is_denied_by_its_uri if {
	every unpinned in [{"uri": "oci://x"}, {"uri": "oci://x", "digest": {}}, {"uri": "oci://x", "digest": {"sha256": ""}}] {
		materials.deny == {{
			"code": "materials.pinned",
			"msg": `The material "oci://x" has no digest`,
			"term": "oci://x",
		}} with input as _made_of([_source, unpinned])
	}
}

test_without_a_source_at_a_commit_the_image_is_denied if {
	branch := {"uri": "git+https://git.example/app.git", "digest": {"sha1": "main"}}
	every list in [[], [branch], [{"uri": "oci://x", "digest": {"sha256": "00"}}]] {
		{result.code | some result in materials.deny} == {"materials.source_known"} with input as _made_of(list)
	}
}
