//! Every process that ends under the daemon, its own children and orphans alike, is taken off the kernel's list here.
//!
//! Nothing else in the process may wait for a child: starting one holds the same lock as reaping, so that an end is
//! always told to whoever started.

use std::collections::{HashMap, HashSet};
use std::io;
use std::process::{Child, Command};
use std::sync::Arc;

use parking_lot::Mutex;
use rustix::process::{Pid, WaitOptions, WaitStatus};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exit {
    /// What it returned; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    /// The signal that ended it.
    pub(crate) signal: Option<i32>,
}

/// The children of the daemon.
#[derive(Clone, Debug, Default)]
pub(crate) struct Children {
    waiting: Arc<Mutex<HashMap<i32, watch::Sender<Option<Exit>>>>>,
}

/// One child; dropping it leaves the process running.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) pid: Pid,
    /// Its pipes, where there are any.
    pub(crate) child: Child,
    ended: watch::Receiver<Option<Exit>>,
}

impl Children {
    /// Starts a program.
    ///
    /// # Errors
    /// As the system says.
    pub(crate) fn spawn(&self, command: &mut Command) -> io::Result<Running> {
        let mut waiting = self.waiting.lock();
        let child = command.spawn()?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| io::Error::other("a process without a number"))?;
        let (tell, ended) = watch::channel(None);
        waiting.insert(pid.as_raw_nonzero().get(), tell);
        Ok(Running { pid, child, ended })
    }

    /// Those that were started here and run.
    pub(crate) fn running(&self) -> HashSet<i32> {
        self.waiting.lock().keys().copied().collect()
    }

    /// Reaps until the daemon ends.
    ///
    /// # Errors
    /// When the system does not tell of ended children.
    pub(crate) async fn reap(self) -> io::Result<()> {
        let mut ended = signal(SignalKind::child())?;
        loop {
            self.sweep();
            if ended.recv().await.is_none() {
                return Ok(());
            }
        }
    }

    fn sweep(&self) {
        let mut waiting = self.waiting.lock();
        while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
            if let Some(tell) = waiting.remove(&pid.as_raw_nonzero().get()) {
                tell.send_replace(Some(Exit::of(status)));
            }
        }
    }
}

impl Running {
    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> Exit {
        match self.ended.wait_for(Option::is_some).await {
            Ok(exit) => exit.unwrap_or(Exit::UNKNOWN),
            Err(_) => Exit::UNKNOWN,
        }
    }

    /// Tells of its end to another part.
    pub(crate) fn end(&self) -> End {
        End(self.ended.clone())
    }
}

/// The end of a child, for any number of waiters.
#[derive(Clone, Debug)]
pub(crate) struct End(watch::Receiver<Option<Exit>>);

impl End {
    pub(crate) async fn wait(&mut self) -> Exit {
        match self.0.wait_for(Option::is_some).await {
            Ok(exit) => exit.unwrap_or(Exit::UNKNOWN),
            Err(_) => Exit::UNKNOWN,
        }
    }

    pub(crate) fn now(&self) -> Option<Exit> {
        *self.0.borrow()
    }
}

impl Exit {
    /// Nobody will ever know.
    pub(crate) const UNKNOWN: Self = Self { code: None, signal: None };

    fn of(status: WaitStatus) -> Self {
        Self { code: status.exit_status(), signal: status.terminating_signal() }
    }

    /// As shells say it: 128 and the signal's number.
    pub(crate) fn number(self) -> i32 {
        self.code.or(self.signal.map(|signal| 128 + signal)).unwrap_or(255)
    }

    pub(crate) fn well(self) -> bool {
        self.code == Some(0)
    }
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.code, self.signal) {
            (Some(code), _) => write!(f, "exit code {code}"),
            (None, Some(signal)) => write!(f, "signal {signal}"),
            (None, None) => write!(f, "an unknown end"),
        }
    }
}
