//! The guard: a process of its own that outlives a tap's process however that ends, and then ends the tap's agents.
//!
//! It is told over a pipe, which nobody else reads, what the tap is, its owner's key, and each container before it is
//! added, and of each that has ended. When the pipe ends, the tap's process is no more, and the others are what it left.

use super::Folder;
use super::record::{self, Agent, Line, Record};
use crate::grammar::Global;
use capture::Owner;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// A guard, seen from the tap's process.
pub(super) struct Guard {
    input: Mutex<Option<ChildStdin>>,
    child: Mutex<Option<Child>>,
}

/// The first line that it is told.
#[derive(Serialize, Deserialize)]
struct Orders {
    folder: PathBuf,
    tap: Record,
    /// The owner's key.
    key: String,
}

impl Guard {
    /// Starts it, and waits until it is out of reach of what ends this process.
    pub(super) async fn start(global: &Global, folder: &Folder, record: &Record, owner: &Owner) -> io::Result<Self> {
        // This very program, even where its file was replaced.
        let mut command = Command::new("/proc/self/exe");
        for (flag, value) in [("--kubeconfig", &global.kubeconfig), ("--config", &global.config)] {
            if let Some(path) = value {
                command.arg(flag).arg(path);
            }
        }
        command.args(["--context", &record.cluster, "tap", "guard"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let guard = Self { input: Mutex::new(input), child: Mutex::new(Some(child)) };
        let orders = Orders { folder: folder.path().to_owned(), tap: record.clone(), key: owner.secret() };
        guard.write(&serde_json::to_string(&orders)?)?;
        let ready = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            output.map_or(Ok(0), |output| BufReader::new(output).read_line(&mut line)).map(|_| line)
        });
        let ready = tokio::time::timeout(BEGINS, ready).await;
        match ready.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?.map_err(io::Error::other)?? {
            line if line.trim() == READY => Ok(guard),
            line => Err(io::Error::other(line)),
        }
    }

    fn write(&self, line: &str) -> io::Result<()> {
        let mut input = self.input.lock();
        let Some(to) = input.as_mut() else { return Ok(()) };
        to.write_all(format!("{line}\n").as_bytes())
    }

    fn tell(&self, line: &Line) {
        let written = serde_json::to_string(line).map_err(io::Error::from).and_then(|text| self.write(&text));
        if let Err(error) = written {
            // Agents still end by themselves when they hear nothing of this process.
            tracing::warn!(%error, "the guard of this tap is gone");
            *self.input.lock() = None;
        }
    }

    pub(super) fn added(&self, agent: &Agent) {
        self.tell(&Line::Added(agent.clone()));
    }

    pub(super) fn ended(&self, container: &str) {
        self.tell(&Line::Ended(container.to_owned()));
    }

    /// Lets it go. It has nothing to do, unless an agent has not ended.
    pub(super) async fn done(&self) {
        *self.input.lock() = None;
        let child = self.child.lock().take();
        let waits = tokio::task::spawn_blocking(move || child.map(|mut child| child.wait()));
        if tokio::time::timeout(GOES, waits).await.is_err() {
            tracing::debug!("the guard goes on: an agent has not ended");
        }
    }
}

/// What a tap has left when its process was killed.
pub struct Left {
    pub(crate) record: Record,
    pub(crate) agents: Vec<Agent>,
    pub(crate) owner: Owner,
    path: PathBuf,
    /// The tap's file, locked while this is there.
    _lock: std::fs::File,
}

impl Left {
    /// Nothing is left.
    pub(crate) fn end(self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(%error, "the file of a tap was gone already");
        }
    }
}

/// `qd tap guard`: watches over the tap whose process started this one. What it left, if it was killed.
///
/// # Errors
/// When the orders make no sense, or the tap's file cannot be written.
pub(crate) async fn watch() -> io::Result<Option<Left>> {
    // No terminal, and no signal that a terminal sends, reaches another session.
    rustix::process::setsid()?;
    for kind in [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()] {
        let mut signal = signal(kind)?;
        tokio::spawn(async move { while signal.recv().await.is_some() {} });
    }
    tokio::task::spawn_blocking(listen).await.map_err(io::Error::other)?
}

/// Reads what the tap's process says until that is no more.
fn listen() -> io::Result<Option<Left>> {
    let mut input = BufReader::new(io::stdin());
    let mut first = String::new();
    input.read_line(&mut first)?;
    let orders: Orders = serde_json::from_str(&first)?;
    let owner = Owner::from_secret(&orders.key).map_err(io::Error::other)?;
    let folder = Folder::at(orders.folder);
    let (path, mut file) = folder.create(&orders.tap.id)?;
    let mut known = String::new();
    let mut take = |line: &str| {
        known.push_str(line);
        known.push('\n');
        file.write_all(line.as_bytes()).and_then(|()| file.write_all(b"\n"))
    };
    take(&serde_json::to_string(&Line::Tap(orders.tap))?)?;
    println!("{READY}");
    // A line that was cut is no line: whoever wrote it was killed.
    let mut line = String::new();
    while input.read_line(&mut line).is_ok_and(|count| count > 0) {
        if let Some(whole) = line.strip_suffix('\n') {
            take(whole)?;
        }
        line.clear();
    }
    let (record, agents) = record::read(&known);
    let left = record.filter(|_| !agents.is_empty());
    if left.is_none() {
        std::fs::remove_file(&path)?;
    }
    let left = left.map(|record| Left { record, agents, owner, path, _lock: file });
    Ok(left)
}

const READY: &str = "ready";
/// A guard begins in a moment.
const BEGINS: Duration = Duration::from_secs(10);
/// A guard without work goes at once.
const GOES: Duration = Duration::from_secs(2);
