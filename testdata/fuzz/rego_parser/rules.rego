# METADATA
# title: every shape of a rule
package a.b["c d"]

import data.x.y as z
import future.keywords.in
import rego.v1

default p := false

default f(_, x) := {1, "two", [null], {"k": set()}}

p if { input.x == 1; not q } else := 2 if x := 3 else := [y | some y in z] if {
	every k, v in input.m { k != v }
}

f(x, [a, _]) := $"{x} and {a + 1}" if x > 1
q.r[s].t contains {"k": v} if { some k, v in {"a": 1}; k in ["a"] }
q["r"] := {k: v | v := input[k]} if count(input) with input as {} with data.x as 1
contains_it contains x if some x, y; in.if[every] := 1
_ := -1.50e3 * (2 - 3) % 4 & {1} | {2}
