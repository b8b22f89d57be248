# METADATA
# title: Configuration
# description: Has somebody said what the rules compare with?
package configuration

import data.lib

# METADATA
# title: Rule data provided
# description: >-
#   Every key of rule data that the starter rules need is a list of texts with at least one item. Without it a rule
#   would demand nothing, or allow nothing.
# custom:
#   short_name: provided
#   failure_msg: The rule data key %q is missing, empty, or no list of texts
#   solution: Add policies/data to the data of the policy's source, or set the key with ruleData.
#   collections:
#   - starter
deny contains result if {
	some key in _needed
	not _usable(lib.rule_data(key))
	result := lib.result_about(rego.metadata.chain(), [key], key)
}

_needed := {"allowed_builders", "allowed_base_images", "required_labels", "passed_test_results"}

_usable(list) if {
	is_array(list)
	count(list) > 0
	every item in list {
		is_string(item)
	}
}
