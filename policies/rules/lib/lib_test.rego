package lib_test

import data.lib

_chain := [{
	"path": ["data", "labels", "deny"],
	"annotations": {"custom": {"short_name": "required", "failure_msg": "%q is missing"}},
}]

test_a_result_has_the_code_of_its_rule_and_the_message_filled_in if {
	lib.result(_chain, ["vendor"]) == {"code": "labels.required", "msg": "\"vendor\" is missing"}
}

test_a_result_about_something_has_its_term if {
	lib.result_about(_chain, ["vendor"], "vendor").term == "vendor"
}

test_a_package_of_several_segments_keeps_them if {
	chain := json.patch(_chain, [{"op": "replace", "path": "/0/path", "value": ["data", "a", "b", "deny"]}])
	lib.result(chain, ["x"]).code == "a.b.required"
}

test_the_policy_wins_over_custom_data_and_custom_data_over_ours if {
	all := {"k": ["policy"]}
	lib.rule_data("k") == ["policy"] with data.rule_data__configuration__ as all
		with data.rule_data_custom as {"k": ["custom"]}
		with data.rule_data as {"k": ["ours"]}
	lib.rule_data("k") == ["custom"] with data.rule_data__configuration__ as {}
		with data.rule_data_custom as {"k": ["custom"]}
		with data.rule_data as {"k": ["ours"]}
	lib.rule_data("k") == ["ours"] with data.rule_data as {"k": ["ours"]}
	lib.rule_data("k") == [] with data.rule_data as {}
}

test_provenances_of_both_versions_have_one_form if {
	found := lib.provenances with input as {"attestations": [
		{"statement": {
			"predicateType": "https://slsa.dev/provenance/v0.2",
			"predicate": {
				"builder": {"id": "https://b.example"},
				"buildConfig": {"tasks": [{"results": [
					{"name": "TEST_OUTPUT", "value": "passed"},
					{"name": "OTHER", "value": "x"},
				]}]},
				"materials": [{"uri": "git+https://git.example/a", "digest": {"sha1": "00"}}],
			},
		}},
		{"statement": {
			"predicateType": "https://slsa.dev/provenance/v1",
			"predicate": {
				"buildDefinition": {"resolvedDependencies": [{"uri": "git+https://git.example/b"}]},
				"runDetails": {
					"builder": {"id": "https://c.example"},
					"byproducts": [{"name": "taskRunResults/TEST_OUTPUT", "content": base64.encode("\"passed\"")}],
				},
			},
		}},
		{"statement": {"predicateType": "https://spdx.dev/Document", "predicate": {}}},
	]}
	found == {
		{
			"builder": "https://b.example",
			"materials": [{"uri": "git+https://git.example/a", "digest": {"sha1": "00"}}],
			"tests": ["passed"],
		},
		{
			"builder": "https://c.example",
			"materials": [{"uri": "git+https://git.example/b", "digest": {}}],
			"tests": ["passed"],
		},
	}
}
