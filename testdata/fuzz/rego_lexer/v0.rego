package e
p { x }
q[x] { true }
r := [1,, 2]
