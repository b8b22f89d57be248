package lib

# METADATA
# description: >-
#   The provenances among the attestations, in one form whatever their version:
#   {builder, materials: [{uri, digest}], tests: [text]}.
provenances contains provenance if {
	some attestation in input.attestations
	attestation.statement.predicateType == "https://slsa.dev/provenance/v0.2"
	predicate := attestation.statement.predicate
	provenance := {
		"builder": predicate.builder.id,
		"materials": [_material(material) | some material in object.get(predicate, "materials", [])],
		"tests": [result.value |
			some task in object.get(predicate, ["buildConfig", "tasks"], [])
			some result in object.get(task, "results", [])
			result.name in _test_results
		],
	}
}

provenances contains provenance if {
	some attestation in input.attestations
	attestation.statement.predicateType == "https://slsa.dev/provenance/v1"
	predicate := attestation.statement.predicate
	dependencies := object.get(predicate, ["buildDefinition", "resolvedDependencies"], [])
	provenance := {
		"builder": predicate.runDetails.builder.id,
		"materials": [_material(material) | some material in dependencies; material.uri],
		"tests": [_content(product) |
			some product in object.get(predicate, ["runDetails", "byproducts"], [])
			some name in _test_results
			endswith(object.get(product, "name", ""), concat("", ["/", name]))
		],
	}
}

# Names under which tasks report how a test ended.
_test_results := {"TEST_OUTPUT"}

_material(material) := {
	"uri": object.get(material, "uri", ""),
	"digest": object.get(material, "digest", {}),
}

# A by-product holds the result as JSON text in base64. What is anything else stays as it is, and is no test result.
_content(product) := json.unmarshal(base64.decode(product.content)) if {
	json.is_valid(base64.decode(product.content))
} else := object.get(product, "content", "")
