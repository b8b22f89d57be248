# METADATA
# title: What the rules share
# description: >-
#   Results of one shape, rule data from the places where a policy may put it, and provenances of both
#   versions of SLSA in one form.
package lib

# METADATA
# description: >-
#   A result of the rule whose metadata chain is given. The code is the package and the rule's short name; the
#   message is the rule's failure_msg, filled in with args.
result(chain, args) := {
	"code": concat(".", array.concat(_package(chain[0].path), [chain[0].annotations.custom.short_name])),
	"msg": sprintf(chain[0].annotations.custom.failure_msg, args),
}

# METADATA
# description: A result about one thing of many, which policies may exclude by its term.
result_about(chain, args, term) := object.union(result(chain, args), {"term": term})

# The path of a rule is data, its package, its name; data may be missing.
_package(path) := array.slice(path, 1, count(path) - 1) if {
	path[0] == "data"
} else := array.slice(path, 0, count(path) - 1)

# METADATA
# description: >-
#   The value of a key of rule data: of the policy itself, of a custom data source, or of the data beside these
#   rules. An empty list where nobody has it.
rule_data(key) := value if {
	value := data.rule_data__configuration__[key]
} else := value if {
	value := data.rule_data_custom[key]
} else := value if {
	value := data.rule_data[key]
} else := []
