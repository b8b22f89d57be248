//! `ec version`

use super::flags::{Flag, Kind, Parsed};
use super::{global, help};

/// In the order of their names.
pub(super) const FLAGS: [Flag; 2] = [
    Flag { name: "json", short: Some('j'), kind: Kind::Switch, default: "", help: "as JSON" },
    Flag { name: "short", short: Some('s'), kind: Kind::Switch, default: "", help: "the version only" },
];

const ABOUT: &str = "\
Print the version.

Usage:
  ec version [flags]
";

/// The help text.
pub(super) fn help() -> String {
    let mut text = ABOUT.to_owned();
    help::flags(&mut text, "Flags", &FLAGS);
    help::flags(&mut text, "Global flags", &global::FLAGS);
    text
}

/// What is printed; the short form has no newline, as its readers know it.
pub(super) fn text(parsed: &Parsed) -> String {
    let version = super::VERSION;
    if parsed.switch("json", false) {
        return format!("{}\n", serde_json::json!({ "version": version }));
    }
    if parsed.switch("short", false) {
        return version.to_owned();
    }
    format!("Version   {version}\n")
}
