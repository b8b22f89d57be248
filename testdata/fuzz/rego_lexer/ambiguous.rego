package n
p := {a | {b | {c | d, e}, f}, g}
q := [[1, (2, 3) in x], {x: y | z}, {1: 2 | 3, 4: 5}]
