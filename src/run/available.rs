//! How much memory this process may take, by the limits of its control groups and of the machine; and how many threads
//! can compute at once.

use std::num::NonZero;
use std::path::{Path, PathBuf};

/// Where control groups are mounted.
const MOUNT: &str = "/sys/fs/cgroup";

/// What is left to the program itself, its policies, and what no lease counts: one of so many parts of the limit,
const MARGIN_SHARE: u64 = 4;

/// or so many bytes, whichever is more.
const MARGIN_LEAST: u64 = 96 << 20;

/// No run has less, however small its limit: an image of usual size must fit.
const BUDGET_LEAST: u64 = 64 << 20;

/// Of a budget, one of so many parts is for blobs that somebody may ask for again,
const KEPT_SHARE: u64 = 4;

/// and no more than this. What components share is small (base images) or stands together in the snapshot (the images of
/// an index); the rest would only lie there until the end of the run.
const KEPT_MOST: u64 = 8 << 20;

/// What a budget is for, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shares {
    /// For blobs that are held once, beside what each component holds.
    pub kept: u64,
    /// For components: [`super::Job::memory`].
    pub lent: u64,
}

impl Shares {
    /// Of the whole of `--max-memory`.
    pub fn of(budget: u64) -> Self {
        let kept = KEPT_MOST.min(budget / KEPT_SHARE);
        Self { kept, lent: budget - kept }
    }

    /// The least `--max-memory`, in MiB, of which components have so many bytes.
    pub(super) fn mebibytes_for(lent: u64) -> u64 {
        let with_share = (lent / (KEPT_SHARE - 1)).saturating_mul(KEPT_SHARE).saturating_add(KEPT_SHARE);
        with_share.min(lent.saturating_add(KEPT_MOST)).div_ceil(1 << 20)
    }
}

/// Threads that can compute at once, as the system tells; at least one.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// The budget of a run by default, in bytes: the limit with a margin.
pub fn budget() -> u64 {
    let limit = limit(&|path| std::fs::read_to_string(path).ok());
    // Where nothing is known, as if of a small machine.
    let limit = limit.unwrap_or(2 << 30);
    limit.saturating_sub((limit / MARGIN_SHARE).max(MARGIN_LEAST)).max(BUDGET_LEAST)
}

/// The least of all limits that hold for this process.
fn limit(read: &dyn Fn(&Path) -> Option<String>) -> Option<u64> {
    let groups = read(Path::new("/proc/self/cgroup")).unwrap_or_default();
    let of_groups = groups.lines().filter_map(files).flatten().filter_map(|it| bytes(&read(&it)?));
    let of_machine = read(Path::new("/proc/meminfo")).and_then(|it| total(&it));
    of_groups.chain(of_machine).min()
}

/// Files with limits for a line of `/proc/self/cgroup` (`cgroups(7)`): of the group itself and of all above it.
fn files(line: &str) -> Option<Vec<PathBuf>> {
    let mut parts = line.splitn(3, ':');
    let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
    let (root, file) = match controllers {
        "" => (PathBuf::from(MOUNT), "memory.max"),
        it if it.split(',').any(|it| it == "memory") => {
            (Path::new(MOUNT).join("memory"), "memory.limit_in_bytes")
        }
        _ => return None,
    };
    let path = Path::new(path.trim_start_matches('/'));
    // In a container the path may be the host's, which is not there; then the root is the container's own.
    Some(path.ancestors().map(|it| root.join(it).join(file)).collect())
}

/// `max`, or a number; one that no machine has stands for none.
fn bytes(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|it| *it < 1 << 60)
}

fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|it| it.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> Option<u64> {
        let read = |path: &Path| files.iter().find(|it| Path::new(it.0) == path).map(|it| it.1.to_owned());
        limit(&read)
    }

    const MACHINE: (&str, &str) = ("/proc/meminfo", "MemTotal:        4096 kB\nMemFree: 1 kB\n");

    #[test]
    fn the_least_limit_of_a_group_and_all_above_it_holds() {
        let group = ("/proc/self/cgroup", "0::/kubepods/pod1/container2\n");
        let unlimited = ("/sys/fs/cgroup/kubepods/pod1/container2/memory.max", "max\n");
        let pod = ("/sys/fs/cgroup/kubepods/pod1/memory.max", "1000\n");
        assert_eq!(of(&[MACHINE, group, unlimited, pod]), Some(1000));
        assert_eq!(of(&[MACHINE, group, unlimited]), Some(4 << 20));
        assert_eq!(of(&[group, ("/sys/fs/cgroup/memory.max", "2000\n")]), Some(2000));
    }

    #[test]
    fn the_first_version_of_groups_is_read_too() {
        let group = ("/proc/self/cgroup", "9:pids:/a\n4:cpu,memory:/docker/x\n0::/\n");
        let limit = ("/sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes", "3000\n");
        let none = ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        assert_eq!(of(&[MACHINE, group, limit, none]), Some(3000));
        assert_eq!(of(&[MACHINE, group, none]), Some(4 << 20));
    }

    #[test]
    fn the_budget_that_is_advised_has_the_share_that_is_needed() {
        for lent in [1_u64, 5 << 20, (500 << 20) + 1, 767 << 20, 769 << 20, 5 << 30] {
            let advised = Shares::mebibytes_for(lent) << 20;
            assert!(Shares::of(advised).lent >= lent, "{lent}");
            assert!(Shares::of(advised - (1 << 20)).lent < lent + (2 << 20), "{lent}: no more than it takes");
        }
        assert_eq!(Shares::of(512 << 20), Shares { kept: 8 << 20, lent: 504 << 20 });
        assert_eq!(Shares::of(16 << 20).kept, 4 << 20);
    }

    #[test]
    fn what_cannot_be_read_is_no_limit() {
        assert_eq!(of(&[]), None);
        assert_eq!(
            of(&[("/proc/self/cgroup", "nonsense\n:\n\n"), ("/proc/meminfo", "MemTotal: x kB")]),
            None
        );
        assert!(budget() >= BUDGET_LEAST);
    }
}
