package configuration_test

import data.configuration

_complete := {
	"allowed_builders": ["https://b.example"],
	"allowed_base_images": ["registry.example"],
	"required_labels": ["name"],
	"passed_test_results": ["SUCCESS"],
}

test_complete_rule_data_passes if {
	count(configuration.deny) == 0 with data.rule_data as _complete
}

test_each_missing_key_is_denied_by_its_name if {
	{result.term | some result in configuration.deny} == {key | some key, _ in _complete} with data.rule_data as {}
}

test_what_is_no_list_of_texts_counts_as_missing if {
	every value in [[], "name", [1], {"name": true}, null] {
		{result.term | some result in configuration.deny} == {"required_labels"} with data.rule_data as object.union(
			_complete,
			{"required_labels": value},
		)
	}
}
