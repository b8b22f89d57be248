# METADATA
# title: Provenance
# description: Was the image built by a builder that is believed?
package provenance

import data.lib

# METADATA
# title: Provenance found
# description: The image has a provenance of SLSA v0.2 or v1 among its verified attestations.
# custom:
#   short_name: found
#   failure_msg: No SLSA provenance is attached to the image
#   solution: Build the image with a builder that attests, such as Tekton with Tekton Chains.
#   collections:
#   - starter
deny contains result if {
	count(lib.provenances) == 0
	result := lib.result(rego.metadata.chain(), [])
}

# METADATA
# title: Builder is allowed
# description: Every provenance names a builder that the rule data key allowed_builders lists.
# custom:
#   short_name: builder_allowed
#   failure_msg: The builder %q is not allowed
#   solution: Build the image on an allowed builder, or add the builder to the rule data key allowed_builders.
#   collections:
#   - starter
deny contains result if {
	some provenance in lib.provenances
	not provenance.builder in lib.rule_data("allowed_builders")
	result := lib.result_about(rego.metadata.chain(), [provenance.builder], provenance.builder)
}
