//! The grammar of the command line, which is pflag's: `--name=value`, `--name value`, `-n value`, `-nvalue`,
//! `-n=value`, `-abn value`; a boolean takes its value only after `=`; `--` ends the flags; of a repeated scalar the
//! last one wins, lists grow. What the flags mean is not known here.

use std::collections::BTreeMap;

use super::values::{self, Span};

/// One flag of a command.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flag {
    pub(super) name: &'static str,
    pub(super) short: Option<char>,
    pub(super) kind: Kind,
    /// As shown in the help; empty where nothing is worth telling.
    pub(super) default: &'static str,
    pub(super) help: &'static str,
}

/// A row of a command's table of flags.
pub(super) const fn flag(
    name: &'static str,
    short: Option<char>,
    kind: Kind,
    default: &'static str,
    help: &'static str,
) -> Flag {
    Flag { name, short, kind, default, help }
}

/// The type of a flag's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Switch,
    Text,
    List,
    Integer,
    Float,
    Duration,
}

/// A value that was given.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Switch(bool),
    Text(String),
    List(Vec<String>),
    Integer(i64),
    Float(f64),
    Duration(Span),
}

/// What was typed, still without meaning.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    values: BTreeMap<&'static str, Value>,
    /// What is no flag.
    pub(super) words: Vec<String>,
    /// `--help` or `-h` stood there.
    pub(super) help: bool,
    /// Everything that is wrong, in the order of the arguments.
    pub(super) errors: Vec<FlagError>,
}

/// Why an argument is refused; the texts are pflag's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FlagError {
    #[error("unknown flag: --{0}")]
    Unknown(String),
    #[error("unknown shorthand flag: {short:?} in -{cluster}")]
    UnknownShort { short: char, cluster: String },
    #[error("bad flag syntax: {0}")]
    Syntax(String),
    #[error("flag needs an argument: --{0}")]
    NeedsArgument(&'static str),
    #[error("flag needs an argument: {short:?} in -{cluster}")]
    ShortNeedsArgument { short: char, cluster: String },
    #[error("invalid argument {value:?} for {flag:?} flag: {why}")]
    Invalid { value: String, flag: String, why: String },
}

/// Reads the arguments of a command. Later arguments are read even where an earlier one is wrong, so that all
/// mistakes can be told at once.
pub(super) fn parse(flags: &[Flag], arguments: &[String]) -> Parsed {
    let mut parsed = Parsed::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--" {
            parsed.words.extend(rest.cloned());
            break;
        }
        let outcome = match argument.strip_prefix("--") {
            Some(long) => parsed.long(flags, argument, long, &mut rest),
            None => match argument.strip_prefix('-') {
                Some(cluster) if !cluster.is_empty() => parsed.cluster(flags, cluster, &mut rest),
                _ => {
                    parsed.words.push(argument.clone());
                    Ok(())
                }
            },
        };
        if let Err(error) = outcome {
            parsed.errors.push(error);
        }
    }
    parsed
}

impl Parsed {
    fn long<'a>(
        &mut self,
        flags: &[Flag],
        argument: &str,
        long: &str,
        rest: &mut impl Iterator<Item = &'a String>,
    ) -> Result<(), FlagError> {
        if long.starts_with(['-', '=']) {
            return Err(FlagError::Syntax(argument.to_owned()));
        }
        let (name, given) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (long, None),
        };
        let Some(flag) = flags.iter().find(|flag| flag.name == name) else {
            if name == "help" {
                self.help = true;
                return Ok(());
            }
            return Err(FlagError::Unknown(name.to_owned()));
        };
        let value = match given {
            Some(value) => value,
            None if flag.kind == Kind::Switch => "true".to_owned(),
            None => rest.next().cloned().ok_or(FlagError::NeedsArgument(flag.name))?,
        };
        self.set(flag, value)
    }

    /// One or several flags by their letters; the first that takes a value takes all that is left.
    fn cluster<'a>(
        &mut self,
        flags: &[Flag],
        cluster: &str,
        rest: &mut impl Iterator<Item = &'a String>,
    ) -> Result<(), FlagError> {
        let mut letters = cluster.char_indices();
        while let Some((at, short)) = letters.next() {
            let after = letters.as_str();
            let Some(flag) = flags.iter().find(|flag| flag.short == Some(short)) else {
                if short == 'h' {
                    self.help = true;
                    return Ok(());
                }
                return Err(FlagError::UnknownShort { short, cluster: cluster[at..].to_owned() });
            };
            if let Some(value) = after.strip_prefix('=').filter(|value| !value.is_empty()) {
                return self.set(flag, value.to_owned());
            }
            if flag.kind == Kind::Switch {
                self.set(flag, "true".to_owned())?;
                continue;
            }
            if !after.is_empty() {
                return self.set(flag, after.to_owned());
            }
            let cluster = || cluster[at..].to_owned();
            let value =
                rest.next().ok_or_else(|| FlagError::ShortNeedsArgument { short, cluster: cluster() })?;
            return self.set(flag, value.clone());
        }
        Ok(())
    }

    fn set(&mut self, flag: &Flag, text: String) -> Result<(), FlagError> {
        let value = match flag.kind {
            Kind::Switch => values::boolean(&text).map(Value::Switch),
            Kind::Text => Ok(Value::Text(text.clone())),
            Kind::List => values::list(&text).map(Value::List),
            Kind::Integer => values::integer(&text).map(Value::Integer),
            Kind::Float => values::float(&text).map(Value::Float),
            Kind::Duration => values::duration(&text).map(Value::Duration),
        };
        let value = value.map_err(|why| FlagError::Invalid { value: text, flag: flag.spelled(), why })?;
        match (self.values.get_mut(flag.name), value) {
            (Some(Value::List(items)), Value::List(more)) => items.extend(more),
            (_, value) => {
                self.values.insert(flag.name, value);
            }
        }
        Ok(())
    }

    /// A text; an empty one counts as not given.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.values.get(name) {
            Some(Value::Text(text)) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// A boolean, or its default.
    pub(super) fn switch(&self, name: &str, default: bool) -> bool {
        match self.values.get(name) {
            Some(Value::Switch(it)) => *it,
            _ => default,
        }
    }

    /// All values of a list.
    pub(super) fn list(&self, name: &str) -> &[String] {
        match self.values.get(name) {
            Some(Value::List(items)) => items,
            _ => &[],
        }
    }

    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        match self.values.get(name) {
            Some(Value::Integer(it)) => Some(*it),
            _ => None,
        }
    }

    pub(super) fn float(&self, name: &str) -> Option<f64> {
        match self.values.get(name) {
            Some(Value::Float(it)) => Some(*it),
            _ => None,
        }
    }

    pub(super) fn duration(&self, name: &str) -> Option<Span> {
        match self.values.get(name) {
            Some(Value::Duration(it)) => Some(*it),
            _ => None,
        }
    }
}

