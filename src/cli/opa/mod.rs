//! `ec opa`: the commands of policy authors, with OPA's flags, shapes and exit codes.

pub mod bench;
pub mod check;
pub mod eval;
mod files;
mod format;
mod host;
pub mod inspect;
mod load;
mod measure;
pub mod output;
mod seen;
mod statistics;
mod table;
pub mod test;

/// What `ec opa` says of itself.
pub(super) const HELP: &str = "\
Evaluate, check and test Rego policies.

Usage:
  ec opa [command]

Available commands:
  bench       Measure a query
  check       Check policies without evaluating them
  eval        Evaluate a query
  inspect     List packages and annotations
  test        Run the unit tests of policies

Use \"ec opa [command] --help\" for more about a command.
";
