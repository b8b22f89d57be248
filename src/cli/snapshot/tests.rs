//! Snapshots from every source, merged, and what is said of a wrong one.

use super::*;

const A: &str = "registry.example/aa:1";
const B: &str = "registry.example/bb:1";

fn text(text: &str) -> Result<Snapshot, Vec<Diagnostic>> {
    read(Sources { images: Some(text), ..Sources::default() }, Empty::Refused)
}

fn entries(snapshot: &Snapshot) -> Vec<(&str, &str)> {
    snapshot.components.iter().map(|it| (&*it.name, &*it.container_image)).collect()
}

fn complaint(source: &str) -> String {
    let theme = miette::GraphicalTheme::unicode_nocolor();
    super::super::diagnostics::render(&text(source).unwrap_err(), &theme)
}

#[test]
fn a_snapshot_is_read_bare_or_as_a_record_of_the_cluster() {
    let bare = format!(
        "application: a\ncomponents:\n- name: y\n  containerImage: {A}\n  source:\n    git: {{url: u, revision: 1.10}}\nartifacts: {{x: 1}}\n"
    );
    let snapshot = text(&bare).expect("snapshot");
    assert_eq!(entries(&snapshot), [("y", A)], "the text that was written stays");
    assert_eq!(snapshot.components[0].source.as_ref().map(|it| &*it.revision), Some("1.10"));
    let record =
        format!("apiVersion: v1\nspec: {{application: b, components: [{{name: z, containerImage: '{A}'}}]}}");
    assert_eq!(text(&record).expect("snapshot").application, "b");
}

#[test]
fn every_entry_is_kept_under_its_own_name() {
    let twice = format!(
        r#"{{"components":[{{"name":"one","containerImage":"{A}"}},{{"name":"two","containerImage":"{A}"}},{{"name":"two","containerImage":"{A}"}}]}}"#
    );
    assert_eq!(entries(&text(&twice).expect("snapshot")), [("one", A), ("two", A), ("two", A)]);
}

