//! The machine as the workspace has it: its control group, the node's load, its file systems.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use proto::workspace::told::{Mount, System};
use tokio::time::{sleep, timeout};

use crate::daemon::Daemon;
use crate::processes;

/// The processor time that was seen last.
#[derive(Debug, Default)]
pub(crate) struct Usage(Mutex<Option<(Instant, u64)>>);

/// The machine at this moment.
pub(crate) async fn now(daemon: &Daemon) -> System {
    let mut users: Vec<String> =
        daemon.shells.told().into_iter().filter(|one| one.exit_code.is_none()).map(|one| one.principal).collect();
    users.sort();
    users.dedup();
    let cpu_millicores = millicores(daemon).await;
    let group = Group::now();
    System {
        cpu_millicores,
        cpu_limit_millicores: group.cpu_limit,
        memory_bytes: group.memory,
        memory_limit_bytes: group.memory_limit,
        load: load(&text(PathBuf::from("/proc/loadavg"))),
        processes: processes::all().len() as u64,
        users,
        uptime_seconds: daemon.started.elapsed().as_secs(),
        mounts: mounts().await,
    }
}

/// What the control group of this container says, in either version of its files.
struct Group {
    /// Processor time used, microseconds.
    used: u64,
    cpu_limit: Option<u64>,
    memory: u64,
    memory_limit: Option<u64>,
}

impl Group {
    fn now() -> Self {
        let all = text(PathBuf::from("/proc/self/cgroup"));
        let two = folder(&all, "");
        if two.join("cpu.stat").exists() && two.join("memory.current").exists() {
            return Self {
                used: member(&text(two.join("cpu.stat")), "usage_usec"),
                cpu_limit: limit(&text(two.join("cpu.max"))),
                memory: number(two.join("memory.current"))
                    .saturating_sub(member(&text(two.join("memory.stat")), "inactive_file")),
                memory_limit: text(two.join("memory.max")).trim().parse().ok(),
            };
        }
        let (account, cpu, memory) = (folder(&all, "cpuacct"), folder(&all, "cpu"), folder(&all, "memory"));
        let quota = text(cpu.join("cpu.cfs_quota_us"));
        Self {
            used: number(account.join("cpuacct.usage")) / 1000,
            cpu_limit: limit(&format!("{} {}", quota.trim(), text(cpu.join("cpu.cfs_period_us")).trim())),
            memory: number(memory.join("memory.usage_in_bytes"))
                .saturating_sub(member(&text(memory.join("memory.stat")), "total_inactive_file")),
            // no limit is written as nearly all there is
            memory_limit: Some(number(memory.join("memory.limit_in_bytes")))
                .filter(|most| (1..NO_LIMIT).contains(most)),
        }
    }
}

/// Microseconds of processor time that this container has used.
pub(crate) fn used() -> u64 {
    Group::now().used
}

/// The folder of a controller, of `/proc/self/cgroup`; of version 2 without a name.
fn folder(all: &str, controller: &str) -> PathBuf {
    let lines = all.lines().filter_map(|line| line.splitn(3, ':').skip(1).collect::<Vec<_>>().try_into().ok());
    let own = lines
        .into_iter()
        .find(|[names, _]: &[&str; 2]| names.split(',').any(|name| name == controller))
        .map_or("", |[_, path]| path);
    let root = Path::new("/sys/fs/cgroup").join(controller);
    let folder = root.join(own.trim_start_matches('/'));
    // a container sees its own as the root
    if folder.is_dir() { folder } else { root }
}

/// Between this moment and the last, which is at least a little before.
async fn millicores(daemon: &Daemon) -> u64 {
    let used = || (Instant::now(), Group::now().used);
    let before = daemon.usage.0.lock().filter(|(at, _)| at.elapsed() > SHORT && at.elapsed() < LONG);
    let before = match before {
        Some(before) => before,
        None => {
            let before = used();
            sleep(SHORT).await;
            before
        }
    };
    let now = used();
    *daemon.usage.0.lock() = Some(now);
    let time = u64::try_from(now.0.duration_since(before.0).as_micros()).unwrap_or(u64::MAX).max(1);
    now.1.saturating_sub(before.1).saturating_mul(1000) / time
}

/// `QUOTA PERIOD`; a quota of `max` or below 0 is none.
fn limit(text: &str) -> Option<u64> {
    let (quota, period) = text.trim().split_once(' ')?;
    quota.parse::<u64>().ok()?.checked_mul(1000)?.checked_div(period.parse().ok()?)
}

/// A member of a file of names and numbers.
fn member(text: &str, name: &str) -> u64 {
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    lines.find(|(one, _)| *one == name).and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0)
}

fn number(path: PathBuf) -> u64 {
    text(path).trim().parse().unwrap_or(0)
}

fn load(text: &str) -> [f64; 3] {
    let mut words = text.split(' ').map(|word| word.parse().unwrap_or(0.0));
    [(); 3].map(|()| words.next().unwrap_or(0.0))
}

/// File systems that answer in time: one whose server is gone would hold the daemon up.
async fn mounts() -> Vec<Mount> {
    let found = places(&text(PathBuf::from("/proc/self/mountinfo")));
    let looked = tokio::task::spawn_blocking(move || {
        let told = found.into_iter().filter_map(|(path, kind)| {
            let one = rustix::fs::statvfs(path.as_str()).ok()?;
            Some(Mount {
                bytes: one.f_blocks.saturating_mul(one.f_frsize),
                bytes_free: one.f_bavail.saturating_mul(one.f_frsize),
                inodes: one.f_files,
                inodes_free: one.f_favail,
                path,
                kind,
            })
        });
        told.filter(|one| one.bytes > 0).collect::<Vec<Mount>>()
    });
    timeout(PATIENCE, looked).await.ok().and_then(Result::ok).unwrap_or_default()
}

/// Where file systems are seen, of `/proc/self/mountinfo`: folders that people write to, each once.
fn places(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        let Some((left, right)) = line.split_once(" - ") else { continue };
        let (Some(path), Some(kind)) = (left.split(' ').nth(4), right.split(' ').next()) else { continue };
        let path = unescaped(path);
        let ours = KINDS.contains(&kind)
            && !OURS.iter().any(|prefix| path.starts_with(prefix))
            && (path == "/" || Path::new(&path).is_dir());
        found.retain(|(other, _)| !ours || *other != path); // the last one covers those before
        if ours && found.len() < MAX_MOUNTS {
            found.push((path, kind.to_owned()));
        }
    }
    found
}

/// Blanks and backslashes are written in octal.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('\\');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code {
            Some(code) => {
                out.push(char::from(code));
                out.push_str(part.get(3..).unwrap_or_default());
            }
            None => {
                out.push('\\');
                out.push_str(part);
            }
        }
    }
    out
}

fn text(path: PathBuf) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// Kinds of file systems that hold files.
const KINDS: &[&str] = &[
    "ext2",
    "ext3",
    "ext4",
    "xfs",
    "btrfs",
    "zfs",
    "overlay",
    "tmpfs",
    "nfs",
    "nfs4",
    "ceph",
    "fuse",
    "virtiofs",
    "9p",
    "cifs",
    "f2fs",
    "fuseblk",
    "glusterfs",
];
/// What the platform mounts.
const OURS: &[&str] =
    &["/proc", "/sys", "/dev", "/etc/", "/qd", "/run/quarterdeck", "/run/secrets", "/var/run/secrets"];
const NO_LIMIT: u64 = 1 << 60;
const MAX_MOUNTS: usize = 64;
const SHORT: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
