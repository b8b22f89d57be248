//! Wall, CPU and peak memory of a process.
//!
//! The system counts what a process held before it became another program as that program's own. So the one that starts
//! it must be small: the bench, which holds all images, starts itself again for this.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4 as _;

/// The first argument of [`measure`].
pub(crate) const MEASURE: &str = "--measure";

/// What a process took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    pub(crate) code: i32,
    pub(crate) wall: Duration,
    /// Of all its threads, in the program and in the kernel.
    pub(crate) cpu: Duration,
    pub(crate) peak_bytes: u64,
}

/// Runs the program that the arguments name and writes what it took, for [`run`].
pub(crate) fn measure(arguments: &[String]) {
    let mut command = Command::new(&arguments[0]);
    command.args(&arguments[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let ended = command.spawn().expect("the program").wait4().expect("its end");
    let wall = start.elapsed();
    let code = ended.status.code().unwrap_or(-1);
    let cpu = ended.rusage.utime + ended.rusage.stime;
    println!("{code} {} {} {}", wall.as_nanos(), cpu.as_nanos(), ended.rusage.maxrss);
}

impl Measured {
    /// The least time, since what other load of the machine adds is no property of the program, and the highest peak.
    pub(crate) fn joined(self, other: Self) -> Self {
        assert_eq!(self.code, other.code);
        Self {
            code: self.code,
            wall: self.wall.min(other.wall),
            cpu: self.cpu.min(other.cpu),
            peak_bytes: self.peak_bytes.max(other.peak_bytes),
        }
    }
}

/// Runs the program in a folder that is its home, with nothing else in its environment.
pub(crate) fn run(program: &std::path::Path, arguments: &[String], folder: &std::path::Path) -> Measured {
    let mut command = Command::new(std::env::current_exe().expect("the bench"));
    command.arg(MEASURE).arg(program).args(arguments).current_dir(folder).env_clear();
    command.envs([("HOME", folder), ("DOCKER_CONFIG", folder), ("TMPDIR", folder)]);
    command.envs(
        std::env::vars_os()
            .filter(|(name, _)| name == "PATH" || name.as_encoded_bytes().starts_with(b"MALLOC_")),
    );
    let output = command.stderr(Stdio::inherit()).output().expect("the bench again");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let numbers: Vec<u64> = text.split_whitespace().map(|it| it.parse().unwrap_or(u64::MAX)).collect();
    let [code, wall, cpu, peak_bytes] = numbers[..] else { panic!("{text}: {:?}", output.status) };
    Measured {
        code: i32::try_from(code).unwrap_or(-1),
        wall: Duration::from_nanos(wall),
        cpu: Duration::from_nanos(cpu),
        peak_bytes,
    }
}
