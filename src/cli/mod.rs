//! The command line: which command, and what its arguments mean. One file per command makes a typed plan; `main`
//! carries it out. Only here are flags known; nothing below sees a string that is still to be interpreted.
//!
//! [`read`] is the way in. [`exit`] is the table of exit codes, [`mod@write`] brings reports to their targets,
//! [`diagnostics`] prints what is wrong, [`logging`] and [`progress`] what goes on.

pub mod carry_out;
pub mod colour;
pub mod diagnostics;
mod excerpt;
pub mod exit;
mod flags;
mod global;
mod help;
pub mod logging;
pub mod opa;
pub mod plan;
pub mod policy_argument;
pub mod progress;
mod resume;
pub mod snapshot;
mod transport;
mod validate_image;
mod values;
mod version;
pub mod write;

use jiff::Timestamp;

pub use diagnostics::Diagnostic;
pub use exit::Exit;
pub use plan::{ConsoleSettings, Plan};

use crate::report::Target;
use flags::{Flag, Parsed};
use opa::bench::BenchPlan;
use opa::check::CheckPlan;
use opa::eval::EvalPlan;
use opa::inspect::InspectPlan;
use opa::test::TestPlan;

/// Of the program; stands in reports.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What of the process's surroundings the command line depends on.
pub struct Environment {
    /// The clock.
    pub now: Timestamp,
    /// Looks up a variable; none if it is not set or not text.
    pub variable: Variable,
}

/// A look-up of environment variables.
pub type Variable = Box<dyn Fn(&str) -> Option<String>>;

impl Environment {
    /// The process's own.
    pub fn of_process() -> Self {
        Self { now: Timestamp::now(), variable: Box::new(|name| std::env::var(name).ok()) }
    }
}

/// What is to be done.
#[derive(Debug)]
pub enum Command {
    /// Print this text and end well: help, version.
    Print(String),
    /// `ec validate image`
    ValidateImage(Box<Plan>),
    /// `ec opa check`
    OpaCheck(Box<CheckPlan>),
    /// `ec opa inspect`
    OpaInspect(Box<InspectPlan>),
    /// `ec opa test`
    OpaTest(Box<TestPlan>),
    /// `ec opa eval`
    OpaEval(Box<EvalPlan>),
    /// `ec opa bench`
    OpaBench(Box<BenchPlan>),
}

/// A command line that cannot be carried out. Nothing was done but reading files.
#[derive(Debug)]
pub struct Refused {
    /// All that is wrong.
    pub diagnostics: Vec<Diagnostic>,
    /// The targets that could be read, so that a Tekton task gets its result.
    pub targets: Vec<Target>,
    /// How to tell it.
    pub console: ConsoleSettings,
}

/// A node of the command tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    Root,
    Opa,
    OpaBench,
    OpaCheck,
    OpaEval,
    OpaInspect,
    OpaTest,
    Validate,
    ValidateImage,
    Version,
}

impl Node {
    const fn children(self) -> &'static [(&'static str, Self)] {
        match self {
            Self::Root => &[("opa", Self::Opa), ("validate", Self::Validate), ("version", Self::Version)],
            Self::Opa => &[
                ("bench", Self::OpaBench),
                ("check", Self::OpaCheck),
                ("eval", Self::OpaEval),
                ("inspect", Self::OpaInspect),
                ("test", Self::OpaTest),
            ],
            Self::Validate => &[("image", Self::ValidateImage)],
            Self::OpaBench
            | Self::OpaCheck
            | Self::OpaEval
            | Self::OpaInspect
            | Self::OpaTest
            | Self::ValidateImage
            | Self::Version => &[],
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Root => "ec",
            Self::Opa => "ec opa",
            Self::OpaBench => "ec opa bench",
            Self::OpaCheck => "ec opa check",
            Self::OpaEval => "ec opa eval",
            Self::OpaInspect => "ec opa inspect",
            Self::OpaTest => "ec opa test",
            Self::Validate => "ec validate",
            Self::ValidateImage => "ec validate image",
            Self::Version => "ec version",
        }
    }

    const fn flags(self) -> &'static [Flag] {
        match self {
            Self::Root | Self::Opa | Self::Validate => &[],
            Self::OpaBench => &opa::bench::FLAGS,
            Self::OpaCheck => &opa::check::FLAGS,
            Self::OpaEval => &opa::eval::FLAGS,
            Self::OpaInspect => &opa::inspect::FLAGS,
            Self::OpaTest => &opa::test::FLAGS,
            Self::ValidateImage => &validate_image::FLAGS,
            Self::Version => &version::FLAGS,
        }
    }

    /// A flag of the command's own hides the global one of its name.
    fn all_flags(self) -> Vec<Flag> {
        let own = self.flags();
        let global = global::FLAGS.iter().filter(|it| own.iter().all(|mine| mine.name != it.name));
        own.iter().chain(global).copied().collect()
    }

    fn help(self) -> String {
        match self {
            Self::Root => ROOT.to_owned(),
            Self::Opa => opa::HELP.to_owned(),
            Self::OpaBench => opa::bench::help(),
            Self::OpaCheck => opa::check::help(),
            Self::OpaEval => opa::eval::help(),
            Self::OpaInspect => opa::inspect::help(),
            Self::OpaTest => opa::test::help(),
            Self::Validate => VALIDATE.to_owned(),
            Self::ValidateImage => validate_image::help(),
            Self::Version => version::help(),
        }
    }
}

const ROOT: &str = "\
Evaluate Enterprise Contract policies over the images of a snapshot.

Usage:
  ec [command]

Available commands:
  opa         Evaluate, check and test Rego policies
  validate    Validate images against policies
  version     Print the version

