use super::*;
use crate::rego::budget::Budget;
use crate::rego::builtins::{Caches, find};
use crate::rego::value::json::{self as values, Html};

fn within(limit: u64, format: &str, text: &str) -> Read {
    let mut budget = Budget::new(limit, limit);
    let (mut caches, mut sink) = (Caches::default(), ());
    let mut context =
        Context { now_ns: 0, seed: 0, budget: &mut budget, sink: &mut sink, caches: &mut caches };
    let builtin = find("parse_config").unwrap();
    Ok(builtin.call(&mut context, &[format.into(), text.into()])?.unwrap())
}

fn parsed(format: &str, text: &str) -> String {
    match within(1 << 24, format, text) {
        Ok(value) => values::to_string(&value, Html::Plain),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_format_that_is_not_offered_is_refused_with_those_that_are() {
    insta::assert_snapshot!(parsed("hcl2", ""), @r#"parse_config: unknown parser "hcl2"; offered are dockerfile, dotenv, ini, json, jsonc, properties, toml, yaml, yml"#);
}

#[test]
fn the_documentation_names_what_is_offered() {
    let page = include_str!("../../../../docs/differences.md");
    let row = page.lines().find(|it| it.starts_with("| `parse_config` |")).unwrap();
    for (format, _) in FORMATS {
        assert!(row.contains(&format!("`{format}`")), "{format}");
    }
}

#[test]
fn json_may_have_comments_where_it_is_called_jsonc() {
    assert_eq!(
        parsed("jsonc", "{// a\n\"a\": \"//\", /* , */ \"b\": [1, /* c */ ],}"),
        r#"{"a":"//","b":[1]}"#
    );
    assert!(parsed("json", "{} // a").contains("json: "));
}

#[test]
fn several_documents_of_yaml_make_an_array() {
    assert_eq!(parsed("yaml", "---\na: 1\n---\nb: 2\n"), r#"[{"a":1},{"b":2}]"#);
    assert_eq!(parsed("yml", "a: [1, x]\n"), r#"{"a":[1,"x"]}"#);
}

#[test]
fn toml_has_tables_arrays_and_dotted_keys() {
    let text = r#"
        # c
        title = "a\u00e9" # c
        'q k'."b.c" = [1, 2.5, 0xff, [true], {x.y = 'l\n'},
        ]
        when = 1979-05-27 07:32:00Z
        text = """
one \
        two"""
        [a.b]
        n = +1_000
        [a]
        m = -1e3
        [[p]]
        k = 1
        [[p]]
        [p.q]
        z = '''it's'''
    "#;
    insta::assert_snapshot!(parsed("toml", text), @r#"{"a":{"b":{"n":1000},"m":-1e3},"p":[{"k":1},{"q":{"z":"it's"}}],"q k":{"b.c":[1,2.5,255,[true],{"x":{"y":"l\\n"}}]},"text":"one two","title":"aé","when":"1979-05-27 07:32:00Z"}"#);
    for wrong in [
        "a = 1\na = 2",
        "[a]\n[a]",
        "a = 01",
        "a = ",
        "a = \"x",
        "a.b = 1\n[a]",
        "a = 1 b = 2",
        "a = {b = 1",
        "[a",
        "a = 1__0",
        "a = {}\n[a.b]",
    ] {
        assert!(within(1 << 20, "toml", wrong).is_err(), "{wrong}");
    }
    assert!(parsed("toml", "\n\na").contains("toml: line 3: expected ="));
}

#[test]
fn ini_tells_numbers_and_booleans_from_strings() {
    let text = "top = 1\n[s one]\na = 1\nb: true ; c\n; c\nc = \"1 # x\"\nd = long \\\n line\n[e]\n";
    assert_eq!(parsed("ini", text), r#"{"e":{},"s one":{"a":1,"b":true,"c":"1 # x","d":"long line"}}"#);
    assert!(parsed("ini", "[a]\nb").contains("line 2: key-value delimiter not found: b"));
}

#[test]
fn properties_continue_and_stand_for_each_other() {
    let text = "# c\n a.b = one \\\n   two\nc:${a.b}!\nd\\ e  f\\u0041\n";
    assert_eq!(parsed("properties", text), r#"{"a.b":"one two","c":"one two!","d e":"fA"}"#);
    assert!(parsed("properties", "a=${b}\nb=${a}").contains("circular reference"));
}

#[test]
fn dotenv_has_quotes_and_variables() {
    let text = "# c\nexport A=1 # c\nB=\"x\\n$A\n y\"\nC='${A}'\nD=${A}${NO}\nE=\n";
    assert_eq!(parsed("dotenv", text), r#"{"A":"1","B":"x\n1\n y","C":"${A}","D":"1","E":""}"#);
    assert!(parsed("dotenv", "A=1\nB").contains("line 2: invalid line: B"));
}

#[test]
fn dockerfiles_are_commands_in_stages() {
    let text = "# syntax=x\n# base\nFROM --platform=linux a:1 AS b\nENV A=\"1 2\" B=2\nRUN x \\\n  # c\n  && y <<EOF\nbody\nEOF\nFROM b\nONBUILD CMD [\"a\", \"b\"]\n";
    insta::assert_snapshot!(parsed("dockerfile", text), @r#"[[{"Cmd":"comment","Flags":[],"JSON":false,"Stage":0,"SubCmd":"","Value":["base"]},{"Cmd":"from","Flags":["--platform=linux"],"JSON":false,"Stage":0,"SubCmd":"","Value":["a:1","AS","b"]},{"Cmd":"env","Flags":[],"JSON":false,"Stage":0,"SubCmd":"","Value":["A","\"1 2\"","=","B","2","="]},{"Cmd":"run","Flags":[],"JSON":false,"Stage":0,"SubCmd":"","Value":["x   && y <<EOF"]},{"Cmd":"from","Flags":[],"JSON":false,"Stage":1,"SubCmd":"","Value":["b"]},{"Cmd":"onbuild","Flags":[],"JSON":true,"Stage":1,"SubCmd":"cmd","Value":["a","b"]}]]"#);
    for wrong in ["", "NOPE a", "FROM", "FROM a\nRUN x <<EOF\n"] {
        assert!(within(1 << 20, "dockerfile", wrong).is_err(), "{wrong}");
    }
}

#[test]
fn hostile_texts_end_with_an_error() {
    let bomb: Vec<_> = (0..60).map(|it| format!("a{it}=${{a{0}}}${{a{0}}}\n", it + 1)).collect();
    let bomb = bomb.concat();
    let cases = [
        ("toml", format!("a = {}", "[".repeat(100_000))),
        ("toml", format!("a = {}", "{a=".repeat(100_000))),
        ("toml", format!("{}a = 1", "a.".repeat(100_000))),
        ("json", "[".repeat(100_000)),
        ("yaml", "[".repeat(100_000)),
        ("properties", format!("{bomb}a60=x")),
        ("dockerfile", format!("FROM a\n{}RUN x", "ONBUILD ".repeat(100_000))),
    ];
    for (format, text) in cases {
        assert!(within(1 << 24, format, &text).is_err(), "{format}");
    }
}
