//! Carries a plan out: makes the job, runs it, writes the reports, says how the process ends. The only place where a
//! command touches the world.

mod job;

pub(super) use job::pointed;

use std::io::{self, Write as _};
use std::sync::Arc;

use miette::GraphicalTheme;

use super::colour::Terminal;
use super::diagnostics::{self, Diagnostic};
use super::exit::{Exit, Written};
use super::logging;
use super::opa::check::Verdict;
use super::plan::{ConsoleSettings, Plan};
use super::progress::{Bar, Shown};
use super::{Command, Refused, opa, write};
use crate::model::RunReport;
use crate::report::{self, Colour, Options, Target};
use crate::run::{self, Canceller, Deadline};

/// The streams of the process.
#[derive(Clone, Copy, Debug)]
pub struct Streams {
    /// Is standard output a terminal?
    pub stdout: Terminal,
    /// Is standard error?
    pub stderr: Terminal,
}

/// What was read from the command line, carried out.
///
/// Returns the exit code: of [`Exit`] for `ec validate`, of OPA for `ec opa`.
pub fn carry_out(command: Result<Command, Box<Refused>>, streams: Streams) -> u8 {
    match command {
        Ok(Command::Print(text)) => print(&text).code(),
        Ok(Command::ValidateImage(plan)) => validate_image(&plan, streams).code(),
        Ok(Command::OpaCheck(plan)) => checked(&opa::check::run(&plan, streams.stderr), streams),
        Ok(Command::OpaInspect(plan)) => {
            author(opa::inspect::run(&plan).map(opa::output::Output::from), 1, streams)
        }
        Ok(Command::OpaTest(plan)) => author(opa::test::run(&plan), 1, streams),
        Ok(Command::OpaEval(plan)) => author(opa::eval::run(&plan), 2, streams),
        Ok(Command::OpaBench(plan)) => author(opa::bench::run(&plan), 1, streams),
        Err(refused) => {
            let Refused { diagnostics, targets, console } = *refused;
            not_started(&diagnostics, &targets, &console, streams).code()
        }
    }
}

/// A command of policy authors: its text and code, or the code of what could not be done.
fn author(done: opa::output::Done, failed: u8, streams: Streams) -> u8 {
    match done {
        Ok(output) => {
            // Who does not listen cannot be told.
            let _ = io::stderr().lock().write_all(output.stderr.as_bytes());
            match print(&output.stdout) {
                Exit::Success => output.code,
                other => other.code(),
            }
        }
        Err(faults) => {
            tell(&faults, &ConsoleSettings::default(), streams);
            failed
        }
    }
}

fn checked(verdict: &Verdict, streams: Streams) -> u8 {
    match verdict {
        Verdict::Accepted => return 0,
        // Nobody is left to be told that standard error is gone.
        Verdict::Refused(text) => drop(io::stderr().lock().write_all(text.as_bytes())),
        Verdict::Shown(faults) => tell(faults, &ConsoleSettings::default(), streams),
    }
    1
}

fn print(text: &str) -> Exit {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => Exit::Success,
        Err(_) => Exit::NotWritten,
    }
}

fn validate_image(plan: &Plan, streams: Streams) -> Exit {
    let bar = Bar::default();
    if let Err(problem) = logging::start(&plan.console.log, &bar) {
        tell(&[Diagnostic::new(problem)], &plan.console, streams);
    }
    for note in &plan.notes {
        tracing::warn!("{note}");
    }
    match outcome(plan, &bar, streams) {
        Ok(report) => finish(&report, plan, streams),
        Err(faults) => not_started(&faults, &plan.targets, &plan.console, streams),
    }
}

fn outcome(plan: &Plan, bar: &Bar, streams: Streams) -> Result<RunReport, Vec<Diagnostic>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| job::one(format_args!("cannot start: {error}")))?;
    let (deadline, canceller) = Deadline::new(plan.timeout);
    let progress = Arc::new(Shown::new(bar, streams.stderr, plan.console.log.level));
    let report = runtime.block_on(async {
        // From now on, so that a signal while policies are read ends in a report, too.
        tokio::spawn(cancel_when_told(canceller));
        tokio::task::yield_now().await;
        let job = job::job(plan, deadline, progress)?;
        run::run(job).await.map_err(job::one)
    });
    // A look-up of a name or a helper for credentials that hangs must not keep the report from being written.
    runtime.shutdown_background();
    report
}

/// SIGINT and SIGTERM end the run like a deadline: the report is written all the same.
async fn cancel_when_told(canceller: Canceller) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminated) = signal(SignalKind::terminate()) else { return };
    let mut told = async || {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated.recv() => {}
        }
    };
    told().await;
    tracing::warn!("told to stop: what is not decided stays undecided");
    canceller.cancel();
    // A second signal of either kind ends the process at once.
    told().await;
    std::process::exit(i32::from(Exit::TryAgain.code()));
}

fn finish(report: &RunReport, plan: &Plan, streams: Streams) -> Exit {
    let written = write::targets(&plan.targets, |target| {
        let colour = plan.console.colour.at(&target.place, streams.stdout);
        let options = Options { successes: plan.successes, detail: plan.detail, colour };
        report::render(report, options, target)
    });
    let written = match written {
        Ok(()) => Written::All,
        Err(faults) => {
            tell(&faults, &plan.console, streams);
            Written::NotAll
        }
    };
    for warning in &report.policy_warnings {
        tracing::warn!("{warning}");
    }
    for check in report::skipped_checks(report) {
        tracing::warn!("skipped: {check}");
    }
    if let Some(resumed) = &report.run.resumed {
        tracing::info!("{}", report::resumed(resumed));
    }
    let exit = Exit::of(report, plan.strictness, written);
    if let Some(message) = exit.message() {
        let help = exit.help(&plan.targets).filter(|_| written == Written::All);
        let told = Diagnostic::new(message);
        tell(&[help.into_iter().fold(told, Diagnostic::help)], &plan.console, streams);
    }
    exit
}

/// The `appstudio` targets get their result even so.
fn not_started(
    faults: &[Diagnostic],
    targets: &[Target],
    console: &ConsoleSettings,
    streams: Streams,
) -> Exit {
    tell(faults, console, streams);
    let reason = diagnostics::messages(faults);
    if let Err(more) = write::not_started(targets, &reason, jiff::Timestamp::now()) {
        tell(&more, console, streams);
    }
    Exit::CouldNotStart
}

fn tell(faults: &[Diagnostic], console: &ConsoleSettings, streams: Streams) {
    let theme = match console.colour.on(streams.stderr) {
        Colour::Always => GraphicalTheme::unicode(),
        Colour::Never => GraphicalTheme::unicode_nocolor(),
    };
    // Nobody is left to be told that standard error is gone.
    let _ = io::stderr().lock().write_all(diagnostics::render(faults, &theme).as_bytes());
}
