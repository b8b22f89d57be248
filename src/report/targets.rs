//! `--output FORMAT[=PATH][?OPTS]`: where a report goes, and in which form.

use std::path::PathBuf;

use super::options::Shown;

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The whole report.
    Json,
    /// The same, as YAML.
    Yaml,
    /// For people.
    Text,
    /// The `TEST_OUTPUT` of a Tekton task.
    AppStudio,
    /// Counts and first messages.
    Summary,
    /// A table for a pull request.
    SummaryMarkdown,
    /// For test dashboards.
    Junit,
    /// The verified statements.
    Attestation,
    /// What the rules saw.
    PolicyInput,
    /// The predicate of a verification summary, unsigned.
    Vsa,
}

/// Names as typed; `hacbs` is the old name of `appstudio`.
const NAMES: [(&str, Format); 11] = [
    ("json", Format::Json),
    ("yaml", Format::Yaml),
    ("text", Format::Text),
    ("appstudio", Format::AppStudio),
    ("summary", Format::Summary),
    ("summary-markdown", Format::SummaryMarkdown),
    ("junit", Format::Junit),
    ("attestation", Format::Attestation),
    ("policy-input", Format::PolicyInput),
    ("vsa", Format::Vsa),
    ("hacbs", Format::AppStudio),
];

impl Format {
    /// What can be typed, for help and error texts.
    pub fn names() -> String {
        let names: Vec<_> = NAMES.iter().map(|(name, _)| *name).filter(|name| *name != "hacbs").collect();
        names.join(", ")
    }

    fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
    }
}

/// Where a report goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Standard output.
    Stdout,
    /// A file, as typed.
    File(PathBuf),
}

/// One `--output`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// In which form.
    pub format: Format,
    /// Where to.
    pub place: Place,
    /// What it shows.
    pub shown: Shown,
}

/// Why a text names no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    /// Another word.
    #[error("{name:?} is not a valid report format, expected one of: {}", Format::names())]
    Format {
        /// What was given.
        name: String,
    },
    /// An option with a value that is not a boolean.
    #[error("{value:?} is not a boolean value of the output option {option}: use true or false")]
    Option {
        /// Its name.
        option: &'static str,
        /// What was given.
        value: String,
    },
    /// Options that are no query.
    #[error("malformed output options {0:?}")]
    Query(String),
}

impl Target {
    /// The report for people on standard output: what happens without any `--output`.
    pub fn text_on_stdout(shown: Shown) -> Self {
        Self { format: Format::Text, place: Place::Stdout, shown }
    }

    /// The whole report in a file: the old `--output-file`.
    pub fn json_file(path: &str, shown: Shown) -> Self {
        Self { format: Format::Json, place: Place::File(PathBuf::from(path)), shown }
    }

    /// Reads one target; what its options do not say is as in `shown`. Without a format it is JSON.
    ///
    /// # Errors
    /// [`BadTarget`] names what is wrong and what could stand there.
    pub fn parse(given: &str, shown: Shown) -> Result<Self, BadTarget> {
        let (target, options) = given.split_once('?').unwrap_or((given, ""));
        let (name, path) = target.split_once('=').unwrap_or((target, ""));
        let name = if name.is_empty() { "json" } else { name };
        let format = Format::named(name).ok_or_else(|| BadTarget::Format { name: name.to_owned() })?;
        let place = if path.is_empty() { Place::Stdout } else { Place::File(PathBuf::from(path)) };
        Ok(Self { format, place, shown: with_options(shown, options)? })
    }
}

/// Of a repeated option the first counts; unknown ones are left alone, as in URL queries everywhere.
fn with_options(mut shown: Shown, options: &str) -> Result<Shown, BadTarget> {
    if !is_query(options) {
        return Err(BadTarget::Query(options.to_owned()));
    }
    let pairs: Vec<_> = url::form_urlencoded::parse(options.as_bytes()).collect();
    let set = |option: &'static str, to: &mut bool| {
        let value = pairs.iter().find(|(key, _)| key == option).map_or("", |(_, value)| value);
        match value {
            "" => Ok(()),
            "1" | "t" | "T" | "TRUE" | "true" | "True" => {
                *to = true;
                Ok(())
            }
            "0" | "f" | "F" | "FALSE" | "false" | "False" => {
                *to = false;
                Ok(())
            }
            other => Err(BadTarget::Option { option, value: other.to_owned() }),
        }
    };
    set("show-successes", &mut shown.successes)?;
    set("show-warnings", &mut shown.warnings)?;
    set("show-policy-docs-link", &mut shown.docs_link)?;
    Ok(shown)
}

/// No semicolons, and a percent sign only before two hexadecimal digits.
fn is_query(text: &str) -> bool {
    let bytes = text.as_bytes();
    let escape_is_whole =
        |at: usize| bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    bytes.iter().enumerate().all(|(at, it)| match it {
        b';' => false,
        b'%' => escape_is_whole(at),
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(given: &str) -> Result<Target, BadTarget> {
        Target::parse(given, Shown::default())
    }

    #[test]
    fn a_target_is_a_format_a_path_and_options() {
        let target =
            parse("text=out/report.txt?show-successes=true&show-warnings=F&other=x").expect("target");
        assert_eq!(target.format, Format::Text);
        assert_eq!(target.place, Place::File(PathBuf::from("out/report.txt")));
        assert_eq!(target.shown, Shown { successes: true, warnings: false, docs_link: false });
    }

    #[test]
    fn without_a_format_it_is_json_and_without_a_path_standard_output() {
        assert_eq!(parse("=x").map(|it| it.format), Ok(Format::Json));
        assert_eq!(parse("?show-warnings=0").map(|it| it.place), Ok(Place::Stdout));
        assert_eq!(parse("hacbs").map(|it| it.format), Ok(Format::AppStudio));
        assert_eq!(
            parse("json=a=b").map(|it| it.place),
            Ok(Place::File(PathBuf::from("a=b"))),
            "only the first sign parts format and path"
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_the_allowed_values() {
        insta::assert_snapshot!(parse("colourful").unwrap_err(), @r#""colourful" is not a valid report format, expected one of: json, yaml, text, appstudio, summary, summary-markdown, junit, attestation, policy-input, vsa"#);
        insta::assert_snapshot!(parse("text?show-successes=perhaps").unwrap_err(), @r#""perhaps" is not a boolean value of the output option show-successes: use true or false"#);
        assert!(matches!(parse("text?show-successes=%2"), Err(BadTarget::Query(_))));
        assert!(matches!(parse("JSON"), Err(BadTarget::Format { .. })));
    }
}
