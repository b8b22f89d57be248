//! Whether to colour: `--no-color` and its variables win, then `--color` and its variables, else only terminals are.

use crate::report::{Colour, Place};

const NO: [&str; 4] = ["EC_NO_COLOR", "EC_NO_COLOUR", "NO_COLOR", "NO_COLOUR"];
const FORCE: [&str; 4] = ["EC_FORCE_COLOR", "EC_FORCE_COLOUR", "FORCE_COLOR", "FORCE_COLOUR"];

/// What was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColourChoice {
    /// Nowhere.
    Never,
    /// Everywhere, files included.
    Always,
    /// On terminals.
    #[default]
    OnTerminals,
}

/// Whether a stream is a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terminal {
    /// It is.
    Yes,
    /// A file, a pipe, a log collector.
    No,
}

impl ColourChoice {
    /// From the flags and the environment; a variable that is set but empty says nothing.
    pub(super) fn of(no_color: bool, color: bool, variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |names: [&str; 4]| names.iter().any(|name| variable(name).is_some_and(|it| !it.is_empty()));
        if no_color || set(NO) {
            Self::Never
        } else if color || set(FORCE) {
            Self::Always
        } else {
            Self::OnTerminals
        }
    }

    /// For a stream.
    pub fn on(self, stream: Terminal) -> Colour {
        match (self, stream) {
            (Self::Never, _) | (Self::OnTerminals, Terminal::No) => Colour::Never,
            (Self::Always, _) | (Self::OnTerminals, Terminal::Yes) => Colour::Always,
        }
    }

    /// For a target: a file is no terminal.
    pub fn at(self, place: &Place, stdout: Terminal) -> Colour {
        match place {
            Place::Stdout => self.on(stdout),
            Place::File(_) => self.on(Terminal::No),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(no: bool, yes: bool, set: &[&str]) -> ColourChoice {
        ColourChoice::of(no, yes, |name| {
            set.iter().find_map(|it| it.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
        })
    }

    #[test]
    fn no_wins_over_yes_and_an_empty_variable_says_nothing() {
        assert_eq!(choice(true, true, &[]), ColourChoice::Never);
        assert_eq!(choice(false, true, &["NO_COLOUR=1"]), ColourChoice::Never);
        assert_eq!(choice(false, false, &["EC_FORCE_COLOR=1", "NO_COLOR="]), ColourChoice::Always);
        assert_eq!(choice(false, false, &[]), ColourChoice::OnTerminals);
    }

    #[test]
    fn files_are_coloured_only_when_asked() {
        let file = Place::File("x".into());
        assert_eq!(ColourChoice::OnTerminals.at(&file, Terminal::Yes), Colour::Never);
        assert_eq!(ColourChoice::Always.at(&file, Terminal::No), Colour::Always);
        assert_eq!(ColourChoice::OnTerminals.at(&Place::Stdout, Terminal::Yes), Colour::Always);
    }
}
