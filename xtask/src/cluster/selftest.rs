//! `selftest`: a look at the whole machine before a cluster and after it, whichever way it ended.

mod whole;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};

use super::layout::{self, Layout};
use super::process::{MARK, marked};
use super::{UpOptions, proof, sandbox, start, teardown};
use crate::tasks::proc;

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// `cargo xtask cluster up` and `down`.
    Cluster,
    /// `cargo xtask run`.
    Run,
}

/// Fails at the first trace that a cluster leaves.
pub(crate) fn run(parts: &[Part]) -> Result<()> {
    teardown::down(NAME)?;
    let mut checks = 0;
    let mut done = |what: &str| {
        checks += 1;
        proc::say(&format!("ok      {what}"));
    };
    let chosen = |part: Part| parts.is_empty() || parts.contains(&part);
    if chosen(Part::Cluster) {
        clusters(&mut done)?;
    }
    if chosen(Part::Run) {
        whole::run(&mut done)?;
    }
    println!("{checks} passed, 0 failed");
    Ok(())
}

fn clusters(done: &mut impl FnMut(&str)) -> Result<()> {
    let root = rustix::process::geteuid().is_root();
    for control_plane_only in if root { vec![true, false] } else { vec![true] } {
        let kind = if control_plane_only { "control plane" } else { "full node" };
        complete_run(control_plane_only).with_context(|| format!("{kind}: up and down"))?;
        done(&format!("{kind}: up and down"));
        let stages: &[&str] = if control_plane_only { &["etcd", "apiserver", "controllers"] } else { STAGES };
        for stage in stages {
            cut_short(control_plane_only, stage, Signal::KILL)
                .with_context(|| format!("{kind}: kill -9 at {stage}"))?;
            done(&format!("{kind}: kill -9 of up at {stage}, then down"));
        }
        for stage in ["etcd", "apiserver"] {
            cut_short(control_plane_only, stage, Signal::INT).with_context(|| format!("{kind}: Ctrl-C at {stage}"))?;
            done(&format!("{kind}: Ctrl-C at {stage} cleans up by itself"));
        }
    }
    if !root {
        proc::say("not root: the full node was not tried");
    }
    Ok(())
}

fn complete_run(control_plane_only: bool) -> Result<()> {
    let before = Trace::look()?;
    let options = UpOptions {
        name: NAME.to_owned(),
        control_plane_only,
        enforce: !control_plane_only,
        fake_nodes: 2,
        ..UpOptions::default()
    };
    start::up(&options)?;
    let layout = Layout::load(NAME)?.context("a cluster that is up has a record")?;
    ensure!(!marked(&layout.dir())?.is_empty(), "a cluster that is up has processes");
    let space = Namespace::of(&layout)?;
    ensure!(space.users()? > 0 || control_plane_only, "a node that is up has a namespace of its own");
    ensure!(Trace::look()? != before || control_plane_only, "a node that is up shows on the machine");
    let again = Instant::now();
    start::up(&options)?;
    ensure!(again.elapsed() < Duration::from_secs(5), "the second up took {:?}", again.elapsed());
    if !control_plane_only {
        proof::run(&layout)?;
        proc::say("ok      full node: pods, DNS, services, logs, exec, volumes, metrics, network policies");
    }
    teardown::down(NAME)?;
    nothing_left(&before, &layout, &space)
}

