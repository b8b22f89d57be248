//! What the caller of the analysis decides.

/// What becomes of `print`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Prints {
    /// Calls stay, and write to the evaluation's sink.
    Keep,
    /// Calls vanish, their arguments with them.
    #[default]
    Erase,
}

/// Which checks are made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Strictness {
    /// Those that OPA always makes.
    #[default]
    Lenient,
    /// Also unused imports, variables and arguments, as `opa check --strict`.
    Strict,
}

/// See the fields.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What becomes of `print`.
    pub prints: Prints,
    /// Which checks are made.
    pub strictness: Strictness,
    /// Builtins that may not be called, besides those that are never offered.
    pub denied: Vec<String>,
}
