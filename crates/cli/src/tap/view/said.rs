//! What this process says on stderr while the view has the terminal: it would stand in the middle of the list.

use parking_lot::Mutex;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::stdio::dup2_stderr;
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::os::fd::OwnedFd;
use std::time::Duration;
use tokio::sync::mpsc;

/// stderr, kept until the view ends.
pub(super) struct Said {
    lines: mpsc::Receiver<String>,
    /// What is to be said again when the terminal is back.
    kept: Vec<String>,
}

impl Said {
    /// Takes stderr, where it is a terminal.
    pub(super) fn take() -> io::Result<Option<Self>> {
        if !io::stderr().is_terminal() {
            return Ok(None);
        }
        let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
        *BEFORE.lock() = Some(rustix::io::fcntl_dupfd_cloexec(io::stderr(), 3)?);
        dup2_stderr(&write)?;
        let (send, lines) = mpsc::channel(MOST);
        std::thread::spawn(move || {
            for line in BufReader::new(File::from(read)).split(b'\n').map_while(Result::ok) {
                // More than these nobody reads.
                let _ = send.try_send(String::from_utf8_lossy(&line).into_owned());
            }
        });
        Ok(Some(Self { lines, kept: Vec::new() }))
    }

    /// What was said since the last time.
    pub(super) fn news(&mut self) -> Option<String> {
        let line = self.lines.try_recv().ok()?;
        self.kept.push(line.clone());
        Some(line)
    }
}

/// stderr is what it was before.
pub(super) fn give_back() {
    if let Some(before) = BEFORE.lock().take() {
        // Without stderr nobody could be told that this failed.
        let _ = dup2_stderr(before);
    }
}

impl Drop for Said {
    fn drop(&mut self) {
        give_back();
        // The last lines are on their way. A child that has the pipe still may keep it open.
        for _ in 0..LAST {
            while self.news().is_some() {}
            if self.lines.is_closed() {
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        for line in &self.kept {
            let _ = writeln!(io::stderr(), "{line}");
        }
    }
}

/// stderr as it was.
static BEFORE: Mutex<Option<OwnedFd>> = Mutex::new(None);
/// Lines that wait.
const MOST: usize = 200;
/// So often the last lines are looked for.
const LAST: u32 = 50;
