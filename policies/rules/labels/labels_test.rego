package labels_test

import data.labels

_data := {"required_labels": ["name", "vendor"], "recommended_labels": ["summary"]}

_labelled(labels) := {"image": {"config": {"Labels": labels}}}

test_an_image_with_all_labels_passes if {
	all := _labelled({"name": "a", "vendor": "b", "summary": "c"})
	count(labels.deny) == 0 with input as all with data.rule_data as _data
	count(labels.warn) == 0 with input as all with data.rule_data as _data
}

test_each_missing_or_empty_label_is_denied_by_its_name if {
	{result.term | some result in labels.deny} == {"name", "vendor"} with input as _labelled({"vendor": "  "})
		with data.rule_data as _data
}

test_an_image_without_configuration_has_no_labels if {
	{result.code | some result in labels.deny} == {"labels.required"} with input as {"image": {}}
		with data.rule_data as _data
}

test_a_recommended_label_only_warns if {
	image := _labelled({"name": "a", "vendor": "b"})
	count(labels.deny) == 0 with input as image with data.rule_data as _data
	labels.warn == {{
		"code": "labels.recommended",
		"msg": `The recommended label "summary" is missing or empty`,
		"term": "summary",
	}} with input as image with data.rule_data as _data
}
