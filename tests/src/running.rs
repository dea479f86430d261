//! A `qd` that runs while a test does something; its words on stderr are read as they come.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A command that runs until it is told to end, or dropped.
pub struct Running {
    child: Child,
    said: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Running {
    /// Starts it. Its stdout goes where the command says.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
        let said = Arc::<Mutex<String>>::default();
        let (errors, to) = (BufReader::new(child.stderr.take().expect("its errors")), said.clone());
        let reader = std::thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                let mut said = to.lock().unwrap_or_else(PoisonError::into_inner);
                said.push_str(&line);
                said.push('\n');
            }
        });
        Self { child, said, reader: Some(reader) }
    }

    /// Its stdout, where that is a pipe that nobody took.
    pub fn stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// What it wrote on stderr so far.
    #[must_use]
    pub fn said(&self) -> String {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Pods that a tap captures now: those that began and have not ended.
    #[must_use]
    pub fn agents(&self) -> usize {
        let said = self.said();
        let count = |word: &str| said.lines().filter(|line| line.contains(word)).count();
        count("  capturing").saturating_sub(count("  ended"))
    }

    /// Waits until it is so.
    ///
    /// # Panics
    /// When it is not within two minutes: a kubelet that was busy with a pod looks at it again after up to one and a half.
    pub fn wait(&self, what: &str, so: impl Fn(&Self) -> bool) {
        let until = Instant::now() + Duration::from_secs(120);
        while !so(self) {
            assert!(Instant::now() < until, "not {what}: {}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends it by Ctrl-C; how it ended, and all that it said.
    ///
    /// # Panics
    /// When it cannot be asked.
    #[must_use]
    pub fn end(mut self) -> (ExitStatus, String) {
        crate::signal(self.child.id(), "INT");
        if let Some(reader) = self.reader.take() {
            reader.join().expect("its errors are read");
        }
        (self.child.wait().expect("it ends"), self.said())
    }
}

impl Running {
    /// Waits until it ends by itself; how it ended, and all that it said.
    ///
    /// # Panics
    /// When it does not within a minute.
    #[must_use]
    pub fn wait_end(mut self) -> (ExitStatus, String) {
        let until = Instant::now() + Duration::from_secs(60);
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                break status;
            }
            assert!(Instant::now() < until, "it does not end: {}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        };
        if let Some(reader) = self.reader.take() {
            reader.join().expect("its errors are read");
        }
        (status, self.said())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind; agents of a tap end by themselves.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
