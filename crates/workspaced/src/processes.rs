//! Who runs under the daemon, from `/proc`, and signals to them.
//!
//! A signal to a process of the user is sent by a process of the user ([`crate::start`]): the daemon itself may not.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal};

use crate::Error;
use crate::accounts::Account;
use crate::children::Children;
use crate::daemon::Daemon;
use crate::start::{self, Terminal};

/// One line of `/proc/PID/stat`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) name: String,
    pub(crate) state: char,
    pub(crate) parent: i32,
    pub(crate) group: i32,
    pub(crate) session: i32,
    /// Processor time of all its threads, in hundredths of seconds; 0 where the line does not say.
    pub(crate) ticks: u64,
}

impl Process {
    /// Reads the line; names may hold spaces and parentheses.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let (pid, rest) = line.split_once(" (")?;
        let (name, rest) = rest.rsplit_once(") ")?;
        let mut words = rest.split(' ');
        let state = words.next()?.chars().next()?;
        let mut number = || words.next()?.parse().ok();
        let (parent, group, session) = (number()?, number()?, number()?);
        let ticks = words.skip(7).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        Some(Self { pid: pid.parse().ok()?, name: name.to_owned(), state, parent, group, session, ticks })
    }

    /// Ended, and not reaped yet.
    pub(crate) fn dead(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }
}

/// All processes that this one sees.
pub(crate) fn all() -> Vec<Process> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit())))
        .filter_map(|entry| Process::parse(&std::fs::read_to_string(entry.path().join("stat")).ok()?))
        .collect()
}

/// Those that descend from this process and run.
pub(crate) fn descendants() -> Vec<Process> {
    let own = i32::try_from(std::process::id()).unwrap_or(0);
    below(own, all())
}

fn below(top: i32, all: Vec<Process>) -> Vec<Process> {
    let mut of: HashMap<i32, Vec<Process>> = HashMap::new();
    for process in all {
        of.entry(process.parent).or_default().push(process);
    }
    let (mut found, mut next, mut seen) = (Vec::new(), vec![top], HashSet::new());
    while let Some(parent) = next.pop() {
        if !seen.insert(parent) {
            continue;
        }
        for child in of.remove(&parent).unwrap_or_default() {
            next.push(child.pid);
            if !child.dead() {
                found.push(child);
            }
        }
    }
    found
}

/// Those of a session that run.
pub(crate) fn of_session(session: i32) -> Vec<i32> {
    all().iter().filter(|process| process.session == session && !process.dead()).map(|process| process.pid).collect()
}

/// Whether a process is that one, of its session, or below it.
pub(crate) fn comes_from(pid: i32, top: i32) -> bool {
    let all: HashMap<i32, Process> = all().into_iter().map(|process| (process.pid, process)).collect();
    let mut next = pid;
    // a pid may be used again meanwhile: the way up has an end
    for _ in 0..MAX_DEPTH {
        match all.get(&next) {
            Some(process) if process.pid == top || process.session == top => return true,
            Some(process) => next = process.parent,
            None => return false,
        }
    }
    false
}

/// Where a process of the user works.
///
/// # Errors
/// When it has ended, or is not the user's.
pub(crate) async fn folder(daemon: &Daemon, pid: i32) -> std::io::Result<String> {
    let words = start::this(&["cwd", &pid.to_string()]);
    let text = start::output(daemon, &words, MAX_PATH).await?;
    Ok(String::from_utf8_lossy(&text).trim_end_matches('\n').to_owned())
}

/// `qd-agent workspaced cwd PID`: run as the user.
pub(crate) fn folder_by_words(words: &[OsString]) -> Result<(), Error> {
    let [pid] = words else { return Err(Error::Words) };
    let pid: i32 = pid.to_str().and_then(|pid| pid.parse().ok()).ok_or(Error::Words)?;
    let folder = std::fs::read_link(format!("/proc/{pid}/cwd"));
    println!("{}", folder.map_err(Error::system(format!("process {pid} cannot be looked at")))?.display());
    Ok(())
}

/// Sends a signal to processes, or to groups where a number is negative; those that are gone are no error.
pub(crate) async fn signal(children: &Children, account: &Account, signal: Signal, pids: &[i32]) {
    // 0 and -1 are everybody
    let mut left: Vec<i32> = pids.iter().copied().filter(|pid| *pid > 1 || *pid < -1).collect();
    left.retain(|pid| deliver(*pid, signal) == Err(rustix::io::Errno::PERM));
    if left.is_empty() {
        return;
    }
    let mut words = start::this(&["signal", &signal.as_raw().to_string()]);
    words.extend(left.iter().map(ToString::to_string));
    let mut command = start::command(account, Terminal::None, Path::new("/"), None, &words, &BTreeMap::new());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Ok(mut running) = children.spawn(&mut command) {
        running.ended().await;
    }
}

fn deliver(pid: i32, signal: Signal) -> Result<(), rustix::io::Errno> {
    match (Pid::from_raw(pid.saturating_abs()), pid > 0) {
        (Some(pid), true) => rustix::process::kill_process(pid, signal),
        // one that was started this moment has no group of its own yet
        (Some(pid), false) => match rustix::process::kill_process_group(pid, signal) {
            Err(rustix::io::Errno::SRCH) => rustix::process::kill_process(pid, signal),
            done => done,
        },
        (None, _) => Ok(()),
    }
}

/// `qd-agent workspaced signal NUMBER PID…`: run as the user.
pub(crate) fn signal_by_words(words: &[OsString]) -> Result<(), Error> {
    let numbers: Option<Vec<i32>> = words.iter().map(|word| word.to_str()?.parse().ok()).collect();
    let numbers = numbers.ok_or(Error::Words)?;
    let (first, pids) = numbers.split_first().ok_or(Error::Words)?;
    let signal = Signal::from_named_raw(*first).ok_or(Error::Words)?;
    for pid in pids.iter().filter(|pid| **pid > 1 || **pid < -1) {
        let _ = deliver(*pid, signal); // gone, or not ours: whoever asked looks again
    }
    Ok(())
}

const MAX_PATH: usize = 8 << 10;
const MAX_DEPTH: usize = 256;

#[cfg(test)]
mod tests;
