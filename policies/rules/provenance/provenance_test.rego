package provenance_test

import data.provenance

_built_by(builder) := {"attestations": [{"statement": {
	"predicateType": "https://slsa.dev/provenance/v0.2",
	"predicate": {"builder": {"id": builder}},
}}]}

_data := {"allowed_builders": ["https://b.example"]}

test_an_allowed_builder_passes if {
	count(provenance.deny) == 0 with input as _built_by("https://b.example") with data.rule_data as _data
}

test_another_builder_is_denied_by_its_name if {
	provenance.deny == {{
		"code": "provenance.builder_allowed",
		"msg": `The builder "https://b.example/x" is not allowed`,
		"term": "https://b.example/x",
	}} with input as _built_by("https://b.example/x") with data.rule_data as _data
}

test_without_provenance_the_image_is_denied if {
	{result.code | some result in provenance.deny} == {"provenance.found"} with input as {"attestations": []}
		with data.rule_data as _data
}

test_nobody_is_allowed_where_no_builder_is_listed if {
	count(provenance.deny) == 1 with input as _built_by("https://b.example") with data.rule_data as {}
}
