# METADATA
# title: Tests
# description: >-
#   Did the tests of the build succeed? A task tells it in a result named TEST_OUTPUT: a JSON object whose key
#   result holds the outcome.
package tests

import data.lib

# METADATA
# title: No failed tests
# description: Every test ended with an outcome that the rule data key passed_test_results lists.
# custom:
#   short_name: passed
#   failure_msg: A test ended with the outcome %q
#   solution: Mend what the test found, or the test, and build again.
#   collections:
#   - starter
deny contains result if {
	some outcome in _outcomes
	not outcome in lib.rule_data("passed_test_results")
	result := lib.result_about(rego.metadata.chain(), [outcome], outcome)
}

# METADATA
# title: Test results can be read
# description: Every test result is a JSON object with an outcome.
# custom:
#   short_name: readable
#   failure_msg: "A test result cannot be read: %s"
#   solution: Let the task write TEST_OUTPUT as a JSON object with the key result.
#   collections:
#   - starter
deny contains result if {
	some text in _results
	not _outcome(text)
	result := lib.result(rego.metadata.chain(), [substring(sprintf("%v", [text]), 0, 80)])
}

# METADATA
# title: Tests found
# description: At least one task reported a test result.
# custom:
#   short_name: found
#   failure_msg: No test result was found in the provenance
#   solution: Add a task that tests the image to the pipeline.
#   collections:
#   - starter
warn contains result if {
	count(_results) == 0
	result := lib.result(rego.metadata.chain(), [])
}

_results contains text if {
	some provenance in lib.provenances
	some text in provenance.tests
}

_outcomes contains outcome if {
	some text in _results
	outcome := _outcome(text)
}

_outcome(text) := outcome if {
	json.is_valid(text)
	outcome := json.unmarshal(text).result
	is_string(outcome)
}
