//! The binary in an environment where nothing is set.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// What a process left behind.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// `ec` in a folder, which is its home, too.
pub(crate) fn command(folder: &Path) -> Command {
    scrubbed(env!("CARGO_BIN_EXE_ec"), folder)
}

/// Another program in the same surroundings.
pub(crate) fn scrubbed(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null()).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.envs([("HOME", folder), ("DOCKER_CONFIG", folder), ("TMPDIR", folder)]);
    command
}

/// `ec` with these arguments.
pub(crate) fn ec(folder: &Path, arguments: &[&str]) -> Answer {
    command(folder).args(arguments).output().expect("the binary runs").into()
}
