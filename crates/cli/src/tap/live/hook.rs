//! `--exec`: a command for each record that is chosen, which gets it on its standard input.
//!
//! A few run beside each other, some records wait; what is more than that is left out and counted, so that a slow command
//! holds nothing back. What pods say is never a part of the command itself.

use crate::error::Error;
use crate::grammar::live::LiveArgs;
use std::collections::VecDeque;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::task::JoinSet;

/// A command and the records that wait for it.
pub(super) struct Hook {
    command: String,
    running: JoinSet<std::io::Result<ExitStatus>>,
    waiting: VecDeque<Vec<u8>>,
    done: u64,
    failed: u64,
    left_out: u64,
}

impl Hook {
    /// The one that was asked for.
    ///
    /// # Errors
    /// When it is empty.
    pub(super) fn of(args: &LiveArgs) -> Result<Option<Self>, Error> {
        let Some(command) = &args.exec else { return Ok(None) };
        if command.trim().is_empty() {
            return Err(Error::Usage("--exec is a command, like --exec 'notify-send qd'".to_owned()));
        }
        let (running, waiting) = (JoinSet::new(), VecDeque::new());
        Ok(Some(Self { command: command.clone(), running, waiting, done: 0, failed: 0, left_out: 0 }))
    }

    /// Takes a record, as a line.
    pub(super) fn take(&mut self, line: &[u8]) {
        if self.waiting.len() >= MOST_WAITING {
            self.left_out += 1;
            return;
        }
        self.waiting.push_back(line.to_vec());
        self.begin();
    }

    /// Starts what may be started, and counts what has ended.
    pub(super) fn begin(&mut self) {
        while let Some(ended) = self.running.try_join_next() {
            self.count(ended.ok());
        }
        while self.running.len() < AT_ONCE
            && let Some(line) = self.waiting.pop_front()
        {
            self.running.spawn(run(self.command.clone(), line));
        }
    }

    /// Runs what waits, for a while at most; in a sentence how it went.
    pub(super) async fn end(mut self) -> String {
        let last = async {
            self.begin();
            while let Some(ended) = self.running.join_next().await {
                self.count(ended.ok());
                self.begin();
            }
        };
        // What runs then is ended with the set.
        let _ = tokio::time::timeout(LAST, last).await;
        let left_out = self.left_out + (self.waiting.len() + self.running.len()) as u64;
        format!("--exec ran for {} records, failed for {}, {left_out} were left out", self.done, self.failed)
    }

    fn count(&mut self, ended: Option<std::io::Result<ExitStatus>>) {
        self.done += 1;
        let well = ended.is_some_and(|ended| ended.is_ok_and(|status| status.success()));
        self.failed += u64::from(!well);
    }
}

/// The command with a record on its standard input. Its output is not that of the tap: it goes to stderr.
async fn run(command: String, mut line: Vec<u8>) -> std::io::Result<ExitStatus> {
    line.push(b'\n');
    let mut child = Command::new("sh")
        .args(["-c", &command])
        .stdin(Stdio::piped())
        .stdout(std::io::stderr())
        // Ctrl-C ends the tap, and not what it has begun.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let ended = async {
        if let Some(mut input) = child.stdin.take() {
            // A command that does not read it is none that failed.
            let _ = input.write_all(&line).await;
        }
        child.wait().await
    };
    tokio::time::timeout(LONGEST, ended).await.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
}

/// Commands that run beside each other.
const AT_ONCE: usize = 4;
/// Records that wait for them.
const MOST_WAITING: usize = 1_000;
/// A command has this long.
const LONGEST: Duration = Duration::from_secs(60);
/// After the tap, those that wait have this long.
const LAST: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
