//! One running `qd console`: its URL, its end.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::{Steps, log, proc};

/// `qd console`, ended when this is dropped.
pub(super) struct Console {
    /// `None` once it may outlive us.
    child: Option<Child>,
    pid: u32,
    /// A one-time URL that nobody used yet.
    pub(super) url: String,
}

impl Console {
    /// Starts `qd` and waits for the URL that it prints first. A detached one writes to files, so that it can outlive us.
    pub(super) fn start(qd: &Path, kubeconfig: &Path, detached: bool) -> Result<Self> {
        let mut command = Command::new(qd);
        command.args(["console", "--no-open"]).env("KUBECONFIG", kubeconfig).stdin(Stdio::null());
        let out = log(&format!("qd-{}.out", std::process::id()))?;
        command.stdout(File::create(&out).with_context(|| format!("cannot write {}", out.display()))?);
        if detached {
            command.stderr(File::create(log("qd.log")?)?);
        }
        let child = proc::spawn(&mut command)?;
        let mut console = Self { pid: child.id(), child: Some(child), url: String::new() };
        let deadline = Instant::now() + START;
        while console.url.is_empty() {
            proc::check()?;
            if let Some(status) = console.child.as_mut().map(Child::try_wait).transpose()?.flatten() {
                bail!("qd ended with {status}");
            }
            if Instant::now() > deadline {
                bail!("qd printed no URL within {} s", START.as_secs());
            }
            console.url = first_line(&out)?;
            std::thread::sleep(POLL);
        }
        std::fs::remove_file(&out).with_context(|| format!("cannot remove {}", out.display()))?;
        Ok(console)
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// Opens the browser on a URL of its own, so that the printed one stays unused.
    pub(super) fn open_browser(&self, qd: &Path, steps: Steps) {
        let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
        let opened = self.another_url(qd).and_then(|url| open(Command::new(opener).arg(url)));
        match opened {
            Ok(()) => steps.say("browser opened"),
            Err(error) => steps.say(&format!("no browser was opened ({error:#}): open the URL below")),
        }
    }

    fn another_url(&self, qd: &Path) -> Result<String> {
        let authority = self.url.split('/').nth(2).context("the URL has no host")?;
        let port = authority.rsplit(':').next().context("the URL has no port")?;
        Ok(proc::output(Command::new(qd).args(["url", "--port", port]))?.trim().to_owned())
    }

    /// Waits until `qd` ends by itself, which is an error, or until Ctrl-C, which is the way to end it.
    pub(super) fn wait(mut self) -> Result<()> {
        let Some(child) = self.child.as_mut() else { return Ok(()) };
        while !proc::interrupted() {
            if let Some(status) = child.try_wait()? {
                self.child = None;
                bail!("qd ended with {status}");
            }
            std::thread::sleep(POLL);
        }
        Ok(())
    }

    /// Leaves it running.
    pub(super) fn keep(mut self) {
        self.child = None;
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            proc::stop(child);
        }
    }
}

/// Starts what opens the browser. It is the user's: it carries no mark of ours and outlives us, and where it stays in the
/// foreground nobody waits for it.
fn open(opener: &mut Command) -> Result<()> {
    let null = opener.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = null.process_group(0).spawn().with_context(|| format!("cannot start {}", proc::show(opener)))?;
    let deadline = Instant::now() + OPEN;
    while Instant::now() < deadline {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => bail!("{} ended with {status}", proc::show(opener)),
            None => std::thread::sleep(POLL),
        }
    }
    Ok(())
}

/// The first line of a file, once it is whole.
fn first_line(path: &Path) -> Result<String> {
    let mut line = String::new();
    BufReader::new(File::open(path)?).read_line(&mut line)?;
    Ok(if line.ends_with('\n') { line.trim().to_owned() } else { String::new() })
}

const START: Duration = Duration::from_secs(60);
/// How long an opener may take to fail.
const OPEN: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    #[test]
    fn a_line_counts_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        for (text, line) in [("", ""), ("http://x", ""), ("http://x/\n", "http://x/"), ("a\nb\n", "a")] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(super::first_line(&path).unwrap(), line);
        }
    }
}
