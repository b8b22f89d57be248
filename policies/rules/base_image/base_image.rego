# METADATA
# title: Base image
# description: Does the image stand on something known?
package base_image

import data.lib

# METADATA
# title: Base image is allowed
# description: >-
#   The base image that the image's annotations name comes from a registry, or a folder of a registry, that the
#   rule data key allowed_base_images lists.
# custom:
#   short_name: allowed
#   failure_msg: The base image %q is not allowed
#   solution: Build on an allowed base image, or add its folder to the rule data key allowed_base_images.
#   collections:
#   - starter
deny contains result if {
	ref := input.image.parent.ref
	not _allowed(ref)
	result := lib.result_about(rego.metadata.chain(), [ref], split(ref, "@")[0])
}

# METADATA
# title: Base image is known
# description: The image's annotations name the base image. Images from scratch have none.
# custom:
#   short_name: known
#   failure_msg: The image names no base image
#   solution: Let the build set the annotations org.opencontainers.image.base.name and .digest.
#   collections:
#   - starter
warn contains result if {
	not input.image.parent.ref
	result := lib.result(rego.metadata.chain(), [])
}

# Whole folders only: a folder's name may begin like another's.
_allowed(ref) if {
	some folder in lib.rule_data("allowed_base_images")
	startswith(ref, concat("", [trim_suffix(folder, "/"), "/"]))
}
