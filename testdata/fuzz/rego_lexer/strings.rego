package s
a := "tab\t \u00e9 \ud83d\ude00 \\ \/"
b := `raw \n {x}`
c := $`raw {input.x} \{ {$"in {1}"}`
d := $"{[x | x := 1]} {f(1) with input as 2}"
e := "é" + "日本" # comment at the end
