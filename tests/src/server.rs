//! A server of a test: its words are read as they come, and it is stopped when the test ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A running `qd` that serves. Stopped by SIGTERM when dropped.
pub struct Server {
    child: Child,
    said: Arc<Mutex<Vec<u8>>>,
    /// Its first line on stdout.
    pub first: String,
}

impl Server {
    /// Starts it, and waits for its first line. What it writes on stderr is shown with the test's, where `echoes`.
    ///
    /// # Panics
    /// When it ends without a line: with what it said.
    #[must_use]
    pub fn start(command: &mut Command, echoes: bool) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("qd starts");
        let mut errors = child.stderr.take().expect("stderr");
        let said = Arc::<Mutex<Vec<u8>>>::default();
        let to = said.clone();
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = errors.read(&mut buffer) {
                let bytes = &buffer[..count];
                to.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
                if echoes {
                    // Where the test has none, it is in `said`.
                    let _ = std::io::stderr().write_all(bytes);
                }
            }
        });
        let mut lines = BufReader::new(child.stdout.take().expect("stdout"));
        let mut first = String::new();
        lines.read_line(&mut first).expect("it prints a line");
        let first = first.trim().to_owned();
        let this = Self { child, said, first };
        if this.first.is_empty() {
            let _ = reader.join();
            panic!("qd ended without a line: {}", this.said());
        }
        // Keep reading, so that a full pipe never stops it.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        this
    }

    /// What it wrote on stderr so far.
    #[must_use]
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&self.said.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends SIGTERM and waits for the end; the exit code.
    ///
    /// # Panics
    /// When it cannot be waited for.
    pub fn stop(&mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).stderr(Stdio::null()).status().expect("kill runs");
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().expect("wait") {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let runs = |child: &mut Child| child.try_wait().is_ok_and(|status| status.is_none());
        if runs(&mut self.child) && self.stop().is_none() && runs(&mut self.child) {
            self.child.kill().expect("kill");
            self.child.wait().expect("wait");
        }
    }
}
