//! Patterns in both syntaxes.

use super::*;

fn translated(pattern: &str) -> std::result::Result<String, String> {
    translate(pattern).map(|it| it.pattern).map_err(|it| it.to_string())
}

#[test]
fn what_the_crate_reads_differently_is_written_anew() {
    for (go, ours) in [
        (r"\d\w", "[0-9][0-9A-Za-z_]"),
        (r"[\d\S]", r"[0-9[^\t\n\x0C\r\x20]]"),
        (r"\Qa.b\E*", r"a\x{2E}b*"),
        ("a{,2}", r"a\x{7B}\x{2C}2\x{7D}"),
        ("{", r"\x{7B}"),
        ("[a&&b]", r"[a\x{26}\x{26}b]"),
        ("[]a]", r"[\x{5D}a]"),
        ("(?P<x>a)|(?<y>b)", "(a)|(b)"),
        ("(?i)a(?s-m:.)", "(?i)a(?s-m:.)"),
        (r"\141\x{e9}", r"aé"),
        (r"\<", r"\x{3C}"),
    ] {
        assert_eq!(translated(go).as_deref(), Ok(ours), "{go}");
        assert!(regex::Regex::new(ours).is_ok(), "{ours}");
    }
}

#[test]
fn what_go_refuses_is_refused() {
    for (pattern, why) in [
        ("a**", "invalid nested repetition operator: `**`"),
        ("*a", "missing argument to repetition operator: `*`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("(a{100}){100}", "invalid repeat count: `{100}`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?x)a", "invalid or unsupported Perl syntax: `(?x`"),
        (r"\1", r"invalid escape sequence: `\1`"),
        (r"\Z", r"invalid escape sequence: `\Z`"),
        (r"\p{Alphabetic}", r"invalid character class range: `\p{Alphabetic}`"),
        ("[b-a]", "invalid character class range: `b-a`"),
        ("[a", "missing closing ]: `[a`"),
        ("(a", "missing closing ): `(a`"),
        ("a)", "unexpected ): `a)`"),
        ("(?P<n>a)(?P<n>b)", "duplicate capture group name: `n`"),
        ("a\\", "trailing backslash at end of expression: ``"),
    ] {
        assert_eq!(translated(pattern), Err(format!("error parsing regexp: {why}")), "{pattern}");
    }
}