#[test]
fn sources_are_merged_and_the_first_text_wins() {
    let images = format!(r#"{{"application":"first","components":[{{"name":"n","containerImage":"{A}"}}]}}"#);
    let json = format!(
        r#"{{"application":"second","displayName":"d","components":[{{"name":"renamed","containerImage":"{B}"}},{{"name":"n","containerImage":"{A}"}}]}}"#
    );
    let sources = Sources { images: Some(&images), json_input: Some(&json), image: Some(B), file_path: None };
    let snapshot = read(sources, Empty::Refused).expect("snapshot");
    assert_eq!(entries(&snapshot), [("n", A), ("renamed", B)]);
    assert_eq!((&*snapshot.application, &*snapshot.display_name), ("first", "d"));
}

#[test]
fn a_single_image_is_unnamed() {
    let sources = Sources { image: Some(A), ..Sources::default() };
    assert_eq!(entries(&read(sources, Empty::Refused).expect("snapshot")), [("Unnamed", A)]);
}

#[test]
fn nothing_to_validate_is_a_mistake_unless_allowed() {
    assert!(read(Sources::default(), Empty::Allowed).is_err(), "no source at all");
    let empty = Sources { images: Some(r#"{"components":[]}"#), ..Sources::default() };
    assert!(read(empty, Empty::Allowed).expect("snapshot").components.is_empty());
    insta::assert_snapshot!(complaint("component:\n- name: a\n"), @r#"
    Error: the snapshot has no components
      help: it has a key "component": is "components" meant?
    "#);
    insta::assert_snapshot!(complaint("colour: red\n"), @r#"
    Error: the snapshot has no components
      help: give --allow-empty if that is meant
    "#);
}

#[test]
fn faults_are_shown_where_they_are() {
    insta::assert_snapshot!(complaint("{[}"), @r#"
    Error: unable to parse Snapshot specification: --images: mismatched bracket '[' closed by '}' at line 1, column 2
       ╭─[--images:1:2]
     1 │ {[}
       ·  ┬
       ·  ╰── mismatched bracket '[' closed by '}'
       ╰────
    "#);
    insta::assert_snapshot!(complaint("- name: x\n"), @r#"
    Error: unable to parse Snapshot specification: --images: expected an object with components, found a list at line 1, column 1
       ╭─[--images:1:1]
     1 │ - name: x
       · ┬
       · ╰── expected an object with components, found a list
       ╰────
    "#);
    insta::assert_snapshot!(complaint("components: many\n"), @r#"
    Error: unable to parse Snapshot specification: --images: expected a sequence, found the text "many" at line 1, column 13
       ╭─[--images:1:13]
     1 │ components: many
       ·             ──┬─
       ·               ╰── expected a sequence, found the text "many"
       ╰────
    "#);
    insta::assert_snapshot!(complaint("components: []\ncomponents: []\n"), @r#"
    Error: unable to parse Snapshot specification: --images: the key "components" is repeated at line 2, column 1
       ╭─[--images:2:1]
     1 │ components: []
     2 │ components: []
       · ─────┬────
       ·      ╰── the key "components" is repeated
       ╰────
    "#);
    insta::assert_snapshot!(complaint("./absent.json"), @r#"
    Error: unable to parse Snapshot specification: open ./absent.json: no such file or directory
      help: give a file, or the text of a snapshot: {"components": [{"name": …, "containerImage": …}]}
    "#);
    insta::assert_snapshot!(complaint("components:\n- name: a\n  containerImage: registry.example/UPPER/x@sha256:12\n- name: b\n"), @r#"
    Error: --images: component "a" at line 3, column 19: could not parse reference: registry.example/UPPER/x@sha256:12 (after '@' there must be "sha256:" and 64 lower-case hexadecimal digits)
       ╭─[--images:3:19]
     2 │ - name: a
     3 │   containerImage: registry.example/UPPER/x@sha256:12
       ·                   ─────────────────┬────────────────
       ·                                    ╰── after '@' there must be "sha256:" and 64 lower-case hexadecimal digits
     4 │ - name: b
       ╰────
    Error: --images: the component "b" at line 4, column 3 has no containerImage
       ╭─[--images:4:3]
     3 │   containerImage: registry.example/UPPER/x@sha256:12
     4 │ - name: b
       ·   ┬
       ·   ╰── here
       ╰────
    "#);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let sources = Sources { file_path: Some("./absent.json"), ..Sources::default() };
    let faults = read(sources, Empty::Refused).unwrap_err();
    assert_eq!(faults[0].message(), "open ./absent.json: no such file or directory");
}

#[test]
fn threat_27_a_repeated_key_is_refused_at_every_level_also_where_escapes_hide_it() {
    for source in [
        format!(r#"{{"components":[],"components":[{{"name":"a","containerImage":"{A}"}}]}}"#),
        format!(r#"{{"components":[{{"name":"a","containerImage":"{A}","containerImage":"{B}"}}]}}"#),
        format!(r#"{{"components":[{{"name":"a","containerImage":"{A}","\u0063ontainerImage":"{B}"}}]}}"#),
        format!(r#"{{"components":[{{"name":"a","containerImage":"{A}"}}],"artifacts":{{"x":1,"x":2}}}}"#),
        format!("components:\n- name: a\n  containerImage: {A}\n  'containerImage': {B}\n"),
    ] {
        let faults = text(&source).unwrap_err();
        assert!(faults[0].message().contains("is repeated at line "), "{source}: {faults:?}");
    }
}

#[test]
fn threat_28_a_key_in_another_case_is_another_key() {
    let source = format!(
        r#"{{"components":[{{"name":"a","containerImage":"{A}","containerimage":"{B}","Name":"b"}}],"Components":[]}}"#
    );
    assert_eq!(entries(&text(&source).expect("snapshot")), [("a", A)]);
}

#[test]
fn threat_29_what_two_readers_could_read_differently_is_refused() {
    let good = format!(r#"{{"components":[{{"name":"a","containerImage":"{A}"}}]}}"#);
    assert!(text(&good).is_ok());
    for source in [
        format!("\u{feff}{good}"),
        format!("{good} {good}"),
        format!("{good}\0"),
        format!("{good}\n---\n{good}"),
        good.replace(r#""a""#, r#""\ud800""#),
        good.replace("[{", "[[").replace("}]", "]]"),
        format!(r#"["{A}"]"#),
    ] {
        assert!(text(&source).is_err(), "{source:?}");
    }
}