/// Ends an `up` at a stage: the moment at which the log of a part appears.
fn cut_short(control_plane_only: bool, stage: &str, signal: Signal) -> Result<()> {
    let before = Trace::look()?;
    let mut up = Command::new(std::env::current_exe()?);
    up.args(["cluster", "up", "--name", NAME]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if control_plane_only {
        up.arg("--control-plane-only");
    }
    let mut up = proc::spawn(&mut up)?;
    let log = layout::dir(NAME).join("log").join(format!("{stage}.log"));
    let deadline = Instant::now() + Duration::from_secs(120);
    while !log.exists() {
        ensure!(up.try_wait()?.is_none(), "up ended before {stage}");
        ensure!(Instant::now() < deadline, "up did not come to {stage}");
        std::thread::sleep(Duration::from_millis(5));
    }
    let layout = Layout::load(NAME)?.context("a cluster in the making has a record")?;
    let space = Namespace::of(&layout)?;
    send(&up, signal)?;
    let status = up.wait()?;
    ensure!(!status.success(), "an up that was cut short must not succeed");
    if signal == Signal::KILL {
        teardown::down(NAME)?;
    }
    nothing_left(&before, &layout, &space)
}

fn send(child: &Child, signal: Signal) -> Result<()> {
    let pid = Pid::from_raw(i32::try_from(child.id())?).context("a process id is not zero")?;
    Ok(kill_process(pid, signal)?)
}

fn nothing_left(before: &Trace, layout: &Layout, space: &Namespace) -> Result<()> {
    ensure!(!layout.dir().exists(), "{} is still there", layout.dir().display());
    let after = Trace::look()?;
    // other clusters come and go meanwhile
    let link = layout.link();
    let anothers = |line: &str| line.split([' ', '@', ':']).any(|word| word.starts_with(layout::LINK) && word != link);
    // and so do small file systems of tests that run out of room
    let of_a_test = |line: &str| line.starts_with("mount: qd-test ");
    let new = after.0.difference(&before.0).filter(|line| !anothers(line) && !of_a_test(line));
    let new: Vec<&String> = new.collect();
    ensure!(new.is_empty(), "new on this machine: {new:#?}");
    ensure!(space.users()? == 0, "{} processes are still in the node's namespace", space.users()?);
    for group in sandbox::cgroups(layout)? {
        ensure!(!group.exists(), "{} is still there", group.display());
    }
    let left = marked(&layout.dir())?;
    ensure!(left.is_empty(), "processes with the mark {MARK}: {left:#?}");
    Ok(())
}

/// What a cluster could leave on a machine, one line each.
#[derive(PartialEq, Eq)]
struct Trace(BTreeSet<String>);

impl Trace {
    fn look() -> Result<Self> {
        let mut seen = BTreeSet::new();
        let mut add = |kind: &str, text: &str| seen.extend(text.lines().map(|line| format!("{kind}: {line}")));
        add("mount", &fs::read_to_string("/proc/mounts")?);
        for (kind, program, arguments) in SOURCES {
            match Command::new(program).args(*arguments).stderr(Stdio::null()).output() {
                Ok(output) => add(kind, &String::from_utf8_lossy(&output.stdout)),
                // a program that is not installed has made nothing
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error).with_context(|| format!("cannot run {program}")),
            }
        }
        for entry in fs::read_dir("/sys/class/net").into_iter().flatten() {
            seen.insert(format!("interface: {}", entry?.file_name().to_string_lossy()));
        }
        for entry in fs::read_dir("/proc")? {
            let path = entry?.path();
            let words = fs::read(path.join("cmdline")).unwrap_or_default();
            let words = String::from_utf8_lossy(&words).replace('\0', " ");
            if words.contains(&*layout::dir(NAME).to_string_lossy()) {
                seen.insert(format!("process: {} {words}", path.display()));
            }
        }
        Ok(Self(seen))
    }
}

/// The process namespace of a node: all that it runs is in it, or below it and ends with it. It is held open, since the kernel
/// gives the number of one that is gone to the next that is made, of another cluster perhaps.
struct Namespace(Option<fs::File>);

impl Namespace {
    fn of(layout: &Layout) -> Result<Self> {
        let Some(holder) = marked(&layout.dir())?.into_iter().find(|process| process.holder) else {
            return Ok(Self(None));
        };
        let path = format!("/proc/{}/ns/pid", holder.pid);
        Ok(Self(Some(fs::File::open(path).context("cannot read the namespace of the node")?)))
    }

    /// How many processes are in it.
    fn users(&self) -> Result<usize> {
        let Some(held) = &self.0 else { return Ok(0) };
        let number = held.metadata()?.ino();
        let mut users = 0;
        for entry in fs::read_dir("/proc")? {
            let inside = fs::metadata(entry?.path().join("ns/pid")).is_ok_and(|metadata| metadata.ino() == number);
            users += usize::from(inside);
        }
        Ok(users)
    }
}

const NAME: &str = "selftest";
const STAGES: &[&str] = &["sandbox", "containerd", "etcd", "apiserver", "kubelet", "volumes"];
const SOURCES: &[(&str, &str, &[&str])] = &[
    ("route", "ip", &["-4", "route", "show", "table", "all"]),
    ("netns", "ip", &["netns", "list"]),
    ("nftables", "nft", &["list", "ruleset"]),
    ("iptables", "iptables-save", &[]),
];
