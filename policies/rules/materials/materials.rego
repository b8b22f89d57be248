# METADATA
# title: Materials
# description: Is everything that went into the image named by its digest?
package materials

import data.lib

# METADATA
# title: Materials are pinned
# description: Every material of every provenance has a digest, so that it names one content.
# custom:
#   short_name: pinned
#   failure_msg: The material %q has no digest
#   solution: Let the build refer to images by digest and to sources by commit.
#   collections:
#   - starter
deny contains result if {
	some material in _materials
	count([digest | some digest in material.digest; digest != ""]) == 0
	result := lib.result_about(rego.metadata.chain(), [material.uri], material.uri)
}

# METADATA
# title: Source is known
# description: Every provenance names the source repository among its materials, at a commit.
# custom:
#   short_name: source_known
#   failure_msg: The provenance of the builder %q names no source repository at a commit
#   solution: Let the build report the repository that it checked out, and the commit.
#   collections:
#   - starter
deny contains result if {
	some provenance in lib.provenances
	not _has_source(provenance)
	result := lib.result(rego.metadata.chain(), [provenance.builder])
}

_materials contains material if {
	some provenance in lib.provenances
	some material in provenance.materials
}

_has_source(provenance) if {
	some material in provenance.materials
	startswith(material.uri, "git+")
	some algorithm in ["sha1", "sha256", "gitCommit"]
	regex.match(`^[0-9a-f]{40}([0-9a-f]{24})?$`, material.digest[algorithm])
}
