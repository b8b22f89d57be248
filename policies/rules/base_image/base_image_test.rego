package base_image_test

import data.base_image

_data := {"allowed_base_images": ["registry.example/base", "other.example/"]}

_on(ref) := {"image": {"parent": {"ref": ref}}}

test_base_images_of_allowed_folders_pass if {
	every ref in ["registry.example/base/minimal:1@sha256:00", "other.example/any/where@sha256:00"] {
		count(base_image.deny) == 0 with input as _on(ref) with data.rule_data as _data
	}
}

test_another_folder_is_denied_even_if_its_name_begins_alike if {
	every ref in ["registry.example/baseline@sha256:00", "registry.example.evil.example/base/x@sha256:00", "x@sha256:00"] {
		{result.code | some result in base_image.deny} == {"base_image.allowed"} with input as _on(ref)
			with data.rule_data as _data
	}
}

test_the_term_is_the_name_without_the_digest if {
	{result.term | some result in base_image.deny} == {"evil.example/x:1"} with input as _on("evil.example/x:1@sha256:00")
		with data.rule_data as _data
}

test_an_image_that_names_no_base_is_warned_about if {
	count(base_image.deny) == 0 with input as {"image": {}} with data.rule_data as _data
	{result.code | some result in base_image.warn} == {"base_image.known"} with input as {"image": {}}
	count(base_image.warn) == 0 with input as _on("registry.example/base/x@sha256:00")
}
