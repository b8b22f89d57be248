package tests_test

import data.tests

_data := {"passed_test_results": ["SUCCESS", "SKIPPED"]}

_reported(values) := {"attestations": [{"statement": {
	"predicateType": "https://slsa.dev/provenance/v0.2",
	"predicate": {
		"builder": {"id": "https://b.example"},
		"buildConfig": {"tasks": [{"results": [{"name": "TEST_OUTPUT", "value": value}]} | some value in values]},
	},
}}]}

test_tests_that_succeeded_or_were_skipped_pass if {
	image := _reported([`{"result":"SUCCESS"}`, `{"result":"SKIPPED"}`])
	count(tests.deny) == 0 with input as image with data.rule_data as _data
	count(tests.warn) == 0 with input as image with data.rule_data as _data
}

test_another_outcome_is_denied_by_its_name if {
	tests.deny == {{
		"code": "tests.passed",
		"msg": `A test ended with the outcome "FAILURE"`,
		"term": "FAILURE",
	}} with input as _reported([`{"result":"SUCCESS"}`, `{"result":"FAILURE"}`]) with data.rule_data as _data
}

test_a_result_that_cannot_be_read_is_denied if {
	every value in ["passed", "{}", `{"result":true}`, "[1]", ""] {
		{result.code | some result in tests.deny} == {"tests.readable"} with input as _reported([value])
			with data.rule_data as _data
	}
}

test_without_any_test_the_image_is_warned_about if {
	count(tests.deny) == 0 with input as _reported([]) with data.rule_data as _data
	{result.code | some result in tests.warn} == {"tests.found"} with input as _reported([])
}
