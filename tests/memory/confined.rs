//! A process that may have no more memory than a control group gives it, and how much it had.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// What a process may have.
pub(crate) struct Confined {
    group: Option<Group>,
}

/// A control group of our own, below the one that this process is in.
struct Group {
    folder: PathBuf,
    /// Version 1 names its files differently.
    peak: &'static str,
}

impl Confined {
    /// As much as there is.
    pub(crate) fn not() -> Self {
        Self { group: None }
    }

    /// So many bytes, without swap; where the machine lets us make no such group, it says so and bounds nothing. The peak is
    /// asserted either way.
    pub(crate) fn to(bytes: u64) -> Self {
        let group = Group::make(bytes);
        if let Err(why) = &group {
            println!("skipped: a control group of {} MiB: {why}", bytes >> 20);
        }
        Self { group: group.ok() }
    }

    /// Runs the command to its end; the peak of its resident memory in bytes.
    pub(crate) fn run(&self, mut command: Command) -> (Output, u64) {
        if let Some(group) = &self.group {
            command = group.entered_by(&command);
        }
        let child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let pid = child.id();
        let (output, mut peak) = watched(child, pid);
        if let Some(group) = &self.group {
            // What the kernel counts for the group has files, sockets and page tables in it as well.
            let counted = group.peak();
            println!("   resident {} MiB, the whole group {} MiB at its highest", peak >> 20, counted >> 20);
            peak = peak.max(counted);
        }
        (output, peak)
    }
}

fn watched(child: Child, pid: u32) -> (Output, u64) {
    let waiting = std::thread::spawn(move || child.wait_with_output().expect("it ends"));
    let mut peak = 0;
    while !waiting.is_finished() {
        peak = high_water(pid).unwrap_or(0).max(peak);
        std::thread::sleep(Duration::from_millis(2));
    }
    (waiting.join().expect("watched"), peak)
}

/// `VmHWM` of `proc_pid_status(5)`.
fn high_water(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}

impl Group {
    fn make(bytes: u64) -> Result<Self, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("ec-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let groups = fs::read_to_string("/proc/self/cgroup").map_err(|error| error.to_string())?;
        let of = |controllers: &str| {
            let line = groups.lines().find(|it| {
                it.split(':').nth(1).is_some_and(|it| it.split(',').any(|it| it == controllers))
            })?;
            Some(line.splitn(3, ':').nth(2)?.trim_start_matches('/').to_owned())
        };
        if let Some(path) = of("memory") {
            let root = Path::new("/sys/fs/cgroup/memory");
            let group = Self {
                folder: first_made(&[root.join(path), root.to_owned()], &name)?,
                peak: "memory.max_usage_in_bytes",
            };
            group.write("memory.limit_in_bytes", &bytes.to_string())?;
            // Without swap accounting there is no such file, and with it both bounds are the same: no swap.
            let _ = group.write("memory.memsw.limit_in_bytes", &bytes.to_string());
            return Ok(group);
        }
        let path = of("").ok_or("there are no control groups")?;
        let root = Path::new("/sys/fs/cgroup");
        let group =
            Self { folder: first_made(&[root.join(path), root.to_owned()], &name)?, peak: "memory.peak" };
        group.write("memory.max", &bytes.to_string())?;
        let _ = group.write("memory.swap.max", "0");
        Ok(group)
    }

    fn write(&self, file: &str, text: &str) -> Result<(), String> {
        let path = self.folder.join(file);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
    }

    fn peak(&self) -> u64 {
        let text = fs::read_to_string(self.folder.join(self.peak)).unwrap_or_default();
        text.trim().parse().unwrap_or(u64::MAX)
    }

    /// The same command, by a shell that enters the group first.
    fn entered_by(&self, command: &Command) -> Command {
        let mut shell = Command::new("/bin/sh");
        let entering = format!("echo $$ > {}/cgroup.procs && exec \"$@\"", self.folder.display());
        shell.args(["-c", &entering, "sh"]).arg(command.get_program()).args(command.get_args());
        shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(folder) = command.get_current_dir() {
            shell.current_dir(folder);
        }
        shell.stdin(Stdio::null());
        shell
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Who was in it has ended.
        let _ = fs::remove_dir(&self.folder);
    }
}

/// In a container the path of our group is the host's, and ours is the root.
fn first_made(parents: &[PathBuf], name: &str) -> Result<PathBuf, String> {
    let mut why = String::new();
    for parent in parents {
        let folder = parent.join(name);
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) => why = format!("{}: {error}", folder.display()),
        }
    }
    Err(why)
}
