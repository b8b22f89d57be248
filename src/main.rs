//! The `ec` binary: reads the arguments, carries them out, ends with an exit code of `cli::exit`.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use enterprise_contract::cli::carry_out::{Streams, carry_out};
use enterprise_contract::cli::colour::Terminal;
use enterprise_contract::cli::{self, Environment};

/// Gives back to the system what a large component leaves, and shares it among all threads; see `docs/adr/0011`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<String> =
        std::env::args_os().skip(1).map(|it| it.to_string_lossy().into_owned()).collect();
    let terminal = |it| if it { Terminal::Yes } else { Terminal::No };
    let streams = Streams {
        stdout: terminal(std::io::stdout().is_terminal()),
        stderr: terminal(std::io::stderr().is_terminal()),
    };
    let command = cli::read(&arguments, &Environment::of_process());
    ExitCode::from(carry_out(command, streams))
}
