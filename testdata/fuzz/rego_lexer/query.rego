x := data.a[_].b; not y = 1; some i, v in [1]; every k in {1} { k } ; z with input.a as $"{z}"
