//! `ec opa inspect`: what packages there are, in which files, and what their annotations say.

mod bundle;
mod pretty;
mod shape;

use super::super::diagnostics::Diagnostic;
use super::super::flags::{Flag, Kind, Parsed, flag};
use super::super::help;
use super::format;

/// In the order of their names.
pub(in super::super) const FLAGS: [Flag; 2] = [
    flag("annotations", Some('a'), Kind::Switch, "", "list annotations"),
    flag("format", Some('f'), Kind::Text, "pretty", "json or pretty"),
];

const ABOUT: &str = "\
List the packages of a folder of policies or of one policy, and what their annotations say.

Usage:
  ec opa inspect <path> [flags]

Exit codes: 0 listed, 1 what is there cannot be read or compiled, 2 the command line cannot be read.
";

pub(in super::super) fn help() -> String {
    let mut text = ABOUT.to_owned();
    help::flags(&mut text, "Flags", &FLAGS);
    text
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Pretty,
    Json,
}

/// Whether annotations are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listed {
    Packages,
    PackagesAndAnnotations,
}

/// `ec opa inspect`
#[derive(Clone, Debug)]
pub struct InspectPlan {
    path: String,
    format: Format,
    listed: Listed,
}

/// What the arguments mean.
pub(in super::super) fn plan(parsed: &Parsed) -> Result<InspectPlan, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let path = if let [path] = parsed.words.as_slice() {
        path.clone()
    } else {
        faults.push(Diagnostic::new("specify exactly one file or folder").help("ec opa inspect policies"));
        String::new()
    };
    let all = [("json", Format::Json), ("pretty", Format::Pretty)];
    let format = format::asked(parsed, "inspect", &all, Format::Pretty, &mut faults);
    let listed =
        if parsed.switch("annotations", false) { Listed::PackagesAndAnnotations } else { Listed::Packages };
    if faults.is_empty() { Ok(InspectPlan { path, format, listed }) } else { Err(faults) }
}

/// What is printed, and the exit code.
///
/// # Errors
/// Something cannot be read, or does not compile.
pub fn run(plan: &InspectPlan) -> Result<(String, u8), Vec<Diagnostic>> {
    let bundle = bundle::Bundle::load(&plan.path)?;
    let info = shape::Info::of(&bundle, plan.listed)?;
    let text = match plan.format {
        Format::Json => {
            serde_json::to_string_pretty(&info).map_or_else(|_| String::new(), |text| text + "\n")
        }
        Format::Pretty => pretty::text(&info),
    };
    Ok((text, 0))
}

#[cfg(test)]
mod tests;
