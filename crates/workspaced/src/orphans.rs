//! Who is left when a session ends: processes without a parent are told to hang up, once each.
//!
//! Left alone are those that belong to a session which runs, those that ignore the word themselves (`nohup`), and those
//! whose command line the configuration names.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use regex::Regex;
use rustix::process::Signal;
use tokio::time::timeout;

use crate::daemon::Daemon;
use crate::processes::{self, Process};

/// Looks whenever a session has ended, and every few seconds.
pub(crate) async fn watch(daemon: Arc<Daemon>) {
    let spared: Vec<Regex> = daemon
        .config
        .ignore_orphans
        .iter()
        .filter_map(|text| match Regex::new(text) {
            Ok(expression) => Some(expression),
            Err(error) => {
                daemon.log.warn("orphans", format!("{text:?} is no expression: {error}"));
                None
            }
        })
        .collect();
    let own = i32::try_from(std::process::id()).unwrap_or(0);
    let mut told: HashSet<i32> = HashSet::new();
    loop {
        let all = processes::all();
        let ours = daemon.children.running();
        told.retain(|pid| all.iter().any(|process| process.pid == *pid));
        let lost: Vec<&Process> = all
            .iter()
            .filter(|process| orphan(process, own, &ours) && !told.contains(&process.pid))
            .filter(|process| !spared.iter().any(|one| one.is_match(&command_line(process.pid))))
            .collect();
        let pids: Vec<i32> = lost.iter().map(|process| process.pid).collect();
        if !pids.is_empty() {
            let names: Vec<&str> = lost.iter().map(|process| process.name.as_str()).collect();
            daemon.log.info("orphans", format!("told to hang up: {}", names.join(", ")));
            processes::signal(&daemon.children, &daemon.account, Signal::HUP, &pids).await;
            told.extend(pids);
        }
        let _ = timeout(EVERY, daemon.orphans.notified()).await; // both mean: look again
    }
}

/// Whether a process has nobody: its parent is the daemon, which did not start it, nor the session it is in.
fn orphan(process: &Process, own: i32, ours: &HashSet<i32>) -> bool {
    process.parent == own && !process.dead() && !ours.contains(&process.pid) && !ours.contains(&process.session)
}

fn command_line(pid: i32) -> String {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim_end_matches('\0').replace('\0', " ")
}

const EVERY: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
