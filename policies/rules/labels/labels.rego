# METADATA
# title: Labels
# description: Does the image say what it is?
package labels

import data.lib

# METADATA
# title: Required labels
# description: The image bears every label that the rule data key required_labels lists, with some value.
# custom:
#   short_name: required
#   failure_msg: The required label %q is missing or empty
#   solution: Set the label in the build.
#   collections:
#   - starter
deny contains result if {
	some label in lib.rule_data("required_labels")
	not _has(label)
	result := lib.result_about(rego.metadata.chain(), [label], label)
}

# METADATA
# title: Recommended labels
# description: The image bears every label that the rule data key recommended_labels lists.
# custom:
#   short_name: recommended
#   failure_msg: The recommended label %q is missing or empty
#   solution: Set the label in the build.
#   collections:
#   - starter
warn contains result if {
	some label in lib.rule_data("recommended_labels")
	not _has(label)
	result := lib.result_about(rego.metadata.chain(), [label], label)
}

_has(label) if trim_space(input.image.config.Labels[label]) != ""