impl Flag {
    /// As error texts name it: `-p, --policy`.
    fn spelled(&self) -> String {
        match self.short {
            Some(short) => format!("-{short}, --{}", self.name),
            None => format!("--{}", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn flag(name: &'static str, short: Option<char>, kind: Kind) -> Flag {
        Flag { name, short, kind, default: "", help: "" }
    }

    const FLAGS: [Flag; 6] = [
        flag("policy", Some('p'), Kind::Text),
        flag("strict", Some('s'), Kind::Switch),
        flag("info", Some('i'), Kind::Switch),
        flag("output", None, Kind::List),
        flag("workers", None, Kind::Integer),
        flag("timeout", None, Kind::Duration),
    ];

    fn parsed(arguments: &[&str]) -> Parsed {
        parse(&FLAGS, &arguments.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>())
    }

    fn errors(arguments: &[&str]) -> Vec<String> {
        parsed(arguments).errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_value_follows_the_sign_the_blank_or_the_letter() {
        for arguments in [
            &["--policy=x"][..],
            &["--policy", "x"],
            &["-p", "x"],
            &["-px"],
            &["-p=x"],
            &["-sipx"],
            &["-sip", "x"],
            &["--policy", "first", "-p=x"],
        ] {
            let parsed = parsed(arguments);
            assert_eq!((parsed.text("policy"), parsed.errors.len()), (Some("x"), 0), "{arguments:?}");
        }
        assert_eq!(parsed(&["--policy", "--strict"]).text("policy"), Some("--strict"));
    }

    #[test]
    fn a_boolean_takes_its_value_after_the_sign_only() {
        assert!(!parsed(&["--strict=false"]).switch("strict", true));
        assert!(!parsed(&["-s=0"]).switch("strict", true));
        let apart = parsed(&["--strict", "false"]);
        assert!(apart.switch("strict", false));
        assert_eq!(apart.words, ["false"]);
    }

    #[test]
    fn the_last_scalar_wins_and_lists_grow() {
        let parsed =
            parsed(&["--output", "a,b", "--workers=1", "--output=", "--output=\"c,d\"", "--workers", "7"]);
        assert_eq!(parsed.list("output"), ["a", "b", "c,d"]);
        assert_eq!(parsed.integer("workers"), Some(7));
    }

    #[test]
    fn empty_texts_count_as_not_given() {
        assert_eq!(parsed(&["--policy="]).text("policy"), None);
        assert_eq!(parsed(&["--policy", ""]).text("policy"), None);
        assert_eq!(parsed(&["--policy=x", "--policy="]).text("policy"), None);
    }

    #[test]
    fn two_dashes_end_the_flags_and_one_alone_is_a_word() {
        let parsed = parsed(&["-", "a", "--", "--strict", "-x"]);
        assert_eq!(parsed.words, ["-", "a", "--strict", "-x"]);
        assert!(parsed.errors.is_empty());
    }

    #[test]
    fn every_mistake_is_told() {
        assert_eq!(
            errors(&[
                "--colour",
                "--workers=many",
                "-x",
                "--=x",
                "-sz",
                "--strict=perhaps",
                "-s=maybe",
                "--policy"
            ]),
            [
                "unknown flag: --colour",
                "invalid argument \"many\" for \"--workers\" flag: strconv.ParseInt: parsing \"many\": invalid syntax",
                "unknown shorthand flag: 'x' in -x",
                "bad flag syntax: --=x",
                "unknown shorthand flag: 'z' in -z",
                "invalid argument \"perhaps\" for \"-s, --strict\" flag: strconv.ParseBool: parsing \"perhaps\": invalid syntax",
                "invalid argument \"maybe\" for \"-s, --strict\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax",
                "flag needs an argument: --policy",
            ]
        );
        assert_eq!(errors(&["-ip"]), ["flag needs an argument: 'p' in -p"]);
    }

    #[test]
    fn help_is_asked_for_by_word_or_letter() {
        assert!(parsed(&["--help"]).help && parsed(&["-ih"]).help);
    }
}
