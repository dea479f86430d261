//! Child processes that end when we are asked to end.
//!
//! Every child is the leader of a process group of its own, so that Ctrl-C reaches this program alone; waiting for a child
//! watches for the interrupt and then ends the whole group. What was started is therefore always stopped in the order
//! that the owner of the cleanup chose, and a second Ctrl-C cannot cut a teardown short.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use super::keeper;

/// True once SIGINT, SIGTERM or SIGHUP arrived. The first call installs the handlers.
pub(crate) fn interrupted() -> bool {
    flag().load(Ordering::Relaxed) && !DEAF.load(Ordering::Relaxed)
}

/// From here on signals change nothing: for a process that cleans up after others.
pub(crate) fn ignore_signals() {
    flag();
    DEAF.store(true, Ordering::Relaxed);
}

/// An error when an interrupt arrived: called between the steps of a task.
pub(crate) fn check() -> anyhow::Result<()> {
    if interrupted() { Err(Interrupted.into()) } else { Ok(()) }
}

/// The task was ended by a signal. `main` turns it into exit code 130.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// A program said nothing for so long that it was ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Silent {
    command: String,
    seconds: u64,
}

impl std::fmt::Display for Silent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} said nothing for {} seconds and was ended", self.command, self.seconds)
    }
}

impl std::error::Error for Silent {}

/// Runs a command with our own stdout and stderr; an exit status other than 0 is an error that names the command.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = wait(&mut spawn(command.stdin(Stdio::null()))?)?;
    succeed(command, status)
}

/// Runs a command and hands every line of its stdout to `each` as it comes. What it left behind may hold its output open:
/// that ends with it, and is an error.
pub(crate) fn lines(command: &mut Command, each: impl FnMut(&str)) -> anyhow::Result<ExitStatus> {
    lines_within(command, Duration::MAX, each)
}

/// The same; what says nothing for this long is ended, with [`Silent`] for an error.
pub(crate) fn lines_within(
    command: &mut Command,
    silence: Duration,
    mut each: impl FnMut(&str),
) -> anyhow::Result<ExitStatus> {
    let mut child = spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let mut out = child.stdout.take().context("the child has no stdout")?;
    let (mut pending, mut chunk) = (Vec::new(), vec![0; 1 << 16]);
    let mut ended = None;
    let mut heard = Instant::now();
    loop {
        if interrupted() {
            stop(&mut child);
            return Err(Interrupted.into());
        }
        if heard.elapsed() > silence {
            stop(&mut child);
            return Err(Silent { command: show(command), seconds: silence.as_secs() }.into());
        }
        let timeout = Timespec::try_from(POLL)?;
        if poll(&mut [PollFd::new(&out, PollFlags::IN)], Some(&timeout)).is_ok_and(|ready| ready > 0) {
            let len = out.read(&mut chunk)?;
            heard = Instant::now();
            pending.extend_from_slice(chunk.get(..len).unwrap_or_default());
            while let Some(at) = pending.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = pending.drain(..=at).collect();
                each(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
            }
            if len == 0 {
                break;
            }
        } else if ended.is_none() && child.try_wait()?.is_some() {
            ended = Some(Instant::now());
        } else if ended.is_some_and(|at| at.elapsed() > LEFT) {
            stop(&mut child);
            bail!("{} has ended, and something that it started has not", show(command));
        }
    }
    if !pending.is_empty() {
        each(&String::from_utf8_lossy(&pending));
    }
    wait(&mut child)
}

/// Runs a command and returns its stdout, which must be UTF-8; stderr stays ours.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let mut text = String::new();
    let status = lines(command, |line| {
        text.push_str(line);
        text.push('\n');
    })?;
    succeed(command, status)?;
    Ok(text)
}

/// Starts a command in a process group of its own, with the mark of this task.
pub(crate) fn spawn(command: &mut Command) -> anyhow::Result<Child> {
    check()?;
    command.env(keeper::MARK, std::process::id().to_string());
    command.process_group(0).spawn().with_context(|| format!("cannot start {}", show(command)))
}

/// Waits for a child; an interrupt ends its whole group and is an error.
pub(crate) fn wait(child: &mut Child) -> anyhow::Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if interrupted() {
            stop(child);
            return Err(Interrupted.into());
        }
        std::thread::sleep(POLL);
    }
}

/// Ends a child's group: SIGINT, after ten seconds SIGTERM, after three more SIGKILL, until nobody of it is left.
pub(crate) fn stop(child: &mut Child) {
    let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return };
    for (signal, seconds) in [(Signal::INT, 10), (Signal::TERM, 3), (Signal::KILL, 3)] {
        // the group may be gone already: then there is nothing left to stop
        let _ = kill_process_group(group, signal);
        let deadline = Instant::now() + Duration::from_secs(seconds);
        while Instant::now() < deadline {
            let ended = !matches!(child.try_wait(), Ok(None));
            // children of the child can outlive it: the group stands until the last of them ended
            if ended && test_kill_process_group(group).is_err() {
                return;
            }
            std::thread::sleep(POLL);
        }
    }
}

/// The command as one would type it.
pub(crate) fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// One line for people, on stderr.
pub(crate) fn say(line: &str) {
    // nobody reads our stderr any more: the work goes on
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn succeed(command: &Command, status: ExitStatus) -> anyhow::Result<()> {
    if !status.success() {
        bail!("{} ended with {status}", show(command));
    }
    Ok(())
}

fn flag() -> &'static Arc<AtomicBool> {
    static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    FLAG.get_or_init(|| {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP] {
            if let Err(error) = signal_hook::flag::register(signal, Arc::clone(&flag)) {
                say(&format!("warning: signal {signal} cannot be watched: {error}"));
            }
        }
        flag
    })
}

static DEAF: AtomicBool = AtomicBool::new(false);
const POLL: Duration = Duration::from_millis(25);
/// For what a program left behind to end by itself.
const LEFT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