Use \"ec [command] --help\" for more about a command.
";

const VALIDATE: &str = "\
Validate against policies.

Usage:
  ec validate [command]

Available commands:
  image       Validate images against policies

Use \"ec validate [command] --help\" for more about a command.
";

/// Reads the arguments that follow the program's name.
///
/// # Errors
/// [`Refused`] with all that is wrong.
pub fn read(arguments: &[String], environment: &Environment) -> Result<Command, Box<Refused>> {
    let refuse = |diagnostics, targets, parsed: &Parsed| {
        let console = global::console(parsed, &environment.variable);
        Err(Box::new(Refused { diagnostics, targets, console }))
    };
    let (node, rest) = match find(arguments) {
        Ok(found) => found,
        Err(diagnostic) => return refuse(vec![diagnostic], Vec::new(), &Parsed::default()),
    };
    let parsed = flags::parse(&node.all_flags(), &rest);
    if parsed.help {
        return Ok(Command::Print(node.help()));
    }
    if let Some(planned) = of_author(node, &parsed) {
        let errors = complaints(node, &parsed);
        if !errors.is_empty() {
            return refuse(errors, Vec::new(), &parsed);
        }
        return planned.or_else(|faults| refuse(faults, Vec::new(), &parsed));
    }
    if node != Node::ValidateImage {
        let text = if node == Node::Version { version::text(&parsed) } else { node.help() };
        let errors = complaints(node, &parsed);
        return if errors.is_empty() {
            Ok(Command::Print(text))
        } else {
            refuse(errors, Vec::new(), &parsed)
        };
    }
    let (targets, mut faults) = validate_image::targets(&parsed);
    let errors = complaints(node, &parsed);
    if !errors.is_empty() {
        // What was meant is not known, so nothing else is said about it.
        return refuse(errors, targets, &parsed);
    }
    match validate_image::plan(&parsed, targets.clone(), environment) {
        Ok(plan) if faults.is_empty() => Ok(Command::ValidateImage(Box::new(plan))),
        Ok(_) => refuse(faults, targets, &parsed),
        Err(more) => {
            faults.extend(more);
            refuse(faults, targets, &parsed)
        }
    }
}

/// The plan of a command of policy authors, if it is one.
fn of_author(node: Node, parsed: &Parsed) -> Option<Result<Command, Vec<Diagnostic>>> {
    Some(match node {
        Node::OpaBench => opa::bench::plan(parsed).map(|plan| Command::OpaBench(Box::new(plan))),
        Node::OpaCheck => opa::check::plan(parsed).map(|plan| Command::OpaCheck(Box::new(plan))),
        Node::OpaEval => opa::eval::plan(parsed).map(|plan| Command::OpaEval(Box::new(plan))),
        Node::OpaInspect => opa::inspect::plan(parsed).map(|plan| Command::OpaInspect(Box::new(plan))),
        Node::OpaTest => opa::test::plan(parsed).map(|plan| Command::OpaTest(Box::new(plan))),
        Node::Root | Node::Opa | Node::Validate | Node::ValidateImage | Node::Version => return None,
    })
}

/// Everything that the grammar refuses.
fn complaints(node: Node, parsed: &Parsed) -> Vec<Diagnostic> {
    let help = format!("{} --help lists the flags", node.name());
    parsed.errors.iter().map(|error| Diagnostic::new(error).help(&*help)).collect()
}

/// The command, and the arguments without its words. Flags may stand before the words.
fn find(arguments: &[String]) -> Result<(Node, Vec<String>), Diagnostic> {
    let mut node = Node::Root;
    let mut rest = Vec::new();
    let mut arguments = arguments.iter();
    let mut asked_for_help = false;
    while let Some(argument) = arguments.next() {
        if argument == "--" || node.children().is_empty() {
            rest.push(argument.clone());
            break;
        }
        if argument.starts_with('-') && argument.len() > 1 {
            rest.push(argument.clone());
            if takes_the_next(argument) {
                rest.extend(arguments.next().cloned());
            }
            continue;
        }
        if node == Node::Root && argument == "help" {
            asked_for_help = true;
            continue;
        }
        let child = node.children().iter().find(|(name, _)| name == argument);
        node = child.map(|(_, child)| *child).ok_or_else(|| unknown(node, argument))?;
    }
    rest.extend(arguments.cloned());
    if asked_for_help {
        rest.insert(0, "--help".to_owned());
    }
    Ok((node, rest))
}

/// A flag of any command that has its value in the next argument.
fn takes_the_next(argument: &str) -> bool {
    let all = [
        &validate_image::FLAGS[..],
        &version::FLAGS,
        &opa::bench::FLAGS,
        &opa::check::FLAGS,
        &opa::eval::FLAGS,
        &opa::inspect::FLAGS,
        &opa::test::FLAGS,
        &global::FLAGS,
    ]
    .concat();
    let takes = |flag: &Flag| flag.kind != flags::Kind::Switch;
    if let Some(name) = argument.strip_prefix("--") {
        return all.iter().any(|flag| flag.name == name && takes(flag));
    }
    let mut letters = argument.chars().skip(1);
    let (short, more) = (letters.next(), letters.next());
    more.is_none() && all.iter().any(|flag| flag.short == short && takes(flag))
}

fn unknown(node: Node, word: &str) -> Diagnostic {
    let names: Vec<_> = node.children().iter().map(|(name, _)| *name).collect();
    Diagnostic::new(format_args!("unknown command {word:?} for {:?}", node.name()))
        .help(format!("commands: {}", names.join(", ")))
}

#[cfg(test)]
mod tests;
