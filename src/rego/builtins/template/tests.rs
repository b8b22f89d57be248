use super::*;
use crate::rego::budget::Budget;
use crate::rego::builtins::{BuiltinError, Caches, find};
use crate::rego::value::{ReadLimits, json};

fn within(limit: u64, template: &str, data: &str) -> Result<String, BuiltinError> {
    let mut budget = Budget::new(limit, limit);
    let (mut caches, mut sink) = (Caches::default(), ());
    let mut context =
        Context { now_ns: 0, seed: 0, budget: &mut budget, sink: &mut sink, caches: &mut caches };
    let data = json::read(data.as_bytes(), &ReadLimits::default()).unwrap();
    let builtin = find("strings.render_template").unwrap();
    Ok(builtin.call(&mut context, &[template.into(), data])?.unwrap().as_str().unwrap().to_owned())
}

fn rendered(template: &str) -> String {
    let data = r#"{"a": {"b": {"c": 1}}, "l": ["x", "y"], "n": 0, "s": "<é>", "e": "", "t": true, "nul": null, "i": [[1, null]]}"#;
    within(1 << 20, template, data)
        .unwrap_or_else(|it| it.to_string().replace("strings.render_template: template: template", "!"))
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    let ours: Vec<_> = cases.iter().map(|(template, _)| rendered(template)).collect();
    let wanted: Vec<_> = cases.iter().map(|it| it.1).collect();
    assert_eq!(ours, wanted);
}

#[test]
fn values_are_put_in_as_go_prints_them() {
    check(&[
        (
            "a {{.a.b.c}} {{.l}} {{.a}} {{.t}} {{1.5}} {{1e30}} {{'a'}} {{0x10}}",
            "a 1 [x y] map[b:map[c:1]] true 1.5 1e+30 97 16",
        ),
        ("{{.zip}} {{.zip.zap}} {{.nul}} {{.i}}", "<undefined> <undefined> <undefined> [[1 <nil>]]"),
        ("a {{- 1 -}} \n b {{/* c */ -}} d", "a1b d"),
        ("{{\"\\u00e9\\n\"}}{{`\\n`}}", "é\n\\n"),
    ]);
}

#[test]
fn branches_and_loops_do_what_they_do_in_go() {
    check(&[
        ("{{if .n}}1{{end}}{{if .e}}2{{else if .t}}3{{else}}4{{end}}", "13"),
        ("{{range $i, $x := .l}}{{$i}}{{$x}}{{.}}{{end}}", "0xx1yy"),
        (
            "{{range $k, $v := .a}}{{$k}}{{end}}{{range .zip}}{{else}}none{{end}}{{range 3}}{{.}}{{end}}",
            "bnone012",
        ),
        ("{{range .l}}{{if eq . \"y\"}}{{break}}{{end}}{{continue}}z{{end}}", ""),
        (
            "{{with .a.b}}{{.c}}{{$.n}}{{else}}no{{end}}{{with $x := .e}}{{else with .t}}{{.}}{{end}}",
            "10true",
        ),
        ("{{$x := 1}}{{if .t}}{{$x = 2}}{{$y := 3}}{{end}}{{$x}}", "2"),
        (
            "{{define \"T\"}}<{{.}}>{{end}}{{template \"T\" .n}}{{block \"B\" 1}}[{{.}}]{{end}}{{template \"T\"}}",
            "<0>[1]<<undefined>>",
        ),
    ]);
}

#[test]
fn functions_do_what_they_do_in_go() {
    check(&[
        ("{{and .s .e}}|{{or .e 0 \"x\"}}|{{not .n}}|{{.e | or .t}}", "|x|false|true"),
        (
            "{{len .l}} {{len .s}} {{index .l 1}} {{index .a \"b\" \"c\"}} {{index .a \"zip\"}}",
            "2 4 y 1 <undefined>",
        ),
        (
            "{{slice .l 1}} {{slice \"abc\" 1 2}} {{print 1 2 \"a\" .n .l}} {{println .nul 1}}",
            "[y] b 1 2a0[x y] <nil> 1\n",
        ),
        (
            "{{printf \"%03d %q %v %t\" 7 .s .l .t}} {{.s | printf \"%s-%s\" \"a\"}}",
            "007 \"<é>\" [x y] true a-<é>",
        ),
        (
            "{{html .s \"'\"}} {{js .s}} {{urlquery .s \"/\"}}",
            "&lt;é&gt;&#39; \\u003Cé\\u003E %3C%C3%A9%3E%2F",
        ),
        (
            "{{eq 1 2 1}} {{ne 1.5 2.5}} {{lt \"a\" \"b\"}} {{ge 2 2}} {{eq .nul nil}} {{gt .n .a.b.c}}",
            "true true true true true false",
        ),
        (
            "{{(index .i 0 | len)}} {{(print .a.b).c}}",
            "!:1:26: executing \"template\" at <print .a.b>: can't evaluate field c in type string",
        ),
    ]);
}

#[test]
fn templates_at_fault_are_refused_as_in_go() {
    check(&[
        ("{{", "!:1: unclosed action"),
        ("\n{{if .t}}", "!:2: unexpected EOF"),
        ("{{end}}", "!:1: unexpected {{end}}"),
        ("{{if}}{{end}}", "!:1: missing value for if"),
        ("{{zip}}", "!:1: function \"zip\" not defined"),
        ("{{$x}}", "!:1: undefined variable \"$x\""),
        ("{{break}}", "!:1: {{break}} outside {{range}}"),
        ("{{/* a", "!:1: unclosed comment"),
        ("{{.a | 1}}", "!:1: non executable command in pipeline stage 2"),
        ("{{.nul.x}}", "!:1:2: executing \"template\" at <.nul.x>: nil pointer evaluating interface {}.x"),
        (
            "{{eq .n 0}}",
            "!:1:2: executing \"template\" at <eq .n 0>: error calling eq: incompatible types for comparison",
        ),
        (
            "{{index .l 5}}",
            "!:1:2: executing \"template\" at <index .l 5>: error calling index: index out of range: 5",
        ),
        ("{{template \"T\"}}", "!:1:2: executing \"template\" at <template>: template \"T\" not defined"),
        ("{{range .s}}{{end}}", "!:1:8: executing \"template\" at <.s>: range can't iterate over <é>"),
        (
            "{{define \"T\"}}{{template \"T\"}}{{end}}{{template \"T\"}}",
            "!:1:16: executing \"T\" at <template>: exceeded maximum template depth (200)",
        ),
    ]);
}

#[test]
fn hostile_templates_end_with_an_error() {
    let deep = format!("{}{}", "{{if .t}}".repeat(100_000), "{{end}}".repeat(100_000));
    let parens = format!("{{{{{}1{}}}}}", "(".repeat(100_000), ")".repeat(100_000));
    let endless = "{{range 1000000000000}}{{range 1000000000000}}{{end}}{{end}}".to_owned();
    let wide = "{{range 1000000}}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa{{end}}"
        .to_owned();
    let doubled = "{{define \"T\"}}{{template \"T\"}}{{template \"T\"}}{{end}}{{template \"T\"}}".to_owned();
    let many: Vec<_> = (0..100_000).map(|it| format!("{{{{$v{it} := 1}}}}{{{{$v0}}}}")).collect();
    for template in [deep, parens, endless, wide, doubled, many.concat()] {
        assert!(within(1 << 24, &template, "{}").is_err(), "{}", &template[..20]);
    }
}
