//! `ec opa`: the commands of policy authors, with OPA's flags, shapes and exit codes.

pub mod eval;
mod host;
mod load;
pub mod test;

/// What `ec opa` says of itself.
pub(super) const HELP: &str = "\
Evaluate and test Rego policies.

Usage:
  ec opa [command]

Available commands:
  eval        Evaluate a query
  test        Run the unit tests of policies

Use \"ec opa [command] --help\" for more about a command.
";
