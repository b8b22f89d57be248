//! Words and flags in the places where people put them.

use super::*;

fn environment() -> Environment {
    let now = "2025-07-01T00:00:00Z".parse().expect("time");
    Environment { now, variable: Box::new(|_| None) }
}

pub(super) fn read_words(arguments: &[&str]) -> Result<Command, Box<Refused>> {
    read(&arguments.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>(), &environment())
}

fn printed(arguments: &[&str]) -> String {
    match read_words(arguments) {
        Ok(Command::Print(text)) => text,
        other => panic!("{other:?}"),
    }
}

pub(super) fn complaints(arguments: &[&str]) -> String {
    diagnostics::messages(&read_words(arguments).expect_err("refused").diagnostics)
}

#[test]
fn without_a_command_help_is_printed() {
    assert!(printed(&[]).contains("validate"));
    assert!(printed(&["validate"]).contains("image"));
    assert_eq!(printed(&["help", "validate", "image"]), printed(&["validate", "image", "--help"]));
    assert_eq!(printed(&["--quiet", "validate", "--timeout", "5m", "image", "-h"]), validate_image::help());
}

#[test]
fn an_unknown_command_is_refused() {
    assert_eq!(complaints(&["validate", "everything"]), "unknown command \"everything\" for \"ec validate\"");
    assert_eq!(complaints(&["test"]), "unknown command \"test\" for \"ec\"");
}

#[test]
fn the_version_has_three_forms() {
    assert_eq!(printed(&["version", "--short"]), VERSION);
    assert_eq!(printed(&["version", "-j"]), format!("{{\"version\":\"{VERSION}\"}}\n"));
    assert!(printed(&["version"]).starts_with("Version "));
}

#[test]
fn the_tables_of_flags_are_sorted_and_have_no_name_or_letter_twice() {
    let authors = [Node::OpaCheck, Node::OpaInspect];
    for node in [Node::ValidateImage, Node::Version].into_iter().chain(authors) {
        let flags = node.all_flags();
        assert!(node.flags().is_sorted_by_key(|flag| flag.name));
        for (index, flag) in flags.iter().enumerate() {
            let same =
                |other: &Flag| other.name == flag.name || other.short.is_some() && other.short == flag.short;
            assert!(!flags[index + 1..].iter().any(same), "{}", flag.name);
        }
    }
}

#[test]
fn the_help_lists_every_flag() {
    insta::assert_snapshot!(validate_image::help(), @r#"
    Validate images against policies.

    For each image: its signature and the signatures of its attestations are verified, the attestations are compared
    with their schemas, and the policy's rules are run over them. Whatever cannot be decided makes the image
    incomplete, never passed.

    Usage:
      ec validate image [flags]

    Examples:
      ec validate image --image registry.example/name:tag --policy policy.yaml --public-key key.pub --ignore-rekor
      ec validate image --images snapshot.json --policy policy.yaml --output json=report.json --output text
      ec validate image --images snapshot.json --policy policy.yaml --output json=report.json --resume report.json
      ec validate image --images snapshot.json --policy policy.yaml --layout images/ --ignore-rekor

    Exit codes:
      0   pass; or fail with --strict=false
      1   fail
      2   the run could not start: usage, policy, snapshot, trust material
      3   incomplete, and trying again will not help every undecided component
      75  incomplete, and trying again may help
      4   would be 0, but a report could not be written

    Flags:
          --allow-empty                  a snapshot without components is no mistake
          --allow-past-effective-time    accept an effective time in the past, or from attestations that are not verified
          --cache-dir string             folder where blobs are kept between runs; several processes may share it (default ec in the user's cache folder)
          --color                        colour the text report, also in files
          --component-timeout duration   deadline of one component, without its waiting for others; 0 is none (default none)
          --effective-time string        compare the dates of rules with this instant: now, attestation, an RFC 3339 date and time, or YYYY-MM-DD (default now)
          --engine string                what evaluates the policies: own, or regorus where ec was built with that Cargo feature (default own)
          --extra-rule-data strings      key=value pairs for the rule data of every source; a value may be a .json or .yaml file
      -f, --file-path string             deprecated, use --images: file with the snapshot
          --filter-type string           how rules are selected: include-exclude or ec-policy (default include-exclude)
          --ignore-rekor                 do not look for signatures in a transparency log
      -i, --image string                 reference of one image
          --images string                file with the snapshot, or its text (JSON or YAML)
          --info                         tell titles, descriptions and solutions of results
      -j, --json-input string            deprecated, use --images: text of the snapshot
          --layout strings               folder with an OCI image layout that answers in place of the network; repeatable
          --max-memory string            bytes that evidence and evaluations may take at once, such as 512Mi or 2G (default what the control group or the machine allows, with a margin)
          --no-cache                     keep no blobs between runs, and use none
          --no-color                     do not colour
          --output strings               FORMAT[=FILE][?OPTIONS], repeatable; formats: json, yaml, text, appstudio, summary, summary-markdown, junit, attestation, policy-input, vsa; options: show-successes, show-warnings, show-policy-docs-link (default text)
      -o, --output-file string           deprecated, use --output json=FILE
      -p, --policy string                file with the policy configuration, or its text (YAML or JSON)
      -k, --public-key string            public key of signatures, in place of the policy's: a file or PEM text
      -r, --rekor-url string             address of the transparency log, in place of the policy's
          --resume string                JSON or YAML report of an earlier run: do first what it left undecided, and tell what is different; nothing in it is believed
          --retry-budget int             tries beyond the first of all requests of the run together (default 10 for each component, at least 100)
          --show-policy-docs-link        say in the text report where policies are documented
          --show-successes               list successes, too
          --show-warnings                list warnings in the text report (default true)
          --skip-att-sig-check           do not verify signatures of attestations
          --skip-image-sig-check         do not verify signatures of images
      -s, --strict                       exit with 1 if a component fails; =false exits with 0 then (default true)
          --workers int                  components in evaluation at once (default what the machine allows)

    Global flags:
          --debug                     as --verbose, with the places in the source
          --logfile string            append log lines to this file instead of writing them to standard error
          --quiet                     log errors only, and show no progress
          --retry-duration duration   wait before the second try of a request (default 1s)
          --retry-factor float        by which the wait grows from try to try (default 2)
          --retry-jitter float        share of a wait that is left to chance, 0 to 1 (default 0.1)
          --retry-max-retry int       tries of a request beyond the first (default 3)
          --retry-max-wait duration   longest wait between two tries (default 3s)
          --timeout duration          deadline of the run; what is not decided by then is reported as incomplete; 0 is none (default none)
          --verbose                   log what is done
    "#);
}
