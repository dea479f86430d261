//! `down`: nothing of a cluster stays.
//!
//! It asks the kernel what belongs to the cluster (the mark in process environments, the cgroups, the link, mounts below its
//! folder) instead of reading a list, so it does the same after a crash, a `kill -9` or a Ctrl-C at any moment.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::layout::{self, Layout};
use super::process::marked;
use super::sandbox;

/// Ends the cluster and removes every trace of it; fine when there is none.
pub(crate) fn down(name: &str) -> Result<()> {
    layout::check_name(name)?;
    let _lock = layout::lock(name)?;
    remove(name)
}

/// The same, for a caller that holds the lock.
pub(crate) fn remove(name: &str) -> Result<()> {
    let dir = layout::dir(name);
    let layout = Layout::load(name)?;
    let groups = match &layout {
        Some(layout) if layout.node => sandbox::cgroups(layout)?,
        _ => Vec::new(),
    };
    end_processes(&dir, &groups)?;
    if let Some(layout) = layout.as_ref().filter(|layout| layout.node) {
        remove_link(&layout.link())?;
    }
    for group in &groups {
        remove_cgroup(group)?;
    }
    unmount_below(&dir)?;
    match fs::remove_dir_all(&dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", dir.display()))
        }
        _ => Ok(()),
    }
}

/// Ends the node at once by its holder, which the kernel lets go only after the last process of the node was reaped. What
/// waits for those processes outside must live until then.
fn end_node(dir: &Path, groups: &[PathBuf]) -> Result<()> {
    let Some(holder) = marked(dir)?.into_iter().find(|process| process.holder) else { return Ok(()) };
    thaw(groups);
    kill(holder.pid);
    let there = Path::new("/proc").join(holder.pid.to_string());
    let deadline = Instant::now() + LIMIT;
    while there.exists() {
        if Instant::now() > deadline {
            bail!("the node's first process, {}, does not end", holder.pid);
        }
        // who stands still reaps nobody
        marked(dir)?.iter().for_each(|process| send(process.pid, Signal::CONT));
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// Kills until two looks in a row find nobody: a process may fork while we look.
fn end_processes(dir: &Path, groups: &[PathBuf]) -> Result<()> {
    end_node(dir, groups)?;
    let deadline = Instant::now() + LIMIT;
    let mut quiet = 0;
    while quiet < 2 {
        thaw(groups);
        let processes = marked(dir)?;
        let mut pids: Vec<i32> = processes.iter().map(|process| process.pid).collect();
        for group in groups {
            pids.extend(members(group));
        }
        quiet = if pids.is_empty() { quiet + 1 } else { 0 };
        pids.into_iter().for_each(kill);
        if Instant::now() > deadline {
            let left: Vec<String> =
                processes.iter().map(|process| format!("{} {}", process.pid, process.command)).collect();
            bail!("these processes do not end: {}", left.join("; "));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn kill(pid: i32) {
    send(pid, Signal::KILL);
}

fn send(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        // it may have ended by itself
        let _ = kill_process(pid, signal);
    }
}

/// Lets paused containers go on: a frozen process of a first-version cgroup cannot even be killed.
fn thaw(groups: &[PathBuf]) {
    for group in groups.iter().filter(|group| group.exists()) {
        for folder in folders(group) {
            for (file, value) in [("freezer.state", "THAWED"), ("cgroup.freeze", "0")] {
                let file = folder.join(file);
                if file.exists() {
                    // it can vanish with its last process
                    let _ = fs::write(file, value);
                }
            }
        }
    }
}

/// The processes of a group and of the groups in it.
fn members(group: &Path) -> BTreeSet<i32> {
    let mut pids = BTreeSet::new();
    for folder in folders(group) {
        let listed = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
        pids.extend(listed.lines().filter_map(|line| line.parse::<i32>().ok()).filter(|&pid| pid > 0));
    }
    pids
}

/// A group and those in it, innermost first.
fn folders(group: &Path) -> Vec<PathBuf> {
    let walk = walkdir::WalkDir::new(group).contents_first(true).into_iter();
    walk.filter_map(|entry| entry.ok().filter(|entry| entry.file_type().is_dir()))
        .map(|entry| entry.into_path())
        .collect()
}

fn remove_cgroup(group: &Path) -> Result<()> {
    let deadline = Instant::now() + LIMIT;
    loop {
        let mut problem = None;
        for folder in folders(group) {
            match fs::remove_dir(&folder) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => problem = Some((folder, error)),
                _ => {}
            }
        }
        match problem {
            None => return Ok(()),
            Some((folder, error)) if Instant::now() > deadline => {
                return Err(error).with_context(|| format!("cannot remove the cgroup {}", folder.display()));
            }
            Some(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// The link goes with the node's network; here we wait for it, and remove what was made before it was moved there. Its route
/// goes with it.
fn remove_link(link: &str) -> Result<()> {
    let there = Path::new("/sys/class/net").join(link);
    let deadline = Instant::now() + LIMIT;
    while there.exists() {
        // it may vanish between the look and the command
        let _ = Command::new("ip")
            .args(["link", "delete", link])
            .stderr(Stdio::null())
            .status()
            .context("cannot run ip")?;
        if Instant::now() > deadline {
            bail!("the interface {link} stays");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// There are none when the node's mounts stayed in its own namespace, as they should.
fn unmount_below(dir: &Path) -> Result<()> {
    let mounts = fs::read_to_string("/proc/mounts").context("cannot read the mounts of this machine")?;
    let places =
        mounts.lines().filter_map(|line| line.split(' ').nth(1)).filter(|place| Path::new(place).starts_with(dir));
    for place in places.collect::<Vec<_>>().into_iter().rev() {
        let status = Command::new("umount").args(["--lazy", place]).status().context("cannot run umount")?;
        if !status.success() {
            bail!("cannot unmount {place}");
        }
    }
    Ok(())
}

const LIMIT: Duration = Duration::from_secs(30);
