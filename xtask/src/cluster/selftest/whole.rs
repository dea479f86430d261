//! `cargo xtask run` cut short at every stage, by Ctrl-C and by `kill -9`.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::Signal;

use super::{NAME, Namespace, Trace, nothing_left, send};
use crate::cluster::layout::{self, Layout};
use crate::cluster::process::carrying;
use crate::tasks::{keeper, proc};

/// A moment in a run, by a line that it prints.
struct Stage {
    what: &'static str,
    line: &'static str,
    /// How the run ends on Ctrl-C.
    code: i32,
}

const STAGES: [Stage; 4] = [
    Stage { what: "the cluster starts", line: "API server at", code: INTERRUPTED },
    Stage { what: "images are loaded", line: "images built", code: INTERRUPTED },
    Stage { what: "the demo is applied", line: "applied 00-cluster.yaml", code: INTERRUPTED },
    // from here on it is the way to end it
    Stage { what: "the console runs", line: "http://", code: 0 },
];

/// Ends runs at every stage (of the `qd` that `QD_BIN` names, else of one that each run sees to); fails at the first trace that one leaves.
pub(super) fn run(mut done: impl FnMut(&str)) -> Result<()> {
    for stage in &STAGES {
        for (signal, word) in [(Signal::INT, "Ctrl-C"), (Signal::KILL, "kill -9")] {
            let what = format!("run: {word} when {}", stage.what);
            cut_short(stage, signal).with_context(|| what.clone())?;
            done(&what);
        }
    }
    Ok(())
}

fn cut_short(stage: &Stage, signal: Signal) -> Result<()> {
    let before = Trace::look()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["run", "--no-open", "--name", NAME]);
    if let Some(qd) = std::env::var_os("QD_BIN") {
        command.arg("--qd").arg(qd);
    }
    let mut run = proc::spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()))?;
    let lines = lines(&mut run)?;
    let seen = wait_for(stage, &lines);
    // what is there to be ended, as far as it came
    let parts = seen.and_then(|()| {
        let layout = Layout::load(NAME)?.context("a cluster in the making has a record")?;
        let space = Namespace::of(&layout)?;
        Ok((layout, space))
    });
    if parts.is_err() {
        proc::stop(&mut run);
    }
    let (layout, space) = parts?;
    send(&run, signal)?;
    let status = ended(&mut run)?;
    if signal == Signal::INT {
        ensure!(status.code() == Some(stage.code), "it ended with {status}");
    }
    // after kill -9 it is the keeper that works, and nobody waits for it
    let task = run.id().to_string();
    let deadline = Instant::now() + END;
    while layout::dir(NAME).exists() || !carrying(keeper::MARK, task.as_ref())?.is_empty() {
        ensure!(Instant::now() < deadline, "not everything ended within {} s", END.as_secs());
        ensure!(signal == Signal::KILL, "the run ended before what it started");
        std::thread::sleep(Duration::from_millis(50));
    }
    nothing_left(&before, &layout, &space)
}

fn ended(run: &mut Child) -> Result<ExitStatus> {
    let deadline = Instant::now() + END;
    loop {
        if let Some(status) = run.try_wait()? {
            return Ok(status);
        }
        if Instant::now() > deadline {
            proc::stop(run);
            bail!("the run did not end within {} s", END.as_secs());
        }
        std::thread::sleep(Duration::from_millis(25));
    }
}

/// Both outputs of a run, line by line; nobody else would read them, and a full pipe would stop it.
fn lines(run: &mut Child) -> Result<Receiver<String>> {
    let (out, err): (ChildStdout, ChildStderr) =
        (run.stdout.take().context("the run has no stdout")?, run.stderr.take().context("the run has no stderr")?);
    let (send, receive) = mpsc::channel();
    let also = send.clone();
    std::thread::spawn(move || forward(BufReader::new(out), &send));
    std::thread::spawn(move || forward(BufReader::new(err), &also));
    Ok(receive)
}

fn forward(from: impl BufRead, to: &mpsc::Sender<String>) {
    for line in from.lines().map_while(Result::ok) {
        // nobody listens any more once the stage was seen
        let _ = to.send(line);
    }
}

fn wait_for(stage: &Stage, lines: &Receiver<String>) -> Result<()> {
    let deadline = Instant::now() + START;
    let mut last = Vec::new();
    loop {
        proc::check()?;
        match lines.recv_timeout(Duration::from_millis(200)) {
            Ok(line) if line.contains(stage.line) => return Ok(()),
            Ok(line) => last.push(line),
            Err(mpsc::RecvTimeoutError::Timeout) if Instant::now() < deadline => {}
            Err(_) => bail!("the run did not come so far; it said:\n{}", last.join("\n")),
        }
    }
}

const INTERRUPTED: i32 = 130;
/// A run may have to build the console and qd first.
const START: Duration = Duration::from_secs(1200);
/// A node with the demo in it ends within seconds.
const END: Duration = Duration::from_secs(60);
