//! Processes that this benchmark starts beside itself: this program in other roles, and its peers.

use anyhow::{Context, Result, ensure};
use bench::process::running;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A process that serves until it is dropped.
pub(crate) struct Served {
    child: Child,
    /// What it said first.
    pub(crate) said: String,
}

impl Served {
    /// This program in another role, which says a line when it is ready. Its log goes to a file.
    pub(crate) fn own(words: &[&str], log: &Path) -> Result<Self> {
        Self::says(Command::new(std::env::current_exe()?).args(words), log)
    }

    /// A program that says a line when it is ready.
    pub(crate) fn says(command: &mut Command, log: &Path) -> Result<Self> {
        let log = std::fs::File::create(log)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().with_context(|| format!("{command:?}"))?;
        let mut said = String::new();
        BufReader::new(child.stdout.take().context("stdout")?).read_line(&mut said)?;
        let served = Self { child, said: said.trim().to_owned() };
        ensure!(!served.said.is_empty(), "{command:?} ended");
        Ok(served)
    }

    /// A program that is ready when its port takes connections.
    pub(crate) fn listens(command: &mut Command, port: u16, log: &Path) -> Result<Self> {
        let log = std::fs::File::create(log)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| format!("{command:?}"))?;
        let mut served = Self { child, said: String::new() };
        let until = Instant::now() + Duration::from_secs(30);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(served.child.try_wait()?.is_none(), "{command:?} ended");
            ensure!(Instant::now() < until, "{command:?} does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(served)
    }

    /// Processor seconds that it has used, and its resident KiB.
    pub(crate) fn cost(&self) -> Result<(f64, u64)> {
        running(self.child.id())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Until whoever started this process closes its input, or is gone.
pub(crate) async fn until_left() {
    let read = || std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    // An input that cannot be read has ended.
    let _ = tokio::task::spawn_blocking(read).await;
}

/// A port that nobody has.
pub(crate) fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
