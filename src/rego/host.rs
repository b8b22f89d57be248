//! Functions that the program around the engine offers to policies: declared at compile time, called by
//! suspending the evaluation. The engine neither waits nor does IO.

use super::value::{Str, Value};

/// A function of the host, as the type checker needs it. Types are written as in `builtins::decl`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostFunction {
    /// Full name, for example `ec.oci.blob`.
    pub name: Str,
    /// Types of the arguments and of the result, for example `(string) => string`.
    pub declaration: Str,
}

/// A call that the evaluation waits for.
#[derive(Clone, PartialEq, Debug)]
pub struct HostCall {
    /// Which function.
    pub name: Str,
    /// Its arguments, ground.
    pub args: Vec<Value>,
}

/// What the host answers.
#[derive(Clone, PartialEq, Debug)]
pub enum HostAnswer {
    /// A value.
    Value(Value),
    /// No value: the expression is undefined.
    Undefined,
    /// It could not be found out: the rule body that asked, and everything that reads its value, is undecided.
    Failed(HostFailure),
}

/// Why the host could not answer; `id` is the host's own number of the failure, so that it finds its typed error
/// again in the outcome.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct HostFailure {
    /// The host's number.
    pub id: u64,
    /// In words.
    pub message: String,
}
