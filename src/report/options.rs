//! What the user asked to see.

/// What holds for all targets of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// `--show-successes`: are successes listed, or only counted?
    pub successes: Successes,
    /// `--info`
    pub detail: Detail,
    /// Of the text format.
    pub colour: Colour,
}

/// What becomes of successes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Successes {
    /// Every format may list them.
    Listed,
    /// No format can, not even where a target's option asks for it.
    Counted,
}

/// How much of a result's metadata is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// `code`, `effective_on` and `term` only.
    Brief,
    /// Everything.
    Full,
}

/// Whether the text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    Never,
    /// ANSI colours.
    Always,
}

/// What one target shows; only the text format asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// List successes, if they are there to be listed.
    pub successes: bool,
    /// List warnings.
    pub warnings: bool,
    /// Say where policies are documented.
    pub docs_link: bool,
}

impl Default for Shown {
    fn default() -> Self {
        Self { successes: false, warnings: true, docs_link: false }
    }
}
