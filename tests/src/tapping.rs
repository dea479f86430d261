//! Taps of the demo's pods: one at a time, with the records of one that runs while a test makes traffic.

use crate::running::Running;
use crate::{console, kubeconfig, kubectl};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::MutexGuard;

/// Held by the test whose turn it is: all look at the same pods' containers.
pub static PODS: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Labels of the shop's front.
pub const FRONT: &str = "app.kubernetes.io/name=front";

/// Waits until no other test of this suite taps.
pub fn alone() -> MutexGuard<'static, ()> {
    PODS.blocking_lock()
}

/// `qd tap WORDS` on the cluster with the demo in it.
#[must_use]
pub fn tap(home: &Path, words: &[&str]) -> Command {
    let mut command = console::command(home, Some(&kubeconfig()));
    command.arg("tap").args(words);
    command
}

/// The names of running pods of the shop, by these labels.
///
/// # Panics
/// When kubectl fails.
#[must_use]
pub fn pods(labels: &str) -> Vec<String> {
    let words = ["get", "pods", "-n", "shop", "-l", labels, "--field-selector=status.phase=Running", "-o", "name"];
    let text = kubectl::stdout(&kubeconfig(), &words);
    text.lines().map(|name| name.trim_start_matches("pod/").to_owned()).collect()
}

/// A tap that prints its records as lines of JSON.
pub struct Tapping {
    running: Running,
    records: Arc<Mutex<Vec<Value>>>,
}

impl Tapping {
    /// Starts `qd tap WORDS -o jsonl` and waits until one pod is captured.
    ///
    /// # Panics
    /// When none is within a minute.
    #[must_use]
    pub fn start(home: &Path, words: &[&str]) -> Self {
        let mut running = Running::start(tap(home, words).args(["-o", "jsonl"]).stdout(Stdio::piped()));
        let records = Arc::<Mutex<Vec<Value>>>::default();
        let out = BufReader::new(running.stdout().expect("its output"));
        let kept = records.clone();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let record = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(record);
            }
        });
        running.wait("captured", |running| running.said().contains("capturing"));
        Self { running, records }
    }

    /// The records so far that a question is answered with yes for.
    #[must_use]
    pub fn records(&self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let all = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|record| wanted(record)).cloned().collect()
    }

    /// Waits until so many such records are there.
    ///
    /// # Panics
    /// When they are not within twenty seconds.
    #[must_use]
    pub fn wait(&self, count: usize, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        self.wait_for(20, count, wanted)
    }

    /// The same, with more patience.
    ///
    /// # Panics
    /// When they are not within so many seconds.
    #[must_use]
    pub fn wait_for(&self, seconds: u64, count: usize, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let until = Instant::now() + Duration::from_secs(seconds);
        loop {
            let found = self.records(&wanted);
            if found.len() >= count {
                return found;
            }
            assert!(Instant::now() < until, "{} of {count} records: {found:?}\n{}", found.len(), self.running.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What it wrote on stderr so far.
    #[must_use]
    pub fn said(&self) -> String {
        self.running.said()
    }

    /// Waits until it has ended by itself and gives its exit code.
    ///
    /// # Panics
    /// When it has not within a minute.
    #[must_use]
    pub fn ended(self) -> Option<i32> {
        self.running.wait_end().0.code()
    }

    /// Ends it by Ctrl-C and gives its exit code.
    #[must_use]
    pub fn stop(self) -> Option<i32> {
        self.running.end().0.code()
    }
}
