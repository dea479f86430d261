//! What ends with a task that is killed: a second process that outlives it.
//!
//! `kill -9` runs no handler. A task that starts clusters or servers therefore starts `xtask keeper` first, whose stdin is a
//! pipe that the task alone holds. The task says there which clusters it is about to start; when the pipe ends before the
//! word `done`, the keeper ends the task's processes, which carry a mark in their environment, and then those clusters.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use parking_lot::Mutex;
use rustix::process::{Pid, Signal, kill_process};

use super::{build, proc};
use crate::cluster;

/// The environment variable that holds the process id of the task that a process belongs to.
pub(crate) const MARK: &str = "QUARTERDECK_TASK";

/// Arguments of `cargo xtask keeper`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The process id of the task.
    task: u32,
}

/// How the record of a cluster stands: `up` writes it anew exactly when it starts one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp(String);

impl Stamp {
    pub(super) fn of(name: &str) -> Self {
        let record = cluster::kubeconfig_path(name).with_file_name("cluster.json");
        let modified = std::fs::metadata(record).and_then(|metadata| metadata.modified()).ok();
        let nanos =
            modified.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map(|since| since.as_nanos().to_string());
        Self(nanos.unwrap_or_else(|| "none".to_owned()))
    }
}

/// Starts the keeper of this process, if it has none yet.
pub(super) fn start() -> Result<()> {
    let mut keeper = KEEPER.lock();
    if keeper.is_none() {
        let mut command = build::xtask()?;
        command.args(["keeper", &std::process::id().to_string()]);
        // a group of its own: what is sent to ours must not reach it
        let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).process_group(0).spawn();
        *keeper = Some(child.context("cannot start the keeper")?);
    }
    Ok(())
}

/// Says that this task is about to start a cluster. How its record stood until now tells later whether it did.
pub(super) fn own(name: &str) -> Result<Stamp> {
    start()?;
    let before = Stamp::of(name);
    tell(&format!("own {name} {}", before.0))?;
    Ok(before)
}

/// Says that a cluster is no longer, or never was, this task's to end.
pub(super) fn disown(name: &str) {
    if let Err(error) = tell(&format!("disown {name}")) {
        proc::say(&format!("warning: {error:#}"));
    }
}

/// The task came to its end by itself: nothing is left to do for its keeper.
pub(crate) fn release() {
    let told = tell("done");
    let Some(mut keeper) = KEEPER.lock().take() else { return };
    drop(keeper.stdin.take());
    if let Err(error) = told.and_then(|()| Ok(keeper.wait().map(drop)?)) {
        proc::say(&format!("warning: the keeper: {error:#}"));
    }
}

fn tell(line: &str) -> Result<()> {
    match KEEPER.lock().as_mut().and_then(|keeper| keeper.stdin.as_mut()) {
        Some(pipe) => writeln!(pipe, "{line}").context("the keeper does not listen"),
        None => Ok(()),
    }
}

/// The keeper itself.
pub(super) fn run(args: &Args) -> Result<()> {
    proc::ignore_signals();
    let mut owned: BTreeMap<String, Stamp> = BTreeMap::new();
    for line in std::io::stdin().lines() {
        let line = line?;
        if line == "done" {
            return Ok(());
        }
        listen(&line, &mut owned)?;
    }
    proc::say("the task was killed: ending what it started");
    end_processes(args.task)?;
    for (name, before) in owned {
        if Stamp::of(&name) != before {
            cluster::down(&name).with_context(|| format!("run: cargo xtask cluster down --name {name}"))?;
        }
    }
    Ok(())
}

fn listen(line: &str, owned: &mut BTreeMap<String, Stamp>) -> Result<()> {
    match *line.split(' ').collect::<Vec<_>>() {
        ["own", name, before] => {
            owned.insert(name.to_owned(), Stamp(before.to_owned()));
        }
        ["disown", name] => {
            owned.remove(name);
        }
        _ => bail!("a keeper is told own, disown or done, not {line:?}"),
    }
    Ok(())
}

/// Asks the processes of a task to end, then makes them.
fn end_processes(task: u32) -> Result<()> {
    for (signal, limit) in [(Signal::INT, PATIENCE), (Signal::KILL, PATIENCE)] {
        let deadline = Instant::now() + limit;
        let mut told = BTreeSet::new();
        loop {
            let left = cluster::carrying(MARK, task.to_string().as_ref())?;
            if left.is_empty() {
                return Ok(());
            }
            for pid in left.into_iter().filter(|pid| told.insert(*pid)).filter_map(Pid::from_raw) {
                // it may have ended by itself
                let _ = kill_process(pid, signal);
            }
            if Instant::now() > deadline {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    bail!("processes of task {task} do not end")
}

static KEEPER: Mutex<Option<Child>> = Mutex::new(None);
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{BTreeMap, Stamp, listen};

    #[test]
    fn a_keeper_ends_only_what_it_was_told_of() {
        let mut owned = BTreeMap::new();
        for line in ["own dev none", "own it 17", "disown dev"] {
            listen(line, &mut owned).unwrap();
        }
        assert_eq!(owned, BTreeMap::from([("it".to_owned(), Stamp("17".to_owned()))]));
        assert!(listen("own it", &mut owned).is_err());
    }
}
